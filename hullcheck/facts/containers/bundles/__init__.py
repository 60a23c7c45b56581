"""What the engine told the runtime of each container when it started: what everything executed in it gets, too."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.registry import fact
from hullcheck.parsing import capabilities, seccomp
from hullcheck.parsing.documents import INTEGER, NAMES, require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import pick
from hullcheck.verdicts import EvidenceError

_SHIM = re.compile(r"l\S+ .* (\d+)/cwd -> /.*/([0-9a-f]{64})")
_BUNDLE = re.compile(r"bundle (\d+) (\d+) (\{.*\})")
_FILTER = re.compile(r"filter (\d+) (\{.*)")
_STATE = re.compile(r"state (\d+) (\d+)")
_SETS = ("bounding", "effective", "inheritable", "permitted", "ambient")
_KEPT = {
    "capabilities": dict.fromkeys(_SETS, True),
    "rlimits": {"type": True, "soft": True, "hard": True},
    "noNewPrivileges": True,
    "apparmorProfile": True,
    "selinuxLabel": True,
    "devices": {"allow": True, "type": True, "major": True, "minor": True, "access": True},
}
_NUMBERS = dict.fromkeys(("major?", "minor?"), INTEGER)
_UNLIMITED = (1 << 64) - 1  # RLIM_INFINITY
_LIMIT = range(_UNLIMITED + 1)
_SHAPE = {
    "capabilities?": (None, {f"{name}?": NAMES for name in _SETS}),
    "rlimits?": [{"type": str, "soft": _LIMIT, "hard": _LIMIT}],
    "noNewPrivileges?": bool,
    "apparmorProfile?": str,
    "selinuxLabel?": str,
    "devices?": (None, [{"allow?": bool, "type?": str, "access?": str, **_NUMBERS}]),
}


def _keep(text: str) -> str:
    return "\n".join(kept for line in text.split("\n") if (kept := _kept(line)))


def _kept(line: str) -> str:
    """A line without what no control needs; of a filter, what is behind it goes too."""
    try:
        if found := _FILTER.fullmatch(line):
            document, _ = json.JSONDecoder().raw_decode(found[2])
            profile = seccomp.of_runc(document.get("seccomp", document))
            return f"filter {found[1]} {json.dumps(seccomp.reduced(profile), separators=(',', ':'))}"
        if found := _BUNDLE.fullmatch(line):
            kept = {"rlimits": []} | pick(json.loads(found[3]), _KEPT)
            return f"bundle {found[1]} {found[2]} {json.dumps(kept, separators=(',', ':'))}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return line if _SHIM.fullmatch(line) or _STATE.fullmatch(line) else ""


BUNDLES = Probe.from_file(__file__, "bundles", _keep)


@dataclass(frozen=True)
class Bundle:
    """What a container was started with.

    Attributes:
        capabilities: all that it has or can get.
        apparmor: the name of its profile; empty where it has none.
        label: its SELinux label; empty where it has none.
        filter: its seccomp profile; None where it has none.
        devices: those that its control group let in, as `c 1:3 rwm`.
        ulimits: those that it has, as `nofile=1024:2048`.
        is_confirmed: whether the runtime itself says that this is the filter; else the engine asked for it.
    """

    capabilities: frozenset[str]
    no_new_privileges: bool
    apparmor: str
    label: str
    filter: seccomp.Profile | None
    devices: tuple[str, ...] = ()
    ulimits: frozenset[str] = frozenset()
    is_confirmed: bool = False

    @classmethod
    def of(
        cls, document: Mapping[str, Any], profile: seccomp.Profile | None, *, is_confirmed: bool = False
    ) -> "Bundle":
        """Read what was kept of a bundle."""
        held = document.get("capabilities") or {}
        return cls(
            frozenset(capabilities.plain(name) for each in _SETS for name in held.get(each) or ()),
            document.get("noNewPrivileges") is True,
            str(document.get("apparmorProfile") or ""),
            str(document.get("selinuxLabel") or ""),
            profile,
            tuple(_device(each) for each in document.get("devices") or () if each.get("allow") is True),
            frozenset(map(_ulimit, document["rlimits"])),
            is_confirmed,
        )


def _document(text: str) -> Mapping[str, Any]:
    return require(decode_json(text, "bundles"), _SHAPE, "bundles")  # type: ignore[no-any-return]


def _ulimit(document: Mapping[str, Any]) -> str:
    """A ulimit as the engine writes it, for which -1 is no limit."""
    soft, hard = (-1 if document[each] == _UNLIMITED else document[each] for each in ("soft", "hard"))
    return f"{document['type'].removeprefix('RLIMIT_').lower()}={soft}:{hard}"


def _device(document: Mapping[str, Any]) -> str:
    """A device as the kernel lists it; what is left out stands for all."""
    major, minor = (document.get(each) for each in ("major", "minor"))
    numbers = ":".join("*" if each is None else str(each) for each in (major, minor))
    return f"{document.get('type') or 'a'} {numbers} {document.get('access') or 'rwm'}"


@fact(BUNDLES)
def bundles(recording: Recording) -> Mapping[str, Bundle]:
    """What each running container was started with, by its id, as far as the auditor may see it.

    Raises:
        EvidenceError: the target did not answer, or not with what such a list is.
    """
    shims: dict[str, str] = {}
    filters: dict[str, Any] = {"0": None}
    found: dict[str, Bundle] = {}
    try:
        lines = recording.text(BUNDLES).split("\n")
        states = {state[1]: state[2] for line in lines if (state := _STATE.fullmatch(line))}
        for line in lines:
            if shim := _SHIM.fullmatch(line):
                shims[shim[1]] = shim[2]
            elif profile := _FILTER.fullmatch(line):
                filters[profile[1]] = seccomp.reduced(json.loads(profile[2]))
        for bundle in filter(None, map(_BUNDLE.fullmatch, lines)):
            if bundle[1] in shims:
                told = states.get(bundle[1])
                held = filters[told or bundle[2]]
                found[shims[bundle[1]]] = Bundle.of(_document(bundle[3]), held, is_confirmed=told is not None)
    except (ValueError, KeyError, TypeError):
        raise EvidenceError("the list of bundles is damaged") from None
    return found
