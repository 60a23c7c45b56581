"""A control's metadata, read from its test function: markers and docstring."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import pytest

from hullcheck.frameworks import Frameworks
from hullcheck.results import SEVERITIES, Control

DEFAULT_SEVERITY = "medium"

Function = TypeVar("Function", bound=Callable[..., Any])


def marked(*markers: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Give several markers one name, for controls that have them in common: in the order in which they would stand."""

    def mark(function: Function) -> Function:
        for each in reversed(markers):
            function = each(function)
        return function

    return mark


def with_ids(known: Frameworks, marker: pytest.Mark) -> list[pytest.Mark]:
    """Return a marker for each id that *marker* names; none for one of no framework, or that has its id.

    Raises:
        ValueError: what is wrong with *marker*.
    """
    given = (*marker.args, *marker.kwargs.values())
    if marker.name == "severity" and (len(given) != 2 or given[0] not in SEVERITIES or not given[1]):
        wrong, levels = ", ".join(map(repr, given)), ", ".join(SEVERITIES)
        raise ValueError(f'severity({wrong}) needs a level ({levels}) and why: write severity("high", "REASON")')
    if marker.name not in known.names or "id" in marker.kwargs:
        return []
    ids = known.ids_of(marker.name, marker.args, marker.kwargs)
    return [getattr(pytest.mark, marker.name)(id=each, **marker.kwargs).mark for each in ids]


def numbers_of(markers: Iterable[pytest.Mark]) -> list[str]:
    """Return the numbers in the CIS benchmark."""
    return [each.kwargs["id"] for each in markers if each.name == "cis" and "id" in each.kwargs]


def of_baseline(known: Frameworks, markers: Sequence[pytest.Mark]) -> list[pytest.Mark]:
    """Return the markers of a control that belongs to the baseline, and none for others."""
    numbers = numbers_of(markers)
    levels = [each.kwargs.get("level") for each in markers if each.name == "cis" and "id" in each.kwargs]
    is_in = bool(numbers) and known.in_baseline(numbers, levels[0])
    return [pytest.mark.baseline(id=each).mark for each in numbers] if is_in else []


def control_of(function: Callable[..., Any], markers: Iterable[pytest.Mark]) -> Control:
    """Return the control that *function* is, from its docstring and its *markers* that carry `id=`.

    One without a docstring has the words of its name for a title.
    """
    title, rationale, remedy = read_docstring(inspect.getdoc(function) or "")
    frameworks: dict[str, dict[str, None]] = {}
    level, severity = None, list[str]()
    for marker in markers:
        if "id" in marker.kwargs:
            edition, identifier = marker.kwargs.get("sp"), marker.kwargs["id"]
            frameworks.setdefault(marker.name, {})[f"{edition}:{identifier}" if edition else identifier] = None
            level = marker.kwargs.get("level", level)
        elif marker.name == "severity" and "on_target" not in marker.kwargs:  # those are of the plugin, for `-m`
            severity += map(str, (*marker.args, *marker.kwargs.values()))
    name = function.__name__.removeprefix("test_")
    return Control(
        id=name,
        title=title or name.replace("_", " ").capitalize() + ".",
        severity=severity[0] if severity else DEFAULT_SEVERITY,
        rationale=rationale,
        remedy=remedy,
        frameworks={name: tuple(ids) for name, ids in frameworks.items()},
        cis_level=level,
        severity_reason="".join(severity[1:2]),
    )


def read_docstring(text: str) -> tuple[str, str, str]:
    """Title, rationale, remedy: the first paragraph, those between, the one that starts with `Remedy:`."""
    paragraphs = [re.sub(r"\s+", " ", each).strip() for each in re.split(r"\n\s*\n", text.strip())]
    title = paragraphs[0] if paragraphs else ""
    remedy = next((each for each in paragraphs[1:] if each.startswith("Remedy:")), "")
    rationale = "\n\n".join(each for each in paragraphs[1:] if each != remedy)
    return title, rationale, remedy.removeprefix("Remedy:").strip()
