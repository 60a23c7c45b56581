"""Which files an engine really uses, in groups: of its units, its configuration, its keys and its sockets."""

import posixpath
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_options import START
from hullcheck.facts.engine.endpoints import real_path
from hullcheck.facts.engine.files_answer import FILES, SYSTEM, Answer, Unit
from hullcheck.facts.host.file import FileFact, State, abstract_socket
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import certificates
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.go import go_boolean
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

CONFIGURATION = "/etc/docker"
Files = Subjects[FileFact]
T = TypeVar("T")

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

    def _said(self, word: str) -> list[str]:
        """What the answer tells of the daemon."""
        if not self.answer.said(self.daemon.pid, "root"):
            raise EvidenceError("the files of the daemon could not be read: it started or ended meanwhile")
        return self.answer.said(self.daemon.pid, word)

    def _word(self, word: str, otherwise: str = "") -> str:
        return next(iter(self._said(word)), otherwise)

    @property
    def root(self) -> str:
        """Below what the auditor sees the files as the daemon does."""
        return self._word("root")

    def _file(self, path: str, root: str | None = None) -> FileFact:
        """A file by its path, as the daemon sees it, or another."""
        found = self.answer.look(path, self.root if root is None else root)
        return replace(found, owners=self._owners, groups=self._groups)

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
        own = [range(int(each), int(each) + 1) for each in self._said("group") if each.isdigit()]
        maps = [tuple(map(int, line.split())) for line in self._said("groups")]
        return (range(1), *own, *(range(outside, outside + count) for first, outside, count in maps if first))

    def at(self, paths: Iterable[str], nothing: str = "", root: str | None = None) -> Files:
        """Files, as the daemon sees them, or below another root."""
        return Subjects("file", tuple((path, self._file(path, root)) for path in paths), nothing)

    # ---- units

    def service_unit(self) -> Files:
        """Those of the unit that starts the daemon: its file, its drop-ins, its environment files, what it runs.

        Without systemd, the script of OpenRC or sysvinit.
        """
        if self._managers:
            return self._of_units([self._unit] if self._unit else [], "systemd does not start this daemon")
        nothing = "the target runs no systemd, and no script starts the daemon"
        files = self.at((_SCRIPT, _SETTINGS), nothing, "")
        there = ((path, replace(file, is_run=path == _SCRIPT)) for path, file in files if not file.is_absent)
        return replace(files, named=tuple(there))

    def socket_units(self) -> Files:
        """Those of the socket units that start the daemon, and of docker.socket."""
        if not self._managers:
            return Subjects("file", (), "the target does not run systemd")
        unit = self._unit
        asked = unit["TriggeredBy"].split() if unit else []
        found = [each for each in self.answer.units if each.manager == self._manager]
        own = unit.name if unit else _MAIN_UNITS[0]
        names = {"docker.socket", *asked} | {each.name for each in found if own in each["Triggers"].split()}
        sockets = [each for each in found if each.name in names and each.name.endswith(".socket")]
        files = self._of_units((each for each in sockets if each.loaded), "systemd has no docker.socket")
        unknown = {each for each in asked if each.endswith(".socket")} - {each.name for each in sockets}
        return replace(files, unread=tuple((each, "systemd did not tell of it") for each in sorted(unknown)))

    @property
    def _managers(self) -> frozenset[str]:
        """The users whose systemd was asked; empty where the target runs none."""
        if self.answer.managers is None:
            raise EvidenceError(
                "the answer does not say whether the target runs systemd: is /run/systemd hidden from here?"
            )
        return self.answer.managers

    def _of_units(self, units: Iterable[Unit], nothing: str) -> Files:
        files: dict[str, FileFact] = {}
        for unit in units:
            patterns = unit.values("EnvironmentFiles")
            read = [path for each in patterns for path in self.answer.matching(each) or (each,)]
            files |= {path: self._of_unit(unit, path) for path in (*unit.loaded, *read)}
            files |= {path: replace(self._file(path, ""), is_run=True) for path in unit.values("program")}
        return Subjects("file", tuple(files.items()), nothing)

    def _of_unit(self, unit: Unit, path: str) -> FileFact:
        found = self._file(path, "")
        if found.state is State.ABSENT and path in unit.loaded:
            return replace(found, state=State.UNREAD, doubt=_HIDDEN)
        if found.target and found.target.path == _MASK:  # nobody can write to what is read there
            return replace(found, target=replace(found.target, mode=stat.S_IFCHR))
        return found

    @property
    def _manager(self) -> str:
        """The user whose systemd may have started the daemon."""
        process = self.daemon.process
        own = str(process.uids[1]) if process.rootless and len(process.uids) > 1 else SYSTEM
        return self._word("manager", own)

    @cached_property
    def _unit(self) -> Unit | None:
        """The unit in whose control group the daemon runs.

        Where it runs in none, that is docker.service, if it has a file and runs no other daemon: it will start one.
        """
        known = [each for each in self.answer.units if each.manager == self._manager]  # others may lie
        name = self._word("unit")
        own = next((each for each in known if each.name == name), None)
        if own is None and (name or not known) and self._manager in self._managers:
            raise EvidenceError(f"systemd did not say which unit runs the daemon (process {self.daemon.pid})")
        idle = (each for each in known if each.loaded and each["MainPID"] == "0")
        return own or next((each for each in idle if each.name in _MAIN_UNITS), None)

    # ---- configuration

    def configuration_directories(self) -> Files:
        """That of the configuration file in use, and /etc/docker where the daemon is root's."""
        path = self._configuration_path
        common = [] if self.daemon.process.rootless else [CONFIGURATION]
        paths = dict.fromkeys((*common, *([posixpath.dirname(path)] if path else [])))
        return self.at(paths, "the daemon has no configuration directory")

    def configuration_file(self) -> Files:
        """The one in use."""
        path = self._configuration_path
        return self.at([path] if path else [], "the daemon was started without a configuration file")

    @property
    def _configuration_path(self) -> str:
        """As the daemon was told it; empty where it was told to have none."""
        file = self.daemon.config
        if not file.path and file.state != "absent":
            file.values()  # says why it is not known
        return file.path

    # ---- certificates and keys

    def registry_certificates(self) -> Files:
        """All files and directories below certs.d."""
        folder = self._word("registries")
        if not folder:
            raise EvidenceError(unread("the directory of the registries' certificates", "is not known"))
        top = self._file(folder)
        below = self.answer.matching(f"{top.target.path}/*", self.root) if top.target else ()
        files = {path: self._file_of_keys(path) for path in below}
        doubt = unread("what lies in it", "may not be read")
        files |= {path: FileFact(path, State.UNREAD, doubt=doubt) for path in self._said("closed")}
        if top.state is State.UNREAD:
            files[folder] = top
        nothing = f"{folder} does not exist" if top.is_absent else f"there is no file below {folder}"
        return Subjects("file", tuple(files.items()), nothing)

    def _file_of_keys(self, path: str) -> FileFact:
        return replace(self._file(path), holds_key=path.endswith(".key"))

    def of_tls(self, option: str) -> Files:
        """What an option names; without it the default file, where the daemon looks for that."""
        flags = self.daemon.process
        path = next(iter(flags.values(option)[-1:]), "") or self.daemon.config.values().get(option)
        if not path and (flags.values("tlsverify") or any(map(go_boolean, flags.values("tls")[-1:]))):
            folder = self._word("tls")
            if not folder:
                raise EvidenceError(unread("the directory of the daemon's certificates", "is not known"))
            path = f"{folder}/{_TLS[option]}"
        files = tuple((each, self._file_of_keys(each)) for each in ([str(path)] if path else []))
        return Subjects("file", files, f"no {option} is configured, and TLS does not ask for one")

    def certificates(self, file: FileFact) -> tuple[Certificate, ...]:
        """Those in a file of TLS, in order."""
        pem = self.answer.pem.get(self.root + file.path)
        if not pem:
            raise EvidenceError(f"{file.path} holds no certificate that could be read")
        return certificates.read("\n".join(pem))

    def require_unchanged(self, file: FileFact) -> None:
        """Return where a file of TLS is as it was when the daemon started."""
        started = self.daemon.process.started
        changed = self.answer.changed.get(self.root + file.path)
        if not started or not changed or changed[1] > started[0] + START:
            raise EvidenceError(
                f"{file.path} may have been changed after the daemon started: restart it to know"
            )

    # ---- sockets

    def api_sockets(self) -> Files:
        """Every unix socket on which the API listens."""
        found = self._sockets(self.daemon.endpoints.api_sockets, "the API listens on no unix socket")
        units = [each for each in self.answer.units if each.manager == self._manager]
        coming = {
            real_path(self.daemon.process, path): unit for unit in units for path in unit.values("Listen")
        }
        made = ((path, _made_by(coming[path], file) if path in coming else file) for path, file in found)
        return replace(found, named=tuple(made))

    def containerd_sockets(self) -> Files:
        """That of the containerd which the daemon uses."""
        return self._sockets(self.daemon.endpoints.containerd_sockets, "the daemon uses no containerd")

    def _sockets(self, paths: Collection[str], nothing: str) -> Files:
        """Sockets, named without links; clients use the name that the socket was given, with its links."""
        given: dict[str, list[str]] = {}
        for each in self.daemon.process.unix_table:
            given.setdefault(each.real, []).append(each.path)
        files = {path: self._socket(path, *given.get(path, ())) for path in paths if path[0] != "@"}
        files |= {path: files[path].as_listened_on for path in given.keys() & files}
        files |= {path: abstract_socket(path) for path in paths if path[0] == "@"}
        return Subjects("file", tuple(files.items()), nothing)

    def _socket(self, path: str, *given: str) -> FileFact:
        """A socket by the first of its names that was looked at."""
        files = [replace(self._file(each), path=path) for each in (*given, path)]
        return next((each for each in files if each.state is not State.UNREAD), files[-1])


def described(sentence: str, group: Callable[[T], Files]) -> Callable[[T], Files]:
    """Return *group*, which has no docstring, with what it gives in a sentence."""
    group.__doc__ = sentence
    return group


def _made_by(unit: Unit, socket: FileFact) -> FileFact:
    """A socket of a socket unit, with what that gives it at the next start."""
    mode, owner, group = (unit[each] for each in ("SocketMode", "SocketUser", "SocketGroup"))
    return replace(socket, next_mode=int(mode or "0", 8), next_owner=owner, next_group=group)


GROUPS: Mapping[str, Callable[[EngineFiles], Files]] = {
    "service_unit_file": EngineFiles.service_unit,
    "socket_unit_file": EngineFiles.socket_units,
    "configuration_directory": EngineFiles.configuration_directories,
    "registry_certificate": EngineFiles.registry_certificates,
    "tls_ca": described("The CA of the clients.", lambda files: files.of_tls("tlscacert")),
    "tls_certificate": described("The daemon's certificate.", lambda files: files.of_tls("tlscert")),
    "tls_key": described("The daemon's private key.", lambda files: files.of_tls("tlskey")),
    "api_socket": EngineFiles.api_sockets,
    "configuration_file": EngineFiles.configuration_file,
    "default_file": described("Debian's settings.", lambda files: files.at(["/etc/default/docker"], root="")),
    "sysconfig_file": described(
        "Red Hat's settings.", lambda files: files.at(["/etc/sysconfig/docker"], root="")
    ),
    "containerd_socket": EngineFiles.containerd_sockets,
}
"""The groups by the names under which controls ask for them, one file at a time."""


@fact(FILES)
def engine_files(recording: Recording, daemon: Daemon) -> EngineFiles:
    """The files of the daemon, in groups."""
    return EngineFiles(Answer.of(recording), daemon)


for _name, _group in GROUPS.items():
    fact(name=_name, of="engine_files")(_group)
