"""Makes sure that the controls that judge again are the user's own and did not come with the bundle."""

import os
import sys
from pathlib import Path

from hullcheck import unpacked
from hullcheck.messages import WrongUse

# One of these is where tests are.
_SIGNS = ("tests", "conftest.py", "pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
ADVICE = "verify in the directory of the project whose controls were run"


def require(path: Path) -> None:
    """Raise WrongUse if there are no controls here, or they may have come with the bundle at *path*."""
    here = Path.cwd()
    require_no_bundle(here)
    if here in (Path(os.path.abspath(path)).parent, path.resolve().parent):
        raise WrongUse(
            f"{path.name} lies in the directory of the controls, and what lies beside a bundle may have come with it;"
            " move it to a folder of its own, and verify it from here"
        )
    if not any((here / sign).exists() for sign in _SIGNS):
        raise WrongUse(f"{here}: there are no controls to judge the recordings with; {ADVICE}")


def require_no_bundle(path: Path) -> None:
    """Raise WrongUse if *path* is in an unpacked bundle."""
    around = unpacked.bundle_around(path)
    if around is not None:
        raise WrongUse(f"{around} is an unpacked bundle, of which nothing is run; {ADVICE}")


def require_own_imports(path: Path) -> None:
    """Raise WrongUse if this process may import from the current directory or beside the bundle at *path*."""
    own = Path(__file__).resolve().parents[2]
    foreign = {Path.cwd(), path.resolve(), path.resolve().parent} - {own}
    for entry in sys.path:
        if Path(entry).resolve() in foreign:
            raise WrongUse(
                f"Python imports from {Path(entry).resolve()}, where strangers may have put files: because of"
                " PYTHONPATH, or of how it was started; write `env -u PYTHONPATH hullcheck verify BUNDLE`"
            )
