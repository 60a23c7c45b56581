"""What a self-test needs and a machine may lack: `@pytest.mark.needs("ssh-keygen")`, or `need("ssh-keygen")` inside.

The test is skipped by the name of what is missing. With HULLCHECK_LAB=required in the environment it fails.
"""

import os
import shutil
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CAPABILITIES = {"chown": 0, "setuid": 7, "mount": 21}
STATUS = Path("/proc/self/status")
RIGHTS = {
    "root": "root rights",
    "chown": "the right to give files away",
    "setuid": "the right to become another user",
    "mount": "the right to mount",
}


def need(*names: str) -> None:
    """Skip the test that runs unless the machine has all of these programs and rights, by their keys in RIGHTS."""
    stop_if(obstacle(*names))


def need_engine(wanted: str, reason: str) -> None:
    """Skip the test that runs where the laboratory's engine is of another version; nothing is missing then.

    Args:
        wanted: versions, as `>=23`.
        reason: what the other versions have not.
    """
    from selftests.rig.engines import versions  # only now, as for all of the laboratory

    engine = versions.chosen().version
    if engine not in SpecifierSet(wanted):
        pytest.skip(f"needs an engine {wanted}, and this is {engine}: {reason}")


def obstacle(*names: str) -> str | None:
    """What of these is missing, in words; None if nothing is."""
    missing = [RIGHTS.get(name, name) for name in names if not _has(name)]
    return f"needs {' and '.join(missing)}, which this machine lacks" if missing else None


def stop_if(reason: str | None) -> None:
    """Skip the test for this reason if there is one, or fail it where everything has to run."""
    if reason and os.environ.get("HULLCHECK_LAB") == "required":
        pytest.fail(f"HULLCHECK_LAB=required, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


def _has(name: str) -> bool:
    if name == "root":
        return os.geteuid() == 0
    if name in CAPABILITIES:
        lines = dict(line.split(":\t", 1) for line in STATUS.read_text().splitlines())
        return bool(int(lines["CapEff"], 16) >> CAPABILITIES[name] & 1)
    return bool(shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"))
