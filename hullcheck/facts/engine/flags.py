"""The command line of dockerd, read as dockerd reads it (Go's pflag)."""

import re
from collections.abc import Iterable, Sequence

_BOOLEAN_WORDS = """
    allow-direct-routing cri-containerd debug experimental help icc init ip-forward
    ip-forward-no-drop ip-masq ip6tables iptables ipv6 live-restore no-new-privileges raw-logs
    restart rootless selinux-enabled tls tlsverify userland-proxy validate version
"""
SWITCHES = frozenset(_BOOLEAN_WORDS.split())
"""The options that take no next argument as their value; --restart has not been in the help for years."""

_SHORT = {
    "b": "bridge",
    "D": "debug",
    "G": "group",
    "g": "graph",
    "H": "host",
    "h": "help",
    "l": "log-level",
    "p": "pidfile",
    "r": "restart",
    "s": "storage-driver",
    "v": "version",
}

_KEYS = {
    "authorization-plugin": "authorization-plugins",
    "default-ulimit": "default-ulimits",
    "exec-opt": "exec-opts",
    "graph": "data-root",
    "host": "hosts",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}
"""Options that daemon.json knows under another name."""

# Without braces only a word of its own is one (systemd.service(5)), and no part of a password.
_VARIABLE = re.compile(r"^\$\w+$|\$\{\w+\}")

Flags = tuple[tuple[str, str], ...]
"""Option and value in the order of the command line; a repeated option is there as often as it was given."""


def parse(arguments: Sequence[str]) -> Flags:
    """The options among *arguments*, which do not include the program, under their names in daemon.json."""
    flags: list[tuple[str, str]] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            break
        if argument.startswith("--"):
            name, equals, value = argument[2:].partition("=")
            flags.append((name, value if equals else _value(name, rest)))
        elif argument.startswith("-") and len(argument) > 1:
            flags += _short(argument[1:], rest)
    return tuple((_KEYS.get(name, name), value) for name, value in flags)


def _value(name: str, rest: list[str]) -> str:
    """The value of an option without `=`: its presence is one, or the next argument is."""
    if name in SWITCHES:
        return "true"
    return rest.pop(0) if rest else ""


def _short(letters: str, rest: list[str]) -> Iterable[tuple[str, str]]:
    """The options in one argument of letters: `-D`, `-Dl debug`, `-lwarn`, `-H=tcp://...`."""
    while letters:
        letter, letters = letters[0], letters[1:]
        name = _SHORT.get(letter, letter)
        if letters.startswith("="):
            yield name, letters[1:]
            return
        if name in SWITCHES:
            yield name, "true"
        else:
            yield name, letters or _value(name, rest)
            return


def variables(arguments: Sequence[str]) -> tuple[str, ...]:
    """The unexpanded variables in the command line of a unit (`$DOCKER_OPTS`), whose values are not known."""
    return tuple(found for argument in arguments for found in _VARIABLE.findall(argument))
