"""Audits for the tests of writers: recorded hosts, a site with everything, hostile names, and as many as wanted."""

import json
import re
from base64 import b64decode
from functools import cache
from typing import Any
from zlib import decompress

from msgspec import Struct
from msgspec.structs import replace

from hullcheck import facts
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import (
    Attestation,
    Audit,
    AuditedTarget,
    Control,
    Finding,
    Requirement,
    Result,
    Rollup,
    Run,
    User,
    Waiver,
)
from hullcheck.results.document import audit_of
from hullcheck.verdicts import Verdict, worst
from hullcheck.writers import audit_page
from selftests import REPOSITORY
from selftests.kit.running import Project
from selftests.rig import removal

ALL = "cis or guide or pci or hipaa or nist"
SITE = REPOSITORY / "selftests/unit/writers/snapshots/site.results.json"
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


class Example(Struct, frozen=True):
    """An audit with its recordings."""

    audit: Audit
    recordings: tuple[Recording, ...] = ()

    @property
    def page(self) -> str:
        """The auditors' page."""
        return audit_page.render(self.audit, self.recordings)


@cache
def demo() -> Example:
    """The two recorded hosts of the demo, judged by all controls."""
    with removal.temporary() as folder:
        options = ("-q", "-m", ALL, "--inventory=inventories/demo.yml", f"--reports={folder / 'reports'}")
        Project(folder).pytest(*options, cwd=REPOSITORY)
        latest = folder / "reports/latest"
        audit = audit_of(json.loads((latest / "results.json").read_text()))
        recordings = [Recording.load(latest / each.name, facts.PROBES) for each in audit.targets]
    return Example(audit, tuple(recordings))


@cache
def site() -> Example:
    """Something of everything: each verdict, what was accepted, changes, groups, gates, and a silent target."""
    answers = {"engine": Answer("engine", 0, '{"ID": "e-1"}\n', "")}
    recordings = [Recording(name, "ssh", answers, {"engine": "docker info"}, 1795576977) for name in ("web1", "web2")]
    silent = Recording("db-7", "ssh", failure="ssh: connect to host db-7 port 22: Connection timed out")
    return Example(audit_of(json.loads(SITE.read_text())), (*recordings, silent))


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
    verdict = worst([each.verdict for each in findings]) if findings else Verdict.PASS
    result = Result(made.id, "web1", verdict, "", findings, ("engine",))
    target = AuditedTarget("web1", "local://", "host", "29", "Debian")
    return Audit(run, (target,), (made,), (result,))


def named(verdict: Verdict = Verdict.FAIL) -> Audit:
    """A container of each of the NAMES; the reason is the name, too."""
    return small(*(Finding("container", each, verdict, each) for each in NAMES))


@cache
def alike(count: int) -> Example:
    """*count* targets as those of the demo in turn: web0000 is hardened, web0001 careless, and so on.

    Of each ten, nine are in the group `prod` and one in `attic`; the first of each four is in `db` too.
    """
    audit, recordings = demo().audit, {each.target: each for each in demo().recordings}
    targets, results, recorded = [], [], []
    for number in range(count):
        original, name = audit.targets[number % 2], f"web{number:04}"
        groups = ("prod" if number % 10 else "attic", *(("db",) if number % 4 == 0 else ()))
        targets.append(replace(original, name=name, same_engine=(), same_machine=(), groups=groups))
        results += [_renamed(each, name) for each in audit.by_target[original.name]]
        recorded.append(replace(recordings[original.name], target=name))
    whole: Audit = replace(audit, targets=tuple(targets), results=tuple(results), since=None)
    return Example(whole, tuple(recorded))


def _renamed(result: Result, target: str) -> Result:
    findings = (replace(each, subject=target) if each.kind == "target" else each for each in result.findings)
    return replace(result, target=target, findings=tuple(findings))


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "]]><svg onload=alert(3)>",
    "\"' onmouseover=alert(5) x='",
    "{{7*7}}{% raw %}${7*7}",
    "\u202egnp.exe\u2066 \u200b\u2028two\u2029 nul \x00 escape \x1b[31m line\rend lone \udc80",
    "javascript:alert(6)",
)


@cache
def hostile() -> Example:
    """An audit in which everything that a host, an inventory or a user can name is an attack, or far too long."""
    one, two, three, four, five, odd, address = HOSTILE
    long = "<b>" + "x" * 1_000_000
    control = Control("c_1", "Title " + one, "high", two, three, {"cis": ("5.5",)})
    findings = (
        Finding("file", long, Verdict.FAIL, long),
        *(Finding("container", each, Verdict.FAIL, HOSTILE[-at]) for at, each in enumerate(HOSTILE)),
        Finding(two, "k", Verdict.WAIVED, "w", one),
    )
    names = ("a", one, f"with/slash?and#hash%41 ä {two}")
    results = [Result("c_1", each, Verdict.FAIL, long, findings, ("probe", one)) for each in names]
    answers = {"probe": Answer("probe", 1, "\n".join(HOSTILE) + long, two), one: Answer(one, 0, two, "")}
    commands = {"probe": "echo '" + one}
    recordings = [Recording(each, two, answers, commands, 1e9, "" if each == "a" else one) for each in names]
    targets = [AuditedTarget(each, two, "host", three, one) for each in names]
    requirement = Requirement("5.5", one, "fail", ("c_1", "gone"), ("c_1",), ("gone",))
    audit = Audit(
        Run(one, "2026-11-25T00:00:00Z", "2026-11-25T00:00:01Z", three, HOSTILE, 1, User(one, 0), two),
        tuple(targets),
        (control,),
        tuple(results),
        (Rollup("cis", two, "judges", three, (requirement,)),),
        (Waiver(one, two, (three,), place=one, risk=four, last_day=five),),
        (Attestation("c_1", two, three, odd, five, evidence=(address,), place=four),),
    )
    return Example(audit, tuple(recordings))


def block(page: str, name: str) -> Any:
    """What is embedded in *page* under this name."""
    found = re.search(rf'<script type="application/octet-stream" id="data-{name}">([^<]*)</script>', page)
    assert found is not None
    return json.loads(decompress(b64decode(found[1])))
