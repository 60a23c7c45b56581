"""Which paths of the host are devices that not every container has."""

import re
from collections.abc import Iterable

from hullcheck.parsing.proc.mountinfo import is_below

_OF_EVERYBODY = "/dev/console /dev/full /dev/null /dev/ptmx /dev/random /dev/tty /dev/urandom /dev/zero"
_HARMLESS = frozenset(_OF_EVERYBODY.split())
"""The devices that every container has; they are mounted one by one where it may make none (OCI runtime
specification, "Default Devices")."""
_NO_DEVICES = ("/dev/hugepages", "/dev/mqueue", "/dev/pts", "/dev/shm")
"""What is mounted in /dev and is no device."""
_OPEN_TO_ALL = re.compile(r"/dev/(?:pts/\d+|pts|net/tun|net)$")
"""What the control group of every container lets in: terminals, and until runc 1.2 the way to make interfaces."""


def open_to_all(paths: Iterable[str]) -> frozenset[str]:
    """Those of *paths* that the control group of every container lets in, once they have a name there."""
    return frozenset(filter(_OPEN_TO_ALL.match, paths))


def among(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of *paths* that are devices, in order."""
    below = sorted({each for each in paths if re.match("/dev/.", each)} - _HARMLESS)
    no_device = {each for each in below if any(is_below(each, place) for place in _NO_DEVICES)}
    return tuple(each for each in below if each not in no_device or _OPEN_TO_ALL.match(each))
