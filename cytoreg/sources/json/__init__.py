"""JSON: a record a line, arrays of records, records inside a document."""
