"""Whether each target has its recording, of the machine that the manifest names, and no result is there twice."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hullcheck.bundle.manifest import target_document
from hullcheck.recording import PACKED, Recording, RecordingError
from hullcheck.recording.backends import RECORDED, backend_of
from hullcheck.recording.packing import is_canonical
from hullcheck.results import run_files
from hullcheck.verify import Step
from hullcheck.verify.documents import Documents
from hullcheck.verify.layout import recordings


def load(files: Mapping[str, bytes]) -> tuple[dict[str, Recording], list[str]]:
    """The recordings among *files* by target, and what is said of those that are none."""
    found, faults = {}, []
    with TemporaryDirectory(prefix="hullcheck-") as folder:
        for target, name in recordings(files).items():
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


def check(files: Mapping[str, bytes], known: Documents, found: Mapping[str, Recording]) -> Step:
    """Manifest, results and the recordings that were *found*, against each other."""
    there = known.manifest["targets"]
    faults = _missing(recordings(files), there, run_files.MANIFEST)
    faults += _missing(known.results["targets"], there, run_files.MANIFEST, of=run_files.RESULTS)
    for target, said in there.items():
        if target in found:
            faults += _target(target, said, found[target], known.results["targets"].get(target, {}))
    pairs = Counter((each["target"], each["control"]) for each in known.results["results"])
    for (target, control), times in pairs.items():
        if times > 1:
            faults.append(f"{target} {control}: has {times} results")
    said = f"{len(there)} targets, {len(pairs)} results"
    if known.partial:
        said += f"; not all that was selected: {known.partial}"
    if not known.knows_all_controls:
        said += "; so of its requirements the verdicts alone are compared"
    return Step("completeness", said, tuple(faults))


def _missing(these: Collection[str], those: Collection[str], by: str, of: str = "the bundle") -> list[str]:
    what = "recording" if of == "the bundle" else "target"
    faults = [
        f"{name}: {of} has no {what} of it, though {by} names it" for name in those if name not in these
    ]
    return faults + [
        f"{name}: {of} has a {what} of it, which {by} does not name" for name in these if name not in those
    ]


def _target(
    target: str, said: Mapping[str, Any], recording: Recording, result: Mapping[str, Any]
) -> list[str]:
    file = f"{target}/{PACKED}"
    faults = []
    if recording.target != target:
        faults.append(f"{file}: is a recording of {recording.target!r}")
    for key, value in target_document(said["connect"], recording).items():
        if said[key] != value:
            faults.append(f"{file}: its {key} is {value!r}, and {run_files.MANIFEST} says {said[key]!r}")
    if result.get("connect") != said["connect"]:
        faults.append(
            f"{run_files.RESULTS}: {target} was reached in another way than {run_files.MANIFEST} says"
        )
    if backend_of(said["connect"]) not in (RECORDED, recording.backend):
        faults.append(f"{file}: was made over {recording.backend!r}, and not as {run_files.MANIFEST} says")
    return faults
