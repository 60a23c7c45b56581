"""What mends one failure on its host: settings, audit rules, rights of files, options of containers."""

import re
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.subjects import DAEMON_DEFAULT
from hullcheck.lazy import regex
from hullcheck.remedies import (
    AuditRule,
    ContainerLimit,
    ContainerOptions,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Settings,
)
from hullcheck.remedies.merge import merged
from hullcheck.remedies.offered import rule
from hullcheck.remedies.words import is_plain_path
from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError, NotApplicable

KERNEL_FILE = "/etc/sysctl.d/99-zz-hullcheck.conf"
_UNIT = regex(r"[\w.@:-]+\.service", re.ASCII)
_RULE_PATH = regex(r"/[\w./@+:-]+", re.ASCII)  # a rule is split at blanks
_CONTAINER = regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
_UNCOVERED, _AUDITING_OFF = "no rule covers it", "auditing is off in the kernel"
_SETTING_IN_FILE = regex(r"(/\S+) sets it to ")
_DROP = "--cap-drop "


class DaemonSettings(Struct, frozen=True):
    """Settings of the daemon.json at *path*, which *unit* reads: empty where systemd does not start the engine."""

    path: str
    unit: str
    put: Mapping[str, Any]
    without: tuple[str, ...]


class Rule(Struct, frozen=True):
    """An audit rule; *off* where the kernel does not audit yet."""

    line: str
    off: bool


class KernelSetting(Struct, frozen=True):
    """A setting of the kernel."""

    name: str
    value: str


class Rights(Struct, frozen=True):
    """Owner or mode of a file: `mode` is what chmod takes away, `owner` what chown sets; the other one is empty."""

    path: str
    mode: str = ""
    owner: str = ""


class FileRights(Struct, frozen=True):
    """What is changed of a file.

    Attributes:
        own: None where only its way is at fault.
        way: what has to be changed of the directories and links that lead there.
        socket: what docker.socket has to say, so that it does not undo this.
    """

    own: Rights | None
    way: frozenset[Rights]
    socket: Mapping[str, str] = field(default_factory=dict)


class Limit(Struct, frozen=True):
    """A limit of a container, as `ContainerLimit` has it."""

    container: str
    option: str
    value: str
    shown: str
    more: tuple[str, ...] = ()


class Options(Struct, frozen=True):
    """Options to add and to drop when a container is created again."""

    container: str
    add: tuple[str, ...]
    drop: tuple[str, ...]


Change = DaemonSettings | Rule | KernelSetting | FileRights | Limit | Options


def change(failure: Failure, remedy: Remedy, facts: Facts) -> Change:
    """Return what mends a failure.

    Raises:
        EvidenceError: nothing of the remedy does; the message says why, to whoever has to mend it by hand.
    """
    return _CHANGES[type(remedy)](failure, remedy, facts)


# ---- daemon.json


def _daemon_settings(failure: Failure, remedy: Settings, facts: Facts) -> DaemonSettings:
    daemon: Daemon = facts.get("daemon")
    config, unit = daemon.config, daemon.process.unit
    if daemon.engine.rootless:
        raise EvidenceError("the engine is rootless: its settings are those of its user")
    if not is_plain_path(config.path):
        raise EvidenceError("the engine has no configuration file, or one whose path is unusual")
    document = dict(config.values())
    started_by = unit.name if unit and _UNIT.fullmatch(unit.name) else ""
    flags = {name for name, _ in daemon.process.flags}
    for name in (*remedy.put, *remedy.without, *remedy.only):
        if name in flags:
            raise EvidenceError(
                f"--{name} is on the engine's command line: change it there (`systemctl edit"
                f" {started_by or 'docker.service'}`), as a setting that stands in both keeps the engine from starting"
            )
    if failure.finding.kind == "log" and failure.finding.subject != DAEMON_DEFAULT:
        raise EvidenceError(
            "a container keeps the log options that it was created with: create it again after the restart"
        )
    if remedy.no_swarm and daemon.engine.info.swarm.local_node_state != "inactive":
        raise EvidenceError("the host is a node of a swarm, or may be one, which cannot have this setting")
    without = tuple(name for name in remedy.without if name in document)
    if remedy.without and not without:
        raise EvidenceError(f"no setting of {config.path} is the cause; see the finding")
    for name, values in remedy.only.items():
        if document.get(name) not in values:
            raise EvidenceError(f"{name} is a choice of the site, in {config.path}")
    is_there = remedy.put and merged(document, dict(remedy.put), ()) == document
    if is_there and "restart pending" not in failure.finding.reason:
        raise EvidenceError(
            f"{config.path} has the setting already, and something else is the cause; see the finding"
        )
    return DaemonSettings(config.path, started_by, remedy.put, without)


# ---- audit rules and settings of the kernel


def _audit_rule(failure: Failure, remedy: AuditRule, facts: Facts) -> Rule:
    reason = failure.finding.reason
    if not reason.startswith((_UNCOVERED, _AUDITING_OFF)):
        raise EvidenceError("auditd is not installed, or a loaded rule is in the way or records too little")
    node = _file(facts, remedy.files, failure).node
    if not _RULE_PATH.fullmatch(node.path) or not is_plain_path(node.path):
        raise EvidenceError("its path cannot stand in an audit rule")
    return Rule(rule(node.path, tree=node.is_directory), reason.startswith(_AUDITING_OFF))


def _kernel_setting(failure: Failure, remedy: KernelSettings, facts: Facts) -> KernelSetting:
    finding = failure.finding
    name = finding.subject if finding.kind == "setting" else next(iter(remedy.values))
    if name not in remedy.values:
        raise EvidenceError("it depends on what the host is for")
    set_in = _SETTING_IN_FILE.match(finding.reason)
    if set_in and set_in[1].rpartition("/")[2] > KERNEL_FILE.rpartition("/")[2]:
        raise EvidenceError(f"{set_in[1]} is read later than {KERNEL_FILE}: change it there")
    return KernelSetting(name, remedy.values[name])


# ---- owners and modes of files


def _file_rights(failure: Failure, remedy: Mode | Owner, facts: Facts) -> FileRights:
    file, reason = _file(facts, remedy.files, failure), failure.finding.reason
    node = file.node
    if file.owners != frozenset({0}):
        raise EvidenceError("the engine is rootless: its files are those of its user")
    if not is_plain_path(node.path) or stat.S_ISLNK(node.mode):
        raise EvidenceError("it is a link, has an unusual path, or is another program's")
    if isinstance(remedy, Owner):
        way = frozenset(Rights(each.path, owner="root:root") for each in file.foreign_places)
        own = Rights(node.path, owner=f"root:{remedy.group}")
        is_own = reason.startswith(("belongs to uid", "its group is"))
    else:
        way = frozenset(Rights(each.path, mode=_taken(0o755, each.mode)) for each in file.open_places)
        own = Rights(node.path, mode=_taken(_most(file, remedy), node.mode))
        is_own = reason.startswith("has mode ")
    if not is_own and not way:
        raise EvidenceError("an access control list lets others in: `setfacl -b`, if nobody needs it")
    return FileRights(own if is_own else None, way, _socket(file, remedy))


def _most(file: FileFact, remedy: Mode) -> int:
    if file.node.is_directory or file.is_run:
        return remedy.directory
    return remedy.key if file.holds_key else remedy.most


def _taken(most: int, mode: int) -> str:
    """Return what chmod takes away so that no more than *most* is left; it never adds a bit."""
    left = ~most & (0o777 if stat.S_ISDIR(mode) else 0o6777 if stat.S_ISSOCK(mode) else 0o7777)
    parts = []
    for who, shift, special in (("u", 6, 0o4000), ("g", 3, 0o2000), ("o", 0, 0o1000)):
        letters = "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True) if left >> shift & bit)
        letters += ("t" if who == "o" else "s") if left & special else ""
        parts += [f"{who}-{letters}"] if letters else []
    return ",".join(parts)


def _socket(file: FileFact, remedy: Mode | Owner) -> dict[str, str]:
    """Return the settings of docker.socket for a socket that its unit would make with other rights."""
    if isinstance(remedy, Mode):
        too_much = file.next_mode & ~remedy.most & 0o777
        return {"SocketMode": f"{file.next_mode & remedy.most & 0o777:04o}"} if too_much else {}
    owner = {"SocketUser": "root"} if file.next_owner not in ("", "0", "root") else {}
    return owner | ({"SocketGroup": remedy.group} if file.next_group not in ("", remedy.group) else {})


def _file(facts: Facts, name: str, failure: Failure) -> FileFact:
    """Return the file of a finding."""
    try:
        files: Iterable[tuple[str, FileFact]] = facts.get(name)
        for subject, file in files:
            if subject == failure.finding.subject and file.state is State.FOUND:
                return file
    except NotApplicable as error:
        raise EvidenceError(str(error)) from None
    raise EvidenceError("it is not there, or the recording does not tell which file it is")


# ---- containers


def _limit(failure: Failure, remedy: ContainerLimit, facts: Facts) -> Limit:
    name = _container(failure, remedy.finding)
    return Limit(name, remedy.option, remedy.value, remedy.shown, remedy.more)


def _options(failure: Failure, remedy: ContainerOptions, facts: Facts) -> Options:
    name = _container(failure, remedy.finding)
    taken = {each.removeprefix(_DROP) for each in remedy.add if each.startswith(_DROP)}
    if taken and _added(name, facts) & {"ALL", *taken}:
        raise EvidenceError("it is created with `--cap-add` of the same, or of all: leave that out first")
    return Options(name, remedy.add, remedy.drop)


def _added(name: str, facts: Facts) -> set[str]:
    """Return the capabilities that a container is given beside the usual ones, as far as they are known."""
    try:
        added = dict(facts.get("container").named)[name].host_config.cap_add or ()
    except (EvidenceError, KeyError, NotApplicable):
        return set()
    return {each.upper().removeprefix("CAP_") for each in added}


def _container(failure: Failure, cause: str) -> str:
    """Return the container of a finding, whose reason has to match *cause*."""
    finding = failure.finding
    if finding.kind != "container" or not _CONTAINER.fullmatch(finding.subject):
        raise EvidenceError("it is no container, or has an unusual name")
    if not re.fullmatch(cause, finding.reason):
        raise EvidenceError("it has another cause than those for which a remedy has been proven")
    return finding.subject


_CHANGES: Mapping[type[Remedy], Callable[..., Change]] = {
    Settings: _daemon_settings,
    AuditRule: _audit_rule,
    KernelSettings: _kernel_setting,
    Mode: _file_rights,
    Owner: _file_rights,
    ContainerLimit: _limit,
    ContainerOptions: _options,
}
