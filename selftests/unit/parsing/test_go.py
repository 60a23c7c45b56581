"""Booleans, sizes and documents as Go reads them."""

from __future__ import annotations

import pytest

from hullcheck.parsing.go import go_boolean, go_json, go_size
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("text", "size"), [("1k", 1000), ("1KiB", 1000), ("1.5 mb", 1_500_000), ("5b", 5), ("1kk", None)]
)
def test_sizes_as_the_engine_reads_them(text: str, size: int | None) -> None:
    """Powers of 1000 whatever the suffix is, as in Docker's own package."""
    assert go_size(text) == size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", True), ("t", True), ("True", True), ("TRUE", True), ("0", False), ("F", False), ("false", False)],
)
def test_booleans_as_the_engine_reads_them(text: str, expected: bool) -> None:
    """The spellings of Go's strconv.ParseBool."""
    assert go_boolean(text) is expected


@pytest.mark.parametrize("text", ["", "yes", "tRUE", "2", " true"])
def test_text_that_is_no_boolean(text: str) -> None:
    """It is an error that shows it: the engine refuses it, too."""
    with pytest.raises(EvidenceError, match=f"^{text!r} is not a boolean$"):
        go_boolean(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"name": 1, "other": 2}', {"name": 1, "other": 2}),
        ('{"Name": 1}', {"name": 1}),
        ('{"name": 1, "NAME": 2}', {"name": 2}),
        ('{"Other": [{"nAMe": 1}]}', {"Other": [{"name": 1}]}),
        ('{"name": {"a": 1, "b": 1}, "Name": {"b": 2}}', {"name": {"a": 1, "b": 2}}),
        ('{"name": {"a": 1}, "Name": null}', {"name": None}),
        ('{"name": ["a"], "Name": ["b"]}', {"name": ["b"]}),
    ],
)
def test_fields_of_a_document(text: str, value: object) -> None:
    """A field is found by its name in any case, and what is said of it last counts."""
    assert go_json(text, ["name"]) == value


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"name": [{}], "Name": [{}]}'])
def test_what_is_no_document(text: str) -> None:
    """It is refused."""
    with pytest.raises(ValueError):  # noqa: PT011
        go_json(text, ["name"])
