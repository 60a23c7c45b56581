"""One audit: its targets, their recordings and facts, and what the inventory makes of findings."""

import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from hullcheck import DEFAULT_INVENTORY, gather, private_files
from hullcheck.controls.judge import finding_of
from hullcheck.data.labels import GROUPING
from hullcheck.data.releases import KnownReleases, shipped
from hullcheck.facts import Facts, registry
from hullcheck.frameworks import Frameworks, rollup, selection
from hullcheck.gather import processes
from hullcheck.inventory import Inventory, Target, acceptance, load, unasked
from hullcheck.inventory.choice import chosen, shard_of
from hullcheck.inventory.specs import from_specs, of_files
from hullcheck.messages import WrongUse, did_you_mean, printable
from hullcheck.plugin import options
from hullcheck.plugin.output import Unwritten
from hullcheck.recording import CLOCK, FILE_NAME, Recording, RecordingError
from hullcheck.recording.backends import COMPOSE, backend_of
from hullcheck.results import Finding, Result, SwitchedOff, run_files
from hullcheck.verdicts import EvidenceError, NotApplicable

if TYPE_CHECKING:
    from hullcheck.inventory.yamlfile import Way

FRAMEWORKS = pytest.StashKey[Frameworks]()
WRONG_USE = pytest.StashKey[str]()  # what is wrong with the inventory or the hosts
FEW_TARGETS = 3  # so many are all awaited before the first is judged
MOST_KEPT = 250  # so many recordings stay in memory; the page of an audit has the answers of no more
GATHERING = ".gathering"  # a file in the folder of the run, as long as recordings may still come
_SUMMARY = (CLOCK, "engine")  # the answers by which the page of an audit identifies a target
_POLL, _REDRAW = 0.01, 0.25


class AuditSession:
    """What the hooks of the plugin share in one process; workers of xdist have one each."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the inventory and the hosts; raise pytest.UsageError if they cannot be used."""
        self.config = config
        self.arguments = tuple(map(str, config.invocation_params.args))
        self.worker: Mapping[str, Any] = getattr(config, "workerinput", {})
        self.inventory = _inventory(config)
        self.releases, self.releases_file = _releases(config)
        waiving = not config.getoption("runxfail", False)  # which lets nothing fail as expected
        self.acceptance = acceptance.Acceptance(self.inventory.waivers, self.inventory.attestations, waiving)
        self.limits = options.limits(config)
        _check_labels(self.limits.get("label", ()))
        for name in ("keep", "gather_jobs", "probe_timeout", "target_timeout"):
            options.number(config, name)  # a wrong one is reported before a host is asked
        self.max_age = options.age(config, "max_age")
        with options.wrong_use(WrongUse, RecordingError):
            named = options.several(config, "targets")
            every = chosen(_all_targets(config, self.inventory), self.inventory, named)
            part = config.getoption("hullcheck_shard", None)
            self.shard, mine = ("", every) if part is None else shard_of(part, every)
            if not self.worker:
                gather.require_files(mine)
        self.all_targets = tuple(each.name for each in every)
        self.targets = tuple(map(self._with_policy, mine))
        self.started = time.time()
        self.ids_by_control: rollup.IdsByControl = {}
        self.of_files = all(backend_of(each.connect) == COMPOSE for each in self.targets)
        self.left_to_hosts = 0  # selected controls that no Compose file decides, if these are all there is
        self.folder = self._folder()
        self.began = run_files.began(self.folder.name)  # the same in all processes
        self.unwritten = Unwritten()
        self.probes = registry.probes(optional=bool(config.getoption("hullcheck_changes", False)))
        self.gathering_begun = self.gathered = False
        self.collected = 0  # tests, by workers
        self.recordings: dict[str, Recording] = {}
        self._arrivals = SimpleQueue[Recording | BaseException]()
        self.waiting: Callable[[], None] = lambda: None
        self._tailoring = cache(self.inventory.tailoring_for)
        self._labelled = cache(lambda target: _labelled(self.facts_of(target), self.limits["label"]))

    def _with_policy(self, target: Target) -> Target:
        """Return *target* with the paths and secret names of its policy."""
        policy = self.inventory.policy_for(target)
        return replace(target, paths=tuple(policy.paths.items()), secret_names=policy.secret_names)

    def _folder(self) -> Path:
        if self.worker:
            return Path(self.worker["hullcheck_folder"])
        stamp = datetime.fromtimestamp(self.started, UTC).strftime(run_files.STAMP)
        reports = options.path(self.config, "reports") or options.project(self.config) / "reports"
        return reports / f"{stamp}-{secrets.token_hex(2)}"

    def writable_folder(self) -> Path:
        """Create the folder of the run before gathering, and return it."""
        try:
            private_files.make_run_folder(self.folder)
        except OSError as error:
            raise pytest.UsageError(
                f"{self.folder.parent}: {error.strerror}; a run leaves its results in a folder: write --reports=PATH"
            ) from None
        return self.folder

    def begin_gathering(self) -> None:
        """Ask all targets, in other threads, and keep each recording in the folder of the run."""
        self.gathering_begun = True
        self.config.add_cleanup(processes.end_all)
        try:
            (self.writable_folder() / GATHERING).touch()
        except OSError as error:
            raise pytest.UsageError(f"{error.filename}: {error.strerror}") from None
        threading.Thread(target=self._gather, args=(self.arriving(),), daemon=True).start()

    def arriving(self) -> Iterator[Recording]:
        """Return the recordings of all targets as they arrive; gathering begins when the first is taken."""
        timeout, jobs = (options.number(self.config, each) for each in ("probe_timeout", "gather_jobs"))
        known, cache = options.connection(self.config), options.cache_folder(self.config)
        return gather.arriving(self.targets, self.probes, known, probe_timeout=timeout, cache=cache, jobs=jobs)

    def _gather(self, arriving: Iterator[Recording]) -> None:
        try:
            for recording in arriving:
                path = self.folder / recording.target / FILE_NAME
                if not processes.ended.is_set():  # else it may tell of that alone
                    with self.unwritten.noting(path):
                        recording.save(path.parent)
                if len(self.targets) > MOST_KEPT and path.is_file():
                    answers = {name: each for name, each in recording.answers.items() if name in _SUMMARY}
                    recording = replace(recording, answers=answers, commands={})
                self._arrivals.put(recording)
        except BaseException as error:
            self._arrivals.put(error)
        finally:
            (self.folder / GATHERING).unlink(missing_ok=True)

    def keep(self, recordings: Sequence[Recording]) -> None:
        """Save again what could not be saved, or is not there any more."""
        for recording in recordings if len(self.targets) <= MOST_KEPT else ():
            path = self.folder / recording.target / FILE_NAME
            with self.unwritten.noting(path):
                if not path.is_file():
                    recording.save(path.parent)

    def await_recordings(self, wanted: Sequence[Target]) -> None:
        """Wait until there are the recordings of the *wanted* targets; what arrives meanwhile is taken in, too."""
        for target in wanted:
            while target.name not in self.recordings:
                self.waiting()
                with suppress(Empty):
                    recording = self._arrivals.get(timeout=_REDRAW)
                    if isinstance(recording, BaseException):
                        raise recording
                    self.recordings[recording.target] = recording

    def recording_of(self, target: Target) -> Recording:
        """Return the answers of *target*, as soon as they are there; of a large fleet only some of them."""
        if self.worker:
            return self._written(target)
        self.await_recordings([target])
        return self.recordings[target.name]

    def _written(self, target: Target) -> Recording:
        """Return the recording in the folder of the run, which the main process writes."""
        path = self.folder / target.name / FILE_NAME
        while not path.exists() and (self.folder / GATHERING).exists():
            time.sleep(_POLL)
        return Recording.load(path, registry.probes())

    @lru_cache(maxsize=1)  # noqa: B019 - there is one session, and targets are judged one after the other
    def facts_of(self, target: Target) -> Facts:
        """Return the facts of *target*."""
        recording = self.recording_of(target)
        if len(self.targets) > MOST_KEPT and (self.folder / target.name / FILE_NAME).is_file():
            recording = self._written(target)
        recording = recording.not_older(self.max_age, self.began)
        return Facts(recording, self.inventory.policy_for(target), known_releases=self.releases)

    def profile(self, name: str, markers: Collection[str]) -> str:
        """Return the selection of this name in the inventory; check all its profiles against *markers*."""
        inventory = self.inventory
        if inventory.document is None:
            raise pytest.UsageError(f"--profile {name}: there is no inventory with profiles; write --inventory=PATH")
        faults: dict[Way, str] = {}
        for each, expression in inventory.profiles.items():
            try:
                selection.check_names(expression, markers)
                selection.check(expression, self.config.stash[FRAMEWORKS])
            except ValueError as error:
                faults["profiles", each] = str(error)
        if name not in inventory.profiles:
            hint = did_you_mean(name, inventory.profiles) if inventory.profiles else "write it there"
            faults["profiles",] = f"no profile {name!r}, which --profile asks for; {hint}"
        if faults:
            raise pytest.UsageError("\n".join(inventory.messages(faults)))
        return inventory.profiles[name]

    def limits_on(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        """Return the patterns of names by kind that a subject of *target* has to fit; labels are looked up there."""
        if "label" not in self.limits or self.facts_of(target).kind not in ("host", COMPOSE):
            return self.limits
        names, patterns = self._labelled(target), self.limits.get("container", ("*",))
        fitting = tuple(name for name in names if any(fnmatchcase(name, each) for each in patterns))
        return {**self.limits, "container": fitting}

    def accepted(self, control: str, target: Target, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Return *findings* of *control* after attestations and waivers, at the time of the recording."""
        if not self.acceptance:
            return findings
        names = acceptance.names_of(control, self.ids_by_control.get(control, {}))
        when = self.facts_of(target).recording.times
        return self.acceptance.applied(findings, names, target.name, when)

    def severity_on(self, target: Target, control: str) -> str:
        """Return the severity of *control* that the inventory sets for *target*; empty if it sets none."""
        change = self._tailoring(target).get(control)
        return change.severity if change else ""

    def tailored(self, result: Result, target: Target) -> Result:
        """Return *result* with what the inventory changes of its control there; no answer stays an error."""
        change = self._tailoring(target).get(result.control)
        if change is None:
            return result
        result = replace(result, severity=change.severity)
        if not change.off or self.facts_of(target).recording.failure:
            return result
        off = SwitchedOff(change.by, printable(change.off), result.verdict)
        said = NotApplicable(f"switched off by {off.by}: {off.reason} (otherwise: {off.otherwise})")
        finding = finding_of(said, "target", target.name)
        return replace(result, verdict=finding.verdict, reason=finding.reason, findings=(finding,), switched_off=off)

    def unknown_controls(self, words: Collection[str]) -> tuple[str, ...]:
        """Return faults for controls that the user or the inventory names but pytest has not collected.

        The *words* are those by which `-k` finds controls.
        """
        if options.narrowed(self.config):
            return ()
        named = self.config.getoption("hullcheck_controls", ())
        for name in (*named, *options.several(self.config, "skip")):
            if selection.exact(name) not in words:
                host = f", and a host is named by --hosts={name}" if name in named and name[0].isalpha() else ""
                return (f"{name}: no such control{host}; {self._near(name)}",)
        faults: dict[Way, str] = {
            (*way, name): f"no control has this name; {self._near(name)}"
            for way, controls in self.inventory.all_tailoring()
            for name in controls
            if name not in self.ids_by_control
        }
        return self.inventory.messages(faults)

    def _near(self, name: str) -> str:
        return did_you_mean(name, self.ids_by_control, "`hullcheck explain` lists them")


SESSION = pytest.StashKey[AuditSession]()


def session_of(config: pytest.Config) -> AuditSession:
    """Return the audit of this process; it is made when it is first needed."""
    if SESSION not in config.stash:
        try:
            config.stash[SESSION] = AuditSession(config)
        except pytest.UsageError as error:
            config.stash[WRONG_USE] = str(error)
            raise
    return config.stash[SESSION]


def _inventory(config: pytest.Config) -> Inventory:
    """Return the inventory that was named, or that of the project; this machine alone if there is neither."""
    given = options.path(config, "inventory")
    path = given or options.project(config) / DEFAULT_INVENTORY
    if not given and not path.exists():
        return Inventory(path=path, targets=(Target("local", "local://"),))
    if not given and options.is_of_shipped(config) and (why := unasked.fault(path)):
        raise pytest.UsageError(
            f"{path}: not taken: {why}, so somebody else may have written it, and an inventory can run commands;"
            f" if you trust it, write --inventory={DEFAULT_INVENTORY}"
        )
    with options.wrong_use(WrongUse):
        return load(path)


def _releases(config: pytest.Config) -> tuple[KnownReleases, bytes]:
    """Return what is known of releases, and the file that was named for it, if one was."""
    given = options.path(config, "releases")
    if given is None:
        return shipped(), b""
    from hullcheck.inventory import load_releases  # late: YAML is slow to import

    with options.wrong_use(WrongUse, before="--releases: "):
        return load_releases(given)


def _all_targets(config: pytest.Config, inventory: Inventory) -> tuple[Target, ...]:
    hosts = config.getoption("hosts", None)
    files, named = options.compose_files(config), config.getoption("hullcheck_files", [])
    backend = config.getoption("connection", None)
    if hosts is None and backend in (None, "local") and not (files or named):
        return inventory.targets
    specs = hosts.split(",") if hosts is not None else [] if files or named else [f"{backend}://"]
    specs += [f"{COMPOSE}://{each}" for each in files]
    ansible_inventory = options.connection(config).ansible_inventory
    found = from_specs(specs, connection=backend, ansible_inventory=ansible_inventory) if specs else ()
    return (*found, *of_files(list(dict.fromkeys(named)), [each.name for each in found]))


def _check_labels(labels: Sequence[str]) -> None:
    for name, equals, _ in (each.partition("=") for each in labels):
        if equals and name not in GROUPING:
            raise pytest.UsageError(
                f"--label {name}=...: values of labels may be secrets and are not recorded, but for"
                f" {', '.join(sorted(GROUPING))}; write the name alone"
            )


def _labelled(known: Facts, labels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the containers with all of *labels*, and of those that could not be read."""
    try:
        containers = known.get("container")
    except (EvidenceError, NotApplicable):  # then a control that asks for them reports it
        return ()
    wanted = [each.partition("=") for each in labels]

    def has_all(there: Mapping[str, str]) -> bool:
        return all(name in there and (not equals or there[name] == value) for name, equals, value in wanted)

    unread = [name for name, _ in containers.unread]
    return (*(name for name, each in containers.named if has_all(each.labels)), *unread)
