"""Booleans and sizes as Go reads them."""

import pytest

from hullcheck.parsing.go import go_boolean, go_size
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
