"""One audit: its targets, their recordings and facts, and what the inventory makes of findings."""

import json
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from hullcheck import private_files
from hullcheck.controls.judge import finding_of
from hullcheck.facts import Facts, registry
from hullcheck.frameworks import Frameworks, rollup, selection
from hullcheck.gather import JOBS, gather
from hullcheck.inventory import Target, acceptance
from hullcheck.inventory.tailoring import Tailoring
from hullcheck.messages import did_you_mean, printable
from hullcheck.plugin import options
from hullcheck.plugin.session.asked import acceptance_of, divided, inventory_of, releases_of, targets_of
from hullcheck.plugin.session.labels import check_labels, labelled
from hullcheck.plugin.unwritten import Unwritten
from hullcheck.recording import FILE_NAME, Recording
from hullcheck.recording.backends import COMPOSE
from hullcheck.recording.probe import Probe
from hullcheck.results import Finding, Result, SwitchedOff, run_files
from hullcheck.verdicts import EvidenceError, NotApplicable

if TYPE_CHECKING:
    from hullcheck.inventory.yamlfile import Way

FRAMEWORKS = pytest.StashKey[Frameworks]()
WRONG_USE = pytest.StashKey[str]()
"""What is wrong with the inventory or the hosts."""


class AuditSession:
    """What the hooks of the plugin share in one process; workers of xdist have one each."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the inventory and the hosts; raise pytest.UsageError where they cannot be used."""
        self.config = config
        self.arguments = tuple(map(str, config.invocation_params.args))
        self.worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
        self.inventory = inventory_of(config)
        self.releases, self.releases_file = releases_of(config)
        self.acceptance = acceptance_of(config, self.inventory)
        self.limits = options.limits(config)
        check_labels(self.limits.get("label", ()))
        options.number(config, "keep")  # a wrong one is said before a host is asked
        self.strict_waivers = options.flag(config, "strict_waivers")
        self.max_age = options.age(config, "max_age")
        every = targets_of(config, self.inventory)
        self.shard, mine = divided(config, every)
        self.all_targets = tuple(each.name for each in every)
        self.targets = tuple(map(self._with_policy, mine))
        self.started = time.time()
        self.ids_by_control: rollup.IdsByControl = {}
        self.listed: Mapping[str, Any] = {}  # by the workers of xdist
        self.gather_seconds = 0.0
        self.recordings: dict[str, Recording] = {}
        self._facts: tuple[str, Facts] | None = None
        self._labelled: dict[str, tuple[str, ...]] = {}
        self._tailoring: dict[str, Mapping[str, Tailoring]] = {}
        self.folder = self._folder()
        self.began = run_files.began(self.folder.name)  # the same in all processes

    def _with_policy(self, target: Target) -> Target:
        """*target* with the paths and secret names of its policy."""
        policy = self.inventory.policy_for(target)
        return replace(target, paths=tuple(policy.paths.items()), secret_names=policy.secret_names)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """All that is asked, the probes of the user's own facts too."""
        return registry.probes()

    def _folder(self) -> Path:
        if self.worker_input is not None:
            return Path(self.worker_input["hullcheck_folder"])
        stamp = datetime.fromtimestamp(self.started, UTC).strftime(run_files.STAMP)
        reports = options.path(self.config, "reports") or options.project(self.config) / "reports"
        return reports / f"{stamp}-{secrets.token_hex(2)}"

    def writable_folder(self) -> Path:
        """The run's folder, where it can be made.

        Raises:
            pytest.UsageError: it cannot.
        """
        self._make_folder()
        return self.folder

    def profile(self, name: str, markers: Collection[str]) -> str:
        """The selection of this name in the inventory; checks all its profiles against *markers*.

        Raises:
            pytest.UsageError: there is none, or one is wrong.
        """
        inventory = self.inventory
        faults: dict[Way, str] = {}
        for each, expression in inventory.profiles.items():
            try:
                selection.check_profile(expression, self.config.stash[FRAMEWORKS], markers)
            except ValueError as error:
                faults["profiles", each] = str(error)
        if name not in inventory.profiles:
            hint = did_you_mean(name, inventory.profiles) if inventory.profiles else "write it there"
            faults["profiles",] = f"no profile {name!r}, which --profile asks for; {hint}"
        if faults and inventory.document is None:
            raise pytest.UsageError(
                f"--profile {name}: there is no inventory with profiles; write --inventory=PATH"
            )
        if faults:
            raise pytest.UsageError(str(inventory.faulty(faults)))
        return inventory.profiles[name]

    def leave_list(self, worker: str, listed: Mapping[str, Any]) -> None:
        """Leave the *listed* controls for the main process, from a worker of xdist.

        A file, because xdist sends the `workeroutput` of a worker at its end alone, and never that of one that died.

        Raises:
            pytest.UsageError: it cannot be written.
        """
        self._make_folder()
        try:
            private_files.write(self._list_of(worker), json.dumps(listed).encode())
        except OSError as error:
            raise _no_folder(error.filename, error.strerror) from None

    def take_list(self, worker: str) -> Mapping[str, Any]:
        """The controls that this worker has left for the main process, maybe none; deletes its file."""
        path = self._list_of(worker)
        if not path.exists():
            return {}
        listed: dict[str, Any] = json.loads(path.read_bytes())
        path.unlink()
        self.listed = self.listed or listed
        self.ids_by_control = self.ids_by_control or listed.get("ids_by_control", {})
        return listed

    def _list_of(self, worker: str) -> Path:
        return self.folder / f".controls-{worker}"

    @property
    def gathered(self) -> bool:
        """Whether the recordings are there."""
        return bool(self.recordings)

    def gather(self, done: Callable[[Recording], None]) -> None:
        """Make the recording of every target, and keep each in the run's folder.

        Raises:
            pytest.UsageError: the folder for the results cannot be written.
        """
        self._make_folder()

        def arrived(recording: Recording) -> None:
            self._keep(recording, Unwritten())  # what cannot be kept is said behind the verdicts
            done(recording)

        start = time.monotonic()
        self.recordings = gather(
            self.targets,
            self.probes,
            options.connection(self.config),
            probe_timeout=options.seconds(self.config, "probe_timeout"),
            cache=options.cache_folder(self.config),
            jobs=options.number(self.config, "gather_jobs") or JOBS,
            done=arrived,
        )
        self.gather_seconds = time.monotonic() - start

    def keep_recordings(self, unwritten: Unwritten) -> None:
        """Save each recording that is not in the run's folder, or not any more; those that cannot be are noted."""
        for recording in self.recordings.values():
            self._keep(recording, unwritten)

    def _keep(self, recording: Recording, unwritten: Unwritten) -> None:
        path = self.folder / recording.target / FILE_NAME
        with unwritten.noting(path):
            if not path.is_file():
                recording.save(path.parent)

    def _make_folder(self) -> None:
        """Before anything is asked, so that no host is asked in vain.

        Raises:
            pytest.UsageError: it cannot be made.
        """
        try:
            private_files.make_run_folder(self.folder)
        except OSError as error:
            raise _no_folder(self.folder.parent, error.strerror) from None

    def recording_of(self, target: Target) -> Recording:
        """What *target* said; a worker of xdist reads it from the run's folder."""
        known = self.recordings.get(target.name)
        return known or Recording.load(self.folder / target.name, self.probes)

    def facts_of(self, target: Target) -> Facts:
        """The facts of *target*; those of the one before it are let go, as pytest judges one target after the other."""
        if self._facts is None or self._facts[0] != target.name:
            policy = self.inventory.policy_for(target)
            recording = self.recording_of(target).not_older(self.max_age, self.began)
            facts = Facts(recording, policy, known_releases=self.releases)
            self._facts = (target.name, facts)
        return self._facts[1]

    @cached_property
    def is_without_answer(self) -> bool:
        """Whether no target can be asked: none was reached, or no engine answered there."""
        return all(map(self._is_silent, self.targets))

    def _is_silent(self, target: Target) -> bool:
        facts = self.facts_of(target)
        if facts.recording.failure:
            return True
        try:
            facts.get("engine")
        except (EvidenceError, NotApplicable):
            return bool(facts.kind == "host")
        return False

    def limits_on(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        """The patterns of names by kind that a subject of *target* has to fit; labels are looked up there."""
        labels = self.limits.get("label", ())
        if not labels or self.facts_of(target).kind not in ("host", COMPOSE):
            return self.limits
        if target.name not in self._labelled:
            self._labelled[target.name] = labelled(self.facts_of(target), labels)
        names, patterns = self._labelled[target.name], self.limits.get("container", ("*",))
        fitting = tuple(name for name in names if any(fnmatchcase(name, each) for each in patterns))
        return {**self.limits, "container": fitting}

    def accepted(self, control: str, target: Target, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """*findings* of *control* after attestations and waivers, at the time of the recording."""
        if not self.acceptance:
            return findings
        names = acceptance.names_of(control, self.ids_by_control.get(control, {}))
        when = self.facts_of(target).recording.times
        return self.acceptance.applied(findings, names, target.name, when)

    def _change(self, control: str, target: Target) -> Tailoring | None:
        """What the inventory changes of *control* on *target*."""
        if target.name not in self._tailoring:
            self._tailoring[target.name] = (
                self.inventory.tailoring_for(target) if self.inventory.controls else {}
            )
        return self._tailoring[target.name].get(control)

    def severity_on(self, target: Target, control: str) -> str:
        """How bad the inventory says it is where *control* fails on *target*; empty where it says nothing."""
        change = self._change(control, target)
        return change.severity if change else ""

    def tailored(self, result: Result, target: Target) -> Result:
        """*result* with what the inventory changes of its control there.

        A target that gave no answer stays an error: switching controls off must not hide it.
        """
        change = self._change(result.control, target)
        if change is None:
            return result
        result = structs.replace(result, severity=change.severity)
        if not change.off or self.facts_of(target).recording.failure:
            return result
        off = SwitchedOff(change.by, printable(change.off), result.verdict)
        said = NotApplicable(f"switched off by {off.by}: {off.reason} (otherwise: {off.otherwise})")
        finding = finding_of(said, "target", target.name)
        return structs.replace(
            result,
            verdict=finding.verdict,
            reason=finding.reason,
            findings=(finding,),
            switched_off=off,
        )

    def unknown_controls(self) -> tuple[str, ...]:
        """Faults for controls that the inventory names but nobody collected."""
        if not self.inventory.controls or options.narrowed(self.config):
            return ()
        faults: dict[Way, str] = {
            (*way, name): f"no control has this name; {self._near(name)}"
            for way, controls in self.inventory.all_tailoring()
            for name in controls
            if name not in self.ids_by_control
        }
        return self.inventory.faulty(faults).faults if faults else ()

    def _near(self, name: str) -> str:
        hint = did_you_mean(name, self.ids_by_control)
        return hint if hint.endswith("?") else "`hullcheck controls` lists them"


SESSION = pytest.StashKey[AuditSession]()


def session_of(config: pytest.Config) -> AuditSession:
    """The audit of this process, made when it is first asked for.

    Raises:
        pytest.UsageError: the inventory or the hosts cannot be used.
    """
    if SESSION not in config.stash:
        try:
            config.stash[SESSION] = AuditSession(config)
        except pytest.UsageError as error:
            config.stash[WRONG_USE] = str(error)
            raise
    return config.stash[SESSION]


def _no_folder(path: object, reason: object) -> pytest.UsageError:
    return pytest.UsageError(f"{path}: {reason}; a run leaves its results in a folder: write --reports=PATH")
