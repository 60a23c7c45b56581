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
from hullcheck.facts.engine import Engine
from hullcheck.facts.images.scans.formats import DIGEST, UNKNOWN, reduced
from hullcheck.facts.registry import fact
from hullcheck.parsing.documents import COUNT, INTEGER, require
from hullcheck.parsing.times import CLOCK_SLACK, DAY, day
from hullcheck.policy import Policy
from hullcheck.policy import ScanReports as ScanLimits
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError

_LISTED = re.compile(r"(report|left-out):(\d+):\d+:(.*)")
# ---- the documents by type, as far as they are read

_TIME = (None, INTEGER, float)
_FILE = {"File": str, "Changed": COUNT}
_FAULT = {**_FILE, "Fault": str}
"""What is kept of a report that says nothing."""
_REPORT = {
    **_FILE,
    "Tool": frozenset(("Trivy", "Clair", "Grype")),
    "Digest": DIGEST,
    "Created": _TIME,
    "Counts": {"*": COUNT},
    "Packages": bool,
    **dict.fromkeys(("Ended?", "FixedAlone?"), bool),
    **dict.fromkeys(("Unfixed?", "Hidden?"), COUNT),
    "Newest?": _TIME,
    "Known?": _TIME,
    "LeftOut?": str,
}
"""What is kept of one that says something."""

# ---- what is kept

_CURRENT_DAYS = 120
"""A list of weaknesses in which nothing changed for so long is an old one."""


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
SCAN_REPORTS = Probe.from_file(__file__, _NAME, _keep)
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
        tells_of_packages: whether any list of packages was looked at, and that of the system if it knows that.
        ended: whether it says that the distribution in the image gets no updates any more.
        newest: when a weakness that it lists was last changed; None where it lists none with a day.
        unfixed: how many of them have no fix yet.
        fixed_alone: whether its distribution tells of no weakness before there is a fix.
        hidden: how many weaknesses it says that it left out.
        known: of what day its scanner's list of weaknesses is; None where it does not tell.
        left_out: why weaknesses may have been left out, empty for no reason; None where it does not tell its options.
    """

    file: str
    tool: str
    digest: str
    created: float
    dated: bool
    counts: Mapping[str, int]
    tells_of_packages: bool
    ended: bool
    newest: float | None
    unfixed: int
    fixed_alone: bool
    hidden: int
    known: float | None = None
    left_out: str | None = None

    def above(self, severity: str) -> dict[str, int]:
        """The counts of what is worse than *severity*, the worst first."""
        worse = reversed(SEVERITIES[SEVERITIES.index(severity) + 1 :])
        return {word: self.counts[word] for word in worse if self.counts.get(word)}

    def doubt(self, limits: ScanLimits, now: float) -> str:
        """Why it does not tell that the image keeps these limits, in words; empty where it does."""
        if not self.tells_of_packages:
            return "tells of no package that was looked at, or of none of the system in the image"
        if self.ended:
            return "its distribution gets no updates any more, so that new weaknesses are not known of it"
        unrated = self.counts.get(UNKNOWN, 0)
        if unrated and limits.highest_severity != SEVERITIES[-1]:
            return f"weaknesses that it could not rate: {unrated}"
        if self.left_out is None:
            return self._filtered or self._outdated(limits.max_age_days, now)
        return self.left_out or self._by_an_old_list(limits.max_age_days)

    @property
    def _filtered(self) -> str:
        """Why worse weaknesses may have been kept out of it; empty where it shows that none were."""
        if self.hidden:
            return f"weaknesses that the scan was told to ignore: {self.hidden}"
        if not any(self.counts.values()):
            return (
                "no weakness at all, and it does not tell whether any was looked for (--scanners, --severity)"
            )
        if not self.unfixed and not self.fixed_alone:
            return "each of its weaknesses has a fix: others may have been left out (--ignore-unfixed)"
        return (
            ""
            if set(self.counts) - set(SEVERITIES[-2:])
            else (f"nothing below {SEVERITIES[-2]} is in it: it may have been filtered (--severity)")
        )

    def _outdated(self, limit: int, now: float) -> str:
        """Why it, or the list of weaknesses that its scanner had, may be older than it seems."""
        if self.newest is None:
            return "none of its weaknesses has a day, so the scanner's list of them may be an old one"
        known = f"the newest weakness that it lists is of {day(self.newest)}"
        if not self.dated and now - self.newest > limit * DAY:
            return f"it does not say when it was made, and {known}: allowed are {limit} days"
        old = self.created - self.newest > _CURRENT_DAYS * DAY
        return f"{known}: the scanner's list of them may be an old one" if old else ""

    def _by_an_old_list(self, limit: int) -> str:
        """Why the list of weaknesses that its scanner had is too old."""
        if self.known is None:
            return "it does not tell of what day the scanner's list of weaknesses is, or that is not in order"
        if self.created - self.known <= limit * DAY:
            return ""
        return f"the scanner's list of weaknesses is of {day(self.known)}: allowed are {limit} days"

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
    created, newest = read["Created"], read.get("Newest")
    return Report(
        file=str(read["File"]),
        tool=str(read["Tool"]),
        digest=str(read["Digest"]),
        created=float(read["Changed"] if created is None else created),
        dated=created is not None,
        counts=read["Counts"],
        tells_of_packages=bool(read["Packages"]),
        ended=bool(read.get("Ended")),
        newest=newest,
        unfixed=int(read.get("Unfixed", 0)),
        fixed_alone=bool(read.get("FixedAlone")),
        hidden=int(read.get("Hidden", 0)),
        known=read.get("Known"),
        left_out=read.get("LeftOut"),
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
