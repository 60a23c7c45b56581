"""What all formats are made of: findings with their controls and stable ids, and texts that cannot steer a reader."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hullcheck.messages import printable
from hullcheck.results import Attestation, Audit, Result, Waiver, finding_id, sentences
from hullcheck.results.failures import Failure, rank
from hullcheck.verdicts import Verdict

CUT = " […]"
LONGEST = 4000
"""The most characters of a text that a host gives: readers show less, and some refuse more."""
_WORST = list(Verdict)
BAD = (Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR)
"""What formats show that list problems alone."""
SATISFIED, NOT_SATISFIED = "satisfied", "not-satisfied"


class Status(NamedTuple):
    """The names of verdicts in other formats; docs/results.md has the table.

    Attributes:
        hdf: of one result; what makes a control *waived* or *not applicable* there stands beside it.
        oscal: the state of a finding; empty if there is an observation alone.
        ocsf: `status_id` and `status` of the compliance object.
    """

    hdf: str
    oscal: str
    ocsf: tuple[int, str]


STATUS: Mapping[Verdict, Status] = {
    Verdict.PASS: Status("passed", SATISFIED, (1, "Pass")),
    Verdict.FAIL: Status("failed", NOT_SATISFIED, (3, "Fail")),
    Verdict.ERROR: Status("error", "", (99, "Error")),
    Verdict.NOT_APPLICABLE: Status("skipped", "", (99, "Not Applicable")),
    Verdict.MANUAL: Status("skipped", "", (2, "Warning")),
    Verdict.ATTESTED: Status("passed", SATISFIED, (1, "Pass")),
    Verdict.WAIVED: Status("failed", NOT_SATISFIED, (3, "Fail")),
}


class Entry(Failure, frozen=True):
    """A finding with its result, and with the waiver or attestation that decided it."""

    result: Result
    accepted: Waiver | Attestation | None

    @property
    def id(self) -> str:
        return finding_id(self.control.id, self.target, self.finding)

    @property
    def verdict(self) -> Verdict:
        return self.finding.verdict

    @property
    def waiver(self) -> Waiver | None:
        is_waived = self.verdict is Verdict.WAIVED
        return self.accepted if is_waived and isinstance(self.accepted, Waiver) else None

    @property
    def remedy(self) -> str:
        """That of its control, if it fails or is waived."""
        return self.control.remedy if self.verdict in (Verdict.FAIL, Verdict.WAIVED) else ""

    @property
    def number(self) -> str:
        """The control as people call it: its number, else its id."""
        return sentences.called(self.control)

    @property
    def sentence(self) -> str:
        """What was found, in one line without control characters, and not too long."""
        return line(sentences.of_finding(self.finding))

    @property
    def order(self) -> tuple[int, int]:
        return _WORST.index(self.verdict), rank(self.severity)


def entries(audit: Audit) -> Iterator[Entry]:
    """Yield every finding in the order of the results; a result without one counts as a finding of its target."""
    accepted: dict[str, Waiver | Attestation] = {each.place: each for each in audit.waivers}
    accepted |= {each.place: each for each in audit.attestations}
    accepted.pop("", None)
    for result in audit.results:
        control, severity = audit.known[result.control], audit.severity(result)
        for each in result.all_findings:
            yield Entry(control, result.target, severity, each, result, accepted.get(each.accepted_by))


def line(text: str, most: int = LONGEST, *, feeds: bool = False) -> str:
    """Return *text* in one printable line of at most *most* characters; with its line *feeds* in several."""
    shown = printable(text[: most + 1])
    shown = shown if feeds else shown.replace("\n", " ")
    return shown if len(shown) <= most else shown[: most - len(CUT)] + CUT


def json_text(document: Any, indent: int | None = 1) -> str:
    """Return *document* as JSON in which every text is printable."""
    return json.dumps(clean(document), indent=indent, ensure_ascii=True) + "\n"


def clean(value: Any) -> Any:
    """Return *value* with all its texts printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(each) for each in value]
    return value


def seconds(time: str) -> int:
    """Return a time of a run in seconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp())


def accepted_document(entry: Entry) -> dict[str, str]:
    """Return who accepted a finding, why and until when; empty if it is not accepted."""
    by = entry.accepted
    if isinstance(by, Waiver):
        parts = {"reason": by.reason, "by": by.approved_by, "on": by.approved_on, "until": by.last_day}
        parts |= {"ticket": by.ticket, "risk": by.risk, "place": by.place, "kind": "waiver"}
    elif isinstance(by, Attestation):
        parts = {"reason": by.statement, "by": by.person, "on": by.date, "until": by.last_day}
        parts |= {"place": by.place, "kind": "attestation"}
    else:
        parts = {"place": entry.finding.accepted_by}
    return {name: each for name, each in parts.items() if each}
