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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{}", "docker info: Object missing required field `ID`"),
        (f"\nfailed:{NOT_THERE}", f"the engine does not answer: {NOT_THERE}"),
        (
            f'{{"ServerErrors": ["", "{NOT_THERE}"]}}\nfailed:exit 1',
            f"the engine does not answer: {NOT_THERE}",
        ),
        (f'{{"message": "{NOT_THERE}"}}', f"the engine does not answer: {NOT_THERE}"),
        ("<html>", "docker info: JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_engine_without_words(said: str, told: str) -> None:
    """An error with what the engine or the command said."""
    with pytest.raises(EvidenceError) as raised:
        engine(recorded(f"--info\n{said}\n--end"), PRESENCE)
    assert str(raised.value) == told


def test_docker_command_of_podman() -> None:
    """The error names it, and what to do; so does a command that is missing."""
    with pytest.raises(EvidenceError, match="the docker command is Podman's own"):
        engine(recorded('--info\n{"host": {}}\n--end'), Presence(("docker", "podman"), (), ()))
    with pytest.raises(EvidenceError, match="the docker command is missing"):
        engine(recorded(engines.engine_text(refusal="docker: not found")), Presence(("dockerd",), (), ()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ServerVersion", ""),
        ("Debug", 1),
        ("NCPU", -1),
        ("DockerRootDir", "x"),
        ("SecurityOptions", ["seccomp"]),
        ("Swarm", {"LocalNodeState": "gone", "ControlAvailable": False}),
    ],
)
def test_field_of_another_kind(field: str, value: object) -> None:
    """It is named."""
    with pytest.raises(EvidenceError, match=rf"^docker info: .*\$\.{field}|^docker info: .*{field}"):
        engine(recorded(engines.engine_text({field: value})), PRESENCE)


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
    with pytest.raises(EvidenceError, match="DriverStatus says nothing of the storage driver"):
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
