"""Capabilities, seccomp profiles and SELinux labels."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hullcheck.verdicts import EvidenceError

# ---- capabilities(7)

_IN_ORDER = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
    SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
    AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
    PERFMON BPF CHECKPOINT_RESTORE
"""
_CAPABILITIES = _IN_ORDER.split()  # in the order of their bits, from 0
_GIVEN = """
    CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT
    KILL AUDIT_WRITE
"""
DOCKER_DEFAULT = frozenset(_GIVEN.split())  # by the documentation of docker run
BELOW_ROOT = frozenset(("IPC_LOCK", "NET_BIND_SERVICE", "NET_RAW", "SYS_NICE"))  # no power over what others own


def capability_names(bits: int) -> frozenset[str]:
    """Return the names of capabilities in *bits*, or `CAP_` and a number for an unknown one."""
    known = dict(enumerate(_CAPABILITIES))
    return frozenset(known.get(bit, f"CAP_{bit}") for bit in range(bits.bit_length()) if bits >> bit & 1)


def given_capabilities(added: Iterable[str], dropped: Iterable[str], *, privileged: bool) -> frozenset[str]:
    """Return the capabilities that the engine gives a container (as moby's TweakCapabilities)."""
    add, drop = set(map(plain_capability, added)), set(map(plain_capability, dropped))
    if privileged:
        return frozenset(_CAPABILITIES)
    if "ALL" in add:
        return frozenset(_CAPABILITIES) - drop
    if "ALL" in drop:
        return frozenset(add)
    return (DOCKER_DEFAULT - drop) | add


def plain_capability(name: str) -> str:
    """Return *name* in upper case, without `CAP_`."""
    return name.upper().removeprefix("CAP_")


# ---- seccomp profiles (moby's profiles/seccomp)

_DENYING = frozenset(f"SCMP_ACT_{each}" for each in ("ERRNO", "KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP"))
"""LOG and ALLOW allow a call, TRACE and NOTIFY leave it to another process."""

SeccompProfile = Mapping[str, Any]


def read_seccomp(text: str) -> dict[str, Any]:
    """Return the part of a profile that is judged: the default action, or None if ambiguous."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    pairs = document.items() if isinstance(document, dict) else ()
    actions = [each for key, each in pairs if key.casefold() == "defaultaction"]  # Go reads keys in any case
    return {"defaultAction": actions[0] if len(actions) == 1 and isinstance(actions[0], str) else None}


def seccomp_flaw(profile: SeccompProfile) -> str:
    """Return the flaw of a profile that allows by default, or an empty string."""
    action = profile.get("defaultAction")
    if not action:
        raise EvidenceError("the seccomp profile could not be read")
    return "" if action in _DENYING else f"allows what it does not list ({action})"


# ---- labels of SELinux (container-selinux and the reference policy)

_UNCONFINED = """
    anaconda_t bootloader_t cluster_t container_runtime_t docker_t init_t initrc_t insmod_t kernel_t kubelet_t
    rpm_script_t rpm_t spc_t udev_t
"""


def selinux_type(label: str) -> str:
    """Return the type in `user:role:type:level`, or an empty string."""
    return [*label.split(":", 3), "", "", ""][2]


def is_unconfined(kind: str) -> bool:
    """Return whether processes of this type have root's full rights, or can get them."""
    return not kind or kind.startswith("unconfined_") or kind in _UNCONFINED.split()
