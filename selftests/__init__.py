"""The tests of hullcheck itself."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
