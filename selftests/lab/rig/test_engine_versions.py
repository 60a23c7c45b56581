"""Which engine the laboratory runs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from selftests.needs import need_engine
from selftests.rig import removal
from selftests.rig.engines import versions
from selftests.rig.engines.engine import Engine
from selftests.rig.engines.versions import EngineVersion
from selftests.rig.shell import LabError, environment

EngineFactory = Callable[..., Engine]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], EngineVersion]:
    """What is chosen by a value of the variable."""

    def choose(value: str) -> EngineVersion:
        monkeypatch.setenv(versions.VARIABLE, value)
        return versions.chosen.__wrapped__()

    return choose


@pytest.mark.parametrize("name", ["20.11", "28.5+zfs", "28", "+zfs"])
def test_engine_that_is_not_known(chosen: Callable[[str], EngineVersion], name: str) -> None:
    """It is refused, and the message names those that are."""
    with pytest.raises(LabError, match=r"HULLCHECK_ENGINE is one of 20.10, 26.1, 28.5 or the path"):
        chosen(name)


def test_settings_of_the_image_store(chosen: Callable[[str], EngineVersion]) -> None:
    """They are added to those of a test, and to its own features."""
    assert chosen("").document({"icc": False}) == {"icc": False}
    store = chosen("+containerd")
    assert store.document({"icc": False}) == {"features": {"containerd-snapshotter": True}, "icc": False}
    assert store.document({"features": {"cdi": True}})["features"] == {
        "containerd-snapshotter": True,
        "cdi": True,
    }


def test_tests_of_other_versions_are_skipped() -> None:
    """The reason names the version and what it lacks."""
    need_engine(">=1", "nothing")
    with pytest.raises(pytest.skip.Exception, match=r"needs an engine >=99, and this is .*: time travel"):
        need_engine(">=99", "time travel")


def test_daemon_client_and_runtime_are_of_one_version(engine: EngineFactory) -> None:
    """What was chosen runs, and what probes find first is its client."""
    one = engine()
    version = one.version
    told = one.docker("version", "--format", "{{.Server.Version}} {{.Client.Version}}").split()
    assert all(each.startswith(version.version) for each in told)
    client = subprocess.run(["docker", "--version"], capture_output=True, text=True, check=True).stdout
    assert f" {version.version}" in client
    if version.tree is not None:
        assert Path(f"/proc/{one.pid}/exe").readlink().is_relative_to(version.tree)
        assert json.loads(one.config_path.read_text()) == version.document({})


@pytest.mark.parametrize("name", ["20.10", "28.5"])
@pytest.mark.needs("dpkg-deb", "apt-get")
@pytest.mark.usefixtures("lab")
def test_packages_of_another_suite(chosen: Callable[[str], EngineVersion], name: str) -> None:
    """They lie where nobody but root may write and everybody may read, and the machine keeps its own."""
    before = versions.own().version
    found = chosen(name)
    assert found.version.startswith(f"{name}.")
    tree = found.tree
    if tree is not None:
        for path in (tree, *tree.rglob("*")):
            state = path.lstat()
            assert state.st_uid == 0
            assert stat.S_ISLNK(state.st_mode) or not state.st_mode & 0o022
        assert (tree / "usr/lib/systemd/system/docker.service").exists()
        assert os.access(tree / "usr/bin/docker", os.X_OK)
    assert versions.own().version == before
    assert environment()["PATH"].split(":")[0] == "/usr/local/sbin"


@pytest.mark.needs("dpkg-deb", "apt-get")
@pytest.mark.usefixtures("lab")
def test_programs_of_a_folder(chosen: Callable[[str], EngineVersion], tmp_path: Path) -> None:
    """They take the place of those of the newest engine of Debian, and what the folder lacks is its."""
    with pytest.raises(LabError, match="has no dockerd that runs"):
        chosen(str(tmp_path))
    for name in ("dockerd", "new"):
        (tmp_path / name).write_text("#!/bin/sh\necho Docker version 99.1.2, build 3\n")
        (tmp_path / name).chmod(0o755)
    found = chosen(str(tmp_path))
    tree = found.tree
    assert tree is not None
    try:
        assert found.version == "99.1.2"
        assert (tree / "usr/bin/new").read_text() == (tmp_path / "dockerd").read_text()
        assert (tree / "usr/bin/docker").stat().st_size > 1_000_000
    finally:
        removal.delete(tree)
