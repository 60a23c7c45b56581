"""Audits for the tests of further formats: real hosts, waived and silent ones, hostile names, and nothing at all."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import (
    Attestation,
    Audit,
    AuditedTarget,
    Change,
    Changes,
    Control,
    Finding,
    Gate,
    Moment,
    Requirement,
    Result,
    Rollup,
    Run,
    SwitchedOff,
    User,
    Waiver,
)
from hullcheck.verdicts import Verdict
from hullcheck.writers.entries import Entry, entries
from hullcheck.writers.formats import FORMATS
from selftests.kit import audit_pages
from selftests.kit.audit_pages import Example

NAMES = (
    "two\nlines",
    "a | b",
    "<script>alert(1)</script>",
    "::error::owned",
    "=cmd|' /C calc'!A0",
    "esc \x1b[31m red",
    "whale \U0001f433",
    "lone \udc80 surrogate",
    "``` @admin #1 [x](http://e.example)",
    '"quoted" \\ back',
    "%0A::error::owned",
    "one ` tick <b>x</b>",
    "*bold* _it_ https://e.example www.e.example a@e.example",
)
"""What somebody may call a container."""


def small(*findings: Finding, **control: Any) -> Audit:
    """One control on one target with these findings."""
    run = Run("20261125T032257Z-aaaa", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 1)
    parts = {
        "id": "c",
        "title": "No cow flies.",
        "severity": "high",
        "rationale": "Cows fall.",
        "remedy": "Tie it.",
    }
    made = Control(**{**parts, "frameworks": {"cis": ("5.5",), "nist": ("800-53:AC-6",)}, **control})
    verdict = min((each.verdict for each in findings), key=list(Verdict).index, default=Verdict.PASS)
    result = Result(made.id, "web1", verdict, "", findings, ("engine",))
    target = AuditedTarget("web1", "local://", "host", "29", "Debian")
    return Audit(run, (target,), (made,), (result,))


def named(verdict: Verdict = Verdict.FAIL) -> Audit:
    """A container of each of the NAMES; the reason is the name, too."""
    return small(*(Finding("container", each, verdict, each) for each in NAMES))


@cache
def empty() -> Audit:
    """A run that judged nothing."""
    audit = audit_pages.demo().audit
    return replace(audit, targets=(), controls=(), results=(), requirements=())


AUDITS: dict[str, Callable[[], Audit]] = {
    "two real hosts": lambda: audit_pages.demo().audit,
    "a site": lambda: site().audit,
    "hostile": lambda: audit_pages.hostile().audit,
    "names": named,
    "empty": empty,
}
each_audit = pytest.mark.parametrize("audit", [pytest.param(each, id=name) for name, each in AUDITS.items()])
each_verdict = pytest.mark.parametrize("verdict", list(Verdict), ids=str)


def rendered(name: str, audit: Audit) -> bytes:
    """The file of this format."""
    return b"".join(FORMATS[name].render(audit).parts)


def text(name: str, audit: Audit) -> str:
    """The file of this format, as UTF-8."""
    return rendered(name, audit).decode("utf-8")


def found(audit: Audit, *verdicts: Verdict) -> list[Entry]:
    """The findings with these verdicts."""
    return [each for each in entries(audit) if each.verdict in verdicts]


# ---- a small site, for snapshots

_CONTROLS = {
    "container_is_not_privileged": (
        "5.5",
        "critical",
        "No container runs privileged.",
        "do without `--privileged`.",
    ),
    "container_has_a_memory_limit": (
        "5.11",
        "high",
        "Every container has a memory limit.",
        "use `--memory`.",
    ),
    "containers_gain_no_new_privileges_by_default": (
        "2.15",
        "high",
        "No new privileges.",
        "edit daemon.json.",
    ),
    "container_files_are_audited": ("1.1.5", "medium", "Files are audited.", "add `-w /etc` to the rules."),
    "host_follows_a_hardening_standard": ("1.1.1", "medium", "The host is hardened.", ""),
    "experimental_features_are_off": ("2.18", "low", "Experimental features are off.", "edit daemon.json."),
}
_FAIL, _PASS, _ERROR, _NA = Verdict.FAIL, Verdict.PASS, Verdict.ERROR, Verdict.NOT_APPLICABLE
SILENT = "ssh: connect to host db-7 port 22: Connection timed out"
_WAIVER = Waiver(
    "container_has_a_memory_limit",
    "Batch jobs size themselves.",
    targets=("web*",),
    subjects=("batch",),
    last_day="2027-01-31",
    ticket="OPS-412",
    approved_by="A. Example",
    approved_on="2026-10-02",
    risk="A job may starve its neighbours.",
    place="site.yml:41",
    state="in force",
    findings=2,
)
_ATTESTATION = Attestation(
    "host_follows_a_hardening_standard",
    "Assessed in October.",
    person="C. Example",
    date="2026-10-20",
    last_day="2027-10-20",
    evidence=("https://wiki.example.org/hb-7",),
    place="site.yml:70",
    state="in force",
    findings=1,
)


@cache
def site() -> Example:
    """An audit that has something of everything: each verdict, what was accepted, changes, groups and gates."""
    controls = tuple(
        Control(name, title, severity, "It matters.", remedy, {"cis": (cis,), "nist": ("800-53:AC-6",)})
        for name, (cis, severity, title, remedy) in _CONTROLS.items()
    )
    privileged, memory, daemon, files, hardened, experimental = (each.id for each in controls)
    bad = "runs with --privileged"
    findings = {
        (privileged, "web1"): [("container", "agent", _FAIL, bad), ("container", "web", _PASS, "")],
        (privileged, "web2"): [("container", "agent", _FAIL, bad), ("container", "db", _ERROR, "it is gone")],
        (memory, "web1"): [("container", "batch", Verdict.WAIVED, "no limit is set", _WAIVER.place)],
        (memory, "web2"): [
            ("container", "batch", Verdict.WAIVED, "no limit is set", _WAIVER.place),
            ("container", "web", _FAIL, "its limit is above the memory of the host"),
        ],
        (daemon, "web1"): [("target", "web1", _FAIL, "no-new-privileges is false (docker info)")],
        (daemon, "web2"): [("target", "web2", _PASS, "")],
        (files, "web1"): [("file", "/etc/docker", _FAIL, "no rule covers it")],
        (files, "web2"): [("target", "web2", _ERROR, "auditctl: permission denied; are you root?")],
        (hardened, "web1"): [("target", "web1", Verdict.ATTESTED, "a person attests it", _ATTESTATION.place)],
        (hardened, "web2"): [("target", "web2", Verdict.MANUAL, "check it against your standard")],
        (experimental, "web1"): [("target", "web1", _NA, "there is no engine")],
    }
    results = []
    for (control, target), rows in findings.items():
        found = tuple(Finding(*each) for each in rows)
        worst = min(found, key=lambda each: list(Verdict).index(each.verdict))
        severity = "critical" if (control, target) == (daemon, "web1") else ""
        results.append(Result(control, target, worst.verdict, worst.reason, found, ("engine",), severity))
    off = SwitchedOff("site.yml:3", "It is wanted here.", _FAIL)
    results.append(Result(experimental, "web2", _NA, "switched off", (), ("engine",), switched_off=off))
    results += [
        Result(each.id, "db-7", _ERROR, SILENT, (Finding("target", "db-7", _ERROR, SILENT),), ("engine",))
        for each in controls
    ]
    new = Change(privileged, "web1", "container", "agent", bad)
    gone = Change(experimental, "web2", "target", "web2", "experimental is true")
    before = (
        Moment("a", "2026-11-23T03:00:00Z", {"high": 4}),
        Moment("b", "2026-11-24T03:00:00Z", {"low": 2}, 1),
    )
    requirements = (
        Requirement("5.5", "Privileged containers", "fail", (privileged,), (privileged,), ()),
        Requirement("2.15", "New privileges", "incomplete", (daemon, "gone"), (), ("gone",)),
        Requirement("7.1", "Swarm mode", "not covered", (), (), ()),
    )
    audit = Audit(
        Run(
            "20261125T032257Z-aaaa",
            "2026-11-25T03:22:57Z",
            "2026-11-25T03:22:58Z",
            "9.9",
            ("-m", "cis", "--inventory=site.yml"),
            1,
            User("ann", 1000),
            "audit-1",
            limits={"container": ("*",)},
            shard="1/2",
            inventory="inventories/site.yml",
        ),
        (
            AuditedTarget(
                "web1", "ssh://web1", "host", "29.0", "Debian 13", "its clock is 3 s slow", groups=("prod",)
            ),
            AuditedTarget(
                "web2", "ssh://web2", "host", "29.0", "Debian 13", same_engine=("web1",), groups=("prod",)
            ),
            AuditedTarget("db-7", "ssh://db-7", "unknown", "", ""),
        ),
        controls,
        tuple(results),
        (Rollup("cis", "CIS Docker Benchmark: v1.8.0", "judges", "A note.", requirements),),
        (_WAIVER, replace(_WAIVER, place="site.yml:52", state="expired", last_day="2026-09-30", findings=0)),
        (_ATTESTATION,),
        Changes("20261124T030000Z-0001", "2026-11-24T03:00:00Z", 9, (new,), (gone,), 7, before),
        (
            Gate("--fail-on", "new,severity>=high", ("web1: CIS 5.5 container agent: fail",)),
            Gate("--coverage", "50"),
        ),
    )
    answers = {"engine": Answer("engine", 0, '{"ID": "e-1"}\n', "")}
    recordings = [
        Recording(name, "ssh", answers, {"engine": "docker info"}, 1795576977) for name in ("web1", "web2")
    ]
    return Example(audit, (*recordings, Recording("db-7", "ssh", failure=SILENT)))
