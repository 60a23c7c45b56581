"""Compares the results of a bundle with those of judging its recordings again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hullcheck.frameworks import rollup
from hullcheck.gates import COVERAGE, FAIL_ON, Gates, conditions, held
from hullcheck.messages import WrongUse
from hullcheck.results import INCOMPLETE, NOT_COVERED, Audit, Gate, run_files
from hullcheck.verify import layout
from hullcheck.verify.documents import Documents

_DERIVED = ("targets", "controls", "requirements", "waivers", "attestations")
_LONGEST = 200


def differences(
    files: Mapping[str, bytes], known: Documents, again: Documents, made: Mapping[str, bytes]
) -> list[str]:
    """Return all verdicts that differ, and of everything else the first difference.

    Args:
        made: the files of the bundle that judging *again* left.
    """
    found = list(_verdicts(_results(known), _results(again))) or [
        *first_difference(_results(known), _results(again), run_files.RESULTS),
        *first_difference(_derived(known), _derived(again, known), run_files.RESULTS),
    ]
    found += _gates(known.audit)
    if files[run_files.POLICY] != made[run_files.POLICY]:
        found.append(f"{run_files.POLICY}: is not the policy that the inventory gives")
    unnamed = layout.inventory(files).keys() - layout.inventory(made).keys()
    found += (f"{name}: the inventory does not name it" for name in sorted(unnamed))
    found += first_difference(
        _selection(known), _selection(again), f"{run_files.MANIFEST}: what pytest selected"
    )
    said, status = (each.manifest["run"]["exit_status"] for each in (known, again))
    if said == 0 and status != 0 and not held(known.audit):
        found.append(
            f"{run_files.MANIFEST}: the exit status is said to be 0, and the recordings give {status}"
        )
    return found


def other_maker(known: Documents, again: Documents) -> str:
    """Return what made the bundle, or an empty text if it is what judges here."""
    there, here = known.manifest["made_by"], again.manifest["made_by"]
    if there["hullcheck"] != here["hullcheck"]:
        return f"hullcheck {there['hullcheck']}"
    if there["content"] != here["content"]:
        return f"hullcheck {there['hullcheck']} with other controls or code (content {there['content'][:12]})"
    if there["pytest"] != here["pytest"]:
        return f"hullcheck {there['hullcheck']} with pytest {there['pytest']}"
    return ""


def first_difference(said: Any, found: Any, where: str) -> Iterator[str]:
    """Yield a sentence about the first place at which two documents differ, if there is one."""
    if said == found:
        return
    if isinstance(said, dict) and isinstance(found, dict):
        parts = [
            (f": {key}", said.get(key), found.get(key)) for key in (*said, *(found.keys() - said.keys()))
        ]
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        parts = [(f", entry {at}", *both) for at, both in enumerate(zip(said, found, strict=True), 1)]
    else:
        yield f"{where} is {str(said)[:_LONGEST]!r}, and the recordings give {str(found)[:_LONGEST]!r}"
        return
    key, one, other = next(each for each in parts if each[1] != each[2])
    yield from first_difference(one, other, where + key)


def _results(known: Documents) -> dict[str, Any]:
    return {f"{each['target']} {each['control']}": each for each in known.results["results"]}


def _verdicts(said: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name, result in found.items():
        if name not in said:
            yield f"{name}: the bundle has no result, the recording says {result['verdict']}"
        elif said[name]["verdict"] != result["verdict"]:
            yield f"{name}: the bundle says {said[name]['verdict']}, the recording says {result['verdict']}"
    for name in said.keys() - found.keys():
        yield f"{name}: the bundle says {said[name]['verdict']}, and this control is not here or not selected"


def _derived(documents: Documents, known: Documents | None = None) -> dict[str, Any]:
    """Return what follows from the results; how a target was reached does not."""
    derived = {part: documents.results[part] for part in _DERIVED}
    derived["order of the results"] = list(_results(documents))
    derived["targets"] = {name: {**each, "connect": ""} for name, each in derived["targets"].items()}
    known = known or documents
    if not known.knows_all_controls:
        derived["requirements"] = _requirements_of_some(documents, known)
    return derived


def _requirements_of_some(documents: Documents, known: Documents) -> dict[str, str]:
    """Return the verdicts of a run that did not look at all controls; good ones cannot be derived again."""
    incomplete = {name for name, each in _requirements(known).items() if each == INCOMPLETE}
    good = (*rollup.NEED_ALL, NOT_COVERED)
    return {
        name: INCOMPLETE if name in incomplete and verdict in good else verdict
        for name, verdict in _requirements(documents).items()
    }


def _requirements(documents: Documents) -> dict[str, str]:
    return {
        f"{each.framework} {one.id}": one.verdict
        for each in documents.audit.requirements
        for one in each.requirements
    }


def _selection(documents: Documents) -> dict[str, Any]:
    return {**documents.manifest["selection"], "partial": ""}


def _gates(audit: Audit) -> Iterator[str]:
    """Where a gate is said to be broken, or to hold, and the results say something else.

    What was new is not in the bundle: of that, only what is said to break the gate can be looked at.
    """
    for each in audit.gates:
        try:
            wrong = _is_wrong(each, audit)
        except (WrongUse, ValueError):
            wrong = True
        if wrong:
            yield f"{run_files.RESULTS}: the gate {each.option}={each.asked} is not what the results make of it"


def _is_wrong(gate: Gate, audit: Audit) -> bool:
    if gate.option == COVERAGE:
        return _outcome(Gates(coverage=float(gate.asked)), audit) != gate.broken
    if gate.option != FAIL_ON:
        return True
    wanted = conditions.parse(gate.asked)
    old = _outcome(
        Gates(fail_on=gate.asked, conditions=tuple(each for each in wanted if not each.new)), audit
    )
    whole = _outcome(
        Gates(fail_on=gate.asked, conditions=tuple(replace(each, new=False) for each in wanted)), audit
    )
    return not set(old) <= set(gate.broken) <= set(whole)


def _outcome(given: Gates, audit: Audit) -> tuple[str, ...]:
    return tuple(line for each in given.outcomes(audit) for line in each.broken)
