"""What scanners found in images: their reports in a folder that the policy names, reduced to digest, date and counts.

The probe's answer has a line for each report, `report:SECONDS:SIZE:PATH`, or `left-out:...` where it is too much to
be read. Then follows what is in them, after `content:PATH` and each line behind a colon. Of that only what `_reduced`
makes of it is kept.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from hullcheck import inputs
from hullcheck.data.severities import SEVERITIES
from hullcheck.facts.engine import Engine
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

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DAY = (None, str)
_TIME = (None, INTEGER, float)
_TRIVY = {
    "SchemaVersion": range(2, 3),
    "ArtifactType": frozenset(("container_image",)),
    "CreatedAt?": _DAY,
    "Metadata": {
        "ImageID": _DIGEST,
        "OS?": (None, {"Family?": str, "EOSL?": bool}),
    },
    "Results?": (
        None,
        [
            {
                "Class?": str,
                "Vulnerabilities?": (
                    None,
                    [
                        {
                            "Severity": frozenset(("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")),
                            "PublishedDate?": _DAY,
                            "LastModifiedDate?": _DAY,
                            "FixedVersion?": (None, str),
                        }
                    ],
                ),
                "ExperimentalModifiedFindings?": (None, [object]),
            }
        ],
    ),
}
_CLAIR_WORDS = frozenset(("Unknown", "Negligible", "Low", "Medium", "High", "Critical"))
_CLAIR = {
    "manifest_hash": _DIGEST,
    "packages": (None, {"*": object}),
    "package_vulnerabilities": (None, {"*": (None, [str])}),
    "vulnerabilities": (
        None,
        {"*": {"normalized_severity": _CLAIR_WORDS, "issued?": _DAY, "fixed_in_version?": (None, str)}},
    ),
}
_FILE = {"File": str, "Changed": COUNT}
_FAULT = {**_FILE, "Fault": str}
"""What is kept of a report that says nothing."""
_REPORT = {
    **_FILE,
    "Tool": frozenset(("Trivy", "Clair")),
    "Digest": _DIGEST,
    "Created": _TIME,
    "Counts": {"*": COUNT},
    "Packages": bool,
    **dict.fromkeys(("Ended?", "FixedAlone?"), bool),
    **dict.fromkeys(("Unfixed?", "Hidden?"), COUNT),
    "Newest?": _TIME,
}
"""What is kept of one that says something."""

# ---- what is kept

_PACKAGES = ("os-pkgs", "lang-pkgs")  # what Trivy calls the results that tell of packages
_UNKNOWN = "unknown"
_FIXED_WORDS = """
    alma alpine amazon chainguard minimos opensuse opensuse-leap opensuse-tumbleweed oracle photon rocky sles wolfi
"""
_FIXED_ALONE = frozenset(_FIXED_WORDS.split())
"""Distributions that tell of a weakness when they have mended it: nothing is lost where others are left out."""
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
    read = {"Fault": "too much to be read"} if word == "left-out" else _reduced("\n".join(lines))
    return json.dumps(file | read, separators=(",", ":"))


def _reduced(text: str) -> dict[str, Any]:
    """What a report says, or why it says nothing."""
    try:
        document = inputs.decode(text)
    except json.JSONDecodeError:
        return {"Fault": "not JSON, or cut off" if text.strip() else "empty"}
    except ValueError as error:
        return {"Fault": f"damaged: it {error}"}
    try:
        if isinstance(document, dict) and "manifest_hash" in document:
            return _clair(require(document, _CLAIR, ""))
        if isinstance(document, dict) and "SchemaVersion" in document:
            return _trivy(document)
    except EvidenceError as error:  # without what it says there
        return {"Fault": f"not as its format is: {str(error).partition(' is ')[0].removeprefix(': ')}"}
    except (KeyError, ValueError) as error:
        return {"Fault": f"not as its format is: {type(error).__name__}"}
    return {"Fault": "no report of Trivy or Clair on an image"}


def _trivy(document: Mapping[str, Any]) -> dict[str, Any]:
    if document["SchemaVersion"] != 2 or document.get("ArtifactType") != "container_image":
        return {"Fault": "no report of Trivy's schema 2 on an image"}
    require(document, _TRIVY, "")
    results = document.get("Results") or ()
    found = [each for result in results for each in result.get("Vulnerabilities") or ()]
    created, system = document.get("CreatedAt"), document["Metadata"].get("OS") or {}
    return {
        "Tool": "Trivy",
        "Digest": document["Metadata"]["ImageID"],
        "Created": None if created is None else _seconds(created),
        "Counts": _counts([each["Severity"] for each in found]),
        "Packages": any(result.get("Class") in _PACKAGES for result in results),
        "Ended": system.get("EOSL") is True,
        "Newest": _newest(each.get(name) for each in found for name in ("PublishedDate", "LastModifiedDate")),
        "Unfixed": sum(not each.get("FixedVersion") for each in found),
        "FixedAlone": system.get("Family") in _FIXED_ALONE,
        "Hidden": sum(len(result.get("ExperimentalModifiedFindings") or ()) for result in results),
    }


def _clair(document: Mapping[str, Any]) -> dict[str, Any]:
    known = document["vulnerabilities"] or {}
    for ids in (document["package_vulnerabilities"] or {}).values():
        for each in ids or ():
            known[each]  # raises where it tells of one that it does not list
    return {
        "Tool": "Clair",
        "Digest": document["manifest_hash"],
        "Created": None,
        "Counts": _counts([each["normalized_severity"] for each in known.values()]),
        "Packages": bool(document["packages"]),
        "Ended": False,
        "Newest": _newest(each.get("issued") for each in known.values()),
        "Unfixed": sum(not each.get("fixed_in_version") for each in known.values()),
        "FixedAlone": False,
        "Hidden": 0,
    }


def _seconds(text: str) -> float:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.timestamp()


def _newest(days: Iterable[str | None]) -> float | None:
    """The newest day on which the list of weaknesses changed, as far as the report tells."""
    return max((_seconds(each) for each in days if each), default=None)


def _counts(severities: list[str]) -> dict[str, int]:
    words = (each.lower() for each in severities)
    return dict(Counter(word if word in SEVERITIES else _UNKNOWN for word in words))


_NAME = "scan_reports"
SCAN_REPORTS = Probe.from_file(__file__, _NAME, _keep)
SCANNERS = ("Trivy", "Clair")
"""What writes the reports that can be read, as `Report.tool` names it."""


@dataclass(frozen=True)
class Report:
    """One report of a scanner.

    Attributes:
        digest: of the image that was scanned: of its configuration, or of its manifest.
        created: seconds since the epoch.
        dated: whether it says itself when it was made; else *created* is the time of its file.
        counts: of the weaknesses by how bad they are; `unknown` where the scanner could not tell.
        tells_of_packages: whether any list of packages was looked at.
        ended: whether it says that the distribution in the image gets no updates any more.
        newest: when a weakness that it lists was last changed; None where it lists none with a day.
        unfixed: how many of them have no fix yet.
        fixed_alone: whether its distribution tells of no weakness before there is a fix.
        hidden: how many weaknesses it says that it left out.
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

    def above(self, severity: str) -> dict[str, int]:
        """The counts of what is worse than *severity*, the worst first."""
        worse = reversed(SEVERITIES[SEVERITIES.index(severity) + 1 :])
        return {word: self.counts[word] for word in worse if self.counts.get(word)}

    def doubt(self, limits: ScanLimits, now: float) -> str:
        """Why it does not tell that the image keeps these limits, in words; empty where it does."""
        if not self.tells_of_packages:
            return "tells of no package that was looked at"
        if self.ended:
            return "its distribution gets no updates any more, so that new weaknesses are not known of it"
        unrated = self.counts.get(_UNKNOWN, 0)
        if unrated and limits.highest_severity != SEVERITIES[-1]:
            return f"weaknesses that it could not rate: {unrated}"
        return self._filtered or self._outdated(limits.max_age_days, now)

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
