"""What takes commands in the place of the daemon."""

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
    assert told == Relays((Relay("0.0.0.0:2375", 2375, ("socat",)),), ())
    assert str(told.found[0]) == "0.0.0.0:2375 (socat)"


def test_listener_that_names_the_socket() -> None:
    """It is one that may take commands where it gave no answer, and one that does where it gave one."""
    names = "names:tcp 00000000:0947"
    assert [each.port for each in found(PUBLIC, names).named] == [2375]
    assert found(PUBLIC, names, "answers:tcp 00000000:0947").named == ()


@pytest.mark.parametrize(
    ("addresses", "commands"),
    [("127.0.0.1:8888", True), ("0.0.0.0:1 0.0.0.0:8888", True), ("0.0.0.0:http", False), ("", False)],
)
def test_containerd_over_tcp(addresses: str, commands: bool) -> None:
    """Its configuration says whether it takes commands where it listens; whatever else it does there is its own."""
    told = found(CONTAINERD, f"containerd-config:{addresses}")
    assert [each.address for each in told.containerd] == ["127.0.0.1:8888"] * commands
    assert found(*CONTAINERD.splitlines()[:3]).containerd == ()


def test_listener_of_nobody() -> None:
    """The kernel's own and those of processes that are not seen take no commands as long as none is answered."""
    nfs = "listener:tcp 00000000:0801 300"
    assert found(nfs) == Relays((), ())
    assert list(map(str, found(nfs, "answers:tcp 00000000:0801").found)) == [
        "0.0.0.0:2049 (a program that is not seen)"
    ]


def test_listeners_that_may_not_be_read() -> None:
    """What takes commands is unknown then."""
    with pytest.raises(EvidenceError, match="/proc/1/net could not be read"):
        relays(HostServices(Words("auditor:0\nasked:"), Processes({})))


def test_answer_that_ends_too_early() -> None:
    """What takes commands is not known then."""
    with pytest.raises(EvidenceError, match="damaged"):
        relays(HostServices(Words(f"auditor:0\nnet:tcp\n{PUBLIC}"), Processes({})))


@pytest.mark.parametrize("line", ["answers:tcp 0100\x7f07F:0947", "answers:tcp", "asked:some"])
def test_answer_of_a_place_that_is_none(line: str) -> None:
    """It may have been that of the engine: the answer is damaged."""
    recording = Recording("host", "local", {"host_services": Answer("host_services", 0, line + "\n", "")})
    with pytest.raises(EvidenceError, match="damaged"):
        host_services(recording, Presence((), (), ()), Processes({}))
