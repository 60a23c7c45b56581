"""Linux capabilities: names and bits (capabilities(7)), and those that Docker gives where nothing is said."""

from collections.abc import Iterable

_IN_ORDER = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
    SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
    AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
    PERFMON BPF CHECKPOINT_RESTORE
"""
_GIVEN = """
    CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT
    KILL AUDIT_WRITE
"""

NAMES = _IN_ORDER.split()
"""In the order of their bits, from 0."""

DOCKER_DEFAULT = frozenset(_GIVEN.split())
"""What a container has where no option says otherwise (documentation of docker run)."""

ALL = frozenset(NAMES)

BELOW_ROOT = frozenset(("IPC_LOCK", "NET_BIND_SERVICE", "NET_RAW", "SYS_NICE"))
"""What programs are often given in place of root's powers, and which gives none over files and processes of others."""


def names(bits: int) -> frozenset[str]:
    """Return the names of the capabilities in *bits*; one that has no name yet is called by its number."""
    positions = [bit for bit in range(bits.bit_length()) if bits >> bit & 1]
    return frozenset(NAMES[bit] if bit < len(NAMES) else f"CAP_{bit}" for bit in positions)


def granted(added: Iterable[str], dropped: Iterable[str], *, privileged: bool) -> frozenset[str]:
    """Return what the engine gives a container with these settings (the rule of moby's TweakCapabilities)."""
    add, drop = set(map(plain, added)), set(map(plain, dropped))
    if privileged:
        return ALL
    if "ALL" in add:
        return ALL - drop
    if "ALL" in drop:
        return frozenset(add)
    return (DOCKER_DEFAULT - drop) | add


def plain(name: str) -> str:
    """*name* in upper case, without `CAP_`."""
    return name.upper().removeprefix("CAP_")
