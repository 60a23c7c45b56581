"""`hullcheck policy`: the draft of a policy, and what it accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from selftests import REPOSITORY
from selftests.kit.running import ABSENT, Project, hullcheck

BY_THE_POLICY = {
    *("container_capabilities_are_needed", "container_mounts_no_sensitive_host_path"),
    "container_opens_no_privileged_port",
    "services_of_the_host_are_approved",
}
"""Controls that careless does not pass, and that a policy can make pass."""


def verdicts(project: Project) -> dict[str, str]:
    """The verdicts of the newest run, by control and target."""
    results = json.loads((project.folder / "reports/latest/results.json").read_text())["results"]
    return {f"{each['control']}@{each['target']}": each["verdict"] for each in results}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str], dict[str, str]]:
    """The draft after an audit of the demo's hosts, and the verdicts without it and with it."""
    project = Project(tmp_path_factory.mktemp("draft"))
    targets = {
        name: {"connect": f"recorded://{REPOSITORY}/inventories/demo/{name}"}
        for name in ("hardened", "careless")
    }
    bare = project.write("bare.yml", json.dumps({"targets": targets}))
    project.pytest("-m", "cis or guide", f"--inventory={bare}")
    before = verdicts(project)
    done = hullcheck("policy", "--from", "reports/latest", cwd=project.folder)
    assert done.returncode == 0, done.stderr
    with_draft = project.write("draft.yml", f"targets: {json.dumps(targets)}\n{done.stdout}")
    run = project.pytest("-m", "cis or guide", f"--inventory={with_draft}")
    assert "draft.yml" not in run.output, run.output  # the inventory has no fault
    return done.stdout, before, verdicts(project)


def test_it_accepts_what_was_found(runs: tuple[str, dict[str, str], dict[str, str]]) -> None:
    """Controls that ask the policy pass with it, and none gets worse."""
    _, before, after = runs
    asked = {f"{each}@careless" for each in BY_THE_POLICY}
    assert asked <= before.keys()
    assert {before[each] for each in asked} <= {"fail", "manual"}
    assert {each: after[each] for each in asked} == dict.fromkeys(asked, "pass")
    worse = {each for each in after if after[each] == "fail" and before[each] not in ("fail", "manual")}
    assert worse == set()


def test_it_accepts_no_more_than_a_policy_can(runs: tuple[str, dict[str, str], dict[str, str]]) -> None:
    """A privileged container, an engine's socket in one, and a daemon that takes commands without TLS still fail."""
    _, _, after = runs
    for name in ("container_is_not_privileged", "container_cannot_reach_an_engine_socket"):
        assert after[f"{name}@careless"] == "fail"
    assert after["remote_api_asks_for_client_certificates@careless"] == "fail"


def test_every_line_says_what_it_accepts(runs: tuple[str, dict[str, str], dict[str, str]]) -> None:
    """A value has a comment, and what lies below an allowed mount is no line of its own."""
    draft, _, _ = runs
    document: Any = yaml.safe_load(draft)["policy"]["targets"]
    values = [line for line in draft.splitlines() if line.lstrip().startswith("- ")]
    assert len(values) > 40
    assert [line for line in values if "  # " not in line] == []
    assert "        - SYS_ADMIN  # container panel" in values
    assert document["careless"]["allowed_mounts"] == ["/"]
    assert "log_drivers" not in document["careless"]
    assert document["hardened"]["log_drivers"] == ["syslog"]
    assert "allowed_capabilities" not in document["hardened"]


def test_wrong_use(tmp_path: Path) -> None:
    """No run, and one in which a target gave no answer; a host without Docker has nothing to accept."""
    done = hullcheck("policy", "--from", "nowhere", cwd=tmp_path)
    assert (done.returncode, "nowhere/results.json: not there" in done.stderr) == (2, True), done.stderr
    project = Project(tmp_path / "project")
    project.pytest("-m", "cis", "--hosts", project.recorded("web1", ABSENT))
    empty = hullcheck("policy", "--from", "reports/latest", cwd=project.folder)
    assert empty.returncode == 0, empty.stderr
    assert "allowed_" not in empty.stdout
    project.pytest("-m", "cis", "--hosts", project.recorded("web2", failure="Permission denied"))
    done = hullcheck("policy", "--from", "reports/latest", cwd=project.folder)
    assert (done.returncode, "web2: was not audited: Permission denied" in done.stderr) == (2, True), (
        done.stderr
    )
