"""A registry's project: its folder and its cytoreg.toml as typed data."""
