"""What a user of pytest sees of verdicts: outcomes, reports, exit statuses, in one process and in workers."""

from __future__ import annotations

import json
import os
import platform
import pwd
import zipfile
from pathlib import Path

import pytest

from selftests.kit.projects import EVERY_VERDICT, PRIVILEGED, careless, empty, site
from selftests.kit.running import PRESENT, Project, containers, info, properties, same_but_for_the_run

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
WAYS = pytest.mark.parametrize("way", [[], ["--setup-show"]], ids=["at once", "phases"])
FLEET = "as in a large fleet, of which answers are read again"
"""A plugin that makes five hosts many: their answers do not stay in memory."""
NO_DAEMON = '''
def test_sockets(engine_sockets):
    """It speaks of the daemon."""


def test_mounts(container, engine_sockets):
    """It speaks of containers, by what the daemon sees."""


def test_settings(daemon, container):
    """It speaks of both."""
'''


def test_design_example_in_a_users_repository(tmp_path: Path) -> None:
    """Ten lines of a user make a control: judged, mapped and reported like ours."""
    project = site(tmp_path)
    run = project.pytest("-v", "-m", "cis", "--hosts", careless(project))
    assert run.status == 1
    assert run.lines("fail: web: runs with --privileged")
    results = run.results
    assert results["run"]["user"] == {"name": pwd.getpwuid(os.getuid()).pw_name, "uid": os.getuid()}
    assert results["run"]["machine"] == platform.node()
    assert results["run"]["exit_status"] == 1
    assert results["run"]["id"] == (tmp_path / "reports/latest").readlink().name
    assert results["targets"]["web1"] == {
        "connect": f"recorded://{tmp_path}/recordings/web1",
        "kind": "host",
        "engine": "26.1.5",
        "os": "",
        "scores": {profile: {"passed": 0, "judged": 1} for profile in ("baseline", "cis")},
    }
    control = results["controls"]["container_is_not_privileged"]
    assert (control["title"], control["severity"]) == ("No container runs privileged.", "medium")
    assert control["frameworks"]["nist"] == ["800-53:AC-6", "800-53:SC-39", "800-190:4.4.3"]
    (result,) = results["results"]
    assert (result["verdict"], result["reason"]) == ("fail", "web: runs with --privileged")
    assert [each["verdict"] for each in result["findings"]] == ["pass", "fail"]
    assert "containers" in result["evidence"]


@WAYS
def test_each_verdict_has_its_outcome(tmp_path: Path, way: list[str]) -> None:
    """pass, fail, error, not applicable and manual are what the design says in pytest, results and JUnit."""
    project = site(tmp_path, EVERY_VERDICT)
    run = project.pytest("-v", "--hosts", empty(project), *way)
    assert run.status == 1
    assert run.lines("2 failed, 2 passed, 3 skipped, 4 errors"), run.output
    assert run.verdicts == EXPECTED
    assert run.lines("not applicable: no swarm")
    assert run.lines("manual: ports 80 and 443 are open")
    assert run.lines("is_broken[bare] - error: the control broke: KeyError: 'no such key'")
    assert not run.lines("hidden"), "a verdict has no traceback, and pytest says nothing of one"
    cases = {case.get("name", "").removeprefix("test_").partition("[")[0]: case for case in run.junit}
    children = {"pass": set(), "fail": {"failure"}, "error": {"error"}}
    for name, verdict in EXPECTED.items():
        found = {child.tag for child in cases[name]} - {"properties"}
        assert found == children.get(verdict, {"skipped"}), name
        assert [key for key, _ in properties(cases[name])] == [
            *("control", "target", "verdict", "severity", "frameworks")
        ], name
        assert dict(properties(cases[name]))["verdict"] == verdict
    assert not properties(cases["is_no_control"])


def test_every_way_of_judging_gives_the_same(tmp_path: Path) -> None:
    """results.json and junit.xml differ in times alone, whether controls go through pytest's phases or workers."""
    project = site(tmp_path, EVERY_VERDICT)
    project.write("tests/test_more.py", PRIVILEGED)
    hosts = ",".join([empty(project), careless(project), *(empty(project, f"h{each}") for each in range(3))])
    runs = []
    for way in ([], ["--setup-show"], ["-n", "2", "--dist=worksteal"], ["-n", "2", FLEET]):
        if FLEET in way:
            project.write("tests/conftest.py", "from hullcheck.plugin import session\n\nsession.MOST_KEPT = 2\n")
            way.remove(FLEET)
        run = project.pytest("--hosts", hosts, *way)
        assert run.status == 1, run.output
        cases = {case.get("name"): [*properties(case), *map(str, case.itertext())] for case in run.junit}
        attributes = {
            case.get("name"): [dict(each.attrib) for each in case.iter() if each is not case] for case in run.junit
        }
        runs.append((run.results, cases, attributes))
    assert same_but_for_the_run([results for results, _, _ in runs])
    assert len(runs[0][0]["results"]) == 5 * (len(EXPECTED) + 1)
    assert len(runs[0][1]) == 5 * (len(EXPECTED) + 1) + 1
    assert all(each[1:] == runs[0][1:] for each in runs)


def test_first_failure_stops(tmp_path: Path) -> None:
    """`-x` stops at the first control that fails, and no worker is started that would count for itself."""
    project = site(tmp_path, EVERY_VERDICT)
    run = project.pytest("-x", "-n2", "--hosts", f"{empty(project)},{empty(project, 'other')}")
    assert set(run.verdicts) == {"passes@bare", "fails@bare"}, run.output


def test_last_failed_come_again(tmp_path: Path) -> None:
    """`--lf` judges again what failed or could not be judged."""
    project = site(tmp_path, EVERY_VERDICT)
    hosts = ["--lf", "--hosts", empty(project)]
    project.pytest(*hosts)
    again = project.pytest(*hosts)
    assert again.verdicts == {name: each for name, each in EXPECTED.items() if each in ("fail", "error")}


FOREIGN = """
import pytest

def pytest_runtest_setup(item):
    print("setting up", item.name)

@pytest.fixture(autouse=True)
def around(request):
    print("around", request.node.name)
"""


def test_hooks_and_fixtures_of_others_take_part(tmp_path: Path) -> None:
    """A hook around tests, a fixture that is used everywhere, a marker of pytest and a parameter have their effect."""
    more = "\n\n@pytest.mark.skip(reason='not here')\ndef test_marked(policy):\n    assert False\n"
    more += "\n\n@pytest.mark.parametrize('x', [1, 2])\ndef test_it(os_name, x):\n    assert x and os_name == ''\n"
    project = site(tmp_path, EVERY_VERDICT + more)
    hosts = ("--hosts", f"{empty(project)},{empty(project, 'other')}")
    run = project.pytest("-k", "marked or test_it", *hosts)
    assert run.lines("4 passed, 2 skipped"), run.output
    project.write("tests/conftest.py", FOREIGN)
    run = project.pytest("-s", "-k", "test_passes", *hosts)
    assert len(run.lines("setting up test_passes[bare]")) == len(run.lines("around test_passes[bare]")) == 1


ACCEPTED = """
import pytest

from hullcheck.verdicts import Manual

@pytest.fixture
def person(policy):
    raise Manual("look here")

def test_fixture(person):
    pass

def test_plain(policy):
    raise Manual("look there")

def test_waived(policy):
    assert False, "it is not so"
"""
ATTESTED = "{control_id: %s, status: passed, by: A, on: 2001-09-01, valid_for: annually, checked: b}"


@WAYS
def test_what_is_accepted(tmp_path: Path, way: list[str]) -> None:
    """What is attested passes, also if a fixture asks for a person; what is waived fails as expected."""
    project = site(tmp_path, ACCEPTED)
    entries = ", ".join(ATTESTED % each for each in ("fixture", "plain"))
    project.write("waivers.yml", "waived: {expiration_date: 2030-01-01, reason: so}")
    targets = f'targets: {{bare: {{connect: "{empty(project)}"}}}}'
    project.write("i.yml", f"{targets}\nattestations: [{entries}]\nwaivers: [waivers.yml]\n")
    run = project.pytest("--inventory=i.yml", *way)
    assert run.lines("2 passed, 1 xfailed"), run.output
    assert run.verdicts == {"fixture": "attested", "plain": "attested", "waived": "waived"}
    said = [dict(properties(case)) for case in run.junit]
    assert sorted(key for each in said for key in each if key in ("attested", "waiver")) == [
        *("attested", "attested", "waiver")
    ]


def test_engine_without_a_daemon(tmp_path: Path) -> None:
    """Which of daemon and containers a control speaks of, its arguments tell."""
    project = Project(tmp_path, {"test_site.py": NO_DAEMON})
    web = {"Name": "/web", "HostConfig": {"Privileged": False}}
    host = project.recorded("web1", PRESENT, info(ServerVersion="5.4.2"), containers(web))
    run = project.pytest("-v", f"--hosts={host}")
    assert run.lines("web1  1 error, 1 pass, 1 n/a"), run.output
    assert run.lines("not applicable: engine 5.4.2 is Podman"), run.output


# ---- never green without a judgement


@pytest.mark.parametrize("quiet", ["-q", "--no-summary"])
def test_run_that_judged_nothing_is_not_green(suite: Project, quiet: str) -> None:
    """On a host without Docker there is nothing to judge; that stands below every list."""
    run = suite.pytest("-m", "cis", "--hosts", empty(suite), quiet)
    assert (run.status, run.results["run"]["exit_status"]) == (1, 1)
    assert set(run.verdicts.values()) <= {"not applicable", "manual"}
    assert len(run.lines("No control was judged")) == 1
    assert any("No control was judged" in line for line in run.output.rstrip().splitlines()[-3:])


TWO = '''
import pytest

from hullcheck.verdicts import Manual, NotApplicable


@pytest.mark.cis("5.5", level=1)
def test_control(engine_version):
    """It passes if there is an engine."""
    if not engine_version:
        raise NotApplicable("no engine")


@pytest.mark.cis("5.6", level=1)
def test_other(policy):
    """A person has to look at it."""
    raise Manual("look")
'''
LINE = "web2: no control was judged. This is not a pass."


def test_target_on_which_nothing_was_judged(tmp_path: Path) -> None:
    """It is never green, whatever stands beside it: exit status, terminal, page and Nagios name it."""
    project = Project(tmp_path, {"test_site.py": TWO})
    hosts = f"{project.recorded('web1', PRESENT, info(), containers())},{empty(project, 'web2')}"
    run = project.pytest("--hosts", hosts)
    assert run.verdicts == {
        "control@web1": "pass",
        "control@web2": "not applicable",
        "other@web1": "manual",
        "other@web2": "manual",
    }
    assert (run.status, run.lines("no control was judged")) == (1, [LINE])
    page = (project.folder / "reports/latest/audit.html").read_text()
    assert " controls fail, 1 pass; 1 of 2 targets have no verdict" in page
    run = project.pytest("--hosts", hosts, "--nagios")
    assert (run.status, run.lines("UNKNOWN")[0].endswith(LINE)) == (3, True)
    run = project.pytest("--hosts", hosts, "-k", "web1")
    assert (run.status, run.lines("no control was judged")) == (0, []), run.output


def test_nagios_keeps_what_was_found(tmp_path: Path) -> None:
    """OK and CRITICAL are 0 and 2, and neither is a run that was interrupted."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    arguments = ("--nagios", "--bundle", "--hosts", empty(project))
    for control, status in (("test_passes", 0), ("test_fails", 2)):
        assert project.pytest(*arguments, "-k", control).status == status
        with zipfile.ZipFile(tmp_path / "reports/latest.zip") as archive:
            assert json.loads(archive.read("manifest.json"))["selection"]["partial"] == ""


def test_run_that_a_plugin_ends_is_not_green(tmp_path: Path) -> None:
    """Whatever exit status it chose: what was selected was not all judged."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    ends = "import pytest\n\ndef pytest_runtest_setup(item):\n    'fails' in item.nodeid and pytest.exit('enough', 0)\n"
    project.write("tests/conftest.py", ends)
    run = project.pytest("-k", "test_passes or test_fails", "--hosts", empty(project))
    assert (run.status, run.verdicts) == (2, {"passes": "pass"}), run.output
    assert run.results["run"]["exit_status"] == 2


def test_selection_of_nothing_says_so(suite: Project) -> None:
    """A selection without a control is pytest's exit status 5, and a line says what to do."""
    run = suite.pytest("-m", "cis", "-k", "no_such_control", "--hosts", empty(suite))
    assert (run.status, len(run.lines("No control was selected"))) == (5, 1), run.output
