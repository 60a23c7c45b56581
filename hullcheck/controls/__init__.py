"""Controls: their docstrings and markers, and how they are judged."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

Control = TypeVar("Control", bound=Callable[..., Any])


def for_each(kind: str, values: Iterable[str] | Mapping[str, Any]) -> Callable[[Control], Control]:
    """Judge the decorated control for each of *values*, which it gets as its first argument.

    Args:
        kind: what they are, as findings call it: `setting`, `option`.
        values: each is the subject's name too, unless they are given by name.
    """
    from hullcheck.facts.subjects import Subjects  # commands that name controls need no facts

    named = values.items() if isinstance(values, Mapping) else ((str(each), each) for each in values)
    subjects = Subjects(kind, tuple(named))

    def mark(control: Control) -> Control:
        signature = inspect.signature(control)
        first, *others = signature.parameters.values()
        control.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        control.for_each = {first.name: subjects}  # type: ignore[attr-defined]
        return control

    return mark
