"""Facts about a target, typed and frozen. A fact that could not be read raises EvidenceError."""

from importlib import import_module
from pkgutil import walk_packages

from hullcheck.facts import registry
from hullcheck.facts.registry import Facts

__all__ = ["PROBES", "Facts"]

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)
registry.check()

PROBES = registry.probes()  # what every target is asked
