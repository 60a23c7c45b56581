"""What else runs containers on a target, of which nothing is judged."""

import re
from collections import Counter
from collections.abc import Iterator

from hullcheck.facts.engine.daemon_process import DAEMON, DaemonProcesses
from hullcheck.facts.engine.info import Plugins
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import PROCESSES, Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

_ENGINES = re.compile("podman|conmon|crio|kubelet|k3s.*|rke2.*|buildkitd|lxd|incusd|nomad|systemd-nspawn")
"""Processes of what else runs containers."""
_OWN_NAMESPACE = re.compile(r"(plugins\.)?moby(-\d+\.\d+)?")
"""Of the engine, with the ids that userns-remap maps to: its containers are judged, its plugins are named by it."""
_MOST = 3  # numbers of processes


@fact(DAEMON, PROCESSES)
def neighbours(
    recording: Recording, presence: Presence, processes: Later[Processes], plugins: Later[Plugins]
) -> tuple[str, ...]:
    """What else runs containers on the target, in words: other engines, namespaces of containerd, plugins."""
    found = list(_daemons(recording, presence))
    try:
        tasks = Words(recording.section(PROCESSES, "tasks"))
        engines: dict[str, list[str]] = {}
        for process in processes.get().by_pid.values():
            if _ENGINES.fullmatch(name := process.status.get("Name", "")):
                engines.setdefault(name, []).append(str(process.pid))
    except EvidenceError as error:
        return (
            (*found, f"other engines than Docker's ({error})")
            if PROCESSES.name in recording.answers
            else tuple(found)
        )
    for name, number in Counter(tasks.all("task")).items():
        if not _OWN_NAMESPACE.fullmatch(name):
            found.append(f"the namespace {name} of containerd ({number} running)")
    found += [f"{name} (process {', '.join(pids[:_MOST])})" for name, pids in sorted(engines.items())]
    return (*found, *_plugins(plugins), *map(unread, tasks.all("unread")))


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
