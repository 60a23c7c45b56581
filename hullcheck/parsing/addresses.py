"""IP addresses, the same in every version of Python: one of IPv4 that IPv6 maps is that of IPv4; and ports.

For `ipaddress` of Python 3.13 `::ffff:127.0.0.1` is a loopback address, for that of 3.12 it is none.
"""

import ipaddress


def parse(text: str | bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Parse an address from its text, or from its bytes; ValueError if it is none."""
    parsed = ipaddress.ip_address(text)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def api_port(name: str) -> tuple[str, str]:
    """Return number and protocol of a port as the engine's API takes it: `80`, `80/`, `53/UDP`."""
    number, _, protocol = name.partition("/")
    return number, protocol.lower() or "tcp"


def is_loopback(text: str) -> bool:
    """Whether an address is one of the machine itself; ValueError if it is none."""
    return parse(text).is_loopback


def is_unspecified(text: str) -> bool:
    """Whether it stands for every address; ValueError if it is none."""
    return parse(text).is_unspecified


def canonical(host: str) -> str:
    """Return an address as Python writes it; a name as it is."""
    try:
        return str(parse(host))
    except ValueError:
        return host
