"""Facts of the tools that watch containers, made by hand."""

from __future__ import annotations

from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.containers import containers as containers_said

NOW = 1_800_000_000


DAY = 86400


SECRET = "Hunter2secret"


PRESENT = Answer("engine_presence", 0, "command docker /usr/bin/docker", "")


INFO = Answer("docker_info", 0, '{"ServerVersion": "26.1.5"}', "")


def process(pid: int, executable: str, *, name: str = "", cgroup: str = "/system.slice/x.service") -> str:
    """What the probe shows of a process."""
    comm = name or executable.rpartition("/")[2][:15]
    link = f"lrwxrwxrwx 1 0 0 0 Nov 25 00:00 {pid}/exe -> {executable}"
    return f"{pid}/status:Name:\t{comm}\n{pid}/cgroup:0::{cgroup}\n{link}"


def target(
    policy: Policy, answers: dict[str, str], *processes: str, containers: tuple[dict[str, Any], ...] = ()
) -> Facts:
    """The facts of a host with an engine that answered so."""
    texts = {
        PROCESSES.name: "\n".join(processes),
        "containers": containers_said(*containers),
    } | answers
    all_answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    all_answers |= {each.name: each for each in (PRESENT, INFO)}
    return Facts(Recording("host", "local", all_answers, gathered=NOW), policy)
