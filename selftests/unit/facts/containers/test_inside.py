"""A container as a target of its own, seen from inside."""

from __future__ import annotations

from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import in_parts
from selftests.kit.facts.container_host import STATUS
from selftests.kit.facts.containers import inside as shown_inside
from selftests.kit.judging import judged


class Inside:
    """A container, seen from inside, to be bent in one place before it is judged."""

    def __init__(self) -> None:
        """Process 1 and the auditor's command have the same mounts; there is no socket in them."""
        self.mounts = ["30 1 0:50 / / ro - overlay overlay rw"]
        self.own: list[str] | None = None
        self.sockets: list[str] = []
        self.status: dict[int, dict[str, str]] = {1: STATUS | {"PPid": "0"}}
        self.users: dict[int, int] = {}

    def judge(self, number: str) -> tuple[str, str]:
        """Verdict and reason of a control."""
        processes = [f"{pid}/status:{k}:\t{v}" for pid, each in self.status.items() for k, v in each.items()]
        processes += [f"{pid}/ns:user:[{number}]" for pid, number in self.users.items()]
        own = self.mounts if self.own is None else self.own
        texts = {
            "containers": shown_inside(
                [
                    *(f"/proc/1/mountinfo:{each}" for each in self.mounts),
                    *(f"/proc/self/mountinfo:{each}" for each in own),
                    *(f"mounted {each}" for each in self.sockets),
                ]
            ),
            "processes": in_parts(processes="\n".join(processes)),
        }
        answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
        return judged(number, Facts(Recording("web", "docker", answers), Policy()))["web"]


DAMAGED = "containers: the answer is damaged: it has a line of another kind"
SHARED = "process 1 has other mounts than the container: it shares a PID namespace of others"


FROM_INSIDE: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("5.13", {}, ("pass", "its root file system is read-only")),
    ("5.32", {"sockets": ["/run/x/docker.sock"]}, ("fail", "can reach /run/x/docker.sock")),
    ("5.32", {"sockets": ["nonsense"]}, ("error", DAMAGED)),
    (
        "5.13",
        {"mounts": ["30 1 0:50 / / rw - overlay overlay rw"]},
        ("fail", "its root file system can be written to"),
    ),
    (
        "5.13",
        {"mounts": ["30 1 0:50 / / ro - o o rw", "31 1 0:50 / / rw - o o rw"]},
        ("fail", "its root file system can be written to"),
    ),
    (
        "5.13",
        {"mounts": ["30 1 0:50 / /x ro - overlay overlay rw"]},
        ("error", "its mount table has no root"),
    ),
    ("5.13", {"own": ["30 1 0:51 / / ro - overlay overlay rw"]}, ("error", SHARED)),
    ("5.7", {"own": ["30 1 0:51 / / ro - overlay overlay rw"]}, ("error", SHARED)),
    ("5.7", {}, ("pass", "no process has the name of one")),
    ("5.32", {}, ("pass", "no socket of an engine is mounted")),
    ("5.32", {"sockets": ["/run/docker.sock", "/run/docker.sock"]}, ("fail", "can reach /run/docker.sock")),
    (
        "5.32",
        {
            "sockets": ["/s"],
            "mounts": ["30 1 0:50 / / ro - o o rw", "31 1 0:20 /podman.sock /s rw - tmpfs t rw"],
        },
        ("fail", "can reach /s"),
    ),
    (
        "5.32",
        {"sockets": ["/run/my.sock"]},
        ("error", "whose socket is mounted at /run/my.sock is unknown from inside the container"),
    ),
    ("5.32", {"own": ["30 1 0:51 / / ro - overlay overlay rw"]}, ("error", SHARED)),
    (
        "5.5",
        {},
        (
            "not applicable",
            "the target is a container, seen from inside: only its engine's host can show this",
        ),
    ),
]


@pytest.mark.parametrize(("number", "changes", "expected"), FROM_INSIDE)
def test_container_from_inside(number: str, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """What process 1 and its mounts show is judged; the rest is not, and another's process is an error."""
    inside = Inside()
    vars(inside).update(changes)
    assert inside.judge(number) == expected


def test_powers_from_inside() -> None:
    """Every process counts: process 1 may have given up what is executed beside it."""
    inside = Inside()
    inside.status[1] |= {"NoNewPrivs": "1"}
    inside.status[7] = STATUS | {"NoNewPrivs": "1"}
    assert [inside.judge(number)[0] for number in ("5.4", "5.7", "5.22", "5.26")] == ["pass"] * 4
    inside.status[1] |= {"Uid": "7\t7\t7\t7"}
    assert inside.judge("4.1")[0] == "pass"
    less = {"Name": "sshd", "CapEff": "000001ffffffffff", "Seccomp": "0", "NoNewPrivs": "0"}
    for pid in (7, 1):
        inside.status = {1: STATUS | {"NoNewPrivs": "1"}, 7: STATUS | {"NoNewPrivs": "1"}}
        inside.status[pid] = inside.status[pid] | less
        assert [inside.judge(number)[0] for number in ("5.4", "5.7", "5.22", "5.26")] == ["fail"] * 4


@pytest.mark.parametrize(
    ("users", "verdict"), [({1: 5, 7: 6}, "pass"), ({1: 5, 7: 5}, "fail"), ({1: 5}, "fail"), ({7: 6}, "fail")]
)
def test_process_in_a_user_namespace_of_its_own(users: dict[int, int], verdict: str) -> None:
    """5.4: in such a one, as browsers make them, everybody has all capabilities, and none over the container."""
    inside = Inside()
    inside.status[7] = STATUS | {"CapEff": "000001ffffffffff"}
    inside.users = users
    assert inside.judge("5.4")[0] == verdict
