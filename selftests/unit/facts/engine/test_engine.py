"""What an engine says of itself."""

from __future__ import annotations

import pytest

from hullcheck.facts.engine import DOCKER_VERSION, component_versions, engine
from hullcheck.facts.host.presence import Presence
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("said", "stderr", "told"),
    [
        ("{}", "", "docker info: the engine did not describe itself"),
        ("5", " \n", "docker info: the engine did not describe itself"),
        ("5", "\nsome error\nmore", "the engine does not answer: some error"),
        ('{"ServerErrors": ["", "no route"]}', "other", "the engine does not answer: no route"),
        ('{"ServerErrors": null}', "other", "the engine does not answer: other"),
        ('{"ServerErrors": "x"}', "other", "the engine does not answer: other"),
    ],
)
def test_engine_without_words(said: str, stderr: str, told: str) -> None:
    """An error with the first thing that the engine or the command said."""
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_info": Answer("docker_info", 0, said, stderr),
    }
    with pytest.raises(EvidenceError, match=f"^{told}$"):
        engine(Recording("local", "local", answers), Presence((), (), ()))


def test_component_versions() -> None:
    """Names and versions are kept of what the engine is made of."""
    kept = DOCKER_VERSION.keep('{"Components": [{"Name": "runc", "Version": "1.1.15", "Details": {}}]}')
    answers = {"docker_version": Answer("docker_version", 0, kept, "")}
    assert component_versions(Recording("host", "local", answers)) == {"runc": "1.1.15"}
