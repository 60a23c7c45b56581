"""A probe, which is a question to a target, and its answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from hullcheck.recording import shell
from hullcheck.secrets.redact import LinesLike

_END = "\n"
_PROBES = Path(__file__).parents[1] / "facts" / "probes"
TIMED_OUT = 124  # the status of a probe that was ended or not asked, as timeout(1) has it
UNREADABLE = 65  # EX_DATAERR of sysexits.h: the status of an answer that was dropped
MOST = 64 << 20
"""Bytes of an answer that are read, unless its probe says otherwise; 5,000 containers are described in 7 MiB."""


def _all_of_it(text: str) -> str:
    return text


@dataclass(frozen=True)
class Probe:
    """One named question to a target.

    Attributes:
        name: stable, names the evidence in results and recordings.
        script: POSIX sh, read-only. Never a pipeline whose first command can fail unseen.
        keep: what of the standard output may be stored; secrets are dropped here, before anything is written.
        shared: whether those after it find its answer in the environment, by its name: nothing there where it
            failed or said more than fits.
        aside: whether the engine, or the host, is asked this while it is asked the rest.
        most: bytes of its answer that are read; a longer one is dropped.
        like: what each line is like that *keep* leaves, where that is another function.
        sent: what is asked in the place of *script*: the same, shortened.
    """

    name: str
    script: str
    keep: Callable[[str], str] = _all_of_it
    shared: bool = False
    aside: bool = False
    most: int = MOST
    like: LinesLike | None = None
    sent: str = ""

    @property
    def lines(self) -> LinesLike | None:
        """What each line of a kept answer is like; None where that is not known."""
        return self.keep if isinstance(self.keep, LinesLike) else self.like

    @classmethod
    def from_file(
        cls,
        name: str,
        keep: Callable[[str], str] = _all_of_it,
        *,
        shared: bool = False,
        aside: bool = False,
        most: int = MOST,
        like: LinesLike | None = None,
        **values: str,
    ) -> Self:
        """The probe whose script is NAME.sh of `facts/probes`; `@WORD@` in it stands for one of *values*."""
        text = shell.read(_PROBES / f"{name}.sh")
        for word, value in values.items():
            text = text.replace(f"@{word}@", value)
        return cls(name, text, keep, shared, aside, most, like, shell.shortened(text))

    @property
    def command(self) -> str:
        """What a target is asked, as a recording keeps it."""
        return (self.sent or self.script).strip()

    @property
    def asks_engine(self) -> bool:
        """Whether it is passed over once the engine did not answer `engine` or two other questions in time.

        Ten questions to a daemon that hangs would take ten time-outs.
        """
        return re.search(r"\bdocker (?!context\b|dockerd\b)[a-z]", self.command) is not None

    @property
    def reads_engine(self) -> bool:
        """Whether it needs the answer of `engine`, and so is asked after it."""
        return re.search(r"\$\{?engine\b", self.command) is not None


@dataclass(frozen=True)
class Answer:
    """What a target answered to one probe."""

    name: str
    status: int
    stdout: str
    stderr: str

    def sealed(self) -> "Answer":
        """Add the last line of an answer in a file: how many lines that are not empty stand above, or `none`.

        `open` says that the last of them had no line end.
        """
        return replace(self, stdout=f"{self.stdout}{_END * _is_open(self.stdout)}{self._seal(self.stdout)}")

    def opened(self) -> "Answer":
        """Take that line off; an answer without it, or with another number of lines, is dropped."""
        text, _, seal = self.stdout.rpartition(_END)
        for whole in (f"{text}{_END}" if _END in self.stdout else "", text):
            if seal == self._seal(whole):
                return replace(self, stdout=whole)
        return Answer(self.name, UNREADABLE, "", "the answer is damaged: record the target again")

    def _seal(self, text: str) -> str:
        lines = sum(map(bool, text.split(_END)))
        return f"end {self.name} {lines or 'none'}{' open' * _is_open(text)}"


def _is_open(text: str) -> bool:
    return bool(text) and not text.endswith(_END)
