"""The recipes of contrib/ and the commands of the task pages run, on recordings; systemd understands the units."""

from __future__ import annotations

import json
import os
import re
import shlex
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
CONTRIB = REPOSITORY / "contrib"
UNITS = CONTRIB / "systemd"
DEMO = REPOSITORY / "inventories" / "demo"
CRITICAL = "container_is_not_privileged"
NOT_HERE = re.compile(r"\b(?:apt-get|pip install)\b")
"""Commands of recipes that need a network."""


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page of docs/ in this language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def read(name: str) -> Any:
    """A YAML file of contrib/."""
    return yaml.safe_load((CONTRIB / name).read_text(encoding="utf-8"))


def commands_of(recipe: str) -> list[str]:
    """The shell commands of a recipe, as its CI system would run them one after the other."""
    if recipe == "gitlab":
        job = read("gitlab/audit.yml")["audit"]
        return [*job["before_script"], *job["script"], *job["after_script"]]
    if recipe == "jenkins":
        text = (CONTRIB / "jenkins/Jenkinsfile").read_text(encoding="utf-8")
        found = re.findall(r"\bsh (?:'''(.+?)'''(?!')|'([^'\n]+)')", text, re.DOTALL)
        assert len(found) == len(re.findall(r"\bsh '", text))
        return [a or b for a, b in found]
    return [
        f"{_environment(step)}{step['run']}" for step in read("github/action.yml")["runs"]["steps"] if "run" in step
    ]


def _environment(step: dict[str, Any]) -> str:
    """Assign the defaults of the action to the variables of a step; secrets are those of the checkout."""
    given = read("github/action.yml")["inputs"]
    named = {name: value.removeprefix("${{ inputs.").removesuffix(" }}") for name, value in step.get("env", {}).items()}
    return "".join(
        f"{name}={shlex.quote(given[key]['default'])}; " for name, key in named.items() if "default" in given[key]
    )


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
    (block,) = (each for each in blocks("ci.md", "sh") if "cp reports" in each)
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
    checkout.audits("careless")
    baseline_of(checkout)
    for command in commands:
        done = checkout.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
    assert 'name="test_container_is_not_privileged[web1]"' in (checkout.folder / "junit.xml").read_text()
    if recipe != "jenkins":
        assert (checkout.home / ".ssh/id_ed25519").stat().st_mode & 0o777 == 0o600
        assert (checkout.home / ".ssh/known_hosts").exists()


@pytest.mark.parametrize("recipe", ["github", "gitlab", "jenkins"])
def test_gate_stops_at_new_failures(recipe: str, checkout: Checkout) -> None:
    """It names them; what failed before does not stop it, and without a baseline nothing is green."""
    audit = audit_of(commands_of(recipe))
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
    assert re.search(r"--fail-on=new,severity>=high\b.*\b1\b", done.stdout)
    assert "CIS 5.5" in done.stdout


def test_policy_from_findings(checkout: Checkout) -> None:
    """Its commands draft a policy that, cut down to one key, accepts what this key is about and nothing else."""
    first, again = blocks("accept.md", "sh")[:2]
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
def test_units(tmp_path: Path) -> None:
    """systemd understands them, with programs that are here."""
    paths = sorted(UNITS.iterdir())
    for path in paths:
        here = re.sub(r"(?<=ExecStart=)\S+", str(shutil.which("true")), path.read_text(encoding="utf-8"))
        (tmp_path / path.name).write_text(here)
    command = ["systemd-analyze", "--user", "verify", "--man=no", *(str(tmp_path / path.name) for path in paths)]
    own = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}  # /run/systemd may be missing
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)
    assert (len(paths), done.returncode, done.stderr) == (3, 0, "")


def test_line_of_the_service_is_an_audit(checkout: Checkout) -> None:
    """What the service runs audits, with its paths in a folder of the test."""
    service = (UNITS / "hullcheck.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=/opt/hullcheck/bin/(.+)$", service, re.MULTILINE)
    for path in ("/etc/hullcheck", "/var/lib/hullcheck"):
        assert path in line
    here = line.replace("/etc/hullcheck", "inventories").replace("/var/", f"{checkout.folder}/var/")
    done = checkout.run(here)
    assert done.returncode in (0, 1), done.stdout
    assert (checkout.folder / "var/lib/hullcheck/latest/results.json").exists()


def test_actions_of_a_recipe_are_pinned() -> None:
    """Each is a commit with its version in a comment; no checkout leaves its token, no input becomes shell."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((CONTRIB / "github").iterdir()))
    uses = re.findall(r"^ +- uses: (.+)$", text, re.MULTILINE)
    assert len(uses) == 7
    assert [each for each in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []
    action = read("github/action.yml")
    assert not [step for step in action["runs"]["steps"] if "${{" in step.get("run", "")]
    for name, given in (("audit", {"ssh-key", "known-hosts"}), ("compose", {"compose"})):
        steps = read(f"github/{name}.yml")["jobs"][name]["steps"]
        (checkout,) = (step for step in steps if step["uses"].startswith("actions/checkout@"))
        assert checkout["with"] == {"persist-credentials": False}
        (used,) = (step["with"] for step in steps if "/contrib/github@" in step["uses"])
        assert given == used.keys() <= action["inputs"].keys()


@pytest.mark.needs("docker-compose")
def test_action_on_compose_files(checkout: Checkout) -> None:
    """It needs no key, shows findings beside their lines, and stops at high ones."""
    audit = audit_of(commands_of("github"))
    for name, setting in (("bad", "privileged: true"), ("good", "read_only: true")):
        (checkout.folder / name).mkdir()
        (checkout.folder / name / "compose.yml").write_text(f"services:\n  web:\n    image: a\n    {setting}\n")
    done = checkout.run(f"COMPOSE='bad good/compose.yml'; {audit.partition('; ')[2]}")
    place = "file=bad/compose.yml,line=4,col=5,endColumn=21"
    assert (done.returncode, f"::error {place},title=CIS 5.5 (critical)::" in done.stdout) == (1, True), done.stdout
    assert checkout.run(f"COMPOSE=good; {audit.partition('; ')[2]}").returncode == 0


def test_shell_of_pages_and_recipes_is_understood() -> None:
    """A shell finds no fault in their blocks."""
    found = [(page.name, block) for page in sorted(DOCS.glob("*.md")) for block in blocks(page.name, "sh")]
    found += [(recipe, command) for recipe in ("github", "gitlab", "jenkins") for command in commands_of(recipe)]
    (pod,) = read("kubernetes/shards.yaml")["spec"]["template"]["spec"]["containers"]
    found.append(("kubernetes", *pod["args"]))
    for name, block in found:
        done = subprocess.run(["/bin/sh", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {block}"
