"""`hullcheck remedy` and `hullcheck policy`: what they write of an audit, and what they refuse."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hullcheck import cli
from hullcheck.facts import PROBES, Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.remedies.script import NAMES
from hullcheck.writers import policy_draft
from selftests import REPOSITORY
from selftests.corpus.judged import RECORDINGS
from selftests.kit.judging import judged
from selftests.kit.running import Project

BY_THE_POLICY = (
    *("container_capabilities_are_needed", "container_mounts_no_sensitive_host_path"),
    *("container_opens_no_privileged_port", "services_of_the_host_are_approved"),
)
"""Controls that careless does not pass, and that a policy can make pass."""
BY_NONE = (
    *("container_is_not_privileged", "container_cannot_reach_an_engine_socket"),
    "remote_api_asks_for_client_certificates",
)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of the demo's hosts."""
    project = Project(tmp_path_factory.mktemp("run"))
    project.pytest("-m", "cis", f"--inventory={REPOSITORY}/inventories/demo.yml")
    return (project.folder / "reports/latest").resolve()


@pytest.fixture
def run(run_folder: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


def remedy(run: Path, *words: str) -> int:
    """The exit status."""
    return cli.main(["remedy", str(run), f"--output={run.parent / 'out'}", *words])


def test_files_for_what_failed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder for each target on which something failed, with what each file mends and may break."""
    assert remedy(run) == 0
    out = run.parent / "out"
    assert [each.name for each in sorted(out.iterdir()) if each.is_dir()] == ["careless"]
    assert "careless: 26 controls to fix, 32 to fix by hand" in capsys.readouterr().out
    folder = out / "careless"
    assert {each.name for each in folder.iterdir()} <= NAMES
    daemon = json.loads((folder / "daemon-settings.json").read_text())
    assert daemon["no-new-privileges"] is True
    assert not daemon.keys() & {"debug", "icc", "userland-proxy", "userns-remap"}
    changes = (folder / "changes.sh").read_text()
    assert -1 < changes.rfind("\nmode ") < changes.find("\nmerge ")  # nothing is written where others can write
    page = (folder / "README.md").read_text()
    for words in (
        *("## Order", "sh apply.sh back", "## Left out", "--also daemon_remaps_users", "data root"),
        *("## To fix by hand", "**CIS 5.5**", "**CIS 2.15**", "may break: sudo", "/var/backups/hullcheck"),
    ):
        assert words in page, words
    for script in folder.glob("*.sh"):
        subprocess.run(["sh", "-n", str(script)], check=True)


@pytest.mark.parametrize("word", ["2.10", "daemon_remaps_users"])
def test_remedy_that_has_to_be_asked_for(run: Path, word: str) -> None:
    """By its number or its name."""
    assert remedy(run, "--also", word) == 0
    daemon = json.loads((run.parent / "out/careless/daemon-settings.json").read_text())
    assert daemon["userns-remap"] == "default"
    assert "--new-data" in (run.parent / "out/careless/README.md").read_text()


def edit(run: Path, old: str, new: str) -> None:
    """Change the results."""
    (run / "results.json").write_text((run / "results.json").read_text().replace(old, new))


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--also=daemon_remaps_user"], 2, "did you mean 'daemon_remaps_users'?"),
        (["--target=carless"], 2, "no target 'carless' in this run; did you mean 'careless'?"),
        (["--target=hardened"], 0, "Nothing failed there"),
    ],
)
def test_nothing_to_write(
    run: Path, words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A control or target that is unknown, or a target without failures."""
    assert remedy(run, *words) == status
    assert said in "".join(capsys.readouterr())
    assert not (run.parent / "out").exists()


def test_damaged_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the answers of the host nothing is written; results that somebody changed lead to no path outside."""
    edit(run, '"careless"', '"../x"')
    assert remedy(run) == 2
    assert "'../x' is no name" in capsys.readouterr().err
    edit(run, '"../x"', '"careless"')
    (run / "careless/recording.json").unlink()
    for command in (["remedy", str(run), f"--output={run.parent / 'out'}"], ["policy", f"--from={run}"]):
        assert cli.main(command) == 2
        assert "audit again" in capsys.readouterr().err
    assert not (run.parent / "out").exists()


# ---- a policy


def test_draft_of_a_policy(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Controls that ask the policy pass with it, and no other; each value has a comment that says what it accepts."""
    assert cli.main(["policy", f"--from={run}"]) == 0
    draft = capsys.readouterr().out
    values = [line for line in draft.splitlines() if line.lstrip().startswith("- ")]
    assert len(values) > 40
    assert [line for line in values if "  # " not in line] == []
    assert "        - SYS_ADMIN  # container panel" in values
    policies: Any = yaml.safe_load(draft)["policy"]["targets"]
    assert policies["careless"]["allowed_mounts"] == ["/"]
    assert "log_drivers" not in policies["careless"]
    assert policies["hardened"]["log_drivers"] == ["syslog"]
    assert "allowed_capabilities" not in policies["hardened"]
    recording = Recording.load(run / "careless", PROBES)
    bare, with_draft = (Facts(recording, policy) for policy in (Policy(), Policy.from_mapping(policies["careless"])))
    for name in BY_THE_POLICY:
        assert {verdict for verdict, _ in judged(name, bare).values()} & {"fail", "manual"}, name
        assert {verdict for verdict, _ in judged(name, with_draft).values()} <= {"pass", "not applicable"}, name
    for name in BY_NONE:
        assert judged(name, with_draft) == judged(name, bare)


def test_draft_allows_a_folder_that_is_written_to() -> None:
    """A container with a read-only root that needs a manual check because of a folder passes with the draft."""
    bare = Facts(Recording.load(RECORDINGS / "guide-28.5.json.gz", PROBES), Policy())
    draft: Any = yaml.safe_load(policy_draft.text("run", {"guide": bare}))["policy"]["targets"]["guide"]
    for policy, verdict in ((Policy(), "manual"), (Policy.from_mapping(draft), "pass")):
        found = judged("container_writes_to_tmpfs_or_named_volumes", Facts(bare.recording, policy))
        assert found["cache"][0] == verdict
