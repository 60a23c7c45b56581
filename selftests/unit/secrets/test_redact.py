"""Answers in sections, and what is kept of them."""

from __future__ import annotations

import pytest

from hullcheck.secrets.redact import DROPPED, InSections, pick, sections


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("--a\n1\n2\n--b-c\n--end\n", {"a": "1\n2", "b-c": ""}),
        ("--end\n", {}),
        ("--a\n1\n", None),
        ("", None),
        ("1\n--end\n", None),
        ("--a\n--end\n--b\n", None),
        ("--a\n--a\n--end\n", None),
    ],
)
def test_sections(text: str, found: dict[str, str] | None) -> None:
    """An answer in sections ends with its last line, and has each of them once."""
    if found is None:
        with pytest.raises(ValueError, match="the answer is"):
            sections(text)
        kept = InSections(a=str.upper)
        with pytest.raises(ValueError, match="the answer is"):
            kept.read(kept(text))
    else:
        assert sections(text) == found
        assert InSections(a=str.upper)("--a\nx\n--b\ny\n--end\n") == "--a\nX\n--end\n"
        assert InSections(a=str.upper)("--a\nx\n--a-b\ny") == "--a\nX\n--cut\n"
        assert InSections(a=str.upper)("--end\n") == "--end\n"


def test_mapping_in_the_place_of_a_value() -> None:
    """It may hold anything, and is dropped."""
    assert pick(["a", [1], {"b": "secret"}, None]) == ["a", [1], DROPPED, None]
