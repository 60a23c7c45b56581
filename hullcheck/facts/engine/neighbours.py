"""Other engines on a target, which are named and not judged."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from msgspec import Struct

from hullcheck.facts.engine.daemon_process import DAEMON, DaemonProcesses
from hullcheck.facts.engine.info import Plugins
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import PROCESSES, Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import Words, grouped
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

_ENGINES = regex("podman|conmon|crio|kubelet|k3s.*|rke2.*|buildkitd|lxd|incusd|nomad|systemd-nspawn")
"""Processes of what else runs containers."""
_OWN_NAMESPACE = regex(r"(plugins\.)?moby(-\d+\.\d+)?")  # of the engine, also with userns-remap


class Neighbour(Struct, frozen=True):
    """Another engine or plugin; kind *unread* has the reason as *name*."""

    kind: Literal["dockerd", "process", "namespace", "plugin", "unread"]
    name: str
    pids: tuple[int, ...] = ()
    count: int = 0  # of a namespace of containerd, how many containers run


@fact(DAEMON, PROCESSES)
def neighbours(
    recording: Recording, presence: Presence, processes: Later[Processes], plugins: Later[Plugins]
) -> tuple[Neighbour, ...]:
    """Other engines, namespaces of containerd and plugins on the target."""
    found: list[Neighbour] = []
    with suppress(EvidenceError):  # not those of the host around a container that shares its processes
        others = (each.pid for each in DaemonProcesses.of(recording).others)
        found += [Neighbour("dockerd", "dockerd", (pid,)) for pid in others if pid in presence.daemon_pids]
    if PROCESSES.name not in recording.answers:
        return tuple(found)
    what = "other engines than Docker's"
    try:
        found += _others(Words(recording.section(PROCESSES, "tasks")), processes.get())
        what = "the plugins of the engine"
        found += [Neighbour("plugin", each.name) for each in plugins.get() if each.enabled]
    except EvidenceError as error:
        found.append(Neighbour("unread", f"{what} ({error})"))
    return tuple(found)


def _others(tasks: Words, processes: Processes) -> Iterator[Neighbour]:
    for name, count in Counter(tasks.all("task")).items():
        if not _OWN_NAMESPACE.fullmatch(name):
            yield Neighbour("namespace", name, count=count)
    named = grouped((each.status.get("Name", ""), each.pid) for each in processes.by_pid.values())
    for name, pids in sorted(named.items()):
        if _ENGINES.fullmatch(name):
            yield Neighbour("process", name, tuple(pids))
    for place in tasks.all("unread"):
        yield Neighbour("unread", place)
