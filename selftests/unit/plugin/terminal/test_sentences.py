"""The sentences of a run that could ask no target: why, once for each cause, and what to type."""

import pytest

from hullcheck.results import Audit, AuditedTarget, Result, Run
from hullcheck.verdicts import Verdict
from hullcheck.writers.terminal import no_answer
from hullcheck.writers.terminal.screen import plain

REFUSED = "the engine does not answer: permission denied while trying to connect at unix:///run/docker.sock"
SILENT = "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?"
PASSWORD = "sudo: a password is required"
ROUTE = "ssh: connect to host web1 port 22: No route to host"
COMMAND = (".tox/cis/bin/hullcheck", "audit", "--sudo", "--hosts=ssh://me:geheim@web1")
TYPED = "  sudo .tox/cis/bin/hullcheck audit '--hosts=ssh://me:***@web1'"


def said(*told: tuple[str, str, str], width: int = 200, command: tuple[str, ...] = ()) -> list[str]:
    """Return the lines for targets, each with its name, how it is reached, and the reason of two controls."""
    targets = tuple(AuditedTarget(name, connect, "unknown", "", "") for name, connect, _ in told)
    results = tuple(Result(each, name, Verdict.ERROR, why, ()) for name, _, why in told for each in ("a", "b"))
    audit = Audit(Run("20260101T000000Z-0000", "", "", "1", (), 1), targets, (), results)
    return [plain(each) for each in no_answer.lines(audit, width, command)]


@pytest.mark.parametrize(
    ("connect", "reason", "sentence"),
    [
        (
            "ssh://web1",
            f"ssh://web1 could not be audited: {PASSWORD}",
            f"{PASSWORD}. Allow sudo without a password (NOPASSWD) for the user who logs in, or log in as root.",
        ),
        (
            "ssh://web1",
            f"ssh://web1 could not be audited: {ROUTE}",
            f"{ROUTE}. Check the address, and that ssh can log in without a prompt.",
        ),
        ("ssh://web1", REFUSED, "permission denied on /run/docker.sock. Add --sudo, or log in as root."),
        ("recorded://web1", REFUSED, "permission denied on /run/docker.sock. Record the target again, as root."),
        ("local://", SILENT, "no engine answers at /run/docker.sock. Start it, or set DOCKER_HOST."),
        ("recorded://web1", "damaged: it is cut off", "damaged: it is cut off."),
    ],
)
def test_sentence_of_a_cause(connect: str, reason: str, sentence: str) -> None:
    """What stopped all controls, and what to do about it on such a target."""
    assert [each.rstrip() for each in said(("web1", connect, reason))] == [f"web1: {sentence}"]


def test_command_to_type_here() -> None:
    """The command of this run as root stands on a line of its own, without --sudo and without passwords."""
    advice = "Run it as root, or with --sudo where sudo asks for no password:"
    refused = ("local", "local://", REFUSED)
    assert said(refused, command=COMMAND) == [f"local: permission denied on /run/docker.sock. {advice}", TYPED]
    assert TYPED not in said(refused)  # it is root who runs it
    no_password = ("local", "local://", f"local:// could not be audited: {PASSWORD}")
    assert said(no_password, command=COMMAND) == [f"local: {PASSWORD}. Run it as root:", TYPED]


def test_each_cause_is_said_once() -> None:
    """Targets with the same one share a sentence, whole words are wrapped, and of many causes six are shown."""
    (line,) = said(*((name, f"ssh://{name}", REFUSED) for name in ("web1", "web2", "web3")))
    assert line.startswith("web1, web2, web3: permission denied")
    wrapped = said(("web1", "ssh://web1", REFUSED), width=40)
    assert len(wrapped) == 3
    assert max(map(len, wrapped)) <= 40
    many = said(*((f"web{n}", f"ssh://web{n}", f"because of {n}") for n in range(9)))
    assert (len(many), many[-1]) == (7, "... and 3 targets for other reasons")
