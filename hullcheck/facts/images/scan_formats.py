"""The reports of image scanners. Only Grype's have the options of the scan."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from hullcheck.data.severities import SEVERITIES
from hullcheck.lazy import regex
from hullcheck.parsing.models import Model
from hullcheck.parsing.times import DAY

UNKNOWN = "unknown"
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]
Time = Annotated[datetime, Meta(tz=True)]
# Options of Grype that leave weaknesses out.
_LEAVE_OUT = """
    only-fixed only-notfixed ignore-wontfix ignore-states exclude distro vex-documents vex-autodiscover
    vex-vex-autodiscover
"""
# What Grype leaves out by itself: weaknesses of the kernel in its headers.
_HEADERS = regex(r"kernel-headers|linux-headers-\.\*|linux-libc-dev")
_OF_SYSTEM, _OF_LANGUAGES = "os-pkgs", "lang-pkgs"  # the classes of Trivy's results with packages
# Distributions that publish a weakness when they have a fix: nothing is lost where others are left out.
_FIXED_ALONE = """
    alma alpine amazon chainguard minimos opensuse opensuse-leap opensuse-tumbleweed oracle photon rocky sles wolfi
"""


class Report(Model, frozen=True, omit_defaults=True):
    """A report of a scanner, as it is kept. Times are in seconds since the epoch."""

    file: str = ""
    changed: Count = 0  # when its file was changed
    fault: str = ""  # why it says nothing
    tool: str = ""
    digest: Digest | Literal[""] = ""  # of the image's configuration, or of its manifest
    made: float | None = None
    counts: Mapping[str, Count] = field(default_factory=dict)  # weaknesses by severity, or `unknown`
    known: float | None = None  # of what day its list of weaknesses is at least
    doubt: str = ""  # why it may not have all weaknesses, by its key in `criteria.scans`
    detail: str = ""  # of the doubt

    @property
    def created(self) -> float:
        """The time of the report, by its content or else its file."""
        return self.changed if self.made is None else self.made

    def above(self, severity: str) -> dict[str, int]:
        """Return the counts above *severity*, the worst first."""
        worse = reversed(SEVERITIES[SEVERITIES.index(severity) + 1 :])
        return {word: self.counts[word] for word in worse if self.counts.get(word)}

    def days(self, now: float) -> float:
        """Return the age of the report in days."""
        return max(now - self.created, 0) / DAY


class _TrivyWeakness(Model, frozen=True):
    severity: str
    fixed_version: str = ""
    published_date: Time | None = None
    last_modified_date: Time | None = None


class _TrivyResult(Model, frozen=True):
    of: str = field(name="Class", default="")
    vulnerabilities: list[_TrivyWeakness] | None = None
    experimental_modified_findings: list[Any] | None = None


class _TrivyMetadata(Model, frozen=True):
    image_id: Digest = field(name="ImageID")
    os: dict[str, Any] = field(name="OS", default_factory=dict)


class Trivy(Model, frozen=True, kw_only=True):
    """A report of Trivy on an image."""

    schema_version: Literal[2]
    artifact_type: Literal["container_image"]
    created_at: Time | None = None
    metadata: _TrivyMetadata
    results: list[_TrivyResult] | None = None

    def report(self) -> Report:
        results, system = self.results or [], self.metadata.os
        found = [each for result in results for each in result.vulnerabilities or ()]
        family = system.get("Family")
        needed = {_OF_SYSTEM} if family else {_OF_SYSTEM, _OF_LANGUAGES}
        hidden = sum(len(result.experimental_modified_findings or ()) for result in results)
        doubts = {
            "no packages": needed.isdisjoint(result.of for result in results),
            "unsupported distribution": bool(system.get("EOSL")),
            "told to ignore": hidden > 0,
            "nothing found": not found,
            "fixed alone": all(each.fixed_version for each in found) and family not in _FIXED_ALONE.split(),
        }
        return Report(
            digest=self.metadata.image_id,
            made=_newest([self.created_at]),
            counts=_counts(each.severity for each in found),
            known=_newest(day for each in found for day in (each.published_date, each.last_modified_date)),
            doubt=_first(doubts),
            detail=str(hidden or ""),
        )


class _ClairWeakness(msgspec.Struct, frozen=True):
    normalized_severity: str
    fixed_in_version: str = ""
    issued: Time | None = None


class Clair(msgspec.Struct, frozen=True):
    """A report of Clair 4."""

    manifest_hash: Digest
    packages: dict[str, Any] | None
    vulnerabilities: dict[str, _ClairWeakness] | None

    def report(self) -> Report:
        found = (self.vulnerabilities or {}).values()
        doubts = {
            "no packages": not self.packages,
            "nothing found": not found,
            "fixed alone": all(each.fixed_in_version for each in found),
        }
        return Report(
            digest=self.manifest_hash,
            counts=_counts(each.normalized_severity for each in found),
            known=_newest(each.issued for each in found),
            doubt=_first(doubts),
        )


class _GrypeDatabase(msgspec.Struct, frozen=True):
    """The database of weaknesses, in newer versions within `status`."""

    built: Time | None = None
    valid: bool = True
    error: Any = None
    status: "_GrypeDatabase | None" = None


class _GrypeDescriptor(msgspec.Struct, frozen=True):
    name: Literal["grype"]
    timestamp: Time
    configuration: dict[str, Any]
    db: _GrypeDatabase | None = None


class _GrypeImage(msgspec.Struct, frozen=True, rename={"image_id": "imageID"}):
    image_id: Digest


class _GrypeSource(msgspec.Struct, frozen=True):
    type: Literal["image"]
    target: _GrypeImage


class Grype(msgspec.Struct, frozen=True, rename="camel"):
    """A report of Grype on an image."""

    matches: list[dict[str, Any]]
    source: _GrypeSource
    descriptor: _GrypeDescriptor
    alerts_by_package: list[dict[str, Any]] | None = None
    ignored_matches: list[dict[str, Any]] | None = None

    def report(self) -> Report:
        alerts = {one["type"] for each in self.alerts_by_package or () for one in each.get("alerts") or ()}
        database = self.descriptor.db or _GrypeDatabase()
        database = database.status or database
        options, rules = self.descriptor.configuration, list[dict[str, Any]]()
        for each in self.ignored_matches or ():
            rules += each.get("appliedIgnoreRules") or [{}]
        rules += options.get("ignore") or ()
        ignores = not all(_HEADERS.fullmatch((each.get("package") or {}).get("name") or "") for each in rules)
        filters = [*filter(options.get, _LEAVE_OUT.split()), *["ignore"] * ignores]
        doubts = {
            "no packages": not self.matches,
            "unsupported distribution": "distro-eol" in alerts,
            "unknown distribution": not alerts.isdisjoint(("distro-unknown", "distro-disabled")),
            "options": bool(filters),
        }
        return Report(
            digest=self.source.target.image_id,
            made=self.descriptor.timestamp.timestamp(),
            counts=_counts(each["vulnerability"]["severity"] for each in self.matches),
            known=_newest([database.built] if database.valid and not database.error else ()),
            doubt=_first(doubts),
            detail=", ".join(filters),
        )


_FORMATS: tuple[type[Trivy | Clair | Grype], ...] = (Trivy, Clair, Grype)


def reduced(text: str) -> Report:
    """Return the report in *text*, or one with a fault, without words of the file."""
    content = text.encode("utf-8", "replace")
    for of in _FORMATS:
        try:
            report = msgspec.json.decode(content, type=of).report()
            return msgspec.structs.replace(report, tool=of.__name__)
        except (msgspec.ValidationError, AttributeError, KeyError, TypeError):
            continue
        except ValueError:
            return Report(fault="not JSON, or cut off" if text.strip() else "empty")
    return Report(fault="no report of Trivy (schema 2), Clair or Grype on an image, or not as its format is")


def _first(doubts: dict[str, bool]) -> str:
    return next((doubt for doubt, is_so in doubts.items() if is_so), "")


def _newest(days: Iterable[datetime | None]) -> float | None:
    return max((each.timestamp() for each in days if each), default=None)


def _counts(severities: Iterable[str]) -> dict[str, int]:
    words = (each.lower() for each in severities)
    return dict(Counter(word if word in SEVERITIES else UNKNOWN for word in words))
