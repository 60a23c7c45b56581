"""Checks a bundle without trusting or running anything in it."""

from msgspec import Struct


class Step(Struct, frozen=True):
    """One check.

    Attributes:
        name: what was looked at.
        said: what was found where nothing is wrong, or what a reader has to know of it.
        faults: what is wrong, each beginning with the name of a file of the bundle, or with a target and a control.
        differs: whether the faults are differences from what hullcheck says here and now, which another version may.
        other: what made the bundle, where that is not what is here.
    """

    name: str
    said: str = ""
    faults: tuple[str, ...] = ()
    differs: bool = False
    other: str = ""
