"""The containers that `--label` chooses."""

from collections.abc import Sequence
from typing import Any

import pytest

from hullcheck.data.labels import GROUPING
from hullcheck.facts import Facts
from hullcheck.verdicts import EvidenceError, NotApplicable


def labelled(known: Facts, labels: Sequence[str]) -> tuple[str, ...]:
    """The names of the containers with all of *labels*, and of those of which that cannot be told."""
    try:
        containers = known.get("container")
    except (EvidenceError, NotApplicable):  # then a control that asks for them says so
        return ()
    unread = [name for name, _ in containers.unread]
    return (*(name for name, each in containers.named if _has(each, labels)), *unread)


def check_labels(labels: Sequence[str]) -> None:
    """See that no value is asked for that no recording tells.

    Raises:
        pytest.UsageError: it is.
    """
    for name, equals, _ in (each.partition("=") for each in labels):
        if equals and name not in GROUPING:
            raise pytest.UsageError(
                f"--label {name}=...: values of labels may be secrets and are not recorded, but for"
                f" {', '.join(sorted(GROUPING))}; write the name alone"
            )


def _has(container: Any, labels: Sequence[str]) -> bool:
    there = container.labels
    wanted = (each.partition("=") for each in labels)
    return all(name in there and (not equals or there[name] == value) for name, equals, value in wanted)
