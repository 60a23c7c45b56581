"""hullcheck: audits Docker hosts with pytest and leaves evidence that an auditor can check."""

__version__ = "0.1.0"
