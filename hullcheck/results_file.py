"""Reads the results.json that an audit left."""

import json
from pathlib import Path
from typing import Any

from hullcheck.results import SCHEMA
from hullcheck.wrong_use import WrongUse


def read(path: Path, naming: str) -> dict[str, Any]:
    """The document in *path*; *naming* is how the user names another one.

    Raises:
        WrongUse: it is not there, or no results of an audit.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongUse(f"{path}: not there; audit first (`pytest -m cis`), or name it: {naming}") from None
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise WrongUse(f"{path}: not JSON; write the results.json of an audit") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise WrongUse(f"{path}: not {SCHEMA}; write the results.json of an audit")
    return document


def damaged(path: Path) -> WrongUse:
    """What is said of one whose parts are not what they should be."""
    return WrongUse(f"{path}: damaged; let the audit run again")
