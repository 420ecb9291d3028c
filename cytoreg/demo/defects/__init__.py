"""The catalogue of planted defects: what goes wrong in which system, and the rule that finds it."""

from cytoreg.demo.defects import (
    biomarkers,
    death_index,
    hospital,
    laboratory,
    or_log,
    pathology,
    research,
    tumor_registry,
)
from cytoreg.demo.defects.defect import Defect

__all__ = ["DEFECTS", "Defect"]

DEFECTS: tuple[Defect, ...] = (
    *tumor_registry.DEFECTS,
    *hospital.DEFECTS,
    *or_log.DEFECTS,
    *research.DEFECTS,
    *death_index.DEFECTS,
    *pathology.DEFECTS,
    *laboratory.DEFECTS,
    *biomarkers.DEFECTS,
)
"""Every kind, in the order in which they are planted."""
