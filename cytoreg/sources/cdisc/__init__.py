"""CDISC: Dataset-JSON and ODM."""
