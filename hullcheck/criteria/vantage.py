"""From where the host was looked at: an audit in a container, or in namespaces of its own, sees those and no host."""

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_process import DaemonProcesses
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import Later
from hullcheck.verdicts import EvidenceError


def require_processes(engine: Later[Engine], daemon: Later[Daemon]) -> None:
    """Raise EvidenceError where an engine answers whose process is not seen: nor is then what else runs beside it."""
    if _answers(engine):
        _ = daemon.get().process


def require_network(engine: Later[Engine], daemon: Later[Daemon]) -> None:
    """The same where it is in another network than the audit was, whose settings and rules those are that were read.

    That of a rootless engine is its own in any case.
    """
    if not _answers(engine) or engine.get().rootless:
        return
    network = daemon.get().namespaces.get("net")
    if network is None or network != DaemonProcesses.of(daemon.get().recording).own_network:
        raise EvidenceError(
            "the audit did not run in the network of the engine: what is set there is unknown"
        )


def _answers(engine: Later[Engine]) -> bool:
    try:
        return engine.get().is_docker
    except EvidenceError:
        return False
