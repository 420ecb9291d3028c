"""Record linkage: which records belong to one person, and the golden record of each person."""
