"""Keeping: verify, back up, restore, and forget a person in everything kept."""
