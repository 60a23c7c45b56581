"""Engines that run beside the one that was asked."""

from hullcheck.facts.daemon.process import DaemonProcesses
from hullcheck.facts.host.presence import Presence
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError


def note(recording: Recording) -> str:
    """That there are some, of which nothing is judged; empty where there is none, or that is unknown."""
    try:
        own = Presence.of(
            recording
        ).daemon_pids  # not those that a container sees in the PID namespace of its host
        pids = [str(each.pid) for each in DaemonProcesses.of(recording).beside if each.pid in own]
    except EvidenceError:
        return ""
    if not pids:
        return ""
    told = f"beside the engine that was asked, dockerd runs as process {', '.join(pids)}"
    return f"{told}; nothing of it is judged: give it a target of its own, with docker_host"
