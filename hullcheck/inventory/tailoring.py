"""What a site changes of single controls: their severity, and which are switched off and why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

Layer = tuple[tuple[str, ...], Mapping[str, Any]]
"""The way to a part of the inventory, and what is written there for each control."""


class Tailoring(Struct, frozen=True):
    """What is changed of one control on one target.

    Attributes:
        severity: the one that counts there; empty where it is the control's own.
        off: why it is switched off; empty where it is not.
        by: file and line that say so.
    """

    severity: str = ""
    off: str = ""
    by: str = ""


def tailored(layers: Sequence[Layer], place: Callable[[tuple[str, ...]], str]) -> dict[str, Tailoring]:
    """Merge *layers*, control by control: a later value replaces an earlier one.

    Args:
        place: file and line of a way.
    """
    found: dict[str, Tailoring] = {}
    for way, controls in layers:
        for name, entry in controls.items():
            before = found.get(name, Tailoring())
            off, by = before.off, before.by
            if "off" in entry:  # `off: false` switches it on again
                off, by = (entry["off"], place((*way, name, "off"))) if entry["off"] else ("", "")
            found[name] = Tailoring(entry.get("severity", before.severity), off, by)
    return found
