"""The formats of scanners: what a report says of one image, or why it says nothing.

Clair and Trivy do not tell with which options they were run, Grype does.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hullcheck import inputs
from hullcheck.data.severities import SEVERITIES

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
UNKNOWN = "unknown"
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
_NONE = "no report of Trivy, Clair or Grype on an image"
_NO_PACKAGES = "tells of no package that was looked at, or of none of the system in the image"
_ENDED = "its distribution gets no updates any more, so that new weaknesses are not known of it"


def reduced(text: str) -> dict[str, Any]:
    """Return what a report says, or why it says nothing."""
    try:
        document = inputs.decode(text)
    except json.JSONDecodeError:
        return {"Fault": "not JSON, or cut off" if text.strip() else "empty"}
    except ValueError as error:
        return {"Fault": f"damaged: it {error}"}
    try:
        found = _report(document) if isinstance(document, dict) else {"Fault": _NONE}
        return found if "Fault" in found or DIGEST.fullmatch(found["Digest"]) else {"Fault": _NONE}
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # without what it says there
        return {"Fault": f"not as its format is: {type(error).__name__}"}


def _report(document: dict[str, Any]) -> dict[str, Any]:
    if "manifest_hash" in document:
        return _clair(document)
    if "SchemaVersion" in document:
        return _trivy(document)
    return _grype(document) if document["descriptor"]["name"] == "grype" else {"Fault": _NONE}


def _trivy(document: Mapping[str, Any]) -> dict[str, Any]:
    if document["SchemaVersion"] != 2 or document.get("ArtifactType") != "container_image":
        return {"Fault": "no report of Trivy's schema 2 on an image"}
    results = document.get("Results") or ()
    found = [each for result in results for each in result.get("Vulnerabilities") or ()]
    system = document["Metadata"].get("OS") or {}
    needed = {_OF_SYSTEM} if system.get("Family") else {_OF_SYSTEM, _OF_LANGUAGES}
    hidden = sum(len(result.get("ExperimentalModifiedFindings") or ()) for result in results)
    counts = _counts(each["Severity"] for each in found)
    fixed = system.get("Family") not in _FIXED_ALONE and all(each.get("FixedVersion") for each in found)
    doubts = (
        needed.isdisjoint(result.get("Class") for result in results) and _NO_PACKAGES,
        bool(system.get("EOSL")) and _ENDED,
        hidden > 0 and f"weaknesses that the scan was told to ignore: {hidden}",
        _filtered(counts, fixed=fixed),
    )
    return {
        "Tool": "Trivy",
        "Digest": document["Metadata"]["ImageID"],
        "Created": _seconds(document.get("CreatedAt")),
        "Counts": counts,
        "Known": _newest(each.get(name) for each in found for name in ("PublishedDate", "LastModifiedDate")),
        "Doubt": next(filter(None, doubts), ""),
    }


def _clair(document: Mapping[str, Any]) -> dict[str, Any]:
    known = document["vulnerabilities"] or {}
    for ids in (document["package_vulnerabilities"] or {}).values():
        for each in ids or ():
            known[each]  # raises where it tells of one that it does not list
    counts = _counts(each["normalized_severity"] for each in known.values())
    fixed = all(each.get("fixed_in_version") for each in known.values())
    return {
        "Tool": "Clair",
        "Digest": document["manifest_hash"],
        "Created": None,
        "Counts": counts,
        "Known": _newest(each.get("issued") for each in known.values()),
        "Doubt": _filtered(counts, fixed=fixed) if document["packages"] else _NO_PACKAGES,
    }


def _filtered(counts: Mapping[str, int], *, fixed: bool) -> str:
    """Return why a scanner that does not tell its options may have left weaknesses out, or "" if it shows none."""
    if not counts:
        return "no weakness at all, and it does not tell whether any was looked for (--scanners, --severity)"
    if fixed:
        return "each of its weaknesses has a fix: others may have been left out (--ignore-unfixed)"
    worst = SEVERITIES[-2:]
    return (
        ""
        if set(counts) - set(worst)
        else f"nothing below {worst[0]}: it may have been filtered (--severity)"
    )


def _grype(document: Mapping[str, Any]) -> dict[str, Any]:
    if document["source"]["type"] != "image":
        return {"Fault": "no report of Grype on an image"}
    found = document["matches"]
    alerts = {
        one["type"] for each in document.get("alertsByPackage") or () for one in each.get("alerts") or ()
    }
    database = document["descriptor"].get("db") or {}
    status = database.get("status") or database
    in_order = status.get("valid", True) and not status.get("error")
    doubts = (
        not found and _NO_PACKAGES,
        "distro-eol" in alerts and _ENDED,
        not alerts.isdisjoint({"distro-unknown", "distro-disabled"})
        and "there is no list of weaknesses for its distribution",
        _left_out(document),
    )
    return {
        "Tool": "Grype",
        "Digest": document["source"]["target"]["imageID"],
        "Created": _seconds(document["descriptor"]["timestamp"]),
        "Counts": _counts(each["vulnerability"]["severity"] for each in found),
        "Known": _seconds(status.get("built")) if in_order else None,
        "Doubt": next(filter(None, doubts), ""),
    }


def _left_out(document: Mapping[str, Any]) -> str:
    """Return which options of Grype leave weaknesses out, or "" if none does."""
    options = document["descriptor"].get("configuration")
    if options is None:
        return "it does not tell with which options it was made"
    given = [name for name in _LEAVE_OUT.split() if options.get(name)]
    rules = list(options.get("ignore") or ())
    for each in document.get("ignoredMatches") or ():
        rules += each.get("appliedIgnoreRules") or ({},)
    if not all(_HEADERS.fullmatch((each.get("package") or {}).get("name") or "") for each in rules):
        given.append("ignore")
    return f"weaknesses may have been left out by its options {', '.join(given)}" if given else ""


def _seconds(text: str | None) -> float | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.timestamp()


def _newest(days: Iterable[str | None]) -> float | None:
    return max((_seconds(each) or 0.0 for each in days if each), default=None)


def _counts(severities: Iterable[str]) -> dict[str, int]:
    words = (each.lower() for each in severities)
    return dict(Counter(word if word in SEVERITIES else UNKNOWN for word in words))
