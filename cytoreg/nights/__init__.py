"""A night: the stages of a refresh, in order."""
