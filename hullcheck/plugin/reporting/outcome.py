"""Collects results as they come in, and makes the audit of them."""

import os
import platform
import pwd
import time
from datetime import UTC, datetime

from msgspec.structs import replace

from hullcheck import __version__
from hullcheck.criteria.neighbours import shown
from hullcheck.facts import Facts
from hullcheck.facts.engine.identity import Identity, same_engine, same_machine
from hullcheck.frameworks import rollup
from hullcheck.inventory import Target, acceptance
from hullcheck.inventory.acceptance import AuditContext
from hullcheck.inventory.specs import plain, plain_arguments
from hullcheck.messages import printable
from hullcheck.plugin import options
from hullcheck.plugin.items import Carried
from hullcheck.plugin.session import FRAMEWORKS, AuditSession
from hullcheck.results import Attestation, Audit, AuditedTarget, Control, Result, Run, User, Waiver
from hullcheck.verdicts import EvidenceError, NotApplicable

_LEFT_OUT = {
    "container": "containers other than",
    "label": "containers without the label",
    "image": "images other than",
}


class Outcome:
    """The results of the main process."""

    def __init__(self, session: AuditSession) -> None:
        """Begin with no result of this *session*."""
        self.session = session
        self.results: dict[tuple[str, str], Result] = {}
        self.controls: dict[str, Control] = {}

    def take_in(self, carried: Carried) -> None:
        """Take in what the report of one test carries."""
        result = carried.result
        self.controls.setdefault(result.control, carried.control)
        self.results[result.control, result.target] = result

    def audit(self) -> Audit:
        """All results of this run, in a fixed order: targets as given, controls by number and name."""
        order = {target.name: index for index, target in enumerate(self.session.targets)}
        controls = tuple(sorted(self.controls.values(), key=_control_key))
        rank = {control.id: index for index, control in enumerate(controls)}
        results = sorted(self.results.values(), key=lambda each: (order[each.target], rank[each.control]))
        run = Run(
            id=self.session.folder.name,
            started=_rfc3339(self.session.started),
            finished=_rfc3339(time.time()),
            version=__version__,
            arguments=plain_arguments(self.session.arguments),
            exit_status=-1,  # it follows from what was found
            user=_user(),
            machine=platform.node(),
            releases=self.session.releases.named,
            limits=self.session.limits,
            shard=str(self.session.shard or ""),
            inventory=_seen_from_project(self.session),
        )
        requirements = rollup.roll_up(
            self.session.config.stash[FRAMEWORKS].all,
            self.session.ids_by_control,
            results,
            order.keys(),
            narrowed=options.narrowed(self.session.config) or bool(self.session.limits),
        )
        return Audit(run, self._targets(), controls, tuple(results), requirements, *self._accepting(results))

    def _accepting(self, results: list[Result]) -> tuple[tuple[Waiver, ...], tuple[Attestation, ...]]:
        """All waivers and attestations, with what they did."""
        session = self.session
        gathered = {each.name: session.recording_of(each).times for each in session.targets}
        known = [each.name for each in session.inventory.targets]
        context = AuditContext(
            results,
            session.ids_by_control,
            gathered,
            known,
            options.narrowed(session.config),
            session.limits,
        )
        return session.acceptance.outcomes(context)

    def is_never_green(self, audit: Audit) -> bool:
        """Whether nothing was judged on a target, or the gate asks for waivers and attestations that need no review."""
        states = {each.state for told in (audit.waivers, audit.attestations) for each in told}
        stale = self.session.strict_waivers and not states.isdisjoint(acceptance.STALE)
        return bool(audit.unjudged) or stale

    def _targets(self) -> tuple[AuditedTarget, ...]:
        """All targets, and which of the hosts among them may be one and the same."""
        audited = [self._audited(each) for each in self.session.targets]
        hosts = {each.name for each in audited if each.kind == "host"}
        identities = {
            each.name: Identity.of(self.session.recording_of(each))
            for each in self.session.targets
            if each.name in hosts
        }
        engines, machines = same_engine(identities), same_machine(identities)
        return tuple(
            replace(each, same_engine=engines.get(each.name, ()), same_machine=machines.get(each.name, ()))
            for each in audited
        )

    def _audited(self, target: Target) -> AuditedTarget:
        known = self.session.facts_of(target)
        kind = "unknown" if known.recording.failure else known.kind
        engine, system = printable(known.engine_version), printable(known.os_name)
        return AuditedTarget(
            target.name,
            plain(target.connect),
            kind,
            engine,
            system,
            clock=known.recording.clock_note,
            neighbours=self._unjudged(known),
            groups=tuple(map(printable, self.session.inventory.groups_of(target))),
        )

    def _unjudged(self, known: Facts) -> tuple[str, ...]:
        """What there may be on a target of which nothing is judged."""
        limits = (f"{_LEFT_OUT[kind]} {', '.join(each)}" for kind, each in self.session.limits.items())
        return (*limits, *_neighbours(known))


def _neighbours(known: Facts) -> tuple[str, ...]:
    """What else runs containers on a host; nothing where there is no Docker, and so nothing that is judged."""
    try:
        found = known.neighbours if known.kind == "host" else ()
    except (EvidenceError, NotApplicable):
        return ()
    return tuple(printable(shown(each)) for each in found)


def _seen_from_project(session: AuditSession) -> str:
    """The file of the inventory; of one that lies elsewhere the name alone, for a path tells of the machine."""
    known = session.inventory
    if known.document is None and not known.is_of_ansible:
        return ""
    path, project = known.path.resolve(), options.project(session.config).resolve()
    return printable(path.relative_to(project).as_posix() if path.is_relative_to(project) else path.name)


def _control_key(control: Control) -> tuple[tuple[int, ...], str]:
    """By the first CIS number, as numbers; controls without one come last."""
    numbers = control.frameworks.get("cis", ())
    return tuple(map(int, numbers[0].split("."))) if numbers else (999,), control.id


def _user() -> User:
    number = os.getuid()
    try:
        return User(pwd.getpwuid(number).pw_name, number)
    except KeyError:  # a container may run as a number that has no name
        return User("", number)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
