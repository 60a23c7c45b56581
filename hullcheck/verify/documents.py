"""Read the JSON files and the recordings of a bundle, and check that they agree."""

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hullcheck import __version__, inputs
from hullcheck.bundle import manifest as writer
from hullcheck.bundle.inventory import OF_ANSIBLE
from hullcheck.recording import PACKED, PACKED_HEAD, Recording, RecordingError, unpacked
from hullcheck.recording.backends import RECORDED, backend_of
from hullcheck.results import Audit, document, run_files
from hullcheck.verify import layout
from hullcheck.verify.layout import Step

DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
"""Errors of reading a damaged document."""
_LONGEST = 200
_NOTHING = object()  # for a missing key, which is not null


class Selection(Struct, frozen=True, kw_only=True):
    """The selection of a run; *partial* is why it did not judge all of it, *shipped* for hullcheck's controls."""

    markers: str
    keywords: str
    paths: list[str]
    deselected: list[str]
    ignored: list[str]
    ignored_patterns: list[str]
    partial: str
    runxfail: bool
    shipped: bool = False
    container: list[str] = []
    label: list[str] = []
    image: list[str] = []
    max_age: str = ""


class Documents(Struct, frozen=True):
    """The documents of a bundle."""

    manifest: dict[str, Any]
    results: dict[str, Any]
    audit: Audit
    selection: Selection

    @property
    def inventory(self) -> str:
        return str(self.manifest["inventory"])


def read(files: Mapping[str, bytes]) -> tuple[Documents | None, Step]:
    """Read the documents among *files*; return None if they cannot be parsed."""
    other = ""
    try:
        manifest = inputs.decode(files[run_files.MANIFEST])
        made = manifest["made_by"]["hullcheck"]
        other = f"hullcheck {made}" if made != __version__ else ""
        if manifest["schema"] != writer.SCHEMA:
            fault = f"{run_files.MANIFEST}: is {manifest['schema']}, and hullcheck {__version__} reads {writer.SCHEMA}"
            return None, Step("documents", faults=(fault,), differs=True, other=other)
        results = inputs.decode(files[run_files.RESULTS], document.VALUES)
        selection = msgspec.convert(manifest["selection"], Selection)
        known = Documents(manifest, results, document.audit_of(results), selection)
        faults = tuple(_faults(files, known))
    except DAMAGED as error:
        fault = f"{run_files.MANIFEST} or {run_files.RESULTS}: damaged ({type(error).__name__}: {error})"
        return None, Step("documents", faults=(fault,), differs=bool(other), other=other)
    said = f"made by hullcheck {made}, {manifest['run']['started']}, on {manifest['run']['machine']}"
    return known, Step("documents", said, faults, differs=bool(other), other=other)


def _faults(files: Mapping[str, bytes], known: Documents) -> Iterator[str]:
    """Yield faults that parsing ignores, such as duplicate keys, and differences between manifest and results."""
    run, manifest, others = known.audit.run, known.manifest, writer.covered(files)
    written = {
        run_files.MANIFEST: writer.canonical(manifest),
        run_files.POLICY: writer.canonical(inputs.decode(files[run_files.POLICY])),
        run_files.RESULTS: document.render(known.audit).encode(),
    }
    for name, content in written.items():
        if files[name] != content:
            yield f"{name}: not written as hullcheck writes it"
    others.pop(run_files.MANIFEST)
    said = {"shard": "", **manifest}
    made = {
        **said,
        "run": writer.run_document(run),
        "made_by": {**manifest["made_by"], "hullcheck": run.version},
        "shard": run.shard,
        "left_out": {name: manifest["left_out"].get(name, "a reason") for name in {run_files.JUNIT} - files.keys()},
        "files": writer.listed(others),
    }
    yield from first_difference(said, made, run_files.MANIFEST, "the results and the files give")
    if posixpath.basename(known.inventory) not in (OF_ANSIBLE, posixpath.basename(run.inventory)):
        yield f"{run_files.RESULTS}: run.inventory is not what {run_files.MANIFEST} says"


def first_difference(said: Any, found: Any, where: str, by: str) -> Iterator[str]:
    """Yield a sentence about the first difference between two documents, if there is one."""
    if said == found:
        return
    if isinstance(said, dict) and isinstance(found, dict):
        keys = (*said, *(found.keys() - said.keys()))
        parts = [(f": {key}", said.get(key, _NOTHING), found.get(key, _NOTHING)) for key in keys]
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        parts = [(f", entry {at}", *both) for at, both in enumerate(zip(said, found, strict=True), 1)]
    else:
        shown = ("nothing" if each is _NOTHING else repr(str(each)[:_LONGEST]) for each in (said, found))
        yield f"{where} is {f', and {by} '.join(shown)}"
        return
    key, one, other = next(each for each in parts if each[1] != each[2])
    yield from first_difference(one, other, where + key, by)


# ---- recordings


def load(files: Mapping[str, bytes]) -> tuple[dict[str, Recording], list[str]]:
    """Return the recordings among *files* by target, and a fault for each that cannot be read."""
    found, faults = {}, []
    for target, name in layout.recordings(files).items():
        try:
            text = unpacked(files[name]).decode("utf-8", "surrogateescape")
            found[target] = Recording.from_document(text, Path(name))
            if not files[name].startswith(PACKED_HEAD) or found[target].text_of_file != text:
                faults.append(f"{name}: not written as hullcheck writes it")
        except RecordingError as error:
            faults.append(str(error))
        except ValueError as error:
            faults.append(f"{name}: {error}")
    return found, faults


def recording_faults(known: Documents, found: Mapping[str, Recording]) -> Iterator[str]:
    """Yield a fault for each target without a recording, or whose recording is of another machine."""
    there, connects = known.manifest["targets"], {each.name: each.connect for each in known.audit.targets}
    for name in sorted(there.keys() | connects.keys() | found.keys()):
        if not (name in there and name in connects and name in found):
            yield f"{name}: is not in all of {run_files.MANIFEST}, {run_files.RESULTS} and the recordings"
            continue
        recording, connect = found[name], connects[name]
        made = {"target": name, **writer.target_document(connect, recording)}
        said = {"target": recording.target, **there[name]}
        yield from first_difference(said, made, f"{run_files.MANIFEST}: {name}", "its recording gives")
        if backend_of(connect) not in (RECORDED, recording.backend):
            yield f"{name}/{PACKED}: was made over {recording.backend!r}, and not over {connect}"
