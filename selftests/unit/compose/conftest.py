"""Compose files, read by docker compose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck import compose
from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.needs import need

Read = Callable[..., Facts]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Gives the facts of a Compose file with this text, and of what else lies beside it, by docker compose."""
    need("docker-compose")
    monkeypatch.chdir(tmp_path)

    def made(text: str, query: str = "", **beside: str) -> Facts:
        (tmp_path / "compose.yml").write_text(text)
        for name, content in beside.items():
            (tmp_path / name.replace("_dot_", ".")).write_text(content)
        return Facts(compose.recorded("shop", f"compose.yml{query}"), Policy())

    return made
