"""What to fix first: failures by what has to be changed once."""

import inspect

import pytest
from msgspec.structs import replace

from hullcheck.controls.metadata import read_docstring
from hullcheck.results import Audit, Control, Finding, Result, Run
from hullcheck.results.failures import causes, fixes, kind_of
from hullcheck.verdicts import Verdict
from selftests.kit.judging import controls, numbers

RUN = Run("20260101T000000Z-0000", "", "", "1", (), 1)


def control(name: str, remedy: str, severity: str = "medium") -> Control:
    """A control with this remedy."""
    return Control(name, f"Title of {name}.", severity, "", remedy, {})


def failed(
    control: str, target: str, *subjects: tuple[str, str], reason: str = "no", severity: str = ""
) -> Result:
    """A control that fails on a target for these subjects, or as a whole."""
    findings = tuple(
        Finding(kind, name, Verdict.FAIL, reason) for kind, name in subjects or [("target", target)]
    )
    return Result(control, target, Verdict.FAIL, reason, findings, severity=severity)


def audit(known: list[Control], *results: Result) -> Audit:
    """An audit with these results."""
    return Audit(RUN, (), tuple(known), results)


def test_what_one_change_mends_is_together() -> None:
    """Settings of the daemon are one file; a container is one; what is alone stands alone; the worst comes first."""
    known = [
        control("icc", 'set `"icc": false` in daemon.json'),
        control("debug", "take `debug` out of daemon.json", "low"),
        control("privileged", "run it without --privileged", "critical"),
        control("memory", "run it with --memory"),
        control("release", "install the newest"),
    ]
    found = fixes(
        audit(
            known,
            failed("icc", "a"),
            failed("debug", "a"),
            failed("debug", "b"),
            failed("privileged", "a", ("container", "web")),
            failed("memory", "a", ("container", "web"), ("container", "db")),
            failed("memory", "b", ("container", "web")),
            failed("release", "a"),
        )
    )
    assert [(each.kind, each.name, each.severity, each.results, each.targets) for each in found] == [
        ("container", "web", "critical", 3, ("a", "b")),
        ("daemon", "", "medium", 3, ("a", "b")),
        ("container", "db", "medium", 1, ("a",)),
        ("control", "release", "medium", 1, ("a",)),
    ]
    assert [each.id for each in found[0].controls] == ["privileged", "memory"]
    assert [str(each) for each in found] == [
        "how container web is started",
        "settings of the daemon (daemon.json)",
        "how container db is started",
        "Title of release",
    ]


def test_severity_of_the_target_counts() -> None:
    """What the inventory says of a severity decides the order."""
    known = [control("a", "this", "critical"), control("b", "that", "low")]
    found = fixes(audit(known, failed("a", "x", severity="low"), failed("b", "x", severity="high")))
    assert [(each.name, each.severity) for each in found] == [("b", "high"), ("a", "low")]


def test_rules_without_auditing_need_it_first() -> None:
    """Where the kernel does not audit, that is said, and of which targets."""
    known = [control("rule", "put `-w /x -p wa` into a file in /etc/audit/rules.d")]
    off = failed("rule", "a", ("file", "/x"), reason="auditing is off in the kernel (enabled 0)")
    (fix,) = fixes(audit(known, off, failed("rule", "b", ("file", "/x"))))
    assert (fix.kind, fix.auditing_off, fix.subjects) == ("audit rules", ("a",), ("/x",))
    assert str(fix).startswith("switch auditing on, and audit rules")
    (fix,) = fixes(audit(known, failed("rule", "b", ("file", "/x"))))
    assert not fix.auditing_off


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.FAIL])
def test_only_failures_are_to_be_fixed(verdict: Verdict) -> None:
    """No other verdict is, nor a good subject beside one that fails."""
    known = [control("memory", "run it with --memory")]
    bad = failed("memory", "a", ("container", "web"))
    good = replace(bad.findings[0], subject="db", verdict=verdict)
    assert [each.name for each in fixes(audit(known, replace(bad, findings=(*bad.findings, good))))] == [
        "web"
    ]
    assert not fixes(audit(known, replace(bad, verdict=verdict, findings=(good,))))


def test_controls_of_the_project_are_grouped_by_their_remedies() -> None:
    """Rules, modes, settings of the daemon, the swarm and the kernel, each as a whole and nothing else."""
    kinds: dict[str, set[str]] = {}
    for each in controls():
        remedy = read_docstring(inspect.getdoc(each) or "")[2]
        for number in numbers(each) or (each.__name__.removeprefix("test_"),):
            kinds.setdefault(kind_of(control(number, remedy), "target"), set()).add(number)
    cis = {kind: {each for each in found if each[0].isdecimal()} for kind, found in kinds.items()}
    assert cis["audit rules"] == {f"1.1.{number}" for number in range(3, 19)}
    assert cis["files"] == {f"3.{number}" for number in range(1, 25)}
    assert cis["daemon"] - {f"5.{number}" for number in range(1, 33)} == {
        f"2.{number}" for number in range(2, 20)
    }
    assert cis["swarm"] == {"5.1", *(f"7.{number}" for number in (1, 2, 5, 6, 7, 8, 9))}
    guide = {kind: found - cis[kind] for kind, found in kinds.items()}
    assert guide["kernel"] == {
        "address_space_is_randomized",
        "kernel_settings_survive_a_reboot",
        "privileged_programs_leave_no_core_dumps",
    }
    assert "log_files_are_small" in guide["daemon"]
    assert "docker_command_is_audited" in guide["audit rules"]


# ---- what kept controls from being judged


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (
            (
                "/proc/7/exe could not be read; are you root?",
                "the directory cannot be entered; it takes root",
                "x",
            ),
            [("only root may read what they need", 2, "run as root, or with --sudo"), ("x", 1, "")],
        ),
        (
            ("/proc/7/exe could not be read; are you root?",),
            [("/proc/7/exe could not be read", 1, "run as root, or with --sudo")],
        ),
        (
            ("no answer: permission denied while trying to connect at unix:///run/docker.sock",) * 2,
            [("permission denied on /run/docker.sock", 2, "run as root, or with --sudo")],
        ),
        (
            (
                "a: Cannot connect to the Docker daemon at unix:///a. Is it?",
                "b: Cannot connect to the Docker daemon at unix:///a. Is",
            ),
            [("no engine answers at /a", 2, "start it, or set DOCKER_HOST")],
        ),
    ],
)
def test_one_cause_of_many_errors(reasons: tuple[str, ...], expected: list[tuple[str, int, str]]) -> None:
    """Whatever root would have read is one cause, and so is an engine that does not answer, whichever probe met it."""
    known = [control(f"c{number}", "") for number, _ in enumerate(reasons)]
    results = [Result(each.id, "a", Verdict.ERROR, why, ()) for each, why in zip(known, reasons, strict=True)]
    found = causes(audit(known, *results))
    assert [(each.reason, each.controls, each.advice) for each in found] == expected
