"""Outcomes: measures that cytoreg.toml declares once, counted in SQL and written into marts."""
