"""What controls say of hosts and engines of the laboratory."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from hullcheck.facts import PROBES, Facts
from hullcheck.recording.probe import Answer
from hullcheck.recording.script import render
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict, worst
from selftests.kit.judging import Verdicts, controls, facts_of_answer, judged, numbers


def keys() -> list[str]:
    """Return the CIS number of each control, or else its id."""
    return [next(iter(numbers(control)), control.__name__.removeprefix("test_")) for control in controls()]


def findings(key: str, facts: Facts) -> Verdicts:
    """Return verdict and reason by subject, also if a fact raises instead of naming subjects."""
    target = facts.recording.target
    try:
        return judged(key, facts)
    except NotApplicable as raised:
        return {target: ("not applicable", str(raised))}
    except EvidenceError as raised:
        return {target: ("error", str(raised))}


def verdicts(key: str, facts: Facts) -> dict[str, str]:
    """Return the verdicts of a control by subject."""
    return {subject: verdict for subject, (verdict, _) in findings(key, facts).items()}


def whole(key: str, facts: Facts) -> tuple[str, str]:
    """Return the only finding of a control."""
    (found,) = findings(key, facts).values()
    return found


def worst_of(key: str, facts: Facts) -> str:
    """Return the verdict of a control over all its subjects."""
    return str(worst(Verdict(each) for each in verdicts(key, facts).values()))


def errors(facts: Facts) -> dict[str, Verdicts]:
    """Return what cannot be judged, by control."""
    found = {key: findings(key, facts) for key in keys()}
    bad = {key: {name: each for name, each in of.items() if each[0] == "error"} for key, of in found.items()}
    return {key: each for key, each in bad.items() if each}


def differences(wanted: Mapping[tuple[str, str], str], facts: Facts) -> list[str]:
    """List the findings that are not the wanted ones.

    Args:
        wanted: by control and subject a verdict, and behind a colon a pattern that the reason has.
        facts: what is judged.
    """
    found = {key: findings(key, facts) for key in dict.fromkeys(key for key, _ in wanted)}
    wrong = []
    for (key, subject), expected in wanted.items():
        verdict, _, pattern = expected.partition(": ")
        is_verdict, reason = found[key].get(subject, ("missing", ""))
        if is_verdict != verdict or not re.search(pattern, reason):
            wrong.append(f"{key} {subject}: {is_verdict}: {reason} (wanted: {expected})")
    return wrong


def with_answer(facts: Facts, answer: Answer) -> Facts:
    """Return the same facts, but for one answer."""
    return Facts(replace(facts.recording, answers={**facts.recording.answers, answer.name: answer}), facts.policy)


def script_of(name: str) -> str:
    """Return the script that asks one question alone."""
    return render([each for each in PROBES if each.shared or each.name == name])


def answer_in(output: str, name: str) -> Answer:
    """Return the answer to a question in what the script printed."""
    return facts_of_answer(output, "local").recording.answers[name]
