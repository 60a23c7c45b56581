"""Whole runs over Compose files: their results, bundles, and what is wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck import cli
from selftests.kit.checks import verify
from selftests.kit.running import Project

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


def test_run_with_a_bundle(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are targets, judged by name and line; the rest is not applicable, and the bundle is judged again."""
    project.environment["MINE"] = "b:1"
    project.write("other/compose.yml", "services:\n  one:\n    image: ${MINE}\n    privileged: ${MINE:+true}\n")
    run = project.pytest("--compose=compose.yml,other/compose.yml?env=MINE", "--bundle", "--format=sarif")
    assert run.status == 1, run.output
    assert [*run.results["targets"]] == ["compose.yml", "other-compose.yml"]
    target = run.results["targets"]["compose.yml"]
    assert (target["kind"], target["connect"]) == ("compose", "compose://compose.yml")
    found = {each["control"]: each for each in run.results["results"] if each["target"] == "compose.yml"}
    findings = found["container_is_not_privileged"]["findings"]
    assert {each["subject"]: each["reason"] for each in findings} == {
        "db": "Privileged=false (compose.yml:7)",
        "web": "runs with --privileged (compose.yml:5)",
    }
    assert found["container_is_not_privileged"]["evidence"] == ["compose_file"]
    assert run.verdicts["container_is_not_privileged@other-compose.yml"] == "fail"
    assert "error" not in {each["verdict"] for each in found.values()}
    judged = [each for each in found.values() if each["verdict"] != "not applicable"]
    assert {finding["kind"] for each in judged for finding in each["findings"]} == {"container"}
    assert len(judged) > 25
    line = {"artifactLocation": {"uri": "compose.yml"}, "region": {"startLine": 5}}
    (file,) = (project.folder / "reports/latest").glob("*.sarif")
    assert line in [
        place["physicalLocation"]
        for each in json.loads(file.read_text())["runs"][0]["results"]
        if each["ruleId"] == "container_is_not_privileged"
        for place in each["locations"]
    ]
    assert cli.main(["remedy", str(project.folder / "reports/latest"), "--target=compose.yml"]) == 0
    assert "compose.yml: a Compose file; change it in the lines" in capsys.readouterr().out
    for name in ("compose.yml", "other/compose.yml"):
        (project.folder / name).unlink()
    done = verify(project.folder / "reports/latest.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "derived again from 2 recordings" in done.stdout


def test_inventory_and_waiver(project: Project) -> None:
    """The path is sought beside the inventory; a waiver goes by service, and limits by name and label hold."""
    project.write("site/compose.yml", FILE)
    project.write(
        "site/hosts.yml",
        "targets:\n  shop: {connect: 'compose://compose.yml?env=MINE'}\n"
        "waivers:\n  container_is_not_privileged:\n"
        "    - {targets: [shop], subjects: [web], reason: it is a test}\n",
    )
    (project.folder / "compose.yml").unlink()
    for limit, verdict in (
        ("--containers=*", "waived"),
        ("--containers=db", "pass"),
        ("--label=com.docker.compose.project=shop", "waived"),
    ):
        run = project.pytest("--inventory=site/hosts.yml", limit, *FEW)
        assert run.verdicts["container_is_not_privileged"] == verdict, run.output


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
    assert (run.status, said in run.output) == (4, True), run.output
    assert not (project.folder / "reports").exists()
