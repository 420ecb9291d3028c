"""Datasets as CDISC writes them."""
