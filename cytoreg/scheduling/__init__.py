"""Prefect: cytoreg's own server, and flows isolated from it."""
