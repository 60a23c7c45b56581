"""What scanners found in images: their reports in a folder that the policy names, reduced to digest, date and counts.

The probe's answer has a line for each report, `report:SECONDS:SIZE:PATH`, or `left-out:...` where it is too much to
be read. Then follows what is in them, after `content:PATH` and each line behind a colon. Of that only what `_reduced`
makes of it is kept.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from hullcheck.data.severities import SEVERITIES
from hullcheck.facts.engine import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing.times import CLOCK_SLACK, DAY
from hullcheck.policy import Policy
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError

_LISTED = re.compile(r"(report|left-out):(\d+):\d+:(.*)")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PACKAGES = ("os-pkgs", "lang-pkgs")  # what Trivy calls the results that tell of packages
_UNKNOWN = "unknown"


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
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {"Fault": "not JSON, or cut off" if text.strip() else "empty"}
    try:
        if "manifest_hash" in document:
            return _clair(document)
        if "SchemaVersion" in document:
            return _trivy(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return {"Fault": f"not as its format is: {type(error).__name__}"}
    return {"Fault": "no report of Trivy or Clair on an image"}


def _trivy(document: Mapping[str, Any]) -> dict[str, Any]:
    if document["SchemaVersion"] != 2 or document["ArtifactType"] != "container_image":
        return {"Fault": "no report of Trivy's schema 2 on an image"}
    results = document.get("Results") or ()
    severities = [each["Severity"] for result in results for each in result.get("Vulnerabilities") or ()]
    created, system = document.get("CreatedAt"), document["Metadata"].get("OS") or {}
    return {
        "Tool": "Trivy",
        "Digest": _digest(document["Metadata"]["ImageID"]),
        "Created": None if created is None else _seconds(created),
        "Counts": _counts(severities),
        "Packages": any(result.get("Class") in _PACKAGES for result in results),
        "Ended": system.get("EOSL") is True,
    }


def _clair(document: Mapping[str, Any]) -> dict[str, Any]:
    known = document["vulnerabilities"] or {}
    for ids in (document["package_vulnerabilities"] or {}).values():
        for each in ids or ():
            known[each]  # raises where it tells of one that it does not list
    return {
        "Tool": "Clair",
        "Digest": _digest(document["manifest_hash"]),
        "Created": None,
        "Counts": _counts([each["normalized_severity"] for each in known.values()]),
        "Packages": bool(document["packages"]),
        "Ended": False,
    }


def _digest(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise ValueError(text)
    return text


def _seconds(text: str) -> float:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.timestamp()


def _counts(severities: list[str]) -> dict[str, int]:
    words = (each.lower() for each in severities)
    return dict(Counter(word if word in SEVERITIES else _UNKNOWN for word in words))


SCAN_REPORTS = Probe.from_file(__file__, "scan_reports", _keep)


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
    """

    file: str
    tool: str
    digest: str
    created: float
    dated: bool
    counts: Mapping[str, int]
    tells_of_packages: bool
    ended: bool

    def above(self, severity: str) -> dict[str, int]:
        """The counts of what is worse than *severity*, the worst first."""
        worse = reversed(SEVERITIES[SEVERITIES.index(severity) + 1 :])
        return {word: self.counts[word] for word in worse if self.counts.get(word)}

    def doubt(self, severity: str) -> str:
        """Why it does not tell that nothing is worse than *severity*, in words; empty where it does."""
        if not self.tells_of_packages:
            return "tells of no package that was looked at"
        if self.ended:
            return "its distribution gets no updates any more, so that new weaknesses are not known of it"
        unrated = self.counts.get(_UNKNOWN, 0)
        return (
            f"weaknesses that it could not rate: {unrated}" if unrated and severity != SEVERITIES[-1] else ""
        )

    def days(self, now: float) -> float:
        """How many days before *now* it was made."""
        return max(now - self.created, 0) / DAY

    def shown(self, now: float) -> str:
        """Its scanner, age and file, in words."""
        by = "" if self.dated else " by the time of its file"
        return f"{self.tool}, {self.days(now):.0f} days ago{by} ({self.file})"


class ScanReports:
    """All reports in the folder that the policy names; read when they are first asked for."""

    def __init__(self, recording: Recording, folder: str) -> None:
        self._recording = recording
        self._folder = folder

    @cached_property
    def _documents(self) -> tuple[dict[str, Any], ...]:
        head, *lines = self._recording.text(SCAN_REPORTS).split("\n")
        if not head:
            raise EvidenceError("the recording was made without a folder of scan reports")
        if head != f"folder:{self._folder}":
            asked = head.removeprefix("folder:")
            raise EvidenceError(f"the recording has the scan reports of {asked}, not of {self._folder}")
        return tuple(decode_json(line, SCAN_REPORTS.name) for line in lines if line)

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
                created = each["Created"]
                yield Report(
                    str(each["File"]),
                    str(each["Tool"]),
                    str(each["Digest"]),
                    float(each["Changed"] if created is None else created),
                    created is not None,
                    each["Counts"],
                    bool(each["Packages"]),
                    bool(each.get("Ended")),
                )

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
