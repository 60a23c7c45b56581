"""The user of an audit, and what such a user cannot see: no control judges it, but it explains errors."""

import re
from typing import Self

from msgspec import Struct

from hullcheck.facts.engine.info import ENGINE
from hullcheck.facts.host.accounts import ACCOUNTS
from hullcheck.facts.host.system import auditor
from hullcheck.lazy import regex
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError

_UNSEEN = "files, processes of others and audit rules are not seen"
_REFUSED = regex(r"^failed:.*permission denied", re.MULTILINE | re.IGNORECASE)


class Rights(Struct, frozen=True):
    """The user as whom the script ran, and whether the engine answered or refused this user."""

    user: str
    is_root: bool
    refused: bool
    answered: bool

    @classmethod
    def of(cls, recording: Recording) -> Self | None:
        """Return what *recording* says of it, or None if it does not."""
        try:
            number = str(auditor(recording))
        except EvidenceError:
            return None
        text = _text(recording, ENGINE)
        refused = bool(_REFUSED.search(text))
        return cls(_name(recording, number), number == "0", refused, '"ServerVersion":"' in text)

    def __str__(self) -> str:
        if self.is_root:
            return f"as {self.user}"
        if self.refused:
            return f"as {self.user}, not root, may not use the engine: nothing of it is seen; {_UNSEEN}"
        may = ", may use the engine" if self.answered else ""
        return f"as {self.user}, not root{may}: {_UNSEEN}"


def _text(recording: Recording, probe: Probe) -> str:
    answer = recording.answers.get(probe.name)
    return answer.stdout if answer else ""


def _name(recording: Recording, number: str) -> str:
    """Return the first name that the target has for a user's number."""
    found = re.search(rf"^user:([^:\n]+):{number}:", _text(recording, ACCOUNTS), re.MULTILINE)
    return found[1] if found else "root" if number == "0" else f"the user {number}"
