"""A probe, which is a question to a target, and its answer."""

import re
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Self

from msgspec import Struct

from hullcheck.data import software
from hullcheck.data.runtime_security import PRODUCTS
from hullcheck.data.updates import AGENTS, UPDATERS
from hullcheck.recording import shell

_PROBES = Path(__file__).parents[1] / "facts" / "probes"
TIMED_OUT = 124  # the status of a probe that was ended or not asked, as timeout(1) has it
UNREADABLE = 65  # EX_DATAERR of sysexits.h: the status of an answer that was dropped
MOST = 64 << 20
"""Bytes of an answer that are read, unless its probe says otherwise; 5,000 containers are described in 7 MiB."""


ORDER = (
    *("host", "engine", "swarm", "containers", "processes", "daemon", "units", "files"),
    *("accounts", "audit", "packages", "firewall", "images", "image_contents", "reports"),
)
"""The names of our own probes, in the order in which a target is asked; then come those of a site."""
_SHARED = "engine"


def _all_of_it(text: str) -> str:
    return text


def _named(word: str) -> str:
    """The names for which `@WORD@` stands in a script."""
    if word in ("PACKAGES", "PROGRAMS"):
        return "|".join(each[word.lower()] for each in (software.COMPILERS, software.BROWSERS))
    updaters = [f"{name}.{kind}" for name in UPDATERS for kind in ("timer", "service")]
    sensors = [unit for each in PRODUCTS.values() for unit in each.units]
    return " ".join(map(quote, ["auditd.service", *updaters, *AGENTS, *sensors]))


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
    def from_file(cls, name: str, keep: Callable[[str], str] = _all_of_it, *, most: int = MOST) -> Self:
        """The probe whose script is NAME.sh of `facts/probes`."""
        text = re.sub("@([A-Z]+)@", lambda word: _named(word[1]), shell.read(_PROBES / f"{name}.sh"))
        return cls(name, text, keep, name == _SHARED, most)

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


def own() -> tuple[Probe, ...]:
    """Our own probes as the script needs them, without what is kept of their answers: no fact is imported."""
    return tuple(map(Probe.from_file, ORDER))


class Answer(Struct, frozen=True):
    """What a target answered to one probe."""

    name: str
    status: int
    stdout: str
    stderr: str
