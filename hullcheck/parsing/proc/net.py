"""Listeners in a network namespace (/proc/PID/net/*)."""

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.parsing.values import is_loopback, parse_address
from hullcheck.verdicts import EvidenceError

_ENTRY = regex(r"\d+/net/(?:tcp|udp)6?:\s*\d+: ")
_SOCKET = regex(r"\d+/net/(tcp|udp)6?:\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ (\w\w) .*")
_ADDRESS = regex(r"[0-9A-F]{8}|[0-9A-F]{32}")
_INODE_FIELD = 9


class Listener(Struct, frozen=True):
    """A listening socket in a network namespace."""

    address: str
    number: int
    protocol: str
    inode: str

    @property
    def on_loopback(self) -> bool:
        return is_loopback(self.address)


def listener(line: str) -> Listener | None:
    """Return the listener in a line `PID/net/NAME:LINE`, or None."""
    match = _SOCKET.match(line)
    if match is None and _ENTRY.match(line):
        raise EvidenceError("a line of /proc/PID/net is damaged: it has no socket")
    if match is None:
        return None
    protocol, address, port, state = match.groups()
    if state != {"tcp": "0A", "udp": "07"}[protocol]:
        return None
    fields = line.split(":", 1)[1].split()
    if len(fields) <= _INODE_FIELD or not fields[_INODE_FIELD].isdecimal():
        raise EvidenceError("a line of /proc/PID/net is damaged: it has no inode")
    return Listener(read_address(address), int(port, 16), protocol, fields[_INODE_FIELD])


def read_address(text: str) -> str:
    """Parse an address: 32-bit words in the byte order of the machine, which is little-endian here."""
    if not _ADDRESS.fullmatch(text):
        raise EvidenceError("a line of /proc/PID/net is damaged: it has no address")
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    return str(parse_address(b"".join(words)))
