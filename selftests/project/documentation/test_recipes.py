"""The commands of the task pages run: those of CI recipes on recordings, and systemd understands the timer."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from selftests import REPOSITORY
from selftests.kit.running import clean_environment
from selftests.rig import removal

DOCS = REPOSITORY / "docs"
DEMO = REPOSITORY / "inventories" / "demo"
CRITICAL = "container_is_not_privileged"
NOT_HERE = re.compile(r"\b(?:apt-get|pip install)\b")
"""Commands of recipes that need a network."""


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page of docs/ in this language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands_of(recipe: str) -> list[str]:
    """The shell commands of a recipe, as its CI system would run them one after the other."""
    (github,) = (each for each in blocks("ci.md", "yaml") if "runs-on" in each)
    (gitlab,) = (each for each in blocks("ci.md", "yaml") if "before_script" in each)
    (jenkins,) = blocks("ci.md", "groovy")
    job: dict[str, Any] = yaml.safe_load(gitlab)["audit"]
    steps = yaml.safe_load(github)["jobs"]["audit"]["steps"]
    return {
        "github": [step["run"] for step in steps if "run" in step],
        "gitlab": [*job["before_script"], *job["script"]],
        "jenkins": [a or b for a, b in re.findall(r"\bsh (?:'''(.+?)'''|'([^'\n]+)')", jenkins, re.DOTALL)],
    }[recipe]


class Checkout:
    """A pipeline's checkout with an inventory of one recorded host."""

    def __init__(self, folder: Path) -> None:
        """Make it in *folder*, with a home directory beside it."""
        self.folder = folder / "checkout"
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        (self.folder / "inventories").mkdir(parents=True)
        self.audits("hardened")
        for name in ("key", "hosts"):
            (folder / name).write_text(f"{name}\n")
        self.environment = clean_environment() | {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "AUDIT_KEY": str(folder / "key"),
            "KNOWN_HOSTS": str(folder / "hosts"),
            "GITHUB_STEP_SUMMARY": str(folder / "step_summary"),
        }

    def audits(self, name: str) -> None:
        """Let the inventory name this host of the demo, as `web1`."""
        inventory = f'targets:\n  web1: {{connect: "recorded://{DEMO / name}"}}\n'
        (self.folder / "inventories/fleet.yml").write_text(inventory)

    def failing(self) -> set[str]:
        """The controls that fail in the newest run."""
        document = json.loads((self.folder / "reports/latest/results.json").read_text())
        return {each["control"] for each in document["results"] if each["verdict"] == "fail"}

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as CI systems do: any failing command ends it."""
        return subprocess.run(
            ["/bin/sh", "-e", "-c", command.replace(".venv/bin/", "")],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A pipeline's checkout."""
    yield Checkout(tmp_path)
    removal.delete(tmp_path / "checkout/reports")


def baseline_of(checkout: Checkout) -> Path:
    """Make the baseline of the host that the inventory names, with the commands of the page."""
    (block,) = (each for each in blocks("ci.md", "sh") if "baseline.json" in each)
    done = checkout.run(block)
    assert done.returncode == 0, done.stdout
    return checkout.folder / "baseline.json"


def audit_of(commands: list[str]) -> str:
    """The command that audits."""
    (found,) = (each for each in commands if "hullcheck audit" in each)
    return found


@pytest.mark.parametrize("recipe", ["github", "gitlab", "jenkins"])
def test_recipe(recipe: str, checkout: Checkout) -> None:
    """Its commands audit, and leave what CI shows; the gate holds where nothing got worse."""
    commands = [each for each in commands_of(recipe) if not NOT_HERE.search(each)]
    assert "--fail-on='new,severity>=high'" in audit_of(commands)
    checkout.audits("careless")
    baseline_of(checkout)
    for command in commands:
        done = checkout.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
    assert 'name="test_container_is_not_privileged[web1]"' in (checkout.folder / "junit.xml").read_text()
    if recipe != "jenkins":
        assert (checkout.home / ".ssh/id_ed25519").stat().st_mode & 0o777 == 0o600
        assert (checkout.home / ".ssh/known_hosts").exists()


def test_gate_stops_at_new_failures(checkout: Checkout) -> None:
    """It names them; what failed before does not stop it, and without a baseline nothing is green."""
    audit = audit_of(commands_of("github"))
    checkout.audits("careless")
    assert checkout.run(audit).returncode == 4
    baseline = baseline_of(checkout)
    document = json.loads(baseline.read_text())
    (one,) = (each for each in document["results"] if each["control"] == CRITICAL)
    (failing,) = (each for each in one["findings"] if each["subject"] == "agent")
    failing["verdict"] = "pass"
    baseline.write_text(json.dumps(document))
    done = checkout.run(audit)
    assert done.returncode == 1
    assert "gate --fail-on=new,severity>=high: broken by 1: the exit status is not 0" in done.stdout
    assert "web1: CIS 5.5 container agent: fail: " in done.stdout


def test_policy_from_findings(checkout: Checkout) -> None:
    """Its commands draft a policy that, cut down to one key, accepts what this key is about and nothing else."""
    first, again = blocks("policy-from-findings.md", "sh")
    checkout.audits("careless")
    audit, draft = first.splitlines()
    assert checkout.run(audit).returncode == 1
    before = checkout.failing()
    assert checkout.run(draft).returncode == 0
    text = (checkout.folder / "draft.yml").read_text()
    (capabilities,) = re.findall(r"^      allowed_capabilities:\n(?:        - .+\n)+", text, re.MULTILINE)
    inventory = checkout.folder / "inventories/fleet.yml"
    inventory.write_text(f"{inventory.read_text()}policy:\n  targets:\n    web1:\n{capabilities}")
    done = checkout.run(again)
    assert done.returncode == 1, done.stdout
    assert before - checkout.failing() == {"container_capabilities_are_needed"}
    assert checkout.failing() < before


@pytest.mark.needs("systemd-analyze")
def test_units_of_the_timer(tmp_path: Path) -> None:
    """systemd understands them, and reads in them what the page says."""
    service, timer = blocks("timer.md", "ini")
    program = re.findall(r"^ExecStart=(\S+)", service, re.MULTILINE)
    assert program == ["/opt/hullcheck/bin/hullcheck"]
    true = shutil.which("true")
    units = {"hullcheck.service": service.replace(program[0], str(true)), "hullcheck.timer": timer}
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_line_of_the_service_is_an_audit(checkout: Checkout) -> None:
    """What the service runs audits, with its paths in a folder of the test."""
    service, _ = blocks("timer.md", "ini")
    (line,) = re.findall(r"^ExecStart=/opt/hullcheck/bin/(.+)$", service, re.MULTILINE)
    for path in ("/etc/hullcheck", "/var/lib/hullcheck"):
        assert path in line
    here = line.replace("/etc/hullcheck", "inventories").replace("/var/", f"{checkout.folder}/var/")
    done = checkout.run(here)
    assert done.returncode in (0, 1), done.stdout
    assert (checkout.folder / "var/lib/hullcheck/latest/results.json").exists()


def test_actions_of_a_recipe_are_pinned() -> None:
    """Each is a commit with its version in a comment, and no checkout leaves its token to later steps."""
    recipes = [each for page in DOCS.glob("*.md") for each in blocks(page.name, "yaml") if re.search(r"\buses:", each)]
    uses = re.findall(r"\buses: (.+)", "".join(recipes))
    pinned = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert uses
    assert [each for each in uses if not pinned.fullmatch(each)] == []
    jobs = [job for each in recipes for job in yaml.safe_load(each)["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert [each.get("with") for each in steps] == [{"persist-credentials": False}] * 3


def test_shell_of_the_pages_is_understood() -> None:
    """A shell finds no fault in the blocks of the pages."""
    for page in sorted(DOCS.glob("*.md")):
        for block in blocks(page.name, "sh"):
            done = subprocess.run(["/bin/sh", "-n"], input=block, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, ""), f"{page.name}: {block}"
