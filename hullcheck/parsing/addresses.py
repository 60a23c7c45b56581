"""IP addresses, the same in every version of Python: one of IPv4 that IPv6 maps is that of IPv4; and ports.

For `ipaddress` of Python 3.13 `::ffff:127.0.0.1` is a loopback address, for that of 3.12 it is none.
"""

import ipaddress
import re

_NUMBER = r"(?:0[xX][0-9a-fA-F]+|[0-9]+)"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}")


def parse(text: str | bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address from its text, or from its bytes.

    Raises:
        ValueError: it is none.
    """
    parsed = ipaddress.ip_address(text)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def is_go_address(text: str) -> bool:
    """Whether the engine takes it for an address: for Go's net.ParseIP `localhost`, `127.1` and `::1%lo` are none."""
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def api_port(name: str) -> tuple[str, str]:
    """The number and the protocol of a port as the engine's API takes it: `80`, `80/`, `53/UDP`."""
    number, _, protocol = name.partition("/")
    return number, protocol.lower() or "tcp"


def is_loopback(text: str) -> bool:
    """Whether an address is one of the machine itself.

    Raises:
        ValueError: it is none.
    """
    return parse(text).is_loopback


def is_unspecified(text: str) -> bool:
    """Whether it stands for every address.

    Raises:
        ValueError: it is none.
    """
    return parse(text).is_unspecified


def canonical(host: str) -> str:
    """An address as Python writes it, also one in other numbers as inet_aton(3) takes them; a name as it is."""
    try:
        return str(parse(host))
    except ValueError:
        return _of_numbers(host) if _NUMBERS.fullmatch(host) else host


def _of_numbers(host: str) -> str:
    """One of IPv4 in up to four numbers, of which the last one stands for all bytes that are left."""
    try:
        *first, last = (int(each, _base(each)) for each in host.split("."))
        left = last.to_bytes(4 - len(first), "big")
        return str(ipaddress.IPv4Address(bytes(first) + left))
    except (ValueError, OverflowError):
        return host


def _base(number: str) -> int:
    if number[1:2] in ("x", "X"):
        return 16
    return 8 if number[0] == "0" else 10
