"""Which controls, targets and subjects are selected."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.kit.checks import verify
from selftests.kit.projects import EVERY_VERDICT, empty
from selftests.kit.running import PRESENT, Project, containers, info

ASKING = 'echo "$@" >>$trace; exit 255'


@pytest.mark.parametrize(
    ("arguments", "wanted", "unwanted"),
    [
        (["-m", 'cis(id="5.5")'], "test_container_is_not_privileged", "test_container_has_a_pid_namespace"),
        (["-m", 'pci(id="7.2.5") and not hipaa(id="164.312(a)(1)")'], "collected", "test_container_is_not"),
        (["-m", "baseline"], "test_container_is_not_privileged", "test_daemon_runs_without_root"),
        (["-m", "baseline"], "test_container_reports_its_health", "test_daemon_remaps_users"),
        (["-k", "5.1"], "test_swarm_mode", "test_container_has_a_network_namespace"),  # not 5.10, nor 15.1
        (["-m", 'severity(level="critical")'], "test_container_is_not_privileged", "selinux_labels"),
        (["--severity", "high", "-m", "cis"], "test_container_is_not_privileged", "test_swarm_mode"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_selection_is_that_of_pytest(suite: Project, arguments: list[str], wanted: str, unwanted: str) -> None:
    """`-m` with arguments and `-k` select controls, and `--collect-only` asks no host."""
    trace = suite.command("ssh", ASKING)
    run = suite.pytest("--co", "-q", "--hosts", "ssh://web1,ssh://web2", *arguments)
    assert wanted in run.output
    assert unwanted not in run.output
    assert not trace.exists()


@pytest.mark.parametrize("option", ["--setup-plan", "--fixtures", "--markers", "--help"])
def test_what_only_explains_asks_no_host_and_leaves_no_report(tmp_path: Path, option: str) -> None:
    """A JUnit file of tests that were not called would look as if they had passed."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    trace = project.command("ssh", ASKING)
    run = project.pytest(option, "--hosts", "ssh://web1")
    assert run.status == 0, run.output
    assert not trace.exists()
    assert not (tmp_path / "reports").exists()
    if option == "--markers":
        for name in ("cis", "nist", "pci", "hipaa", "guide", "severity"):
            assert run.lines(f"@pytest.mark.{name}("), name
    if option == "--help":
        for text in ("--inventory=PATH", "--gather-jobs=NUMBER", "--target-timeout=SECONDS", "--shard=N/TOTAL"):
            assert text in run.output
        assert "HULLCHECK_NAME" in run.output


def test_controls_that_were_not_called_are_not_green(tmp_path: Path) -> None:
    """`--setup-only` reads the facts and judges none."""
    project = Project(tmp_path, {"test_every.py": EVERY_VERDICT})
    run = project.pytest("--setup-only", "-k", "test_passes", "--hosts", empty(project))
    assert (run.status, len(run.lines("No control was judged"))) == (1, 1), run.output


def test_show_probes_prints_every_command(suite: Project) -> None:
    """The whole script for each target, with what its policy names, a password never; it asks no host."""
    trace = suite.command("ssh", ASKING)
    suite.write(
        "site.yml",
        """targets:
  web1: {connect: "ssh://a:geheim@web1"}
  web2: {connect: "docker://box"}
policy:
  targets:
    web1: {scan_reports: {folder: "/srv/it's"}, docker_bench: {log: /var/log/b.json}}
""",
    )
    run = suite.pytest("--show-probes", "--inventory=site.yml", "--probe-timeout", "7")
    assert run.status == 0
    first, second = run.output.split("# ---- web2 (docker://box)")
    assert "# ---- web1 (ssh://a:***@web1)" in first
    assert len(run.lines("share engine ")) == len(run.lines("ask containers ")) == 2
    assert len(run.lines("limit=7")) == 2
    assert """scan_reports='/srv/it'"'"'s'\n""" in first
    assert "docker_bench_log=/var/log/b.json\n" in first
    assert "scan_reports=''\n" in second
    assert "geheim" not in run.output
    assert not trace.exists()


TWO_SEVERITIES = '''
import pytest

@pytest.mark.severity("low", "It matters.")
def test_small(policy):
    """It is small."""

def test_common(policy):
    """It is of the severity that all have who name none."""
'''


def test_severity_is_that_on_the_target(tmp_path: Path) -> None:
    """`-m` and --severity select by what the inventory makes of it, target by target; results name both."""
    project = Project(tmp_path, {"test_two.py": TWO_SEVERITIES})
    targets = "".join(f"  {name}: {{connect: '{empty(project, name)}'}}\n" for name in ("one", "two"))
    change = "controls: {targets: {two: {small: {severity: critical}}}}\n"
    project.write("inventories/local.yml", f"targets:\n{targets}{change}")
    found = {}
    for level in ("critical", "medium", "low"):
        run = project.pytest("--severity", level)
        found[level] = {f"{each['control']}@{each['target']}" for each in run.results["results"]}
    assert found["critical"] == {"small@two"}
    assert found["medium"] == {"small@two", "common@one", "common@two"}
    assert found["low"] == found["medium"] | {"small@one"}
    controls = run.results["controls"]
    assert (controls["small"]["severity"], controls["common"]["severity"]) == ("low", "medium")


# ---- subjects


def test_only_the_subjects_that_are_named(suite: Project) -> None:
    """--containers leaves out the others, says so on the terminal and in results, and nothing is compared with all."""
    hosts = f"recorded://{REPOSITORY}/inventories/demo/careless"
    suite.pytest("-k", "5.5 or 5.32", "--hosts", hosts)
    run = suite.pytest("-k", "5.5 or 5.32", "--hosts", hosts, "--containers", "backup, p*", "--bundle")
    assert run.verdicts == {"container_is_not_privileged": "pass", "container_cannot_reach_an_engine_socket": "fail"}
    named = {each["subject"] for result in run.results["results"] for each in result["findings"]}
    assert named == {"backup", "panel"}
    assert run.results["run"]["limits"] == {"container": ["backup", "p*"]}
    assert run.lines("not judged: containers other than backup, p*")
    assert "since" not in run.results
    (cis,) = [each for each in run.results["requirements"] if each["framework"] == "cis"]
    assert "pass" not in {each["verdict"] for each in cis["requirements"]}  # what was left out may fail
    none = suite.pytest("-k", "5.5", "--hosts", hosts, "--containers", "nothing*")
    assert none.reasons == {"the run is limited to containers that are not here"}
    assert none.status == 1  # nothing was judged


PROJECT = "com.docker.compose.project"
DESCRIBED = [
    {"Name": f"/{name}", "Labels": labels}
    for name, labels in {
        "web1": {PROJECT: "shop", "tier": None},
        "web2": {PROJECT: "shop"},
        "db": {PROJECT: "ledger"},
        "bare": {},
    }.items()
]


def test_only_containers_with_a_label(suite: Project) -> None:
    """--label takes a name or a name and value, all of them have to be there, and names still count."""
    hosts = suite.recorded("web1", PRESENT, info(), containers(*DESCRIBED))

    def judged(*options: str) -> set[str]:
        run = suite.pytest("-k", "5.10", "--hosts", hosts, *options)
        return {each["subject"] for result in run.results["results"] for each in result["findings"]}

    assert judged(f"--label={PROJECT}") == {"web1", "web2", "db"}
    assert judged(f"--label={PROJECT}=shop,tier") == {"web1"}
    assert judged(f"--label={PROJECT}", "--containers=web*") == {"web1", "web2"}
    run = suite.pytest("-k", "5.10", "--hosts", hosts, f"--label={PROJECT}=shop", "--bundle")
    assert run.lines(f"not judged: containers without the label {PROJECT}=shop")
    assert run.results["run"]["limits"] == {"label": [f"{PROJECT}=shop"]}
    done = verify(suite.folder / "reports/latest.zip", cwd=suite.folder)
    assert done.returncode == 0, done.stdout
