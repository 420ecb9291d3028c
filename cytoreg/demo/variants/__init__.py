"""The catalogue of planted variants: legal or commonly dirty records that change no figure."""

from cytoreg.demo.defects.defect import Defect
from cytoreg.demo.variants import care, identity, results

__all__ = ["VARIANTS"]

VARIANTS: tuple[Defect, ...] = (*identity.VARIANTS, *care.VARIANTS, *results.VARIANTS)
"""Every kind, in the order in which they are planted: after the defects."""
