"""Booleans, sizes, addresses, ports and image references, as the engine reads them.

An address of IPv4 that IPv6 maps is that of IPv4, in every version of Python: for `ipaddress` of Python 3.13
`::ffff:127.0.0.1` is a loopback address, for that of 3.12 it is none.
"""

import ipaddress
import re

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.verdicts import EvidenceError

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_SIZE = regex(r"([0-9]+(?:\.[0-9]*)?) ?(?:b|([kmgtp])(?:i?b)?)?", re.IGNORECASE)
_ID = regex(r"(sha256:)?[0-9a-f]{12,64}")


def go_boolean(text: str) -> bool:
    """Parse a boolean as the engine does, or raise EvidenceError."""
    if text not in _TRUE | _FALSE:
        raise EvidenceError(f"{text!r} is not a boolean")
    return text in _TRUE


def go_size(text: str, base: int = 1000) -> int | None:
    """Return the bytes of a size such as `10m`, `10MB` or `500`, or None."""
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * base ** " kmgtp".index((match[2] or " ").lower())) if match else None


def api_port(name: str) -> tuple[str, str]:
    """Return number and protocol of a port such as `80`, `80/` or `53/UDP`."""
    number, _, protocol = name.partition("/")
    return number, protocol.lower() or "tcp"


def parse_address(text: str | bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Parse an address from text or bytes, or raise ValueError."""
    parsed = ipaddress.ip_address(text)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def is_loopback(address: str) -> bool:
    """Return whether an address is loopback; of names, only localhost is."""
    try:
        return parse_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def is_unspecified(address: str) -> bool:
    """Return whether an address is the unspecified one, or raise ValueError."""
    return parse_address(address).is_unspecified


def canonical(host: str) -> str:
    """Return an address in Python's form, and a name unchanged."""
    try:
        return str(parse_address(host))
    except ValueError:
        return host


class Reference(Struct, frozen=True):
    """The image reference of a container."""

    name: str  # `repository:tag`, with the tag that the engine takes where none is given
    tag: str  # empty where the image was named by its id or a digest
    digest: str  # `sha256:...` of a reference that ends in one

    @classmethod
    def parse(cls, text: str) -> "Reference":
        repository, at, digest = text.partition("@")
        if not at and _ID.fullmatch(text):
            return cls(text, "", text)
        last = repository.rpartition("/")[2]
        tag = last.partition(":")[2] or ("" if digest else "latest")
        plain = repository if ":" in last or digest else f"{repository}:{tag}"
        return cls(plain, tag, digest)

    @property
    def familiar_name(self) -> str:
        """The name without the default registry and folder."""
        return re.sub(r"^((index\.)?docker\.io/)?(library/)?", "", self.name)

    @property
    def is_pinned(self) -> bool:
        """Whether the reference has a version."""
        return bool(self.digest) or self.tag != "latest"
