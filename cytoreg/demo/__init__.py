"""A simulated hospital: source systems' extracts with known defects and known truth."""

from cytoreg.demo.defects import DEFECTS, Defect
from cytoreg.demo.simulation import Simulation, simulate
from cytoreg.demo.variants import VARIANTS

__all__ = ["DEFECTS", "VARIANTS", "Defect", "Simulation", "simulate"]
