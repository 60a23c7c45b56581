"""Audits for the tests of the auditors' page: the recorded hosts of the demo, as many as wanted, and hostile ones."""

import json
import random
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
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from selftests import REPOSITORY
from selftests.kit.running import Project
from selftests.rig import removal

ALL = "cis or guide or pci or hipaa or nist"
UNANSWERED = "ssh: connect to host db-7 port 22: Connection timed out"
WAIVER = Waiver(
    "container_has_a_memory_limit",
    "The batch jobs size themselves; the host has a limit of its own.",
    targets=("careless*",),
    last_day="2027-01-31",
    ticket="OPS-412",
    approved_by="A. Example",
    approved_on="2026-10-02",
    risk="A job may starve its neighbours for a night.",
    place="site.yml:41",
    state="in force",
    findings=4,
)
EXPIRED = Waiver(
    "container_is_not_privileged",
    "Needed by the old scanner until it is replaced.",
    last_day="2026-09-30",
    approved_by="B. Example",
    place="site.yml:52",
    state="expired",
)
ATTESTATION = Attestation(
    "host_follows_a_hardening_standard",
    "Hardened by the baseline HB-7, and assessed in October.",
    person="C. Example",
    date="2026-10-20",
    last_day="2027-10-20",
    evidence=("https://wiki.example.org/hb-7",),
    place="site.yml:70",
    state="in force",
    findings=2,
)


class Example(Struct, frozen=True):
    """An audit with its recordings."""

    audit: Audit
    recordings: tuple[Recording, ...]

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


def fleet(count: int) -> Example:
    """*count* targets that found what the demo's hosts did; each has 150 kB more of evidence that hardly packs."""
    audit, recordings = demo().audit, {each.target: each for each in demo().recordings}
    numbers = random.Random(7)
    targets, results, recorded = [], [], []
    for number in range(count):
        original = audit.targets[number % 2]
        name = f"{original.name}-{number // 2 + 1:02}"
        targets.append(replace(original, name=name, connect=f"ssh://audit@{name}.example.org"))
        results += [_renamed(each, name) for each in audit.results if each.target == original.name]
        more = Answer(
            "more", 0, "".join(f"{numbers.getrandbits(256):064x} some words\n" for _ in range(2000)), ""
        )
        recording = recordings[original.name]
        recorded.append(replace(recording, target=name, answers={**recording.answers, "more": more}))
    return Example(replace(audit, targets=tuple(targets), results=tuple(results)), tuple(recorded))


def _renamed(result: Result, target: str) -> Result:
    findings = (replace(each, subject=target) if each.kind == "target" else each for each in result.findings)
    return replace(result, target=target, findings=tuple(findings))


@cache
def alike(count: int, grouped: bool = False, different: bool = False) -> Example:
    """*count* targets as those of the demo in turn: web0000 is hardened, web0001 careless, and so on.

    Of each ten, nine are in the group `prod` and one in `attic`; the first of each four is in `db` too.
    """
    audit, recordings = demo().audit, {each.target: each for each in demo().recordings}
    targets, results, recorded = [], [], []
    for number in range(count):
        original, name = audit.targets[number % 2], f"web{number:04}"
        groups = (
            ("prod" if number % 10 else "attic", *(("db",) if number % 4 == 0 else ())) if grouped else ()
        )
        targets.append(replace(original, name=name, same_engine=(), same_machine=(), groups=groups))
        mine = [_renamed(each, name) for each in audit.results if each.target == original.name]
        results += [
            replace(each, verdict=Verdict.WAIVED) if different and number >> (at % 20) & 1 else each
            for at, each in enumerate(mine)
        ]
        recorded.append(replace(recordings[original.name], target=name))
    whole: Audit = replace(audit, targets=tuple(targets), results=tuple(results), since=None)
    return Example(whole, tuple(recorded))


def accepted() -> Example:
    """The demo with a waiver in force, one that expired, an attestation, and a target that gave no answer."""
    audit, recordings = demo().audit, demo().recordings
    found = {WAIVER.control: (Verdict.FAIL, Verdict.WAIVED, WAIVER.place)}
    found[ATTESTATION.control] = (Verdict.MANUAL, Verdict.ATTESTED, ATTESTATION.place)
    results = [
        _decided(each, *found[each.control]) if each.control in found else each for each in audit.results
    ]
    silent = AuditedTarget("db-7", "ssh://audit@db-7", "unknown", "", "")
    finding = Finding("target", "db-7", Verdict.ERROR, UNANSWERED)
    results += [
        Result(each.id, "db-7", Verdict.ERROR, UNANSWERED, (finding,), ("engine",)) for each in audit.controls
    ]
    targets = (*audit.targets, silent)
    audit = replace(audit, targets=targets, results=tuple(results), waivers=(WAIVER, EXPIRED))
    audit = replace(audit, attestations=(ATTESTATION,))
    return Example(audit, (*recordings, Recording("db-7", "ssh", failure=UNANSWERED)))


def _decided(result: Result, before: Verdict, after: Verdict, place: str) -> Result:
    if result.verdict is not before:
        return result
    findings = (
        replace(each, verdict=after, accepted_by=place) if each.verdict is before else each
        for each in result.findings
    )
    return replace(result, verdict=after, findings=tuple(findings))


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "]]><svg onload=alert(3)>",
    "--><iframe src=javascript:alert(4)>",
    "\"' onmouseover=alert(5) x='",
    "{{7*7}}{% raw %}${7*7}",
    "\u202egnp.exe\u2066 \u200b\u2028two\u2029",
    "nul \x00 escape \x1b[31m line\rend",
    "lone \udc80 and \ud800 surrogates",
    "javascript:alert(6)",
    "שלום العربية",
    "&lt;b&gt;&amp;",
)


@cache
def hostile() -> Example:
    """An audit in which everything that a host, an inventory or a user can name is an attack, or far too long."""
    long = "<b>" + "x" * 1_000_000
    names = ("a", *HOSTILE[:6], "with/slash?and#hash%41 ä")
    control = Control("c_1", "Title " + HOSTILE[0], "high", HOSTILE[1], HOSTILE[2], {"cis": ("5.5",)})
    results, recordings, targets = [], [], []
    for number, name in enumerate(names):
        findings = [Finding("file", long, Verdict.FAIL, long)]
        findings += [
            Finding("container", each, Verdict.FAIL, HOSTILE[-at]) for at, each in enumerate(HOSTILE)
        ]
        findings.append(Finding(HOSTILE[1], "k", Verdict.WAIVED, "w", HOSTILE[0]))
        results.append(Result("c_1", name, Verdict.FAIL, long, tuple(findings), ("probe", HOSTILE[0])))
        answers = {"probe": Answer("probe", 1, "\n".join(HOSTILE) + long * (name == "a"), HOSTILE[1])}
        answers[HOSTILE[0]] = Answer(HOSTILE[0], 0, HOSTILE[1], "")
        failure = HOSTILE[0] if number == 1 else ""
        recordings.append(
            Recording(name, HOSTILE[1], answers, {"probe": "echo '" + HOSTILE[0]}, 1e9 + number, failure)
        )
        targets.append(AuditedTarget(name, HOSTILE[number % 6], "host", HOSTILE[1], HOSTILE[0]))
    waiver = Waiver(
        HOSTILE[0], HOSTILE[1], (HOSTILE[2],), place=HOSTILE[0], risk=HOSTILE[3], last_day=HOSTILE[4]
    )
    attestation = Attestation(
        "c_1", HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[4], evidence=(HOSTILE[9],), place=HOSTILE[5]
    )
    requirement = Requirement("5.5", HOSTILE[0], "fail", ("c_1", "gone"), ("c_1",), ("gone",))
    rollup = Rollup("cis", HOSTILE[1], "judges", HOSTILE[2], (requirement,))
    run = Run(
        HOSTILE[0],
        "2026-11-25T00:00:00Z",
        HOSTILE[1],
        HOSTILE[2],
        HOSTILE,
        1,
        User(HOSTILE[0], 0),
        HOSTILE[1],
    )
    audit = Audit(run, tuple(targets), (control,), tuple(results), (rollup,), (waiver,), (attestation,))
    return Example(audit, tuple(recordings))


def block(page: str, name: str) -> Any:
    """What is embedded in *page* under this name."""
    found = re.search(rf'<script type="application/octet-stream" id="data-{name}">([^<]*)</script>', page)
    assert found is not None
    return json.loads(decompress(b64decode(found[1])))
