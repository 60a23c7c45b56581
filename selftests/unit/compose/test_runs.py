"""Whole runs over Compose files: their results, bundles, and what is wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator

from selftests import REPOSITORY
from selftests.kit.checks import verify
from selftests.kit.running import Project, hullcheck

FILE = """
services:
  web:
    image: web:1.2
    privileged: true
    labels: {com.docker.compose.project: shop}
  db:
    image: db:3
    read_only: true
"""
pytestmark = pytest.mark.needs("docker-compose")
FEW = ("tests/test_5_container_runtime.py", "-k", "not_privileged or read_only or swarm_mode")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a Compose file."""
    made = Project(tmp_path / "shop")
    made.write("compose.yml", FILE)
    return made


def test_run_with_a_bundle(project: Project) -> None:
    """Services are judged by name and line, the rest is not applicable, and the bundle is judged again."""
    run = project.pytest("--compose=compose.yml", "--bundle", "-n2", *FEW)
    assert run.status == 1, run.output
    assert run.verdicts == {
        "container_is_not_privileged": "fail",
        "container_root_is_read_only": "fail",
        "docker_exec_is_not_privileged": "not applicable",
        "swarm_mode_is_off_where_not_needed": "not applicable",
    }
    target = run.results["targets"]["compose.yml"]
    assert (target["kind"], target["connect"]) == ("compose", "compose://compose.yml")
    found = {each["control"]: each for each in run.results["results"]}
    findings = found["container_is_not_privileged"]["findings"]
    assert {each["subject"]: each["reason"] for each in findings} == {
        "db": "Privileged=false (compose.yml:7)",
        "web": "runs with --privileged (compose.yml:5)",
    }
    assert found["container_is_not_privileged"]["evidence"] == ["compose_file"]
    (project.folder / "compose.yml").unlink()
    done = verify(project.folder / "reports/latest.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 derived again from 1 recordings" in done.stdout


def test_all_controls(project: Project) -> None:
    """No control breaks on a Compose file, and none that is not about containers says anything but not applicable."""
    run = project.pytest("--compose=compose.yml")
    assert not [each for each in run.results["results"] if each["verdict"] == "error"], run.output
    judged = [each for each in run.results["results"] if each["verdict"] != "not applicable"]
    kinds = {finding["kind"] for each in judged for finding in each["findings"]}
    assert kinds == {"container"}
    assert len(judged) > 25


def test_targets(project: Project) -> None:
    """Several files are targets of their own, beside hosts, and limits of containers and labels hold."""
    project.write("other/compose.yml", "services:\n  one:\n    image: a:1\n")
    run = project.pytest("--compose=compose.yml,other/compose.yml", *FEW)
    assert [*run.results["targets"]] == ["compose.yml", "other-compose.yml"]
    run = project.pytest("--compose=compose.yml", "--containers=db", *FEW)
    assert run.verdicts["container_is_not_privileged"] == "pass"
    run = project.pytest("--compose=compose.yml", "--label=com.docker.compose.project=shop", *FEW)
    found = {each["control"]: each["findings"] for each in run.results["results"]}
    assert [each["subject"] for each in found["container_is_not_privileged"]] == ["web"]


def test_inventory_and_waiver(project: Project) -> None:
    """A Compose file is a target of an inventory, beside which its path is sought; a waiver goes by service."""
    project.write("site/compose.yml", FILE)
    project.write(
        "site/hosts.yml",
        "targets:\n  shop: {connect: 'compose://compose.yml'}\n"
        "waivers:\n  container_is_not_privileged:\n"
        "    - {targets: [shop], subjects: [web], justification: it is a test}\n",
    )
    (project.folder / "compose.yml").unlink()
    run = project.pytest("--inventory=site/hosts.yml", *FEW)
    assert run.verdicts["container_is_not_privileged"] == "waived", run.output


def test_variables_of_the_environment(project: Project) -> None:
    """Those that stand behind the file, here and in an inventory, where its path is sought beside it all the same."""
    project.environment["MINE"] = "value-4717"
    project.write("site/own.yml", 'services: {web: {image: "a:1", volumes: ["/srv/${MINE}:/x"]}}')
    project.write("site/hosts.yml", "targets: {shop: {connect: 'compose://own.yml?env=MINE'}}\n")
    few = ("tests/test_5_container_runtime.py", "-k", "5.6")
    verdicts = []
    for said, target in (
        ("--compose=site/own.yml", "own.yml"),
        ("--compose=site/own.yml?env=MINE", "own.yml"),
        ("--inventory=site/hosts.yml", "shop"),
    ):
        run = project.pytest(said, *few)
        assert [*run.results["targets"]] == [target], run.output
        verdicts += run.verdicts.values()
        left = [each for each in (project.folder / "reports/latest/").rglob("*") if each.is_file()]
        assert any(b"value-4717" in each.read_bytes() for each in left) == (
            "error" not in run.verdicts.values()
        )
    assert verdicts == ["error", "pass", "pass"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "services:\n  web:\n    privileged: maybe\n",
            "compose.yml:3: error while interpolating services.web.privileged",
        ),
        (None, "compose.yml: there is no such file"),
    ],
)
def test_wrong_use(project: Project, text: str | None, said: str) -> None:
    """A file that cannot be judged is wrong use, with its line, before anything is asked."""
    if text is None:
        (project.folder / "compose.yml").unlink()
    else:
        project.write("compose.yml", text)
    run = project.pytest("--compose=compose.yml", *FEW)
    assert run.status == 4, run.output
    assert said in run.output
    assert not (project.folder / "reports").exists()


def test_what_is_made_of_a_run(project: Project) -> None:
    """SARIF points to the line, the results fit their schema, and `hullcheck remedy` writes nothing for a file."""
    run = project.pytest("--compose=compose.yml", "--format=sarif", *FEW)
    (file,) = (project.folder / "reports/latest").glob("*.sarif")
    results = json.loads(file.read_text())["runs"][0]["results"]
    places = {
        (each["ruleId"], each["kind"]): each["locations"][0]["physicalLocation"]
        for each in results
        if each["kind"] in ("fail", "pass")
    }
    line = places["container_is_not_privileged", "fail"]
    assert line == {"artifactLocation": {"uri": "compose.yml"}, "region": {"startLine": 5}}
    schema = json.loads((REPOSITORY / "docs/results.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(run.results)) == []
    done = hullcheck("remedy", "reports/latest", cwd=project.folder)
    assert done.returncode == 0, done.stderr
    assert "compose.yml: a Compose file: change it in the lines" in done.stdout
    assert not (project.folder / "remedy").exists()
