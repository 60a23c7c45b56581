"""What a user of pytest sees: selection, verdicts, reports, exit statuses, and what bad input gets."""

from __future__ import annotations

import json
import os
import platform
import pty
import pwd
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hullcheck.recording.probe import Answer
from hullcheck.recording.script import MAGIC
from selftests import REPOSITORY
from selftests.kit.running import (
    ABSENT,
    PRESENT,
    SETTINGS,
    Project,
    clean_environment,
    containers,
    info,
    properties,
    same_but_for_the_run,
)

PRIVILEGED = '''
"""Controls of a site."""

import pytest


@pytest.mark.cis("5.5", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
def test_container_is_not_privileged(container):
    """No container runs privileged.

    A privileged container holds every capability and sees every device: who breaks out of it owns the host.

    Remedy: run it without --privileged and add the single capabilities that it needs.
    """
    assert not container.privileged, "runs with --privileged"
'''

EVERY_VERDICT = '''
"""One control for each way to end."""

import pytest

from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable


@pytest.fixture
def thing(policy):
    return Subjects("thing", (("good", 1), ("bad", 2)))


@pytest.fixture
def broken(policy):
    assert False, "nothing works"


@pytest.fixture
def unread(policy):
    raise EvidenceError("permission denied")


@pytest.mark.severity("high")
def test_passes(policy):
    """It passes."""


def test_fails(policy):
    """It fails."""
    assert 1 == 2, "one is not two"


def test_cannot_be_read(policy):
    """Evidence is missing."""
    raise EvidenceError("no evidence")


def test_fixture_cannot_be_read(unread):
    """Evidence is missing, and the fixture says so."""


def test_fixture_breaks(broken):
    """A fixture with a fault."""


def test_is_broken(policy):
    """The control has a fault of its own."""
    {}["no such key"]


def test_has_nothing(policy):
    """Nothing to judge."""
    raise NotApplicable("no swarm")


def test_needs_a_person(policy):
    """A person has to look."""
    raise Manual("ports 80 and 443 are open")


def test_of_subjects(thing):
    """Every thing is good."""
    assert thing == 1, f"is {thing}"


def test_skips(policy):
    """It says pytest.skip."""
    pytest.skip("not on this kernel")


def test_is_no_control():
    """An ordinary test, which is none of our business."""
'''

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


def _site(folder: Path, text: str = PRIVILEGED, name: str = "test_site.py") -> Project:
    """A user's own repository with controls of its own."""
    return Project(folder, {name: text})


def _careless(project: Project) -> str:
    return project.recorded(
        "web1",
        PRESENT,
        info(),
        containers(
            {"Name": "/db", "HostConfig": {"Privileged": False}},
            {"Name": "/web", "HostConfig": {"Privileged": True}},
        ),
    )


def _empty(project: Project, name: str = "bare") -> str:
    return project.recorded(name, ABSENT)


# ---- selection


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project's own controls."""
    return Project(tmp_path_factory.mktemp("suite"))


@pytest.mark.parametrize(
    ("arguments", "wanted", "unwanted"),
    [
        (["-m", "cis"], "test_container_is_not_privileged", "no test"),
        (["-m", "cis(level=1)"], "test_container_is_not_privileged", "test_container_has_selinux_labels"),
        (["-m", "cis(level=2)"], "test_container_has_selinux_labels", "test_container_is_not_privileged"),
        (["-m", 'cis(id="5.5")'], "test_container_is_not_privileged", "test_container_has_a_pid_namespace"),
        (["-m", 'cis(id="5.10")'], "test_container_has_a_network_namespace", "test_swarm_mode"),
        (["-m", 'nist(id="AC-17", sp="800-53")'], "test_container_runs_no_ssh_server", "privileged["),
        (["-m", 'pci(id="7.2.5") and not hipaa(id="164.312(a)(1)")'], "collected", "test_container_is_not"),
        (["-m", 'hipaa(id="164.312(a)(1)") and cis'], "test_container_is_not_privileged", "ssh_server"),
        (["-m", 'pci(id="2.2.4") or nist(id="4.4.2")'], "test_container_runs_no_ssh_server", "read_only"),
        (["-k", "selinux"], "test_container_has_selinux_labels", "test_container_is_not_privileged"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_selection_is_that_of_pytest(
    suite: Project, arguments: list[str], wanted: str, unwanted: str
) -> None:
    """`-m` with arguments and `-k` select controls, and `--collect-only` asks no host."""
    trace = suite.command("ssh", 'echo "$@" >>$trace; exit 255')
    run = suite.pytest("--co", "-q", "--hosts", "ssh://web1,ssh://web2", *arguments)
    assert wanted in run.output
    assert unwanted not in run.output
    assert not trace.exists()


@pytest.mark.parametrize("option", ["--setup-plan", "--fixtures", "--fixtures-per-test"])
def test_what_only_explains_asks_no_host_and_leaves_no_report(tmp_path: Path, option: str) -> None:
    """A JUnit file of tests that were not called would look as if they had passed."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    trace = project.command("ssh", 'echo "$@" >>$trace; exit 255')
    run = project.pytest(option, "--hosts", "ssh://web1")
    assert run.status == 0, run.output
    assert not trace.exists()
    assert not (tmp_path / "reports").exists()


def test_controls_that_were_not_called_are_not_green(tmp_path: Path) -> None:
    """`--setup-only` reads the facts and judges none."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    run = project.pytest("--setup-only", "-k", "test_passes", "--hosts", _empty(project))
    assert run.status == 1, run.output
    assert len(run.lines("No control was judged")) == 1


def test_each_control_once_for_each_target(suite: Project) -> None:
    """A target is named in the test's id by its host part, with its port where names collide."""
    hosts = "ssh://audit@web1,ssh://web2:2201,ssh://web2:2202?sudo=true,local://"
    run = suite.pytest("--co", "-q", "-m", 'cis(id="5.5")', "--hosts", hosts)
    ids = [line.partition("[")[2] for line in run.lines("is_not_privileged[")]
    assert ids == ["web1]", "web2-2201]", "web2-2202]", "local]"]


def test_markers_explains_each_framework(suite: Project) -> None:
    """`--markers` names the frameworks and how to select, and asks no host."""
    trace = suite.command("ssh", 'echo "$@" >>$trace; exit 255')
    run = suite.pytest("--markers", "--hosts", "ssh://web1")
    for name in ("cis", "nist", "pci", "hipaa", "guide", "severity"):
        assert run.lines(f"@pytest.mark.{name}("), name
    assert run.status == 0
    assert not trace.exists()


def test_show_probes_prints_every_command(suite: Project) -> None:
    """`--show-probes` prints the whole script for each target, a password never, and asks no host."""
    trace = suite.command("ssh", 'echo "$@" >>$trace; exit 255')
    run = suite.pytest("--show-probes", "--hosts", "ssh://a:geheim@web1,docker://box", "--probe-timeout", "7")
    assert run.status == 0
    assert run.lines("# ---- web1 (ssh://a:***@web1)")
    assert run.lines("# ---- box (docker://box)")
    assert len(run.lines("answer docker_info ")) == len(run.lines("answer own_mounts ")) == 2
    assert len(run.lines("limit=7")) == 2
    assert "geheim" not in run.output
    assert not trace.exists()


def test_probes_are_told_what_the_policy_names(suite: Project) -> None:
    """The folder of scan reports and the log of docker-bench-security, for the target that they are said of."""
    suite.write(
        "site.yml",
        """targets:
  web1: {connect: "ssh://web1"}
  web2: {connect: "ssh://web2"}
policy:
  targets:
    web1: {scan_reports: {folder: "/srv/it's"}, docker_bench: {log: /var/log/b.json}}
""",
    )
    run = suite.pytest("--show-probes", "--inventory=site.yml")
    first, second = run.output.split("# ---- web2")
    assert """scan_reports='/srv/it'"'"'s'\n""" in first
    assert "docker_bench_log=/var/log/b.json\n" in first
    assert "scan_reports=''\n" in second


def test_help_teaches(suite: Project) -> None:
    """`--help` has a group with every option of ours, and names testinfra's."""
    run = suite.pytest("--help")
    for option in (
        *("--inventory=PATH", "--reports=PATH"),
        "--profile",
        "--probe-timeout",
        "--target-timeout",
        "--show-probes",
        "--hosts",
    ):
        assert option in run.output
    for key in ("hullcheck_inventory", "HULLCHECK_INVENTORY"):
        assert key in run.output


# ---- verdicts


def test_design_example_in_a_users_repository(tmp_path: Path) -> None:
    """Ten lines of a user make a control: judged, mapped and reported like ours."""
    project = _site(tmp_path)
    run = project.pytest("-m", "cis", "--hosts", _careless(project))
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
    said = ["id", "started", "finished", "hullcheck", "arguments", "exit_status", "user", "machine"]
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
            " who breaks out of it owns the host.",
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
    assert "docker_containers" in results["results"][0]["evidence"]


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_each_verdict_has_its_outcome(tmp_path: Path, processes: list[str]) -> None:
    """pass, fail, error, not applicable and manual are what the design says in pytest, results and JUnit."""
    project = _site(tmp_path, EVERY_VERDICT)
    run = project.pytest("--hosts", _empty(project), *processes)
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
    project = _site(tmp_path, EVERY_VERDICT)
    project.write("tests/test_more.py", PRIVILEGED)
    hosts = f"{_empty(project)},{_careless(project)}"
    documents = [project.pytest("--hosts", hosts, *more).results for more in ([], ["-n", "2"])]
    assert same_but_for_the_run(documents)
    assert len(documents[0]["results"]) == 2 * len(EXPECTED) + 2


def test_first_failure_stops(tmp_path: Path) -> None:
    """`-x` stops at the first control that fails."""
    project = _site(tmp_path, EVERY_VERDICT)
    run = project.pytest("-x", "--hosts", _empty(project))
    assert run.verdicts == {"passes": "pass", "fails": "fail"}


def test_last_failed_come_again(tmp_path: Path) -> None:
    """`--lf` judges again what failed or could not be judged."""
    project = _site(tmp_path, EVERY_VERDICT)
    hosts = ["--lf", "--hosts", _empty(project)]
    project.pytest(*hosts)
    again = project.pytest(*hosts)
    assert again.verdicts == {name: each for name, each in EXPECTED.items() if each in ("fail", "error")}


def test_control_with_parameters_of_its_own(tmp_path: Path) -> None:
    """A control may be parametrized further; workers have the recordings all the same."""
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', [1, 2])\n"
    text += "def test_it(os_name, x):\n    assert x and os_name == ''\n"
    project = _site(tmp_path, text)
    run = project.pytest("--hosts", _empty(project), "-n", "2")
    assert run.lines("2 passed")


# ---- never green without a judgement


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_run_that_judged_nothing_is_not_green(suite: Project, processes: list[str]) -> None:
    """On a host without Docker there is nothing to judge, and the run says so; a person's part judges nothing."""
    run = suite.pytest("-m", "cis", "--hosts", _empty(suite), *processes)
    assert run.status == 1
    assert set(run.verdicts.values()) <= {"not applicable", "manual"}
    assert len(run.lines("No control was judged")) == 1
    assert run.results["run"]["exit_status"] == 1


def test_run_of_errors_alone_says_that_it_judged_nothing(suite: Project) -> None:
    """As on a host whose engine lets nobody ask: that no control failed is no good news."""
    refused = Answer(
        "docker_info", 1, "", "permission denied while trying to connect to the Docker daemon socket"
    )
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
    run = project.pytest("-k", "test_passes or test_fails", "--hosts", _empty(project))
    assert (run.status, run.verdicts) == (2, {"passes": "pass"}), run.output
    assert run.results["run"]["exit_status"] == 2


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
@pytest.mark.parametrize("selection", ["container_is_not_privileged", "no_such_control"])
def test_nagios_is_not_told_that_nothing_is_well(
    suite: Project, selection: str, processes: list[str]
) -> None:
    """testinfra's --nagios counts failures alone: where nothing was judged or selected, the state is unknown."""
    run = suite.pytest("--nagios", "-k", selection, "--hosts", _empty(suite), *processes)
    assert run.status == 3, run.output
    assert len(run.lines("UNKNOWN")) == 1


def test_nagios_keeps_what_was_found(tmp_path: Path) -> None:
    """OK and CRITICAL are 0 and 2, and neither is a run that was interrupted."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    arguments = ("--nagios", "--bundle", "--hosts", _empty(project))
    for control, status in (("test_passes", 0), ("test_fails", 2)):
        assert project.pytest(*arguments, "-k", control).status == status
        with zipfile.ZipFile(tmp_path / "reports/latest.zip") as archive:
            assert json.loads(archive.read("manifest.json"))["selection"]["partial"] == ""


def test_nagios_is_told_of_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Tests that could not be collected are no good state either."""
    project = Project(tmp_path, {"test_broken.py": "import nothing_of_this_name\n"})
    run = project.pytest("--nagios", "--hosts", _empty(project))
    assert run.status == 3, run.output


@pytest.mark.parametrize("quiet", ["-q", "-qq", "--no-summary"])
def test_reason_stands_below_every_list(suite: Project, quiet: str) -> None:
    """However little the user wants to read, what comes of a run that judged nothing is not far up."""
    run = suite.pytest("-m", "cis", "--hosts", _empty(suite), quiet)
    assert any("No control was judged" in line for line in run.output.rstrip().splitlines()[-3:])


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_selection_of_nothing_says_so(suite: Project, processes: list[str]) -> None:
    """A selection without a control is pytest's exit status 5, and a line says what to do."""
    run = suite.pytest("-m", "cis", "-k", "no_such_control", "--hosts", _empty(suite), *processes)
    assert run.status == 5
    assert len(run.lines("No control was selected")) == 1
    assert "Traceback" not in run.output


def test_folder_without_controls_says_where_they_are(suite: Project, tmp_path: Path) -> None:
    """Who names an inventory and stands elsewhere is told so, without any settings of pytest."""
    empty = Project(tmp_path / "empty", {})
    (empty.folder / "pytest.ini").unlink()
    run = empty.pytest("-m", "cis", "--hosts", _empty(suite))
    assert (run.status, len(run.lines("run pytest in the directory of the controls"))) == (5, 1), run.output


# ---- bad input


WRONG_SEVERITY = '@pytest.mark.severity("hihg")\ndef '
BAD_MARKER = PRIVILEGED.replace('"7.2.5"', '"7.2.55"')


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        (
            {"tests/test_bad.py": BAD_MARKER},
            [],
            'tests/test_bad.py:10: pci("7.2.55") is not in markers.ini; did you',
        ),
        (
            {"tests/test_bad.py": PRIVILEGED.replace("level=1", "level=3")},
            [],
            'tests/test_bad.py:7: cis("5.5", level=3) needs level=1 or level=2',
        ),
        (
            {"tests/test_bad.py": PRIVILEGED.replace("def ", WRONG_SEVERITY)},
            [],
            "tests/test_bad.py:12: severity('hihg') is not a severity; write one of critical, high, medium",
        ),
        ({"i.yml": "targets:\n  a:\n    conect: x\n"}, ["--inventory=i.yml"], "i.yml:3: "),
        ({"i.yml": "targets:\n  a: [\n"}, ["--inventory=i.yml"], "i.yml:"),
        ({"i.yml": "targets: {}\n"}, ["--inventory=i.yml"], "i.yml:1: "),
        ({}, ["--inventory=missing.yml"], "missing.yml"),
        ({}, ["--hosts", "shh://web1"], "--hosts shh://web1: unknown backend 'shh'; did you mean 'ssh'?"),
        ({}, ["--hosts", "ssh://"], "--hosts ssh://: names no host; write ssh://NAME"),
        ({}, ["--hosts", ""], "--hosts names no target; write for example --hosts local://"),
        (
            {},
            ["--hosts", "recorded://missing"],
            "--hosts recorded://missing: there is no such file or folder; write",
        ),
        (
            {},
            ["--hosts", "recorded://conftest.py,recorded://missing"],
            "--hosts recorded://conftest.py: this is no recording; write",
        ),
        (
            {},
            ["--hosts", "recorded://tests"],
            "--hosts recorded://tests: there is no recording.json in this folder; write",
        ),
        (
            {},
            ["-m", 'cis(id="5.55")'],
            'ERROR: -m: cis(id="5.55") is not in markers.ini; did you mean "5.5"?',
        ),
        ({}, ["-m", "cis(level=7)"], "ERROR: -m: cis(level=7) needs level=1 or level=2"),
        ({}, ["-m", "ciss or pci"], "ERROR: -m: 'ciss' is not a marker; did you mean 'cis'?"),
        ({}, ["-m", "cis and ("], "ERROR: -m: at column 10: expected"),
        ({}, ["--probe-timeout", "abc"], "--probe-timeout abc: write a whole number of seconds above 0"),
        ({}, ["--target-timeout", "0"], "--target-timeout 0: write a whole number of seconds above 0"),
        (
            {},
            ["--reports=conftest.py"],
            "conftest.py: Not a directory; a run leaves its results in a folder: write --reports=PATH",
        ),
        ({}, ["--reports=/proc/x"], "/proc/x: No such file or directory; a run leaves its results in"),
        ({"markers.ini": "[cis]\nnonsense\n"}, [], "markers.ini:2: not a setting; write 'key = value'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_gets_one_clear_line(
    tmp_path: Path, processes: list[str], files: dict[str, str], arguments: list[str], said: str
) -> None:
    """The line says what is wrong, where, and what to write; there is no traceback, and nothing is asked."""
    project = _site(tmp_path)
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    for name, text in files.items():
        project.write(name, text)
    hosts = (
        [] if "--inventory" in "".join(arguments) or "--hosts" in arguments else ["--hosts", "docker://box"]
    )
    run = project.pytest("-m", "cis", *hosts, *arguments, *processes)
    assert run.status == 4, run.output
    telling = [line for line in run.lines(said) if line.startswith(("ERROR: ", str(tmp_path), "tests/"))]
    assert len(telling) == 1, run.output
    assert "Traceback" not in run.output
    assert "INTERNALERROR" not in run.output
    assert not trace.exists()


def test_selection_that_fails_asks_no_host(tmp_path: Path) -> None:
    """pytest comes to the end of collection then as well."""
    project = _site(tmp_path)
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    run = project.pytest("--hosts", "docker://box", "-k", "(")
    assert (run.status, len(run.lines("Wrong expression passed to '-k'"))) == (4, 1)
    assert not trace.exists()


def test_undeclared_marker_where_pytest_is_not_strict(tmp_path: Path) -> None:
    """There it is pytest's to say what it selects."""
    project = Project(tmp_path, {"test_it.py": PRIVILEGED}, SETTINGS.replace("strict = true\n", ""))
    assert project.pytest("-m", "ciss or pci", "--hosts", _careless(project)).verdicts


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
@pytest.mark.parametrize("chosen", ["plain", "it"])
def test_test_that_is_named_like_a_target(tmp_path: Path, chosen: str, processes: list[str]) -> None:
    """Hosts are asked for a control, and not for a test whose parameter has the name of a target."""
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', ['box'])\ndef test_plain(x):\n    assert x\n"
    project = _site(tmp_path, text + "\n\ndef test_it(os_name):\n    assert os_name\n")
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    run = project.pytest("--hosts", "docker://box", "-k", chosen, *processes)
    assert run.lines("1 passed" if chosen == "plain" else "1 error"), run.output
    assert trace.exists() == (chosen == "it")
    assert not list(tmp_path.glob("reports/*/.controls*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hosts", "nope://x"], "--hosts nope://x: unknown backend 'nope'"),
        (["--inventory=missing.yml"], "missing.yml:1: cannot be read"),
        (["--inventory=missing.yml", "--collect-only"], "missing.yml:1: cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_where_no_folder_of_reports_is_set(tmp_path: Path, arguments: list[str], said: str) -> None:
    """There the inventory and the hosts are read when the first control is collected: the line is the same."""
    run = Project(tmp_path, settings="[pytest]\ntestpaths = tests\n").pytest(*arguments)
    assert (run.status, len(run.lines(said))) == (4, 1), run.output
    assert run.lines(said)[0].startswith("ERROR: ")
    assert "UsageError" not in run.output


def test_every_wrong_marker_of_a_file_is_named(tmp_path: Path) -> None:
    """A run names all wrong ids of a file at once."""
    both = BAD_MARKER.replace('"AC-6"', '"AC-666"')
    run = _site(tmp_path, both).pytest("-m", "cis", "--hosts", "local://")
    assert run.lines(":8: ")
    assert run.lines(":10: ")


def test_damaged_recording_is_an_error_verdict(tmp_path: Path) -> None:
    """A recording that is none spoils its own target alone."""
    project = _site(tmp_path)
    project.write("broken/recording.json", '{"schema": "hullcheck/recording/1"')
    project.write("cut.txt", f"Welcome\n{MAGIC} {'0' * 32}\n")
    project.write("empty.txt", "")
    damaged = ",".join(f"recorded://{tmp_path}/{each}" for each in ("broken", "cut.txt", "empty.txt"))
    run = project.pytest("--hosts", f"{damaged},{_careless(project)}")
    assert run.verdicts == {
        "container_is_not_privileged@broken": "error",
        "container_is_not_privileged@cut": "error",
        "container_is_not_privileged@empty": "error",
        "container_is_not_privileged@web1": "fail",
    }
    kinds = {name: target["kind"] for name, target in run.results["targets"].items()}
    assert kinds == {"broken": "unknown", "cut": "unknown", "empty": "unknown", "web1": "host"}
    assert run.lines("not audited: broken: ")
    assert "Traceback" not in run.output


def test_answer_of_another_type_spoils_its_own_target_alone(tmp_path: Path) -> None:
    """A recording whose answer is no text is an error of its target; the others are judged, and results are written."""
    project = _site(tmp_path)
    careless = _careless(project)
    document = json.loads((tmp_path / "recordings/web1/recording.json").read_text())
    document["answers"][0]["stdout"] = None
    project.write("bad/recording.json", json.dumps(document))
    run = project.pytest("--hosts", f"recorded://{tmp_path}/bad,{careless}")
    assert run.status == 1
    assert run.verdicts == {
        "container_is_not_privileged@bad": "error",
        "container_is_not_privileged@web1": "fail",
    }
    assert run.results["targets"]["bad"]["kind"] == "unknown"
    (said,) = run.lines("not audited: bad: ")
    assert said.endswith("damaged: answers[0].stdout is not a text; gather again")
    assert "Traceback" not in run.output


# ---- reports


def test_junit_and_html_of_the_user_win(tmp_path: Path) -> None:
    """`--junitxml` and `--html` go where the user says, and not into the run's folder."""
    project = _site(tmp_path)
    run = project.pytest("--hosts", _careless(project), "--junitxml=own.xml", "--html=own.html")
    assert (tmp_path / "own.xml").exists()
    assert (tmp_path / "own.html").exists()
    left = {each.name for each in (tmp_path / "reports/latest").iterdir()}
    assert left == {"results.json", "audit.html", "findings.csv", "requirements.csv", "web1"}
    assert run.status == 1


def test_reports_folder_is_taken_from_where_the_user_stands(tmp_path: Path) -> None:
    """A path on the command line starts in the current directory; recordings are for their owner alone."""
    project = _site(tmp_path)
    (tmp_path / "here").mkdir()
    project.pytest("--hosts", _careless(project), "--reports=out", "../tests", cwd=tmp_path / "here")
    folder = tmp_path / "here/out/latest"
    reports = {"results.json", "audit.html", "junit.xml", "report.html", "findings.csv", "requirements.csv"}
    assert {each.name for each in folder.iterdir()} == {*reports, "web1"}
    assert (folder / "web1/recording.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_password_is_nowhere(tmp_path: Path, processes: list[str]) -> None:
    """The password of a host specification is in no file and no output, whatever becomes of the target."""
    project = _site(tmp_path)
    project.command("sshpass", "echo 'Permission denied, please try again.' >&2; exit 5")
    project.environment = {
        "JENKINS_URL": "http://ci",
        "GIT_URL": "https://ci:geheim@git/x",
    }  # pytest-metadata's
    hosts = "ssh://audit:geheim@web1,ssh://audit:geheim@web2:99?sudo=true"
    run = project.pytest("-v", "--hosts", hosts, "--html=page.html", *processes)
    assert run.lines("not audited: web1: ssh://audit:***@web1 could not be audited: Permission denied")
    assert run.results["targets"]["web2"]["connect"] == "ssh://audit:***@web2:99?sudo=true"
    assert f"--hosts {hosts}".replace("geheim", "***").split() == run.results["run"]["arguments"][3:5]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"geheim" in path.read_bytes()] == []
    assert "geheim" not in run.output


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    """Escapes, line breaks and markup from a host reach neither terminal nor page as such."""
    project = _site(tmp_path, PRIVILEGED.replace('"runs with', 'container.name + "\\udcff runs with'))
    evil = "/\x1b[2J\x1b]0;owned\x07</script><script>alert(1)</script>\u202e"
    answer = containers({"Name": evil, "HostConfig": {"Privileged": True}})
    run = project.pytest("--hosts", project.recorded("web1", PRESENT, info(), answer))
    page = (tmp_path / "reports/latest/report.html").read_text()
    assert "\x1b[2J" not in run.output
    assert "\\x1b[2J" in run.output
    assert "<script>alert(1)" not in page
    (finding,) = run.results["results"][0]["findings"]
    assert finding["subject"].isprintable()
    assert "\\udcff" in finding["reason"]
    assert run.status == 1


def test_cut_off_answers_are_errors(tmp_path: Path) -> None:
    """An engine that answers nonsense, or not to the end, is judged in error."""
    project = _site(tmp_path)
    cut = containers({"Name": "/web", "HostConfig": {"Privileged": False}})
    nonsense = Answer(cut.name, 0, cut.stdout[:-60], "")
    half = project.recorded("half", PRESENT, info(), nonsense)
    wrong = project.recorded(
        "wrong", PRESENT, info(), Answer(cut.name, 0, "container []\n--proc\n--paths\n", "")
    )
    refused = project.recorded("refused", PRESENT, info(), Answer(cut.name, 1, "", "permission denied\n"))
    late = project.recorded("late", PRESENT, info(), Answer(cut.name, 124, "", ""))
    run = project.pytest("--hosts", f"{half},{wrong},{refused},{late}")
    assert set(run.verdicts.values()) == {"error"}, run.reasons
    assert any("permission denied" in reason for reason in run.reasons)
    assert any("did not answer in time" in reason for reason in run.reasons)


# ---- the terminal


def test_log_has_no_progress_and_one_line_about_gathering(tmp_path: Path) -> None:
    """Where output is no terminal nothing is drawn over."""
    project = _site(tmp_path)
    run = project.pytest("--hosts", _careless(project))
    assert "\r" not in run.output
    assert "\x1b" not in run.output
    assert len(run.lines("gathered 1 target in ")) == 1


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
def test_terminal_shows_progress(tmp_path: Path, processes: list[str]) -> None:
    """On a terminal a line tells how many targets are gathered, and is gone when they are."""
    project = _site(tmp_path)
    command = [sys.executable, "-m", "pytest", "--hosts", _careless(project), *processes]
    controller, terminal = pty.openpty()
    environment = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        output = _drain(controller)
    assert process.returncode == 1
    assert "\rgathering: 0 of 1 targets" in output
    assert "\rgathering: 1 of 1 targets" in output
    assert "gathered 1 target in " in output


def _drain(controller: int) -> str:
    output = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        output += part
    os.close(controller)
    return output.decode(errors="replace")


# ---- installed


def test_plugin_is_loaded_once_when_installed(tmp_path: Path) -> None:
    """With the entry point of an installation beside the checkout's conftest, pytest loads one plugin."""
    project = _site(tmp_path)
    entry = project.write(
        "site/hullcheck-0.dist-info/entry_points.txt", "[pytest11]\nhullcheck.plugin = hullcheck.plugin\n"
    )
    (entry.parent / "METADATA").write_text("Metadata-Version: 2.1\nName: hullcheck\nVersion: 0\n")
    hosts = _careless(project)
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
    project = _site(tmp_path)
    project.pytest("--hosts", _careless(project))
    text = (tmp_path / "reports/latest/results.json").read_bytes()
    assert text.isascii()
    assert json.loads(text)["targets"]["web1"]["kind"] == "host"
