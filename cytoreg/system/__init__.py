"""What cytoreg needs of the machine: files that outlive a crash, its failures by name, the time."""
