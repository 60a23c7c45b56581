"""The plan for one target: the changes that fix its failures, and what has to be fixed by hand."""

import posixpath
import re
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from hullcheck import remedies
from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.subjects import DAEMON_DEFAULT
from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.remedies.containers import Started, started
from hullcheck.remedies.merge import merged
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Audit
from hullcheck.results.failures import Failure, findings
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict

KERNEL_FILE = "/etc/sysctl.d/99-zz-hullcheck.conf"
NO_REMEDY = "no proven remedy, or it depends on the purpose of the host: see hullcheck explain CONTROL"
_OPEN_WAY = "a directory or link in its path has the same fault, and may hold other files"
_UNIT = regex(r"[\w.@:-]+\.service", re.ASCII)
_AUDITING_OFF = "auditing is off in the kernel"
_UNCOVERED = ("auditctl is not installed", _AUDITING_OFF, "no audit rule covers it")
_SETTING_IN_FILE = regex(r"(/\S+) sets it to ")


class DaemonSettings(Struct, frozen=True):
    """Settings of the daemon.json at *path* for *unit*, which is empty if systemd does not start the engine."""

    path: str
    unit: str
    put: Mapping[str, Any]
    without: tuple[str, ...]


class Rule(Struct, frozen=True):
    """An audit rule; *off* if auditing is off in the kernel."""

    line: str
    off: bool


class KernelSetting(Struct, frozen=True):
    """A setting of the kernel."""

    name: str
    value: str


class Rights(Struct, frozen=True):
    """The owner or the mode of a file."""

    path: str  # empty if only the path to the file has the fault
    word: str  # `owner` or `mode`
    value: str  # what chown sets, or chmod removes
    way: frozenset[str] = frozenset()  # places in its path with the same fault, which other changes have to fix
    socket: Mapping[str, str] = field(default_factory=dict)  # settings of docker.socket that would undo this otherwise


Change = DaemonSettings | Rule | KernelSetting | Rights | Started
C = TypeVar("C", bound=Change)


class Plan(Struct, frozen=True):
    """All changes on one target."""

    target: str
    run: str  # the id of the run
    changes: tuple[tuple[Failure, Change], ...]  # each failure that is fixed, with its change
    left: tuple[tuple[Failure, str], ...]  # each failure to fix by hand, and why
    optional: tuple[Failure, ...]  # failures whose remedy takes something away, for `--also`

    def of(self, kind: type[C]) -> list[C]:
        return [each for _, each in self.changes if isinstance(each, kind)]

    def fixed(self, kind: type[Change]) -> tuple[Failure, ...]:
        return tuple(failure for failure, each in self.changes if isinstance(each, kind))

    @property
    def daemon(self) -> DaemonSettings | None:
        """All settings of daemon.json together, or None if none is changed."""
        found = self.of(DaemonSettings)
        if not found:
            return None
        put = {name: value for each in found for name, value in each.put.items()}
        without = tuple(dict.fromkeys(name for each in found for name in each.without))
        return DaemonSettings(found[0].path, found[0].unit, put, without)

    @property
    def socket(self) -> dict[str, str]:
        return {name: value for each in self.of(Rights) for name, value in each.socket.items()}


def failed_on(audit: Audit, target: str) -> tuple[Failure, ...]:
    """Return the failures of one target, the worst first."""
    return tuple(each for each in findings(audit, Verdict.FAIL) if each.target == target)


def plan(audit: Audit, target: str, recording: Recording, also: Collection[str]) -> Plan:
    """Return the plan for the failures of *target*, with the remedies of *also*, which take something away."""
    return plan_of(failed_on(audit, target), Facts(recording, Policy()), target, audit.run.id, also)


def plan_of(
    failed: Iterable[Failure], facts: Facts, target: str = "", run: str = "", also: Collection[str] = ()
) -> Plan:
    """Return the plan for these failures on a host with these facts."""
    changes, left, optional = list[tuple[Failure, Change]](), list[tuple[Failure, str]](), list[Failure]()
    for failure in failed:
        remedy = REMEDIES.get(failure.control.id)
        if remedy is None or not remedy.effect:
            left.append((failure, NO_REMEDY))
        elif remedy.asks and failure.control.id not in also:
            optional.append(failure)
        else:
            try:
                made = change(failure, remedy, facts)
            except EvidenceError as error:
                left.append((failure, str(error)))
                continue
            if isinstance(made, Started) and made.setting.asks and failure.control.id not in also:
                optional.append(failure)
            else:
                changes.append((failure, made))
    rights = {(each.word, each.path) for _, each in changes if isinstance(each, Rights)}

    def is_safe(each: Change) -> bool:
        return not isinstance(each, Rights) or {(each.word, path) for path in each.way} <= rights

    left += [(failure, _OPEN_WAY) for failure, each in changes if not is_safe(each)]
    return Plan(target, run, tuple(each for each in changes if is_safe(each[1])), tuple(left), tuple(optional))


def change(failure: Failure, remedy: remedies.Remedy, facts: Facts) -> Change:
    """Return the change that fixes a failure, or raise EvidenceError with the reason against it."""
    return _CHANGES[type(remedy)](failure, remedy, facts)


def _daemon_settings(failure: Failure, remedy: remedies.Settings, facts: Facts) -> DaemonSettings:
    daemon: Daemon = facts.get("daemon")
    config, unit = daemon.config, daemon.process.unit
    if daemon.engine.rootless:
        raise EvidenceError("the engine is rootless, so its user has to change the settings")
    if not is_plain_path(config.path):
        raise EvidenceError("the engine has no configuration file, or one with an unusual path")
    document = dict(config.values())
    started_by = unit.name if unit and _UNIT.fullmatch(unit.name) else ""
    flags = {name for name, _ in daemon.process.flags}
    for name in (*remedy.put, *remedy.without, *remedy.less, *remedy.only):
        if name in flags:
            raise EvidenceError(
                f"--{name} is on the engine's command line: change it there (`systemctl edit"
                f" {started_by or 'docker.service'}`), because a setting in both places keeps the engine from starting"
            )
    if failure.finding.kind == "log" and failure.finding.subject != DAEMON_DEFAULT:
        raise EvidenceError("a container keeps its log options: create it again after the restart")
    if remedy.no_swarm and daemon.engine.info.swarm.local_node_state != "inactive":
        raise EvidenceError("the host is, or may be, a swarm node, which does not support this setting")
    put, without = dict(remedy.put), [name for name in remedy.without if name in document]
    for name, start in remedy.less.items():
        items = document.get(name)
        kept = [each for each in items if not str(each).startswith(start)] if isinstance(items, list) else items
        if kept and kept != items:
            put[name] = kept
        elif items and not kept:
            without.append(name)
    if (remedy.without or remedy.less) and not (without or put):
        raise EvidenceError(f"{config.path} is not the cause; see the finding")
    for name, values in remedy.only.items():
        if document.get(name) not in values:
            raise EvidenceError(f"{name} in {config.path} is your organization's choice")
    is_there = put and merged(document, put, ()) == document
    if is_there and "restart pending" not in failure.finding.reason:
        raise EvidenceError(f"{config.path} already has the setting, so it is not the cause; see the finding")
    return DaemonSettings(config.path, started_by, put, tuple(without))


def _audit_rule(failure: Failure, remedy: remedies.AuditRule, facts: Facts) -> Rule:
    reason = failure.finding.reason
    if not reason.startswith(_UNCOVERED):
        raise EvidenceError("a loaded rule excludes the path or records too little")
    node = _file(facts, remedy.files, failure).node
    if not remedies.PATH.fullmatch(node.path):
        raise EvidenceError("an audit rule cannot express its path")
    return Rule(remedies.audit_rule(node.path, tree=node.is_directory), reason.startswith(_AUDITING_OFF))


def _kernel_setting(failure: Failure, remedy: remedies.KernelSettings, facts: Facts) -> KernelSetting:
    finding = failure.finding
    name = finding.subject if finding.kind == "setting" else next(iter(remedy.values))
    if name not in remedy.values:
        raise EvidenceError("it depends on the purpose of the host")
    set_in = _SETTING_IN_FILE.match(finding.reason)
    if set_in and set_in[1].rpartition("/")[2] > KERNEL_FILE.rpartition("/")[2]:
        raise EvidenceError(f"{set_in[1]} is read after {KERNEL_FILE}: change it there")
    return KernelSetting(name, remedy.values[name])


def _file_rights(failure: Failure, remedy: remedies.Mode | remedies.Owner, facts: Facts) -> Rights:
    file, reason = _file(facts, remedy.files, failure), failure.finding.reason
    node = file.node
    if file.owners != frozenset({0}):
        raise EvidenceError("the engine is rootless, so its files belong to its user")
    if not is_plain_path(node.path) or stat.S_ISLNK(node.mode):
        raise EvidenceError("it is a link, has an unusual path, or belongs to another program")
    is_own = reason.startswith(("belongs to uid", "its group is", "has mode ", "can be written by every user"))
    path = node.path if is_own else ""
    if isinstance(remedy, remedies.Owner):
        owner = {"SocketUser": "root"} if file.next_owner not in ("", "0", "root") else {}
        group = {"SocketGroup": remedy.group} if file.next_group not in ("", remedy.group) else {}
        places, word, value, socket = file.foreign_places, "owner", f"root:{remedy.group}", owner | group
    else:
        most = 0o400 if file.holds_key else remedy.most
        most = 0o755 if node.is_directory or file.is_run else most
        later = file.next_mode & most
        socket = {"SocketMode": f"{later:04o}"} if later != file.next_mode else {}
        places, word, value = file.open_places, "mode", _taken(most, node.mode)
    if not is_own and not places:
        raise EvidenceError("an access control list gives access to others: use `setfacl -b` if nobody needs it")
    return Rights(path, word, value, frozenset(each.path for each in places), socket)


def _taken(most: int, mode: int) -> str:
    """Return the bits that chmod removes so that no more than *most* is left; it never adds a bit."""
    left = ~most & (0o777 if stat.S_ISDIR(mode) else 0o6777 if stat.S_ISSOCK(mode) else 0o7777)
    parts = []
    for who, shift, special in (("u", 6, 0o4000), ("g", 3, 0o2000), ("o", 0, 0o1000)):
        letters = "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True) if left >> shift & bit)
        letters += ("t" if who == "o" else "s") if left & special else ""
        parts += [f"{who}-{letters}"] if letters else []
    return ",".join(parts)


def is_plain_path(path: str) -> bool:
    """Return whether *path* is absolute and normal, without control characters and line breaks."""
    is_normal = path.startswith("/") and path != "/" and posixpath.normpath(path) == path
    return is_normal and not path.startswith("//") and printable(path) == path and "\n" not in path


def _file(facts: Facts, name: str, failure: Failure) -> FileFact:
    try:
        files: Iterable[tuple[str, FileFact]] = facts.get(name)
        for subject, file in files:
            if subject == failure.finding.subject and file.state is State.FOUND:
                return file
    except NotApplicable as error:
        raise EvidenceError(str(error)) from None
    raise EvidenceError("the file does not exist, or is not in the recording")


_CHANGES: Mapping[type[remedies.Remedy], Callable[..., Change]] = {
    remedies.Settings: _daemon_settings,
    remedies.AuditRule: _audit_rule,
    remedies.KernelSettings: _kernel_setting,
    remedies.Mode: _file_rights,
    remedies.Owner: _file_rights,
    remedies.Start: started,
}
