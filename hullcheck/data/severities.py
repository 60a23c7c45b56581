"""The severities of vulnerabilities, as scanners name them."""

SEVERITIES = ("negligible", "low", "medium", "high", "critical")
"""The least severe first."""
