"""Publication: what of a build is published, and queries to it."""
