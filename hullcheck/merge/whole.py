"""The audit of all shards: their recordings are judged together, and all that they say has to come out again."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hullcheck import inputs, private_files
from hullcheck.bundle import manifest, signing
from hullcheck.merge import MergeError
from hullcheck.merge.shards import ShardBundle
from hullcheck.recording import FILE_NAME
from hullcheck.recording.packing import unpacked
from hullcheck.results import Audit, Run, run_files
from hullcheck.results.history import since_last_run
from hullcheck.verify import completeness, documents, layout, replay, verdicts
from hullcheck.verify.documents import Documents
from hullcheck.writers.formats import BUNDLED, Format
from hullcheck.writers.run_folder import WRITERS


@dataclass(frozen=True)
class Whole:
    """What the merged run leaves.

    Attributes:
        files: those of its bundle.
        beside: those that lie in its folder alone.
    """

    audit: Audit
    files: Mapping[str, bytes]
    beside: Mapping[str, bytes]

    def write(self, reports: Path, key: Path | None) -> Path:
        """Leave it below *reports* as a run does, signed by *key*; gives the path of its bundle.

        Raises:
            BundleError: it cannot be signed.
            OSError: it cannot be written.
        """
        folder = reports / self.audit.run.id
        private_files.make_run_folder(folder)
        for name in (*WRITERS, *BUNDLED, run_files.JUNIT):
            if name in self.files:
                private_files.write(folder / name, self.files[name])
        for name, content in self.beside.items():
            private_files.write(folder / name, content)
        for target, name in layout.recordings(self.files).items():
            private_files.make_folder(folder / target)
            private_files.write(folder / target / FILE_NAME, unpacked(self.files[name]))
        path = folder.with_name(f"{folder.name}.zip")
        signing.leave(path, self.files, key)
        private_files.point(folder.with_name(run_files.LATEST), folder.name)
        return path


def merge(shards: Sequence[ShardBundle], reports: Path, formats: Sequence[Format] = ()) -> Whole:
    """Judge the recordings of *shards*, which are all those of one audit; earlier runs lie in *reports*.

    Args:
        formats: what to write beside what any of the shards has in its bundle.

    Raises:
        MergeError: it is not what the shards say, or they cannot be judged.
        WrongUse: they cannot be judged here.
    """
    shards = sorted(shards, key=lambda each: int(each.shard["number"]))
    first = shards[0]
    files = {name: each for one in shards for name, each in _evidence(one.files).items()}
    order: list[str] = first.shard["targets"]
    told = {name: first.known.manifest[name] for name in ("selection", "inventory")}
    try:
        known = Documents(told, {"targets": order, "results": []}, first.known.audit)
        made = replay.replay(files, known, *["--strict-waivers"] * first.shard["strict_waivers"])
    except replay.ReplayError as error:
        raise MergeError(str(error)) from None
    again, _ = documents.read(made)
    assert again is not None  # this version wrote it a moment ago
    _require_same(shards, again)
    audit = _audit(shards, again.audit, reports)
    there = [each for name, each in BUNDLED.items() if any(name in one.files for one in shards)]
    written = {each: each.render(audit).content for each in (*there, *formats)}
    reported = {each.file: content for each, content in written.items() if each.is_bundled}
    beside = {each.file: content for each, content in written.items() if not each.is_bundled}
    return Whole(audit, _files(shards, audit, files | reported, made), beside)


def _evidence(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What of a bundle is not made by judging: recordings, inventory, knowledge of releases."""
    named = (
        *layout.recordings(files).values(),
        *layout.inventory(files),
        *({run_files.RELEASES} & files.keys()),
    )
    return {name: files[name] for name in named}


def _require_same(shards: Sequence[ShardBundle], again: Documents) -> None:
    """See that judging together gave what each of the *shards* says.

    Raises:
        MergeError: it did not.
    """
    if other := verdicts.other_maker(shards[0].known, again):
        raise MergeError(f"the shards were made by {other}, which is not what is here; merge them with that")
    found: dict[str, list[Any]] = {name: [] for name in again.results["targets"]}
    for each in again.results["results"]:
        found[each["target"]].append(each)
    faults = [
        f"{shard.path}: {fault}"
        for shard in shards
        for fault in verdicts.results(
            shard.known.results,
            {"results": [each for name in shard.known.results["targets"] for each in found[name]]},
        )
    ]
    if faults:
        raise MergeError("\n".join(faults))


def _audit(shards: Sequence[ShardBundle], again: Audit, reports: Path) -> Audit:
    """The audit *again*, but of the hosts and not of their recordings, and when the shards were run."""
    run = _run(shards, again.run)
    connects = {
        name: each["connect"] for one in shards for name, each in one.known.results["targets"].items()
    }
    targets = tuple(replace(each, connect=connects[each.name]) for each in again.targets)
    audit = replace(again, run=run, targets=targets)
    return replace(audit, since=since_last_run(audit, reports / run.id))


def _run(shards: Sequence[ShardBundle], again: Run) -> Run:
    """When the shards were run; a status that other tests of theirs made worse stays so."""
    runs = [each.known.audit.run for each in shards]
    started = min(each.started for each in runs)
    stamp = datetime.fromisoformat(started).strftime(run_files.STAMP)
    return replace(
        again,
        id=f"{stamp}-{secrets.token_hex(2)}",
        started=started,
        finished=max(each.finished for each in runs),
        inventory=runs[0].inventory,
        exit_status=again.exit_status or max(each.exit_status for each in runs),
        arguments=_without_shard(runs[0].arguments),
    )


def _without_shard(arguments: Sequence[str]) -> tuple[str, ...]:
    pairs = zip(("", *arguments), arguments, strict=False)
    return tuple(each for before, each in pairs if "--shard" not in (before, each.partition("=")[0]))


def _files(
    shards: Sequence[ShardBundle], audit: Audit, evidence: Mapping[str, bytes], made: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The files of the bundle; reports are written of *audit*, and the rest is *evidence*, or was *made* of it."""
    recordings, _ = completeness.load(evidence)
    order = [recordings[each.name] for each in audit.targets]
    files = {name: render(audit, order).encode() for name, render in WRITERS.items()}
    files |= {name: made[name] for name in (run_files.JUNIT, run_files.POLICY) if name in made}
    files |= evidence
    for number, each in enumerate(shards, 1):
        folder = f"{run_files.SHARDS}/{number}"
        files |= {f"{folder}/{name}": each.files[name] for name in layout.OF_SHARD if name in each.files}
    files[run_files.MANIFEST] = manifest.canonical(_manifest(shards, audit, files, made))
    files[run_files.DIGESTS] = manifest.digests(files)
    return files


def _manifest(
    shards: Sequence[ShardBundle], audit: Audit, files: Mapping[str, bytes], made: Mapping[str, bytes]
) -> dict[str, Any]:
    first = shards[0].known.manifest
    targets = {name: each for one in shards for name, each in one.known.manifest["targets"].items()}
    same = inputs.decode(made[run_files.MANIFEST])
    return {
        **{name: same[name] for name in ("schema", "made_by", "left_out")},
        **{name: first[name] for name in ("selection", "inventory")},
        "run": manifest.run_document(audit.run),
        "targets": {each.name: targets[each.name] for each in audit.targets},
        "shards": [
            {"run": each.known.audit.run.id, "sha256": manifest.digest(each.files[run_files.DIGESTS])}
            for each in shards
        ],
        "files": manifest.listed(files),
    }
