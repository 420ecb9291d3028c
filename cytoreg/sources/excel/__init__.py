"""Sheets of workbooks: Excel's three formats and OpenDocument."""
