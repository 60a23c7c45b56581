"""Booleans and sizes as Go reads them."""

from __future__ import annotations

import pytest

from hullcheck.parsing.go import go_boolean, go_size
from hullcheck.verdicts import EvidenceError


@pytest.mark.parametrize(
    ("text", "size"), [("1k", 1000), ("1KiB", 1000), ("1.5 mb", 1_500_000), ("5b", 5), ("1kk", None)]
)
def test_sizes_as_the_engine_reads_them(text: str, size: int | None) -> None:
    """Powers of 1000 whatever the suffix is, as in Docker's own package."""
    assert go_size(text) == size


def test_booleans_as_the_engine_reads_them() -> None:
    """The spellings of Go's strconv.ParseBool; any other is an error that shows it."""
    assert all(map(go_boolean, ("1", "t", "T", "true", "True", "TRUE")))
    assert not any(map(go_boolean, ("0", "f", "F", "false", "False", "FALSE")))
    for text in ("", "yes", "tRUE", "2", " true"):
        with pytest.raises(EvidenceError, match=f"^{text!r} is not a boolean$"):
            go_boolean(text)
