"""The tumour registry: NAACCR XML of every version, fixed width 14 to 18."""
