"""The formats of scanners: what a report says of one image, or why it says nothing.

Clair and Trivy do not tell with which options they were run, Grype does.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from hullcheck.data.severities import SEVERITIES
from hullcheck.parsing.models import Model
from hullcheck.parsing.times import DAY

UNKNOWN = "unknown"
SCANNERS = ("Trivy", "Clair", "Grype")
"""What writes the reports that can be read, as `Report.tool` names it."""
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]
Time = Annotated[datetime, Meta(tz=True)]
_LEAVE_OUT = """
    only-fixed only-notfixed ignore-wontfix ignore-states exclude distro vex-documents vex-autodiscover
    vex-vex-autodiscover
"""
# What Grype leaves out by itself: weaknesses of the kernel in its headers.
_HEADERS = re.compile(r"kernel-headers|linux-headers-\.\*|linux-libc-dev")
_OF_SYSTEM, _OF_LANGUAGES = "os-pkgs", "lang-pkgs"  # what Trivy calls the results that tell of packages
_FIXED_WORDS = """
    alma alpine amazon chainguard minimos opensuse opensuse-leap opensuse-tumbleweed oracle photon rocky sles wolfi
"""
_FIXED_ALONE = frozenset(_FIXED_WORDS.split())
"""Distributions that tell of a weakness when they have mended it: nothing is lost where others are left out."""


class Report(Model, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of one report of a scanner.

    Attributes:
        changed: when its file was changed, in seconds since the epoch.
        fault: why it says nothing; empty where it does.
        digest: of the image that was scanned: of its configuration, or of its manifest.
        made: when it was made, in seconds since the epoch; None where it does not say that.
        counts: of the weaknesses by how bad they are; `unknown` where the scanner could not tell.
        known: of what day its list of weaknesses is at least, in seconds since the epoch; None if it does not tell.
        doubt: why it may not tell of all weaknesses, in a word or two; empty if it does.
        detail: what its doubt is about: the options, or how many.
    """

    file: str
    changed: Count
    fault: str = ""
    tool: str = ""
    digest: Digest | Literal[""] = ""
    made: float | None = None
    counts: Mapping[str, Count] = field(default_factory=dict)
    known: float | None = None
    doubt: str = ""
    detail: str = ""

    @property
    def created(self) -> float:
        """When it was made, as it says itself or by the time of its file."""
        return self.changed if self.made is None else self.made

    def above(self, severity: str) -> dict[str, int]:
        """Return the counts of what is worse than *severity*, the worst first."""
        worse = reversed(SEVERITIES[SEVERITIES.index(severity) + 1 :])
        return {word: self.counts[word] for word in worse if self.counts.get(word)}

    def days(self, now: float) -> float:
        """Return how many days before *now* it was made."""
        return max(now - self.created, 0) / DAY


class _TrivyWeakness(Model, frozen=True, kw_only=True):
    severity: str
    fixed_version: str = ""
    published_date: Time | None = None
    last_modified_date: Time | None = None


class _TrivyResult(Model, frozen=True, kw_only=True):
    of: str = field(name="Class", default="")
    vulnerabilities: list[_TrivyWeakness] | None = None
    experimental_modified_findings: list[Any] | None = None


class _Scanned(Model, frozen=True, kw_only=True):
    image_id: Digest = field(name="ImageID")
    os: dict[str, Any] = field(name="OS", default_factory=dict)


class Trivy(Model, frozen=True, kw_only=True):
    """A report of Trivy on an image, of its schema 2."""

    schema_version: Literal[2]
    artifact_type: Literal["container_image"]
    created_at: Time | None = None
    metadata: _Scanned
    results: list[_TrivyResult] | None = None

    def told(self) -> dict[str, Any]:
        """What it says."""
        results = self.results or []
        found = [each for result in results for each in result.vulnerabilities or ()]
        system = self.metadata.os
        needed = {_OF_SYSTEM} if system.get("Family") else {_OF_SYSTEM, _OF_LANGUAGES}
        hidden = sum(len(result.experimental_modified_findings or ()) for result in results)
        counts = _counts(each.severity for each in found)
        fixed = system.get("Family") not in _FIXED_ALONE and all(each.fixed_version for each in found)
        doubts = (
            (needed.isdisjoint(result.of for result in results), "no packages"),
            (bool(system.get("EOSL")), "unsupported distribution"),
            (hidden > 0, "told to ignore"),
            *_filtered(counts, fixed=fixed),
        )
        return {
            "digest": self.metadata.image_id,
            "made": _seconds(self.created_at),
            "counts": counts,
            "known": _newest(day for each in found for day in (each.published_date, each.last_modified_date)),
            "doubt": _first(doubts),
            "detail": str(hidden or ""),
        }


class _ClairWeakness(msgspec.Struct, frozen=True):
    normalized_severity: str
    fixed_in_version: str = ""
    issued: Time | None = None


class Clair(msgspec.Struct, frozen=True):
    """A report of Clair 4."""

    manifest_hash: Digest
    packages: dict[str, Any] | None
    vulnerabilities: dict[str, _ClairWeakness] | None
    package_vulnerabilities: dict[str, list[str] | None] | None

    def told(self) -> dict[str, Any]:
        """What it says.

        Raises:
            ValidationError: it tells of a weakness that it does not list.
        """
        known = self.vulnerabilities or {}
        if not all(known.keys() >= {*(ids or ())} for ids in (self.package_vulnerabilities or {}).values()):
            raise msgspec.ValidationError("a weakness is not listed")
        counts = _counts(each.normalized_severity for each in known.values())
        fixed = all(each.fixed_in_version for each in known.values())
        return {
            "digest": self.manifest_hash,
            "counts": counts,
            "known": _newest(each.issued for each in known.values()),
            "doubt": _first([(not self.packages, "no packages"), *_filtered(counts, fixed=fixed)]),
        }


class _Database(msgspec.Struct, frozen=True):
    """The list of weaknesses of Grype; older ones tell of it here, and newer ones in a `status`."""

    built: Time | None = None
    valid: bool = True
    error: Any = None
    status: "_Database | None" = None


class _Descriptor(msgspec.Struct, frozen=True):
    name: Literal["grype"]
    timestamp: Time
    configuration: dict[str, Any] | None = None
    db: _Database | None = None


class _Image(msgspec.Struct, frozen=True, rename={"image_id": "imageID"}):
    image_id: Digest


class _Source(msgspec.Struct, frozen=True):
    type: Literal["image"]
    target: _Image


class Grype(msgspec.Struct, frozen=True, rename="camel"):
    """A report of Grype on an image."""

    matches: list[dict[str, Any]]
    source: _Source
    descriptor: _Descriptor
    alerts_by_package: list[dict[str, Any]] | None = None
    ignored_matches: list[dict[str, Any]] | None = None

    def told(self) -> dict[str, Any]:
        """What it says."""
        alerts = {one["type"] for each in self.alerts_by_package or () for one in each.get("alerts") or ()}
        database = self.descriptor.db or _Database()
        status = database.status or database
        left_out = self._left_out()
        doubts = (
            (not self.matches, "no packages"),
            ("distro-eol" in alerts, "unsupported distribution"),
            (not alerts.isdisjoint(("distro-unknown", "distro-disabled")), "unknown distribution"),
            (self.descriptor.configuration is None, "options not told"),
            (left_out != "", "options"),
        )
        return {
            "digest": self.source.target.image_id,
            "made": _seconds(self.descriptor.timestamp),
            "counts": _counts(each["vulnerability"]["severity"] for each in self.matches),
            "known": _seconds(status.built) if status.valid and not status.error else None,
            "doubt": _first(doubts),
            "detail": left_out,
        }

    def _left_out(self) -> str:
        """Return which options leave weaknesses out, or "" if none does."""
        options = self.descriptor.configuration or {}
        given = [name for name in _LEAVE_OUT.split() if options.get(name)]
        rules = [*(options.get("ignore") or ())]
        for each in self.ignored_matches or ():
            rules += each.get("appliedIgnoreRules") or [{}]
        ignores = not all(_HEADERS.fullmatch((each.get("package") or {}).get("name") or "") for each in rules)
        return ", ".join([*given, *["ignore"] * ignores])


class _Head(msgspec.Struct):
    """By what the formats are told apart."""

    manifest_hash: str = ""
    schema: int | None = field(name="SchemaVersion", default=None)


def reduced(text: str) -> dict[str, Any]:
    """Return the fields of a `Report` that *text* tells."""
    content = text.encode("utf-8", "replace")
    try:
        head = msgspec.json.decode(content, type=_Head)
        of: type[Clair | Grype | Trivy] = (
            Clair if head.manifest_hash else Grype if head.schema is None else Trivy
        )
        return {"tool": of.__name__, **msgspec.json.decode(content, type=of).told()}
    except (msgspec.ValidationError, AttributeError, KeyError, TypeError):  # without words of the file
        return {"fault": "no report of Trivy (schema 2), Clair or Grype on an image, or not as its format is"}
    except ValueError:
        return {"fault": "not JSON, or cut off" if text.strip() else "empty"}


def _filtered(counts: dict[str, int], *, fixed: bool) -> list[tuple[bool, str]]:
    """Whether a scanner that does not tell its options shows that it may have left weaknesses out."""
    return [
        (not counts, "nothing found"),
        (fixed, "fixed alone"),
        (not set(counts) - set(SEVERITIES[-2:]), "severe alone"),
    ]


def _first(doubts: Iterable[tuple[bool, str]]) -> str:
    return next((doubt for is_so, doubt in doubts if is_so), "")


def _seconds(time: datetime | None) -> float | None:
    return time.timestamp() if time else None


def _newest(days: Iterable[datetime | None]) -> float | None:
    return max((each.timestamp() for each in days if each), default=None)


def _counts(severities: Iterable[str]) -> dict[str, int]:
    words = (each.lower() for each in severities)
    return dict(Counter(word if word in SEVERITIES else UNKNOWN for word in words))
