"""The application in which data stewards work: `cytoreg steward`."""
