"""What a run found: the result of each test as it comes in, and the audit of all of them."""

import os
import platform
import pwd
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from hullcheck import __version__
from hullcheck.controls.catalog import natural
from hullcheck.criteria.judgement import shown_neighbour
from hullcheck.facts import Facts
from hullcheck.facts.engine.identity import Identity, same_engine, same_machine
from hullcheck.frameworks import rollup
from hullcheck.gates import Gates, earlier_run, held, parse_conditions
from hullcheck.inventory import Target
from hullcheck.inventory.acceptance import AuditContext, waived_words
from hullcheck.inventory.specs import plain, plain_arguments
from hullcheck.messages import WrongUse, printable
from hullcheck.plugin import options
from hullcheck.plugin.session import FRAMEWORKS, AuditSession
from hullcheck.results import Audit, AuditedTarget, Changes, Control, Result, Run, User
from hullcheck.results.history import compare, since_last_run
from hullcheck.verdicts import EvidenceError, NotApplicable

_LEFT_OUT = {
    "container": "containers other than",
    "label": "containers without the label",
    "image": "images other than",
}


class Carried(Struct, frozen=True):
    """What the report of a control carries, maybe out of another process."""

    control: Control
    result: Result
    case: str  # its test case in junit.xml
    described: AuditedTarget | None = None  # the target, in the first report of a target from another process
    whole: bool = False  # whether this is the only report of the test


def properties_of(control: Control, result: Result, audit: AuditSession) -> list[tuple[str, str]]:
    """Return the properties of a test case of JUnit."""
    found = [
        ("control", control.id),
        ("target", result.target),
        ("verdict", str(result.verdict)),
        ("severity", result.severity or control.severity),
        ("frameworks", " ".join(control.ids)),
    ]
    waivers, attestations = audit.acceptance.of(result)
    waived = [f"{each.place}: {waived_words(each)}: {each.reason}" for each in waivers]
    attested = [f"{each.person} on {each.date}: {each.statement}" for each in attestations]
    words = (("waiver", waived), ("attested", attested))
    return found + [(name, printable("; ".join(texts))) for name, texts in words if texts]


def describe(audit: AuditSession, target: Target) -> AuditedTarget:
    """Return the entry of *target* in the results."""
    known = audit.facts_of(target)
    limits = (f"{_LEFT_OUT[kind]} {', '.join(each)}" for kind, each in audit.limits.items())
    return AuditedTarget(
        target.name,
        plain(target.connect),
        "unknown" if known.recording.failure else known.kind,
        printable(known.engine_version),
        printable(known.os_name),
        clock=known.recording.clock_note,
        neighbours=(*limits, *_neighbours(known)),
        groups=tuple(map(printable, audit.inventory.groups_of(target))),
    )


def _neighbours(known: Facts) -> tuple[str, ...]:
    """Return what else runs containers on a host; nothing if there is no Docker, and so nothing that is judged."""
    try:
        found = known.neighbours if known.kind == "host" else ()
    except (EvidenceError, NotApplicable):
        return ()
    return tuple(printable(shown_neighbour(each)) for each in found)


class Outcome:
    """The results of the main process."""

    def __init__(self, session: AuditSession) -> None:
        self.session = session
        self.results: dict[str, dict[str, Result]] = {each.name: {} for each in session.targets}
        self.controls: dict[str, Control] = {}
        self.described: dict[str, AuditedTarget] = {}
        self._same: dict[Any, Any] = {}  # hosts of a fleet have many findings in common

    def take_in(self, carried: Carried) -> None:
        result = carried.result
        self.controls.setdefault(result.control, carried.control)
        findings = tuple(self._same.setdefault(each, each) for each in result.findings)
        evidence = self._same.setdefault(result.evidence, result.evidence)
        slim = replace(result, reason=sys.intern(result.reason), findings=findings, evidence=evidence)
        self.results[result.target][result.control] = slim
        if carried.described:
            self.described[result.target] = carried.described
        self._describe(result.target)

    def _describe(self, name: str) -> AuditedTarget:
        if name not in self.described:
            target = next(each for each in self.session.targets if each.name == name)
            self.described[name] = describe(self.session, target)
        return self.described[name]

    def audit(self) -> Audit:
        """Return all results of this run, in a fixed order: targets as given, controls by number and name."""
        session = self.session
        narrowed = options.narrowed(session.config) or bool(session.limits)
        found = sorted(self.controls.values(), key=lambda each: each.id)
        controls = tuple(sorted(found, key=lambda each: natural(each.frameworks.get("cis", ("none",))[0])))
        results = [found[control.id] for found in self.results.values() for control in controls if control.id in found]
        run = Run(
            id=session.folder.name,
            started=_rfc3339(session.started),
            finished=_rfc3339(time.time()),
            version=__version__,
            arguments=plain_arguments(session.arguments),
            exit_status=-1,  # it follows from what was found
            user=_user(),
            machine=platform.node(),
            releases=session.releases.named,
            limits=session.limits,
            shard=session.shard,
            inventory=_seen_from_project(session),
        )
        requirements = rollup.roll_up(
            session.config.stash[FRAMEWORKS].all,
            session.ids_by_control,
            results,
            self.results.keys(),
            narrowed=narrowed,
        )
        context = AuditContext(
            results,
            session.ids_by_control,
            {each.name: session.recording_of(each).times for each in session.targets},
            [each.name for each in session.inventory.targets],
            options.narrowed(session.config),
            session.limits,
        )
        accepting = session.acceptance.outcomes(context)
        targets = self._targets(scored=not narrowed)
        return Audit(run, targets, controls, tuple(results), requirements, *accepting)

    def _targets(self, *, scored: bool) -> tuple[AuditedTarget, ...]:
        """Return all targets with their scores, and which of the hosts among them may be one and the same."""
        targets = self.session.targets
        audited = [self._describe(each.name) for each in targets]
        identities = {
            each.name: Identity.of(self.session.recording_of(target))
            for each, target in zip(audited, targets, strict=True)
            if each.kind == "host"
        }
        engines, machines = same_engine(identities), same_machine(identities)
        return tuple(
            replace(
                each,
                same_engine=engines.get(each.name, ()),
                same_machine=machines.get(each.name, ()),
                scores=rollup.scores(self.session.ids_by_control, self.results[each.name]) if scored else {},
            )
            for each in audited
        )


def _seen_from_project(session: AuditSession) -> str:
    """Return the path of the inventory, or its name alone if it is outside of the project."""
    known = session.inventory
    if known.document is None and not known.is_of_ansible:
        return ""
    path, project = known.path.resolve(), options.project(session.config).resolve()
    return printable(path.relative_to(project).as_posix() if path.is_relative_to(project) else path.name)


def _user() -> User:
    number = os.getuid()
    try:
        return User(pwd.getpwuid(number).pw_name, number)
    except KeyError:  # a container may run as a number that has no name
        return User("", number)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def gates(config: pytest.Config, limits: dict[str, tuple[str, ...]]) -> Gates:
    """Return the gates that this run was given."""
    fail_on, least = options.option(config, "fail_on"), options.option(config, "min_judged")
    path = options.path(config, "since")
    with options.wrong_use(WrongUse):
        wanted = parse_conditions(fail_on)
        baseline = earlier_run(path, limits) if path else None
    if any(each.new for each in wanted) and baseline is None:
        raise pytest.UsageError("--fail-on new: new since when? Name the run by --since=reports/RUN")
    try:
        percent = float(least or 0)
    except ValueError:
        percent = -1
    if least and not 0 < percent <= 100:
        raise pytest.UsageError(f"--min-judged {least}: write a percentage above 0, such as 95")
    return Gates(fail_on=fail_on, conditions=wanted, baseline=baseline, min_judged=percent)


def since(audit: Audit, session: AuditSession, baseline: Audit | None) -> Changes | None:
    """Compare with the *baseline*, or else with the last run of the same targets, if there was one."""
    if baseline is None:
        return since_last_run(audit, session.folder)
    found = compare(baseline, audit)
    return found if found.compared else None


def status(own: int, audit: Audit, *, else_sound: bool) -> int:
    """Return the exit status of a run of which pytest would give *own*: a broken gate is never green.

    If `--fail-on` holds, and all but the controls is sound, controls that fail do not make the run fail.
    """
    if own == 0 and any(each.broken for each in audit.gates):
        return pytest.ExitCode.TESTS_FAILED
    return 0 if own == pytest.ExitCode.TESTS_FAILED and held(audit) and else_sound else own
