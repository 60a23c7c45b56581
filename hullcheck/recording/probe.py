"""A probe, which is a question to a target, and its answer."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Self

from msgspec import Struct

from hullcheck.recording import shell

_PROBES = Path(__file__).parents[1] / "facts" / "probes"
TIMED_OUT = 124  # the status of a probe that was ended or not asked, as timeout(1) has it
UNREADABLE = 65  # EX_DATAERR of sysexits.h: the status of an answer that was dropped
MOST = 64 << 20
"""Bytes of an answer that are read, unless its probe says otherwise; 5,000 containers are described in 7 MiB."""


def _all_of_it(text: str) -> str:
    return text


class Probe(Struct, frozen=True):
    """One named question to a target.

    Attributes:
        name: stable, names the evidence in results and recordings.
        script: POSIX sh, read-only. Never a pipeline whose first command can fail unseen.
        keep: what of the standard output may be stored; secrets are dropped here, before anything is written.
        shared: whether those after it find its answer in the environment, by its name: nothing there where it
            failed or said more than fits.
        most: bytes of its answer that are read; a longer one is dropped.
    """

    name: str
    script: str
    keep: Callable[[str], str] = _all_of_it
    shared: bool = False
    most: int = MOST

    @classmethod
    def from_file(
        cls,
        name: str,
        keep: Callable[[str], str] = _all_of_it,
        *,
        shared: bool = False,
        most: int = MOST,
        **values: object,
    ) -> Self:
        """The probe whose script is NAME.sh of `facts/probes`; `@WORD@` in it stands for one of *values*."""
        text = shell.read(_PROBES / f"{name}.sh")
        for word, value in values.items():
            text = text.replace(f"@{word}@", str(value))
        return cls(name, text, keep, shared, most)

    @property
    def command(self) -> str:
        """What a target is asked, as a recording keeps it."""
        return self.script.strip()

    @property
    def shortened(self) -> str:
        """The same as it travels: what a user wrote is sent as it is."""
        ours = (_PROBES / f"{self.name}.sh").is_file()
        return shell.shortened(self.command) if ours else self.command

    @property
    def asks_engine(self) -> bool:
        """Whether it is passed over once the engine did not answer others in time.

        Ten questions to a daemon that hangs would take ten time-outs.
        """
        code = re.sub(r"(?m)(^| )#.*", "", self.script)
        return re.search(r"(?<![\w/.-])docker (?!context\b|dockerd\b)[a-z]", code) is not None


class Answer(Struct, frozen=True):
    """What a target answered to one probe."""

    name: str
    status: int
    stdout: str
    stderr: str
