"""Facts of a host below the engine, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from hullcheck.facts import PROBES, Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import in_parts
from selftests.kit.facts.daemons import Host, link
from selftests.kit.facts.engines import engine_text
from selftests.kit.judging import Verdicts

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()
DAY = 86400


def daemon(network: str = "net:[1]") -> str:
    """What the probe says of a daemon in this network; it was asked in `net:[1]`."""
    own = link("7/ns/net", network)
    return Host().answer().replace("--words", "\n".join([link("self/ns/net", "net:[1]"), own, "--words"]))


def target(
    policy: dict[str, Any] | None = None,
    *,
    backend: str = "local",
    host: Mapping[str, str] = MappingProxyType({}),
    **texts: str | Answer | Mapping[str, str],
) -> Facts:
    """A host with Docker of which the probes said this; what is in sections is kept as of an audit."""
    own = {"auditor": "0", "presence": "command docker /usr/bin/docker\nprocess 7", "files": "", "sysctl": ""}
    said: dict[str, str | Answer | Mapping[str, str]] = {
        "host": own | dict(host),
        "engine": engine_text(),
        "daemon": daemon(),
        **texts,
    }
    answers = {
        name: each if isinstance(each, Answer) else Answer(name, 0, _text(name, each), "")
        for name, each in said.items()
    }
    recording = Recording("host", backend, answers, gathered=NOW)
    return Facts(recording, Policy.from_mapping(policy or {}))


def _text(name: str, said: str | Mapping[str, str]) -> str:
    if isinstance(said, str):
        return said
    (probe,) = (each for each in PROBES if each.name == name)
    return probe.keep(in_parts(**said))


def only(found: Verdicts) -> tuple[str, str]:
    """The one finding."""
    (finding,) = found.values()
    return finding


def unit(name: str, enabled: str = "enabled", active: str = "active", **more: object) -> str:
    """What systemd says of a unit."""
    shown = {"Id": name, "LoadState": "loaded", "UnitFileState": enabled, "ActiveState": active, **more}
    return "".join(f"{name}={value}\n" for name, value in shown.items()) + "\n"


SAFE = {
    "spectre_v1": "Mitigation: barriers",
    "spectre_v2": "Mitigation: Retpolines",
    "meltdown": "Not affected",
}


def kernel(
    release: str = "6.12.43+deb13-amd64",
    flaws: Mapping[str, str] = MappingProxyType(SAFE),
    *lines: str,
    build: str = "#1 SMP",
    more: str = "",
) -> dict[str, Mapping[str, str]]:
    """What is said of a kernel, with these *lines* on those that are installed, and *more* files."""
    found = [f"/sys/devices/system/cpu/vulnerabilities/{name}:{state}" for name, state in flaws.items()]
    own = (f"/proc/sys/kernel/osrelease:{release}", f"/proc/sys/kernel/version:{build}", more)
    of_packages = [each for each in lines if each.startswith(("version:", "restart:"))]
    rest = [
        each.replace("installed:", "installed:/boot/vmlinuz-") for each in lines if each not in of_packages
    ]
    return {
        "host": {"files": "\n".join([*own, *found]), "kernels": "\n".join(rest)},
        "packages": {"kernel": "\n".join(of_packages)},
    }
