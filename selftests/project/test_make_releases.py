"""The script that renews what is known of releases, with sources in the form in which they are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import make_releases
from hullcheck.data.releases import SHIPPED
from hullcheck.inventory import releases

KNOWN = json.loads(SHIPPED.read_text())
TODAY = "2027-01-02"


def advisory(cve: str | None = "CVE-2027-1", severity: str = "high", **ranges: str | None) -> dict[str, Any]:
    """A published advisory with one range for each argument: what is vulnerable, and by its name what is patched."""
    entries = [
        {
            "package": {"ecosystem": "", "name": "x"},
            "vulnerable_version_range": text,
            "patched_versions": patched,
        }
        for text, patched in ranges.items()
    ]
    return {
        "ghsa_id": "GHSA-xxxx",
        "cve_id": cve,
        "severity": severity,
        "summary": "Something is open",
        "html_url": "https://example.com/advisory",
        "vulnerabilities": entries,
    }


def renewed(*advisories: dict[str, Any], of: str = "moby/moby") -> tuple[Any, list[str]]:
    """The file that is written when these are the advisories of a repository."""
    sources: dict[str, Any] = {
        "https://endoflife.date/api/docker-engine.json": [
            {"cycle": "30", "releaseDate": "2026-12-20", "eol": False, "latest": "30.0.1", "lts": False},
            {
                "cycle": "29",
                "releaseDate": "2025-11-10",
                "eol": "2027-01-20",
                "latest": "29.11.2",
                "lts": False,
            },
        ],
        "https://endoflife.date/api/debian.json": [
            {"cycle": "14", "eol": False, "extendedSupport": "2032-06-30"},
            {"cycle": "13", "eol": "2028-08-09", "extendedSupport": "2030-06-30"},
        ],
        "https://endoflife.date/api/ubuntu.json": [
            {"cycle": "26.04", "eol": "2031-05-31", "extendedSupport": "2036-04-30"}
        ],
        "https://endoflife.date/api/alpine.json": [{"cycle": "3.24", "eol": "2028-05-01"}],
    }
    get = lambda address: sources.get(address, list(advisories) if f"/{of}/" in address else [])  # noqa: E731
    return make_releases.renewed(KNOWN, get, TODAY)


def new(document: Any) -> list[Any]:
    """The vulnerabilities that were not known."""
    return [each for each in document["vulnerabilities"] if each not in KNOWN["vulnerabilities"]]


def test_written_file_is_one_that_hullcheck_takes(tmp_path: Path) -> None:
    """Lines and distributions are those of today; of those that no source names any more the file keeps what it had."""
    document, unread = renewed()
    (tmp_path / "releases.json").write_text(make_releases.written(document))
    known, _ = releases.load(tmp_path / "releases.json")
    assert unread == []
    assert str(known.day) == TODAY
    assert [(each.name, str(each.ended), each.latest) for each in known.lines[:2]] == [
        ("30", "None", "30.0.1"),
        ("29", "2027-01-20", "29.11.2"),
    ]
    assert known.lines[-1].name == "18.09"
    ends = {f"{name} {version}": str(day) for (name, version), day in known.ends.items()}
    assert (ends["debian 14"], ends["ubuntu 26.04"], ends["centos 7"]) == (
        "2032-06-30",
        "2031-05-31",
        "2024-06-30",
    )
    assert document["vulnerabilities"] == KNOWN["vulnerabilities"]


@pytest.mark.parametrize(
    ("vulnerable", "patched", "expected"),
    [
        ("< 29.9.1", "29.9.1", [("0", "29.9.1")]),
        (">= 28.2.0, < 28.3.3", "28.3.3, 25.0.13", [("28.2.0", "28.3.3")]),
        ("<= 29.9.0", "v29.9.1", [("0", "29.9.1")]),
        (">= v2.0.0-rc.1, <= 2.0.6", "1.7.29, 2.0.7, 2.1.5", [("2.0.0-rc.1", "2.0.7")]),
        ("<1.2.8 || >=1.3.0, <1.3.3", None, [("0", "1.2.8"), ("1.3.0", "1.3.3")]),
    ],
)
def test_ranges(vulnerable: str, patched: str | None, expected: list[tuple[str, str]]) -> None:
    """What is affected begins and ends as the advisory says."""
    document, unread = renewed(advisory(**{vulnerable: patched}), of="opencontainers/runc")
    (found,) = new(document)
    assert (found["component"], [tuple(each.values()) for each in found["affected"]]) == ("runc", expected)
    assert unread == []


@pytest.mark.parametrize(
    "entry",
    [
        advisory(**{"all versions": None}),
        advisory(**{"<= 29.9.0": "28.0.0"}),
        advisory(cve=None, **{"< 29.9.1": "29.9.1"}),
        advisory(),
        advisory(**{"< 29.9.1": "29.9.1", "everything else": None}),
    ],
    ids=["words", "nothing is patched", "no CVE", "no range", "one of two"],
)
def test_what_cannot_be_read_is_left_to_a_person(entry: dict[str, Any]) -> None:
    """It is named with its address, and nothing of it is in the file."""
    document, (line,) = renewed(entry)
    assert new(document) == []
    assert line.startswith(entry["cve_id"] or entry["ghsa_id"])
    assert line.endswith("https://example.com/advisory")


def test_what_is_known_or_harmless_is_not_added() -> None:
    """What a person wrote of a vulnerability stays, and those of low and medium severity are none of ours."""
    mine = KNOWN["vulnerabilities"][0]["id"]
    document, unread = renewed(
        advisory(cve=mine, **{"< 99": "99"}), advisory(severity="medium", **{"< 99": "99"})
    )
    assert (new(document), unread) == ([], [])
