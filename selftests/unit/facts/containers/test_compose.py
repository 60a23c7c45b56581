"""A service by what is kept of its file: where it is written, and what the file does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.facts.registry import NOT_IN_FILE
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable


def container(
    places: Mapping[str, str] | None = None, unset: Mapping[str, list[str]] | None = None, **settings: Any
) -> Container:
    """The one service of a file, with these settings; of others the file says nothing."""
    state = {"Running": False, "Status": "created", "Pid": 0}
    described = {"Name": "web", "State": state, "HostConfig": {"ReadonlyRootfs": False, **settings}}
    service = {"Place": "compose.yml:2", "Places": places or {}, "Unset": unset or {}}
    services = {"web": {"Inspect": described, **service}}
    file = {"files": ["compose.yml"], "reader": "x", "services": services, "networks": {}, "volumes": {}}
    answer = Answer(COMPOSE_FILE.name, 0, msgspec.json.encode(file).decode(), "")
    facts = Facts(Recording("shop", "compose", {answer.name: answer}), Policy())
    found: Container = dict(facts.container)["web"]
    return found


def test_each_control_reads_for_itself() -> None:
    """The keys that one control has read give the line, else the service; what another one read does not count."""
    places = {"deploy": "compose.yml:4", "privileged": "compose.yml:9", "read_only": "compose.yml:7"}
    shared = container(places=places, Privileged=False, Memory=0)
    assert shared.watched
    found = [shared.watched() for _ in range(4)]
    assert not found[0][0].host_config.privileged
    assert not found[1][0].mounts.root_is_read_only
    assert not found[2][0].host_config.memory
    assert not found[2][0].host_config.privileged
    assert [place() for _, place in found] == [
        "compose.yml:9",
        "compose.yml:7",
        "compose.yml:4, compose.yml:9",
        "compose.yml:2",
    ]


def test_value_that_is_unknown() -> None:
    """A setting that depends on a variable without a value is an error; one that is not kept is not applicable."""
    asked = container(unset={"mem_limit": ["SIZE"]}, Memory=0).host_config
    with pytest.raises(EvidenceError, match="depends on SIZE"):
        _ = asked.memory
    with pytest.raises(NotApplicable, match=NOT_IN_FILE):
        _ = asked.privileged
