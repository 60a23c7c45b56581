"""The identity of a target's machine and engine, and the rights of the auditor: evidence only."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Self

from msgspec import Struct

from hullcheck.facts.engine.info import ENGINE, section
from hullcheck.facts.engine.models import Info
from hullcheck.facts.host.accounts import ACCOUNTS
from hullcheck.facts.host.system import auditor, machine_id
from hullcheck.parsing.answer_lines import grouped
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError

UNKNOWN = "unknown"
_OVER_SSH = ("ssh", "safe-ssh", "paramiko")


class Identity(Struct, frozen=True):
    """The ids of a target's machine, engine and SSH host key, each `unknown` if not known."""

    machine_id: str
    engine_id: str
    host_key: str

    @classmethod
    def of(cls, recording: Recording) -> Self:
        machine = engine = UNKNOWN
        with suppress(EvidenceError):
            machine = machine_id(recording) or UNKNOWN
        with suppress(EvidenceError):
            engine = section(recording, ENGINE, "info", Info, "docker info").id or UNKNOWN
        return cls(machine, engine, recording.host_key or (UNKNOWN if recording.backend in _OVER_SSH else ""))


def same_engine(identities: Mapping[str, Identity]) -> dict[str, tuple[str, ...]]:
    """Return by target the others with the same engine id, as copied machines may have."""
    return _alike((name, each.engine_id) for name, each in identities.items())


def same_machine(identities: Mapping[str, Identity]) -> dict[str, tuple[str, ...]]:
    """Return by target the others with the same machine id, unless both engines are known and differ."""
    known = {name for name, each in identities.items() if each.engine_id != UNKNOWN}
    alike = _alike((name, each.machine_id) for name, each in identities.items())
    found = {name: tuple(each for each in others if not {name, each} <= known) for name, others in alike.items()}
    return {name: others for name, others in found.items() if others}


def _alike(ids: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    names = grouped((each, name) for name, each in ids if each != UNKNOWN).values()
    return {name: tuple(each for each in group if each != name) for group in names if len(group) > 1 for name in group}


def user_without_rights(recording: Recording) -> str:
    """Return the user who ran the script, or an empty string if that was root or is unknown."""
    try:
        number = str(auditor(recording))
    except EvidenceError:
        return ""
    accounts = recording.answers[ACCOUNTS.name].stdout if ACCOUNTS.name in recording.answers else ""
    named = re.search(rf"^user:([^:\n]+):{number}:", accounts, re.MULTILINE)
    return "" if number == "0" else named[1] if named else f"the user {number}"
