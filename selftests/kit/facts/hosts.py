"""Facts of a host below the engine, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
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

GATHERED = 1_782_820_800.0
"""30 June 2026, at noon."""


def daemon() -> str:
    """What the probe says of a daemon that is in the network from which it was asked."""
    links = link("self/ns/net", "net:[1]"), link("7/ns/net", "net:[1]")
    return Host().answer().replace("--words", "\n".join([*links, "--words"]))


def target(
    policy: dict[str, Any] | None = None,
    *,
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
    recording = Recording("host", "local", answers, gathered=GATHERED)
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
