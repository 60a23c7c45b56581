"""A service by what is kept of its file: where it is written, and what the file does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.compose import COMPOSE_FILE, WHOLE, Item
from hullcheck.facts.registry import NOT_IN_FILE
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import Place
from hullcheck.verdicts import EvidenceError, NotApplicable


def setting(line: int, **items: int) -> list[Item]:
    """A setting in this line, and its items by what reasons call them."""
    return [Item([name] if name else [], Place("compose.yml", at, 1, 9)) for name, at in {"": line, **items}.items()]


def container(
    settings: Mapping[str, list[Item]] | None = None, unset: Mapping[str, list[str]] | None = None, **described: Any
) -> Container:
    """The one service of a file, described so; of the rest the file says nothing."""
    state = {"Running": False, "Status": "created", "Pid": 0}
    inspected = {"Name": "web", "State": state, "HostConfig": {"ReadonlyRootfs": False, **described}}
    service = {"Settings": {WHOLE: setting(2), **(settings or {})}, "Unset": unset or {}}
    services = {"web": {"Inspect": inspected, **service}}
    file = {"files": ["compose.yml"], "reader": "x", "services": services, "networks": {}, "volumes": {}}
    answer = Answer(COMPOSE_FILE.name, 0, msgspec.json.encode(file).decode(), "")
    facts = Facts(Recording("shop", "compose", {answer.name: answer}), Policy())
    found: Container = dict(facts.container)["web"]
    return found


def test_each_control_reads_for_itself() -> None:
    """What one control has read gives the places, else the service; what another one read does not count."""
    limit = "deploy.resources.limits.memory"
    settings = {limit: setting(4), "privileged": setting(9), "read_only": setting(7), "cap_add": setting(5, BPF=6)}
    shared = container(settings, Privileged=False, Memory=0, CapAdd=["BPF"])
    assert shared.watched
    found = [shared.watched() for _ in range(5)]
    assert not found[0][0].host_config.privileged
    assert not found[1][0].mounts.root_is_read_only
    assert not found[2][0].host_config.memory
    assert not found[2][0].host_config.privileged
    assert found[3][0].host_config.cap_add
    assert [[each.line for each in places("is wrong")] for _, places in found] == [[9], [7], [4, 9], [2], [2]]
    assert [each.line for each in found[3][1]("adds BPF")] == [6]


@pytest.mark.parametrize(
    ("name", "reason", "there"),
    [
        ("DB_KEY", "variable DB_KEY: a key", True),
        ("KEY", "variable DB_KEY: a key", False),
        (":80/tcp", "opens *:80/tcp (published for 80)", True),
        (":80/tcp", "opens *:8080/tcp", False),
        ("/run/", "can reach /run/docker.sock", True),
        ("/run", "can reach /run/docker.sock", False),
        ("/etc", "mounts /etc of the host at /e", True),
    ],
)
def test_item_that_a_reason_names(name: str, reason: str, there: bool) -> None:
    """An item is named by its whole name, one that ends with a slash by what lies below."""
    assert Item([name], Place("compose.yml", 1, 1, 2)).is_in(reason) is there


def test_value_that_is_unknown() -> None:
    """A setting that depends on a variable without a value is an error; one that is not kept is not applicable."""
    asked = container(unset={"mem_limit": ["SIZE"]}, Memory=0).host_config
    with pytest.raises(EvidenceError, match="depends on SIZE"):
        _ = asked.memory
    with pytest.raises(NotApplicable, match=NOT_IN_FILE):
        _ = asked.privileged
