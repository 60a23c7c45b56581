"""Probes and their answers."""

import re
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Self

from msgspec import Meta, Struct

from hullcheck.data import software
from hullcheck.data.runtime_security import PRODUCTS
from hullcheck.data.updates import AGENTS, UPDATERS

_PROBES = Path(__file__).parents[1] / "facts" / "probes"
TIMED_OUT = 124  # the status of a probe that was ended or not asked, as timeout(1) has it
UNREADABLE = 65  # EX_DATAERR of sysexits.h: the status of an answer that was dropped
MOST = 64 << 20
"""Bytes of an answer that are read, unless its probe says otherwise; 5,000 containers are described in 7 MiB."""

QUESTIONS = {
    "host": "the distribution, kernel settings and clock",
    "engine": "docker version, docker info and the networks",
    "swarm": "the nodes and services of the swarm",
    "containers": "docker inspect of each container, and the kernel's view of it",
    "processes": "the processes and what listens",
    "daemon": "how dockerd runs, its daemon.json and its sockets",
    "units": "the units of systemd",
    "files": "owner and mode of each file of Docker",
    "accounts": "users, groups and sudo rules",
    "audit": "the rules of auditd",
    "packages": "installed packages and programs",
    "firewall": "the firewall rules for containers",
    "images": "docker inspect of each image, with its build history",
    "image_contents": "programs, packages and setuid files in images",
    "reports": "reports of image scanners and docker-bench-security",
}
"""What our own probes ask for, in the order in which a target is asked; then come those of a site."""
ORDER = tuple(QUESTIONS)
_OF_ENGINE = ("engine", "swarm", "containers", "images", "image_contents", "changes")


def read_script(path: Path) -> str:
    """Return the script in a file, without directives for shellcheck."""
    return re.sub(r"^ *# shellcheck .*\n", "", path.read_text(encoding="ascii"), flags=re.MULTILINE)


def _named(word: str) -> str:
    """Return the names that replace `@WORD@` in a script."""
    if word in ("PACKAGES", "PROGRAMS"):
        return "|".join(each[word.lower()] for each in (software.COMPILERS, software.BROWSERS))
    updaters = [f"{name}.{kind}" for name in UPDATERS for kind in ("timer", "service")]
    sensors = [unit for each in PRODUCTS.values() for unit in each.units]
    return " ".join(map(quote, ["auditd.service", *updaters, *AGENTS, *sensors]))


class Probe(Struct, frozen=True):
    """A named script that a target runs."""

    name: str  # stable, names the evidence in results and recordings
    script: str  # POSIX sh, read-only; never a pipeline whose first command can fail unseen
    keep: Callable[[str], str] = str  # what of its answer may be stored: secrets are dropped before anything is written
    most: int = MOST  # bytes of its answer that are read; a longer one is dropped
    optional: bool = False  # asked only by an option

    @classmethod
    def from_file(cls, name: str, keep: Callable[[str], str] = str, **more: Any) -> Self:
        """Return the probe whose script is NAME.sh of `facts/probes`."""
        text = re.sub("@([A-Z]+)@", lambda word: _named(word[1]), read_script(_PROBES / f"{name}.sh"))
        return cls(name, text, keep, **more)

    @property
    def command(self) -> str:
        """The script as it is recorded."""
        return self.script.strip()

    @property
    def shared(self) -> bool:
        """Whether later probes find the answer in their environment."""
        return self.name == "engine"

    @property
    def asks_engine(self) -> bool:
        """Whether the probe is skipped once the daemon hangs."""
        return self.name in _OF_ENGINE


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one probe."""

    name: str
    status: Annotated[int, Meta(ge=0)]
    stdout: str
    stderr: str
