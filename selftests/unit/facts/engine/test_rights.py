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
DENIED = "permission denied while trying to connect to the docker API at unix:///run/docker.sock"
UNSEEN = "files, processes of others and audit rules are not seen"


@pytest.mark.parametrize(
    ("user", "refusal", "words"),
    [
        ("0", "", "as root"),
        ("0", DENIED, "as root"),
        ("1001", "", f"as audit, not root, may use the engine: {UNSEEN}"),
        ("1001", DENIED, f"as audit, not root, may not use the engine: nothing of it is seen; {UNSEEN}"),
        ("1001", "Cannot connect to the Docker daemon", f"as audit, not root: {UNSEEN}"),
        ("10", "", f"as the user 10, not root, may use the engine: {UNSEEN}"),
        ("", "", "None"),
    ],
)
def test_user_and_what_is_not_seen(user: str, refusal: str, words: str) -> None:
    """The name is the target's, and only an engine that answered may be used."""
    engine = Answer("engine", 0, ENGINE.keep(engine_text(refusal=refusal)), "")
    answers = {each.name: each for each in (answer("host", auditor=user), ACCOUNTS, engine)}
    assert str(Rights.of(Recording("web1", "local", answers))) == words
