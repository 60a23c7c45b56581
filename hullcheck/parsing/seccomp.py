"""Seccomp profiles: of the engine's API and files (moby's profiles/seccomp), and of a runtime (OCI's config-linux)."""

from collections.abc import Collection, Mapping
from typing import Any

from hullcheck.parsing.capabilities import DOCKER_DEFAULT, plain
from hullcheck.parsing.go import go_json
from hullcheck.verdicts import EvidenceError

DENYING = frozenset(
    {
        "SCMP_ACT_ERRNO",
        "SCMP_ACT_KILL",
        "SCMP_ACT_KILL_PROCESS",
        "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_TRAP",
    }
)
"""Those that do not let the call through; LOG and ALLOW do, TRACE and NOTIFY leave it to another process."""

_CALLS = """
    _sysctl add_key create_module get_kernel_syms kexec_file_load kexec_load keyctl nfsservctl pivot_root query_module
    request_key swapoff swapon sysfs uselib userfaultfd ustat
"""
DENIED = frozenset(_CALLS.split())
"""The system calls that the engine's own profile denies in every version from 20.10, whatever the capabilities."""

_WITH_CAPABILITY = {
    "BPF": "bpf",
    "DAC_READ_SEARCH": "open_by_handle_at",
    "PERFMON": "perf_event_open",
    "SYSLOG": "syslog",
    "SYS_ADMIN": """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount
        open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
    """,
    "SYS_BOOT": "reboot",
    "SYS_MODULE": "delete_module finit_module init_module",
    "SYS_PACCT": "acct",
    "SYS_RAWIO": "ioperm iopl",
    "SYS_TIME": "clock_settime clock_settime64 settimeofday stime",
    "SYS_TTY_CONFIG": "vhangup",
}
_GUARDED = {
    call: frozenset(each for each, calls in _WITH_CAPABILITY.items() if call in calls.split())
    for names in _WITH_CAPABILITY.values()
    for call in names.split()
}
"""The system calls that the engine's own profile lets through in every version, but only with one of these
capabilities; some of them, as unshare, the kernel would give to everybody."""
_NEW_USERS = (
    0x10000000  # CLONE_NEWUSER, clone(2): the one of its flags for which the kernel asks for no capability
)

_CONDITION = ("index", "value", "valueTwo", "op")
_MANY = len(DENIED) // 2
_IO_URING, _SOCKET = _LATE = ("io_uring_setup", "socket")
_AF_ALG, _AF_VSOCK = 38, 40

_JUDGED = frozenset((*DENIED, *_GUARDED, *_LATE))

_FIELD_NAMES = "defaultAction syscalls names name action args includes caps index value valueTwo op"
_FIELDS = frozenset(_FIELD_NAMES.split())

Profile = Mapping[str, Any]


def read(text: str) -> dict[str, Any]:
    """What of a profile decides, from its text as the engine reads that."""
    try:
        return reduced(go_json(text, _FIELDS))
    except ValueError:
        return reduced(None)


def reduced(profile: Any) -> dict[str, Any]:
    """What of a profile decides: names of calls that are judged, and actions; no word of its own."""
    document = profile if isinstance(profile, dict) else {}
    rules = document.get("syscalls") or []
    whole = isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)
    action = document.get("defaultAction")
    return {
        "defaultAction": action if whole and isinstance(action, str) else None,
        "syscalls": [kept for rule in rules if (kept := _reduced(rule))["names"]] if whole else [],
    }


_RUNC_ACTIONS = "KILL ERRNO TRAP ALLOW TRACE LOG NOTIFY KILL_THREAD KILL_PROCESS"
_RUNC_OPERATORS = "EQ NE GT GE LT LE MASKED_EQ"


def of_runc(profile: Any) -> Any:
    """A profile as runc keeps it in the state of a container, in OCI's words; any other as it is."""
    if not isinstance(profile, dict) or "default_action" not in profile:
        return profile
    rules = profile.get("syscalls")
    return {
        "defaultAction": _word("SCMP_ACT_", _RUNC_ACTIONS, profile["default_action"]),
        "syscalls": [_rule_of_runc(each) if isinstance(each, dict) else each for each in _list(rules)],
    }


def _rule_of_runc(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "names": [rule.get("name")],
        "action": _word("SCMP_ACT_", _RUNC_ACTIONS, rule.get("action")),
        "args": [
            {
                **each,
                "valueTwo": each.get("value_two", 0),
                "op": _word("SCMP_CMP_", _RUNC_OPERATORS, each.get("op")),
            }
            for each in _list(rule.get("args"))
            if isinstance(each, dict)
        ],
    }


def _word(prefix: str, words: str, number: Any) -> str | None:
    """The word for a number of runc's (libcontainer/configs), which counts from 1."""
    names = words.split()
    known = isinstance(number, int) and 0 < number <= len(names)
    return prefix + names[number - 1] if known else None


def _reduced(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule; older profiles have one name. Conditions that are none are left out, and the rule counts for all."""
    names, includes = rule.get("names"), rule.get("includes")
    caps = includes.get("caps") if isinstance(includes, dict) else rule.get("caps")
    args = [each for each in _list(rule.get("args")) if _is_condition(each)]
    listed = [each for each in (*_list(names), rule.get("name")) if isinstance(each, str)]
    kept: dict[str, Any] = {"names": [each for each in listed if each in _JUDGED]}
    if isinstance(rule.get("action"), str):
        kept["action"] = rule["action"]
    if args:
        kept["args"] = [{key: each[key] for key in _CONDITION if key in each} for each in args]
    return kept | ({"caps": [*map(str, caps)]} if isinstance(caps, list) and caps else {})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_condition(value: Any) -> bool:
    numbers = ("index", "value", "valueTwo")
    return isinstance(value, dict) and all(isinstance(value.get(each, 0), int) for each in numbers)


def is_whole(profile: Profile) -> bool:
    """Whether enough of it was kept to be judged."""
    action = profile.get("defaultAction")
    return bool(action) and ("syscalls" in profile or action not in DENYING)


def flaw(profile: Profile, capabilities: Collection[str] = DOCKER_DEFAULT) -> str:
    """Why a profile protects from next to nothing, in words; empty where it does not.

    Args:
        capabilities: those of the container: rules may ask for one.

    Raises:
        EvidenceError: it is not whole.
    """
    if profile.get("defaultAction") not in DENYING:
        return f"allows what it does not list ({_default(profile)})"
    allowed = sorted(each for each in DENIED if _allows(profile, each, capabilities))
    return (
        f"allows by name what the engine's own denies: {', '.join(allowed)}" if len(allowed) > _MANY else ""
    )


def gaps(profile: Profile, capabilities: Collection[str] = DOCKER_DEFAULT) -> tuple[str, ...]:
    """The calls that a profile allows a container with these capabilities, and the engine's own denies it."""
    guarded = (each for each, by in _GUARDED.items() if by.isdisjoint(capabilities))
    wanted = sorted((*DENIED, *guarded))
    return tuple(each for each in wanted if _allows(profile, each, capabilities, _FIRST.get(each)))


_FIRST = {"clone": _NEW_USERS}
"""What is asked of a call that the engine's own profile lets through with other arguments."""


def late_gaps(profile: Profile, capabilities: Collection[str] = DOCKER_DEFAULT) -> tuple[str, ...]:
    """What a profile lets through, and the engine's own denies in newer versions alone, in words."""
    found = {
        "io_uring (denied from version 25)": _allows(profile, _IO_URING, capabilities),
        "sockets of AF_VSOCK": _allows(profile, _SOCKET, capabilities, _AF_VSOCK),
        "sockets of AF_ALG (CVE-2026-31431, denied from version 29.4.2)": _allows(
            profile, _SOCKET, capabilities, _AF_ALG
        ),
    }
    return tuple(name for name, allowed in found.items() if allowed)


def _default(profile: Profile) -> str:
    action = profile.get("defaultAction")
    if not isinstance(action, str) or not action:
        raise EvidenceError("its seccomp profile could not be read")
    return action


def _allows(profile: Profile, call: str, capabilities: Collection[str], first: int | None = None) -> bool:
    """Whether a call goes through, maybe with this *first* argument; one for some arguments alone goes through too."""
    places = (0, 1) if call == "clone" else (0,)  # on s390 the flags of clone are the second
    for rule in profile.get("syscalls") or ():
        given = all(plain(each) in capabilities for each in rule.get("caps") or ())
        if call in rule["names"] and rule.get("action") not in DENYING and given:
            arguments = [each for each in rule.get("args") or () if each.get("index") in places]
            if first is None or all(_meets(first, each) for each in arguments):
                return True
    return False


def _meets(value: int, condition: Mapping[str, Any]) -> bool:
    wanted = int(condition.get("value", 0))
    return {
        "SCMP_CMP_NE": value != wanted,
        "SCMP_CMP_LT": value < wanted,
        "SCMP_CMP_LE": value <= wanted,
        "SCMP_CMP_EQ": value == wanted,
        "SCMP_CMP_GE": value >= wanted,
        "SCMP_CMP_GT": value > wanted,
        "SCMP_CMP_MASKED_EQ": value & wanted == int(condition.get("valueTwo", 0)),
    }.get(str(condition.get("op")), True)
