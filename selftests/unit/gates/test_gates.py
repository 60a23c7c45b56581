"""Gates, judged by the results of a run alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hullcheck.gates import FAIL_ON, MIN_JUDGED, Gates, held, parse_conditions, shares
from hullcheck.messages import WrongUse
from hullcheck.results import Audit, AuditedTarget, Control, Finding, Gate, Result, Run, SwitchedOff, Waiver
from hullcheck.results.document import audit_of, document_of
from hullcheck.verdicts import Verdict

PASS, FAIL, ERROR, MANUAL = Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL
WAIVED, ATTESTED, NOTHING = Verdict.WAIVED, Verdict.ATTESTED, Verdict.NOT_APPLICABLE
RUN = Run("20261127T120000Z-0000", "2026-11-27T12:00:00Z", "2026-11-27T12:00:01Z", "1", (), 0)
SEVERITIES = ("critical", "high", "medium", "low")


def audit(*results: Result) -> Audit:
    """A run in which each severity has a control of its name."""
    controls = tuple(Control(each, f"{each}.", each, "", "", {"cis": (f"5.{n}",)}) for n, each in enumerate(SEVERITIES))
    targets = tuple(AuditedTarget(name, "", "", "", "") for name in {each.target: None for each in results})
    return Audit(RUN, targets, controls, results)


def result(control: str, verdict: Verdict, subject: str = "", target: str = "web1", reason: str = "so") -> Result:
    """A result with one finding: of a container, or of the target where no *subject* is named."""
    kind, name = ("container", subject) if subject else ("target", target)
    return Result(control, target, verdict, reason, (Finding(kind, name, verdict, reason),))


def broken(text: str, *results: Result, before: tuple[Result, ...] = ()) -> list[str]:
    """The lines by which `--fail-on` is broken, without their reasons."""
    known = audit_of(document_of(audit(*before)))
    (gate,) = Gates(text, parse_conditions(text), known).outcomes(audit(*results))
    assert (gate.option, gate.asked) == (FAIL_ON, text)
    return [each.rpartition(":")[0] for each in gate.broken]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("severity>=high", ["critical fail", "critical error", "high fail", "high error"]),
        ("high or waivers", ["critical fail", "critical error", "high fail", "high error"]),
        ("severity>=low,severity=critical", ["critical fail", "critical error"]),
        ("verdict=fail", ["critical fail", "high fail", "medium fail", "low fail"]),
        ("verdict=error, severity>=medium", ["critical error", "high error", "medium error"]),
        ("verdict=manual,severity=low or severity=critical", ["critical fail", "critical error", "low manual"]),
        ("verdict=fail,verdict=waived,severity=low", ["low fail", "low waived"]),
    ],
)
def test_conditions(text: str, expected: list[str]) -> None:
    """All parts have to fit, of one of the alternatives; without a word on verdicts, failures and errors count."""
    results = [result(each, verdict, str(verdict)) for each in SEVERITIES for verdict in Verdict]
    numbers = {f"CIS 5.{number}": each for number, each in enumerate(SEVERITIES)}
    found = [each.removeprefix("web1: ").split() for each in broken(text, *results)]
    assert sorted(f"{numbers[' '.join(each[:2])]} {each[-1]}" for each in found) == sorted(expected)


@pytest.mark.parametrize(
    "text", ["nwe", "severity>high", "severity>=hihg", "verdict>=fail", "verdict=pass", "new,", "high,waivers"]
)
def test_condition_that_is_none(text: str) -> None:
    """A condition that nobody understands would be a gate that never breaks."""
    with pytest.raises(WrongUse, match="--fail-on: "):
        parse_conditions(text)


@pytest.mark.parametrize(("text", "excused"), [("waivers", False), ("high or waivers", True)])
def test_waivers_to_review(text: str, excused: bool) -> None:
    """They break the gate; where they alone do, controls that fail count as they do without a gate."""
    run = replace(audit(result("low", FAIL)), waivers=(Waiver("low", "so", place="a.yml:7", state="expired"),))
    (gate,) = Gates(text, parse_conditions(text)).outcomes(run)
    assert gate.broken == ("a.yml:7: expired",)
    assert held(replace(run, gates=(replace(gate, broken=()),))) is excused


def test_severity_that_the_inventory_sets() -> None:
    """The severity on this target counts."""
    raised = replace(result("low", FAIL), severity="critical")
    assert broken("severity=critical", raised) == ["web1: CIS 5.3: fail"]
    assert not broken("severity=low", raised)


def test_new() -> None:
    """New is what was not found so before: whatever else was said of it, or nothing was."""
    before = (
        result("high", FAIL, "old"),
        result("high", WAIVED, "waiver ended"),
        result("high", MANUAL, "looked at"),
        result("high", ERROR, "unread"),
        result("high", FAIL, "now unread"),
    )
    now = [
        *(replace(each, verdict=FAIL, findings=(replace(each.findings[0], verdict=FAIL),)) for each in before[:4]),
        result("high", ERROR, "now unread"),
        result("high", FAIL, "started"),
        result("high", FAIL, "old", target="web2"),
    ]
    names = [each.split(" container ")[1].split(":")[0] for each in broken("new", *now, before=before)]
    assert names == ["waiver ended", "looked at", "unread", "now unread", "started", "old"]
    assert not broken("new", *now, before=tuple(now))


def test_coverage() -> None:
    """What applies and was judged, by target; what is switched off was not."""
    off = replace(result("low", NOTHING), switched_off=SwitchedOff("a:1", "no", FAIL))
    off_for_nothing = replace(result("low", NOTHING), switched_off=SwitchedOff("a:1", "no", NOTHING))
    results = [result("low", each) for each in (PASS, FAIL, WAIVED, ATTESTED, ERROR, MANUAL, NOTHING)]
    found = shares([*results, off, off_for_nothing, result("low", NOTHING, target="web2")])
    assert found == {"web1": pytest.approx(400 / 7), "web2": 0}
    gates = Gates(min_judged=100)
    assert gates.outcomes(audit(result("low", PASS))) == (Gate(MIN_JUDGED, "100"),)
    assert gates.outcomes(audit(result("low", PASS), result("high", MANUAL))) == (
        Gate(MIN_JUDGED, "100", ("web1: 50.0 % was judged",)),
    )
