"""Reads what an audit left of one target, to be compared."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullcheck.results import SCHEMA, Control, Result
from hullcheck.suggest import did_you_mean
from hullcheck.wrong_use import WrongUse


@dataclass(frozen=True)
class Audited:
    """One target of an audit: each control that was judged, with its result."""

    run: str
    target: str
    judged: tuple[tuple[Control, Result], ...]


def load(path: Path, target: str | None) -> Audited:
    """Read the results of *target*, which may be left out where there is one only.

    Raises:
        WrongUse: there are no results, or none of that target.
    """
    document = _document(path)
    try:
        name = _target(path, list(document["targets"]), target)
        controls = {key: Control.from_json(key, each) for key, each in document["controls"].items()}
        results = [Result.from_json(each) for each in document["results"]]
        judged = tuple((controls[each.control], each) for each in results if each.target == name)
        run = str(document["run"]["id"])
    except (KeyError, TypeError, AttributeError, ValueError):
        raise WrongUse(f"{path}: damaged; let the audit run again") from None
    return Audited(run, name, judged)


def _document(path: Path) -> Any:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongUse(
            f"{path}: not there; audit first (`pytest -m cis`), or name it: --results PATH"
        ) from None
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise WrongUse(f"{path}: not JSON; write the results.json of an audit") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise WrongUse(f"{path}: not {SCHEMA}; write the results.json of an audit")
    return document


def _target(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise WrongUse(f"{path}: has {len(names)} targets; write --target with one of {', '.join(names)}")
    if wanted not in names:
        raise WrongUse(f"{path}: no target {wanted!r}; {did_you_mean(wanted, names)}")
    return wanted
