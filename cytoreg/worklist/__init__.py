"""The worklist as a workbook: findings out, stewards' decisions in."""
