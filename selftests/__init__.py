"""The tests of hullcheck itself."""
