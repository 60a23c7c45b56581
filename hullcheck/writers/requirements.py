"""Writes requirements with their assessment by an audit, or with the controls that cover them."""

import json
from collections.abc import Mapping, Sequence

from hullcheck.messages import printable
from hullcheck.results import CONTRADICTED, INCOMPLETE, NOT_ASSESSED, SUPPORTED, Requirement, Rollup
from hullcheck.writers import columns

SCHEMA = "hullcheck/coverage/1"
_COLORS = {CONTRADICTED: "1;31", SUPPORTED: "32", NOT_ASSESSED: "33"}
_RELATIONS = {
    "supports": "its controls support a part of a requirement; a pass does not prove the whole of it",
    "judges": "its controls judge the requirements themselves",
}
_COUNTED = "controls: how many of all have the verdict; if it is incomplete, how many were judged"
_INCOMPLETE = f"{INCOMPLETE}: not all of its controls were part of this run; `hullcheck audit -m %s` runs all of them"


def results(rollups: Sequence[Rollup], width: int | None, color: bool) -> str:
    """Render the assessment of all requirements that have controls, framework by framework."""
    parts = []
    for rollup in rollups:
        covered = [each for each in rollup.requirements if each.controls]
        rows = [("requirement", "assessment", "verdict", "controls", "title")]
        rows += [(each.id, each.assessment, each.verdict, _count(each), each.title) for each in covered]
        words = [f"{number} {each}" for each, number in rollup.counts.items()]
        if gaps := len(rollup.requirements) - len(covered):
            words.append(f"{gaps} of these without a control (`hullcheck coverage --framework={rollup.framework}`)")
        is_partial = any(each.verdict == INCOMPLETE for each in covered)
        below = [", ".join(words), _COUNTED, _INCOMPLETE % rollup.framework if is_partial else ""]
        parts.append(_part(rollup, rows, below, width, _COLORS if color else None))
    return "\n".join(parts)


def coverage(covered: Sequence[Rollup], width: int | None, color: bool) -> str:
    """Render which requirements have controls: how many, and what the requirement is."""
    parts = []
    for each in covered:
        rows = [("requirement", "controls", "title")]
        rows += [(one.id, str(len(one.controls) or "none"), one.title) for one in each.requirements]
        every, gaps = len(each.requirements), len(_gaps(each))
        below = [f"{every - gaps} of {every} have a control, {gaps} have none"]
        parts.append(_part(each, rows, below, width, {"none": "31"} if color else None))
    return "\n".join(parts)


def _part(
    framework: Rollup,
    rows: Sequence[Sequence[str]],
    below: Sequence[str],
    width: int | None,
    colors: Mapping[str, str] | None,
) -> str:
    """Return the table of a framework with what stands above and *below* it."""
    above = [f"{framework.name}: {_RELATIONS[framework.relation]}", framework.note]
    first, last = (
        "".join(f"{line}\n" for each in said if each for line in columns.wrapped(printable(each), width))
        for said in (above, below)
    )
    cells = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    return first + columns.table(cells, width, 1, colors) + last


def _count(requirement: Requirement) -> str:
    """Return how many controls have the verdict; of an incomplete requirement, how many were judged everywhere."""
    every = len(requirement.controls)
    judged = every - len(requirement.left_out)
    number = judged if requirement.verdict == INCOMPLETE else len(requirement.deciding)
    return f"{number} of {every}"


def _gaps(framework: Rollup) -> list[str]:
    return [each.id for each in framework.requirements if not each.controls]


def document(covered: Sequence[Rollup]) -> str:
    """Render as JSON which requirements have controls."""
    frameworks = [
        {
            "framework": each.framework,
            "name": each.name,
            "relation": each.relation,
            "note": each.note,
            "requirements": [{"id": one.id, "title": one.title, "controls": one.controls} for one in each.requirements],
            "gaps": _gaps(each),
        }
        for each in covered
    ]
    return json.dumps({"schema": SCHEMA, "frameworks": frameworks}, indent=1) + "\n"
