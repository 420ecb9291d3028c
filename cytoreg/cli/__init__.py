"""The command line: a thin layer over the functions that the flows call."""

from cytoreg.cli.app import app, main

__all__ = ["app", "main"]
