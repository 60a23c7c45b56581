"""The parts of /proc and /sys that an engine keeps from containers, and whether one has them all the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.engine import Engine
from hullcheck.parsing.proc.mountinfo import Mount, is_below

_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_NO = ("false", "False", "FALSE", "f", "F", "0")  # strconv.ParseBool of Go
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


def writable_groups(options: Mapping[str, str]) -> str:
    """The value of `--security-opt writable-cgroups` by which control groups can be written to; empty where none is."""
    asked = options.get("writable-cgroups", "false")
    return "" if asked in _NO else asked


def will_map_users(configuration: Configuration, engine: Engine) -> bool:
    """Whether root in a container will be nobody to the files of the host's root."""
    return engine.remaps_users and configuration.user_namespace_mode != "host"


def will_see_all_groups(configuration: Configuration, engine: Engine) -> bool:
    """Whether a container will be able to write to all control groups of the host, once it runs.

    Without a namespace for them cgroup v2 shows it the whole hierarchy (runc: mountCgroupV2), and v1 its own alone, as
    a rootless engine does.
    """
    if configuration.privileged or engine.rootless or will_map_users(configuration, engine):
        return False
    mode = configuration.description["HostConfig"].get("CgroupnsMode")
    asked = writable_groups(configuration.security_options)
    return bool(asked) and mode == "host" and engine.info.get("CgroupVersion") == "2"
