"""The name of a system."""

from __future__ import annotations

import pytest

from hullcheck.facts.host.os_release import os_name
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("NAME=a\nPRETTY_NAME='A = 1'", "A = 1"),
        ('PRETTY_NAME="XA X"', "XA X"),
        ("NAME=a\nID=b", "a"),
        ("ID=b", ""),
        (None, ""),
    ],
)
def test_name_of_the_system(said: str | None, name: str) -> None:
    """As it calls itself; nothing where it does not."""
    answer = Answer("os_release", 0 if said else 1, said or "", "")
    assert os_name(Recording("local", "local", {"os_release": answer})) == name
