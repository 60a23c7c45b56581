"""As whom a target was asked, and what it keeps from such an auditor: no control judges it, but it explains errors."""

import re
from dataclasses import dataclass
from typing import Self

from hullcheck.facts.engine.info import ENGINE
from hullcheck.facts.host.accounts import ACCOUNTS
from hullcheck.facts.host.system import auditor
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer, Probe
from hullcheck.verdicts import EvidenceError

_UNSEEN = "files, processes of others and audit rules are not seen"
_REFUSED = re.compile(r"^failed:.*permission denied", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Rights:
    """As whom the script ran.

    Attributes:
        user: the name; the number where the target has no name for it.
        is_root: whether that is root, in the user namespace of the target.
        refused: whether the engine refused to answer this user.
        answered: whether the engine answered.
    """

    user: str
    is_root: bool
    refused: bool
    answered: bool

    @classmethod
    def of(cls, recording: Recording) -> Self | None:
        """What *recording* says of it; None where it does not."""
        try:
            number = str(auditor(recording))
        except EvidenceError:
            return None
        said = _answer(recording, ENGINE).stdout
        refused = bool(_REFUSED.search(said))
        return cls(_name(recording, number), number == "0", refused, '"ServerVersion":"' in said)

    def __str__(self) -> str:
        """In a few words, with what such a user cannot see."""
        if self.is_root:
            return f"as {self.user}"
        if self.refused:
            return f"as {self.user}, not root, may not use the engine: nothing of it is seen; {_UNSEEN}"
        may = ", may use the engine" if self.answered else ""
        return f"as {self.user}, not root{may}: {_UNSEEN}"


def _answer(recording: Recording, probe: Probe) -> Answer:
    return recording.answers.get(probe.name, Answer(probe.name, 1, "", ""))


def _name(recording: Recording, number: str) -> str:
    """The first name that the target has for a user's number."""
    found = re.search(rf"^user:([^:\n]+):{number}:", _answer(recording, ACCOUNTS).stdout, re.MULTILINE)
    return found[1] if found else "root" if number == "0" else f"the user {number}"
