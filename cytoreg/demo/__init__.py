"""A simulated hospital: source systems' extracts with known defects and known truth."""

from cytoreg.demo.defects import DEFECTS, Defect
from cytoreg.demo.simulation import Simulation, simulate

__all__ = ["DEFECTS", "Defect", "Simulation", "simulate"]
