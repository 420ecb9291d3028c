"""cytoreg: data quality and ETL for clinical registries.

Land, then build, never edit: source systems' records become immutable Parquet, every row is
judged by declared rules, every row is accounted for, and outcome and survival marts are
published by one rename.
"""

__version__ = "0.1.0"
