"""What readers see of a build, and what they may ask of it."""
