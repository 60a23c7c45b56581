"""Facts of the tools that watch containers, made by hand."""

from __future__ import annotations

from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import PRESENT, in_parts
from selftests.kit.facts.containers import containers as containers_said
from selftests.kit.facts.engines import engine_text

NOW = 1_800_000_000
DAY = 86400
SECRET = "Hunter2secret"
INFO = Answer("engine", 0, engine_text(), "")


def process(pid: int, executable: str, *, name: str = "", cgroup: str = "/system.slice/x.service") -> str:
    """What the probe shows of a process."""
    comm = name or executable.rpartition("/")[2][:15]
    return f"{pid}/status:Name:\t{comm}\n{pid}/cgroup::{cgroup}\n{pid}/exe:{executable}"


def target(
    policy: Policy, answers: dict[str, str], *processes: str, containers: tuple[dict[str, Any], ...] = ()
) -> Facts:
    """The facts of a host with an engine that answered so."""
    texts = {
        PROCESSES.name: in_parts(processes="\n".join(processes)),
        "containers": containers_said(*containers),
    } | answers
    all_answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    all_answers |= {each.name: each for each in (PRESENT, INFO)}
    return Facts(Recording("host", "local", all_answers, gathered=NOW), policy)
