"""The process that serves Podman's socket."""

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.podman import PODMAN_SERVICE, PodmanService
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError

ENDPOINT = "endpoint:/run/podman/podman.sock"
LISTENS = "70/task/72/net/unix:0000000000000000: 00000002 00000000 00010000 0001 01 {} {}"
HOLDS = "lrwx------ 1 0 0 64 Nov 27 13:33 70/fd/6 -> socket:[{}]"
REST = (
    "lrwxrwxrwx 1 0 0 0 Nov 27 13:33 70/task/72/ns/net -> net:[4026531840]",
    "lrwxrwxrwx 1 0 0 0 Nov 27 13:33 70/task/72/ns/mnt -> mnt:[4026531841]",
    "70/mountinfo:21 1 8:1 / / rw - ext4 /dev/sda1 rw",
)


def _facts(*lines: str) -> Facts:
    answer = Answer("podman_service", 0, PODMAN_SERVICE.keep("\n".join(lines)), "")
    answers = {"podman_service": answer}
    return Facts(Recording("local", "local", answers, gathered=0.0), Policy())


@pytest.mark.parametrize("path", ["/run/podman/podman.sock", "/var/run/podman/podman.sock"])
def test_process_that_holds_the_socket(path: str) -> None:
    """It is known by the socket; its namespaces are those of most of its threads."""
    facts = _facts(ENDPOINT, LISTENS.format(5, path), HOLDS.format(5), *REST)
    found: PodmanService = facts.get("podman_service")
    assert found.pid == 70
    assert found.namespaces == {"net": "net:[4026531840]", "mnt": "mnt:[4026531841]"}
    assert found.mountinfo == (REST[-1].partition(":")[2],)


@pytest.mark.parametrize(
    ("inode", "path"), [(6, "/run/podman/podman.sock"), (5, "/run/other.sock"), (5, "/podman.sock")]
)
def test_socket_of_another(inode: int, path: str) -> None:
    """A socket that it does not hold, or another one, is not the one that answers."""
    facts = _facts(ENDPOINT, LISTENS.format(5, path), HOLDS.format(inode), *REST)
    with pytest.raises(EvidenceError, match="no process of Podman is seen"):
        facts.get("podman_service")


def test_two_that_may_answer() -> None:
    """Of two it is unknown which one answers."""
    first = [ENDPOINT, LISTENS.format(5, "/run/podman/podman.sock"), HOLDS.format(5), *REST]
    second = [line.replace("70/", "80/") for line in first[1:]]
    with pytest.raises(EvidenceError, match="one of 70, 80"):
        _facts(*first, *second).get("podman_service")
