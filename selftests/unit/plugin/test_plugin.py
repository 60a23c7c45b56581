"""What a user of pytest sees: selection, verdicts, reports, exit statuses, and what bad input gets."""

from __future__ import annotations

import json
import os
import platform
import pwd
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hullcheck.recording.probe import Answer
from selftests import REPOSITORY
from selftests.kit.facts.engines import engine_text
from selftests.kit.projects import EVERY_VERDICT, PRIVILEGED, careless, empty, site
from selftests.kit.running import (
    PRESENT,
    Project,
    clean_environment,
    properties,
    same_but_for_the_run,
)

EXPECTED = {
    "passes": "pass",
    "fails": "fail",
    "cannot_be_read": "error",
    "fixture_cannot_be_read": "error",
    "fixture_breaks": "error",
    "is_broken": "error",
    "has_nothing": "not applicable",
    "needs_a_person": "manual",
    "of_subjects": "fail",
    "skips": "not applicable",
}


# ---- verdicts


def test_design_example_in_a_users_repository(tmp_path: Path) -> None:
    """Ten lines of a user make a control: judged, mapped and reported like ours."""
    project = site(tmp_path)
    run = project.pytest("-v", "-m", "cis", "--hosts", careless(project))
    assert run.status == 1
    assert run.lines("fail: web: runs with --privileged")
    assert not run.lines("hidden"), "a verdict has no traceback, and pytest says nothing of one"
    results = run.results
    assert list(results) == [
        "schema",
        "run",
        "targets",
        "controls",
        "results",
        "requirements",
        "waivers",
        "attestations",
    ]
    said = [
        "id",
        "started",
        "finished",
        "hullcheck",
        "arguments",
        "exit_status",
        "user",
        "machine",
        "releases",
    ]
    assert list(results["run"]) == said
    assert results["run"]["user"] == {"name": pwd.getpwuid(os.getuid()).pw_name, "uid": os.getuid()}
    assert results["run"]["machine"] == platform.node()
    assert results["schema"] == "hullcheck/results/1"
    assert results["run"]["exit_status"] == 1
    assert results["run"]["id"] == (tmp_path / "reports/latest").readlink().name
    assert results["targets"] == {
        "web1": {
            "connect": f"recorded://{tmp_path}/recordings/web1",
            "kind": "host",
            "engine": "26.1.5",
            "os": "",
        }
    }
    assert results["controls"] == {
        "container_is_not_privileged": {
            "title": "No container runs privileged.",
            "severity": "medium",
            "rationale": "A privileged container holds every capability and sees every device:"
            " whoever breaks out of it owns the host.",
            "remedy": "run it without --privileged and add the single capabilities that it needs.",
            "frameworks": {
                "cis": ["5.5"],
                "nist": ["800-53:AC-6", "800-53:SC-39", "800-190:4.4.3"],
                "pci": ["2.2.6", "7.2.5"],
                "hipaa": ["164.312(a)(1)"],
            },
            "cis_level": 1,
        }
    }
    assert results["results"] == [
        {
            "control": "container_is_not_privileged",
            "target": "web1",
            "verdict": "fail",
            "reason": "web: runs with --privileged",
            "findings": [
                {"kind": "container", "subject": "db", "verdict": "pass", "reason": ""},
                {
                    "kind": "container",
                    "subject": "web",
                    "verdict": "fail",
                    "reason": "runs with --privileged",
                },
            ],
            "evidence": results["results"][0]["evidence"],
        }
    ]
    assert "containers" in results["results"][0]["evidence"]


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_each_verdict_has_its_outcome(tmp_path: Path, processes: list[str]) -> None:
    """pass, fail, error, not applicable and manual are what the design says in pytest, results and JUnit."""
    project = site(tmp_path, EVERY_VERDICT)
    run = project.pytest("-v", "--hosts", empty(project), *processes)
    assert run.status == 1
    assert run.lines("2 failed, 2 passed, 3 skipped, 4 errors"), run.output
    assert run.verdicts == EXPECTED
    assert run.lines("not applicable: no swarm")
    assert run.lines("manual: ports 80 and 443 are open")
    assert run.lines("is_broken[bare] - error: the control broke: KeyError: 'no such key'")
    cases = {case.get("name", "").removeprefix("test_").partition("[")[0]: case for case in run.junit}
    children = {"pass": set(), "fail": {"failure"}, "error": {"error"}, "not applicable": {"skipped"}}
    for name, verdict in EXPECTED.items():
        found = {child.tag for child in cases[name]} - {"properties"}
        assert found == children.get(verdict, {"skipped"}), name
        keys = [key for key, _ in properties(cases[name])]
        assert sorted(keys) == ["control", "frameworks", "severity", "target", "verdict"], name
        assert dict(properties(cases[name]))["verdict"] == verdict
    assert not properties(cases["is_no_control"])


def test_workers_give_the_same_results(tmp_path: Path) -> None:
    """`-n 2` writes the same results.json but for run id, times, arguments."""
    project = site(tmp_path, EVERY_VERDICT)
    project.write("tests/test_more.py", PRIVILEGED)
    hosts = f"{empty(project)},{careless(project)}"
    documents = [project.pytest("--hosts", hosts, *more).results for more in ([], ["-n", "2"])]
    assert same_but_for_the_run(documents)
    assert len(documents[0]["results"]) == 2 * len(EXPECTED) + 2


def test_first_failure_stops(tmp_path: Path) -> None:
    """`-x` stops at the first control that fails."""
    project = site(tmp_path, EVERY_VERDICT)
    run = project.pytest("-x", "--hosts", empty(project))
    assert run.verdicts == {"passes": "pass", "fails": "fail"}


def test_last_failed_come_again(tmp_path: Path) -> None:
    """`--lf` judges again what failed or could not be judged."""
    project = site(tmp_path, EVERY_VERDICT)
    hosts = ["--lf", "--hosts", empty(project)]
    project.pytest(*hosts)
    again = project.pytest(*hosts)
    assert again.verdicts == {name: each for name, each in EXPECTED.items() if each in ("fail", "error")}


def test_control_with_parameters_of_its_own(tmp_path: Path) -> None:
    """A control may be parametrized further; workers have the recordings all the same."""
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', [1, 2])\n"
    text += "def test_it(os_name, x):\n    assert x and os_name == ''\n"
    project = site(tmp_path, text)
    run = project.pytest("--hosts", empty(project), "-n", "2")
    assert run.lines("2 passed")


# ---- never green without a judgement


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_run_that_judged_nothing_is_not_green(suite: Project, processes: list[str]) -> None:
    """On a host without Docker there is nothing to judge, and the run says so; a person's part judges nothing."""
    run = suite.pytest("-m", "cis", "--hosts", empty(suite), *processes)
    assert run.status == 1
    assert set(run.verdicts.values()) <= {"not applicable", "manual"}
    assert len(run.lines("No control was judged")) == 1
    assert run.results["run"]["exit_status"] == 1


def test_run_of_errors_alone_says_that_it_judged_nothing(suite: Project) -> None:
    """As on a host whose engine lets nobody ask: that no control failed is no good news."""
    said = "permission denied while trying to connect to the Docker daemon socket"
    refused = Answer("engine", 0, engine_text(refusal=said), "")
    run = suite.pytest(
        "-k", "privileged or memory_limit", "--hosts", suite.recorded("shut", PRESENT, refused)
    )
    assert set(run.verdicts.values()) == {"error"}
    assert run.status == 1
    assert len(run.lines("No control was judged")) == 1
    assert "Nothing could be judged: " in (suite.folder / "reports/latest/audit.html").read_text()


def test_run_that_a_plugin_ends_is_not_green(tmp_path: Path) -> None:
    """Whatever exit status it chose: what was selected was not all judged."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    project.write(
        "conftest.py",
        "import pytest\n\n"
        "def pytest_runtest_setup(item):\n"
        "    'fails' in item.nodeid and pytest.exit('enough', 0)\n",
    )
    run = project.pytest("-k", "test_passes or test_fails", "--hosts", empty(project))
    assert (run.status, run.verdicts) == (2, {"passes": "pass"}), run.output
    assert run.results["run"]["exit_status"] == 2


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
@pytest.mark.parametrize("selection", ["container_is_not_privileged", "no_such_control"])
def test_nagios_is_not_told_that_nothing_is_well(
    suite: Project, selection: str, processes: list[str]
) -> None:
    """testinfra's --nagios counts failures alone: where nothing was judged or selected, the state is unknown."""
    run = suite.pytest("--nagios", "-k", selection, "--hosts", empty(suite), *processes)
    assert run.status == 3, run.output
    assert len(run.lines("UNKNOWN")) == 1


def test_nagios_keeps_what_was_found(tmp_path: Path) -> None:
    """OK and CRITICAL are 0 and 2, and neither is a run that was interrupted."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    arguments = ("--nagios", "--bundle", "--hosts", empty(project))
    for control, status in (("test_passes", 0), ("test_fails", 2)):
        assert project.pytest(*arguments, "-k", control).status == status
        with zipfile.ZipFile(tmp_path / "reports/latest.zip") as archive:
            assert json.loads(archive.read("manifest.json"))["selection"]["partial"] == ""


def test_nagios_is_told_of_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Tests that could not be collected are no good state either."""
    project = Project(tmp_path, {"test_broken.py": "import nothing_of_this_name\n"})
    run = project.pytest("--nagios", "--hosts", empty(project))
    assert run.status == 3, run.output


@pytest.mark.parametrize("quiet", ["-q", "-qq", "--no-summary"])
def test_reason_stands_below_every_list(suite: Project, quiet: str) -> None:
    """However little the user wants to read, what comes of a run that judged nothing is not far up."""
    run = suite.pytest("-m", "cis", "--hosts", empty(suite), quiet)
    assert any("No control was judged" in line for line in run.output.rstrip().splitlines()[-3:])


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_selection_of_nothing_says_so(suite: Project, processes: list[str]) -> None:
    """A selection without a control is pytest's exit status 5, and a line says what to do."""
    run = suite.pytest("-m", "cis", "-k", "no_such_control", "--hosts", empty(suite), *processes)
    assert run.status == 5
    assert len(run.lines("No control was selected")) == 1
    assert "Traceback" not in run.output


def test_folder_without_controls_says_where_they_are(suite: Project, tmp_path: Path) -> None:
    """Who asks for an audit where no control is gets one line with the command, without any settings of pytest."""
    bare = Project(tmp_path / "empty", {})
    (bare.folder / "pytest.ini").unlink()
    for arguments in (["-m", "cis(level=1)"], ["--hosts", empty(suite)]):
        run = bare.pytest(*arguments)
        assert (run.status, len(run.lines("`hullcheck audit` takes the same options"))) == (5, 1), run.output
    assert not bare.pytest("-k", "anything").lines("hullcheck audit")


# ---- installed


def test_plugin_is_loaded_once_when_installed(tmp_path: Path) -> None:
    """With the entry point of an installation beside the checkout's conftest, pytest loads one plugin."""
    project = site(tmp_path)
    entry = project.write(
        "site/hullcheck-0.dist-info/entry_points.txt", "[pytest11]\nhullcheck.plugin = hullcheck.plugin\n"
    )
    (entry.parent / "METADATA").write_text("Metadata-Version: 2.1\nName: hullcheck\nVersion: 0\n")
    hosts = careless(project)
    both = _with_site(project, "--hosts", hosts)
    (tmp_path / "conftest.py").unlink()
    installed = _with_site(project, "--hosts", hosts)
    assert both == installed == {"container_is_not_privileged": "fail"}


def _with_site(project: Project, *arguments: str) -> dict[str, str]:
    project.environment["PYTHONPATH"] = f"{REPOSITORY}:{project.folder}/site"
    run = project.pytest(*arguments)
    assert "Traceback" not in run.output, run.output
    return run.verdicts


def test_selftests_are_no_audit(tmp_path: Path) -> None:
    """`pytest selftests` reads settings of its own: it makes no reports and is strict."""
    environment = {**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    before = sorted((REPOSITORY / "reports").iterdir())
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "selftests/unit/results/test_results.py",
            "-v",
        ],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "configfile: pytest.ini" in done.stdout
    assert "gathered" not in done.stdout
    assert sorted((REPOSITORY / "reports").iterdir()) == before


def test_results_are_plain_json(tmp_path: Path) -> None:
    """results.json is ASCII, so that no reader trips over what a host put into it."""
    project = site(tmp_path)
    project.pytest("--hosts", careless(project))
    text = (tmp_path / "reports/latest/results.json").read_bytes()
    assert text.isascii()
    assert json.loads(text)["targets"]["web1"]["kind"] == "host"
