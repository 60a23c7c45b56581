"""The parts of /proc and /sys that an engine keeps from containers, and whether one has them all the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from hullcheck.parsing.proc.mountinfo import Mount, is_below

_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_MASKED = (
    *("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list"),
    "/sys/firmware",
)
"""What every version from 20.10 closes (moby: oci/defaults.go); newer ones close more."""


def not_asked_for(configuration: Mapping[str, Any]) -> Sequence[str]:
    """What a container was created without, by `systempaths=unconfined` or lists of its own; none where it is not told.

    Args:
        configuration: the HostConfig of a container that is not privileged.
    """
    if configuration.get("ReadonlyPaths") == []:
        return ["/proc/sys (writable)"]
    lists = ((_READ_ONLY, "ReadonlyPaths", "writable"), (_MASKED, "MaskedPaths", "readable"))
    return [
        f"{path} ({word})"
        for paths, name, word in lists
        if isinstance(given := configuration.get(name), list)
        for path in paths
        if not any(is_below(path, str(each)) for each in given)
    ]


def writable(table: Sequence[Mount]) -> Sequence[str]:
    """The kernel's settings to which a container with this mount table may write."""
    options = {each.point: each.options for each in table}
    process, found = options.get("/proc"), []
    if process is not None and "rw" in process and "ro" not in options.get("/proc/sys", process):
        found = ["/proc/sys"]
    found += [each for each in (*_READ_ONLY, "/sys") if each != "/proc/sys" and "rw" in options.get(each, ())]
    return [f"{each} (writable)" for each in found]


def unmasked(table: Sequence[Mount], configuration: Mapping[str, Any]) -> Sequence[str]:
    """Whether a container was asked for with hidden parts, and its runtime hid none; no host lacks all of them.

    A runtime that closes nothing with mounts, as one with a kernel of its own, has other ways.
    """
    points = {each.point for each in table}
    asked, kept = (configuration.get(name) or () for name in ("MaskedPaths", "ReadonlyPaths"))
    left = asked and points.isdisjoint(asked) and not points.isdisjoint(kept)
    return ["/proc and /sys (nothing hidden)"] if left else []
