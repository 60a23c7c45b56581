"""Reads the JSON files and the recordings of a bundle, and checks that they agree."""

import os
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct

from hullcheck import __version__, inputs
from hullcheck.bundle import manifest as writer
from hullcheck.bundle.inventory import OF_ANSIBLE
from hullcheck.recording import PACKED, Recording, RecordingError
from hullcheck.recording.backends import RECORDED, backend_of
from hullcheck.recording.packing import is_canonical
from hullcheck.results import Audit, document, run_files
from hullcheck.verify import Step, layout

DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
"""What comes of reading a document that is not what it should be."""
_LONGEST = 200


class Documents(Struct, frozen=True):
    """What a bundle says of itself."""

    manifest: dict[str, Any]
    results: dict[str, Any]
    audit: Audit

    @property
    def is_of_shipped(self) -> bool:
        """Whether the controls were those that come with hullcheck."""
        return bool(self.manifest["selection"].get("shipped", False))

    @property
    def partial(self) -> str:
        """Why the run did not judge all that it selected, or an empty text."""
        return str(self.manifest["selection"]["partial"])

    @property
    def knows_all_controls(self) -> bool:
        """Whether the run looked at all controls of what it selected, as its requirements follow from these."""
        return not self.partial.startswith("--")


def read(files: Mapping[str, bytes]) -> tuple[Documents | None, Step]:
    """Read the documents among *files*; None if they cannot be understood."""
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
        faults = (*_written(files, known), *_agree(files, known))
    except DAMAGED as error:
        fault = f"{run_files.MANIFEST} or {run_files.RESULTS}: damaged ({type(error).__name__}: {error})"
        return None, Step("documents", faults=(fault,), differs=bool(other), other=other)
    said = f"made by hullcheck {made}, {manifest['run']['started']}, on {manifest['run']['machine']}"
    return known, Step("documents", said, faults, differs=bool(other), other=other)


def _check_texts(manifest: Mapping[str, Any]) -> None:
    """Raise ValueError or TypeError if something is not a text that can be handed to pytest and to the system."""
    said = dict(manifest["selection"])
    lists = [said.pop(key) for key in ("paths", "deselected", "ignored", "ignored_patterns")]
    lists += [said.pop(key, []) for key in ("container", "label", "image")]
    if not all(isinstance(said.pop(key, False), bool) for key in ("runxfail", "shipped")):
        raise TypeError("a value that is neither true nor false")
    if not all(isinstance(each, list) for each in lists):
        raise TypeError("a text instead of a list")
    texts = (manifest["inventory"], *manifest["left_out"].values(), *said.values())
    for each in (*texts, *(text for some in lists for text in some)):
        if b"\0" in os.fsencode(each):
            raise ValueError("a NUL in a text")


def _written(files: Mapping[str, bytes], known: Documents) -> Iterator[str]:
    """Yield files with bytes that reading passes over, such as blanks, or the same key twice."""
    written = {
        run_files.MANIFEST: writer.canonical(known.manifest),
        run_files.POLICY: writer.canonical(inputs.decode(files[run_files.POLICY])),
        run_files.RESULTS: document.render(known.audit).encode(),
    }
    for name, content in written.items():
        if files[name] != content:
            yield f"{name}: not written as hullcheck writes it"


def _agree(files: Mapping[str, bytes], known: Documents) -> Iterator[str]:
    """Yield where the manifest is not what follows from the results and from the files."""
    run, manifest, listed = known.audit.run, known.manifest, writer.covered(files)
    listed.pop(run_files.MANIFEST)
    missing = {name for name in layout.REPORTS if name not in files}
    made = {
        "run": writer.run_document(run),
        "hullcheck": run.version,
        "shard": run.shard,
        "left_out": sorted(missing & {run_files.JUNIT}),
        "files": writer.listed(listed),
    }
    said = {key: manifest.get(key, "") for key in ("run", "shard", "files")}
    said |= {"hullcheck": manifest["made_by"]["hullcheck"], "left_out": sorted(manifest["left_out"])}
    yield from first_difference(said, made, run_files.MANIFEST, "the results and the files give")
    yield from (f"{name}: is not there" for name in sorted(missing - {run_files.JUNIT}))
    named = manifest["inventory"]
    if named and named not in files:
        yield f"{named}: is not there, though {run_files.MANIFEST} names it as the inventory"
    if posixpath.basename(named) not in (OF_ANSIBLE, posixpath.basename(run.inventory)):
        yield f"{run_files.RESULTS}: run.inventory is not what {run_files.MANIFEST} says"


def first_difference(said: Any, found: Any, where: str, by: str) -> Iterator[str]:
    """Yield a sentence about the first place at which two documents differ, if there is one."""
    if said == found:
        return
    if isinstance(said, dict) and isinstance(found, dict):
        keys = (*said, *(found.keys() - said.keys()))
        parts = [(f": {key}", said.get(key), found.get(key)) for key in keys]
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        parts = [(f", entry {at}", *both) for at, both in enumerate(zip(said, found, strict=True), 1)]
    else:
        yield f"{where} is {str(said)[:_LONGEST]!r}, and {by} {str(found)[:_LONGEST]!r}"
        return
    key, one, other = next(each for each in parts if each[1] != each[2])
    yield from first_difference(one, other, where + key, by)


# ---- recordings


def load(files: Mapping[str, bytes]) -> tuple[dict[str, Recording], list[str]]:
    """Return the recordings among *files* by target, and a fault for each that cannot be read."""
    found, faults = {}, []
    with TemporaryDirectory(prefix="hullcheck-") as folder:
        for target, name in layout.recordings(files).items():
            path = Path(folder) / PACKED
            path.write_bytes(files[name])
            try:
                found[target] = Recording.load(path, ())
                if not is_canonical(files[name]):
                    faults.append(f"{name}: not written as hullcheck writes it")
            except RecordingError as error:
                faults.append(f"{name}: {str(error).removeprefix(f'{path}: ')}")
            except ValueError:  # the output of a probe script, which no bundle holds
                faults.append(f"{name}: not written as hullcheck writes it")
    return found, faults


def check_recordings(known: Documents, found: Mapping[str, Recording]) -> Step:
    """Check that each target has its recording, of the machine that the manifest names, and each result is unique."""
    there, audited = known.manifest["targets"], {each.name: each for each in known.audit.targets}
    faults = [
        f"{name}: is not in all of {run_files.MANIFEST}, {run_files.RESULTS} and the recordings"
        for name in sorted(there.keys() | audited.keys() | found.keys())
        if not (name in there and name in audited and name in found)
    ]
    for name in there.keys() & audited.keys() & found.keys():
        recording, connect = found[name], audited[name].connect
        made = {"target": name, **writer.target_document(connect, recording)}
        said = {"target": recording.target, **there[name]}
        faults += first_difference(said, made, f"{run_files.MANIFEST}: {name}", "its recording gives")
        if backend_of(connect) not in (RECORDED, recording.backend):
            faults.append(f"{name}/{PACKED}: was made over {recording.backend!r}, and not over {connect}")
    pairs = Counter((each.target, each.control) for each in known.audit.results)
    faults += (f"{target} {control}: has {n} results" for (target, control), n in pairs.items() if n > 1)
    summary = f"{len(there)} targets, {len(pairs)} results"
    if known.partial:
        summary += f"; not all that was selected: {known.partial}"
    if not known.knows_all_controls:
        summary += "; so of its requirements the verdicts alone are compared"
    return Step("completeness", summary, tuple(faults))
