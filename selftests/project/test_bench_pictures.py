"""The pictures of docs/bench are those of its figures, small, and can be read in words."""

import json
import re
from xml.etree import ElementTree

import pytest

from bench import draw
from selftests import REPOSITORY

PLACE = REPOSITORY / "docs/bench"
FIGURES = json.loads((PLACE / "figures.json").read_text(encoding="utf-8"))
SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 8_000


def test_files_are_those_of_the_figures() -> None:
    """Whoever changes a figure, or how it is drawn, runs `tox -e bench-draw -- docs/bench/figures.json`."""
    made = draw.files(FIGURES)
    assert {each.name for each in PLACE.iterdir()} == set(made)
    for name, text in made.items():
        assert (PLACE / name).read_text(encoding="utf-8") == text, name


@pytest.mark.parametrize("name", ["time.svg", "memory.svg"])
def test_picture_is_small_plain_and_said_in_words(name: str) -> None:
    """It loads and runs nothing, has colours for light and dark, and its description has every figure."""
    text = (PLACE / name).read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    root = ElementTree.fromstring(text)
    assert root.get("aria-labelledby") == "t d"
    title, words = (root.findtext(f"{SVG}{each}") or "" for each in ("title", "desc"))
    assert title.endswith("by the number of containers")
    for each in FIGURES["measurements"]:
        assert f"with {each['containers']} containers" in words
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<script|<image|href|url\(|@import", text)
