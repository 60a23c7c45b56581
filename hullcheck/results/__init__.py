"""The results of an audit: frozen values, one per control and target, that every writer reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hullcheck.results.changes import Changes
from hullcheck.results.requirements import Rollup
from hullcheck.verdicts import Verdict

SEVERITIES = ("critical", "high", "medium", "low")
"""How bad it is where a control fails, the worst first."""
LIMITED_TO_OTHERS = "the run is limited to {}s that are not here"
"""The reason of a result where subjects of this kind are there, and all of them were left out."""
_JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.ATTESTED)


@dataclass(frozen=True)
class Finding:
    """The verdict on one subject.

    Attributes:
        kind: "container", "daemon", "target", ...: what the subject is.
        subject: what a person would type: a container's name, a file's path, the target's name.
        reason: why; what was found instead of what was demanded, or a note beside a pass.
        accepted_by: the `place` of the waiver or attestation that decided the verdict; empty where none did.
    """

    kind: str
    subject: str
    verdict: Verdict
    reason: str = ""
    accepted_by: str = ""


@dataclass(frozen=True)
class Waiver:
    """A failure that the site accepts, until a day, and what it did in this audit.

    Attributes:
        control: its id or its number in a benchmark, as written.
        targets: patterns of names, as of files in a shell; empty for all. So are *subjects*.
        last_day: the last UTC day on which it holds, as 2027-01-31; empty where it has no end.
        approved_on: a day; empty where that is not said, as are *ticket*, *approved_by* and *risk*.
        place: file and line.
        state: `in force`, `expired`, `not needed` (what it speaks of does not fail), `matches nothing`, `not yet in
            force`, or `not judged` where this audit cannot tell: a control, target or subject of it was left out, or
            is in error.
        findings: how many findings it turned into *waived*.
    """

    control: str
    reason: str
    targets: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    last_day: str = ""
    ticket: str = ""
    approved_by: str = ""
    approved_on: str = ""
    risk: str = ""
    place: str = ""
    state: str = ""
    findings: int = 0


@dataclass(frozen=True)
class Attestation:
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
    date: str
    last_day: str
    status: str = "passed"
    targets: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    place: str = ""
    state: str = ""
    findings: int = 0


@dataclass(frozen=True)
class Control:
    """What a control's markers and docstring say.

    Attributes:
        id: the name of its test function without `test_`; stable, benchmark numbers are mappings.
        frameworks: ids by marker name; those of nist with their publication, as `800-53:AC-6`.
    """

    id: str
    title: str
    severity: str
    rationale: str
    remedy: str
    frameworks: Mapping[str, tuple[str, ...]]
    cis_level: int | None = None


@dataclass(frozen=True)
class SwitchedOff:
    """A control that the inventory switches off on a target.

    Attributes:
        by: file and line.
        otherwise: what the verdict would be without that.
    """

    by: str
    reason: str
    otherwise: Verdict


@dataclass(frozen=True)
class Result:
    """The verdict of one control on one target, with the finding of each subject.

    Attributes:
        evidence: the probes whose answers were read.
        severity: how bad it is on this target where the inventory says so; empty for the control's own.
        switched_off: by what, where it is.
    """

    control: str
    target: str
    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...]
    evidence: tuple[str, ...] = ()
    severity: str = ""
    switched_off: SwitchedOff | None = None

    @property
    def told(self) -> tuple[Finding, ...]:
        """Its findings; where it has none, what it says of the target as a whole."""
        return self.findings or (Finding("target", self.target, self.verdict, self.reason),)


@dataclass(frozen=True)
class AuditedTarget:
    """A target as results name it: `connect` without a password, what is not known is empty, or `unknown`.

    Attributes:
        clock: what has to be known of its clock; empty where that agrees with the auditor's.
        neighbours: what else runs containers there, of which nothing is judged.
        same_engine: the other targets whose engine has the same id: it is one engine, or a machine was copied.
        same_machine: those with the same machine id, where the ids of both engines are not known.
        groups: those of the inventory that it is in, in the order in which their policies are laid over each other.
    """

    name: str
    connect: str
    kind: str
    engine: str
    os: str
    clock: str = ""
    neighbours: tuple[str, ...] = ()
    same_engine: tuple[str, ...] = ()
    same_machine: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class User:
    """Who ran an audit, by the machine's own word; `name` is empty where the number has none."""

    name: str
    uid: int

    def __str__(self) -> str:
        """As a person says it."""
        return self.name or f"the user with the number {self.uid}"


@dataclass(frozen=True)
class Run:
    """When and how an audit ran, and who ran it where; times in RFC 3339, UTC.

    Attributes:
        user: None where the machine does not say.
        machine: the name of the machine that audited.
        releases: what was known of releases: the `day` of the file, and its `sha256`; empty as above.
        limits: patterns of names by kind (`container`, `image`) where those subjects alone were judged.
        shard: which part of the targets was audited, as `3/20`; empty where all were.
        inventory: its file as seen from the project, or its name alone where it lies elsewhere; empty without one.
    """

    id: str
    started: str
    finished: str
    version: str
    arguments: tuple[str, ...]
    exit_status: int
    user: User | None = None
    machine: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shard: str = ""
    inventory: str = ""


@dataclass(frozen=True)
class Gate:
    """A demand on the run as a whole, which decides its exit status.

    Attributes:
        option: the one that asks for it, as `--fail-on`.
        asked: its value as written.
        broken: a line for each finding, target or number that breaks it; empty where it holds.
    """

    option: str
    asked: str
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audit:
    """One run with all that it found.

    Attributes:
        gates: those that the run was given, and what breaks them.
        since: what changed since an earlier run of the same targets; None where none was found.
    """

    run: Run
    targets: tuple[AuditedTarget, ...]
    controls: tuple[Control, ...]
    results: tuple[Result, ...]
    requirements: tuple[Rollup, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    since: Changes | None = None
    gates: tuple[Gate, ...] = ()

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
        return bool(self.results) and {each.target for each in self.results} == set(self.unjudged)

    @property
    def unjudged(self) -> tuple[str, ...]:
        """The targets with results of which none says anything of their hardening."""
        return unjudged(self.results)


def unjudged(results: Iterable[Result]) -> tuple[str, ...]:
    """The targets in *results* on which no control passed or failed; what is waived or attested was judged."""
    judged: dict[str, bool] = {}
    for each in results:
        judged[each.target] = judged.get(each.target, False) or each.verdict in _JUDGED
    return tuple(name for name, one in judged.items() if not one)
