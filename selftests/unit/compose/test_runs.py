"""Whole runs over Compose files: their results, bundles, and what is wrong use."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hullcheck import cli
from selftests import REPOSITORY
from selftests.kit.checks import verify
from selftests.kit.running import Project, hullcheck
from selftests.unit.plugin.terminal.screens import audit_on_terminal

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


def test_run_with_a_bundle(
    monkeypatch: pytest.MonkeyPatch, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
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
    region = {"startLine": 5, "startColumn": 5, "endColumn": 21}
    line = {"artifactLocation": {"uri": "compose.yml"}, "region": region}
    (file,) = (project.folder / "reports/latest").glob("*.sarif")
    assert line in [
        place["physicalLocation"]
        for each in json.loads(file.read_text())["runs"][0]["results"]
        if each["ruleId"] == "container_is_not_privileged"
        for place in each["locations"]
    ]
    monkeypatch.chdir(project.folder)
    assert cli.main(["remedy", str(project.folder / "reports/latest"), "--target=compose.yml"]) == 0
    assert "+    pids_limit: 1000\n" in capsys.readouterr().out
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


def test_wrong_use(project: Project) -> None:
    """A file that is not there is wrong use, before anything is asked."""
    (project.folder / "compose.yml").unlink()
    run = project.pytest("--compose=compose.yml", *FEW)
    assert (run.status, "compose.yml: there is no such file" in run.output) == (4, True), run.output
    assert not (project.folder / "reports").exists()


# ---- hullcheck audit FILE

GOOD = "services:\n  web: {image: a, privileged: false}\n"
BAD = "services:\n  web: {image: a, privileged: true}\n"


def audit(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it, with nothing kept outside of *folder*."""
    return hullcheck("audit", *words, cwd=folder, XDG_CACHE_HOME=str(folder / "cache"), **environment)


def test_files_and_folders_are_named(tmp_path: Path) -> None:
    """Files, whatever their names, folders, and overrides, beside numbers of controls; no conftest.py there is run."""
    odd = ("a+b.yml", "a, b.yml", "a?env=X.yml", "ü b.yml", "prod.yaml")
    for name in (*odd, "shop/compose.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(BAD)
    (tmp_path / "shop/compose.override.yml").write_text("services:\n  web:\n    pid: host\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit(99)")
    done = audit(tmp_path, *odd, "5.5", "shop/compose.override.yml", "shop", "5.16", "-q")
    said = "critical CIS 5.5 web: runs with --privileged"
    lines = {f"{name}:2:19: {said}" for name in (*odd, "shop/compose.yml")}
    lines.add("shop/compose.override.yml:3:5: high CIS 5.16 web: shares the process namespace of the host")
    assert (done.returncode, {*done.stdout.splitlines()}) == (1, lines), done.stdout + done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = audit(elsewhere, str(tmp_path / "prod.yaml"), "5.5", "-q")
    assert done.stdout == f"{tmp_path}/prod.yaml:2:19: {said}\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("composse.yml", "composse.yml: neither a control nor a file; did you mean 'compose.yml'?"),
        ("a/compose.yml", "a/compose.yml: neither a control nor a file; write a number such as 5.5, or"),
        ("empty", "empty: no control, and no Compose file is in this folder (compose.yaml, compose.yml, "),
    ],
)
def test_neither_a_control_nor_a_file(tmp_path: Path, word: str, said: str) -> None:
    """Such a word says what was meant."""
    (tmp_path / "compose.yml").write_text(GOOD)
    (tmp_path / "empty").mkdir()
    done = audit(tmp_path, "compose.yml", word)
    assert (done.returncode, said in done.stderr) == (4, True), done.stderr


def test_one_file_does_not_stop_the_others(tmp_path: Path) -> None:
    """What docker compose refuses is an error with its words and line; a directory, a pipe and odd bytes are, too."""
    (tmp_path / "good.yml").write_text(GOOD)
    (tmp_path / "refused.yml").write_text("services:\n  web:\n    privileged: maybe\n")
    (tmp_path / "tab.yml").write_text("services:\n\tweb: {}\n")
    (tmp_path / "latin.yml").write_bytes("services: {web: {image: ü}}".encode("latin-1"))
    (tmp_path / "itself.yml").write_text("include: [itself.yml]\nservices: {}\n")
    (tmp_path / "large.yml").write_text("#" * 10_000_000)
    bomb = "x-0: &a0 [a, a]\n" + "".join(f"x-{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 9))
    (tmp_path / "bomb.yml").write_text(f"{bomb}services: {{web: {{image: a, command: *a8}}}}\n")
    os.mkfifo(tmp_path / "pipe.yml")
    names = sorted(each.name for each in tmp_path.iterdir())
    done = audit(tmp_path, *names, "/dev/zero", "5.5", "-q", SECRET="value-4717")
    assert done.returncode == 1
    found = dict(re.findall(r"^(\S+?):\d+: error: (.*)$", done.stdout, re.MULTILINE))
    assert "3: error: error while interpolating services.web.privileged" in done.stdout
    wanted = {
        "bomb.yml": "",
        "itself.yml": "include cycle",
        "large.yml": "larger than 4 MiB",
        "latin.yml": "not UTF-8",
        "pipe.yml": "not a regular file",
        "/dev/zero": "not a regular file",
        "refused.yml": "invalid boolean",
        "tab.yml": "2: error: not YAML",
    }
    assert found.keys() == wanted.keys(), done.stdout
    assert len(done.stdout.splitlines()) == len(wanted)
    results = json.loads((tmp_path / "reports/latest/results.json").read_text())["results"]
    verdicts = {each["target"]: each["verdict"] for each in results}
    assert verdicts.pop("good.yml") == "pass"
    assert {*verdicts.values()} == {"error"}
    assert not [path for path in (tmp_path / "reports").rglob("*") if path.is_file() and b"4717" in path.read_bytes()]


def test_without_docker_compose(tmp_path: Path) -> None:
    """One sentence says what to install."""
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(GOOD)
    done = audit(tmp_path, "a.yml", "b.yml", "5.5", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.count("error: Compose files need docker compose 2 or later on this machine: install ") == 1


@pytest.mark.parametrize(("columns", "folder"), [(80, "shop"), (120, "shop"), (80, "a" * 150)])
def test_screen(tmp_path: Path, columns: int, folder: str) -> None:
    """Each finding begins with its place, which is never cut; below is the line, and once what to write."""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "compose.yml").write_text(
        """services:
  web:
    image: web:1@sha256:0000000000000000000000000000000000000000000000000000000000000000
    cap_drop: [ALL]
    ports: ["127.0.0.1:8080:80", "8443:443"]
    environment: {DB_PASSWORD: hunter2-4717}
  db:
    image: db:1
    privileged: true
"""
    )
    seen = audit_on_terminal(folder, "5.5", "5.14", "5.29", "guide-3.4.secrets", cwd=tmp_path, columns=columns, rows=60)
    text = "\n".join(seen.lines)
    file = f"{folder}/compose.yml"
    flat = text.replace("\n", "") if len(folder) > columns else text
    for place in ("9:5  critical  CIS 5.5", "6:19  high  Guide 3.4", "5:34  medium  CIS 5.14", "2:3  medium  CIS 5.29"):
        assert f"{file}:{place}" in flat
    assert flat.index(f"{file}:9:5") < flat.index(f"{file}:7:3") < flat.index(f"{file}:6:19")
    assert '    5 | ports: ["127.0.0.1:8080:80", "8443:443"]\n                                     ^^^^^^^^^^' in text
    assert "    6 | environment: {DB_PASSWORD: ***" in text
    assert "4717" not in text
    assert '    write:\n      - "127.0.0.1:8443:443"  # CIS 5.14' in text
    assert text.count("pids_limit: 1000  # CIS 5.29") == 1
    assert "1 critical, 1 high, 3 medium in 1 file" in text
    assert "next: hullcheck remedy, or hullcheck accept 5.5 --subject db --reason TEXT" in text


def test_what_needs_the_host(tmp_path: Path) -> None:
    """Without -m the guide is judged, too; what a file does not decide is a number."""
    (tmp_path / "compose.yml").write_text("services: {web: {image: a, environment: {DB_PASSWORD: hunter2x9}}}\n")
    done = audit(tmp_path, "compose.yml")
    assert " high  Guide 3.4  web: variable DB_PASSWORD" in done.stdout
    assert re.search(r"^1[2-5]\d other controls need the host: ", done.stdout, re.MULTILINE)
    document = json.loads((tmp_path / "reports/latest/results.json").read_text())
    assert len(document["results"]) < 45
    assert document["run"]["arguments"][-2:] == ["-m", "(cis or guide) and compose"]
    done = audit(tmp_path, "compose.yml", "1.1.1")
    assert (done.returncode, "No Compose file decides these controls" in done.stdout) == (5, True)


def test_annotations(tmp_path: Path) -> None:
    """GitHub gets a line for each finding, with what it takes for a separator escaped."""
    (tmp_path / "a,b%.yml").write_text(BAD)
    (tmp_path / "tab.yml").write_text("\t")
    done = audit(tmp_path, "a,b%.yml", "tab.yml", "5.5", "-q", "--format=github")
    assert [line for line in done.stdout.splitlines() if line.startswith("::")] == [
        "::error file=a%2Cb%25.yml,line=2,col=19,endColumn=35,title=CIS 5.5 (critical)::container web runs with"
        " --privileged",
        "::error file=tab.yml,line=1,title=not judged::not YAML: while scanning for the next token, found character"
        " that cannot start any token",
    ]


def test_acceptance_of_a_file(tmp_path: Path) -> None:
    """After an audit of files, a waiver is for the file and the service; without an inventory, one is begun."""
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(BAD if name == "a.yml" else GOOD)
    audit(tmp_path, "a.yml", "b.yml", "5.5")
    done = hullcheck("accept", "5.5", "--subject=web", "--reason=needs it", cwd=tmp_path)
    assert (done.returncode, 'targets: ["a.yml"]' in done.stdout) == (0, True), done.stderr
    done = audit(tmp_path, "a.yml", "5.5")
    assert (done.returncode, "waivers: 1 in force" in done.stdout) == (0, True), done.stdout
    (tmp_path / "b.yml").write_text(BAD)
    assert audit(tmp_path, "b.yml", "5.5").returncode == 1
    assert audit(tmp_path).returncode == 1  # of the inventory that was begun


@pytest.mark.skipif(shutil.which("pre-commit") is None, reason="needs pre-commit")
def test_hook_of_pre_commit(tmp_path: Path) -> None:
    """pre-commit installs hullcheck from this checkout, and its hook stops at a high finding."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / "cache")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    run("git", "init", "--quiet")
    for text, status in ((BAD, 1), (GOOD, 0)):
        (tmp_path / "compose.yml").write_text(text)
        run("git", "add", "compose.yml")
        done = run("pre-commit", "try-repo", str(REPOSITORY), "hullcheck-compose", "--all-files", "--verbose")
        assert (done.returncode, "gate --fail-on=high" in done.stdout) == (status, True), done.stdout + done.stderr
