"""Reports of scanners: found by digest, dated, counted; whatever is no whole report on the image proves nothing.

The reports have the shape of real ones: Trivy's schema 2 and the vulnerability report of Clair 4.
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
SHELLS = (("dash",), ("busybox", "sh"))
DIGEST = f"sha256:{ID}"
MANIFEST = "sha256:" + "cd" * 32
OTHER = "sha256:" + "00" * 32
DAY = 86400
TOKEN = "glpat-Hunter2"


def trivy(*severities: str, days: float = 1, **more: Any) -> dict[str, Any]:
    """A report of Trivy, so many days old."""
    created = datetime.fromtimestamp(NOW.timestamp() - days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f123Z")
    found = [
        {
            "VulnerabilityID": f"CVE-2026-{number}",
            "PkgName": "musl",
            "Severity": severity,
            "Status": "affected",
            "LastModifiedDate": more.get("CreatedAt", created),
            "Description": TOKEN,
        }
        for number, severity in enumerate(severities)
    ]
    os_packages = {"Target": "web:1 (alpine 3.20)", "Class": "os-pkgs", "Type": "alpine"}
    document = {
        "SchemaVersion": 2,
        "CreatedAt": created,
        "ArtifactName": "web:1",
        "ArtifactType": "container_image",
        "Metadata": {"ImageID": DIGEST, "RepoTags": ["web:1"], "ImageConfig": {"config": {"Env": [TOKEN]}}},
        "Results": [os_packages | ({"Vulnerabilities": found} if found else {})],
    }
    return document | more


def of_languages(system: dict[str, str]) -> dict[str, Any]:
    """A report of Trivy that tells of packages of a language alone, as with `--pkg-types library`."""
    report = trivy("LOW", Metadata={"ImageID": DIGEST, "OS": system})
    return report | {"Results": [each | {"Class": "lang-pkgs"} for each in report["Results"]]}


def clair(*severities: str, digest: str = MANIFEST, **more: Any) -> dict[str, Any]:
    """A report of Clair 4, which carries no date."""
    weaknesses = {
        str(number): {
            "id": str(number),
            "name": f"CVE-2026-{number}",
            "normalized_severity": severity,
            "issued": (NOW - timedelta(days=5)).isoformat(),
            "fixed_in_version": "",
        }
        for number, severity in enumerate(severities)
    }
    document = {
        "manifest_hash": digest,
        "packages": {"1": {"id": "1", "name": "musl"}},
        "distributions": {},
        "environments": {},
        "vulnerabilities": weaknesses,
        "package_vulnerabilities": {"1": list(weaknesses)} if weaknesses else None,
    }
    return document | more


def write(folder: Path, name: str, document: object, days: float = 1) -> Path:
    """A report as a file that was last changed so many days ago."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    os.utime(path, (NOW.timestamp() - days * DAY,) * 2)
    return path


def answer(folder: Path, shell: tuple[str, ...] = ("dash",)) -> Answer:
    """What the probe says of the folder, as it is kept."""
    need(shell[0])
    script = render((REPORTS,), paths={"scan_reports": str(folder)}.items())
    done = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True)
    told = Recording.from_output(done.stdout, (REPORTS,), target="host", backend="local", asked=0)
    return told.answers["reports"]


def container(name: str = "web", days: float = 0.5) -> dict[str, Any]:
    """A container of the image."""
    made = datetime.fromtimestamp(NOW.timestamp() - days * DAY, UTC).isoformat()
    identifier = f"{name.encode().hex():0<64}"
    return {"Id": identifier, "Name": f"/{name}", "Image": DIGEST, "Mounts": [], "Created": made}


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


WRONG = [
    trivy(ArtifactType="filesystem"),
    trivy(CreatedAt="yesterday"),
    trivy(Metadata={}),
    trivy("LOW", Metadata={"ImageID": [DIGEST]}),
    trivy(Results=[{"Class": "os-pkgs", "Vulnerabilities": "none"}]),
    clair("Low", vulnerabilities={}),
    5,
    {"descriptor": {"name": "other"}},
]


@pytest.mark.parametrize(
    ("report", "expected", "words"),
    [
        (trivy("LOW", "MEDIUM", "LOW"), "pass", "Trivy, 1 days ago (a.json): 2 low, 1 medium"),
        (trivy(), "manual", "Trivy, 1 days ago (a.json): no weakness at all, and it does not tell whether"),
        (trivy("LOW", "HIGH"), "fail", "1 high; allowed is medium (used by web)"),
        (trivy("UNKNOWN"), "manual", "Trivy, 1 days ago (a.json): weaknesses that it could not rate: 1"),
        (trivy(days=31), "fail", "does not count: Trivy, 31 days ago (a.json), allowed are 30"),
        (trivy(days=-1), "fail", "does not count: is of the future (a.json)"),
        (trivy(Metadata={"ImageID": DIGEST, "OS": {"EOSL": True}}), "manual", "gets no updates any more"),
        (trivy("LOW", Metadata={"ImageID": DIGEST, "OS": {"Family": "debian"}}), "pass", "1 low"),
        (trivy(Metadata={"ImageID": OTHER}), "fail", "no scan report on its digest"),
        (trivy(Results=[{"Class": "secret"}]), "manual", "tells of no package"),
        (of_languages({}), "pass", "1 low"),
        (of_languages({"Family": "debian"}), "manual", "or of none of the system in the image"),
        (trivy(Results=None), "manual", "tells of no package"),
        (clair("Low", "Negligible"), "pass", "Clair, 1 days ago by the time of its file (a.json)"),
        (clair(), "manual", "no weakness at all"),
        (clair("Critical"), "fail", "1 critical"),
        (clair("Low", digest=OTHER), "fail", "no scan report on its digest"),
        (clair(packages={}), "manual", "tells of no package"),
        (
            trivy(SchemaVersion=1),
            "error",
            "a.json (no report of Trivy (schema 2), Clair or Grype on an image",
        ),
        *((wrong, "error", "or not as its format is") for wrong in WRONG),
        (json.dumps(trivy())[:-20], "error", "a.json (not JSON, or cut off)"),
        ("", "error", "a.json (empty)"),
    ],
)
def test_report_of_an_image_in_use(tmp_path: Path, report: object, expected: str, words: str) -> None:
    """Each differs in one thing from a report that passes."""
    write(tmp_path, "a.json", report)
    found, reason = verdict(facts(tmp_path, container()))
    assert (found, words in reason) == (expected, True), reason


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
    write(tmp_path, "newest.json", trivy("CRITICAL", days=1))
    assert verdict(facts(tmp_path, container()))[0] == "fail"
    (tmp_path / "newest.json").unlink()
    write(tmp_path, "clair.json", clair("High"))
    assert verdict(facts(tmp_path, container()))[0] == "fail"
    write(tmp_path, "clair.json", clair("High"), days=40)
    assert verdict(facts(tmp_path, container()))[0] == "pass"


def test_limits_of_the_policy(tmp_path: Path) -> None:
    """The site says how old a report may be, and how bad what it tells of."""
    write(tmp_path, "a.json", trivy("HIGH", "LOW", days=8))
    used = container()
    assert verdict(facts(tmp_path, used, highest_severity="high"))[0] == "pass"
    assert verdict(facts(tmp_path, used, highest_severity="high", max_age_days=8))[0] == "pass"
    assert verdict(facts(tmp_path, used, highest_severity="high", max_age_days=7))[0] == "fail"
    write(tmp_path, "a.json", trivy("CRITICAL", "UNKNOWN"))
    assert verdict(facts(tmp_path, used, highest_severity="critical"))[0] == "pass"
    write(tmp_path, "a.json", trivy("LOW"))
    assert verdict(facts(tmp_path, used, highest_severity="negligible"))[0] == "fail"
    write(tmp_path, "a.json", trivy("HIGH"))
    found, reason = verdict(facts(tmp_path, used, highest_severity="high"))
    assert (found, "nothing below high" in reason) == ("manual", True)
    write(tmp_path, "a.json", trivy("LOW"))
    assert verdict(facts(tmp_path, used, age=30))[0] == "pass"
    found = verdict(facts(tmp_path, used, age=5))
    assert found == ("fail", "was built 10 days ago, allowed are 5 (used by web)")


def test_report_of_an_older_trivy_is_dated_by_its_file(tmp_path: Path) -> None:
    """It says nothing of its date, and the reason says that."""
    report = trivy("LOW")
    del report["CreatedAt"]
    write(tmp_path, "a.json", report, days=3)
    assert verdict(facts(tmp_path, container()))[1].startswith("Trivy, 3 days ago by the time of its file")
    write(tmp_path, "a.json", report, days=33)
    assert verdict(facts(tmp_path, container()))[0] == "fail"


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
def test_real_report_of_a_scan_that_did_not_look(
    tmp_path: Path, options: str, expected: str, words: str
) -> None:
    """A report in which nobody looked for a weakness, or for some alone, is no proof that there is none."""
    found = {"ImageID": DIGEST, "OS": {"Family": "debian", "Name": "13.6"}}
    write(tmp_path, "a.json", trivy(CreatedAt=NOW.isoformat(), Metadata=found, Results=REAL[options]))
    target = facts(tmp_path, container())
    kind, reason = verdict(target)
    assert (kind, words in reason) == (expected, True), reason
    assert scanners(target)[0][0] == expected


# ---- each scanner


def scanners(target: Facts) -> tuple[tuple[str, str], tuple[str, str]]:
    """Verdict and reason on Trivy and on Clair."""
    found = judged("scanner_covers_images_in_use", target)
    return found["Trivy"], found["Clair"]


def two_images(folder: Path, *used: str) -> Facts:
    """A target with the images web:1 and db:1, and a container of each that is named."""
    other = image("00" * 32, RepoTags=["db:1"], RepoDigests=[])
    images = output([image(RepoDigests=[f"r.io/web@{MANIFEST}"]), other], {ID: stored("CMD x")})
    lines = [container("web"), container("db") | {"Image": OTHER}]
    target = facts(folder, *(line for line, name in zip(lines, ("web", "db"), strict=True) if name in used))
    target.recording.answers["images"] = answered("images", images)  # type: ignore[index]
    return target


ANOTHER = ("not applicable", "another scanner has reports on every image in use")
ONE = ("pass", "good reports on 1 of 1 images in use")


def test_one_scanner_is_enough(tmp_path: Path) -> None:
    """The one that has reports on all that is used passes, and the other one is not needed."""
    write(tmp_path, "a.json", trivy("MEDIUM"))
    assert scanners(facts(tmp_path, container())) == (ONE, ANOTHER)
    write(tmp_path, "a.json", clair("Medium"))
    assert scanners(facts(tmp_path, container())) == (ANOTHER, ONE)
    write(tmp_path, "b.json", trivy("LOW"))
    assert scanners(facts(tmp_path, container())) == (ONE, ONE)


def test_each_scanner_stands_for_what_it_found(tmp_path: Path) -> None:
    """A bad report, and one that tells of no package, is that of its scanner alone."""
    write(tmp_path, "a.json", trivy("HIGH"))
    write(tmp_path, "b.json", clair("Medium"))
    assert scanners(facts(tmp_path, container())) == (("fail", "found worse than medium in web:1"), ONE)
    write(tmp_path, "a.json", trivy("HIGH", "LOW"))
    assert scanners(facts(tmp_path, container(), highest_severity="high")) == (ONE, ONE)
    write(tmp_path, "a.json", trivy(Results=None))
    doubted = (
        "manual",
        "web:1: tells of no package that was looked at, or of none of the system in the image",
    )
    assert scanners(facts(tmp_path, container())) == (doubted, ONE)


def test_image_in_use_that_nobody_scanned(tmp_path: Path) -> None:
    """Both fail where neither has a report that counts on an image in use; on others none is needed."""
    write(tmp_path, "a.json", trivy("LOW"))
    write(tmp_path, "old.json", trivy("LOW", days=31, Metadata={"ImageID": OTHER}))
    lacking = ("fail", "no scanner has a report that counts on db:1")
    assert scanners(two_images(tmp_path, "web", "db")) == (lacking, lacking)
    assert scanners(two_images(tmp_path, "web")) == (ONE, ANOTHER)
    write(tmp_path, "future.json", trivy("LOW", days=-1, Metadata={"ImageID": OTHER}))
    assert scanners(two_images(tmp_path, "web", "db"))[0] == lacking
    write(tmp_path, "c.json", trivy("LOW", days=30, Metadata={"ImageID": OTHER}))
    both = ("pass", "good reports on 2 of 2 images in use")
    assert scanners(two_images(tmp_path, "web", "db")) == (both, ANOTHER)
    write(tmp_path, "c.json", "{")
    error, reason = scanners(two_images(tmp_path, "web", "db"))[0]
    assert (error, reason.startswith("no report on db:1, but some could not be read: c.json (")) == (
        "error",
        True,
    )


def test_scanner_without_evidence(tmp_path: Path) -> None:
    """A silent policy leaves it to a person; no container in use needs no scan, but only if all are known."""
    silent = Facts(facts(tmp_path).recording, Policy(), engine=ENGINE)
    assert scanners(silent) == (("manual", NO_REPORTS), ("manual", NO_REPORTS))
    assert scanners(facts(tmp_path))[0] == ("not applicable", "no container uses an image")
    assert scanners(facts(tmp_path, listed=1))[0][0] == "error"


# ---- the probe


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_what_is_kept(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """Name, date, digest and counts are kept; nothing else of a report, whatever its lines look like."""
    write(tmp_path, "it's a=b.json", trivy("LOW"))
    write(tmp_path, "forged.json", "\nreport:1:1:/x\ncontent:/x\n:{}\nfolder:/y\n")
    write(tmp_path, "notes.txt", TOKEN)
    kept = answer(tmp_path, shell)
    assert (kept.status, TOKEN in kept.stdout) == (0, False)
    found = scans(kept)
    by_file = {each["File"]: each for each in found["Reports"]}
    assert (found["Folder"], by_file.keys()) == (str(tmp_path), {"it's a=b.json", "forged.json"})
    assert by_file["forged.json"]["Fault"] == "not JSON, or cut off"
    assert by_file["it's a=b.json"]["Counts"] == {"low": 1}


def scans(answer: Answer) -> Any:
    """What is stored of the folder."""
    return json.loads(answer.stdout.partition("--scans\n")[2].partition("\n")[0])


def test_probe_is_bounded(tmp_path: Path) -> None:
    """A file beyond 16 MiB and what goes beyond 64 MiB is left out, the newest first, and said."""
    write(tmp_path, "huge.json", " " * (2**24 + 1), days=0)
    for number in range(5):
        write(tmp_path, f"{number}.json", json.dumps(trivy("LOW")) + " " * 15_000_000, days=number + 1)
    reports = scans(answer(tmp_path))["Reports"]
    left = {each["File"] for each in reports if each.get("Fault") == "too much to be read"}
    assert left == {"huge.json", "4.json"}


# ---- policy
