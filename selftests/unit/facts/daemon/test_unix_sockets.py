"""Which processes listen at which sockets."""

import pytest

from hullcheck.facts.daemon.sockets.unix_sockets import UNIX_SOCKETS, UnixSocket, UnixSockets, unix_sockets
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

LISTENING = "7/net/unix:0000000000000000: 00000002 00000000 00010000 0001 01 {} {}"
LINES = (
    LISTENING.format(100, "/var/run/docker.sock"),
    LISTENING.format(200, "/run/a b.sock"),
    LISTENING.format(300, "@abstract"),
    "lrwx------ 1 0 0 64 Jan  1 10:00 7/fd/3 -> socket:[100]",
    "lrwx------ 1 0 0 64 Jan  1 10:00 8/fd/3 -> socket:[100]",
    "real:/var/run/docker.sock\t/run/docker.sock",
    "descriptors:all",
)


def found(*lines: str) -> UnixSockets:
    """Those of a host that says this."""
    answer = Answer(UNIX_SOCKETS.name, 0, UNIX_SOCKETS.keep("\n".join(lines)), "")
    return unix_sockets(Recording("host", "local", {answer.name: answer}))


def test_sockets_with_a_path() -> None:
    """Each has its holders, and its path without symbolic links where that is known."""
    assert found(*LINES, "listed:3") == UnixSockets(
        (
            UnixSocket("/var/run/docker.sock", "/run/docker.sock", frozenset({7, 8})),
            UnixSocket("/run/a b.sock", "/run/a b.sock", frozenset()),
        ),
        complete=True,
    )
    assert not found("descriptors:some", "listed:0").complete


def test_list_that_is_cut_off() -> None:
    """A socket may be missing: that is an error."""
    with pytest.raises(EvidenceError, match="damaged"):
        found(*LINES[1:], "listed:3")
