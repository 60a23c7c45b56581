"""The pictures of docs/bench are those of its figures, small, and can be read in words."""

import itertools
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


def test_straight_line_is_drawn_straight() -> None:
    """Where the time doubles with the containers, each step is as long as the one before."""
    curve = draw.Curve("x", [(10, 1), (100, 10), (1000, 100)])
    text = draw.svg(draw.Chart("t", "s", [curve]))
    (points,) = re.findall(r'points="([^"]+)"', text)
    (x0, y0), (x1, y1), (x2, y2) = (map(float, each.split(",")) for each in points.split())
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    assert y0 > y1


def test_names_of_near_curves_do_not_lie_on_each_other() -> None:
    """Each has two lines of room."""
    near = [draw.Curve(name, [(10, 1), (1000, end)]) for name, end in (("a", 10), ("b", 10.01), ("c", 9.99))]
    text = draw.svg(draw.Chart("t", "s", near))
    places = sorted(float(y) for y in re.findall(r'<rect class="c\d" x="[^"]+" y="([^"]+)"', text))
    assert all(after - before >= 34 for before, after in itertools.pairwise(places))


def test_what_was_not_measured_has_no_curve() -> None:
    """Nor a figure in the table."""
    one = FIGURES["measurements"][0]
    without = {
        **FIGURES,
        "measurements": [{**each, "docker_bench": None} for each in FIGURES["measurements"]],
    }
    assert "docker-bench-security" not in draw.files(without)["time.svg"]
    assert "| not measured |" in draw.files(without)["index.md"]
    ended = {**one, "docker_bench": 600.0, "docker_bench_ended": True}
    assert "| > 600 s |" in draw.table([ended])
