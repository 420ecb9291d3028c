"""FHIR R4 resources, as Bulk Data files or from a server's `$export`, flattened by views."""
