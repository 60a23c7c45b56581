"""Checks a bundle without trusting or running anything in it."""

from msgspec import Struct


class Step(Struct, frozen=True):
    """One check."""

    name: str
    said: str = ""  # what was found, or what a reader has to know of it
    faults: tuple[str, ...] = ()  # each begins with the name of a file of the bundle, or with a target
    differs: bool = (
        False  # whether they are differences from what is said here and now, which another version may cause
    )
    other: str = ""  # what made the bundle, if that is not what is here
