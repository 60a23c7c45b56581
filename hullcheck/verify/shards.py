"""Whether a merged bundle is made of all shards of one audit, and of nothing that they did not sign."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hullcheck import inputs
from hullcheck.bundle import manifest as writer
from hullcheck.results import run_files
from hullcheck.verify import Step, digests, layout, signature
from hullcheck.verify.documents import Documents, shard_faults

_MADE_BY = {
    "hullcheck": "version of hullcheck",
    "content": "set of controls",
    "releases": "knowledge of releases",
}


def unlike(said: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two manifests do not say alike, though they are of one audit."""
    found = [
        words for key, words in _MADE_BY.items() if said["made_by"].get(key) != other["made_by"].get(key)
    ]
    return found + [key for key in ("selection", "inventory") if said[key] != other[key]]


def check(files: Mapping[str, bytes], known: Documents, allowed: Path | None) -> Step:
    """Each shard against the whole: its signature, its recordings, what it was told, and what it says was found."""
    faults: list[str] = []
    listings: list[Mapping[str, str]] = []
    signed = 0
    for number in range(1, len(known.manifest["shards"]) + 1):
        folder = f"{run_files.SHARDS}/{number}/"
        part = {name.removeprefix(folder): each for name, each in files.items() if name.startswith(folder)}
        if {run_files.MANIFEST, run_files.DIGESTS} - part.keys():
            faults.append(f"{folder}: is not there, or not all of it")
            continue
        signed += run_files.SIGNATURE in part
        listings.append(digests.listed_in(part[run_files.DIGESTS]))
        faults += (f"{folder}{each}" for each in _faults(part, known, number, listings[-1], allowed))
    there = {
        name.split("/")[1]
        for name in files
        if name.startswith(f"{run_files.SHARDS}/") and name.count("/") == 2
    }
    faults += (
        f"{run_files.SHARDS}/{each}/: {run_files.MANIFEST} does not name it"
        for each in sorted(there - {str(number + 1) for number in range(len(known.manifest["shards"]))})
    )
    faults += _uncovered(files, listings)
    many = len(known.manifest["shards"])
    return Step("shards", f"all {many} of one audit; {signed} of {many} are signed", tuple(faults))


def _faults(
    part: Mapping[str, bytes], known: Documents, number: int, listing: Mapping[str, str], allowed: Path | None
) -> Iterator[str]:
    """What is wrong with the shard of this *number*, of which *part* is there."""
    named = known.manifest["shards"][number - 1]
    said = inputs.decode(part[run_files.MANIFEST])
    if writer.digest(part[run_files.DIGESTS]) != named["sha256"] or said["run"]["id"] != named["run"]:
        yield f"{run_files.DIGESTS}: is not that which {run_files.MANIFEST} names"
    if listing.get(run_files.MANIFEST) != writer.digest(part[run_files.MANIFEST]):
        yield f"{run_files.MANIFEST}: its bytes are not those that {run_files.DIGESTS} lists"
    yield from _of_one_audit(said, known, number)
    yield from signature.check(part, allowed).faults


def _of_one_audit(said: Mapping[str, Any], known: Documents, number: int) -> Iterator[str]:
    whole = known.manifest
    shard = said["shard"]
    if (shard["number"], shard["of"]) != (number, len(whole["shards"])):
        yield f"{run_files.MANIFEST}: says that it is shard {shard['number']} of {shard['of']}"
    if shard["targets"] != list(known.results["targets"]):
        yield f"{run_files.MANIFEST}: is of other targets"
    yield from (f"{run_files.MANIFEST}: has another {key}" for key in unlike(said, whole))
    shared = _results_of(said["targets"], known)
    if shard_faults(
        said, {"run": {"shard": f"{number}/{len(whole['shards'])}"}, "targets": shared["targets"]}
    ):
        yield f"{run_files.MANIFEST}: its targets are not those of the shard"
    yield from (
        f"{run_files.MANIFEST}: {name} was another machine, or was reached in another way"
        for name, each in said["targets"].items()
        if whole["targets"].get(name) != each
    )


def _results_of(names: Mapping[str, Any], known: Documents) -> dict[str, Any]:
    """What the whole says of the targets of these *names*."""
    return {
        "targets": [each for each in known.results["targets"] if each in names],
        "results": [each for each in known.results["results"] if each["target"] in names],
    }


def _uncovered(files: Mapping[str, bytes], listings: list[Mapping[str, str]]) -> Iterator[str]:
    """The files that the shards did not have: each recording is of one of them, and the inventory of all."""
    for name in layout.recordings(files).values():
        by = [each[name] for each in listings if name in each]
        if by != [writer.digest(files[name])]:
            yield f"{name}: is not the recording that one shard lists"
    for name in (*layout.inventory(files), *({run_files.RELEASES} & files.keys())):
        if {each.get(name) for each in listings} != {writer.digest(files[name])}:
            yield f"{name}: is not what all shards list"
