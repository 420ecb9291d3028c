"""SQL models: one SELECT per file, read, ordered and materialized."""
