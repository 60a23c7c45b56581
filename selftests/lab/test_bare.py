"""The bare machine of the laboratory has what the README asks for, and nothing else that a self-test could use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from selftests.rig import bare, removal

if TYPE_CHECKING:
    from selftests.rig.laboratory import Laboratory

LOOK = """
id -un; sed -n 's/^CapBnd:.//p; s/^CapEff:.//p' /proc/self/status; git status --short
for each in docker ssh busybox auditctl ip ps tox pytest; do command -v $each; done
python3 -c 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11))'
"""


@pytest.mark.needs("mmdebstrap", "git", "chroot", "unshare")
def test_bare_machine_is_bare(lab: Laboratory) -> None:
    """Each user has a clean checkout of its own and no capability; afterwards nothing is left mounted."""
    tree = lab.root / lab.name()
    bare.machine(tree)
    objects = (tree / "root/hullcheck/.git/objects").rglob("*")
    assert {each.stat().st_nlink for each in objects if each.is_file()} == {1}
    for user in bare.HOMES:
        said = bare.run(tree, user, LOOK).stdout.splitlines()
        assert said == [user, "0" * 16, "0" * 16, "True"]
    assert removal.mounts(tree) == []
    removal.delete(tree)
