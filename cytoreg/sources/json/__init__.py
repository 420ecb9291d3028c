"""JSON: one record per line, arrays of records, records inside a document."""
