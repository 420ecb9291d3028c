"""What cytoreg needs from the machine: files that survive a crash, its failures by name, the
time."""
