"""What an engine says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts.engine.info import ENGINE, component_versions, engine, networks
from hullcheck.facts.host.presence import Presence
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import engines

PRESENCE = Presence(("docker",), (), ())
NOT_THERE = "Cannot connect to the Docker daemon"


def recorded(text: str) -> Recording:
    """A recording of this answer."""
    return Recording("local", "local", {"engine": Answer("engine", 0, ENGINE.keep(text), "")})


def document(**info: object) -> str:
    """An answer whose `docker info` differs in this."""
    return engines.engine_text(info)


@pytest.mark.parametrize(
    ("text", "commands", "words"),
    [
        ("--info\n{}\n--end", "docker", "docker info: Object missing required field `ID`"),
        (f"--info\n\nfailed:{NOT_THERE}\n--end", "docker", f"the engine does not answer: {NOT_THERE}"),
        (f'--info\n{{"ServerErrors": ["", "{NOT_THERE}"]}}\nfailed:exit 1\n--end', "docker",
         f"the engine does not answer: {NOT_THERE}"),
        ("--info\n<html>\n--end", "docker", "docker info: JSON is malformed: invalid character (byte 0)"),
        ('--info\n{"host": {}}\n--end', "docker podman", "the docker command is Podman's own"),
        (engines.engine_text(refusal="docker: not found"), "dockerd", "the docker command is missing on the target"),
        (document(ServerVersion=""), "docker", "docker info: Expected `str` of length >= 1 - at `$.ServerVersion`"),
        (document(NCPU=-1), "docker", "docker info: Expected `int` >= 0 - at `$.NCPU`"),
    ],
)  # fmt: skip
def test_engine_that_is_not_known(text: str, commands: str, words: str) -> None:
    """An error with what the engine or the command said, or with the field that is wrong."""
    with pytest.raises(EvidenceError) as raised:
        engine(recorded(text), Presence(tuple(commands.split()), (), ()))
    assert str(raised.value).startswith(words)


def test_version_that_is_unknown_spoils_nothing_else() -> None:
    """Names and versions are known of what the engine is made of, or the rest is."""
    assert component_versions(recorded(engines.engine_text())) == {"Engine": "26.1.5"}
    silent = recorded(engines.engine_text(version={"Components": None}))
    assert engine(silent, PRESENCE).version == "26.1.5"
    with pytest.raises(EvidenceError, match=r"^docker version: Expected `array`, got `null`"):
        component_versions(silent)


def test_storage_driver_without_a_word() -> None:
    """But for two drivers that have nothing to say, images may lie in either store then."""
    assert not engines.engine(Driver="vfs", DriverStatus=None).keeps_images_in_containerd
    with pytest.raises(EvidenceError, match="does not report DriverStatus"):
        _ = engines.engine(DriverStatus=None).keeps_images_in_containerd


def test_networks() -> None:
    """Options that nobody judges are not kept; no network at all is an error."""
    options = {"encrypted": "", "secret": "hunter2"}
    given: list[dict[str, Any]] = [{"Name": "a", "Id": "b", "Driver": "overlay", "Options": options}]
    (found,) = networks(recorded(engines.engine_text(networks=given)), engines.engine())
    assert (found.name, found.id, found.options) == ("a", "b", {"encrypted": ""})
    listed = networks(recorded(engines.engine_text()), engines.engine(ServerVersion="5.4.2"))
    assert [each.name for each in listed] == ["podman"]
    for text in ("[]", "[{}]", json.dumps([*given, {"Name": "x"}]), '{"message": "no"}'):
        with pytest.raises(EvidenceError, match=r"^docker network "):
            networks(recorded(f"--networks\n{text}\n--end"), engines.engine())
