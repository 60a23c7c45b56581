"""The severities of weaknesses, as scanners name them."""

SEVERITIES = ("negligible", "low", "medium", "high", "critical")
"""How bad a scanner finds a weakness, the least first."""
