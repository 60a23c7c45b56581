"""The results of an audit: frozen values, one per control and target, that every writer reads.

They also define results.json: its keys, their types and their meaning (docs/results.schema.json).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from hullcheck.parsing import answer_lines
from hullcheck.parsing.answer_lines import Each, Key
from hullcheck.verdicts import Verdict

SCHEMA = "hullcheck/results/1"
SEVERITIES = ("critical", "high", "medium", "low")
"""The severities of controls, the worst first."""
STATES = ("in force", "expired", "not yet in force", "not needed", "matches nothing", "not judged")
"""What becomes of waivers and attestations."""
STALE = STATES[1:-1]
"""The states in which an entry does not do what somebody wrote it for: it needs review."""
NOT_COVERED, INCOMPLETE = "not covered", "incomplete"
"""What the verdict of a `Requirement` may be besides those of controls."""
CONTRADICTED, SUPPORTED, NOT_ASSESSED = "contradicted", "supported", "not assessed"
ASSESSMENTS = {"fail": CONTRADICTED, "waived": CONTRADICTED, "pass": SUPPORTED, "attested": SUPPORTED}
"""What an audit says of a requirement with this verdict; with any other one it is not assessed."""
LIMITED_TO_OTHERS = "the run is limited to {}s that are not here"
"""The reason of a result if all subjects of this kind were left out."""
PROFILES = ("baseline", "cis")
"""The selections that a target has a score for."""
JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.ATTESTED)
"""The verdicts of judged subjects."""


def _schema(**rules: Any) -> Meta:
    """Return rules for the schema of a text; reading does not check them."""
    return Meta(extra_json_schema=rules)


def _nothing() -> tuple[Any, ...]:
    """Return a default that is always written, unlike others."""
    return ()


Time = Annotated[str, _schema(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Day = Annotated[str, _schema(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Severity = Annotated[str, _schema(enum=SEVERITIES)]
State = Annotated[str, _schema(enum=STATES)]
ControlId = Annotated[str, _schema(pattern="^[a-z0-9_]+$")]


class Place(Struct, frozen=True):
    """Where a Compose file sets something: a part of one line, counted from 1, up to the column before *end*."""

    file: str
    line: int
    column: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Finding(Struct, frozen=True, omit_defaults=True):
    """The verdict on one subject.

    Attributes:
        kind: what the subject is: `container`, `daemon`, `target`, ...
        subject: the name as users type it, such as a container, a path or the target.
        reason: what was found, as the rest of a sentence.
        accepted_by: the `place` of the waiver or attestation that decided the verdict, if any.
        places: of what was judged, in Compose files; the reason ends with their lines.
    """

    kind: str
    subject: str
    verdict: Verdict
    reason: str = field(default_factory=str)
    accepted_by: str = ""
    places: tuple[Place, ...] = ()

    @property
    def bare_reason(self) -> str:
        """The reason without the lines at its end."""
        return self.reason.removesuffix(f" ({', '.join(dict.fromkeys(map(str, self.places)))})")


class Waiver(Struct, frozen=True):
    """A failure that is accepted until a day, and its effect in this audit.

    Attributes:
        control: the id or benchmark number as written; empty for a waiver of a *cause*.
        targets: shell patterns of names, as are *subjects*; empty for all.
        last_day: the last UTC day, as 2027-01-31; empty if it has no end.
        approved_on: a day; empty if unknown, as are *ticket*, *approved_by* and *risk*.
        place: file and line.
        state: `in force`, `expired`, `not needed` (nothing of it fails), `matches nothing`, `not yet in force`, or `not
            judged` if a control, target or subject of it was left out or is in error.
        findings: how many findings it turned into *waived*.
        cause: the reason of findings of any control, or a pattern of it; empty for a waiver of a *control*.
    """

    control: str
    reason: str
    targets: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    last_day: Day = ""
    ticket: str = ""
    approved_by: str = ""
    approved_on: Day = ""
    risk: str = ""
    place: str = ""
    state: State = ""
    findings: int = 0
    cause: str = ""


class Attestation(Struct, frozen=True):
    """A recorded manual check of a control that evidence of a host cannot decide.

    Attributes:
        status: `passed` or `failed`.
        date: the day of the check.
        last_day: the last UTC day on which it counts.
        evidence: links to the evidence.
        place: file and line.
        state: as of a `Waiver`; `not needed` if the control is not *manual*.
        findings: how many findings it decided.
    """

    control: str
    statement: str
    person: str
    date: Day
    last_day: Day
    status: str = "passed"
    targets: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    place: str = ""
    state: State = ""
    findings: int = 0


class Control(Struct, frozen=True, omit_defaults=True):
    """A control, from its markers and docstring.

    Attributes:
        id: the name of its test function without `test_`; stable, benchmark numbers are mappings.
        frameworks: ids by marker name; those of nist with their publication, as `800-53:AC-6`.
        severity_reason: why it has this severity; empty without a severity marker.
    """

    id: ControlId
    title: str
    severity: Severity
    rationale: str
    remedy: str
    frameworks: Mapping[str, tuple[str, ...]]
    cis_level: Literal[1, 2] | None = None
    severity_reason: str = ""

    @property
    def ids(self) -> list[str]:
        """The ids of all frameworks, each after the name of its marker, as `cis:5.5`."""
        return [f"{name}:{each}" for name, ids in self.frameworks.items() for each in ids]


class SwitchedOff(Struct, frozen=True):
    """A control that the inventory switches off on a target.

    Attributes:
        by: file and line.
        otherwise: the verdict without that.
    """

    by: str
    reason: str
    otherwise: Verdict


class Result(Struct, frozen=True, omit_defaults=True):
    """The verdict of one control on one target, with the finding of each subject.

    Attributes:
        findings: one for each judged subject, also for those that pass.
        evidence: the probes whose answers were read, by their names in the recording.
        severity: the one on this target, if the inventory changes it.
        switched_off: where the inventory does so; the verdict is then not applicable.
    """

    control: str
    target: str
    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...]
    evidence: tuple[str, ...] = field(default_factory=_nothing)
    severity: Severity = ""
    switched_off: SwitchedOff | None = None

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """The findings, or one for the whole target if there are none."""
        return self.findings or (Finding("target", self.target, self.verdict, self.reason),)


class Score(Struct, frozen=True):
    """The share of a profile that a target passes; *manual* and *not applicable* do not count.

    Attributes:
        passed: the number of controls that passed or are attested.
        judged: the number of these, and of failures, waived ones and errors.
    """

    passed: int
    judged: int

    @property
    def percent(self) -> int:
        """The percentage, rounded down: 100 is all."""
        return 100 * self.passed // self.judged


class AuditedTarget(Struct, frozen=True, omit_defaults=True):
    """A target in results; unknown values are empty, or `unknown`.

    Attributes:
        connect: the host specification, with a hidden password.
        kind: `host`, `container` or `compose`; `unknown` if it gave no answer.
        engine: the version, or empty if there is no engine, or no answer.
        clock: a note if the clock differs from the auditor's.
        neighbours: what else runs containers there, and is not judged.
        same_engine: other targets with the same engine id: one engine, or a copied machine.
        same_machine: other targets with the same machine id, if the engine ids are unknown.
        groups: its groups of the inventory, in the order in which their policies apply.
        scores: by profile (`baseline`, `cis`), if all of its controls were selected.
    """

    name: str
    connect: str
    kind: Annotated[str, _schema(enum=("host", "container", "compose", "unknown"))]
    engine: str
    os: str
    clock: str = ""
    neighbours: tuple[str, ...] = ()
    same_engine: tuple[str, ...] = ()
    same_machine: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    scores: Mapping[str, Score] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the clock, and on what else runs containers."""
        others = f"not judged: {'; '.join(self.neighbours)}" if self.neighbours else ""
        return tuple(filter(None, (self.clock, others)))


class User(Struct, frozen=True):
    """The user who ran an audit, as the machine reports it; `name` is empty if the number has none."""

    name: str
    uid: int

    def __str__(self) -> str:
        return self.name or f"the user with the number {self.uid}"


class Run(Struct, frozen=True, omit_defaults=True):
    """An audit run: when, how, where and by whom; times in RFC 3339, UTC.

    Attributes:
        id: the name of its folder.
        version: the version of hullcheck.
        arguments: the arguments of pytest.
        exit_status: the exit status of pytest, by the verdicts.
        user: who ran it, if known.
        machine: the name of the machine that audited.
        releases: the release table: its `day` and `sha256`.
        limits: patterns of names by kind (`container`, `image`, `label`) if only those subjects were judged.
        shard: the audited part of the targets, as `3/20`, if not all.
        inventory: the path of its file in the project, or only its name if it is elsewhere.
    """

    id: str
    started: Time
    finished: Time
    version: str = field(name="hullcheck")
    arguments: tuple[str, ...]
    exit_status: int
    user: User | None = None
    machine: str = ""
    releases: Mapping[str, str] = {}
    limits: Mapping[str, tuple[str, ...]] = {}
    shard: str = ""
    inventory: str = ""


class Gate(Struct, frozen=True):
    """A condition on the whole run, which decides its exit status.

    Attributes:
        option: the option that sets it, as `--fail-on`.
        asked: its value as written.
        broken: a line for each finding, target or number that breaks it; empty if it holds.
    """

    option: str
    asked: str
    broken: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """A finding that fails in only one of two runs.

    Attributes:
        kind: of the subject, as in a `Finding`.
        reason: why it fails, or failed then.
    """

    control: str
    target: str
    kind: str
    subject: str
    reason: str


class Moment(Struct, frozen=True):
    """The numbers of one run.

    Attributes:
        run: its id.
        finished: when it ended, in RFC 3339 and UTC.
        failed: the number of failed findings by severity, without zeros.
        errors: the number of results (a control on a target) in error.
    """

    run: str
    finished: Time
    failed: Mapping[str, int] = {}
    errors: int = 0

    @property
    def total(self) -> int:
        return sum(self.failed.values())


class Changes(Struct, frozen=True, omit_defaults=True):
    """The failed findings of two runs, compared as far as both runs judged them.

    Attributes:
        run: the id of the earlier run.
        finished: when that ended, in RFC 3339 and UTC.
        compared: the number of results (a control on a target) that both runs judged.
        new: what fails only now.
        gone: what failed only then: it passes now, or no longer exists.
        still: the number of findings that fail in both.
        before: the numbers of earlier runs, as far as known, the oldest first.
    """

    run: str
    finished: Time
    compared: int
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    still: int
    before: tuple[Moment, ...] = ()


class Requirement(Struct, frozen=True):
    """One requirement of a framework and the verdict over all its controls and targets.

    Attributes:
        id: the id, with the edition if the framework has several, as `800-53:AC-6`.
        verdict: the worst one, `not covered` without a control, or `incomplete` if controls that could change it were
            not judged on every target.
        controls: all that are mapped to it, selected or not.
        deciding: those of them that have this verdict.
        left_out: those of them that were not judged on every target.
    """

    id: str
    title: str
    verdict: Annotated[str, _schema(enum=(*Verdict, NOT_COVERED, INCOMPLETE))]
    controls: tuple[ControlId, ...]
    deciding: tuple[ControlId, ...]
    left_out: tuple[ControlId, ...]

    @property
    def assessment(self) -> str:
        return ASSESSMENTS.get(self.verdict, NOT_ASSESSED)


class Rollup(Struct, frozen=True):
    """The requirements of one framework, in the order of `markers.ini`.

    Attributes:
        framework: the name of its marker.
        name: title and version.
        relation: controls support (`supports`) or judge (`judges`) a requirement.
        note: a note for readers, or empty.
    """

    framework: str
    name: str
    relation: Annotated[str, _schema(enum=("supports", "judges"))]
    note: str
    requirements: tuple[Requirement, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """Count the requirements by assessment."""
        found = Counter(each.assessment for each in self.requirements)
        return {word: found[word] for word in (CONTRADICTED, SUPPORTED, NOT_ASSESSED) if found[word]}


class Audit(Struct, frozen=True, omit_defaults=True, dict=True, tag_field="schema", tag=SCHEMA):
    """One run with its results.

    Attributes:
        targets: by their names, in the order given.
        controls: by their ids, in the order of their numbers.
        results: one for each control and target.
        requirements: the results by requirement, one item for each framework of markers.ini and each edition.
        waivers: all waivers of the inventory with their effect, as are *attestations*.
        since: what changed since an earlier run of the same targets, if there was one.
        gates: the gates of the run, and what breaks them.
    """

    run: Run
    targets: tuple[AuditedTarget, ...]
    controls: tuple[Control, ...]
    results: tuple[Result, ...]
    requirements: tuple[Rollup, ...] = field(default_factory=_nothing)
    waivers: tuple[Waiver, ...] = field(default_factory=_nothing)
    attestations: tuple[Attestation, ...] = field(default_factory=_nothing)
    since: Changes | None = None
    gates: tuple[Gate, ...] = ()

    @cached_property
    def known(self) -> Mapping[str, Control]:
        return {each.id: each for each in self.controls}

    @cached_property
    def by_target(self) -> Mapping[str, list[Result]]:
        found: dict[str, list[Result]] = {each.name: [] for each in self.targets}
        for each in self.results:
            found[each.target].append(each)
        return found

    def severity(self, result: Result) -> str:
        """Return the severity of this control on this target."""
        return result.severity or self.known[result.control].severity

    @property
    def same(self) -> list[tuple[str, tuple[str, ...]]]:
        """The targets that may be the same: `engine` or `machine`, whose id they share, and their names."""
        found: dict[tuple[str, frozenset[str]], tuple[str, tuple[str, ...]]] = {}
        for each in self.targets:
            for what, others in (("engine", each.same_engine), ("machine", each.same_machine)):
                if others:
                    found.setdefault((what, frozenset((each.name, *others))), (what, (each.name, *others)))
        return list(found.values())

    @property
    def of_files(self) -> bool:
        """Whether all targets are Compose files."""
        return all(each.connect.startswith("compose://") for each in self.targets)

    @property
    def nothing_judged(self) -> bool:
        """Whether there are results, but none that judges a target."""
        return bool(self.results) and not any(each.verdict in JUDGED for each in self.results)

    @property
    def unjudged(self) -> tuple[str, ...]:
        """The targets without any judged control; waived and attested controls count as judged."""
        judged = {each.target for each in self.results if each.verdict in JUDGED}
        return tuple(dict.fromkeys(each.target for each in self.results if each.target not in judged))


def grouped(items: Iterable[Each], key: Callable[[Each], Key]) -> dict[Key, list[Each]]:
    """Return *items* by their *key*, in the order of the first of each."""
    return answer_lines.grouped((key(each), each) for each in items)


def finding_id(control: str, target: str, found: Finding | Change) -> str:
    """Return the stable id of a finding: 32 hexadecimal digits of a hash of its names.

    The id does not depend on verdict or reason: a finding that is fixed and comes back has the same id.
    """
    names = (control, target, found.kind, found.subject)
    # with lengths, so that no name can run into the next one
    text = "".join(f"{len(name)}:{name}" for name in names)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
