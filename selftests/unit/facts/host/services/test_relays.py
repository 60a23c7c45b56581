"""What takes commands in the place of the daemon."""

import json

import pytest

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.host.services import HostServices, host_services
from hullcheck.facts.host.services.relays import Relay, Relays, relays
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

PUBLIC = "listener:tcp 00000000:0947 100\nowner:100 6\nexe:6 /usr/bin/socat"
CONTAINERD = "listener:tcp 0100007F:22B8 200\nowner:200 9\nexe:9 /usr/bin/containerd\ncontainerd:9"


def found(*lines: str) -> Relays:
    """Those of a host that says this, and asked each listener."""
    text = "\n".join(("auditor:0", "net:tcp", "asked:", *lines))
    return relays(HostServices(Words(text), Processes({})))


def test_listener_that_answers_as_an_engine() -> None:
    """It is named with its program; one that does not answer is none."""
    assert found(PUBLIC).found == ()
    told = found(PUBLIC, "answers:tcp 00000000:0947")
    assert told == Relays((Relay("0.0.0.0:2375", 2375, ("socat",)),), (), "")
    assert str(told.found[0]) == "0.0.0.0:2375 (socat)"


def test_listener_that_names_the_socket() -> None:
    """It is one that may take commands where it gave no answer, and one that does where it gave one."""
    names = "names:tcp 00000000:0947"
    assert [each.port for each in found(PUBLIC, names, "silent:tcp 00000000:0947").named] == [2375]
    assert found(PUBLIC, names, "answers:tcp 00000000:0947").named == ()


@pytest.mark.parametrize(
    ("configuration", "commands", "doubt"),
    [
        ({"grpc": "127.0.0.1:8888"}, True, False),
        ({"metrics": "127.0.0.1:8888"}, False, False),
        ({"grpc": "0.0.0.0:1 0.0.0.0:8888"}, True, False),
        ({"debug": "127.0.0.1:8888"}, False, False),
        ({"streams": "127.0.0.1:8888"}, False, False),
        ({"streams": "127.0.0.1:8888", "imports": True}, False, True),
        ({"streams": "127.0.0.1:0", "grpc": "0.0.0.0:http"}, False, True),
        ({}, False, True),
        ({"imports": True}, False, True),
    ],
)
def test_containerd_over_tcp(configuration: dict[str, object], commands: bool, doubt: bool) -> None:
    """Its configuration says whether it takes commands there; where that is not known there is a doubt."""
    told = found(CONTAINERD, f"containerd-config:{json.dumps(configuration)}")
    assert (bool(told.containerd), bool(told.doubt)) == (commands, doubt)


@pytest.mark.parametrize(
    ("streams", "doubt"), [("0.0.0.0:0", False), ("0.0.0.0:40000", False), ("127.0.0.1:0", True), ("", True)]
)
def test_streams_of_cri_on_every_address(streams: str, doubt: bool) -> None:
    """Where the configuration says so containerd may listen there; elsewhere it is not known why."""
    lines = CONTAINERD.replace("0100007F:22B8", "00000000:9C40")
    told = found(lines, f"containerd-config:{json.dumps({'streams': streams})}")
    assert (told.containerd, bool(told.doubt)) == ((), doubt)


@pytest.mark.parametrize(("port", "doubt"), [(32767, True), (32768, False), (60000, False)])
def test_containerd_whose_configuration_was_not_asked(port: int, doubt: bool) -> None:
    """A port that the kernel chose is one for streams; why it listens at another one is not known."""
    told = found(*CONTAINERD.replace("22B8", f"{port:04X}").splitlines()[:3])
    assert (told.containerd, bool(told.doubt)) == ((), doubt)


def test_listener_that_was_not_asked() -> None:
    """There may be more than what is known."""
    assert "was not asked" in found(PUBLIC, "unasked:tcp 00000000:0947").doubt


@pytest.mark.parametrize("line", ["answers:tcp 0100\x7f07F:0947", "answers:tcp", "asked:some", "unasked:"])
def test_answer_of_a_place_that_is_none(line: str) -> None:
    """It may have been that of the engine: the answer is damaged."""
    recording = Recording("host", "local", {"host_services": Answer("host_services", 0, line + "\n", "")})
    with pytest.raises(EvidenceError, match="damaged"):
        host_services(recording, Presence((), (), ()), Processes({}))
