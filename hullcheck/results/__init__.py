"""The results of an audit: frozen values, one per control and target, that every writer reads.

They are the document of results.json, too: its keys, their types and what they mean (docs/results.schema.json).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, field

from hullcheck.parsing import answer_lines
from hullcheck.verdicts import Verdict

SCHEMA = "hullcheck/results/1"
SEVERITIES = ("critical", "high", "medium", "low")
"""How bad it is where a control fails, the worst first."""
STATES = ("in force", "expired", "not yet in force", "not needed", "matches nothing", "not judged")
"""What becomes of waivers and attestations."""
STALE = STATES[1:-1]
"""The states in which an entry does not do what somebody wrote it for: it needs review."""
NOT_COVERED, INCOMPLETE = "not covered", "incomplete"
"""What the verdict of a `Requirement` may be besides those of controls."""
CONTRADICTED, SUPPORTED, NOT_ASSESSED = "contradicted", "supported", "not assessed"
ASSESSMENTS: Mapping[str, str] = {
    **dict.fromkeys((Verdict.FAIL, Verdict.WAIVED), CONTRADICTED),
    **dict.fromkeys((Verdict.PASS, Verdict.ATTESTED), SUPPORTED),
}
"""What an audit says of a requirement with this verdict; with any other one it is not assessed."""
LIMITED_TO_OTHERS = "the run is limited to {}s that are not here"
"""The reason of a result where subjects of this kind are there, and all of them were left out."""
PROFILES = ("baseline", "cis")
"""The selections that a target has a score for."""
JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.ATTESTED)
"""The verdicts that say something of a subject."""


_T = TypeVar("_T")
_K = TypeVar("_K")


def _schema(**rules: Any) -> Meta:
    """Return what the schema says of a text; reading does not check it."""
    return Meta(extra_json_schema=rules)


def _nothing() -> tuple[Any, ...]:
    """Return a default that is written, which no other is."""
    return ()


Time = Annotated[str, _schema(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Day = Annotated[str, _schema(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Severity = Annotated[str, _schema(enum=SEVERITIES)]
State = Annotated[str, _schema(enum=STATES)]
ControlId = Annotated[str, _schema(pattern="^[a-z0-9_]+$")]


class Finding(Struct, frozen=True, omit_defaults=True):
    """The verdict on one subject.

    Attributes:
        kind: what the subject is: `container`, `daemon`, `target`, ...
        subject: its name as a person would type it: of a container, the path of a file, the name of the target.
        reason: why; what was found instead of what was demanded, or a note beside a pass.
        accepted_by: the `place` of the waiver or attestation that decided the verdict, if one did.
    """

    kind: str
    subject: str
    verdict: Verdict
    reason: str = field(default_factory=str)
    accepted_by: str = ""


class Waiver(Struct, frozen=True):
    """A failure that the site accepts, until a day, and what it did in this audit.

    Attributes:
        control: its id or its number in a benchmark, as written; empty for a waiver of a *cause*.
        targets: patterns of names, as of files in a shell; empty for all. So are *subjects*.
        last_day: the last UTC day on which it holds, as 2027-01-31; empty where it has no end.
        approved_on: a day; empty where that is not said, as are *ticket*, *approved_by* and *risk*.
        place: file and line.
        state: `in force`, `expired`, `not needed` (what it speaks of does not fail), `matches nothing`, `not yet in
            force`, or `not judged` where this audit cannot tell: a control, target or subject of it was left out, or
            is in error.
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
    """What a person has looked at and says of a control that no evidence of a host can decide.

    Attributes:
        status: `passed` or `failed`.
        date: the day on which the person looked.
        last_day: the last UTC day on which that is still worth something.
        evidence: links to what the person saw.
        place: file and line.
        state: as of a `Waiver`; `not needed` where the control is not *manual* by itself.
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
    """What a control's markers and docstring say.

    Attributes:
        id: the name of its test function without `test_`; stable, benchmark numbers are mappings.
        frameworks: ids by marker name; those of nist with their publication, as `800-53:AC-6`.
        severity_reason: why it has this severity; empty for a control without a severity of its own.
    """

    id: ControlId
    title: str
    severity: Severity
    rationale: str
    remedy: str
    frameworks: Mapping[str, tuple[str, ...]]
    cis_level: Literal[1, 2] | None = None
    severity_reason: str = ""


class SwitchedOff(Struct, frozen=True):
    """A control that the inventory switches off on a target.

    Attributes:
        by: file and line.
        otherwise: what the verdict would be without that.
    """

    by: str
    reason: str
    otherwise: Verdict


class Result(Struct, frozen=True, omit_defaults=True):
    """The verdict of one control on one target, with the finding of each subject.

    Attributes:
        findings: one for each subject that was judged, those that pass too.
        evidence: the probes whose answers were read, by their names in the recording.
        severity: the one on this target, if the inventory changes it.
        switched_off: by what, if the inventory does that; the verdict is then not applicable.
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
    def told(self) -> tuple[Finding, ...]:
        """Its findings; where it has none, what it says of the target as a whole."""
        return self.findings or (Finding("target", self.target, self.verdict, self.reason),)


class Score(Struct, frozen=True):
    """How much of a profile a target passes; what needs a manual check or does not apply counts neither way.

    Attributes:
        passed: how many controls passed, by themselves or by an attestation.
        judged: these, those that failed, also where that is waived, and those that could not be judged.
    """

    passed: int
    judged: int

    @property
    def percent(self) -> int:
        """Rounded down: 100 is all."""
        return 100 * self.passed // self.judged


class AuditedTarget(Struct, frozen=True, omit_defaults=True):
    """A target as results name it: `connect` without a password, what is not known is empty, or `unknown`.

    Attributes:
        connect: the host specification, a password hidden.
        kind: `host`, `container` or `compose`; `unknown` where it gave no answer.
        engine: its version; empty where there is none, or it did not answer.
        clock: what has to be known of its clock, if that does not agree with the auditor's.
        neighbours: what else runs containers there, of which nothing is judged.
        same_engine: the other targets whose engine has the same id: it is one engine, or a machine was copied.
        same_machine: those with the same machine id, where the ids of both engines are not known.
        groups: those of the inventory that it is in, in the order in which their policies are laid over each other.
        scores: by profile (`baseline`, `cis`), where all of its controls were selected.
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
        """What has to be known of its clock, and of what else runs containers."""
        others = f"not judged: {'; '.join(self.neighbours)}" if self.neighbours else ""
        return tuple(filter(None, (self.clock, others)))


class User(Struct, frozen=True):
    """Who ran an audit, by the machine's own word; `name` is empty where the number has none."""

    name: str
    uid: int

    def __str__(self) -> str:
        return self.name or f"the user with the number {self.uid}"


class Run(Struct, frozen=True, omit_defaults=True):
    """When and how an audit ran, and who ran it where; times in RFC 3339, UTC.

    Attributes:
        id: the name of its folder.
        version: that of hullcheck.
        arguments: what pytest was called with.
        exit_status: by the verdicts, as pytest means it.
        user: who ran it, if the machine says so.
        machine: the name of the machine that audited.
        releases: what was known of releases: the `day` of the file, and its `sha256`.
        limits: patterns of names by kind (`container`, `image`, `label`) if only those subjects were judged.
        shard: which part of the targets was audited, as `3/20`, if not all were.
        inventory: its file as seen from the project, or its name alone where it lies elsewhere.
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
    """A demand on the run as a whole, which decides its exit status.

    Attributes:
        option: the one that asks for it, as `--fail-on`.
        asked: its value as written.
        broken: a line for each finding, target or number that breaks it; empty where it holds.
    """

    option: str
    asked: str
    broken: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """A finding that fails in one of two runs alone.

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
    """What one run found, in numbers.

    Attributes:
        run: its id.
        finished: when it ended, in RFC 3339 and UTC.
        failed: how many findings failed, by severity; those with none are not there.
        errors: how many results (a control on a target) could not be judged.
    """

    run: str
    finished: Time
    failed: Mapping[str, int] = {}
    errors: int = 0

    @property
    def total(self) -> int:
        return sum(self.failed.values())


class Changes(Struct, frozen=True, omit_defaults=True):
    """The failed findings of a run beside those of an earlier one; only what both runs judged is compared.

    Attributes:
        run: the id of the earlier run, which is the name of its folder.
        finished: when that ended, in RFC 3339 and UTC.
        compared: how many results (a control on a target) both runs judged.
        new: what fails now and did not fail then, whether it was there then or not.
        gone: what failed then and does not fail now: it passes, or is no longer there.
        still: how many findings fail in both.
        before: the numbers of the runs up to the earlier one, as far as they are known, the oldest first.
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
        id: as controls name it: with the edition where the framework has several, as `800-53:AC-6`.
        verdict: the worst one, or `not covered` where no control speaks for it, or `incomplete` where some were
            not judged on every target, and nothing is worse than what they could still change.
        controls: all that speak for it, those that were not selected too.
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
        relation: what a control is to a requirement: `supports` a part of it, or `judges` the whole of it.
        note: what a reader has to know; may be empty.
    """

    framework: str
    name: str
    relation: Annotated[str, _schema(enum=("supports", "judges"))]
    note: str
    requirements: tuple[Requirement, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requirements have each assessment."""
        found = Counter(each.assessment for each in self.requirements)
        return {word: found[word] for word in (CONTRADICTED, SUPPORTED, NOT_ASSESSED) if found[word]}


class Audit(Struct, frozen=True, omit_defaults=True, dict=True, tag_field="schema", tag=SCHEMA):
    """One run with all that it found.

    Attributes:
        targets: by their names, in the order given.
        controls: by their ids, in the order of their numbers.
        results: one for each control and target.
        requirements: the results by requirement, one item for each framework of markers.ini and each edition.
        waivers: all of the inventory, and what each did; so are *attestations*.
        since: what changed since an earlier run of the same targets, if there was one.
        gates: those that the run was given, and what breaks them.
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
        """Return how bad it is that this control fails on this target."""
        return result.severity or self.known[result.control].severity

    @property
    def same(self) -> list[tuple[str, tuple[str, ...]]]:
        """The targets that may be one and the same: `engine` or `machine`, whose id they share, and their names."""
        found: dict[tuple[str, frozenset[str]], tuple[str, tuple[str, ...]]] = {}
        for each in self.targets:
            for what, others in (("engine", each.same_engine), ("machine", each.same_machine)):
                if others:
                    found.setdefault((what, frozenset((each.name, *others))), (what, (each.name, *others)))
        return list(found.values())

    @property
    def nothing_judged(self) -> bool:
        """Whether there are results, but none that says anything of a target's hardening."""
        return bool(self.results) and not any(each.verdict in JUDGED for each in self.results)

    @property
    def unjudged(self) -> tuple[str, ...]:
        """The targets on which no control passed or failed; what is waived or attested was judged."""
        judged = {each.target for each in self.results if each.verdict in JUDGED}
        return tuple(dict.fromkeys(each.target for each in self.results if each.target not in judged))


def grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    """Return *items* by their *key*, in the order of the first of each."""
    return answer_lines.grouped((key(each), each) for each in items)


def finding_id(control: str, target: str, found: Finding | Change) -> str:
    """Return the stable id of what a control found of a subject: 32 hexadecimal digits, of the names alone.

    It does not follow the verdict or the reason: a finding that is fixed and comes back has the id that it had.
    """
    names = (control, target, found.kind, found.subject)
    # JSON would do as well: what counts is that no name can run into the next one
    text = "".join(f"{len(name)}:{name}" for name in names)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
