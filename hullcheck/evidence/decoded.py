"""What the raw numbers of an answer mean, in words."""

import re
import stat
from collections.abc import Callable

from hullcheck.parsing.confinement import capability_names
from hullcheck.parsing.proc.net import read_address

_EVERY = 38  # capabilities that all supported kernels have


def meaning(line: str) -> str:
    """Return the meaning of the raw numbers in *line*, or an empty text."""
    return "; ".join(say(found) for pattern, say in _MEANINGS if (found := pattern.search(line)))


def _node(found: re.Match[str]) -> str:
    mode = int(found[1], 16)
    owners = f"owner uid {found[2]}, group {found[4]} (gid {found[3]})"
    return f"{found[1]} is mode {stat.S_IMODE(mode):03o} ({stat.filemode(mode)}), {owners}"


def _socket(found: re.Match[str]) -> str:
    address, port = read_address(found[1]), int(found[2], 16)
    return f"{found[2]} is port {port}, {f'[{address}]' if ':' in address else address}:{port}"


def _capabilities(found: re.Match[str]) -> str:
    names = sorted(capability_names(int(found[1], 16)))
    kept = "every capability" if len(names) >= _EVERY else "capabilities"
    return f"{kept}: {', '.join(names)}" if names else "no capability"


def _limit(found: re.Match[str]) -> str:
    number = int(found[1])
    if not 0 <= number < 1 << 62:
        return "no limit"
    return f"{number / 2**20:,.0f} MiB" if number else "not set"


_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"^([0-9a-f]{4}):(\d+):(\d+):([^:]*):"), _node),
    (re.compile(r"(?:listener:\w+| \d+:) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) (?:\d+$|\S+ 0[A7] )"), _socket),
    (re.compile(r"\bCap(?:Eff|Prm|Bnd):\t([0-9a-f]{1,16})$"), _capabilities),
    (re.compile(r"\bUid:\t(\d+)"), lambda found: "root" if found[1] == "0" else f"uid {found[1]}"),
    (re.compile(r"\bNoNewPrivs:\t([01])"), lambda found: ("can gain privileges", "no new privileges")[int(found[1])]),
    (re.compile(r"\bSeccomp:\t([02])"), lambda found: {"0": "no seccomp filter", "2": "a seccomp filter"}[found[1]]),
    (re.compile(r"(?:memory\.\w+:|\bMemory: )(-?\d{1,19})$"), _limit),
    (re.compile(r"^HostConfig\.(?:NanoCpus|Cpu\w+|PidsLimit): (?:0|null)"), lambda _: "not set"),
    (re.compile(r"NodeCertExpiry: (\d{1,19})$"), lambda found: f"{int(found[1]) / 86_400e9:,.0f} days"),
    (re.compile(r"AutoLockManagers: (t|f)"), lambda found: f"autolock is {'on' if found[1] == 't' else 'off'}"),
    (re.compile(r'^Config\.User: ""'), lambda _: "names no user, so root"),
    (re.compile(r"^absent:"), lambda _: "not there"),
    (re.compile(r"^missing:"), lambda _: "auditctl is not installed"),
)
