"""Convert an audit to results.json and back (docs/results.md)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hullcheck import inputs
from hullcheck.messages import WrongUse
from hullcheck.results import Audit, run_files

LARGEST = 512 * inputs.MIB
"""The most bytes of the file; that of 1,000 hosts has about 200 MiB."""
VALUES = 20_000_000
"""The most values in it."""
KEYS = {"targets": "name", "controls": "id"}
"""The parts that are mappings in the document, with the field that is the key."""
_ZIP = b"PK\3\4"


def document_of(audit: Audit) -> dict[str, Any]:
    """Return the document of results.json; equal audits give equal documents."""
    document: dict[str, Any] = msgspec.to_builtins(audit)
    return document | {part: {each.pop(key): each for each in document[part]} for part, key in KEYS.items()}


def render(audit: Audit) -> str:
    """Render results.json; equal audits give equal text."""
    # a line for each value, for comparisons; indentation takes ten times as long
    return json.dumps(document_of(audit), separators=(",\n", ": "), ensure_ascii=True) + "\n"


def audit_of(document: Any) -> Audit:
    """Return the audit of a document, or raise ValueError with the damaged key."""
    try:
        lists = {part: _listed(document[part], key) for part, key in KEYS.items()}
        audit = msgspec.convert({**document, **lists}, Audit)
    except (msgspec.ValidationError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None
    except KeyError as error:
        raise ValueError(f"no {error}") from None
    known = {each.name for each in audit.targets}, {each.id for each in audit.controls}
    for each in audit.results:
        if each.target not in known[0] or each.control not in known[1]:
            raise ValueError(f"it has no target {each.target!r}, or no control {each.control!r}")
    return audit


def _listed(documents: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [{**each, key: name} for name, each in documents.items()]


def load(path: Path, naming: str) -> Audit:
    """Return the audit in the folder of a run, or raise WrongUse, with *naming* as the way to name one."""
    if path.is_dir():
        path /= run_files.RESULTS
    try:
        content = inputs.read(path, LARGEST)
        if content.startswith(_ZIP):
            raise WrongUse(f"{path}: is a bundle (a zip file); unpack it, or name the run's folder: {naming}")
        return audit_of(inputs.decode(content, VALUES))
    except FileNotFoundError:
        raise WrongUse(f"{path}: not there; audit first (`hullcheck audit`), or name it: {naming}") from None
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{path}: not the results of an audit ({error}); name others: {naming}") from None
