"""What cytoreg needs from the machine: crash-safe files, its failures by name, the time."""
