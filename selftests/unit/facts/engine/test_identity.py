"""Which machine and which engine a target is, and as whom it was asked."""

import pytest

from hullcheck.facts.engine.identity import Identity, user_without_rights
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import answer, in_parts
from selftests.kit.facts.engines import engine_text


@pytest.mark.parametrize(
    ("backend", "key", "machine", "info", "found"),
    [
        ("ssh", "SHA256:x", "a" * 32, {"ID": "engine"}, ("a" * 32, "engine", "SHA256:x")),
        ("ssh", "", "", {"ID": ""}, ("unknown", "unknown", "unknown")),
        ("local", "", "a" * 32, {"ID": 7}, ("a" * 32, "unknown", "")),
    ],
)
def test_identity(backend: str, key: str, machine: str, info: dict[str, object], found: tuple[str, ...]) -> None:
    """What could not be had is unknown; a key there is over ssh alone."""
    texts = {"host": in_parts(files=f"/etc/machine-id:{machine}"), "engine": engine_text(info)}
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()}
    assert Identity.of(Recording("host", backend, answers, host_key=key)) == Identity(*found)
    assert Identity.of(Recording("host", backend, {})).machine_id == "unknown"


@pytest.mark.parametrize(("number", "name"), [("0", ""), ("1001", "audit"), ("10", "the user 10"), ("", "")])
def test_user_without_rights(number: str, name: str) -> None:
    """The name is the target's; root has all rights."""
    accounts = answer("accounts", accounts="user:root:0:0:/bin/sh\nuser:audit:1001:1001:/bin/sh\nuser:x:100:1:/bin/sh")
    answers = {each.name: each for each in (answer("host", auditor=number), accounts)}
    assert user_without_rights(Recording("web1", "local", answers)) == name
