"""The bundles of the shards: each is checked as `hullcheck verify` does, and then whether they are of one audit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullcheck.bundle.manifest import digest
from hullcheck.messages import WrongUse
from hullcheck.results import run_files
from hullcheck.verify import Step, check, documents, layout
from hullcheck.verify.documents import Documents
from hullcheck.verify.shards import unlike


@dataclass(frozen=True)
class ShardBundle:
    """A bundle in which nothing was found wrong."""

    path: Path
    files: Mapping[str, bytes]
    known: Documents

    @property
    def shard(self) -> Mapping[str, Any]:
        """Which part of the targets it has; empty where it was no shard."""
        return self.known.manifest.get("shard") or {}

    @property
    def told(self) -> dict[str, str]:
        """The digests of what the run was told: the inventory, and what is known of releases."""
        names = (*layout.inventory(self.files), *({run_files.RELEASES} & self.files.keys()))
        return {name: digest(self.files[name]) for name in names}


def bundle_at(path: Path) -> Path:
    """The bundle that *path* is; that of the run where it is the folder of one.

    Raises:
        WrongUse: there is none.
    """
    if not path.exists():
        raise WrongUse(f"{path}: not there; name the bundle (.zip) of a shard, or the folder of its run")
    if path.is_dir() and not (path / run_files.MANIFEST).exists():
        folder = path.resolve()
        beside = folder.with_name(f"{folder.name}.zip")
        if not beside.is_file():
            raise WrongUse(f"{path}: has no bundle ({beside.name}) beside it; a run with --shard leaves one")
        return beside
    return path


def read(path: Path, allowed: Path | None) -> tuple[ShardBundle | None, list[Step]]:
    """The bundle at *path* with what was checked of it; None where something is wrong, or made by another version.

    Args:
        allowed: who may have signed it; None where that is not asked.

    Raises:
        WrongUse: there is none.
    """
    files, step = layout.read(path)
    steps = [step, *check.of_files(files, allowed)]
    if any(each.faults for each in steps):
        return None, steps
    known, _ = documents.read(files)
    assert known is not None  # its step would have a fault
    return ShardBundle(path, files, known), steps


def faults(shards: Sequence[ShardBundle]) -> Iterator[str]:
    """Why *shards* are not all those of one audit."""
    for each in shards:
        if not each.shard:
            yield f"{each.path}: is the bundle of a whole audit, and not of a shard"
        elif each.known.partial:
            yield f"{each.path}: did not judge all that was selected: {each.known.partial}"
    parts = [each for each in shards if each.shard]
    if not parts:
        return
    first, *others = parts
    for each in others:
        yield from (f"{each.path}: has {said} than {first.path}" for said in _differences(each, first))
    yield from _gaps(parts, first.shard["of"], first.shard["targets"])


def _differences(one: ShardBundle, other: ShardBundle) -> Iterator[str]:
    if one.shard["of"] != other.shard["of"]:
        yield f"another number of shards ({one.shard['of']}, and not {other.shard['of']})"
    if one.shard["targets"] != other.shard["targets"]:
        names = sorted({*one.shard["targets"]} ^ {*other.shard["targets"]})
        yield f"other targets in all ({_few(names) if names else 'or in another order'})"
    if one.shard["strict_waivers"] != other.shard["strict_waivers"]:
        yield "another word on --strict-waivers"
    yield from (f"another {each}" for each in unlike(one.known.manifest, other.known.manifest))
    if changed := sorted(dict(one.told.items() ^ other.told.items())):
        yield f"another policy ({_few(changed)})"


def _gaps(parts: Iterable[ShardBundle], of: int, targets: Sequence[str]) -> Iterator[str]:
    """The numbers that are there twice, or not at all."""
    by_number: dict[int, list[ShardBundle]] = {}
    for each in parts:
        by_number.setdefault(each.shard["number"], []).append(each)
    for number, same in sorted(by_number.items()):
        if len(same) > 1:
            yield f"shard {number}/{of} is there {len(same)} times: {', '.join(str(each.path) for each in same)}"
    there = {name for each in parts for name in each.known.results["targets"]}
    for number in sorted(set(range(1, of + 1)) - set(by_number)):
        yield f"shard {number}/{of} is missing"
    if missing := [name for name in targets if name not in there]:
        yield f"{len(missing)} of {len(targets)} targets are in no shard: {_few(missing)}"


def _few(names: Sequence[str]) -> str:
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more} more" if more > 0 else "")
