"""Landing: each source as immutable Parquet, described, compared and accounted for."""
