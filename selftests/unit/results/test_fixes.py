"""What to fix first: failures by what has to be changed once, and what kept controls from being judged."""

import inspect

import pytest

from hullcheck.controls.metadata import read_docstring
from hullcheck.results import Audit, Control, Finding, Result, Run
from hullcheck.results.failures import findings, fixes, kind_of, problems
from hullcheck.verdicts import Verdict
from selftests.kit.judging import controls, numbers

RUN = Run("20260101T000000Z-0000", "", "", "1", (), 1)
CONTROLS = {
    "icc": ('set `"icc": false` in daemon.json', "medium"),
    "debug": ("take `debug` out of daemon.json", "low"),
    "privileged": ("run it without --privileged", "critical"),
    "memory": ("run it with --memory", "medium"),
    "release": ("install the newest", "medium"),
    **dict.fromkeys(("rule", "twin"), ("put `-w /x -p wa` into a file in /etc/audit/rules.d", "medium")),
}


def failed(control: str, target: str, *containers: str, reason: str = "no", severity: str = "") -> Result:
    """A control that fails on a target for these containers, or as a whole."""
    subjects = [("container", each) for each in containers] or [("target", target)]
    findings = (
        *(Finding(*each, Verdict.FAIL, reason) for each in subjects),
        Finding("container", "ok", Verdict.PASS),
    )
    return Result(control, target, Verdict.FAIL, reason, findings, severity=severity)


def audit(*results: Result) -> Audit:
    """An audit with these results."""
    known = [
        Control(name, f"Title of {name}.", severity, "", remedy, {}) for name, (remedy, severity) in CONTROLS.items()
    ]
    return Audit(RUN, (), tuple(known), results)


def test_what_one_change_mends_is_together() -> None:
    """Settings of the daemon are one file; a container or an image is one; the worst on a target comes first."""
    found = fixes(
        audit(
            failed("icc", "a"),
            failed("debug", "a"),
            failed("debug", "b"),
            failed("privileged", "a", "web"),
            failed("privileged", "b", "x", "y", reason="image app:1 names no user, so it runs as root"),
            failed("memory", "a", "web", "db"),
            failed("memory", "b", "web"),
            failed("release", "a", severity="high"),
            Result("release", "b", Verdict.WAIVED, "", (Finding("target", "b", Verdict.WAIVED),)),
        )
    )
    assert [(each.kind, each.name, each.severity, each.results, each.targets) for each in found] == [
        ("container", "web", "critical", 3, ("a", "b")),
        ("image", "app:1", "critical", 1, ("b",)),
        ("control", "release", "high", 1, ("a",)),
        ("daemon", "", "medium", 3, ("a", "b")),
        ("container", "db", "medium", 1, ("a",)),
    ]
    assert [each.id for each in found[0].controls] == ["privileged", "memory"]
    assert [str(each) for each in found] == [
        "how container web is started",
        "how image app:1 is built",
        "Title of release",
        "settings of the daemon (daemon.json)",
        "how container db is started",
    ]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("auditing is off in the kernel (enabled 0)", "switch auditing on, and load audit rules"),
        ("auditctl is not installed, so no audit rules are loaded", "install auditd, and load audit rules"),
        ("no audit rule covers it", "audit rules"),
    ],
)
def test_what_audit_rules_need_first(reason: str, said: str) -> None:
    """Where the kernel does not audit, that comes first, if only on one of the targets."""
    (fix,) = fixes(audit(failed("rule", "a"), failed("rule", "b", reason=reason)))
    assert str(fix) == f"{said} (a file in /etc/audit/rules.d)"


def test_controls_of_the_project_are_grouped_by_their_remedies() -> None:
    """Rules, modes, settings of the daemon, the swarm and the kernel, each as a whole and nothing else."""
    kinds: dict[str, set[str]] = {}
    for each in controls():
        remedy = read_docstring(inspect.getdoc(each) or "")[2]
        for number in numbers(each) or (each.__name__.removeprefix("test_"),):
            kinds.setdefault(kind_of(Control(number, "", "", "", remedy, {}), "target"), set()).add(number)
    cis = {kind: {each for each in found if each[0].isdecimal()} for kind, found in kinds.items()}
    assert cis["audit rules"] == {f"1.1.{number}" for number in range(3, 19)}
    assert cis["files"] == {f"3.{number}" for number in range(1, 25)}
    settings = {f"2.{number}" for number in range(2, 20)}
    assert cis["daemon"] - {f"5.{number}" for number in range(1, 33)} == settings
    assert cis["swarm"] == {"5.1", *(f"7.{number}" for number in (1, 2, 5, 6, 7, 8, 9))}
    assert kinds["kernel"] - cis["kernel"] == {
        "address_space_is_randomized",
        "kernel_settings_survive_a_reboot",
        "privileged_programs_leave_no_core_dumps",
    }
    assert "log_files_are_limited" in kinds["daemon"]


def test_reason_that_controls_share_is_one_problem() -> None:
    """Worst control first, with a remedy if it is that of all; what a control found besides is a problem of its own."""
    both = Finding("container", "db", Verdict.FAIL, "other")
    first = failed("memory", "a", "web", reason="shared")
    results = (
        failed("icc", "b", reason="shared"),
        Result("memory", "a", Verdict.FAIL, "", (*first.findings, both)),
        failed("privileged", "a", "web", reason="shared"),
        failed("debug", "a", reason=""),
        failed("release", "a", reason=""),
        failed("rule", "a", reason="rules"),
        failed("twin", "a", reason="rules"),
    )
    assert [
        (each.cause, [control.id for control in each.controls], each.severity, each.targets, each.remedy)
        for each in problems(findings(audit(*results), Verdict.FAIL))
    ] == [
        ("shared", ["privileged", "icc", "memory"], "critical", ("a", "b"), ""),
        ("", ["memory"], "medium", ("a",), "run it with --memory"),
        ("", ["release"], "medium", ("a",), "install the newest"),
        ("rules", ["rule", "twin"], "medium", ("a",), CONTROLS["rule"][0]),
        ("", ["debug"], "low", ("a",), "take `debug` out of daemon.json"),
    ]


_AS_ROOT = "run as root, or with --sudo"


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (
            ("/proc/7/exe could not be read; are you root?", "it cannot be entered; it takes root", "x"),
            [("only root may read what they need", 2, _AS_ROOT), ("", 1, "")],
        ),
        (("/proc/7/exe could not be read; are you root?",), [("", 1, _AS_ROOT)]),
        (
            ("ssh://a could not be audited: Permission denied",) * 2,
            [("ssh://a could not be audited: Permission denied", 2, "")],
        ),
        (
            ("no answer: permission denied while trying to connect at unix:///run/docker.sock",) * 2,
            [("permission denied on /run/docker.sock", 2, _AS_ROOT)],
        ),
        (
            tuple(f"{name}: Cannot connect to the Docker daemon at unix:///a. Is" for name in "ab"),
            [("no engine answers at /a", 2, "start it, or set DOCKER_HOST")],
        ),
    ],
)
def test_one_cause_of_many_errors(reasons: tuple[str, ...], expected: list[tuple[str, int, str]]) -> None:
    """Whatever root would have read is one cause, and so is an engine that does not answer, whichever probe met it."""
    results = [Result(name, "a", Verdict.ERROR, why, ()) for name, why in zip(CONTROLS, reasons, strict=False)]
    found = problems(findings(audit(*results), Verdict.ERROR))
    assert sorted(((each.cause, len(each.controls), each.remedy) for each in found), reverse=True) == expected
