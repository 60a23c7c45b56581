"""What scanners found in images: their reports in a folder that the policy names, reduced to digest, date and counts.

The probe's answer has a line for each report, `report:SECONDS:SIZE:PATH`, or `left-out:...` where it is too much to
be read. Then follows what is in them, after `content:PATH` and each line behind a colon. Of that only what `reduced`
makes of it is kept.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hullcheck.data.severities import SEVERITIES
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.images.scan_formats import DIGEST, UNKNOWN, reduced
from hullcheck.facts.registry import fact
from hullcheck.parsing.documents import COUNT, INTEGER, require
from hullcheck.parsing.times import CLOCK_SLACK, DAY, day
from hullcheck.policy import Policy
from hullcheck.policy import ScanReports as ScanLimits
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError

_CURRENT_DAYS = 120
"""A list of weaknesses in which nothing changed for so long is an old one."""
_LISTED = re.compile(r"(report|left-out):(\d+):\d+:(.*)")
_FILE = {"File": str, "Changed": COUNT}
_FAULT = {**_FILE, "Fault": str}
"""What is kept of a report that says nothing."""
_REPORT = {
    **_FILE,
    "Tool": frozenset(("Trivy", "Clair", "Grype")),
    "Digest": DIGEST,
    **dict.fromkeys(("Created", "Known"), (None, INTEGER, float)),
    "Counts": {"*": COUNT},
    "Doubt": str,
}
"""What is kept of one that says something."""


def _keep(text: str) -> str:
    head, listed, contents = list[str](), list[re.Match[str]](), dict[str, list[str]]()
    current = list[str]()
    for line in text.split("\n"):
        if line.startswith(":"):
            current.append(line[1:])
        elif line.startswith("content:"):
            current = contents.setdefault(line.removeprefix("content:"), [])
        elif found := _LISTED.fullmatch(line):
            listed.append(found)
        elif line.startswith("folder:"):
            head.append(line)
    kept = (_kept(each[1], each[2], each[3], contents.get(each[3], ())) for each in listed)
    return "\n".join((*head, *kept, ""))


def _kept(word: str, changed: str, path: str, lines: list[str] | tuple[()]) -> str:
    file = {"File": path.rpartition("/")[2], "Changed": int(changed)}
    read = {"Fault": "too much to be read"} if word == "left-out" else reduced("\n".join(lines))
    return json.dumps(file | read, separators=(",", ":"))


_NAME = "scan_reports"
SCAN_REPORTS = Probe.from_file(_NAME, _keep)
SCANNERS = ("Trivy", "Clair", "Grype")
"""What writes the reports that can be read, as `Report.tool` names it."""


@dataclass(frozen=True)
class Report:
    """One report of a scanner.

    Attributes:
        digest: of the image that was scanned: of its configuration, or of its manifest.
        created: seconds since the epoch.
        dated: whether it says itself when it was made; else *created* is the time of its file.
        counts: of the weaknesses by how bad they are; `unknown` where the scanner could not tell.
        known: of what day its list of weaknesses is at least, in seconds since the epoch; None if it does not tell.
        doubted: why it may not tell of all weaknesses, or "" if it does.
    """

    file: str
    tool: str
    digest: str
    created: float
    dated: bool
    counts: Mapping[str, int]
    known: float | None
    doubted: str

    def above(self, severity: str) -> dict[str, int]:
        """Return the counts of what is worse than *severity*, the worst first."""
        worse = reversed(SEVERITIES[SEVERITIES.index(severity) + 1 :])
        return {word: self.counts[word] for word in worse if self.counts.get(word)}

    def doubt(self, limits: ScanLimits) -> str:
        """Return why it does not tell that the image keeps these limits, or "" if it does."""
        unrated = self.counts.get(UNKNOWN, 0)
        if unrated and limits.highest_severity != SEVERITIES[-1]:
            return f"weaknesses that it could not rate: {unrated}"
        if self.doubted:
            return self.doubted
        if self.known is None or self.created - self.known > _CURRENT_DAYS * DAY:
            of = "no known day" if self.known is None else day(self.known)
            return f"the scanner's list of weaknesses is of {of}: it may be an old one"
        return ""

    def days(self, now: float) -> float:
        """How many days before *now* it was made."""
        return max(now - self.created, 0) / DAY

    def shown(self, now: float) -> str:
        """Its scanner, age and file, in words."""
        by = "" if self.dated else " by the time of its file"
        return f"{self.tool}, {self.days(now):.0f} days ago{by} ({self.file})"


def _kept_document(line: str) -> dict[str, Any]:
    document = decode_json(line, _NAME)
    is_fault = isinstance(document, dict) and "Fault" in document
    return require(document, _FAULT if is_fault else _REPORT, _NAME)  # type: ignore[no-any-return]


def _report(read: Mapping[str, Any]) -> Report:
    created = read["Created"]
    return Report(
        file=read["File"],
        tool=read["Tool"],
        digest=read["Digest"],
        created=float(read["Changed"] if created is None else created),
        dated=created is not None,
        counts=read["Counts"],
        known=read["Known"],
        doubted=read["Doubt"],
    )


@dataclass(frozen=True)
class ScanReports:
    """All reports in the folder that the policy names; read when they are first asked for."""

    recording: Recording
    folder: str

    @cached_property
    def _documents(self) -> tuple[dict[str, Any], ...]:
        head, *lines = self.recording.text(SCAN_REPORTS).split("\n")
        if not head:
            raise EvidenceError("the recording was made without a folder of scan reports")
        if head != f"folder:{self.folder}":
            asked = head.removeprefix("folder:")
            raise EvidenceError(f"the recording has the scan reports of {asked}, not of {self.folder}")
        return tuple(map(_kept_document, filter(None, lines)))

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """The files that are no report or could not be read, in words.

        Raises:
            EvidenceError: the folder could not be read.
        """
        return tuple(f"{each['File']} ({each['Fault']})" for each in self._documents if "Fault" in each)

    @cached_property
    def _by_digest(self) -> dict[str, list[Report]]:
        found = dict[str, list[Report]]()
        for report in self._reports():
            found.setdefault(report.digest, []).append(report)
        return found

    def _reports(self) -> Iterator[Report]:
        for each in self._documents:
            if "Fault" not in each:
                yield _report(each)

    def about(self, digests: frozenset[str]) -> tuple[Report, ...]:
        """The reports on the image that has these digests, the newest first.

        Raises:
            EvidenceError: the folder could not be read.
        """
        found = [each for digest in digests for each in self._by_digest.get(digest, ())]
        return tuple(sorted(found, key=lambda each: (-each.created, each.file)))

    def newest(self, digests: frozenset[str], now: float) -> dict[str, Report]:
        """By scanner its newest report on the image that has these digests; none that is of the future.

        Raises:
            EvidenceError: the folder could not be read.
        """
        return {
            each.tool: each for each in reversed(self.about(digests)) if each.created <= now + CLOCK_SLACK
        }


@fact(SCAN_REPORTS)
def scan_reports(recording: Recording, engine: Engine, policy: Policy) -> ScanReports | None:
    """What scanners found in images; None where the policy names no reports."""
    named = policy.scan_reports
    return ScanReports(recording, named.folder) if named else None
