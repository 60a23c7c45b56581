"""Audit rules, settings of the kernel, and owners and modes of files that mend failures."""

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hullcheck.facts import Facts
from hullcheck.facts.host.file import FileFact, State
from hullcheck.remedies import AuditRule, KernelSettings, Mode, Owner, Remedy
from hullcheck.remedies.offered import rule
from hullcheck.remedies.outcome import Left, Outcome
from hullcheck.remedies.words import is_plain_path
from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError, NotApplicable

RULES_FILE = "/etc/audit/rules.d/50-hullcheck-docker.rules"
KERNEL_FILE = "/etc/sysctl.d/99-zz-hullcheck.conf"
SOCKET_FILE = "/etc/systemd/system/docker.socket.d/zz-hullcheck.conf"  # the last one counts
_RULE_PATH = re.compile(r"/[\w./@+:-]+", re.ASCII)  # a rule is split at blanks
_UNCOVERED, _AUDITING_OFF = "no rule covers it", "auditing is off in the kernel"
_OPEN_WAY = "a directory or link on its way is open or another's, and more may lie in it"
_NOT_SET = re.compile(r"no file sets it; it is |(/\S+) sets it to ")

R = TypeVar("R", bound=Remedy)
Found = Sequence[tuple[Failure, R]]


@dataclass(frozen=True)
class Rules:
    """The rules of a file of audit rules.

    Attributes:
        switch_on: whether the kernel does not audit yet.
    """

    lines: tuple[str, ...]
    switch_on: bool

    @property
    def text(self) -> str:
        """The file. What lies in /run is not there when the host starts, and must not keep other rules away."""
        early = [each for each in self.lines if "=/run/" not in each]
        late = [each for each in self.lines if "=/run/" in each]
        head = ["-e 1"] if self.switch_on else []
        return "".join(f"{each}\n" for each in (*head, *early, *(["-c", *late] if late else [])))


@dataclass(frozen=True)
class Rights:
    """Owner or mode of one file: `mode` is what chmod takes away, `owner` what chown sets; the other one is empty."""

    path: str
    mode: str = ""
    owner: str = ""


def rules(found: "Found[AuditRule]", facts: Facts) -> tuple[Rules | None, Outcome]:
    """The audit rules for files that have none."""
    lines = dict[str, None]()

    def mend(failure: Failure, remedy: AuditRule) -> None:
        if not failure.finding.reason.startswith((_UNCOVERED, _AUDITING_OFF)):
            raise EvidenceError(
                "auditd is not installed, or a loaded rule is in the way or records too little"
            )
        lines[_rule(_file(facts, remedy.files, failure))] = None

    outcome = Outcome.of(found, mend)
    off = any(each.finding.reason.startswith(_AUDITING_OFF) for each in outcome.mended)
    return (Rules(tuple(lines), off) if lines else None), outcome


def _rule(file: FileFact) -> str:
    node = file.node
    if not _RULE_PATH.fullmatch(node.path) or not is_plain_path(node.path):
        raise EvidenceError("its path cannot stand in an audit rule")
    return rule(node.path, tree=node.is_directory)


def kernel(found: "Found[KernelSettings]") -> tuple[Mapping[str, str], Outcome]:
    """The settings of the kernel, by name."""
    values = dict[str, str]()

    def mend(failure: Failure, remedy: KernelSettings) -> None:
        finding = failure.finding
        name = finding.subject if finding.kind == "setting" else next(iter(remedy.values))
        said = _NOT_SET.match(finding.reason)
        if name not in remedy.values:
            raise EvidenceError("it depends on what the host is for")
        if said and said[1] and said[1].rpartition("/")[2] > KERNEL_FILE.rpartition("/")[2]:
            raise EvidenceError(f"{said[1]} is read later than {KERNEL_FILE}: change it there")
        values[name] = remedy.values[name]

    outcome = Outcome.of(found, mend)
    return values, outcome


def rights(found: "Found[Mode | Owner]", facts: Facts) -> tuple[tuple[Rights, ...], str, Outcome]:
    """Owners and modes of files, and a drop-in of docker.socket where its unit would undo them, else nothing."""
    looked, socket = list[tuple[Failure, Rights | None, set[Rights]]](), dict[str, str]()

    def look(failure: Failure, remedy: Mode | Owner) -> None:
        file = _file(facts, remedy.files, failure)
        looked.append((failure, *_right(file, remedy, failure.finding.reason)))
        socket.update(_at_next_start(file, remedy))

    outcome = Outcome([], Outcome.of(found, look).left)
    first = {own for _, own, way in looked if own and not way}
    changes = dict[Rights, None]()
    for failure, own, way in looked:
        if way <= first:
            outcome.mended.append(failure)
            changes |= dict.fromkeys([own] if own else [])
        else:
            outcome.left.append(Left(failure, _OPEN_WAY))
    drop_in = "".join(f"{name}={value}\n" for name, value in socket.items())
    from_the_top = sorted(changes, key=lambda each: each.path)
    return tuple(from_the_top), f"[Socket]\n{drop_in}" if drop_in else "", outcome


def _at_next_start(file: FileFact, remedy: "Mode | Owner") -> Mapping[str, str]:
    """What its unit has to say of a socket that systemd makes, where it says something else."""
    if isinstance(remedy, Mode) and file.next_mode & ~remedy.most & 0o777:
        return {"SocketMode": f"{file.next_mode & remedy.most & 0o777:04o}"}
    if not isinstance(remedy, Owner):
        return {}
    owner = {"SocketUser": "root"} if file.next_owner not in ("", "0", "root") else {}
    return owner | ({"SocketGroup": remedy.group} if file.next_group not in ("", remedy.group) else {})


def _right(file: FileFact, remedy: "Mode | Owner", reason: str) -> tuple[Rights | None, set[Rights]]:
    """What to change of the file itself, and what of the places on its way has to be changed as well.

    Raises:
        EvidenceError: that does not mend it, or would change something else.
    """
    node = file.node
    if file.owners != frozenset({0}):
        raise EvidenceError("the engine is rootless: its files are those of its user")
    if not is_plain_path(node.path) or stat.S_ISLNK(node.mode):
        raise EvidenceError("it is a link, has an unusual path, or is another program's")
    if isinstance(remedy, Owner):
        way = {Rights(each.path, owner="root:root") for each in file.foreign_places}
        own = Rights(node.path, owner=f"root:{remedy.group}")
        said = reason.startswith(("belongs to uid", "its group is"))
    else:
        way = {Rights(each.path, mode=_taken(0o755, each.mode)) for each in file.open_places}
        most = (
            remedy.directory
            if node.is_directory or file.is_run
            else remedy.key
            if file.holds_key
            else remedy.most
        )
        own = Rights(node.path, mode=_taken(most, node.mode))
        said = reason.startswith("has mode ")
    if not said and not way:
        raise EvidenceError("an access control list lets others in: `setfacl -b`, if nobody needs it")
    return own if said else None, way


def _taken(most: int, mode: int) -> str:
    """What chmod takes away so that no more than *most* is left; it never adds a bit."""
    left = ~most & (0o777 if stat.S_ISDIR(mode) else 0o6777 if stat.S_ISSOCK(mode) else 0o7777)
    parts = []
    for who, shift, special in (("u", 6, 0o4000), ("g", 3, 0o2000), ("o", 0, 0o1000)):
        letters = "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True) if left >> shift & bit)
        letters += ("t" if who == "o" else "s") if left & special else ""
        parts += [f"{who}-{letters}"] if letters else []
    return ",".join(parts)


def _file(facts: Facts, name: str, failure: Failure) -> FileFact:
    """The file of a finding, as it was found.

    Raises:
        EvidenceError: the recording does not tell it.
    """
    for subject, file in _files(facts, name):
        if subject == failure.finding.subject and file.state is State.FOUND:
            return file
    raise EvidenceError("it is not there, or the recording does not tell which file it is")


def _files(facts: Facts, name: str) -> Iterator[tuple[str, FileFact]]:
    try:
        yield from facts.get(name)
    except NotApplicable as error:
        raise EvidenceError(str(error)) from None
