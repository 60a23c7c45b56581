"""Facts of a host below the engine, made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.daemons import Host, link
from selftests.kit.judging import Verdicts

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()


DAY = 86400


BRIDGE = {"Name": "bridge", "Id": "b", "Driver": "bridge"}


def daemon(network: str = "net:[1]") -> str:
    """What the probe says of a daemon in this network; it was asked in `net:[1]`."""
    own = link("7/ns/net", network)
    return Host().answer().replace("--words", "\n".join([link("self/ns/net", "net:[1]"), own, "--words"]))


def target(policy: dict[str, Any] | None = None, *, backend: str = "local", **texts: str | Answer) -> Facts:
    """A host with Docker of which the probes said this."""
    said: dict[str, str | Answer] = {
        "engine_presence": "command docker /usr/bin/docker\nprocess 7",
        "docker_info": json.dumps({"ServerVersion": "26.1.5", "SecurityOptions": []}),
        "docker_networks": json.dumps(BRIDGE),
        "daemon": daemon(),
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
