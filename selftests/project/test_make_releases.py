"""The script that renews what is known of releases, with sources in the form in which they are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import make_releases
from hullcheck.data.releases import SHIPPED
from hullcheck.inventory import load_releases

KNOWN = json.loads(SHIPPED.read_text())
TODAY = "2027-01-02"
SOURCES: dict[str, Any] = {
    "docker-engine": [
        {"cycle": "30", "releaseDate": "2026-12-20", "eol": False, "latest": "30.0.1", "lts": False},
        {"cycle": "29", "releaseDate": "2025-11-10", "eol": "2027-01-20", "latest": "29.11.2", "lts": False},
    ],
    "debian": [
        {"cycle": "14", "eol": False, "extendedSupport": "2032-06-30"},
        {"cycle": "13", "eol": "2028-08-09", "extendedSupport": "2030-06-30"},
    ],
    "ubuntu": [{"cycle": "26.04", "eol": "2031-05-31", "extendedSupport": "2036-04-30"}],
    "alpine": [{"cycle": "3.24", "eol": "2028-05-01"}],
}


def test_written_file_is_one_that_hullcheck_takes(tmp_path: Path) -> None:
    """Lines and distributions are those of today; of those that no source names any more the file keeps what it had."""
    sources = {f"https://endoflife.date/api/{name}.json": each for name, each in SOURCES.items()}
    document = make_releases.renewed(KNOWN, sources.__getitem__, TODAY)
    (tmp_path / "releases.json").write_text(make_releases.written(document))
    known, _ = load_releases(tmp_path / "releases.json")
    assert str(known.day) == TODAY
    safe = next(each["safe"] for each in KNOWN["lines"] if each["line"] == "29")
    assert [(each.name, str(each.ended), each.latest, each.safe) for each in known.lines[:2]] == [
        ("30", "None", "30.0.1", ""),
        ("29", "2027-01-20", "29.11.2", safe),
    ]
    assert known.lines[-1].name == "18.09"
    ends = known.distributions
    assert (str(ends["debian"]["14"]), str(ends["ubuntu"]["26.04"]), str(ends["centos"]["7"])) == (
        "2032-06-30",
        "2031-05-31",
        "2024-06-30",
    )
