"""Landing: the records of each source as immutable Parquet, described, compared and accounted
for."""
