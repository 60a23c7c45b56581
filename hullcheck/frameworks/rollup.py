"""Rolls results up by requirement: the verdict of all controls that cover an id of a framework."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from hullcheck.frameworks import Framework
from hullcheck.parsing import answer_lines
from hullcheck.results import INCOMPLETE, NOT_COVERED, PROFILES, Requirement, Result, Rollup, Score, grouped
from hullcheck.verdicts import Verdict, worst

IdsByControl = Mapping[str, Mapping[str, Sequence[str]]]
"""Of each control, by its id, what `Control.frameworks` holds."""

NEED_ALL = (Verdict.WAIVED, Verdict.ATTESTED, Verdict.PASS, Verdict.NOT_APPLICABLE)


def controls_by_requirement(framework: Framework, ids_by_control: IdsByControl) -> dict[str, tuple[str, ...]]:
    """Return the controls that cover each requirement of *framework*, by its id."""
    mapped = ids_by_control.items()
    named = answer_lines.grouped((each, control) for control, ids in mapped for each in ids.get(framework.marker, ()))
    found = {}
    for plain in framework.ids:
        identifier = f"{framework.edition}:{plain}" if framework.edition else plain
        below = [each for each in named if framework.nested and each.startswith(f"{identifier}.")]
        found[identifier] = tuple(
            dict.fromkeys(control for each in (identifier, *below) for control in named.get(each, ()))
        )
    return found


def scores(ids_by_control: IdsByControl, results: Mapping[str, Result]) -> dict[str, Score]:
    """Return the score of a target for each profile of which *results*, by their controls, have every control."""
    found = {}
    for profile in PROFILES:
        members = [control for control, ids in ids_by_control.items() if profile in ids]
        verdicts = [results[each].verdict for each in members if each in results]
        passed = sum(each in (Verdict.PASS, Verdict.ATTESTED) for each in verdicts)
        judged = passed + sum(each in (Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR) for each in verdicts)
        if judged and len(verdicts) == len(members):
            found[profile] = Score(passed, judged)
    return found


def roll_up(
    frameworks: Iterable[Framework],
    ids_by_control: IdsByControl,
    results: Iterable[Result],
    targets: Collection[str],
    *,
    narrowed: bool = False,
) -> tuple[Rollup, ...]:
    """Return each requirement of *frameworks* over *results*; controls that are switched off do not count.

    Each of *ids_by_control*, selected or not, is to be judged on all *targets*. *narrowed* is whether there may be more
    controls than these, so that none can be missing for sure.
    """
    judged = grouped((each for each in results if each.switched_off is None), lambda each: each.control)
    missing = frozenset(control for control in ids_by_control if len(judged.get(control, ())) < len(targets))

    def requirement(title: str, identifier: str, controls: tuple[str, ...]) -> Requirement:
        left_out = tuple(each for each in controls if each in missing)
        known = {each: worst(_verdict_for(title, one) for one in judged[each]) for each in controls if each in judged}
        found, whole = worst(known.values()) if known else None, not left_out and not narrowed
        verdict = NOT_COVERED if whole and not controls else INCOMPLETE
        if found is not None and (whole or found not in NEED_ALL):  # a good one counts only where nothing is missing
            verdict = str(found)
        deciding = tuple(each for each, one in known.items() if one == verdict)
        return Requirement(identifier, title, verdict, controls, deciding, left_out)

    found = []
    for framework in frameworks:
        controls = controls_by_requirement(framework, ids_by_control)
        requirements = map(requirement, framework.ids.values(), controls, controls.values())
        about = framework.marker, framework.name, framework.relation, framework.note
        found.append(Rollup(*about, tuple(requirements)))
    return tuple(found)


def _verdict_for(title: str, result: Result) -> Verdict:
    """Return the verdict of a result for a requirement; for an option of a measure, that of the option."""
    about = [each.verdict for each in result.findings if each.kind == "option" and each.subject == title]
    return worst(about) if about else result.verdict
