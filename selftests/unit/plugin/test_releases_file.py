"""What is known of releases can be replaced by a file, which the bundle keeps."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from hullcheck.data.releases import SHIPPED
from selftests.kit.bundles import Bundle, run_demo
from selftests.kit.checks import verify
from selftests.kit.projects import site


def test_old_recordings_are_judged_by_what_is_known_now(tmp_path: Path) -> None:
    """The verdict, the results, the page and the bundle name the file; `verify` judges by it again."""
    document = json.loads(SHIPPED.read_text())
    document["day"], document["distributions"]["debian"]["13"] = "2026-12-01", "2026-11-01"
    file = tmp_path / "known.json"
    file.write_text(json.dumps(document))
    run = run_demo(tmp_path, "--bundle", f"--releases={file}", "-k", "engine_release")
    reports = tmp_path / "reports"
    results = json.loads((reports / "latest/results.json").read_text())
    assert {each["verdict"] for each in results["results"]} == {"fail"}, run.output
    assert "got its last updates on 2026-11-01" in results["results"][0]["reason"]
    assert results["run"]["releases"] == {
        "day": "2026-12-01",
        "sha256": sha256(file.read_bytes()).hexdigest(),
    }
    assert "2026-12-01" in (reports / "latest/audit.html").read_text()
    bundle = Bundle.read(reports / "latest.zip")
    assert bundle.files["releases.json"] == file.read_bytes()
    assert bundle.document("manifest.json")["made_by"]["releases"] == results["run"]["releases"]
    done = verify(reports / "latest.zip")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "known.json:1: holds no releases: write what is known of releases"),
        ("{", "known.json"),
        ('{"schema": "hullcheck/releases/1"}', "known.json:1: day: is missing; write a day, as 2026-11-26"),
        (SHIPPED.read_text().replace("2026-11-26", "2026-13-26"), "known.json: month must be in 1..12"),
    ],
)
def test_file_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    """It is refused before any host is asked."""
    project = site(tmp_path)
    project.write("known.json", text)
    run = project.pytest("--releases=known.json")
    assert run.status == 4
    assert run.output.startswith("ERROR: --releases: ")
    assert said in run.output
