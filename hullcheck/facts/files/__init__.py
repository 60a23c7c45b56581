"""Which files an engine really uses, in groups: of its units, its configuration, its keys and its sockets."""

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.daemon.config_file import START
from hullcheck.facts.daemon.sockets import real_path
from hullcheck.facts.files.answer import Answer
from hullcheck.facts.files.probe import ENGINE_FILES
from hullcheck.facts.files.start import Files, StartFiles
from hullcheck.facts.host.file import FileFact, State, abstract_socket
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import certificates
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.go import go_boolean
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

CONFIGURATION = "/etc/docker/"


class EngineFiles(StartFiles):
    """The files of the daemon of a target; what one group needs and could not be read spoils no other."""

    def group(self, name: str) -> Files:
        """The files of one of GROUPS.

        Raises:
            EvidenceError: which files these are cannot be told.
        """
        return GROUPS[name](self)

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
        file = self.daemon.files.config
        if not file.path and file.state != "absent":
            file.values()  # says why it is not known
        return file.path

    def _absolute(self, path: str) -> str:
        """A path that the daemon takes from the directory in which it runs."""
        return path if path.startswith("/") else f"{self.view.words.get('directory', '')}/{path}"

    # ---- certificates and keys

    def registry_certificates(self) -> Files:
        """All files and directories below certs.d, and the files that a hosts.toml names.

        Where there is no file, the directories that wait for one of others.
        """
        folder = self.view.words.get("registries")
        if folder is None:
            raise EvidenceError(unread("the directory of the registries' certificates", "is not known"))
        top = self._file(self.view, folder)
        below = {posixpath.normpath(path): path for path in self.view.below(folder)}
        files = {plain: self._file_of_keys(plain, path) for plain, path in below.items()}
        closed = {path: self._closed(path) for path in self.view.closed}
        if top.state is State.UNREAD:
            return Subjects("file", ((folder, top),))
        if closed or not all(file.target and file.target.is_directory for file in files.values()):
            return Subjects("file", tuple({**files, **closed}.items()))
        open_ones = tuple((path, file) for path, file in {folder: top, **files}.items() if file.awaits_others)
        absent = top.state is State.ABSENT
        nothing = f"{folder} does not exist" if absent else f"there is no file below {folder}"
        return Subjects("file", open_ones, nothing)

    def _file_of_keys(self, path: str, name: str) -> FileFact:
        """A file in which a private key may lie, which is walked to by *name*."""
        walk = self.view.walks.get(name)
        key = path.endswith(".key") or (walk.private if walk else False)
        return replace(self._file(self.view, path, name), holds_key=key)

    def _closed(self, path: str) -> FileFact:
        return FileFact(path, State.UNREAD, doubt=unread("what lies in it", "may not be read"))

    def tls_ca(self) -> Files:
        """The CA that the certificates of clients must be of."""
        return self._tls("tlscacert", "ca.pem")

    def tls_certificate(self) -> Files:
        """The certificate of the daemon."""
        return self._tls("tlscert", "cert.pem")

    def tls_key(self) -> Files:
        """The private key of the daemon."""
        return self._tls("tlskey", "key.pem")

    def _tls(self, option: str, default: str) -> Files:
        """What an option names; without it the default file, where the daemon looks for that."""
        path = next(iter(self.daemon.process.values(option)[-1:]), "") or self._document.get(option)
        if not path and self._looks_for_defaults:
            folder = self.view.words.get("tls")
            if folder is None:
                raise EvidenceError(unread("the directory of the daemon's certificates", "is not known"))
            path = f"{folder}/{default}"
        named = [self._absolute(str(path))] if path else []
        files = tuple((each, self._file_of_keys(each, each)) for each in named)
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
        walk, process = self.view.walks[file.path], self.daemon.process
        if process.started is None or walk.changed is None:
            return False
        return walk.changed[1] <= process.started[0] + START

    def require_unchanged(self, file: FileFact) -> None:
        """Raise EvidenceError where the daemon may have started with another file of TLS than the one that is there."""
        if not self.is_older_than_daemon(file):
            raise EvidenceError(
                f"{file.path} may have been changed after the daemon started: restart it to know"
            )

    @property
    def _document(self) -> Mapping[str, Any]:
        """What daemon.json says."""
        return self.daemon.files.config.values()

    @property
    def _looks_for_defaults(self) -> bool:
        """Whether the daemon takes the files of its default directory.

        Only the command line and the environment make it look there, and the variable alone starts no TLS.
        """
        flags = self.daemon.process
        if flags.values("tlsverify") or any(map(go_boolean, flags.values("tls")[-1:])):
            return True
        environment = flags.environment
        started = self._document.get("tls") or "tlsverify" in self._document
        if started and environment is None:
            raise EvidenceError(unread("the environment of the daemon"))
        return bool(started and (environment or {}).get("DOCKER_TLS_VERIFY"))

    # ---- files at fixed places

    def default_file(self) -> Files:
        """What Debian's start scripts read."""
        return self._files(self.answer.host, ["/etc/default/docker"], "")

    def sysconfig_file(self) -> Files:
        """What Red Hat's start scripts read."""
        return self._files(self.answer.host, ["/etc/sysconfig/docker"], "")

    # ---- sockets

    def api_sockets(self) -> Files:
        """Every unix socket on which the API listens, or a program that may pass on to it what it takes there."""
        found = self._sockets(self.daemon.endpoints.api_sockets, "the API listens on no unix socket")
        units = [each for each in self.answer.units if each.manager == self._manager]
        coming = {real_path(self.daemon.process, path): unit for unit in units for path in unit.listens}
        made = ((path, coming[path].makes(file) if path in coming else file) for path, file in found)
        return replace(found, named=(*made, *self._relays(dict(found))))

    def _relays(self, own: Mapping[str, FileFact]) -> Iterable[tuple[str, FileFact]]:
        for path, program in self.view.relays.items():
            file = abstract_socket(path) if path[0] == "@" else self._file(self.view, path).as_listened_on
            if path not in own and (file.target or file).path not in own:
                yield path, replace(file, passes_on=program)

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
