"""Facts of a host below the engine, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.engines import engine_text
from selftests.kit.judging import Verdicts

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()


DAY = 86400


def daemon_processes(network: str = "net:[1]") -> str:
    """What the probe says of a daemon in this network; it was asked in `net:[1]`."""
    return f"""clock:{NOW}|1000
endpoint:unix:///run/docker.sock
endpoint-path:/run/docker.sock
own:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 net -> net:[1]
dockerd:7
argument:dockerd
link:lrwxrwxrwx 1 0 0 0 Jan 1 10:00 net -> {network}
link:lrwx------ 1 0 0 64 Jan 1 10:00 9 -> socket:[100]
7/stat:7 (dockerd) S 1 {"0 " * 17}100 0
7/status:Uid:\t0\t0\t0\t0
7/net/unix:Num       RefCount Protocol Flags    Type St Inode Path
7/net/unix:0000: 00000002 00000000 00010000 0001 01 100 /run/docker.sock
real:/run/docker.sock\t/run/docker.sock"""


def target(policy: dict[str, Any] | None = None, *, backend: str = "local", **texts: str | Answer) -> Facts:
    """A host with Docker of which the probes said this."""
    said: dict[str, str | Answer] = {
        "engine_presence": "command docker /usr/bin/docker\nprocess 7",
        "engine": engine_text(),
        "daemon_processes": daemon_processes(),
        **texts,
    }
    answers = {
        name: each if isinstance(each, Answer) else Answer(name, 0, each, "") for name, each in said.items()
    }
    recording = Recording("host", backend, answers, gathered=NOW)
    return Facts(recording, Policy.from_mapping(policy or {}))


def only(found: Verdicts) -> tuple[str, str]:
    """The one finding."""
    (finding,) = found.values()
    return finding


UNIT = "LoadState=loaded\nUnitFileState={}\nActiveState={}\n"


def unit(name: str, enabled: str = "enabled", active: str = "active", more: str = "") -> str:
    """What systemd says of a unit."""
    lines = f"Id={name}\n{UNIT.format(enabled, active)}{more}".strip().split("\n")
    return "\n".join([*(f"unit:{line}" for line in lines), "unit:"])


SAFE = {
    "spectre_v1": "Mitigation: barriers",
    "spectre_v2": "Mitigation: Retpolines",
    "meltdown": "Not affected",
}


def kernel(
    release: str = "6.12.43+deb13-amd64",
    flaws: dict[str, str] | None = None,
    *lines: str,
    build: str = "#1 SMP",
) -> str:
    """What the probe says of a kernel."""
    found = [f"flaw:{name}:{state}" for name, state in (SAFE if flaws is None else flaws).items()]
    return "\n".join([f"release:{release}", f"build:{build}", *found, *lines])
