"""What else runs containers on a target, of which nothing is judged."""

import re
from collections.abc import Iterator

from hullcheck.facts.engine.daemon_process import DAEMON_PROCESSES, DaemonProcesses
from hullcheck.facts.engine.info import Plugins
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

NEIGHBOURS = Probe.from_file(
    "neighbours",
    lines_like(r"namespace:\S+ \d+", r"process:\S+ \d+", "unread:.*"),
)

_OWN_NAMESPACE = re.compile(r"(plugins\.)?moby(-\d+\.\d+)?")
"""Of the engine, with the ids that userns-remap maps to: its containers are judged, its plugins are named by it."""
_MOST = 3  # numbers of processes


@fact(NEIGHBOURS, DAEMON_PROCESSES)
def neighbours(recording: Recording, presence: Presence, plugins: Later[Plugins]) -> tuple[str, ...]:
    """What else runs containers on the target, in words: other engines, namespaces of containerd, plugins."""
    found = list(_daemons(recording, presence))
    if NEIGHBOURS.name not in recording.answers:
        return tuple(found)
    try:
        words = Words(recording.text(NEIGHBOURS))
    except EvidenceError as error:
        return (*found, f"other engines than Docker's ({error})")
    for each in words.all("namespace"):
        name, _, number = each.rpartition(" ")
        if not _OWN_NAMESPACE.fullmatch(name):
            found.append(f"the namespace {name} of containerd ({number} running)")
    processes: dict[str, list[str]] = {}
    for each in words.all("process"):
        name, _, pid = each.rpartition(" ")
        processes.setdefault(name, []).append(pid)
    found += [f"{name} (process {', '.join(pids[:_MOST])})" for name, pids in sorted(processes.items())]
    found += _plugins(plugins)
    return (*found, *map(unread, words.all("unread")))


def _plugins(plugins: Later[Plugins]) -> list[str]:
    try:
        return [f"the plugin {each.name}" for each in plugins.get() if each.enabled]
    except EvidenceError:
        return [unread("the plugins of the engine")]


def _daemons(recording: Recording, presence: Presence) -> Iterator[str]:
    """Daemons beside the one that was asked, without those of the host around a container that shares its processes."""
    try:
        beside = DaemonProcesses.of(recording).beside
    except EvidenceError:
        return
    for each in beside:
        if each.pid in presence.daemon_pids:
            yield f"dockerd as process {each.pid} (give it a target of its own, with docker_host)"
