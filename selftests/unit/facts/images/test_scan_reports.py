"""Reports of scanners: found by digest, dated, counted; whatever is no whole report on the image proves nothing.

The reports have the shape of real ones: Trivy's schema 2, the vulnerability report of Clair 4, Grype 0.100.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hullcheck.criteria.judgement import NO_REPORTS
from hullcheck.facts import Facts
from hullcheck.facts.images.reports import REPORTS
from hullcheck.policy import Policy, ScanReports
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import render
from selftests.kit.facts import PRESENT
from selftests.kit.facts.containers import containers as containers_said
from selftests.kit.facts.engines import engine
from selftests.kit.facts.images import ID, NOW, answered, image, output, stored
from selftests.kit.judging import judged
from selftests.needs import need

ENGINE = engine(ServerVersion="28.5.2")
DIGEST, MANIFEST, OTHER = f"sha256:{ID}", "sha256:" + "cd" * 32, "sha256:" + "00" * 32
DAY = 86400
TOKEN = "glpat-Hunter2"


def time(days: float) -> str:
    """So many days ago, as Go writes it."""
    return datetime.fromtimestamp(NOW.timestamp() - days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f123Z")


def trivy(*severities: str, days: float = 1, **more: Any) -> dict[str, Any]:
    """A report of Trivy, so many days old."""
    created = more.get("CreatedAt", time(days))
    weakness = {"PkgName": "musl", "LastModifiedDate": created, "Description": TOKEN}
    found = [weakness | {"Severity": severity} for severity in severities]
    os_packages = {"Target": "web:1 (alpine 3.20)", "Class": "os-pkgs"}
    document = {
        "SchemaVersion": 2,
        "CreatedAt": created,
        "ArtifactType": "container_image",
        "Metadata": {"ImageID": DIGEST, "ImageConfig": {"config": {"Env": [TOKEN]}}},
        "Results": [os_packages | ({"Vulnerabilities": found} if found else {})],
    }
    return document | more


def on_system(*severities: str, kind: str = "os-pkgs", **system: Any) -> dict[str, Any]:
    """A report of Trivy on an image of this system; its packages are of this kind."""
    report = trivy(*severities, Metadata={"ImageID": DIGEST, "OS": system})
    return report | {"Results": [each | {"Class": kind} for each in report["Results"]]}


def clair(*severities: str, digest: str = MANIFEST, **more: Any) -> dict[str, Any]:
    """A report of Clair 4, which carries no date."""
    issued = (NOW - timedelta(days=5)).isoformat()
    weaknesses = {
        str(number): {"normalized_severity": severity, "issued": issued, "fixed_in_version": ""}
        for number, severity in enumerate(severities)
    }
    document = {
        "manifest_hash": digest,
        "packages": {"1": {"id": "1", "name": "musl"}},
        "vulnerabilities": weaknesses,
        "package_vulnerabilities": {"1": list(weaknesses)} if weaknesses else None,
    }
    return document | more


HEADERS = [{"package": {"name": each}} for each in ("kernel-headers", "linux-headers-.*", "linux-libc-dev")]
"""What Grype leaves out by itself: weaknesses of the kernel in its headers."""
USUAL = {"only-fixed": False, "ignore-wontfix": "", "ignore": HEADERS, "registry": {"auth": [TOKEN]}}


def match(severity: str, *rules: object) -> dict[str, Any]:
    """A weakness in a package, as Grype tells it."""
    return {"vulnerability": {"severity": severity, "description": TOKEN}, "appliedIgnoreRules": rules}


def grype(*severities: str, built: float = 2, target: str = DIGEST, **more: Any) -> dict[str, Any]:
    """A report of Grype that is a day old, by a list of weaknesses so many days old; *more* is of its descriptor."""
    descriptor = {
        "name": "grype",
        "configuration": USUAL,
        "db": {"status": {"valid": True, "built": time(built)}},
        "timestamp": time(1),
    }
    source = {"type": more.pop("source", "image"), "target": {"imageID": target}}
    report = {"matches": more.pop("matches", [match(each) for each in severities]), "source": source}
    extra = {name: more.pop(name) for name in ("ignoredMatches", "alertsByPackage") if name in more}
    return report | extra | {"descriptor": descriptor | more}


def write(folder: Path, name: str, document: object, days: float = 1) -> None:
    """Write a report to a file that was last changed so many days ago."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    os.utime(path, (NOW.timestamp() - days * DAY,) * 2)


def answer(folder: Path, shell: tuple[str, ...] = ("dash",)) -> Answer:
    """What the probe says of the folder, as it is kept."""
    need(shell[0])
    script = render((REPORTS,), paths={"scan_reports": str(folder)}.items())
    done = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True)
    told = Recording.from_output(done.stdout, (REPORTS,), target="host", backend="local", asked=0)
    return told.answers["reports"]


def container(name: str = "web") -> dict[str, Any]:
    """A container of the image."""
    identifier = f"{name.encode().hex():0<64}"
    return {"Id": identifier, "Name": f"/{name}", "Image": DIGEST, "Mounts": [], "Created": NOW.isoformat()}


def facts(
    folder: Path, *containers: dict[str, Any], listed: int = 0, age: int | None = None, **limits: Any
) -> Facts:
    """A target with the image web:1, whose manifest registries know, and these containers."""
    images = output([image(RepoDigests=[f"r.io/web@{MANIFEST}"])], {ID: stored("CMD x")})
    answers = {
        "reports": answer(folder),
        "images": answered("images", images),
        "containers": Answer("containers", listed, containers_said(*containers), ""),
        "host": PRESENT,
    }
    policy = Policy(scan_reports=ScanReports(str(folder), **limits), image_max_age_days=age)
    return Facts(Recording("host", "local", answers, gathered=NOW.timestamp()), policy, engine=ENGINE)


def verdict(target: Facts) -> tuple[str, str]:
    """Verdict and reason on the one image."""
    (found,) = judged("4.4", target).values()
    return found


# ---- good and bad reports

NO_REPORT = "a.json (no report of Trivy (schema 2), Clair or Grype on an image, or not as its format is)"


@pytest.mark.parametrize(
    ("report", "expected", "words"),
    [
        (trivy("LOW", "MEDIUM", "LOW"), "pass", "Trivy, 1 days ago (a.json): 2 low, 1 medium"),
        (on_system("LOW", Family="debian"), "pass", "1 low"),
        (on_system("LOW", kind="lang-pkgs"), "pass", "1 low"),
        (on_system("LOW", kind="lang-pkgs", Family="debian"), "manual", "or of none of the system in the image"),
        (on_system("LOW", EOSL=True), "manual", "gets no updates any more"),
        (trivy("LOW", "HIGH"), "fail", "1 high; allowed is medium (used by web)"),
        (trivy("UNKNOWN"), "manual", "Trivy, 1 days ago (a.json): weaknesses that it could not rate: 1"),
        (trivy("LOW", days=31), "fail", "does not count: Trivy, 31 days ago (a.json), allowed are 30"),
        (trivy("LOW", days=-1), "fail", "does not count: is of the future (a.json)"),
        (trivy("LOW", Metadata={"ImageID": OTHER}), "fail", "no scan report on its digest"),
        (trivy("LOW", CreatedAt="yesterday"), "error", NO_REPORT),
        (clair("Low", "Negligible"), "pass", "Clair, 1 days ago by the time of its file (a.json)"),
        (clair(), "manual", "no weakness at all"),
        (clair("Low", digest=OTHER), "fail", "no scan report on its digest"),
        (clair("Low", vulnerabilities={}), "error", NO_REPORT),
        (grype("Low", "Negligible"), "pass", "Grype, 1 days ago (a.json): 1 low, 1 negligible"),
        (grype("Low", ignoredMatches=[match("High", *HEADERS[2:])]), "pass", "1 low"),
        (grype("Low", db={"built": time(2), "error": None}), "pass", "1 low"),
        (grype("Low", "High"), "fail", "1 high; allowed is medium (used by web)"),
        (grype("Low", configuration=USUAL | {"only-fixed": True}), "manual", "only-fixed"),
        (grype("Low", configuration=USUAL | {"ignore": [{"vulnerability": "x"}]}), "manual", "ignore"),
        (grype("Low", ignoredMatches=[match("High", {"vulnerability": "x"})]), "manual", "ignore"),
        (grype("Low", configuration=None), "manual", "with which options"),
        (grype(), "manual", "no package"),
        (grype("Low", built=122), "manual", "the scanner's list of weaknesses is of 2"),
        (grype("Low", db={"status": {"built": time(2), "valid": False}}), "manual", "of no known day"),
        (grype("Low", alertsByPackage=[{"alerts": [{"type": "distro-eol"}]}]), "manual", "no updates any more"),
        (grype(matches=[{}]), "error", NO_REPORT),
        (5, "error", NO_REPORT),
        (json.dumps(trivy())[:-20], "error", "a.json (not JSON, or cut off)"),
        ("", "error", "a.json (empty)"),
    ],
)  # fmt: skip
def test_report_of_an_image_in_use(tmp_path: Path, report: object, expected: str, words: str) -> None:
    """Each differs in one thing from a report that passes."""
    write(tmp_path, "a.json", report)
    found, reason = verdict(facts(tmp_path, container()))
    assert (found, words in reason) == (expected, True), reason


REAL = json.loads(Path(__file__).with_name("trivy_results.json").read_text())
"""What Trivy 0.76 found in an image of Debian, by its options; its list of weaknesses was a small one of our own."""


@pytest.mark.parametrize(
    ("options", "expected", "words"),
    [
        ("--scanners vuln", "fail", "1 critical; allowed is medium"),
        ("--scanners secret", "manual", "no weakness at all"),
        ("--scanners vuln --severity HIGH", "manual", "no weakness at all"),
        ("--scanners vuln --ignore-unfixed", "manual", "each of its weaknesses has a fix"),
        ("--scanners vuln --ignorefile FILE --show-suppressed", "manual", "told to ignore: 1"),
        ("--scanners vuln --ignorefile FILE", "pass", "1 medium, 1 low"),  # it leaves no trace
        ("--scanners vuln with a list of 2023", "manual", "list of weaknesses is of 2023-11-20"),
    ],
)
def test_real_report(tmp_path: Path, options: str, expected: str, words: str) -> None:
    """A report in which nobody looked for a weakness, or for some alone, is no proof that there is none."""
    found = {"ImageID": DIGEST, "OS": {"Family": "debian", "Name": "13.6"}}
    write(tmp_path, "a.json", trivy(CreatedAt=NOW.isoformat(), Metadata=found, Results=REAL[options]))
    kind, reason = verdict(facts(tmp_path, container()))
    assert (kind, words in reason) == (expected, True), reason


def test_no_report(tmp_path: Path) -> None:
    """An image in use fails; one that no container uses is left, but only if the containers are known."""
    assert verdict(facts(tmp_path, container())) == ("fail", "no scan report on its digest (used by web)")
    assert verdict(facts(tmp_path))[0] == "not applicable"
    assert verdict(facts(tmp_path, listed=1))[0] == "error"
    write(tmp_path, "a.json", trivy("HIGH"))
    assert verdict(facts(tmp_path))[0] == "fail"


def test_folder_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder that is not there, one that was not asked for and another one are no evidence."""
    assert verdict(facts(tmp_path / "none", container()))[0] == "error"
    target = facts(tmp_path, container())
    other = Facts(target.recording, Policy(scan_reports=ScanReports("/other")), engine=ENGINE)
    assert verdict(other) == ("error", f"the recording has the scan reports of {tmp_path}, not of /other")
    target.recording.answers["reports"] = answered("reports", "--scans\n--end\n")  # type: ignore[index]
    assert verdict(target) == ("error", "the recording was made without a folder of scan reports")


def test_newest_report_counts(tmp_path: Path) -> None:
    """An older report of the same scanner says nothing any more; one of another scanner does."""
    write(tmp_path, "old.json", trivy("CRITICAL", days=3))
    write(tmp_path, "sub/new.json", trivy("LOW", days=2))
    assert verdict(facts(tmp_path, container()))[0] == "pass"
    write(tmp_path, "clair.json", clair("High"))
    assert verdict(facts(tmp_path, container()))[0] == "fail"
    write(tmp_path, "clair.json", clair("High"), days=40)
    assert verdict(facts(tmp_path, container()))[0] == "pass"
    write(tmp_path, "newest.json", trivy("CRITICAL", days=1))
    assert verdict(facts(tmp_path, container()))[0] == "fail"


@pytest.mark.parametrize(
    ("report", "limits", "expected"),
    [
        (trivy("HIGH", "LOW", days=8), {"highest_severity": "high", "max_age_days": 8}, "pass"),
        (trivy("HIGH", "LOW", days=8), {"highest_severity": "high", "max_age_days": 7}, "fail"),
        (trivy("CRITICAL", "UNKNOWN"), {"highest_severity": "critical"}, "pass"),
        (
            trivy("HIGH"),
            {"highest_severity": "high"},
            "manual",
        ),  # nothing below high: it may have been filtered
        (trivy("LOW"), {"age": 30}, "pass"),
        (trivy("LOW"), {"age": 5}, "fail"),
    ],
)
def test_limits_of_the_policy(tmp_path: Path, report: object, limits: Any, expected: str) -> None:
    """The site says how old a report may be, and how bad what it tells of."""
    write(tmp_path, "a.json", report)
    assert verdict(facts(tmp_path, container(), **limits))[0] == expected


# ---- each scanner


def scanners(target: Facts) -> tuple[tuple[str, str], tuple[str, str]]:
    """Verdict and reason on Trivy and on Clair."""
    found = judged("scanner_covers_images_in_use", target)
    return found["Trivy"], found["Clair"]


def two_images(folder: Path, *used: str) -> Facts:
    """A target with the images web:1 and db:1, and a container of each that is named."""
    other = image("00" * 32, RepoTags=["db:1"], RepoDigests=[])
    images = output([image(RepoDigests=[f"r.io/web@{MANIFEST}"]), other], {ID: stored("CMD x")})
    lines = {"web": container("web"), "db": container("db") | {"Image": OTHER}}
    target = facts(folder, *(lines[name] for name in used))
    target.recording.answers["images"] = answered("images", images)  # type: ignore[index]
    return target


ANOTHER = ("not applicable", "another scanner has reports on every image in use")
ONE = ("pass", "good reports on 1 of 1 images in use")


def test_each_scanner_stands_for_what_it_found(tmp_path: Path) -> None:
    """One that has reports on all that is used is enough; a bad report is that of its scanner alone."""
    write(tmp_path, "a.json", trivy("MEDIUM"))
    assert scanners(facts(tmp_path, container())) == (ONE, ANOTHER)
    write(tmp_path, "b.json", clair("Medium"))
    assert scanners(facts(tmp_path, container())) == (ONE, ONE)
    write(tmp_path, "a.json", trivy("HIGH"))
    assert scanners(facts(tmp_path, container())) == (("fail", "found worse than medium in web:1"), ONE)
    write(tmp_path, "a.json", trivy(Results=None))
    (doubted, reason), clairs = scanners(facts(tmp_path, container()))
    assert (doubted, reason[:35], clairs) == ("manual", "web:1: tells of no package that was", ONE)


def test_image_in_use_that_nobody_scanned(tmp_path: Path) -> None:
    """Both fail where neither has a report that counts on an image in use; on others none is needed."""
    write(tmp_path, "a.json", trivy("LOW"))
    write(tmp_path, "old.json", trivy("LOW", days=31, Metadata={"ImageID": OTHER}))
    lacking = ("fail", "no scanner has a report that counts on db:1")
    assert scanners(two_images(tmp_path, "web", "db")) == (lacking, lacking)
    assert scanners(two_images(tmp_path, "web")) == (ONE, ANOTHER)
    write(tmp_path, "c.json", "{")
    error, reason = scanners(two_images(tmp_path, "web", "db"))[0]
    assert (error, reason[:58]) == ("error", "no report on db:1, but some could not be read: c.json (not")


def test_scanner_without_evidence(tmp_path: Path) -> None:
    """A silent policy leaves it to a person; no container in use needs no scan, but only if all are known."""
    silent = Facts(facts(tmp_path).recording, Policy(), engine=ENGINE)
    assert scanners(silent) == (("manual", NO_REPORTS), ("manual", NO_REPORTS))
    assert scanners(facts(tmp_path))[0] == ("not applicable", "no container uses an image")
    assert scanners(facts(tmp_path, listed=1))[0][0] == "error"


# ---- the probe


def scans(answer: Answer) -> Any:
    """What is stored of the folder."""
    return json.loads(answer.stdout.partition("--scans\n")[2].partition("\n")[0])


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_what_is_kept(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """Name, date, digest and counts are kept; nothing else of a report, whatever its lines look like."""
    write(tmp_path, "it's a=b.json", trivy("LOW"))
    write(tmp_path, "grype.json", grype("Low"))
    write(tmp_path, "forged.json", "\nreport:1:1:/x\ncontent:/x\n:{}\nfolder:/y\n")
    write(tmp_path, "notes.txt", TOKEN)
    kept = answer(tmp_path, shell)
    assert (kept.status, TOKEN in kept.stdout) == (0, False)
    found = scans(kept)
    by_file = {each["File"]: each for each in found["Reports"]}
    assert (found["Folder"], len(by_file)) == (str(tmp_path), 3)
    assert by_file["forged.json"]["Fault"] == "not JSON, or cut off"
    assert by_file["it's a=b.json"]["Counts"] == {"low": 1}


def test_probe_is_bounded(tmp_path: Path) -> None:
    """A file beyond 16 MiB and what goes beyond 64 MiB is left out, the newest first, and said."""
    write(tmp_path, "huge.json", " " * (2**24 + 1), days=0)
    for number in range(5):
        write(tmp_path, f"{number}.json", json.dumps(trivy("LOW")) + " " * 15_000_000, days=number + 1)
    reports = scans(answer(tmp_path))["Reports"]
    left = {each["File"] for each in reports if each.get("Fault") == "too much to be read"}
    assert left == {"huge.json", "4.json"}
