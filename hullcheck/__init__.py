"""hullcheck: audits Docker hosts with pytest and leaves evidence that an auditor can check."""

__version__ = "0.1.0"
DEFAULT_INVENTORY = "inventories/local.yml"
"""What is read without `--inventory`, seen from the project."""
