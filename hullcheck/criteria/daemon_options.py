"""Options of the daemon's command line that work against its configuration file."""

from collections.abc import Mapping
from typing import Any

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.daemon.flags import Flags
from hullcheck.facts.daemon.settings import KINDS

_HARDENED = {"icc": False, "live-restore": True, "no-new-privileges": True, "userns-remap": True}
_IN_BOTH = {"runtimes"}  # the daemon joins these; anything else that is in both keeps it from starting


def options_against_file(daemon: Daemon) -> tuple[str, ...]:
    """The options of the command line, and of that of the next start, that work against the file, in words.

    Raises:
        EvidenceError: the command line or the file could not be read.
    """
    configuration = daemon.configuration
    flags, document = daemon.process.flags, configuration.file.values()
    found = options_against(flags, document, "")
    if configuration.next_flags is not None:
        pending = f"restart pending: {configuration.unit} has "
        found += options_against(configuration.next_flags, document, pending)
    return tuple(dict.fromkeys(found))


def options_against(flags: Flags, document: Mapping[str, Any], where: str) -> list[str]:
    """Those of *flags* that the *document* sets as well, and those that undo a protection, each after *where*."""
    given: dict[str, list[str]] = {}
    for name, value in flags:
        given.setdefault(name, []).append(value)
    twice = sorted((given.keys() & document.keys()) - _IN_BOTH)
    weak = [
        name
        for name, value in _HARDENED.items()
        if name in given and KINDS[name].from_flags(given[name]) != value
    ]
    return [
        *(
            f"{where}{name} on the command line and in the file, so the daemon will not start"
            for name in twice
        ),
        *(f"{where}--{name}={given[name][-1]} on the command line" for name in weak),
    ]
