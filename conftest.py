"""Wiring only: the plugin does the work. Where hullcheck is installed it is loaded already."""

pytest_plugins = ["hullcheck.plugin"]
