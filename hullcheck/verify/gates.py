"""Checks what a bundle says of the gates of its run, as far as that follows from its results."""

from collections.abc import Iterator
from dataclasses import replace

from hullcheck.gates import COVERAGE, FAIL_ON, Gates, conditions
from hullcheck.messages import WrongUse
from hullcheck.results import Audit, Gate, run_files


def differences(audit: Audit) -> Iterator[str]:
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


def _outcome(gates: Gates, audit: Audit) -> tuple[str, ...]:
    return tuple(line for each in gates.outcomes(audit) for line in each.broken)
