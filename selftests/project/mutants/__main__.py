"""Counts the changes by module, and prints each that was not noticed.

A copy of the repository is changed, and the self-tests without engines run in that.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from selftests import REPOSITORY
from selftests.rig.removal import temporary


def copy(folder: Path) -> Path:
    """A copy of what git knows of the repository, in a new folder of this one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = folder / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, path)
    return folder / "repository"


def main() -> int:
    """Try them in a copy; the status is that of the trials."""
    parser = argparse.ArgumentParser(prog="tox -e mutants --", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="only these, such as tests/test_7_swarm.py"
    )
    parser.add_argument("--share", default="1", help="try this share of the changes, at random (0.1)")
    options = parser.parse_args()
    with temporary() as folder:
        repository = copy(folder)
        words = [sys.executable, "-m", "selftests.project.mutants.trials", options.share, *options.modules]
        environment = os.environ | {"PYTHONPATH": str(repository)}  # of what self-tests start, too
        return subprocess.run(words, cwd=repository, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
