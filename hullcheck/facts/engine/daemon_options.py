"""The options of the daemon on the command line and in daemon.json, and what is stored of them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from hullcheck import inputs
from hullcheck.parsing.times import Span, moment
from hullcheck.parsing.values import go_boolean
from hullcheck.secrets import HIDDEN
from hullcheck.secrets.configuration import log_option, log_options, without_secrets
from hullcheck.secrets.redact import pick
from hullcheck.verdicts import EvidenceError, unread

START = 0.1  # seconds between the start of the process and its reading the file


class Kind(NamedTuple):
    """The type of an option in daemon.json, and functions that parse its value from there and from flags."""

    form: Any
    from_json: Callable[[Any], Any]
    from_flags: Callable[[Sequence[str]], Any]
    default: Any = None  # the engine chooses


def _ulimits(value: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """{"x": {"Name": "nofile", "Soft": 1024, "Hard": 2048}} as `nofile=1024:2048`; Go reads names in any case."""
    found = []
    for limit in value.values():
        keys = {"name": "", "soft": 0, "hard": 0} | {key.lower(): each for key, each in limit.items()}
        found.append(f"{str(keys['name']).lower()}={keys['soft']}:{keys['hard']}")
    return tuple(sorted(found))


def _ulimit_flags(values: Sequence[str]) -> tuple[str, ...]:
    """`nofile=1024:2048`, or `nofile=1024` for both limits."""
    limits = {}
    for name, _, limit in (value.partition("=") for value in values):
        limits[name] = f"{name}={limit if ':' in limit else f'{limit}:{limit}'}"
    return tuple(sorted(limits.values()))


def _registries(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({re.sub("^https?://", "", value or "") for value in values}))


def _texts(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple((each or "").strip() for each in values)


def _switch(default: bool | None) -> Kind:
    """Return the kind of a switch, which a null in the file sets to off."""
    return Kind(bool | None, bool, lambda values: go_boolean(values[-1]), default)


def _word(default: Any = None, read: Callable[[Any], Any] = lambda value: value or None) -> Kind:
    """Return the kind of a text; an empty one means the default."""
    return Kind(str | None, read, lambda values: read(values[-1]), default)


def _list(read: Callable[[Any], tuple[str, ...]] = _texts) -> Kind:
    return Kind(list[str | None], read, read, ())


KINDS: Mapping[str, Kind] = {
    "authorization-plugins": _list(),
    "bridge": _word(),
    "cgroup-parent": _word(),
    "containerd": _word(),
    "debug": _switch(False),
    "default-ulimits": Kind(dict[str, dict[str, int | str]], _ulimits, _ulimit_flags, ()),
    "exec-root": _word("/var/run/docker"),
    "experimental": _switch(False),
    "hosts": _list(),
    "icc": _switch(True),
    "insecure-registries": _list(_registries),
    "ip6tables": _switch(None),
    "iptables": _switch(True),
    "live-restore": _switch(False),
    "log-driver": _word("json-file"),
    "log-level": _word("info", lambda value: (value or "info").lower()),
    "log-opts": Kind(
        dict[str, str | None],
        lambda value: {name: each or "" for name, each in value.items()},
        lambda values: dict(each.partition("=")[::2] for each in values),
        {},
    ),
    "metrics-addr": _word(),
    "no-new-privileges": _switch(False),
    "seccomp-profile": _word("builtin"),
    "storage-driver": _word(),
    "storage-opts": _list(),
    "tls": _switch(None),
    "tlscacert": _word(),
    "tlscert": _word(),
    "tlskey": _word(),
    "tlsverify": _switch(None),
    "userland-proxy": _switch(True),
    "userns-remap": _word(False, bool),  # docker info reports whether users are remapped, not to whom
}
"""The settings that are judged, by their names in daemon.json."""

_OTHER_SWITCHES = """
    allow-direct-routing cri-containerd help init ip-forward ip-forward-no-drop ip-masq ipv6 raw-logs restart rootless
    selinux-enabled validate version
"""
_SWITCHES = {name for name, kind in KINDS.items() if kind.form == bool | None} | set(_OTHER_SWITCHES.split())
"""The options that take no next argument as their value."""
_KEPT = set(KINDS) | {"config-file", "default-runtime", "ipv6", "pidfile", "rootless", "selinux-enabled"}
"""The options whose values are stored."""
_SHORT = {"b": "bridge", "D": "debug", "G": "group", "g": "graph", "H": "host", "h": "help", "l": "log-level"}
_SHORT |= {"p": "pidfile", "r": "restart", "s": "storage-driver", "v": "version"}
_KEYS = {"graph": "data-root", "insecure-registry": "insecure-registries"}
_REPEATED = "authorization-plugin default-ulimit exec-opt host label log-opt registry-mirror storage-opt"
_KEYS |= {name: f"{name}s" for name in _REPEATED.split()}
"""The options that daemon.json knows under another name."""

# ---- the command line, as Go's pflag reads it

Flags = tuple[tuple[str, str], ...]
"""Option and value in the order of the command line; a repeated option is there as often as it was given."""


def flags(arguments: Sequence[str]) -> Flags:
    """Return the options among *arguments*, which do not include the program, under their names in daemon.json."""
    found: list[tuple[str, str]] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            break
        if argument.startswith("--"):
            name, equals, value = argument[2:].partition("=")
            found.append((name, value if equals else _value(name, rest)))
        elif argument.startswith("-"):
            found += _short(argument[1:], rest)
    return tuple((_KEYS.get(name, name), value) for name, value in found)


def _value(name: str, rest: list[str]) -> str:
    """Return the value of an option without `=`: `true` for a switch, else the next argument."""
    if name in _SWITCHES:
        return "true"
    return rest.pop(0) if rest else ""


def _short(letters: str, rest: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the options in one argument of letters: `-D`, `-Dl debug`, `-lwarn`, `-H=tcp://...`."""
    while letters:
        letter, letters = letters[0], letters[1:]
        name = _SHORT.get(letter, letter)
        if name in _SWITCHES and not letters.startswith("="):
            yield name, "true"
            continue
        yield name, letters.removeprefix("=") or ("" if letters else _value(name, rest))
        return


# ---- what may be stored: what is judged; of other options, that they are set


def stored_command(arguments: Sequence[str]) -> list[str]:
    """Return a command line with every option as `--name=value`, without secrets and other words."""
    program, *rest = arguments or [""]
    return [str(without_secrets(program)), *(f"--{name}={_stored_flag(name, value)}" for name, value in flags(rest))]


def _stored_flag(name: str, value: str) -> str:
    if name == "log-opts":
        key, equals, text = value.partition("=")
        return key + equals + log_option(key, text)
    return str(without_secrets(value)) if name in _KEPT else HIDDEN


def stored_file(text: str) -> str | None:
    """Return the text of a daemon.json without secrets, or None if it is not a JSON object."""
    text = text.removeprefix("\ufeff")
    try:
        document = json.loads(text or "{}")
        kept = {name: _stored(name, value) for name, value in document.items()}
        return json.dumps(kept, separators=(",", ":"), allow_nan=False)
    except (ValueError, AttributeError, RecursionError):
        return None


def _stored(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "log-opts" and isinstance(value, dict):
        return log_options(value)
    if name == "default-ulimits" and isinstance(value, dict):
        return {key: _ulimit(each) for key, each in value.items()}
    return without_secrets(pick(value)) if name in _KEPT else HIDDEN


def _ulimit(limit: Any) -> Any:
    if not isinstance(limit, dict):
        return limit if isinstance(limit, int | float) else HIDDEN
    return {key.lower(): pick(each) for key, each in limit.items() if key.lower() in ("name", "soft", "hard")}


class ConfigFile(Struct, frozen=True):
    """A file that a daemon reads when it starts."""

    path: str
    state: str  # `read`, `absent` or `unread`
    changed: bool  # whether it is there and may have changed since the start; what is unknown counts as a change
    rewritten: bool  # whether by its time so did its content, not only its owner, mode or name
    document: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, line: str, text: str, started: Span | None) -> "ConfigFile":
        """Parse the line that names the file, with its times, and its *text*."""
        state, modified, changed, path = line.split("|", 3)
        times = [time for each in (modified, changed) if (time := moment(each))]
        try:
            document = inputs.decode(text)
        except ValueError:
            document = None
        there = state != "absent"
        touched = started is None or len(times) < 2 or max(times)[1] > started[0] + START
        rewritten = started is None or not moment(modified) or times[0][1] > started[0] + START
        kept = document if isinstance(document, dict) else None
        return cls(path, state, there and touched, there and rewritten, kept)

    def values(self) -> Mapping[str, Any]:
        """Return the content of the file, which is empty if the file does not exist."""
        if self.state == "absent":
            return {}
        if self.state != "read":
            raise EvidenceError(unread(f"{self.path}, the daemon's configuration,", "may not be read"))
        if self.document is None:
            raise EvidenceError(f"{self.path}, the daemon's configuration, is not JSON")
        return self.document


class Value(Struct, frozen=True):
    """A value and where it comes from."""

    value: Any
    source: str


class Setting(Struct, frozen=True):
    """A setting of the running daemon."""

    name: str
    running: Value | None  # the value in force, or None if it is unknown
    candidates: tuple[Value, ...] = ()  # what an unknown value may be; *doubt* is the message of an error that says why
    doubt: str = ""
    origin: str = ""  # where a value that the engine reports was set; empty if that is unknown
    pending: Value | None = None  # what the next start will take, if that differs

    @property
    def value(self) -> Any:
        if self.running is None:
            raise EvidenceError(self.doubt)
        return self.running.value

    @property
    def source(self) -> str:
        return self.running.source if self.running else ""

    @property
    def possible(self) -> tuple[Any, ...]:
        """The value in force, or all that it may be."""
        return tuple(each.value for each in ((self.running,) if self.running else self.candidates))

    def always(self, complies: Callable[[Any], bool]) -> bool:
        """Return whether every possible value complies; EvidenceError if they do and the value is unknown."""
        return all(map(complies, self.possible)) and complies(self.value)
