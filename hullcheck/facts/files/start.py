"""The files of an engine as it sees them, and those of the units of systemd, or of the scripts, that start it."""

import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.files.answer import SYSTEM, Answer, UnitFiles, View
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError

_UNSHOWN = "[unprintable]"  # what systemctl(1) shows in the place of a path with a blank in it
_MASK = "/dev/null"  # it masks a unit, or a drop-in: whoever may write there, systemd reads nothing
_SETTINGS_OF_SCRIPTS = (
    "/etc/conf.d/docker",
    "/conf",
)  # of OpenRC and runit, whose scripts run them as a part of them
_GONE = "systemd has read it, and it is not there: is it hidden from here, or is a daemon-reload due?"
_FIXED = ("/etc/default/docker", "/etc/sysconfig/docker")  # judged apart
_MAIN_UNITS = ("docker.service", "snap.docker.dockerd.service")
_ANY_GROUP = range(1 << 32)  # of a directory that others share: what its group may do is in its mode

Files = Subjects[FileFact]


@dataclass(frozen=True)
class OwnFiles:
    """The files of the daemon, as it sees them."""

    answer: Answer
    daemon: Daemon

    @cached_property
    def view(self) -> View:
        """The files as the daemon sees them.

        Raises:
            EvidenceError: the daemon could not be found, or started after the probe looked.
        """
        found = self.answer.daemons.get(self.daemon.pid)
        if found is None:
            raise EvidenceError("the files of the daemon could not be read: it started or ended meanwhile")
        return found

    # ---- files

    def _file(self, view: View, path: str, *names: str) -> FileFact:
        """A file of the engine by its path, or by other names of the same."""
        found = self.answer.file(view, *names, path) if names else self.answer.file(view, path)
        return replace(found, path=path, owners=self._owners, groups=self._groups)

    @cached_property
    def _owners(self) -> frozenset[int]:
        """Who may own files of the engine: root, and the user of a rootless one."""
        process = self.daemon.process
        return frozenset({0, *process.uids[1:2]}) if process.rootless else frozenset({0})

    @cached_property
    def _groups(self) -> tuple[range, ...]:
        """The numbers of their groups; those of a rootless engine's namespace are lent to its user."""
        if not self.daemon.process.rootless:
            return (range(1),)
        own = self.view.words.get("group", "")
        single = range(int(own), int(own) + 1) if own.isdigit() else range(0)
        try:
            lines = (line.split() for line in self.view.words.get("groups", "").split("\n") if line)
            lent = [range(int(first), int(first) + int(count)) for _, first, count in lines if first != "0"]
        except ValueError:
            raise EvidenceError("the groups of the daemon's namespace are not told as numbers") from None
        return (range(1), single, *lent)

    def _files(self, view: View, paths: Iterable[str], nothing: str) -> Files:
        return Subjects("file", tuple((path, self._file(view, path)) for path in paths), nothing)


class StartFiles(OwnFiles):
    """Those that start the daemon."""

    def service_unit(self) -> Files:
        """Those of the unit that starts the daemon: its file, its drop-ins, its environment files, what it runs; and
        where more would be read. Without systemd, those of the script that starts it."""
        if not self._runs_systemd:
            return self._start_scripts()
        return self._of_units([self._unit] if self._unit else [], "systemd does not start this daemon")

    def socket_units(self) -> Files:
        """Those of the socket units that start the daemon, and of docker.socket."""
        unit = self._unit
        manager = unit.manager if unit else self._manager
        names = {"docker.socket", *(unit.values.get("TriggeredBy", "").split() if unit else ())}
        found = [each for each in self.answer.units if each.manager == manager and each.exists]
        own = unit.name if unit else _MAIN_UNITS[0]
        names |= {each.name for each in found if own in each.values.get("Triggers", "").split()}
        units = [each for each in found if each.name in names and each.name.endswith(".socket")]
        return self._of_units(units, "systemd has no docker.socket")

    def _start_scripts(self) -> Files:
        paths = [each for each in self.answer.host.walks if each not in _FIXED]
        scripts = [each for each in paths if not each.endswith(_SETTINGS_OF_SCRIPTS)]
        nothing = "the target runs no systemd, and no script starts the daemon"
        files = self._files(self.answer.host, paths, nothing)
        there = (
            (path, _run(file, scripts))
            for path, file in files
            if file.state is not State.ABSENT or file.awaits_others
        )
        return replace(files, named=tuple(there))

    @property
    def _runs_systemd(self) -> bool:
        if SYSTEM in self.answer.managers:
            return True
        if "unmanaged" not in self.answer.host.words:
            raise EvidenceError(
                "the answer does not say whether the target runs systemd: is /run/systemd hidden from here?"
            )
        return False

    def _of_units(self, units: Iterable[UnitFiles], nothing: str) -> Files:
        if not self._runs_systemd:
            return Subjects("file", (), "the target does not run systemd")
        files = {path: self._of_unit(unit, path) for unit in units for path in unit.all_paths}
        return Subjects("file", tuple(files.items()), nothing)

    def _of_unit(self, unit: UnitFiles, path: str) -> FileFact:
        if path == _UNSHOWN:
            doubt = f"systemd does not show the name of a drop-in of {unit.name}, for it holds a blank"
            return FileFact(path, State.UNREAD, doubt=doubt)
        found = self._file(self.answer.managers[unit.manager], path)
        if found.state is State.ABSENT and path in unit.loaded:
            return replace(found, state=State.UNREAD, doubt=_GONE)
        if found.target and found.target.path == _MASK:  # nobody can write to what is read there
            return replace(found, target=replace(found.target, mode=stat.S_IFCHR))
        if path in unit.folders:
            return replace(found, groups=(_ANY_GROUP,))
        return found if path in unit.paths else _run(found, unit.programs)

    @property
    def _manager(self) -> str:
        """The user whose systemd may have started the daemon."""
        process = self.daemon.process
        own = str(process.uids[1]) if process.rootless and len(process.uids) > 1 else SYSTEM
        return self.view.words.get("manager_of_unit", own)

    @cached_property
    def _unit(self) -> UnitFiles | None:
        """The unit of the daemon, by its main process: the daemon, or what started it (a shell, rootlesskit).

        Where systemd did not start it, that is docker.service, if it has a file and runs no other daemon: it
        will start one.

        Raises:
            EvidenceError: systemd did not say.
        """
        pids = {str(self.daemon.pid), *self.view.words.get("parents", "").split()} - {"0", "1"}
        known = [each for each in self.answer.units if each.manager == self._manager]  # others may lie
        for unit in known:
            if unit.values.get("MainPID") in pids and unit.name.endswith(".service"):
                return unit
        if self._manager in self.answer.silent:
            raise EvidenceError(f"systemd did not say which unit runs the daemon (process {self.daemon.pid})")
        self._require_processes(known)
        if self._manager != SYSTEM:
            return None
        idle = (each for each in known if each.exists and each.values.get("MainPID") == "0")
        return next((each for each in idle if each.name in _MAIN_UNITS), None)

    def _require_processes(self, units: Iterable[UnitFiles]) -> None:
        """Return where the parents of the daemon and the main processes of *units* are as processes are seen, if any.

        Raises:
            EvidenceError: they are not, so that the unit of the daemon would not be known by them.
        """
        try:
            processes = self.daemon.seen.get().by_pid
        except EvidenceError:
            return
        pid = str(self.daemon.pid)
        for parent in self.view.words.get("parents", "").split():
            seen = processes.get(int(pid)) if pid.isdigit() else None
            if seen is not None and seen.status.get("PPid", parent) != parent:
                raise EvidenceError("the parents of the daemon are told in two ways; audit again")
            pid = parent
        for name, main in ((each.name, each.values.get("MainPID", "0")) for each in units):
            if main.isdigit() and int(main) not in {0, *processes}:
                raise EvidenceError(
                    f"systemd names process {main} for {name}, which is not there; audit again"
                )


def _run(file: FileFact, programs: Collection[str]) -> FileFact:
    return replace(file, is_run=file.path in programs)
