"""What a cytoreg.toml needs besides its sources."""

HEAD = """
[registry]
name = "test"
title = "Test"
[linkage]
entity = "patient"
number = "number"
[linkage.precedence]
default = []
"""
