"""The steward's report: one page a run, written from the file that the run publishes."""

from cytoreg.report.page import picture, pulse, render

__all__ = ["picture", "pulse", "render"]
