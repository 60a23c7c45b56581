"""Facts: what is true of a target, typed and frozen, read from its recording. No fact passes judgement.

Each is registered by `registry.fact` where it is defined; here all modules are imported, and that is all.
"""

from importlib import import_module
from pkgutil import walk_packages

from hullcheck.facts import registry
from hullcheck.facts.registry import Facts

__all__ = ["PROBES", "Facts"]

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)
registry.check()

PROBES = registry.probes()  # what every target is asked
