"""DuckDB: how it is opened, the functions it gets, the tables to which every package writes."""
