"""Checks the types of a recording's document: a damaged one harms its target alone."""

import math
import sys
from collections.abc import Mapping
from typing import Any

from hullcheck.recording.probe import Answer

_TEXTS = ("target", "backend", "failure", "host_key")
_TIMES = ("gathered", "asked")
_REQUIRED = ("target", "backend", "answers")
LATEST = 32_503_680_000
"""The year 3000, in seconds since the epoch: a clock that says more says nothing."""


def fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """What *document* says, without its schema and as the class takes it.

    Raises:
        ValueError: a field is missing, unknown or of another type; the message names it.
    """
    known = {*_TEXTS, *_TIMES, "commands", "answers"}
    for name in _REQUIRED:
        _require(name in document, f"it has no {name}")
    _require(not set(document) - known, "it has a field that no recording has")
    for name in set(_TEXTS) & set(document):
        _require(isinstance(document[name], str), f"{name} is not a text")
    for name in set(_TIMES) & set(document):
        _require(is_time(document[name]), f"{name} is not a time in seconds since 1970")
    commands = document.get("commands", {})
    texts = isinstance(commands, dict) and all(isinstance(each, str) for each in commands.values())
    _require(texts, "commands is not a mapping from the names of probes to texts")
    _require(isinstance(document["answers"], list), "answers is not a list")
    answers = [_answer(each, number) for number, each in enumerate(document["answers"])]
    by_name = {each.name: each for each in answers}
    _require(len(by_name) == len(answers), "a probe has two answers")
    # the hosts of a fleet were asked the same
    shared = {name: sys.intern(each) for name, each in commands.items()}
    return {**document, "commands": shared, "answers": by_name}


def is_time(value: object) -> bool:
    """Whether *value* is a number of seconds since the epoch that can be a day of a calendar."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 <= value <= LATEST  # type: ignore[arg-type, operator]


def _answer(value: object, number: int) -> Answer:
    which = f"answers[{number}]"
    whole = isinstance(value, dict) and set(value) == {"name", "status", "stdout", "stderr"}
    _require(whole, f"{which} is not a name, status, stdout and stderr")
    assert isinstance(value, dict)
    for name in ("name", "stdout", "stderr"):
        _require(isinstance(value[name], str), f"{which}.{name} is not a text")
    status = value["status"]
    exit_status = isinstance(status, int) and not isinstance(status, bool) and status >= 0
    _require(exit_status, f"{which}.status is not an exit status")
    return Answer(**value).opened()


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise ValueError(fault)
