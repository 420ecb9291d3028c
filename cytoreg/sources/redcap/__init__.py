"""REDCap projects, by their API or as exported files."""
