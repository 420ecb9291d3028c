"""SQL models: one SELECT a file, read, ordered and materialized."""
