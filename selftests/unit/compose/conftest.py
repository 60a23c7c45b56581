"""Compose files, read by docker compose."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hullcheck import compose
from hullcheck.facts import Facts
from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from selftests.needs import need

Read = Callable[..., Facts]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Gives the facts of a Compose file with this text, and of what else lies beside it, by docker compose."""
    need("docker-compose")
    monkeypatch.chdir(tmp_path)

    def made(text: str, policy: Mapping[str, Any] | None = None, query: str = "", **beside: str) -> Facts:
        (tmp_path / "compose.yml").write_text(text)
        for name, content in beside.items():
            (tmp_path / name.replace("_dot_", ".")).write_text(content)
        return Facts(compose.recorded("shop", f"compose.yml{query}"), Policy.from_mapping(policy or {}))

    return made


def kept(recording: Recording) -> dict[str, Any]:
    """What is kept of the files."""
    document: dict[str, Any] = json.loads(recording.text(COMPOSE_FILE))
    return document
