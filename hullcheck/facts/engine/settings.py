"""The daemon's settings: the value in force, where it comes from, and what the next start will take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.engine.daemon_file import ConfigFile, DaemonFiles
from hullcheck.facts.engine.daemon_process import DaemonProcess
from hullcheck.facts.engine.flags import Flags
from hullcheck.parsing.go import go_boolean
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError


def shown(value: Any) -> str:
    """A value of a setting as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == () or value == {}:
        return "not set"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


# ---- kinds of settings: how the command line and daemon.json write them


@dataclass(frozen=True)
class Kind:
    """How a setting is written.

    Attributes:
        from_flags: the value of all times that an option is on the command line.
        from_json: the value in daemon.json.
        default: where nothing sets it; None where the engine chooses.
    """

    from_flags: Callable[[Sequence[str]], Any]
    from_json: Callable[[Any], Any]
    default: Any = None


def _boolean(value: Any) -> bool:
    """A null switches it off: to the daemon the option is set then, and no default counts."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise EvidenceError(f"{value!r} is not true or false")
    return value


def _text(value: Any) -> str | None:
    """An empty text, or null, is none: the daemon takes its default then."""
    if value is not None and (not isinstance(value, str) or value == DROPPED):
        raise EvidenceError(f"{value!r} is not a text")
    return value or None


def _items(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str | None) for each in value):
        raise EvidenceError(f"{value!r} is not a list of texts")
    return tuple(each or "" for each in value)


def _pairs(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str | None) for each in value.values()):
        raise EvidenceError(f"{value!r} is not a mapping of texts")
    return {name: each or "" for name, each in value.items()}


def _ulimits(value: Any) -> tuple[str, ...]:
    """{"x": {"Name": "nofile", "Soft": 1024, "Hard": 2048}} as `nofile=1024:2048`; Go reads these keys in any case.

    The engine limits what `Name` says, in any case, and passes over the key beside which it stands.
    """
    found = []
    for _, limit in _pairs_of(value):
        keys = {key.lower(): each for key, each in limit.items() if each is not None}
        if not all(type(keys.get(each, 0)) is int for each in ("soft", "hard")):
            raise EvidenceError(f"{limit!r} has a limit that is no number")
        found.append(f"{str(keys.get('name') or '').lower()}={keys.get('soft', 0)}:{keys.get('hard', 0)}")
    return tuple(sorted(found))


def _pairs_of(value: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise EvidenceError(f"{value!r} is not a mapping of ulimits")
    return list(value.items())


def _ulimit_flags(values: Sequence[str]) -> tuple[str, ...]:
    """`nofile=1024:2048`, or `nofile=1024` for both limits."""
    limits = {}
    for name, _, limit in (value.partition("=") for value in values):
        limits[name] = f"{name}={limit if ':' in limit else f'{limit}:{limit}'}"
    return tuple(sorted(limits.values()))


def _registries(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({value.removeprefix("https://").removeprefix("http://") for value in values}))


def _hosts(values: Sequence[str]) -> tuple[str, ...]:
    """The daemon takes blanks around an address away."""
    return tuple(map(str.strip, values))


def _last(parse: Callable[[str], Any]) -> Callable[[Sequence[str]], Any]:
    return lambda values: parse(values[-1])


def _flag(default: bool | None) -> Kind:
    return Kind(_last(go_boolean), _boolean, default)


def _word(default: str | None = None) -> Kind:
    return Kind(_last(_text), _text, default)


_LIST = Kind(tuple, _items, ())

KINDS: Mapping[str, Kind] = {
    "authorization-plugins": _LIST,
    "bridge": _word(),
    "cgroup-parent": _word(),
    "containerd": _word(),
    "data-root": _word(),
    "debug": _flag(False),
    "default-ulimits": Kind(_ulimit_flags, _ulimits, ()),
    "exec-root": _word("/var/run/docker"),
    "experimental": _flag(False),
    "group": _word("docker"),
    "hosts": Kind(_hosts, lambda value: _hosts(_items(value)), ()),
    "icc": _flag(True),
    "insecure-registries": Kind(_registries, lambda value: _registries(_items(value)), ()),
    "ip6tables": _flag(None),
    "iptables": _flag(True),
    "live-restore": _flag(False),
    "log-driver": _word("json-file"),
    "log-level": Kind(_last(str.lower), lambda value: (_text(value) or "info").lower(), "info"),
    "log-opts": Kind(lambda values: dict(each.partition("=")[::2] for each in values), _pairs, {}),
    "metrics-addr": _word(),
    "no-new-privileges": _flag(False),
    "seccomp-profile": _word("builtin"),
    "storage-driver": _word(),
    "storage-opts": _LIST,
    "tls": _flag(None),
    "tlscacert": _word(),
    "tlscert": _word(),
    "tlskey": _word(),
    "tlsverify": _flag(None),
    "userland-proxy": _flag(True),
    # docker info tells whether users are remapped, not to whom
    "userns-remap": Kind(_last(bool), lambda value: bool(_text(value)), False),
}


_FILTERS_IPV6 = 27
"""The first engine for which ip6tables is on by default."""


# ---- values


@dataclass(frozen=True)
class Value:
    """A value and where it comes from."""

    value: Any
    source: str


@dataclass(frozen=True)
class Setting:
    """A setting of the running daemon.

    Attributes:
        running: the value in force; None where it cannot be told.
        candidates: what it may be, where it cannot be told.
        doubt: why it cannot be told.
        origin: where a value that the engine reports was set; empty where that is not known.
        pending: what the next start will take, where that differs.
    """

    name: str
    running: Value | None
    candidates: tuple[Value, ...] = ()
    doubt: str = ""
    origin: str = ""
    pending: Value | None = None

    @property
    def value(self) -> Any:
        """The value in force.

        Raises:
            EvidenceError: it cannot be told.
        """
        if self.running is None:
            raise EvidenceError(f"{self.name}: {self.doubt}")
        return self.running.value

    @property
    def source(self) -> str:
        """Where the value in force was read."""
        return self.running.source if self.running else ""

    @property
    def possible(self) -> tuple[Any, ...]:
        """The value in force, or all that it is known to be able to be."""
        return (self.running.value,) if self.running else tuple(each.value for each in self.candidates)

    def always(self, complies: Callable[[Any], bool]) -> bool:
        """Whether the value complies; where it cannot be told, False if one that it may have does not.

        Raises:
            EvidenceError: it cannot be told, and all that it is known to be able to be comply.
        """
        if self.running is not None:
            return complies(self.running.value)
        if all(complies(each.value) for each in self.candidates):
            raise EvidenceError(f"{self.name}: {self.doubt}")
        return False

    def __str__(self) -> str:
        """The setting, its source, and what the next start will change."""
        if self.running is None:
            known = " or ".join(f"{shown(each.value)} ({each.source})" for each in self.candidates)
            return f"{self.name} may be {known}; restart pending: {self.doubt}"
        origin = f", from {self.origin}" if self.origin else ""
        return f"{self.name} is {shown(self.running.value)} ({self.source}{origin}){self.note}"

    @property
    def note(self) -> str:
        """What the next start will change, as the end of a sentence; else empty."""
        if self.pending is None:
            return ""
        return f"; restart pending: {self.pending.source} says {shown(self.pending.value)}"


@dataclass(frozen=True)
class Configuration:
    """All that a start of the daemon takes its settings from.

    Attributes:
        flags: the command line of the running daemon.
        next_flags: that of the next start, where systemd tells it.
        changed: the file may have changed since the start.
        rewritten: and by its time so did its content, not only its owner, mode or name.
    """

    flags: Flags
    file: ConfigFile
    changed: bool
    rewritten: bool
    engine: str
    next_flags: Flags | None = None
    unit: str = ""

    @classmethod
    def of(
        cls, process: DaemonProcess, files: DaemonFiles, engine: str, told: Flags | None, unit: str
    ) -> "Configuration":
        """That of a running daemon.

        Args:
            engine: its version.
            told: the command line in its *unit*; None where that is not known.
        """
        file = files.config
        differs = told is not None and sorted(told) != sorted(process.flags)
        return cls(
            process.flags,
            file,
            file.changed_since(process.started),
            file.written_since(process.started),
            engine.partition("+")[0],
            told if differs else None,
            unit if differs else "",
        )

    def setting(self, name: str, reported: Value | None = None) -> Setting:
        """A setting of the running daemon; *reported* is what the engine itself says, and is right.

        Raises:
            EvidenceError: it depends on a file that could not be read.
        """
        if reported is None:
            reported = self._of_flags(name, self.flags, "command line")
        if reported is not None:
            coming = self._coming(name)
            if coming is not None and coming.value == reported.value:
                origin = "" if self._may_differ or coming.source == reported.source else coming.source
                return Setting(name, reported, origin="default" if origin.startswith("default ") else origin)
            # containers that outlive a daemon keep the default bridge as it was
            pending = coming if self._may_differ or name == "icc" else None
            return Setting(name, reported, pending=pending)
        found = self._of_file(name)
        if not self.changed:
            return Setting(name, found or self._default(name))
        # A file whose mode alone changed most likely said the same at the start: no proof, and no ground to fail.
        known = (found, self._default(name)) if self.rewritten else (found or self._default(name),)
        candidates = tuple(each for each in known if each is not None)
        return Setting(name, None, candidates, self._doubt(found))

    @property
    def _may_differ(self) -> bool:
        return self.changed or self.next_flags is not None

    def _coming(self, name: str) -> Value | None:
        """What the next start will take; None where that is not known, or is the engine's choice."""
        flags = self.flags if self.next_flags is None else self.next_flags
        try:
            found = self._of_flags(name, flags, self.unit or "command line") or self._of_file(name)
        except EvidenceError:
            return None
        default = self._default(name)
        return found or (default if default.value is not None else None)

    def _of_flags(self, name: str, flags: Flags, source: str) -> Value | None:
        values = [value for each, value in flags if each == name]
        value = KINDS[name].from_flags(values) if values else None
        return None if value is None else Value(value, source)

    def _of_file(self, name: str) -> Value | None:
        """What daemon.json says: nothing, where it says null of what is no switch, or an empty text."""
        document, parse = self.file.values(), KINDS[name].from_json
        value = document.get(name)
        if name not in document or (value is None and parse is not _boolean):
            return None
        try:
            parsed = parse(value)
        except (EvidenceError, TypeError, AttributeError) as error:
            raise EvidenceError(f"{self.file.path}: {name}: {error}") from None
        return None if parsed is None else Value(parsed, self.file.path)

    def _default(self, name: str) -> Value:
        major = self.engine.partition(".")[0]
        filters = name == "ip6tables" and major.isdigit() and int(major) >= _FILTERS_IPV6
        return Value(True if filters else KINDS[name].default, f"default of engine {self.engine}")

    def _doubt(self, found: Value | None) -> str:
        path = self.file.path
        if self.file.state == "absent":
            return (
                f"{path} does not exist, but its directory was changed after the daemon started, so there may"
                " have been one; restart the daemon to know"
            )
        says = f"says {shown(found.value)} and" if found else "does not set it, and"
        what = "was changed" if self.rewritten else "got another owner, mode or name"
        return (
            f"{path} {says} {what} after the daemon started, so the running value is unknown;"
            " restart the daemon to know"
        )
