"""Values of a Compose file as the engine's API takes them, in their short and their long form.

The keys are those of https://docs.docker.com/reference/compose-file/services/.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

_TRUE, _FALSE = ("true", "yes", "on", "y", "1"), ("false", "no", "off", "n", "0", "")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)  # go-units: RAMInBytes
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_PORTS = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?")
_PERIOD = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s)?")
_MICROSECONDS = {"us": 1, "ms": 1000, "s": 1_000_000, None: 1}
_PROPAGATIONS = frozenset(("shared", "rshared", "slave", "rslave", "private", "rprivate"))
_MODES = frozenset(
    ("rw", "ro", "z", "Z", "cached", "delegated", "consistent", "nocopy", "copy", "volume-nocopy")
)
_POLICIES = ("no", "always", "on-failure", "unless-stopped")
_CONDITIONS = {"none": "no", "no": "no", "any": "always", "": "always"}


def boolean(value: Any) -> bool:
    """A truth value.

    Raises:
        ValueError: it is none; so for all of these functions.
    """
    text = str(value if value is not None else False).lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(f"{value!r} is neither true nor false")
    return text in _TRUE


def text(value: Any) -> str:
    """A text."""
    if isinstance(value, Mapping | list):
        raise ValueError("is no text")
    return "" if value is None else str(value)


def texts(value: Any) -> list[str]:
    """A list of texts; of one text as well."""
    if isinstance(value, Mapping):
        raise ValueError("is no list")
    return [text(each) for each in (value if isinstance(value, list) else [] if value is None else [value])]


def size(value: Any) -> int:
    """Bytes; 0 for no limit."""
    match = _SIZE.fullmatch(text(value) or "0")
    if text(value) in ("-1", "0"):
        return 0
    if not match:
        raise ValueError(f"{value!r} is no size, such as 512m")
    return int(float(match[1]) * 1024 ** _UNITS[match[2].lower()])


def number(value: Any) -> float:
    """A number that is 0 or more."""
    if not _NUMBER.fullmatch(text(value) or "0"):
        raise ValueError(f"{value!r} is no number")
    return float(text(value) or 0)


def whole(value: Any) -> int:
    """A whole number."""
    if not _WHOLE.fullmatch(text(value) or "0"):
        raise ValueError(f"{value!r} is no whole number")
    return int(text(value) or 0)


def microseconds(value: Any) -> int:
    """A time of `cpu_period` and `cpu_quota`: a number of microseconds, or one with its unit."""
    match = _PERIOD.fullmatch(text(value) or "0")
    if text(value).startswith("-"):
        return 0
    if not match:
        raise ValueError(f"{value!r} is no time in microseconds")
    return int(float(match[1]) * _MICROSECONDS[match[2]])


def settings(value: Any) -> dict[str, str | None]:
    """A mapping, or a list of NAME=VALUE; None where a name has no value."""
    if isinstance(value, Mapping):
        return {str(key): None if each is None else text(each) for key, each in value.items()}
    pairs = (each.partition("=") for each in texts(value))
    return {name: value if equals else None for name, equals, value in pairs}


def words(value: Any) -> list[str]:
    """A command: words, or a line of them."""
    if not isinstance(value, str):
        return texts(value)
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def ports(items: Any) -> dict[str, list[dict[str, str]]]:
    """Bindings by port and protocol, as `80/tcp`."""
    found = dict[str, list[dict[str, str]]]()
    for item in _list(items):
        for target, protocol, address, published in _port(item):
            binding = {"HostIp": address, "HostPort": published}
            found.setdefault(f"{target}/{protocol}", []).append(binding)
    return found


def _port(item: Any) -> Iterable[tuple[str, str, str, str]]:
    if isinstance(item, Mapping):
        target, published = text(item.get("target")), text(item.get("published"))
        address, protocol = text(item.get("host_ip")), text(item.get("protocol"))
    else:
        rest, _, protocol = text(item).partition("/")
        address = ""
        if rest.startswith("["):
            address, _, rest = rest[1:].partition("]:")
        elif rest.count(":") == 2:
            address, _, rest = rest.partition(":")
        published, _, target = rest.rpartition(":")
    if not _PORTS.fullmatch(target) or not (not published or _PORTS.fullmatch(published)):
        raise ValueError(f"{item!r} is no port that is understood")
    inside, outside = _range(target), _range(published) if published else []
    protocol = protocol or "tcp"
    if len(inside) == 1:
        return [(target, protocol, address, published)]  # of a range outside the engine takes one
    if outside and len(inside) != len(outside):
        raise ValueError(f"{item!r} has two ranges of different lengths")
    return [
        (str(each), protocol, address, str(outside[at]) if outside else "") for at, each in enumerate(inside)
    ]


def _range(written: str) -> list[int]:
    first, _, last = written.partition("-")
    found = range(int(first), int(last or first) + 1)
    if not found or found[-1] > 65535:
        raise ValueError(f"{written!r} is no range of ports")
    return list(found)


def mount(item: Any) -> dict[str, Any]:
    """A mount: type, source, target, whether it is read-only, its propagation."""
    if isinstance(item, Mapping):
        bind, volume = item.get("bind") or {}, item.get("volume") or {}
        if not isinstance(bind, Mapping) or not isinstance(volume, Mapping):
            raise ValueError("is no mount that is understood")
        found: dict[str, Any] = {
            "type": text(item.get("type")) or "volume",
            "source": text(item.get("source")),
            "target": text(item.get("target")),
            "read_only": boolean(item.get("read_only")),
            "propagation": text(bind.get("propagation")),
            "subpath": text(volume.get("subpath")),
        }
        if found["type"] not in ("bind", "volume", "tmpfs", "image", "cluster", "npipe"):
            raise ValueError(f"{found['type']!r} is no type of mounts")
    else:
        found = _short_mount(text(item))
    if not found["target"].startswith("/"):
        raise ValueError(f"{item!r} is no mount that is understood: its target is no path in a container")
    found["target"] = posixpath.normpath(found["target"])
    return found


def _short_mount(written: str) -> dict[str, Any]:
    parts = written.split(":")
    modes = parts[2].split(",") if len(parts) == 3 else []
    if len(parts) > 3 or not set(modes) <= _MODES | _PROPAGATIONS:
        raise ValueError(f"{written!r} is no mount that is understood")
    source, target = ("", parts[0]) if len(parts) == 1 else parts[:2]
    return {
        "type": "bind" if source.startswith((".", "/", "~")) else "volume",
        "source": source,
        "target": target,
        "read_only": "ro" in modes,
        "propagation": next((each for each in modes if each in _PROPAGATIONS), ""),
        "subpath": "",
    }


def devices(items: Any) -> list[dict[str, str]]:
    """Devices of the host."""
    found = []
    for item in _list(items):
        source = item.get("source") if isinstance(item, Mapping) else text(item).partition(":")[0]
        if not text(source):
            raise ValueError(f"{item!r} names no device")
        found.append({"PathOnHost": text(source)})
    return found


def device_requests(gpus: Any, reserved: Any) -> list[dict[str, Any]]:
    """What `gpus` and the reservations of `deploy` ask for."""
    found = []
    for item in [{}] if gpus == "all" else _list(gpus):
        found.append(_request(item, "gpu"))
    return found + [_request(item, "") for item in _list(reserved)]


def _request(item: Any, capability: str) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise ValueError(f"{item!r} is no request for devices")
    wanted = texts(item.get("capabilities")) or [capability] * bool(capability)
    return {"Driver": text(item.get("driver")), "Capabilities": [wanted]}


def ulimits(items: Any) -> list[dict[str, Any]]:
    """Ulimits."""
    found = []
    for name, each in _mapping(items).items():
        soft, hard = (each.get("soft"), each.get("hard")) if isinstance(each, Mapping) else (each, each)
        found.append({"Name": name, "Soft": whole(soft), "Hard": whole(hard)})
    return found


def restart_policy(restart: Any, deploy: Mapping[str, Any]) -> dict[str, Any]:
    """What starts it again; that of `deploy` counts where there is one, as Compose has it."""
    if (wanted := deploy.get("restart_policy")) is not None:
        condition = text(_mapping(wanted).get("condition"))
        attempts = whole(_mapping(wanted).get("max_attempts"))
        name = _CONDITIONS.get(condition, condition)
    else:
        name, _, count = text(restart).partition(":")
        name, attempts = name or "no", whole(count)
    if name not in _POLICIES:
        raise ValueError(f"{name!r} is no restart policy")
    return {"Name": name, "MaximumRetryCount": max(attempts, 0)}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("is no list")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("is no mapping")
    return value
