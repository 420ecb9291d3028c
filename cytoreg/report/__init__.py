"""The stewards' report: one page per run, written from the file that the run publishes."""

from cytoreg.report.page import pulse, render
from cytoreg.report.survival import picture

__all__ = ["picture", "pulse", "render"]
