"""Reads the results.json that an audit left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hullcheck import inputs
from hullcheck.messages import WrongUse
from hullcheck.results import SCHEMA, Attestation, Audit, AuditedTarget, Control, Result, Run, User, Waiver
from hullcheck.results.requirements import Rollup

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


def audit(document: Mapping[str, Any]) -> Audit:
    """The audit that a results.json describes: the inverse of its writer.

    Raises:
        KeyError, TypeError, ValueError or AttributeError: it is damaged.
    """
    return Audit(
        run(document["run"]),
        tuple(AuditedTarget(name, **each) for name, each in document["targets"].items()),
        tuple(Control.from_json(name, each) for name, each in document["controls"].items()),
        tuple(map(Result.from_json, document["results"])),
        tuple(map(Rollup.from_json, document["requirements"])),
        tuple(Waiver(**_tuples(each)) for each in document["waivers"]),
        tuple(Attestation(**_tuples(each)) for each in document["attestations"]),
    )


def run(document: Mapping[str, Any]) -> Run:
    """When, how and by whom it ran."""
    said = {**document, "arguments": tuple(document["arguments"]), "version": document["hullcheck"]}
    del said["hullcheck"]
    if "user" in said:
        said["user"] = User(**said["user"])
    return Run(**said)


def _tuples(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(each) if isinstance(each, list) else each for key, each in document.items()}


def damaged(path: Path) -> WrongUse:
    """What is said of one whose parts are not what they should be."""
    return WrongUse(f"{path}: damaged; let the audit run again")
