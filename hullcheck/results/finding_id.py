"""The stable id of a finding: the same in each run and each file, so that what reads them can follow it."""

import hashlib
from typing import Protocol


class _Found(Protocol):
    """A `Finding` or a `Change`."""

    @property
    def kind(self) -> str: ...

    @property
    def subject(self) -> str: ...


def finding_id(control: str, target: str, found: _Found) -> str:
    """The id of what a control found of a subject: 32 hexadecimal digits, of the names alone.

    It does not follow the verdict or the reason: a finding that is mended and comes back has the id that it had.

    Args:
        control: its id.
        target: its name in the inventory.
    """
    names = (control, target, found.kind, found.subject)
    # JSON would do as well: what counts is that no name can run into the next one
    text = "".join(f"{len(name)}:{name}" for name in names)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
