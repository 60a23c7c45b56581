"""Which files an engine really uses, in groups: of its units, its configuration, its keys and its sockets."""

import posixpath
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_options import START
from hullcheck.facts.engine.endpoints import real_path
from hullcheck.facts.engine.files_answer import ENGINE_FILES, SYSTEM, Answer, UnitFiles, View
from hullcheck.facts.host.file import FileFact, State, abstract_socket
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import certificates
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.go import go_boolean
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

CONFIGURATION = "/etc/docker/"
Files = Subjects[FileFact]

_TLS = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
_MASK = "/dev/null"  # it masks a unit, or a drop-in: whoever may write there, systemd reads nothing
_SCRIPT, _SETTINGS = "/etc/init.d/docker", "/etc/conf.d/docker"
_HIDDEN = "systemd has read it, and it is not there: is it hidden from here, or is a daemon-reload due?"
_MAIN_UNITS = ("docker.service", "snap.docker.dockerd.service")


@dataclass(frozen=True)
class EngineFiles:
    """The files of the daemon of a target; what one group needs and could not be read spoils no other."""

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

    def _file(self, view: View, path: str, *names: str) -> FileFact:
        """A file of the engine by its path, or by other names of the same."""
        found = self.answer.file(view, *names, path)
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
        maps = [line.split() for line in self.view.groups]
        lent = [
            range(int(each[1]), int(each[1]) + int(each[2]))
            for each in maps
            if len(each) == 3 and each[0] != "0"
        ]
        return (range(1), single, *lent)

    def _files(self, view: View, paths: Iterable[str], nothing: str) -> Files:
        return Subjects("file", tuple((path, self._file(view, path)) for path in paths), nothing)

    # ---- units

    def service_unit(self) -> Files:
        """Those of the unit that starts the daemon: its file, its drop-ins, its environment files, what it runs.

        Without systemd, the script of OpenRC or sysvinit.
        """
        if self._runs_systemd:
            return self._of_units([self._unit] if self._unit else [], "systemd does not start this daemon")
        nothing = "the target runs no systemd, and no script starts the daemon"
        files = self._files(self.answer.host, (_SCRIPT, _SETTINGS), nothing)
        there = (
            (path, replace(file, is_run=path == _SCRIPT))
            for path, file in files
            if file.state is not State.ABSENT
        )
        return replace(files, named=tuple(there))

    def socket_units(self) -> Files:
        """Those of the socket units that start the daemon, and of docker.socket."""
        unit = self._unit
        manager = unit.manager if unit else self._manager
        names = {"docker.socket", *(unit.values.get("TriggeredBy", "").split() if unit else ())}
        found = [each for each in self.answer.units if each.manager == manager and each.loaded]
        own = unit.name if unit else _MAIN_UNITS[0]
        names |= {each.name for each in found if own in each.values.get("Triggers", "").split()}
        units = [each for each in found if each.name in names and each.name.endswith(".socket")]
        return self._of_units(units, "systemd has no docker.socket")

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
        files = {path: self._of_unit(unit, path) for unit in units for path in (*unit.paths, *unit.programs)}
        return Subjects("file", tuple(files.items()), nothing)

    def _of_unit(self, unit: UnitFiles, path: str) -> FileFact:
        found = self._file(self.answer.managers[unit.manager], path)
        if found.state is State.ABSENT and path in unit.loaded:
            return replace(found, state=State.UNREAD, doubt=_HIDDEN)
        if found.target and found.target.path == _MASK:  # nobody can write to what is read there
            return replace(found, target=replace(found.target, mode=stat.S_IFCHR))
        return replace(found, is_run=path not in unit.paths)

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
        if (found := self.answer.managers.get(self._manager)) and "silent" in found.words:
            raise EvidenceError(f"systemd did not say which unit runs the daemon (process {self.daemon.pid})")
        if self._manager != SYSTEM:
            return None
        idle = (each for each in known if each.loaded and each.values.get("MainPID") == "0")
        return next((each for each in idle if each.name in _MAIN_UNITS), None)

    # ---- configuration

    def configuration_directories(self) -> Files:
        """That of the configuration file in use, and /etc/docker where the daemon is root's."""
        path = self._configuration_path
        own = [path.rpartition("/")[0] + "/" if "/" in path else "./"] if path else []
        common = [] if self.daemon.process.rootless else [CONFIGURATION]
        asked = [self._absolute(each) for each in (*common, *own)]
        files = {
            posixpath.normpath(each): self._file(self.view, posixpath.normpath(each), each) for each in asked
        }
        return Subjects("file", tuple(files.items()), "the daemon has no configuration directory")

    def configuration_file(self) -> Files:
        """The one in use."""
        path = self._configuration_path
        nothing = "the daemon was started without a configuration file"
        return self._files(self.view, [self._absolute(path)] if path else [], nothing)

    @property
    def _configuration_path(self) -> str:
        """As the daemon was told it; empty where it was told to have none.

        Raises:
            EvidenceError: it could not be read.
        """
        file = self.daemon.config
        if not file.path and file.state != "absent":
            file.values()  # says why it is not known
        return file.path

    def _absolute(self, path: str) -> str:
        """A path that the daemon takes from the directory in which it runs."""
        return path if path.startswith("/") else f"{self.view.words.get('directory', '')}/{path}"

    # ---- certificates and keys

    def registry_certificates(self) -> Files:
        """All files and directories below certs.d."""
        folder = self.view.words.get("registries")
        if folder is None:
            raise EvidenceError(unread("the directory of the registries' certificates", "is not known"))
        top = self._file(self.view, folder)
        files = {path: self._file_of_keys(path) for path in self.view.walks if path.startswith(f"{folder}/")}
        doubt = unread("what lies in it", "may not be read")
        files |= {path: FileFact(path, State.UNREAD, doubt=doubt) for path in self.view.closed}
        if top.state is State.UNREAD:
            files[folder] = top
        absent = top.state is State.ABSENT
        nothing = f"{folder} does not exist" if absent else f"there is no file below {folder}"
        return Subjects("file", tuple(files.items()), nothing)

    def _file_of_keys(self, path: str) -> FileFact:
        return replace(self._file(self.view, path), holds_key=path.endswith(".key"))

    def tls_ca(self) -> Files:
        """The CA that the certificates of clients must be of."""
        return self.of_tls("tlscacert")

    def tls_certificate(self) -> Files:
        """The certificate of the daemon."""
        return self.of_tls("tlscert")

    def tls_key(self) -> Files:
        """The private key of the daemon."""
        return self.of_tls("tlskey")

    def of_tls(self, option: str) -> Files:
        """What an option names; without it the default file, where the daemon looks for that."""
        flags = self.daemon.process
        path = next(iter(flags.values(option)[-1:]), "") or self.daemon.config.values().get(option)
        if not path and (flags.values("tlsverify") or any(map(go_boolean, flags.values("tls")[-1:]))):
            folder = self.view.words.get("tls")
            if folder is None:
                raise EvidenceError(unread("the directory of the daemon's certificates", "is not known"))
            path = f"{folder}/{_TLS[option]}"
        named = [self._absolute(str(path))] if path else []
        files = tuple((each, self._file_of_keys(each)) for each in named)
        return Subjects("file", files, f"no {option} is configured, and TLS does not ask for one")

    def certificates(self, file: FileFact) -> tuple[Certificate, ...]:
        """Those in a file of TLS, in order.

        Raises:
            EvidenceError: there is none, or one cannot be read.
        """
        pem = self.view.walks[file.path].pem
        if not pem:
            raise EvidenceError(f"{file.path} holds no certificate that could be read")
        return certificates.read(pem)

    def is_older_than_daemon(self, file: FileFact) -> bool:
        """Whether a file of TLS is as it was when the daemon started; what cannot be told counts as a change."""
        started = self.daemon.process.started
        changed = self.answer.changed.get(self.view.root + file.node.path)
        return started is not None and changed is not None and changed[1] <= started[0] + START

    def require_unchanged(self, file: FileFact) -> None:
        """Raise EvidenceError where the daemon may have started with another file of TLS than the one that is there."""
        if not self.is_older_than_daemon(file):
            raise EvidenceError(
                f"{file.path} may have been changed after the daemon started: restart it to know"
            )

    # ---- files at fixed places

    def default_file(self) -> Files:
        """What Debian's start scripts read."""
        return self._files(self.answer.host, ["/etc/default/docker"], "")

    def sysconfig_file(self) -> Files:
        """What Red Hat's start scripts read."""
        return self._files(self.answer.host, ["/etc/sysconfig/docker"], "")

    # ---- sockets

    def api_sockets(self) -> Files:
        """Every unix socket on which the API listens."""
        found = self._sockets(self.daemon.endpoints.api_sockets, "the API listens on no unix socket")
        units = [each for each in self.answer.units if each.manager == self._manager]
        coming = {real_path(self.daemon.process, path): unit for unit in units for path in unit.listens}
        made = ((path, coming[path].makes(file) if path in coming else file) for path, file in found)
        return replace(found, named=tuple(made))

    def containerd_sockets(self) -> Files:
        """That of the containerd which the daemon uses."""
        return self._sockets(self.daemon.endpoints.containerd_sockets, "the daemon uses no containerd")

    def _sockets(self, paths: Collection[str], nothing: str) -> Files:
        """Sockets, named without links; clients use the name that the socket was given, with its links."""
        given: dict[str, list[str]] = {}
        for each in self.daemon.process.unix_table:
            given.setdefault(each.real, []).append(each.path)
        files = {path: self._file(self.view, path, *given.get(path, ())) for path in paths if path[0] != "@"}
        files |= {path: files[path].as_listened_on for path in given.keys() & files}
        files |= {path: abstract_socket(path) for path in paths if path[0] == "@"}
        return Subjects("file", tuple(files.items()), nothing)


GROUPS: Mapping[str, Callable[[EngineFiles], Files]] = {
    "service_unit_file": EngineFiles.service_unit,
    "socket_unit_file": EngineFiles.socket_units,
    "configuration_directory": EngineFiles.configuration_directories,
    "registry_certificate": EngineFiles.registry_certificates,
    "tls_ca": EngineFiles.tls_ca,
    "tls_certificate": EngineFiles.tls_certificate,
    "tls_key": EngineFiles.tls_key,
    "api_socket": EngineFiles.api_sockets,
    "configuration_file": EngineFiles.configuration_file,
    "default_file": EngineFiles.default_file,
    "sysconfig_file": EngineFiles.sysconfig_file,
    "containerd_socket": EngineFiles.containerd_sockets,
}
"""The groups by the names under which controls ask for them, one file at a time."""


@fact(ENGINE_FILES)
def engine_files(recording: Recording, daemon: Daemon) -> EngineFiles:
    """The files of the daemon, in groups.

    Raises:
        EvidenceError: the target did not answer.
    """
    return EngineFiles(Answer.of(recording), daemon)


for _name, _group in GROUPS.items():
    fact(name=_name, of="engine_files")(_group)
