"""DuckDB: how it is opened, what it is told, the tables that every room writes."""
