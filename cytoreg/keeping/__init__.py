"""What is kept: verified, backed up, given back, and one person forgotten in all of it."""
