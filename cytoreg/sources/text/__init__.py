"""Text files of records: delimited, fixed width."""
