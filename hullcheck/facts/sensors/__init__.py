"""Tools that watch what containers do: which of them run, where from, and what shows that they see anything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from hullcheck.facts.containers import Container
from hullcheck.facts.engine import Engine
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.images import Image
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.sensors.falco_rules import Rule, Switch, by_configuration, states
from hullcheck.facts.sensors.probe import SENSORS, SHAPE
from hullcheck.facts.sensors.tools import FALCO, OTHERS, Tool
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.addresses import is_loopback
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

_PORT = 8765  # of Falco's web server, where its configuration names none


class Step(StrEnum):
    """What has to be so for Falco to be of use."""

    INSTALLED = "it is installed"
    RUNS = "it runs"
    BOOT = "it starts with the host"
    DRIVER = "its driver is loaded"
    RULES = "its rules are loaded"
    EVENTS = "it sees events and loses few"
    OUTPUT = "an output leaves the host"
    EMITTED = "it reported something"


@dataclass(frozen=True)
class Reading:
    """The counters of Falco at one time; None for one that it does not show."""

    events: float | None
    drops: float | None
    matches: float | None
    rules: Mapping[str, str]


@dataclass(frozen=True)
class Watcher:
    """A process of such a tool, whoever started it.

    Attributes:
        executable: the path of its program, as it is called where it runs.
        container: the container that it runs in; None on the host itself.
        origins: the repositories, with registry, that its image is known to be from.
        claims: the names that were given to the image.
    """

    pid: int
    executable: str
    document: Mapping[str, Any]
    container: Container | None = None
    origins: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it runs, in words; processes of one place belong together."""
        return (
            f"container {self.container.name}" if self.container else f"unit {self.unit.get('Id') or 'none'}"
        )

    @property
    def unit(self) -> Mapping[str, str]:
        """What systemd says of the unit that it runs in; empty where it runs in none."""
        return dict(self.document["Unit"])

    @property
    def halted(self) -> bool:
        """Whether it was stopped by a signal, or its control group is frozen."""
        return bool(self.document.get("Halted"))

    @property
    def age(self) -> float | None:
        """For how many seconds it has been running; None where that is not known."""
        return self.document.get("Age")

    @property
    def is_main_process(self) -> bool:
        """Whether its unit was started for it."""
        return self.unit.get("MainPID") == str(self.pid) and self.unit.get("ActiveState") == "active"

    @property
    def connected_to(self) -> tuple[str, ...]:
        """`ADDRESS PORT` of every connection to another machine."""
        ends = self.document["Network"]["Connected"]
        return tuple(each for each in ends if not is_loopback(each.partition(" ")[0]))

    @property
    def drivers(self) -> tuple[str, ...]:
        """What it holds open of the kernel's: eBPF programs, or the device of Falco's module.

        Raises:
            EvidenceError: what it holds open may not be seen.
        """
        if not self.document["SeesFiles"]:
            raise EvidenceError(unread(f"what process {self.pid} holds open", "could not be seen"))
        return tuple(
            each
            for each in self.document["Holds"]
            if re.fullmatch(r"anon_inode:\[?bpf[-_]?(prog|link)\]?|/dev/falco\d+", each)
        )

    @cached_property
    def configuration(self) -> Mapping[str, Any]:
        """Falco's configuration, as far as it is judged: that of the main file, and of those that add to it.

        Raises:
            EvidenceError: it could not be read.
        """
        files = self.document["Config"]
        if not files or None in files or not files[0]:
            raise EvidenceError("its configuration could not be read")
        if self.document.get("Changed") and files[0].get("watch_config_files") is False:
            raise EvidenceError("its files were changed after it started, and it does not watch them")
        ways = files[0].get("config_files") or ()
        if any(isinstance(each, dict) and each.get("strategy", "append") != "append" for each in ways):
            raise EvidenceError("its files of configuration are merged in a way that is not followed")
        whole: dict[str, Any] = {}
        for each in files:
            for key, value in each.items():
                known = whole.get(key)
                whole[key] = _merged(known, value, by_option=each is files[-1] and self._has_options)
        return whole

    @property
    def _has_options(self) -> bool:
        """Whether the last part of its configuration is of its command line, whose lists take the place of others."""
        return bool(self.document.get("ByOption", True))

    @property
    def chosen_calls(self) -> tuple[str, ...]:
        """The only calls of the kernel that it sees, or those with `!` that it does not; empty where it sees all.

        Raises:
            EvidenceError: its configuration could not be read.
        """
        chosen = self.config_value("base_syscalls", "custom_set") or ()
        repaired = self.config_value("base_syscalls", "repair") is True
        return () if repaired or not isinstance(chosen, list) else tuple(map(str, chosen))

    def config_value(self, section: str, key: str) -> Any:
        """A value of a section of its configuration; None where it is not set.

        Raises:
            EvidenceError: it could not be read.
        """
        found = self.configuration.get(section)
        return found.get(key) if isinstance(found, dict) else None

    @property
    def http_host(self) -> str:
        """The host that it sends its reports to by HTTP; empty where none is set.

        Raises:
            EvidenceError: its configuration could not be read.
        """
        url = str(self.config_value("http_output", "url") or "")
        try:
            return urlsplit(url if "://" in url else f"//{url}").hostname or ""
        except ValueError:
            return ""

    @property
    def rules(self) -> Mapping[str, str]:
        """The files of rules that its configuration names and that have rules, with their sums.

        Raises:
            EvidenceError: the configuration could not be read.
        """
        named = self.configuration.get("rules_files") or self.configuration.get("rules_file") or ()
        wanted = [named] if isinstance(named, str) else [str(each) for each in named]
        return {
            path: digest
            for count, digest, path in self.document["Rules"]
            if int(count) and any(path == each or path.startswith(each.rstrip("/") + "/") for each in wanted)
        }

    @property
    def rule_states(self) -> Mapping[str, bool | None]:
        """Of each rule in these files, by its name, whether it is on; None where that cannot be told.

        Raises:
            EvidenceError: the configuration could not be read.
        """
        named = [Rule(*each) for each in self.document["Named"]]
        options = [Switch(*each) for each in self.document["Switches"]]
        lists = [each.get("rules") for each in self.document["Config"] if each]
        switches = (*options, *(switch for each in lists for switch in by_configuration(each)))
        least = str(self.configuration.get("priority") or "")
        return states((each for each in named if each.path in self.rules), switches, least)

    @property
    def readings(self) -> tuple[Reading, Reading] | None:
        """Two readings of its counters, the second one later; None where it shows none.

        Raises:
            EvidenceError: the endpoint that answered is not its own.
        """
        asked = self.document["Readings"]
        if len(asked) == 2:
            port = self.config_value("webserver", "listen_port") or _PORT
            if not any(each.endswith(f" {port}") for each in self.document["Network"]["Listens"]):
                raise EvidenceError(f"what answers at port {port} is not shown to be this process")
            first, second = map(_reading, asked)
            return first, second
        written = self._snapshots
        same_start = len({each.get("falco.start_ts") for each in written}) == 1
        if len(written) == 2 and same_start:
            first, second = (
                Reading(_number(each.get("scap.n_evts")), _number(each.get("scap.n_drops")), None, {})
                for each in written
            )
            return first, second
        return None

    @property
    def _snapshots(self) -> list[Mapping[str, Any]]:
        fields = [each.get("output_fields") for each in self.document["Snapshots"]]
        return [each if isinstance(each, dict) else {} for each in fields]

    @property
    def last_snapshot(self) -> float | None:
        """When it last wrote its counters to their file, in seconds since the epoch."""
        times = [each.get("evt.time") for each in self._snapshots]
        return max((each / 1e9 for each in times if isinstance(each, int)), default=None)

    @property
    def last_alert(self) -> float | None:
        """When the file of its alerts was last written; None where there is none, or nothing in it."""
        alerts = self.document["Alerts"]
        return None if alerts is None else float(alerts)


def _merged(known: Any, value: Any, *, by_option: bool) -> Any:
    """A value of a configuration with that of a file that is read later: lists are joined."""
    if isinstance(known, dict) and isinstance(value, dict):
        return {**known, **value}
    if isinstance(known, list) and isinstance(value, list) and not by_option:
        return known + value
    return value


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) else None


def _reading(document: Mapping[str, Any]) -> Reading:
    return Reading(
        document.get("Events"), document.get("Drops"), document.get("Matches"), document.get("Rules") or {}
    )


@dataclass(frozen=True)
class Sensors:
    """All processes of such tools; read when they are first asked for."""

    recording: Recording
    processes: Later[Processes]
    containers: Later[Subjects[Container]]
    images: Later[Subjects[Image]]

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        return self.recording.json_object(SENSORS, SHAPE)

    def installed(self, tool: Tool) -> tuple[str, ...]:
        """The programs of the tool that lie on the host."""
        return tuple(each for each in self._document["Installed"] if tool.programs.fullmatch(each))

    @property
    def others(self) -> tuple[str, ...]:
        """Other tools that run as root, and may watch the containers or not.

        Raises:
            EvidenceError: the processes could not be read.
        """
        running = self.processes.get().by_pid.values()
        found = (
            (name, each) for name, way in OTHERS.items() for each in running if way.fullmatch(each.executable)
        )
        return tuple(dict.fromkeys(name for name, each in found if 0 in each.uids))

    def of(self, tool: Tool) -> tuple[Watcher, ...]:
        """The processes that run its program, wherever it lies.

        Raises:
            EvidenceError: none was found, and the auditor does not see those of others.
        """
        found = tuple(
            each
            for each in self._watchers
            if tool.programs.fullmatch(each.executable) or _named(tool, each.executable)
        )
        if not found and not self._document["AsRoot"]:
            raise EvidenceError(unread("which programs run as others", "could not be seen"))
        return found

    @cached_property
    def _watchers(self) -> tuple[Watcher, ...]:
        known = self.processes.get().by_pid
        documents = [
            each for each in self._document["Processes"] if each["Pid"] in known
        ]  # one may have ended
        named = self.containers.get() if documents else ()
        by_id = {each.id: each for _, each in named}
        found = []
        for each in documents:
            process = known[each["Pid"]]
            inside = [by_id[identifier] for identifier in process.container_ids if identifier in by_id]
            container = inside[0] if inside else None
            image = self._image(container.configuration.image_id) if container else None
            names = (image.origins, image.tags) if image else ((), ())
            found.append(Watcher(process.pid, process.executable, each, container, *names))
        return tuple(found)

    def _image(self, identifier: str) -> Image | None:
        return next((image for _, image in self.images.get() if image.id == identifier), None)


def _named(tool: Tool, executable: str) -> bool:
    return tool is FALCO and executable.endswith("/falco")


@fact(SENSORS)
def sensors(
    recording: Recording,
    engine: Engine,
    processes: Later[Processes],
    container: Later[Subjects[Container]],
    image: Later[Subjects[Image]],
) -> Sensors:
    """What watches the containers while they run."""
    return Sensors(recording, processes, container, image)
