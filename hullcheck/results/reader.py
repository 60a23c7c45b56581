"""Reads the results.json that an audit left."""

from pathlib import Path
from typing import Any

from hullcheck import inputs
from hullcheck.messages import WrongUse
from hullcheck.results import Audit, run_files
from hullcheck.results.document import SCHEMA, audit_of

LARGEST = 512 * inputs.MIB
"""The most bytes of one: that of 1,000 hosts has some 200 MiB."""
VALUES = 20_000_000
"""The most values in it."""
_ZIP = b"PK\3\4"


def read(path: Path, naming: str) -> dict[str, Any]:
    """The document in *path*; *naming* is how the user names another one.

    Raises:
        WrongUse: it is not there, or no results of an audit.
    """
    try:
        content = inputs.read(path, LARGEST)
        if content.startswith(_ZIP):
            raise WrongUse(f"{path}: is a bundle (a zip file); unpack it, or name the run's folder: {naming}")
        document = inputs.decode(content, VALUES)
    except FileNotFoundError:
        raise WrongUse(f"{path}: not there; audit first (`pytest -m cis`), or name it: {naming}") from None
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise WrongUse(f"{path}: not JSON; write the results.json of an audit") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise WrongUse(f"{path}: not {SCHEMA}; write the results.json of an audit")
    return document


def load(path: Path, naming: str) -> tuple[Path, dict[str, Any], Audit]:
    """The results in the folder of a run, or in its results.json: that folder, the document and what it says.

    Raises:
        WrongUse: there are none.
    """
    if path.is_dir():
        path /= run_files.RESULTS
    document = read(path, naming)
    try:
        return path.parent, document, audit_of(document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise damaged(path) from None


def damaged(path: Path) -> WrongUse:
    """What is said of one whose parts are not what they should be."""
    return WrongUse(f"{path}: damaged; let the audit run again")
