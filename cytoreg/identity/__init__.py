"""Who a pseudonym stands for: its key, and whom the registry has to forget."""
