"""Reports of scanners: found by digest, dated, counted; whatever is no whole report on the image proves nothing.

The reports have the shape of real ones: Trivy's schema 2, the vulnerability report of Clair 4, Grype 0.100.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.images.reports import REPORTS
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import render
from selftests.corpus.judged import recording_of
from selftests.kit.judging import judged
from selftests.needs import need

HOST = recording_of("images-26.1")
NOW, DAY, FOLDER = HOST.now, 86400, "/scans"
DIGEST, OTHER, UNKNOWN = (f"sha256:{each * 32}" for each in ("cd", "ef", "00"))
TOKEN = "glpat-Hunter2"


def time(days: float) -> str:
    """So many days ago, as Go writes it."""
    return datetime.fromtimestamp(NOW - days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f123Z")


def trivy(*severities: str, days: float = 1, digest: str = DIGEST, **more: Any) -> dict[str, Any]:
    """A report of Trivy, so many days old."""
    created = more.get("CreatedAt", time(days))
    weakness = {"PkgName": "musl", "LastModifiedDate": created, "Description": TOKEN}
    found = [weakness | {"Severity": severity} for severity in severities]
    os_packages = {"Target": "web:1 (alpine 3.20)", "Class": "os-pkgs"}
    document = {
        "SchemaVersion": 2,
        "CreatedAt": created,
        "ArtifactType": "container_image",
        "Metadata": {"ImageID": digest, "ImageConfig": {"config": {"Env": [TOKEN]}}},
        "Results": [os_packages | ({"Vulnerabilities": found} if found else {})],
    }
    return document | more


def on_system(*severities: str, kind: str = "os-pkgs", **system: Any) -> dict[str, Any]:
    """A report of Trivy on an image of this system; its packages are of this kind."""
    report = trivy(*severities, Metadata={"ImageID": DIGEST, "OS": system})
    return report | {"Results": [each | {"Class": kind} for each in report["Results"]]}


def clair(*severities: str, digest: str = DIGEST, **more: Any) -> dict[str, Any]:
    """A report of Clair 4, which carries no date."""
    weaknesses = {
        str(number): {"normalized_severity": severity, "issued": time(5), "fixed_in_version": ""}
        for number, severity in enumerate(severities)
    }
    packages = {"1": {"id": "1", "name": "musl"}}
    return {"manifest_hash": digest, "packages": packages, "vulnerabilities": weaknesses} | more


HEADERS = [{"package": {"name": each}} for each in ("kernel-headers", "linux-headers-.*", "linux-libc-dev")]
"""What Grype leaves out by itself: weaknesses of the kernel in its headers."""
USUAL = {"only-fixed": False, "ignore-wontfix": "", "ignore": HEADERS, "registry": {"auth": [TOKEN]}}


def match(severity: str, *rules: object) -> dict[str, Any]:
    """A weakness in a package, as Grype reports it."""
    return {"vulnerability": {"severity": severity, "description": TOKEN}, "appliedIgnoreRules": rules}


def grype(*severities: str, built: float = 2, **more: Any) -> dict[str, Any]:
    """A report of Grype that is a day old, by a list of weaknesses so many days old; *more* is of its descriptor."""
    descriptor = {
        "name": "grype",
        "configuration": USUAL,
        "db": {"status": {"valid": True, "built": time(built)}},
        "timestamp": time(1),
    }
    source = {"type": "image", "target": {"imageID": DIGEST}}
    report = {"matches": more.pop("matches", [match(each) for each in severities]), "source": source}
    extra = {name: more.pop(name) for name in ("ignoredMatches", "alertsByPackage") if name in more}
    return report | extra | {"descriptor": descriptor | more}


def facts(*reports: object, days: float = 1, **limits: Any) -> Facts:
    """A target with these reports, `a.json` and so on, whose files are so many days old.

    Its images are good:1.0 and adds:1.0, with a digest each.
    """
    listed, contents = [f"folder:{FOLDER}"], list[str]()
    for name, document in zip("abc", reports, strict=False):
        text = document if isinstance(document, str) else json.dumps(document, indent=2)
        listed.append(f"report:{NOW - days * DAY:.0f}:{len(text)}:{FOLDER}/{name}.json")
        contents += [f"content:{FOLDER}/{name}.json", *(f":{line}" for line in text.split("\n"))]
    said = "\n".join(("--scans", *listed, *contents, "--end", ""))
    images = HOST.answers["images"].stdout
    for tag, digest in (("good", DIGEST), ("adds", OTHER)):
        images = images.replace(f'["{tag}:1.0"],"RepoDigests":[]', f'["{tag}:1.0"],"RepoDigests":["r@{digest}"]')
    answers = {
        **HOST.answers,
        "reports": Answer("reports", 0, REPORTS.keep(said), ""),
        "images": replace(HOST.answers["images"], stdout=images),
    }
    age = limits.pop("image_max_age_days", None)
    policy = Policy.from_mapping(
        {"scan_reports": {"folder": FOLDER, **limits}} | ({"image_max_age_days": age} if age else {})
    )
    return Facts(replace(HOST, answers=answers), policy)


def verdict(target: Facts) -> tuple[str, str]:
    """Verdict and reason on good:1.0."""
    return judged("4.4", target)["good:1.0"]


# ---- good and bad reports

NO_REPORT = "a.json (no report of Trivy (schema 2), Clair or Grype on an image, or not as its format is)"


@pytest.mark.parametrize(
    ("report", "expected", "words"),
    [
        (trivy("LOW", "MEDIUM", "LOW"), "pass", "Trivy, 1 days ago (a.json): 2 low, 1 medium"),
        (on_system("LOW", Family="debian"), "pass", "1 low"),
        (on_system("LOW", kind="lang-pkgs"), "pass", "1 low"),
        (on_system("LOW", kind="lang-pkgs", Family="debian"), "manual", "or none of the distribution"),
        (on_system("LOW", EOSL=True), "manual", "gets no more updates"),
        (trivy("LOW", "HIGH"), "fail", "1 high; at most medium is allowed (used by good, password-by-run)"),
        (trivy("UNKNOWN"), "manual", "Trivy, 1 days ago (a.json): check the vulnerabilities without a severity: 1"),
        (trivy("LOW", days=31), "fail", "has no valid report: Trivy, 31 days ago (a.json); at most 30"),
        (trivy("LOW", days=-1), "fail", "has no valid report: is from the future (a.json)"),
        (trivy("LOW", digest=UNKNOWN), "fail", "has no scan report by its digest"),
        (trivy("LOW", CreatedAt="yesterday"), "error", NO_REPORT),
        (clair("Low", "Negligible"), "pass", "Clair, 1 days ago by the file's time (a.json)"),
        (clair(), "manual", "no vulnerability at all"),
        (clair("Low", packages={}), "manual", "no package"),
        (grype("Low", "Negligible"), "pass", "Grype, 1 days ago (a.json): 1 low, 1 negligible"),
        (grype("Low", ignoredMatches=[match("High", *HEADERS[2:])]), "pass", "1 low"),
        (grype("Low", db={"built": time(2), "error": None}), "pass", "1 low"),
        (grype("Low", configuration=USUAL | {"only-fixed": True}), "manual", "only-fixed"),
        (grype("Low", configuration=USUAL | {"ignore": [{"vulnerability": "x"}]}), "manual", "ignore"),
        (grype("Low", ignoredMatches=[match("High", {"vulnerability": "x"})]), "manual", "ignore"),
        (grype("Low", configuration=None), "error", NO_REPORT),
        (grype(), "manual", "no package"),
        (grype("Low", built=122), "manual", "the scanner's vulnerability list is from 2"),
        (grype("Low", db={"status": {"built": time(2), "valid": False}}), "manual", "list has no date"),
        (grype("Low", alertsByPackage=[{"alerts": [{"type": "distro-eol"}]}]), "manual", "no more updates"),
        (grype(matches=[{}]), "error", NO_REPORT),
        (json.dumps(trivy())[:-20], "error", "a.json (not JSON, or cut off)"),
        ("", "error", "a.json (empty)"),
    ],
)  # fmt: skip
def test_report_of_an_image_in_use(report: object, expected: str, words: str) -> None:
    """A whole report on the image passes or fails; one that may have left something out is to be reviewed."""
    found, reason = verdict(facts(report))
    assert (found, words in reason) == (expected, True), reason


REAL = json.loads(Path(__file__).with_name("trivy_results.json").read_text())
"""What Trivy 0.76 found in an image of Debian, by its options; its list of weaknesses was a small one of our own."""


@pytest.mark.parametrize(
    ("options", "expected", "words"),
    [
        ("--scanners vuln", "fail", "1 critical; at most medium is allowed"),
        ("--scanners secret", "manual", "no vulnerability at all"),
        ("--scanners vuln --severity HIGH", "manual", "no vulnerability at all"),
        ("--scanners vuln --ignore-unfixed", "manual", "each vulnerability has a fix"),
        ("--scanners vuln --ignorefile FILE --show-suppressed", "manual", "that the scan ignored: 1"),
        ("--scanners vuln --ignorefile FILE", "pass", "1 medium, 1 low"),  # it leaves no trace
        ("--scanners vuln with a list of 2023", "manual", "vulnerability list is from 2023-11-20"),
    ],
)
def test_real_report(options: str, expected: str, words: str) -> None:
    """A report in which nobody looked for a weakness, or for some alone, is no proof that there is none."""
    system = {"ImageID": DIGEST, "OS": {"Family": "debian", "Name": "13.6"}}
    report = trivy(CreatedAt="2026-06-30T12:00:00Z", Metadata=system, Results=REAL[options])
    kind, reason = verdict(facts(report, max_age_days=36500))
    assert (kind, words in reason) == (expected, True), reason


@pytest.mark.parametrize(
    ("reports", "days", "expected"),
    [
        ((trivy("CRITICAL", days=3), trivy("LOW", days=2)), 1, "pass"),
        ((trivy("CRITICAL", days=3), trivy("CRITICAL", days=2), trivy("LOW", days=1)), 1, "pass"),
        ((trivy("LOW", days=2), trivy("CRITICAL", days=1)), 1, "fail"),
        ((trivy("LOW"), clair("High")), 1, "fail"),
        ((trivy("LOW"), clair("High")), 40, "pass"),
    ],
)
def test_newest_report_of_each_scanner_counts(reports: tuple[object, ...], days: float, expected: str) -> None:
    """An older report of the same scanner says nothing any more; one of another scanner does."""
    assert verdict(facts(*reports, days=days))[0] == expected


@pytest.mark.parametrize(
    ("report", "limits", "expected"),
    [
        (trivy("HIGH", "LOW", days=8), {"highest_severity": "high", "max_age_days": 8}, "pass"),
        (trivy("HIGH", "LOW", days=8), {"highest_severity": "high", "max_age_days": 7}, "fail"),
        (trivy("CRITICAL", "UNKNOWN"), {"highest_severity": "critical"}, "pass"),
        (trivy("LOW"), {"image_max_age_days": 30}, "pass"),
    ],
)
def test_limits_of_the_policy(report: object, limits: dict[str, Any], expected: str) -> None:
    """The site says how old a report may be, and how bad what it found."""
    assert verdict(facts(report, **limits))[0] == expected


# ---- the probe


def answer(folder: Path, shell: tuple[str, ...] = ("dash",)) -> Answer:
    """What the probe says of the folder, as it is kept."""
    need(shell[0])
    script = render((REPORTS,), paths={"scan_reports": str(folder)}.items())
    done = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True)
    found = Recording.from_output(done.stdout, (REPORTS,), target="host", backend="local", asked=0)
    return found.answers["reports"]


def scans(kept: Answer) -> dict[str, Any]:
    """The reports that are stored, by file."""
    section = json.loads(kept.stdout.partition("--scans\n")[2].partition("\n")[0])
    return {each["File"]: each for each in section["Reports"]}


def write(folder: Path, name: str, text: str, days: float) -> None:
    """Write a file that was last changed so many days ago."""
    (folder / name).write_text(text)
    os.utime(folder / name, (NOW - days * DAY,) * 2)


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_what_is_kept(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """Name, date, digest and counts are kept; nothing else of a report, whatever its lines look like."""
    write(tmp_path, "it's a=b.json", json.dumps(trivy("LOW"), indent=2), 1)
    write(tmp_path, "grype.json", json.dumps(grype("Low")), 1)
    write(tmp_path, "forged.json", "\nreport:1:1:/x\ncontent:/x\n:{}\nfolder:/y\n", 1)
    write(tmp_path, "notes.txt", TOKEN, 1)
    kept = answer(tmp_path, shell)
    assert (kept.status, TOKEN in kept.stdout) == (0, False)
    by_file = scans(kept)
    assert len(by_file) == 3
    assert by_file["forged.json"]["Fault"] == "not JSON, or cut off"
    assert by_file["it's a=b.json"]["Counts"] == {"low": 1}


def test_probe_is_bounded(tmp_path: Path) -> None:
    """A file beyond 16 MiB and what goes beyond 64 MiB is left out, the newest first, and reported."""
    write(tmp_path, "huge.json", " " * (2**24 + 1), days=0)
    for number in range(5):
        write(tmp_path, f"{number}.json", json.dumps(trivy("LOW")) + " " * 15_000_000, days=number + 1)
    left = {name for name, each in scans(answer(tmp_path)).items() if each.get("Fault")}
    assert left == {"huge.json", "4.json"}
