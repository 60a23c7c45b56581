"""What installs updates on a target by itself, and when it last did so with success."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.patching.probe import PATCHING
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.systemctl import at_boot, properties
from hullcheck.parsing.times import day
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

_FIRST_TIME = 10**9  # a smaller number is none of a catalog that Puppet made
_SAME_RUN = 60  # seconds between the ends of two records of one run
PUPPET, SALT, ANSIBLE = "Puppet", "SaltStack", "Ansible"
TOOLS = (ANSIBLE, PUPPET, SALT)
"""Those that the guide names, as it does."""
OUTSTANDING = "security updates"
_UNITS = {
    PUPPET: ("puppet.service", "pe-puppet.service", "puppet.timer", "puppet-run.timer", "puppet-agent.timer"),
    SALT: ("salt-minion.service",),
}
_CRON = {PUPPET: "puppet", SALT: "salt-call", ANSIBLE: "ansible-pull"}
_UPDATERS = (
    "apt-daily-upgrade.timer",
    "dnf-automatic.timer",
    "dnf-automatic-install.timer",
    "dnf5-automatic.timer",
)
_INSTALLER = "dnf-automatic-install.service"  # the one that installs whatever its configuration says
_APPLIERS = (
    "dnf-automatic.service",
    "dnf5-automatic.service",
)  # which install where the configuration says so


@dataclass(frozen=True)
class Run:
    """The last run of a tool.

    Attributes:
        ended: when, in seconds since the epoch.
        flaw: why it did not succeed; empty where it did.
        doubt: why that cannot be told.
        made: when the catalog was made that it applied; 0 where that is not known.
    """

    ended: float
    flaw: str = ""
    doubt: str = ""
    made: float = 0


@dataclass(frozen=True)
class Tool:
    """A configuration management tool on a target.

    Attributes:
        starts: what starts it: an enabled and active unit, a cron job.
        signs: what else shows that it is meant to be there.
        run: its last run; None where there is no record of one.
        lock: what keeps it from running.
    """

    name: str
    starts: tuple[str, ...]
    signs: tuple[str, ...]
    run: Run | None
    now: float
    lock: str = ""

    @property
    def present(self) -> bool:
        """Whether there is anything of it."""
        return bool(self.starts or self.signs or self.run)

    @property
    def note(self) -> str:
        """What shows that it works."""
        assert self.run
        return f"{', '.join(self.starts)}; last run with success on {day(self.run.ended)}"


class Patching:
    """What installs updates."""

    def __init__(self, recording: Recording) -> None:
        """Read it.

        Raises:
            EvidenceError: the target did not answer.
        """
        self.now = recording.gathered
        self._words = Words(recording.text(PATCHING))

    @cached_property
    def _units(self) -> Mapping[str, Mapping[str, str]]:
        blocks = properties("\n".join(self._words.all("unit")))
        return {each["Id"]: each for each in blocks if each.get("LoadState") == "loaded" and "Id" in each}

    def _starts(self, name: str, units: Iterable[str]) -> tuple[str, ...]:
        """The units among these that start it by themselves, and its cron jobs where a cron runs."""
        jobs = self._jobs(name) if "idle" not in self._words else []
        active = [unit for unit in units if _is_on(self._units.get(unit, {}))]
        if not active and not jobs:
            self._refuse_unread("cron")
        return (*active, *jobs)

    def _jobs(self, name: str) -> list[str]:
        lines = (line.partition(" ") for line in self._words.all("cron"))
        return [path for word, _, path in lines if word == _CRON[name]]

    def _refuse_unread(self, *parts: str) -> None:
        for path in self._words.all("unread"):
            if any(part in path for part in parts):
                raise EvidenceError(unread(path))

    # ---- the tools

    @property
    def installed_tools(self) -> tuple[str, ...]:
        """The names of those of which there is anything, or may be."""
        return tuple(name for name in TOOLS if self._may_be_installed(name))

    def _may_be_installed(self, name: str) -> bool:
        try:
            return self.tool(name).present
        except EvidenceError:
            return True

    def tool(self, name: str) -> Tool:
        """What there is of a tool.

        Raises:
            EvidenceError: a record of it could not be read, or is none.
        """
        found = {ANSIBLE: self._ansible, PUPPET: self._puppet, SALT: self._salt}[name]()
        idle = [f"{path}, but no cron runs" for path in self._jobs(name)] if "idle" in self._words else []
        return replace(found, signs=(*found.signs, *idle))

    def _puppet(self) -> Tool:
        self._refuse_unread("puppet")
        signs = [unit for unit in _UNITS[PUPPET] if unit in self._units]
        starts = self._starts(PUPPET, _UNITS[PUPPET])
        summaries = self._words.below("summary", "yaml")
        runs = [_puppet_run(path, "\n".join(lines), starts) for path, lines in summaries.items()]
        lock = next((f"{path} keeps the agent from running" for path in self._words.all("disabled")), "")
        newest = max(runs, key=lambda run: run.ended, default=None)
        return Tool(PUPPET, starts, (*(f"{unit} is not on" for unit in signs),), newest, self.now, lock)

    def _salt(self) -> Tool:
        self._refuse_unread("salt")
        units = [f"{unit} is not on" for unit in _UNITS[SALT] if unit in self._units]
        run = None
        if began := self._words.first("highstate"):
            text = "a highstate began, but no record says how it ended: set `cache_jobs: True` for the minion"
            run = Run(_number(began), doubt=text)
        if job := self._words.first("job"):
            ended, failed, good = map(_number, job.split())
            run = Run(
                ended,
                "its last highstate has states that failed" if failed else "",
                "" if good or failed else "the record of its last highstate has no result of a state",
            )
        return Tool(SALT, self._starts(SALT, _UNITS[SALT]), (*units, *self._words.all("salt")), run, self.now)

    def _ansible(self) -> Tool:
        self._refuse_unread("ansible")
        own = [f"{name}.{kind}" for name in self._words.all("own") for kind in ("timer", "service")]
        timers = [unit for unit in own if unit.endswith(".timer")]
        known = [self._units[unit] for unit in own if unit in self._units and unit.endswith(".service")]
        services = [unit for unit in known if _runs_it(unit)]
        runs = [run for run in (*map(self._of_service, services), *self._of_logs()) if run]
        starts = self._starts(ANSIBLE, timers)
        signs = [f"{unit} is there" for unit in own if unit in self._units]
        return Tool(ANSIBLE, starts, tuple(signs), _last(runs), self.now)

    def _of_service(self, unit: Mapping[str, str]) -> Run | None:
        """How a service ended; systemd knows that until the host restarts."""
        microseconds = unit.get("ExecMainExitTimestampMonotonic", "0")
        if microseconds in ("", "0"):
            return None
        clock, _, uptime = self._words.first("clock").partition(" ")
        ended = _number(clock) - _number(uptime) + _number(microseconds) / 1e6
        good = unit.get("Result") == "success" and unit.get("ExecMainStatus") == "0"
        flaw = f"{unit['Id']} ended with {unit.get('Result')}, status {unit.get('ExecMainStatus')}"
        return Run(ended, "" if good else flaw)

    def _of_logs(self) -> Iterable[Run]:
        for head, did in self._words.below("log", "did").items():
            changed, _, path = head.partition(" ")
            last = did[-1] if did else ""
            good = re.fullmatch(r"unreachable=0 *failed=0", last)
            what = {
                "": "tells of no play",
                "play": "ends within a play",
                "nothing": "says that nothing was done, as the repository had not changed",
            }.get(last, f"says {last}")
            yield Run(_number(changed), "" if good else f"{path} {what}")

    # ---- the distribution

    @property
    def support(self) -> str:
        """What the distribution itself does, in words; that is no configuration management."""
        parts = [f"{unit} is on" for unit in _UPDATERS if _is_on(self._units.get(unit, {}))]
        parts += [f"unattended-upgrades: {line}" for line in self._words.all("unattended")]
        parts += [f"packages last changed on {line[:10]}" for line in self._words.all("changed")[:1]]
        return "; ".join(parts)

    @property
    def unattended_upgrade(self) -> tuple[date, str] | None:
        """The day and the text of the last line that unattended-upgrades wrote on how it ended."""
        line = self._words.first("unattended")
        return (date.fromisoformat(line[:10]), line) if re.match(r"\d{4}-\d\d-\d\d ", line) else None

    @property
    def security_origin(self) -> bool | None:
        """Whether unattended-upgrades takes security updates; None where its log does not say."""
        origins = self._words.first("origins")
        return origins == "security" if origins else None

    @property
    def held(self) -> tuple[str, ...]:
        """What is kept from updates: packages on hold, and what the updater leaves out."""
        return self._words.all("held")

    @property
    def has_security_lists(self) -> bool:
        """Whether apt has a list of security updates."""
        return self._words.first("lists") != "0"

    @property
    def refreshed(self) -> float:
        """When the newest list of security updates was made, in seconds since the epoch; 0 where that is unknown."""
        return max(map(_number, self._words.all("refreshed")), default=0)

    @property
    def pushed(self) -> float:
        """When a control node last had Ansible update packages, in seconds since the epoch; 0 without a record."""
        return _number(self._words.first("pushed") or "0")

    @property
    def installer_run(self) -> tuple[str, Run | None]:
        """The unit of dnf that installs updates, and its last run."""
        names = (_INSTALLER, *(_APPLIERS if "applies" in self._words else ()))
        found = {
            name: self._of_service(self._units[name]) for name in names if _runs_it(self._units.get(name, {}))
        }
        runs = {name: run for name, run in found.items() if run}
        newest = max(runs, key=lambda name: runs[name].ended, default=_INSTALLER)
        return newest, runs.get(newest)


def _runs_it(unit: Mapping[str, str]) -> bool:
    """Whether a service is there and starts the tool, and not something else in its place."""
    return bool(unit) and ("RunsOther" not in unit or "RunsIt" in unit)


def _last(runs: Iterable[Run]) -> Run | None:
    """The newest; of two records of one run the one that tells of a flaw, as a service that pipes into a log has none.

    A log is closed when its service ends, or shortly before.
    """
    known = sorted(runs, key=lambda run: run.ended, reverse=True)
    same = [run for run in known if run.ended >= known[0].ended - _SAME_RUN]
    return max(same, key=lambda run: bool(run.flaw), default=None)


def _is_on(unit: Mapping[str, str]) -> bool:
    """Whether a unit is started with the host, and runs now or waits for its time; no timer that is over."""
    enabled = at_boot(unit) in ("enabled", "static", "alias", "indirect", "generated")
    is_over = unit.get("SubState") == "elapsed"
    return enabled and not is_over and unit.get("ActiveState") in ("active", "activating", "reloading")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise EvidenceError(f"patching: {text!r} is not a number") from None


def _puppet_run(path: str, text: str, starts: tuple[str, ...]) -> Run:
    """The run that a last_run_summary.yaml tells of.

    Tried with Puppet 8: a run without a catalog leaves the file of the one before; one of `puppet apply` writes
    the same file; `noop` counts what would have been changed. An agent that gets no new catalog goes on with the one
    that it kept (usecacheonfailure), whose version is the time at which it was made, unless the site has its own.
    """
    summary = _yaml(path, text)
    try:
        ended = _whole(summary["time"]["last_run"])
        failures = {
            name: _whole(summary[part][name])
            for part, name in (
                ("events", "failure"),
                ("resources", "failed"),
                ("resources", "failed_to_restart"),
            )
        }
        _whole(summary["events"]["total"])  # the last line: without it the file is cut off
        noop = _whole(summary["events"].get("noop", 0))
        mode = (summary.get("application") or {}).get("run_mode", "agent")
        made = (summary.get("version") or {}).get("config")
    except (KeyError, TypeError, AttributeError, ValueError):
        raise EvidenceError(f"{path} is not the summary of a run that had a catalog, or is cut off") from None
    failed = ", ".join(f"{name} {count}" for name, count in failures.items() if count)
    if failed:
        return Run(ended, f"its last run did not succeed: {failed} ({path})")
    if noop:
        return Run(ended, f"its last run changed nothing, but told of {noop} changes (noop)")
    by_hand = mode == "user" and not any("cron" in each for each in starts)
    flaw = "its last run was one of `puppet apply`, not of the agent" if by_hand else ""
    return Run(ended, flaw, made=made if isinstance(made, int) and made > _FIRST_TIME else 0)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _yaml(path: str, text: str) -> Any:
    import yaml  # only where there is a file of Puppet's

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise EvidenceError(f"{path} is not YAML, or is cut off") from None


@fact(PATCHING)
def patching(recording: Recording, presence: Presence) -> Patching:
    """What installs updates on the target, and when it last did."""
    return Patching(recording)
