"""Reads the JSON files of a bundle, and checks that they are written exactly as hullcheck writes them."""

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck import __version__, inputs
from hullcheck.bundle import manifest as writer
from hullcheck.bundle.inventory import OF_ANSIBLE
from hullcheck.results import Audit, document, run_files
from hullcheck.verify import Step, digests
from hullcheck.verify.layout import REPORTS

DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
"""What comes of reading a document that is not what it should be."""


@dataclass(frozen=True)
class Documents:
    """What a bundle says of itself."""

    manifest: dict[str, Any]
    results: dict[str, Any]
    audit: Audit

    @property
    def is_of_shipped(self) -> bool:
        """Whether the controls were those that the package brings along."""
        return bool(self.manifest["selection"].get("shipped", False))

    @property
    def partial(self) -> str:
        """Why the run did not judge all that it selected; empty where it did."""
        return str(self.manifest["selection"]["partial"])

    @property
    def knows_all_controls(self) -> bool:
        """Whether the run looked at all controls of what it selected, so that its requirements can be derived again."""
        return not self.partial.startswith("--")


def read(files: Mapping[str, bytes]) -> tuple[Documents | None, Step]:
    """The documents among *files*; None where they cannot be understood."""
    other = ""
    try:
        manifest = inputs.decode(files[run_files.MANIFEST])
        made = manifest["made_by"]["hullcheck"]
        other = f"hullcheck {made}" if made != __version__ else ""
        if manifest["schema"] != writer.SCHEMA:
            fault = f"{run_files.MANIFEST}: is {manifest['schema']}, and hullcheck {__version__} reads {writer.SCHEMA}"
            return None, Step("documents", faults=(fault,), differs=True, other=other)
        _check_texts(manifest)
        results = inputs.decode(files[run_files.RESULTS], document.VALUES)
        known = Documents(manifest, results, document.audit_of(results))
        faults = (*_written(files, known), *digests.check_manifest(files, manifest), *_agree(files, known))
    except DAMAGED as error:
        said = f"{run_files.MANIFEST} or {run_files.RESULTS}: damaged ({type(error).__name__}: {error})"
        return None, Step("documents", faults=(said,), differs=bool(other), other=other)
    said = f"made by hullcheck {made}, {manifest['run']['started']}, on {manifest['run']['machine']}"
    return known, Step("documents", said, faults, differs=bool(other), other=other)


def _check_texts(manifest: Mapping[str, Any]) -> None:
    """What is handed to pytest and to the system: texts that can be, and nothing else."""
    said = dict(manifest["selection"])
    lists = [said.pop(key) for key in ("paths", "deselected", "ignored", "ignored_patterns")]
    lists += [said.pop(key, []) for key in ("container", "label", "image")]
    for key in ("runxfail", "shipped"):
        if not isinstance(said.pop(key, False), bool):
            raise TypeError(f"{key} is neither true nor false")
    texts = [manifest["inventory"], *manifest["left_out"].values(), *said.values()]
    for each in (*texts, *(text for texts in lists for text in texts)):
        if b"\0" in os.fsencode(each):
            raise ValueError("a NUL in a text")
    if not all(isinstance(each, list) for each in lists):
        raise TypeError("a text instead of a list")


def _written(files: Mapping[str, bytes], known: Documents) -> list[str]:
    """Files with bytes that reading passes over, such as blanks, or the same key twice."""
    policy = inputs.decode(files[run_files.POLICY])
    written = {
        run_files.MANIFEST: writer.canonical(known.manifest),
        run_files.POLICY: writer.canonical(policy),
        run_files.RESULTS: document.render(known.audit).encode(),
    }
    faults = [name for name, content in written.items() if files[name] != content]
    return [f"{name}: not written as hullcheck writes it" for name in faults]


def _inventory_faults(there: str, said: str) -> list[str]:
    """Where the results name another inventory than the one in the bundle."""
    name = posixpath.basename(there)
    if name == OF_ANSIBLE or posixpath.basename(said) == name:
        return []
    return [f"{run_files.RESULTS}: run.inventory is not what {run_files.MANIFEST} says"]


def _agree(files: Mapping[str, bytes], known: Documents) -> list[str]:
    """Where manifest and results contradict each other or what is there."""
    run, same = known.results["run"], known.manifest["run"]
    faults = [
        f"{run_files.RESULTS}: run.{key} is not what {run_files.MANIFEST} says"
        for key in ("id", "started", "finished", "arguments", "exit_status", "user", "machine")
        if run.get(key) != same[key]
    ]
    if run["hullcheck"] != known.manifest["made_by"]["hullcheck"]:
        faults.append(f"{run_files.RESULTS}: run.hullcheck is not what {run_files.MANIFEST} says")
    if known.manifest.get("shard", "") != run.get("shard", ""):
        faults.append(f"{run_files.RESULTS}: run.shard is not what {run_files.MANIFEST} says")
    faults += _inventory_faults(known.manifest["inventory"], run.get("inventory", ""))
    left_out = known.manifest["left_out"]
    for name in REPORTS:
        if (name in files) == (name in left_out):
            what = "is there, though" if name in files else "is not there, and"
            faults.append(
                f"{name}: {what} {run_files.MANIFEST} says {'that it was left out' if name in files else 'not why'}"
            )
    faults += [
        f"{name}: is said to be left out, which no run does" for name in left_out if name != run_files.JUNIT
    ]
    named = known.manifest["inventory"]
    if named and named not in files:
        faults.append(f"{named}: is not there, though {run_files.MANIFEST} names it as the inventory")
    return faults
