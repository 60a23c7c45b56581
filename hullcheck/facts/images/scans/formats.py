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
from hullcheck.parsing.documents import require
from hullcheck.verdicts import EvidenceError

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DAY = (None, str)
_TRIVY = {
    "SchemaVersion": range(2, 3),
    "ArtifactType": frozenset(("container_image",)),
    "CreatedAt?": _DAY,
    "Metadata": {
        "ImageID": DIGEST,
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
    "manifest_hash": DIGEST,
    "packages": (None, {"*": object}),
    "package_vulnerabilities": (None, {"*": (None, [str])}),
    "vulnerabilities": (
        None,
        {"*": {"normalized_severity": _CLAIR_WORDS, "issued?": _DAY, "fixed_in_version?": (None, str)}},
    ),
}
_FLAG = (None, bool)
_TEXTS = (None, [str])
_RULE = {
    "package?": (None, {"name?": str, "upstream-name?": str}),
    "match-type?": str,
    "vulnerability?": str,
    "fix-state?": str,
    "vex-status?": str,
}
_BUILT = {"built?": _DAY, "valid?": bool, "error?": (None, object)}
_GRYPE = {
    "matches": [{"vulnerability": {"severity": _CLAIR_WORDS, "fix?": (None, {"versions?": _TEXTS})}}],
    "ignoredMatches?": (None, [{"appliedIgnoreRules?": (None, [_RULE])}]),
    "source": {"type": frozenset(("image",)), "target": {"imageID": DIGEST}},
    "alertsByPackage?": (None, [{"alerts?": (None, [{"type": str}])}]),
    "descriptor": {
        "timestamp": _DAY,
        "configuration?": (
            None,
            {
                **dict.fromkeys(
                    ("only-fixed?", "only-notfixed?", "vex-autodiscover?", "vex-vex-autodiscover?"), _FLAG
                ),
                **dict.fromkeys(("ignore-wontfix?", "ignore-states?", "distro?"), _DAY),
                **dict.fromkeys(("exclude?", "vex-documents?"), _TEXTS),
                "ignore?": (None, [_RULE]),
            },
        ),
        "db?": (None, {"status?": (None, _BUILT), **_BUILT}),
    },
}
_LEAVE_OUT = """
    only-fixed only-notfixed ignore-wontfix ignore-states exclude distro vex-documents vex-autodiscover
    vex-vex-autodiscover
"""
_OF_HEADERS = {"kernel-headers": "kernel", "linux-headers-.*": "linux", "linux-libc-dev": "linux"}
_OF_SYSTEM, _OF_LANGUAGES = "os-pkgs", "lang-pkgs"  # what Trivy calls the results that tell of packages
UNKNOWN = "unknown"
_FIXED_WORDS = """
    alma alpine amazon chainguard minimos opensuse opensuse-leap opensuse-tumbleweed oracle photon rocky sles wolfi
"""
_FIXED_ALONE = frozenset(_FIXED_WORDS.split())
"""Distributions that tell of a weakness when they have mended it: nothing is lost where others are left out."""


_NONE = "no report of Trivy, Clair or Grype on an image"


def reduced(text: str) -> dict[str, Any]:
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
        if isinstance(document, dict) and isinstance(about := document.get("descriptor"), dict):
            return _grype(document) if about.get("name") == "grype" else {"Fault": _NONE}
    except EvidenceError as error:  # without what it says there
        return {"Fault": f"not as its format is: {str(error).partition(' is ')[0].removeprefix(': ')}"}
    except (KeyError, ValueError) as error:
        return {"Fault": f"not as its format is: {type(error).__name__}"}
    return {"Fault": _NONE}


def _trivy(document: Mapping[str, Any]) -> dict[str, Any]:
    if document["SchemaVersion"] != 2 or document.get("ArtifactType") != "container_image":
        return {"Fault": "no report of Trivy's schema 2 on an image"}
    require(document, _TRIVY, "")
    results = document.get("Results") or ()
    found = [each for result in results for each in result.get("Vulnerabilities") or ()]
    created, system = document.get("CreatedAt"), document["Metadata"].get("OS") or {}
    classes = {result.get("Class") for result in results}
    needed = {_OF_SYSTEM} if system.get("Family") else {_OF_SYSTEM, _OF_LANGUAGES}
    return {
        "Tool": "Trivy",
        "Digest": document["Metadata"]["ImageID"],
        "Created": None if created is None else _seconds(created),
        "Counts": _counts([each["Severity"] for each in found]),
        "Packages": not needed.isdisjoint(classes),
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


def _grype(document: Mapping[str, Any]) -> dict[str, Any]:
    source = document.get("source")
    if not isinstance(source, dict) or source.get("type") != "image":
        return {"Fault": "no report of Grype on an image"}
    require(document, _GRYPE, "")
    about, found = document["descriptor"], document["matches"]
    alerts = {
        one["type"] for each in document.get("alertsByPackage") or () for one in each.get("alerts") or ()
    }
    return {
        "Tool": "Grype",
        "Digest": source["target"]["imageID"],
        "Created": _seconds(about["timestamp"]) if about["timestamp"] else None,
        "Counts": _counts([each["vulnerability"]["severity"] for each in found]),
        "Packages": bool(found),
        "Ended": "distro-eol" in alerts,
        "Known": _built(about.get("db")),
        "LeftOut": _left_out(document, alerts),
    }


def _built(database: Mapping[str, Any] | None) -> float | None:
    """When the list of weaknesses of Grype was made; None where it does not tell, or the list is not in order."""
    status = (database or {}).get("status") or database or {}
    in_order = status.get("valid", True) and not status.get("error")
    return _seconds(status["built"]) if in_order and status.get("built") else None


def _left_out(document: Mapping[str, Any], alerts: set[str]) -> str:
    """What of the options of Grype leaves weaknesses out, or that they are not known; empty where nothing does."""
    options = document["descriptor"].get("configuration")
    if options is None:
        return "it does not tell with which options it was made"
    if alerts & {"distro-unknown", "distro-disabled"}:
        return "there is no list of weaknesses for its distribution"
    given = [name for name in _LEAVE_OUT.split() if options.get(name)]
    applied: list[Mapping[str, Any]] = []
    for each in document.get("ignoredMatches") or ():
        applied += each.get("appliedIgnoreRules") or ({},)
    if not all(map(_is_of_headers, (*(options.get("ignore") or ()), *applied))):
        given.append("ignore")
    return f"weaknesses may have been left out by its options {', '.join(given)}" if given else ""


def _is_of_headers(rule: Mapping[str, Any]) -> bool:
    """Whether a rule leaves out what Grype leaves out by itself: weaknesses of the kernel in its headers."""
    package = rule.get("package") or {}
    upstream = _OF_HEADERS.get(package.get("name", ""))
    return upstream is not None and package.get("upstream-name") == upstream and bool(rule.get("match-type"))


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
    return dict(Counter(word if word in SEVERITIES else UNKNOWN for word in words))
