"""The templates of the page are compiled once for many runs, and a run does not depend on that."""

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from hullcheck.writers.audit_page.compiled import Compiled


def _rendered(folder: Path) -> str:
    environment = Environment(
        loader=FileSystemLoader(folder), bytecode_cache=Compiled(folder), autoescape=True
    )
    return environment.get_template("page.html").render(name="web")


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template, and a Python that writes byte code."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("on {{ name }}")
    return tmp_path


def test_template_is_compiled_once(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compiled is used again, until the template changes."""
    assert _rendered(templates) == "on web"
    compiled = []
    compiler = Environment._generate
    monkeypatch.setattr(
        Environment, "_generate", lambda *given, **named: compiled.append(given) or compiler(*given, **named)
    )
    assert _rendered(templates) == "on web"
    assert not compiled
    (templates / "page.html").write_text("at {{ name }}")
    assert _rendered(templates) == "at web"
    assert compiled


@pytest.mark.parametrize("length", [0, 1, 20, 60, 200])
def test_damaged_byte_code(templates: Path, length: int) -> None:
    """It is made again."""
    _rendered(templates)
    (kept,) = (templates / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:length])
    assert _rendered(templates) == "on web"
