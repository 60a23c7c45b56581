"""A container as a target of its own, seen from inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import in_parts
from selftests.kit.judging import judged

READ_ONLY, WRITABLE = "30 1 0:50 / / ro - overlay overlay rw", "31 1 0:50 / / rw - overlay overlay rw"
SOCKET = "31 1 0:20 /podman.sock /s rw - tmpfs t rw"
ALL = "000001ffffffffff"
BOUND = {"NoNewPrivs": "1"}
STATUS = {"Name": "sleep", "PPid": "0", "Uid": "0 0 0 0", "NoNewPrivs": "0", "Seccomp": "2"}
STATUS |= dict.fromkeys(("CapPrm", "CapEff", "CapBnd"), "00000000a80405fb")


def seen(
    number: str,
    mounts: Sequence[str] = (READ_ONLY,),
    own: Sequence[str] | None = None,
    sockets: Sequence[str] = (),
    processes: Mapping[int, Mapping[str, str]] | None = None,
    users: Mapping[int, int] | None = None,
) -> str:
    """Verdict and reason of a control; *own* are the mounts of the auditor's command, if others than process 1 has."""
    shown = [f"/proc/1/mountinfo:{each}" for each in mounts]
    shown += [f"/proc/self/mountinfo:{each}" for each in (mounts if own is None else own)]
    shown += [f"mounted {each}" for each in sockets]
    status = {pid: STATUS | {**each} for pid, each in (processes or {1: {}}).items()}
    lines = [f"{pid}/status:{name}:\t{value}" for pid, each in status.items() for name, value in each.items()]
    lines += [f"{pid}/ns:user:[{number}]" for pid, number in (users or {}).items()]
    texts = {
        "containers": CONTAINERS.keep(in_parts(inside="\n".join(shown))),
        "processes": in_parts(processes="\n".join(lines)),
    }
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    return ": ".join(judged(number, Facts(Recording("web", "docker", answers), Policy()))["web"])


def test_mounts_and_sockets() -> None:
    """What process 1 and its mounts show is judged; the rest is not, and another's process is an error."""
    shared = "error: process 1 has other mounts than the container: it shares a PID namespace of others"
    assert seen("5.13") == "pass: the root file system is read-only"
    assert seen("5.13", [READ_ONLY, WRITABLE]) == "fail: the root file system can be written to"
    assert seen("5.13", ["30 1 0:50 / /x ro - o o rw"]) == "error: its mount table has no root"
    assert {seen(number, own=[WRITABLE]) for number in ("5.7", "5.13", "5.32")} == {shared}
    assert seen("5.32") == "pass: can reach no engine socket"
    assert seen("5.32", sockets=["/run/x/docker.sock"] * 2) == "fail: can reach /run/x/docker.sock"
    assert seen("5.32", [READ_ONLY, SOCKET], sockets=["/s"]) == "fail: can reach /s"
    assert seen("5.32", sockets=["/my.sock"]).startswith("error: the owner of the socket at /my.sock is unknown")
    assert seen("5.32", sockets=["x"]).startswith("error: containers: the answer is damaged")
    assert seen("4.1").startswith("fail: runs sleep as root")
    assert seen("5.5").startswith("not applicable: the target is a container, seen from inside")


@pytest.mark.parametrize(
    ("number", "status"),
    [("5.4", {"CapEff": ALL}), ("5.7", {"Name": "sshd"}), ("5.22", {"Seccomp": "0"}), ("5.26", {"NoNewPrivs": "0"})],
)
def test_processes(number: str, status: Mapping[str, str]) -> None:
    """Each counts: process 1 may have given up what is executed beside it."""
    assert seen(number, processes={1: BOUND, 7: BOUND}).startswith("pass")
    assert seen(number, processes={1: BOUND | status, 7: BOUND}).startswith("fail")
    assert seen(number, processes={1: BOUND, 7: BOUND | status}).startswith("fail")


@pytest.mark.parametrize(
    ("users", "verdict"), [({1: 5, 7: 6}, "pass"), ({1: 5, 7: 5}, "fail"), ({1: 5}, "fail"), ({7: 6}, "fail")]
)
def test_process_in_a_user_namespace_of_its_own(users: dict[int, int], verdict: str) -> None:
    """5.4: in such a one, as browsers make them, everybody has all capabilities, and none over the container."""
    assert seen("5.4", processes={1: {}, 7: {"CapEff": ALL}}, users=users).startswith(verdict)
