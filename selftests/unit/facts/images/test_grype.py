"""Reports of Grype, which tell with which options they were made: what was left out makes them manual."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.images.scan_formats import reduced
from selftests.kit.facts.images import NOW
from selftests.unit.facts.images.test_scan_reports import (
    DAY,
    DIGEST,
    MANIFEST,
    OTHER,
    TOKEN,
    container,
    facts,
    verdict,
    write,
)

HEADERS = [
    {"package": {"name": name, "upstream-name": up, "type": "deb"}, "match-type": "exact-indirect-match"}
    for name, up in (("kernel-headers", "kernel"), ("linux-headers-.*", "linux"), ("linux-libc-dev", "linux"))
]
"""What Grype leaves out by itself: weaknesses of the kernel in its headers."""


def time(days: float) -> str:
    """So many days ago, as Go writes it."""
    return datetime.fromtimestamp(NOW.timestamp() - days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f123Z")


def match(severity: str, **more: Any) -> dict[str, Any]:
    """A weakness in a package."""
    weakness = {
        "id": "CVE-2026-1",
        "severity": severity,
        "description": TOKEN,
        "fix": {"versions": [], "state": "x"},
    }
    return {"vulnerability": weakness, "artifact": {"name": "musl"}} | more


def grype(
    *severities: str,
    days: float = 1,
    built: float | None = 1,
    options: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A report that is so many days old, by a list of weaknesses that was."""
    usual = {
        "only-fixed": False,
        "only-notfixed": False,
        "ignore-wontfix": "",
        "ignore": HEADERS,
        "exclude": [],
    }
    usual |= {
        "distro": "",
        "vex-documents": [],
        "search": {"scope": "squashed"},
        "registry": {"auth": [TOKEN]},
    }
    status = {"schemaVersion": "v6.1.0", "valid": True} | (
        {} if built is None else {"built": time(days + built)}
    )
    return {
        "matches": list(map(match, severities)),
        "source": {
            "type": "image",
            "target": {"imageID": DIGEST, "manifestDigest": MANIFEST, "userInput": "web:1"},
        },
        "distro": {"name": "alpine", "version": "3.20"},
        "descriptor": {
            "name": "grype",
            "version": "0.100.0",
            "configuration": usual | (options or {}),
            "db": {"status": status},
            "timestamp": time(days),
        },
    } | more


def changed(part: str, **more: Any) -> dict[str, Any]:
    """A report with one thing changed in its descriptor or its source."""
    report = grype("Low")
    report[part] = report[part] | more
    return report


OLD_DB = {"db": {"schemaVersion": 5, "built": time(2), "error": None}}
USED = {"appliedIgnoreRules": HEADERS[2:]}


@pytest.mark.parametrize(
    ("report", "expected", "words"),
    [
        (
            grype("Low", "Medium", "Negligible"),
            "pass",
            "Grype, 1 days ago (a.json): 1 low, 1 medium, 1 negligible",
        ),
        (grype("Low", ignoredMatches=[match("High", **USED)]), "pass", "1 low"),
        (changed("descriptor", **OLD_DB), "pass", "1 low"),
        (grype("Low", "High"), "fail", "1 high; allowed is medium (used by web)"),
        (grype("Critical", options={"only-fixed": True}), "fail", "1 critical"),
        (changed("source", target={"imageID": OTHER}), "fail", "no scan report on its digest"),
        # what may be left out
        (grype("Low", options={"only-fixed": True}), "manual", "only-fixed"),
        (grype("Low", options={"exclude": ["/usr/**"]}), "manual", "exclude"),
        (grype("Low", options={"ignore": [*HEADERS, {"vulnerability": "CVE-2026-2"}]}), "manual", "ignore"),
        (
            grype("Low", ignoredMatches=[match("High", appliedIgnoreRules=[{"vulnerability": "x"}])]),
            "manual",
            "ignore",
        ),
        (changed("descriptor", configuration=None), "manual", "with which options"),
        (grype(), "manual", "no package"),
        (grype("Unknown"), "manual", "could not rate: 1"),
        # an old list of weaknesses, or none
        (grype("Low", built=121), "manual", "the scanner's list of weaknesses is of 2"),
        (changed("descriptor", db=None), "manual", "of no known day"),
        (
            changed("descriptor", db={"status": {"built": time(2), "valid": False}}),
            "manual",
            "of no known day",
        ),
        (
            grype("Low", alertsByPackage=[{"alerts": [{"type": "distro-eol"}]}]),
            "manual",
            "no updates any more",
        ),
        (
            grype("Low", alertsByPackage=[{"alerts": [{"type": "distro-unknown"}]}]),
            "manual",
            "no list of weaknesses",
        ),
        # no report
        (changed("source", type="directory"), "error", "or not as its format is"),
        (changed("descriptor", timestamp="yesterday"), "error", "or not as its format is"),
        (grype("Low", matches=None), "error", "or not as its format is"),
        (changed("descriptor", name="other"), "error", "or not as its format is"),
    ],
)
def test_report_of_grype(tmp_path: Path, report: object, expected: str, words: str) -> None:
    """Each differs in one thing from a report that passes."""
    write(tmp_path, "a.json", report)
    found, reason = verdict(facts(tmp_path, container()))
    assert (found, words in reason) == (expected, True), reason


def test_nothing_of_its_options_is_kept() -> None:
    """They may hold the credentials of registries."""
    assert TOKEN not in str(reduced(json.dumps(grype("Low"))))
