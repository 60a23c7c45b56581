"""Parse the values of a policy whose type differs from that in the file, by their keys."""

import posixpath
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import msgspec

from hullcheck.lazy import regex
from hullcheck.parsing.values import canonical, go_size, is_unspecified

Fault = tuple[tuple[str | int, ...], str]
"""The keys and indices that lead to a fault, from the outside in, and the fault."""

_LISTENER = regex(r"(\*|[0-9.]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")
_PORTS = regex("([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?")


class PortRange(msgspec.Struct, frozen=True):
    """Host ports from *first* to *last*, both included, of one protocol."""

    first: int
    last: int
    protocol: str = "tcp"


def read(value: Any, way: tuple[str | int, ...], faults: list[Fault]) -> Any:
    """Return *value*, the part of a policy at *way*, as the controls read it; faults are added to *faults*."""
    if isinstance(value, Mapping):
        return {key: read(each, (*way, key), faults) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(read(each, (*way, number), faults) for number, each in enumerate(value))
    reader = _READERS.get(".".join(each for each in way if isinstance(each, str)))
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or reader is None:
        return value.strip() if isinstance(value, str) else value
    try:
        return reader(text)
    except ValueError as error:
        faults.append((way, str(error)))
        return value


def to_ports(text: str) -> PortRange:
    """Parse ``443``, ``8000-8100`` or ``53/udp``; the default protocol is tcp."""
    match = _PORTS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a host port; write it as 443, '8000-8100' or '53/udp'")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last <= 65535:
        raise ValueError(f"{text!r} is not a range of ports; write two from 1 to 65535, the lower one first")
    return PortRange(first, last, match[3] or "tcp")


def to_listener(text: str) -> tuple[str, int]:
    """Parse an address and a port; every address is `*`."""
    match = _LISTENER.fullmatch(text)
    try:
        if match is not None and 1 <= int(match[2]) <= 65535:
            address = "::" if match[1] == "*" else match[1].strip("[]")
            return "*" if is_unspecified(address) else canonical(address), int(match[2])
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not an address with a port; write it as '10.0.0.5:2376' or '[fd00::5]:2376'")


def to_path(text: str) -> str:
    """Return an absolute, normal path for comparisons."""
    return "/" + posixpath.normpath(text).strip("/")


def _above_zero(read: Callable[[str], float | None], what: str) -> Callable[[str], float]:
    def amount(text: str) -> float:
        found = read(text) or 0
        if found <= 0:
            raise ValueError(f"{text!r} is not {what}, above 0")
        return found

    return amount


def _to_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day; write it as 2026-03-31") from None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "os_hardening.assessed": _to_day,
    "allowed_registries": lambda text: text.rstrip("/"),
    "scan_reports.folder": to_path,
    "api_listeners": to_listener,
    "log_limits.max_size": _above_zero(go_size, "the size of a log; write it as '10m'"),
    "seccomp_profiles": to_path,
    "allowed_setuid_files": to_path,
    "allowed_capabilities": lambda text: text.upper().removeprefix("CAP_"),
    "allowed_mounts": lambda text: to_path(text.removesuffix("*") if text.endswith("/*") else text),
    "allowed_ports": to_ports,
    "resource_limits.memory": _above_zero(partial(go_size, base=1024), "an amount of memory; write bytes or '8g'"),
    "resource_limits.cpus": _above_zero(float, "a number of CPUs; write it as 2 or 2.5"),
    "docker_bench.log": to_path,
    "secret_names.hide": str.lower,
    "secret_names.keep": str.lower,
}
"""By key, from the outside in; in a list, for each item."""
