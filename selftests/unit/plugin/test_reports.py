"""What a run leaves."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

from hullcheck.data.releases import SHIPPED
from hullcheck.plugin.reporting import remove_older
from selftests.kit.bundles import Bundle, run_demo
from selftests.kit.checks import verify
from selftests.kit.projects import PRIVILEGED, careless, site
from selftests.kit.running import ABSENT, PRESENT, Project, containers, info

FILES = {"results.json", "audit.html", "findings.csv", "requirements.csv"}


def test_junit_and_html_of_the_user_win(tmp_path: Path) -> None:
    """`--junitxml` and `--html` go where the user says; /dev/null stays a device; what cannot be written is named."""
    project = site(tmp_path)
    host = careless(project)
    project.pytest("--hosts", host, "--junitxml=own.xml", "--html=own.html")
    assert (tmp_path / "own.xml").stat().st_mode & 0o777 == 0o600
    assert re.search(r'href="reports/[^/]*/audit.html"', (tmp_path / "own.html").read_text())
    assert {each.name for each in (tmp_path / "reports/latest").iterdir()} == {*FILES, "junit.xml", "web1"}
    assert project.pytest("--hosts", host, "--junitxml=/dev/null").status == 1
    assert Path("/dev/null").is_char_device()
    run = project.pytest("--hosts", host, "--junitxml=/proc/own.xml")
    assert (run.status, len(run.lines("/proc/own.xml was not written: "))) == (3, 1), run.output


def test_reports_folder_is_taken_from_where_the_user_stands(tmp_path: Path) -> None:
    """A path on the command line starts in the current directory; recordings are for their owner alone."""
    project = site(tmp_path)
    (tmp_path / "here").mkdir()
    project.pytest("--hosts", careless(project), "--reports=out", "../tests", cwd=tmp_path / "here")
    folder = tmp_path / "here/out/latest"
    assert {each.name for each in folder.iterdir()} == {*FILES, "junit.xml", "web1"}
    assert (folder / "web1/recording.json").stat().st_mode & 0o777 == 0o600


def test_password_is_nowhere(tmp_path: Path) -> None:
    """The password of a host specification is in no file and no output, whatever becomes of the target."""
    project = site(tmp_path)
    project.command("sshpass", "echo 'Permission denied, please try again.' >&2; exit 5")
    project.environment = {"JENKINS_URL": "http://ci", "GIT_URL": "https://ci:geheim@git/x"}  # of pytest-metadata
    hosts = "ssh://audit:geheim@web1,ssh://audit:geheim@web2:99?sudo=true"
    run = project.pytest("-v", "--hosts", hosts, "--html=page.html")
    assert run.lines("not audited: web1, web2: Permission denied, please try again.")
    assert run.results["targets"]["web2"]["connect"] == "ssh://audit:***@web2:99?sudo=true"
    assert f"--hosts {hosts}".replace("geheim", "***").split() == run.results["run"]["arguments"][3:5]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"geheim" in path.read_bytes()] == []
    assert "geheim" not in run.output


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    """Escapes, line breaks and markup from a host reach neither terminal nor page as such."""
    project = site(tmp_path, PRIVILEGED.replace('"runs with', 'container.name + "\\udcff runs with'))
    evil = "/\x1b[2J\x1b]0;owned\x07</script><script>alert(1)</script>\u202e"
    answer = containers({"Name": evil, "HostConfig": {"Privileged": True}})
    run = project.pytest("--hosts", project.recorded("web1", PRESENT, info(), answer), "--html=own.html")
    page = (tmp_path / "own.html").read_text()
    assert "\x1b[2J" not in run.output
    assert "\\x1b[2J" in run.output
    assert "<script>alert(1)" not in page
    (finding,) = run.results["results"][0]["findings"]
    assert finding["subject"].isprintable()
    assert "\\udcff" in finding["reason"]


KEPT = """
import gc

from hullcheck.facts.registry import Facts


def test_keeps_little(policy):
    '''What is kept of hosts that are done.'''
    hosts = sum(type(each) is Facts for each in gc.get_objects())
    assert hosts == 1, f"{hosts} hosts"
"""
WATCHER = """
def pytest_sessionfinish(session):
    reports = session.config.pluginmanager.get_plugin("terminalreporter").stats
    print("kept", {name: len(set(map(id, each))) for name, each in reports.items()})
"""


def test_little_is_kept_of_hosts_that_are_done(tmp_path: Path) -> None:
    """The facts of one host, and of reports that they count."""
    project = Project(tmp_path, {"test_site.py": KEPT, "conftest.py": WATCHER})
    hosts = ",".join(project.recorded(name, ABSENT) for name in ("a", "b", "c", "d"))
    run = project.pytest("-s", f"--hosts={hosts}")
    assert (run.status, len(run.lines("kept {'passed': 1}"))) == (0, 1), run.output
    assert run.lines("4 passed")


# ---- what is known of releases


def test_old_recordings_are_judged_by_what_is_known_now(tmp_path: Path) -> None:
    """The verdict, the results, the page and the bundle name the file of --releases; `verify` judges by it again."""
    document = json.loads(SHIPPED.read_text())
    document["day"], document["distributions"]["debian"]["13"] = "2026-12-01", "2026-11-01"
    file = tmp_path / "known.json"
    file.write_text(json.dumps(document))
    run = run_demo(tmp_path, "--bundle", f"--releases={file}", "-k", "engine_release")
    reports = tmp_path / "reports"
    results = json.loads((reports / "latest/results.json").read_text())
    assert {each["verdict"] for each in results["results"]} == {"fail"}, run.output
    assert "got its last updates on 2026-11-01" in results["results"][0]["reason"]
    assert results["run"]["releases"] == {"day": "2026-12-01", "sha256": sha256(file.read_bytes()).hexdigest()}
    assert "2026-12-01" in (reports / "latest/audit.html").read_text()
    bundle = Bundle.read(reports / "latest.zip")
    assert bundle.files["releases.json"] == file.read_bytes()
    assert bundle.document("manifest.json")["made_by"]["releases"] == results["run"]["releases"]
    done = verify(reports / "latest.zip")
    assert done.returncode == 0, done.stdout + done.stderr


def test_file_of_releases_that_is_none(tmp_path: Path) -> None:
    """It is refused before any host is asked."""
    project = site(tmp_path)
    project.write("known.json", SHIPPED.read_text().replace('"day": ', '"then": ', 1))
    run = project.pytest("--releases=known.json")
    assert (run.status, run.output[:19]) == (4, "ERROR: --releases: ")
    assert "day: is missing; write a day, as 2026-11-26" in run.output


# ---- --keep


def test_oldest_are_removed(tmp_path: Path) -> None:
    """The newest stay; of an older run goes what a run writes, with its bundle, and a run that has not ended stays."""
    names = [f"2026010{number}T000000Z-000{number}" for number in range(1, 5)]
    for name in names:
        (tmp_path / name / "web1").mkdir(parents=True)
        for file in ("results.json", "junit.xml", "web1/recording.json"):
            (tmp_path / name / file).touch()
        (tmp_path / f"{name}.zip").touch()
    (tmp_path / names[0] / "notes.txt").touch()
    (tmp_path / names[2] / "results.json").unlink()
    remove_older(tmp_path / names[3], 1)
    left = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert left == {
        f"{names[0]}/notes.txt",
        *(f"{names[2]}/{file}" for file in ("junit.xml", "web1/recording.json")),
        *(f"{names[3]}/{file}" for file in ("junit.xml", "results.json", "web1/recording.json")),
        *(f"{name}.zip" for name in names[2:]),
    }
