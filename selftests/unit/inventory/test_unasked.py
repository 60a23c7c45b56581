"""An inventory that nobody named is taken from nobody else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.inventory import unasked
from selftests.kit.projects import empty
from selftests.kit.running import Project, hullcheck

ROOT_ALONE = pytest.mark.skipif(os.getuid() != 0, reason="root alone gives files away")
STRANGER = 54321


def others_write(path: Path) -> None:
    """Let everybody write it."""
    path.chmod(0o777)


def group_writes(path: Path) -> None:
    """Let a group write it that has not the name of its owner."""
    os.chown(path, -1, STRANGER)
    path.chmod(0o775)


def give_away(path: Path) -> None:
    """Have it belong to a stranger."""
    os.chown(path, STRANGER, -1, follow_symlinks=False)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """An inventory where one is looked for."""
    path = tmp_path / "here/inventories/local.yml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


@ROOT_ALONE
@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        (".", others_write, "can be written by others"),
        ("inventories", group_writes, "can be written by others"),
        ("inventories", give_away, f"belongs to uid {STRANGER}"),
        ("inventories/local.yml", others_write, "can be written by others"),
        ("inventories/local.yml", give_away, f"belongs to uid {STRANGER}"),
    ],
)
def test_what_a_stranger_can_write(local: Path, place: str, change: Callable[[Path], None], said: str) -> None:
    """The file, its folder and the one in which the audit is started are the user's alone, or it is not taken."""
    local.parents[2].chmod(0o1777)  # as /tmp
    assert unasked.fault(local) == ""
    changed = local.parents[1] / place
    change(changed)
    assert unasked.fault(local) == f"{changed} {said}"


@ROOT_ALONE
def test_link_and_user_of_sudo(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a link leads to counts; who has become root by sudo is no stranger to it, and everybody else is."""
    real = local.rename(local.parents[2] / "elsewhere.yml")
    local.symlink_to(real)
    give_away(real)
    monkeypatch.setenv("SUDO_UID", str(STRANGER + 1))
    assert unasked.fault(local) == f"{real} belongs to uid {STRANGER}"
    monkeypatch.setenv("SUDO_UID", str(STRANGER))
    assert unasked.fault(local) == ""


def test_audit_beside_an_inventory_of_others(tmp_path: Path) -> None:
    """The installed controls ask none of its targets before it is named."""
    site = Project(tmp_path / "site")
    local = site.write("inventories/local.yml", f"targets: {{elsewhere: {{connect: '{empty(site)}'}}}}\n")
    few = ("-m", "", "-k", "not_privileged")
    others_write(site.folder)
    done = hullcheck("audit", *few, cwd=site.folder)
    assert (done.returncode, "targets: " in done.stdout) == (4, False)
    assert done.stderr.startswith(
        f"ERROR: {local}: not taken: {site.folder} can be written by others, so somebody else "
    )
    assert "elsewhere: no Docker here" in hullcheck("audit", f"--inventory={local}", *few, cwd=site.folder).stdout
