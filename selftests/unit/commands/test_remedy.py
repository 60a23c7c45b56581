"""`hullcheck remedy`: what it writes of an audit, and what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hullcheck import cli
from selftests import REPOSITORY
from selftests.kit.running import Project


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
    assert "careless: 28 controls to mend, 34 left to a person" in capsys.readouterr().out
    folder = out / "careless"
    daemon = json.loads((folder / "daemon-settings.json").read_text())
    assert daemon["no-new-privileges"] is True
    assert not daemon.keys() & {"debug", "icc", "userland-proxy", "userns-remap"}
    changes = (folder / "changes.sh").read_text()
    assert (
        -1 < changes.rfind("\nmode ") < changes.find("\nmerge ")
    )  # nothing is written where others can write
    page = (folder / "README.md").read_text()
    for words in (
        *("## Order", "sh apply.sh back", "## Left out", "--also daemon_remaps_users", "data root"),
        *("## Left to a person", "**CIS 5.5**", "**CIS 2.15**", "may break: sudo", "/var/backups/hullcheck"),
    ):
        assert words in page, words
    for script in folder.glob("*.sh"):
        subprocess.run(["sh", "-n", str(script)], check=True)


def test_remedy_that_has_to_be_asked_for(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its number or its name; any other control is refused."""
    for word in ("2.10", "daemon_remaps_users"):
        assert remedy(run, "--also", word) == 0
        daemon = json.loads((run.parent / "out/careless/daemon-settings.json").read_text())
        assert daemon["userns-remap"] == "default"
        assert "--new-data" in (run.parent / "out/careless/README.md").read_text()
    assert remedy(run, "--also", "daemon_remaps_user") == 2
    assert "did you mean 'daemon_remaps_users'?" in capsys.readouterr().err


def test_unknown_target(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest name is offered, and nothing is written."""
    assert remedy(run, "--target", "carless") == 2
    assert "no target 'carless' in this run; did you mean 'careless'?" in capsys.readouterr().err
    assert not (run.parent / "out").exists()


def test_target_without_failures(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, with status 0, and writes nothing."""
    assert remedy(run, "--target", "hardened") == 0
    assert "nothing failed there" in capsys.readouterr().out
    assert not (run.parent / "out").exists()


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("careless/recording.json", "{", "neither a recording"),
        ("careless/recording.json", None, "audit again"),
        ("results.json", "{}", "not the results of an audit (no 'targets')"),
        ("results.json", None, "not there; audit first"),
    ],
)
def test_damaged_run(
    run: Path, path: str, text: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the answers of the host nothing is written: a file without its settings would take them away."""
    if text is None:
        (run / path).unlink()
    else:
        (run / path).write_text(text)
    assert remedy(run) == 2
    assert said in capsys.readouterr().err
    assert not (run.parent / "out").exists()


@pytest.mark.parametrize("name", ["../x", "..", ".hidden", "a/b", "a\x1b[2J"])
def test_target_that_cannot_name_a_folder(run: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Results that somebody changed lead to no path outside."""
    text = (run / "results.json").read_text().replace('"careless"', json.dumps(name))
    (run / "results.json").write_text(text)
    assert remedy(run) == 2
    assert "cannot name a folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../../etc", "/etc", "", "a b", "$(id)"])
def test_run_that_cannot_name_a_folder(run: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is kept for the way back lies in a folder of this name."""
    document = json.loads((run / "results.json").read_text())
    document["run"]["id"] = name
    (run / "results.json").write_text(json.dumps(document))
    assert remedy(run) == 2
    assert "is no id of a run" in capsys.readouterr().err
