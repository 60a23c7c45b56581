"""Which sockets of an engine are not where its clients look for them."""

from hullcheck.facts.daemon.sockets import real_path
from hullcheck.facts.files import EngineFiles
from hullcheck.facts.registry import fact


@fact()
def replaced_sockets(engine_files: EngineFiles) -> frozenset[str]:
    """The sockets of the daemon in whose place another file lies now, by the paths that they had, without links.

    Raises:
        EvidenceError: as for `EngineFiles.view`.
    """
    process = engine_files.daemon.process
    return frozenset(real_path(process, each) for each in engine_files.view.replaced)


@fact()
def relayed_sockets(engine_files: EngineFiles) -> frozenset[str]:
    """The sockets at which another program may pass on to the daemon what it takes there, without links.

    Raises:
        EvidenceError: as for `EngineFiles.view`.
    """
    process = engine_files.daemon.process
    return frozenset(name for each in engine_files.view.relays for name in (each, real_path(process, each)))
