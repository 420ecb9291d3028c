"""Prefect: a server of our own, and flows kept at arm's length."""
