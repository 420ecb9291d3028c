"""Landing: what sources hold becomes immutable Parquet, described, compared and accounted for."""
