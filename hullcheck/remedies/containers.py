"""Fix how containers are started: the settings that fit each, an override for docker compose, and other commands."""

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from hullcheck import remedies
from hullcheck.criteria.host_paths import is_sensitive
from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.compose import is_named
from hullcheck.facts.containers.composed import Composed
from hullcheck.facts.containers.mounts import HostMount
from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.parsing.confinement import plain_capability
from hullcheck.remedies import Setting
from hullcheck.results import grouped
from hullcheck.results.failures import Failure
from hullcheck.verdicts import EvidenceError

_CONTAINER = regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
_MEMORY = sorted(n << at for n in (2, 3) for at in range(4, 25))  # in MB, from 32 on
_PIDS = [64, *sorted(n * 10**at for n in (10, 15, 20, 30, 50, 75) for at in range(1, 6))]
_DAY = 86_400
_TEMPORARY = regex(r"/(?:tmp|run|var/run|var/tmp|var/lock|run/lock)(?:/.*)?|.*/(?:\.?cache|tmp|temp)(?:/.*)?")
_EVERY = ("", "0.0.0.0", "::")


class Started(Struct, frozen=True):
    """A setting of a container."""

    container: Container
    setting: Setting
    reason: str  # of the failure
    numbers: tuple[tuple[str, str], ...]
    note: str  # where the number is from, or an empty string
    tmpfs: tuple[str, ...] = ()  # paths for temporary files that it needs with a read-only file system

    @property
    def name(self) -> str:
        return self.container.name

    @property
    def project(self) -> Composed | None:
        """The project and the service for which docker compose made it, or None."""
        return self.container.composed

    def filled(self, text: str) -> str:
        """Return options of the setting with numbers and names."""
        tmpfs = " ".join(f"--tmpfs {each}" for each in self.tmpfs)
        return remedies.filled(text, dict(self.numbers)).replace("--tmpfs /tmp", tmpfs).strip()

    @property
    def update(self) -> str:
        """The options of `docker update`; an empty string if it has none, or swarm mode would start another task."""
        return "" if self.container.service_id else self.filled(self.setting.update)


def started(failure: Failure, remedy: remedies.Start, facts: Facts) -> Started:
    """Return the setting that fixes a failure, or raise EvidenceError with the reason against it."""
    finding = failure.finding
    if finding.kind != "container" or not _CONTAINER.fullmatch(finding.subject):
        raise EvidenceError("it is not a container, or has an unusual name")
    found: Iterable[tuple[str, Container]] = facts.get("container")
    container = next((each for name, each in found if name == finding.subject), None)
    if container is None:
        raise EvidenceError("the container is not in the recording")
    reason = finding.bare_reason
    setting = remedies.setting_for(remedy, reason, lambda key: bool(_named(container, key, reason)))
    if setting is None:
        raise EvidenceError("no remedy has been proven for this cause")
    if container.composed and not (setting.put or setting.away or setting.drop.startswith("docker")):
        raise EvidenceError("docker compose made it: write another port in its Compose file")
    if container.service_id and not setting.service:
        raise EvidenceError("docker service update cannot change it: change the stack file of its swarm service")
    if "cap_drop: [ALL]" in setting.put and not _needs_no_capability(container):
        raise EvidenceError(
            "it has processes of root, which need some: write `cap_drop: [ALL]` with `cap_add` for what it needs, often"
            " CHOWN, DAC_OVERRIDE, SETGID, SETUID and NET_BIND_SERVICE, and name them in `allowed_capabilities` of the"
            " policy"
        )
    numbers, note = _numbers(container, facts, setting)
    return Started(container, setting, reason, tuple(numbers.items()), note, _tmpfs(container, setting))


def _named(container: Container, key: str, reason: str) -> list[str]:
    """Return the items of a list that *reason* names."""
    asked = container.host_config
    items = {"cap_add": asked.cap_add, "security_opt": asked.security_opt}.get(key) or ()
    if key == "cap_add":
        everything = reason.startswith("has or can get") and "ALL" in map(plain_capability, items)
        return [each for each in items if everything or is_named([plain_capability(each)], reason)]
    return [each for each in items if is_named([each.replace(":", "=", 1).partition("=true")[0]], reason)]


def _needs_no_capability(container: Container) -> bool:
    """Return whether no process has a capability or is root, and none can become so by the user of the container."""
    if not container.running or container.user.strip("0") in ("", "root"):
        return False
    processes = container.runtime.processes
    return not any(0 in each.uids or each.effective_capabilities for each in processes)


def _tmpfs(container: Container, setting: Setting) -> tuple[str, ...]:
    """Return the paths for temporary files, or raise EvidenceError if it writes elsewhere."""
    if "read_only" not in setting.put:
        return ()
    if unclear := [each.destination for each in container.mounts.writable if _is_unclear(container, each)]:
        raise EvidenceError(f"first give a name to the volume at {', '.join(unclear)}, or take the mount away")
    written = container.written_paths
    there = {each.destination.rstrip("/") for each in container.inspect.mounts} | set(container.host_config.tmpfs or ())
    paths = ["/tmp"] if written is None else [each for each in written if _is_temporary(each)]
    if others := [each for each in written or () if each not in (*paths, "/")]:
        raise EvidenceError(
            f"it writes to {', '.join(others)}: decide on volumes for them, then write `read_only: true` and"
            f" `tmpfs: [{', '.join(paths)}]`"
        )
    below = [each for each in paths if not any(each.startswith(f"{other}/") for other in paths)]
    return tuple(each for each in below if each not in there)


def _is_unclear(container: Container, mount: HostMount) -> bool:
    """Return whether a container with a read-only file system should not write there: an anonymous volume, say."""
    kept = mount.kind in ("tmpfs", "volume")
    return not kept and (
        not mount.paths or any(is_sensitive(mount, each, container.docker_root) for each in mount.paths)
    )


def _is_temporary(path: str) -> bool:
    return bool(_TEMPORARY.fullmatch(path)) and printable(path) == path and posixpath.normpath(path) == path


# ---- numbers that fit


def _numbers(container: Container, facts: Facts, setting: Setting) -> tuple[dict[str, str], str]:
    """Return the numbers for a container, and where the one of *setting* is from."""
    numbers, note = dict(remedies.NUMBERS), ""
    if "{cpus}" in setting.put:
        numbers["cpus"] = str(min(1.0, facts.get("engine").info.ncpu / 2))
    elif "{memory}" in setting.put and container.running and (memory := container.runtime.peak_memory) is not None:
        numbers["memory"] = _megabytes(next(each for each in _MEMORY if each << 20 >= 2 * memory))
        note = f"{-(-memory >> 20)} MB"
    elif "{pids}" in setting.put and container.running and (pids := container.runtime.peak_pids) is not None:
        numbers["pids"] = str(next(each for each in _PIDS if each >= 2 * pids))
        note = f"{pids} processes and threads"
    return numbers, f"{note} at most {_since(container, facts)}" if note else ""


def _megabytes(number: int) -> str:
    return f"{number >> 10}g" if number >= 1024 and number % 1024 == 0 else f"{number}m"


def _since(container: Container, facts: Facts) -> str:
    age = container.age(facts.recording.now)
    if age is None:
        return "since the start"
    days = int(age // _DAY)
    if days < 1:
        hours = f"{int(age // 3600)} hours" if age >= 2 * 3600 else "an hour or less"
        return f"since the start {hours} ago: that may be too short to know"
    return f"since the start {days} day{'s' * (days > 1)} ago"


# ---- what to write


class Override(Struct, frozen=True):
    """An override for a project of docker compose."""

    project: Composed
    text: str

    @property
    def name(self) -> str:
        return f"compose.{self.project.project}.yml"


_HEAD = """\
# An override for the project {project}, for docker compose 2.24.4 and later: see README.md.
# Delete what you do not want, and change the numbers to suit.
services:
"""


def overrides(changes: Sequence[Started]) -> list[Override]:
    """Return an override for each project."""
    made = []
    composed = [(each.project, each) for each in changes if each.project]
    for alike in grouped(composed, lambda each: each[0].project).values():
        lines = [_HEAD.format(project=alike[0][0].project)]
        for service, together in grouped(alike, lambda each: each[0].service).items():
            lines.append(f"  {_scalar(service)}:\n")
            lines += [f"    {line}\n" for line in _lines([each for _, each in together])]
        made.append(Override(alike[0][0], "".join(lines)))
    return made


def _lines(changes: Sequence[Started]) -> list[str]:
    """Return the lines of a service whose containers have these changes."""
    values, items, away = dict[str, str](), dict[str, list[str]](), dict[str, list[str]]()
    for each in changes:
        for key, value in remedies.pairs(each.setting.put, dict(each.numbers)).items():
            if isinstance(value, tuple):
                items.setdefault(key, []).extend(each.tmpfs if key == "tmpfs" else value)
            elif value != "false" or each.container.host_config.privileged:
                values[key] = f"{value} # {each.note}" if each.note else value
        if each.setting.away:
            away.setdefault(each.setting.away, []).append(each.reason)
    if "cpus" in values:
        values.pop("cpu_shares", None)
    if "ALL" in items.get("cap_drop", ()):
        items["cap_drop"] = ["ALL"]
    first = changes[0].container
    lists = {key: _flow(found) for key, found in items.items() if found}
    gone = {key: _without(first, key, reasons, items) for key, reasons in away.items()}
    changed = {key: value for key, value in gone.items() if value}
    return [f"{key}: {value}" for key, value in {**values, **lists, **changed}.items()]


def _without(container: Container, key: str, reasons: Sequence[str], items: Mapping[str, Sequence[str]]) -> str:
    """Return the value of *key* without what the reasons name; an empty string if nothing goes."""
    if key == "ports":
        return f"!override {_flow(on_loopback(container))}"
    if key == "volumes":
        paths = [each.destination for each in container.inspect.mounts if each.source == "/dev/shm"]
        return f"[{', '.join(f'{{type: tmpfs, target: {_scalar(each)}}}' for each in paths)}]"
    if key not in ("cap_add", "security_opt"):
        return "!reset null"
    asked = container.host_config.cap_add if key == "cap_add" else container.host_config.security_opt
    named = {item for reason in reasons for item in _named(container, key, reason)}
    kept = [each for each in asked or () if each not in named]
    return f"!override {_flow([*kept, *items.get(key, ())])}" if named else ""


def on_loopback(container: Container, *, lifted: bool = False) -> list[str]:
    """Return the published ports, on the loopback address where they are on every address.

    Args:
        lifted: whether ports below 1024 get a number that is 8000 higher.
    """
    found = dict[str, None]()
    for key, bindings in (container.host_config.port_bindings or {}).items():
        for each in bindings or ():
            address = "127.0.0.1" if each.host_ip in _EVERY else each.host_ip
            shown = f"[{address}]" if ":" in address else address
            port = each.host_port
            if lifted and port.isdecimal() and 0 < int(port) < 1024:
                port = str(8000 + int(port))
            found[f"{shown}:{port}:{key.removesuffix('/tcp')}"] = None
    return list(found)


def _flow(items: Iterable[str]) -> str:
    return f"[{', '.join(map(_scalar, dict.fromkeys(items)))}]"


def _scalar(text: str) -> str:
    """Return *text* as YAML: quoted, unless it is a plain word."""
    return text if re.fullmatch(r"[A-Za-z/][\w./-]*(:true)?", text, re.ASCII) else json.dumps(text)


def again(changes: Sequence[Started]) -> tuple[list[str], list[str]]:
    """Return the options of `docker run` to add and to leave out for one container."""
    add, drop = dict[str, None](), dict[str, None]()
    for each in changes:
        names = _named(each.container, each.setting.away, each.reason)
        if each.setting.away == "ports" or each.setting.drop == "--publish":
            lifted = any(other.setting.drop == "--publish" for other in changes)
            add |= dict.fromkeys(f"--publish {port}" for port in on_loopback(each.container, lifted=lifted))
            drop["--publish"] = None
        elif each.setting.run:
            add[each.filled(each.setting.run)] = None
        if each.setting.drop and (each.setting.away != "cap_add" or names):
            drop |= {each.setting.drop.replace("{item}", name): None for name in names or [""]}
    return list(add), list(drop)


def of_service(changes: Sequence[Started]) -> str:
    """Return the options of `docker service update` for one service."""
    return " ".join(dict.fromkeys(each.filled(each.setting.service) for each in changes))
