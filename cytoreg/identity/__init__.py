"""Identity: the key of pseudonyms, and the persons whom the registry has to forget."""
