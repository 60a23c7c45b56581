"""Which machine and which engine a target is, and as whom it was asked."""

import pytest

from hullcheck.facts.engine.identity import Identity, Rights
from hullcheck.facts.engine.info import ENGINE
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


DENIED = "permission denied while trying to connect to the docker API at unix:///run/docker.sock"


@pytest.mark.parametrize(
    ("user", "refusal", "found"),
    [
        ("0", "", Rights("root", is_root=True, refused=False, answered=True)),
        ("1001", "", Rights("audit", is_root=False, refused=False, answered=True)),
        ("1001", DENIED, Rights("audit", is_root=False, refused=True, answered=False)),
        ("10", "Cannot connect", Rights("the user 10", is_root=False, refused=False, answered=False)),
        ("", "", None),
    ],
)
def test_rights(user: str, refusal: str, found: Rights | None) -> None:
    """The name is the target's, and only an engine that answered may be used."""
    accounts = answer("accounts", accounts="user:audit:1001:1001:/bin/sh\nuser:x:100:1:/bin/sh")
    engine = Answer("engine", 0, ENGINE.keep(engine_text(refusal=refusal)), "")
    answers = {each.name: each for each in (answer("host", auditor=user), accounts, engine)}
    assert Rights.of(Recording("web1", "local", answers)) == found
