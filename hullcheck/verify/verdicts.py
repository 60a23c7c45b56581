"""Checks every verdict of a bundle against those of judging its recordings again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hullcheck.frameworks import rollup
from hullcheck.gates import held
from hullcheck.results import requirements, run_files
from hullcheck.results.fixes import failures
from hullcheck.verify import gates, layout
from hullcheck.verify.documents import Documents
from hullcheck.verify.replay import NO_INVENTORY

_Key = Callable[[Mapping[str, Any]], str]
_MADE_ELSEWHERE = "connect"  # of a target: here it is a recording; completeness looks at it


def differences(
    files: Mapping[str, bytes], known: Documents, again: Documents, made: Mapping[str, bytes]
) -> list[str]:
    """Where *known* is not what was found *again*; *made* are the files of that."""
    return [
        *results(known.results, again.results),
        *_targets(known.results["targets"], again.results["targets"]),
        *_parts(known, again),
        *_since(known),
        *gates.differences(known.audit),
        *_status(known, again),
        *_used(files, made),
        *_manifest(known.manifest, again.manifest),
    ]


def other_maker(known: Documents, again: Documents) -> str:
    """What judged in the run that left the bundle, where it is not what judges here."""
    there, here = known.manifest["made_by"], again.manifest["made_by"]
    if there["hullcheck"] != here["hullcheck"]:
        return f"hullcheck {there['hullcheck']}"
    if there["content"] != here["content"]:
        return f"hullcheck {there['hullcheck']} with other controls or code (content {there['content'][:12]})"
    if there["pytest"] != here["pytest"]:
        return f"hullcheck {there['hullcheck']} with pytest {there['pytest']}"
    return ""


def results(known: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """Where the results of the bundle are not those *again*; the verdicts first, which a reader wants to know."""

    def key(each: Mapping[str, Any]) -> str:
        return f"{each['target']} {each['control']}"

    said, is_now = ({key(each): each for each in one["results"]} for one in (known, again))
    for name in is_now.keys() - said.keys():
        yield f"{name}: the bundle has no result, the recording says {is_now[name]['verdict']}"
    for name, result in said.items():
        if name not in is_now:
            yield f"{name}: the bundle says {result['verdict']}, and this control is not here or not selected"
        elif result["verdict"] != is_now[name]["verdict"]:
            yield f"{name}: the bundle says {result['verdict']}, the recording says {is_now[name]['verdict']}"
        else:
            yield from _fields(name, result, is_now[name])
    if list(said) != list(is_now) and said.keys() == is_now.keys():
        yield f"{run_files.RESULTS}: its results are not in their order"


def _fields(name: str, said: Mapping[str, Any], is_now: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(said.keys() | is_now.keys()):
        one, other = said.get(key), is_now.get(key)
        if one != other:
            yield f"{name}: its {key} is not what the recording gives{_shown(one, other)}"


def _shown(one: object, other: object) -> str:
    """Both sides where they are short; of lists and long texts a reader finds them in the files."""
    short = all(isinstance(each, (str, int)) and len(str(each)) <= 200 for each in (one, other))
    return f": {one!r}, and not {other!r}" if short else ""


def _targets(said: Mapping[str, Any], is_now: Mapping[str, Any]) -> Iterator[str]:
    for name in said.keys() & is_now.keys():
        left, right = ({**each, _MADE_ELSEWHERE: ""} for each in (said[name], is_now[name]))
        yield from _fields(name, left, right)
    if list(said) != list(is_now):
        yield f"{run_files.RESULTS}: its targets are not those of the recordings, in their order"


def _parts(known: Documents, again: Documents) -> Iterator[str]:
    """Controls, requirements, waivers and attestations."""
    for part, key in (
        ("controls", lambda each: each["id"]),
        ("requirements", lambda each: f"{each['framework']} {each.get('id', '')}"),
        ("waivers", lambda each: each["place"]),
        ("attestations", lambda each: each["place"]),
    ):
        if part == "requirements" and not known.knows_all_controls:
            yield from _requirements_of_some(known, again)
            continue
        said, is_now = (list(_entries(one.results[part])) for one in (known, again))
        yield from _lists(part.removesuffix("s"), said, is_now, key)


def _requirements_of_some(known: Documents, again: Documents) -> Iterator[str]:
    """The requirements of a run that did not look at all controls: only bad verdicts can be known."""
    said, is_now = (
        {
            f"{each.framework} {one.id}": one.verdict
            for each in run.audit.requirements
            for one in each.requirements
        }
        for run in (known, again)
    )
    for name in _first(said.keys() | is_now.keys()):
        one, other = said.get(name), is_now.get(name)
        if one != other and (
            one != requirements.INCOMPLETE or other not in (*rollup.NEED_ALL, requirements.NOT_COVERED)
        ):
            yield f"requirement {name}: its verdict is not what the recording gives{_shown(one, other)}"


def _entries(part: Any) -> Iterator[dict[str, Any]]:
    """The entries of a part; of controls with their id, of a framework each requirement after what is said of it."""
    if isinstance(part, Mapping):
        yield from ({"id": name, **each} for name, each in part.items())
        return
    for each in part:
        if "requirements" not in each:
            yield each
            continue
        yield {**each, "requirements": len(each["requirements"])}
        yield from ({"framework": each["framework"], **one} for one in each["requirements"])


def _lists(what: str, said: list[dict[str, Any]], is_now: list[dict[str, Any]], key: _Key) -> Iterator[str]:
    left, right = ({key(each): each for each in entries} for entries in (said, is_now))
    for name in _first(left.keys() ^ right.keys()):
        yield f"{what} {name}: {'is here and not in the bundle' if name in right else 'is in the bundle and not here'}"
    for name in left.keys() & right.keys():
        yield from _fields(f"{what} {name}", left[name], right[name])
    if left.keys() == right.keys() and list(map(key, said)) != list(map(key, is_now)):
        yield f"{run_files.RESULTS}: each {what} is there, but not once and in its order"


def _first(names: Iterable[str]) -> list[str]:
    return sorted(names)


def _since(known: Documents) -> Iterator[str]:
    """What is said of an earlier run is not in the bundle; that it fits what is, can be seen."""
    since = known.audit.since
    if since is None:
        return
    failing = {
        (each.control.id, each.target, each.finding.kind, each.finding.subject): each.finding.reason
        for each in failures(known.audit)
    }
    said = f"{run_files.RESULTS}: since.{{}} names {{}}, which {{}}"
    for each in since.new:
        if failing.get((each.control, each.target, each.kind, each.subject)) != each.reason:
            yield said.format("new", f"{each.subject} of {each.control}", "does not fail so here")
    for each in since.gone:
        if (each.control, each.target, each.kind, each.subject) in failing:
            yield said.format("gone", f"{each.subject} of {each.control}", "fails here")
    runs = [*(each.run for each in since.before[-1:]), since.run]
    later = [each.run for each in since.before if each.run >= known.audit.run.id]
    if (
        later
        or len(set(runs)) > 1
        or len(since.new) + since.still > len(failing)
        or since.run >= known.audit.run.id
    ):
        yield f"{run_files.RESULTS}: since cannot be of an earlier run"


def _status(known: Documents, again: Documents) -> Iterator[str]:
    """The exit status, which other tests of the run may have made worse."""
    said, is_now = known.manifest["run"]["exit_status"], again.manifest["run"]["exit_status"]
    if said == 0 and is_now != 0 and not held(known.audit):
        yield f"{run_files.MANIFEST}: the exit status is said to be 0, and the recordings give {is_now}"


def _used(files: Mapping[str, bytes], made: Mapping[str, bytes]) -> Iterator[str]:
    """The policy, and which files the inventory names."""
    if files[run_files.POLICY] != made[run_files.POLICY]:
        yield f"{run_files.POLICY}: is not the policy that the inventory gives"
    here = layout.inventory(made) if layout.inventory(files) else {}
    used = {name for name in here if name != f"{run_files.INVENTORY}/{NO_INVENTORY}"}
    for name in sorted(layout.inventory(files).keys() ^ used):
        yield f"{name}: {'the inventory does not name it' if name in files else 'the inventory names it'}"


def _manifest(said: Mapping[str, Any], is_now: Mapping[str, Any]) -> Iterator[str]:
    """What of the manifest is the same whoever runs it, and that nothing else stands in it."""
    for key in ("run", "made_by", "targets"):
        if _shape(said[key]) != _shape(is_now[key]):
            yield f"{run_files.MANIFEST}: its {key} has other entries than hullcheck writes"
    if said.keys() - {"shard"} != is_now.keys():
        yield f"{run_files.MANIFEST}: has other entries than hullcheck writes"
    for key in said["selection"].keys() | is_now["selection"].keys():
        here = is_now["selection"].get(key)
        if key != "partial" and said["selection"].get(key, False) != here:  # False of what came later
            yield f"{run_files.MANIFEST}: its selection.{key} is not what pytest makes of it"


def _shape(value: Any) -> Any:
    """The keys of *value* and the kinds of what is below them; of a list, of its entries."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted({str(_shape(each)) for each in value} | {"str"})
    return type(value).__name__
