"""As whom a target was asked, by its recording's own answers."""

import pytest

from hullcheck.facts.engine.info import ENGINE
from hullcheck.facts.engine.rights import Rights
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import answer
from selftests.kit.facts.engines import engine_text

ACCOUNTS = answer(
    "accounts", accounts="user:root:0:0:/bin/bash\nuser:audit:1001:1001:/bin/sh\nuser:x:100:1:/bin/sh"
)


def engine(refusal: str = "") -> Answer:
    """Its answer, as it is kept."""
    return Answer("engine", 0, ENGINE.keep(engine_text(refusal=refusal)), "")


ANSWERS = engine()
REFUSES = engine("permission denied while trying to connect to the docker API at unix:///run/docker.sock")
SILENT = engine("Cannot connect to the Docker daemon")
UNSEEN = "files, processes of others and audit rules are not seen"


def rights(user: str, *answers: Answer) -> Rights | None:
    """Those of a recording in which the script ran as this user."""
    host = answer("host", auditor=user)
    return Rights.of(Recording("web1", "local", {each.name: each for each in (host, ACCOUNTS, *answers)}))


@pytest.mark.parametrize(
    ("user", "info", "said"),
    [
        ("0", ANSWERS, "as root"),
        ("0", REFUSES, "as root"),
        ("1001", ANSWERS, f"as audit, not root, may use the engine: {UNSEEN}"),
        ("1001", REFUSES, f"as audit, not root, may not use the engine: nothing of it is seen; {UNSEEN}"),
        ("1001", SILENT, f"as audit, not root: {UNSEEN}"),
        ("10", ANSWERS, f"as the user 10, not root, may use the engine: {UNSEEN}"),
    ],
)
def test_user_and_what_is_not_seen(user: str, info: Answer, said: str) -> None:
    """The name is the target's, and only an engine that answered may be used."""
    assert str(rights(user, info)) == said


def test_recording_that_does_not_say_it() -> None:
    """A recording without that answer says nothing of its user, nor does a target that gave no answer."""
    assert rights("", ANSWERS) is None
    assert Rights.of(Recording("web1", "ssh", failure="timed out")) is None


def test_user_without_a_name() -> None:
    """Root is called so wherever names are not known."""
    host = answer("host", auditor="0")
    assert str(Rights.of(Recording("web1", "local", {"host": host}))) == "as root"
