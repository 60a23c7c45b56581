"""The files that an engine uses: its units, configuration, keys, sockets, programs and directories."""

import posixpath
import stat
from collections.abc import Callable, Iterable
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.daemon_options import START
from hullcheck.facts.engine.endpoints import real_path, run_path
from hullcheck.facts.engine.files_answer import FILES, SYSTEM, Answer, Unit
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import certificates
from hullcheck.parsing.answer_lines import grouped
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.values import go_boolean
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

Files = Subjects[FileFact]

_TLS = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
_MASK = "/dev/null"  # it masks a unit, or a drop-in: whoever may write there, systemd reads nothing
_SCRIPT, _SETTINGS = "/etc/init.d/docker", "/etc/conf.d/docker"
_HIDDEN = "systemd has read it, and it is not there: is it hidden from here, or is a daemon-reload due?"
_MOVED = "it was moved or removed while somebody listens on it, and may be open under another name"
_MAIN_UNITS = ("docker.service", "snap.docker.dockerd.service")
_DELETED = " (deleted)"


class EngineFiles(Struct, frozen=True, dict=True):
    """The files of the daemon of a target."""

    answer: Answer
    daemon: Daemon

    def words(self, name: str) -> list[str]:
        if not self.answer.words_of(self.daemon.pid, "root"):
            raise EvidenceError("the files of the daemon could not be read: it started or ended meanwhile")
        return self.answer.words_of(self.daemon.pid, name)

    def word(self, name: str, default: str = "") -> str:
        return next(iter(self.words(name)), default)

    @property
    def root(self) -> str:
        """The directory below which the auditor sees the daemon's files."""
        return self.word("root")

    def file(self, path: str, root: str | None = None) -> FileFact:
        """Return a file by its path, as seen by the daemon or below another *root*."""
        found = self.answer.look(path, self.root if root is None else root)
        process = self.daemon.process
        owners = frozenset({0, *process.uids[1:2]} if process.rootless else {0})  # root, and a rootless engine's user
        return replace(found, owners=owners, groups=self._groups)

    def at(self, *paths: str, nothing: str = "", root: str | None = None) -> Files:
        return Subjects("file", tuple((path, self.file(path, root)) for path in paths), nothing)

    @cached_property
    def _groups(self) -> tuple[range, ...]:
        """The groups that may own files of the engine, with those of a rootless engine's namespace."""
        if not self.daemon.process.rootless:
            return (range(1),)
        own = [range(int(each), int(each) + 1) for each in self.words("group") if each.isdigit()]
        maps = [tuple(map(int, line.split())) for line in self.words("groups")]
        return (range(1), *own, *(range(outside, outside + count) for first, outside, count in maps if first))

    @property
    def managers(self) -> frozenset[str]:
        """The users whose systemd answered; empty without systemd."""
        if self.answer.managers is None:
            raise EvidenceError("whether the target runs systemd is unknown: is /run/systemd hidden from here?")
        return self.answer.managers

    @property
    def _manager(self) -> str:
        """The user whose systemd may have started the daemon."""
        process = self.daemon.process
        return self.word("manager", str(process.uids[1]) if process.rootless and process.uids[1:] else SYSTEM)

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units of the systemd that may have started the daemon."""
        return tuple(each for each in self.answer.units if each.manager == self._manager)

    @cached_property
    def unit(self) -> Unit | None:
        """The unit that runs the daemon, or else an idle docker.service, which will start one."""
        name = self.word("unit")
        own = next((each for each in self.units if each.name == name), None)
        if own is None and (name or not self.units) and self._manager in self.managers:
            raise EvidenceError(f"systemd did not report which unit runs the daemon (process {self.daemon.pid})")
        idle = (each for each in self.units if each.loaded and each["MainPID"] == "0")
        return own or next((each for each in idle if each.name in _MAIN_UNITS), None)

    def of_units(self, units: Iterable[Unit], nothing: str) -> Files:
        """Return the files of units, their drop-ins and environment files, and the programs that they run."""
        files: dict[str, FileFact] = {}
        for unit in units:
            patterns = unit.values("EnvironmentFiles")
            read = [path for each in patterns for path in self.answer.matching(each) or (each,)]
            files |= {path: self._of_unit(unit, path) for path in (*unit.loaded, *read)}
            files |= {path: replace(self.file(path, ""), is_run=True) for path in unit.values("program")}
        return Subjects("file", tuple(files.items()), nothing)

    def _of_unit(self, unit: Unit, path: str) -> FileFact:
        found = self.file(path, "")
        if found.state is State.ABSENT and path in unit.loaded:
            return replace(found, state=State.UNREAD, doubt=_HIDDEN)
        if found.target and found.target.path == _MASK:  # nobody can write to what is read there
            return replace(found, target=replace(found.target, mode=stat.S_IFCHR))
        return found

    def key_file(self, path: str) -> FileFact:
        return replace(self.file(path), holds_key=path.endswith(".key"))

    def of_tls(self, option: str) -> Files:
        """Return the file in an option, or else the default file if the daemon uses that."""
        flags = self.daemon.process
        path = next(iter(flags.values(option)[-1:]), "") or self.daemon.config.values().get(option)
        if not path and (flags.values("tlsverify") or any(map(go_boolean, flags.values("tls")[-1:]))):
            folder = self.word("tls")
            if not folder:
                raise EvidenceError(unread("the directory of the daemon's certificates", "is not known"))
            path = f"{folder}/{_TLS[option]}"
        files = tuple((each, self.key_file(each)) for each in ([str(path)] if path else []))
        return Subjects("file", files, f"no {option} is configured, and TLS does not require one")

    def certificates(self, file: FileFact) -> tuple[Certificate, ...]:
        """Return the certificates in a file of TLS, in order."""
        pem = self.answer.pem.get(self.root + file.path)
        if not pem:
            raise EvidenceError(f"{file.path} holds no certificate that could be read")
        return certificates.read("\n".join(pem))

    def require_unchanged(self, file: FileFact) -> None:
        """Raise EvidenceError if a TLS file may have changed since the daemon started."""
        started = self.daemon.process.started
        changed = self.answer.changed.get(self.root + file.path)
        if not started or not changed or changed[1] > started[0] + START:
            raise EvidenceError(f"{file.path} may have been changed after the daemon started: restart it to know")

    def sockets(self, paths: Iterable[str]) -> Files:
        """Return sockets by their real paths, with the directories that clients go through."""
        given, files = grouped((each.real, each.path) for each in self.daemon.process.unix_table), {}
        for path in paths:
            seen = [replace(self.file(each), path=path) for each in (*given.get(path, ()), path)]
            files[path] = next((each for each in seen if each.state is not State.UNREAD), seen[-1])
            if path in given and files[path].is_absent:
                files[path] = replace(files[path], state=State.UNREAD, doubt=_MOVED)
        return Subjects("file", tuple(files.items()), "the API listens on no unix socket")

    def running_programs(self, name: str) -> Files:
        """Return the running programs with this name."""
        running = {path for _, path in self.running if posixpath.basename(path) == name}
        files = tuple((path, FileFact.in_use(path)) for path in sorted(running))
        return Subjects("file", files, f"no container runs with {name}")

    def shims(self, name: str) -> Files:
        """Return the running shims with this name; installed ones may be unused."""
        if not self.running:  # not even the daemon
            raise EvidenceError(unread("the programs that run"))
        return self.running_programs(name)

    def programs(self, name: str) -> Files:
        """Return the programs with this name that run or are installed."""
        found = dict(self.running_programs(name))
        for path in self.answer.nodes:
            if posixpath.basename(path) == name and not path.startswith("/proc/"):
                program = self.answer.look(path)
                if program.target and not program.is_directory:
                    found.setdefault(program.target.path, program)
        where = "none runs, and none is in the directories of programs"
        return Subjects("file", tuple(found.items()), f"there is no {name}: {where}")

    @cached_property
    def running(self) -> tuple[tuple[str, str], ...]:
        """The pid and program of processes that see the same files as the daemon."""
        own, words = self.daemon.process.namespaces.get("mnt"), self.answer.words
        pids = [key.removesuffix("/mnt") for key, each in words.items() if key.endswith("/mnt") and each == [own]]
        return tuple((x, path.removesuffix(_DELETED)) for x in pids for path in self.answer.words_of(x, "running"))

    @cached_property
    def containerds(self) -> tuple[str, ...]:
        """The containerd processes, by number, that listen where the daemon is a client."""
        sockets = {*self.daemon.containerd_sockets}
        named = (pid for pid, path in self.running if posixpath.basename(path) == "containerd")
        return tuple(x for x in named if not sockets.isdisjoint(map(run_path, self.answer.words_of(x, "socket"))))

    @property
    def containerd_roots(self) -> tuple[str, ...]:
        """The directories in which the containerd that the daemon uses keeps images, by its open database."""
        held = (root for pid in self.containerds for root in self.answer.words_of(pid, "held"))
        roots = tuple(dict.fromkeys(held))
        if not roots:
            raise EvidenceError(unread("the containerd that the daemon uses", "could not be looked at"))
        return roots


@fact(FILES)
def engine_files(recording: Recording, daemon: Daemon) -> EngineFiles:
    """The files of the daemon."""
    return EngineFiles(Answer.of(recording), daemon)


def _register(name: str, what: str, make: Callable[[EngineFiles], Files]) -> None:
    def made(engine_files: EngineFiles) -> Files:
        return make(engine_files)

    made.__doc__ = what
    fact(name=name)(made)


_register("default_file", "Debian's settings.", lambda files: files.at("/etc/default/docker", root=""))
_register("sysconfig_file", "Red Hat's settings.", lambda files: files.at("/etc/sysconfig/docker", root=""))
_register("configuration_file", "The daemon's configuration.", lambda files: files.at(files.daemon.config.path))
_register("tls_ca", "The CA of the clients.", lambda files: files.of_tls("tlscacert"))
_register("tls_certificate", "The daemon's certificate.", lambda files: files.of_tls("tlscert"))
_register("tls_key", "The daemon's private key.", lambda files: files.of_tls("tlskey"))
_register("containerd_program", "The programs called containerd.", lambda files: files.programs("containerd"))
_register("containerd_shim", "The oldest shim.", lambda files: files.shims("containerd-shim"))
_register("runc_v1_shim", "The older shim.", lambda files: files.shims("containerd-shim-runc-v1"))
_register("runc_v2_shim", "The shim of today.", lambda files: files.programs("containerd-shim-runc-v2"))
_register(
    "containerd_socket",
    "The socket of the containerd that the daemon uses.",
    lambda files: files.sockets(files.daemon.containerd_sockets),
)


@fact()
def service_unit_file(engine_files: EngineFiles) -> Files:
    """The unit that starts the daemon, its drop-ins, environment files and programs, or the script of another init."""
    if engine_files.managers:
        unit = engine_files.unit
        return engine_files.of_units([unit] if unit else [], "systemd does not start this daemon")
    nothing = "the target runs no systemd, and no script starts the daemon"
    files = engine_files.at(_SCRIPT, _SETTINGS, nothing=nothing, root="")
    there = ((path, replace(file, is_run=path == _SCRIPT)) for path, file in files if not file.is_absent)
    return replace(files, named=tuple(there))


@fact()
def socket_unit_file(engine_files: EngineFiles) -> Files:
    """The files of the socket units that start the daemon, and of docker.socket."""
    if not engine_files.managers:
        return Subjects("file", (), "the target does not run systemd")
    unit = engine_files.unit
    triggers = unit["TriggeredBy"].split() if unit else []
    own = unit.name if unit else _MAIN_UNITS[0]
    names = {"docker.socket", *triggers}
    names |= {each.name for each in engine_files.units if own in each["Triggers"].split()}
    sockets = [each for each in engine_files.units if each.name in names and each.name.endswith(".socket")]
    files = engine_files.of_units((each for each in sockets if each.loaded), "systemd has no docker.socket")
    unknown = {each for each in triggers if each.endswith(".socket")} - {each.name for each in sockets}
    return replace(files, unread=tuple((each, "systemd did not report it") for each in sorted(unknown)))


@fact()
def configuration_directory(engine_files: EngineFiles) -> Files:
    """The directory of the configuration file in use, and /etc/docker if the daemon is root's."""
    paths = [] if engine_files.daemon.process.rootless else ["/etc/docker"]
    return engine_files.at(*dict.fromkeys((*paths, posixpath.dirname(engine_files.daemon.config.path))))


@fact()
def registry_certificate(engine_files: EngineFiles) -> Files:
    """All files and directories below certs.d."""
    folder = engine_files.word("registries")
    if not folder:
        raise EvidenceError(unread("the directory of the registries' certificates", "is not known"))
    top = engine_files.file(folder)
    below = engine_files.answer.matching(f"{top.target.path}/*", engine_files.root) if top.target else ()
    files = {path: engine_files.key_file(path) for path in below}
    doubt = unread("what lies in it", "may not be read")
    files |= {path: FileFact(path, State.UNREAD, doubt=doubt) for path in engine_files.words("closed")}
    if top.state is State.UNREAD:
        files[folder] = top
    nothing = f"{folder} does not exist" if top.is_absent else f"there is no file below {folder}"
    return Subjects("file", tuple(files.items()), nothing)


@fact()
def api_socket(engine_files: EngineFiles) -> Files:
    """Every unix socket on which the API listens."""
    daemon = engine_files.daemon
    found = engine_files.sockets(daemon.api_sockets)
    of_units = {real_path(daemon.process, path): unit for unit in engine_files.units for path in unit.values("Listen")}
    files = dict(found)
    for path, unit in of_units.items():
        mode, owner, group = (unit[each] for each in ("SocketMode", "SocketUser", "SocketGroup"))
        if path in files:
            files[path] = replace(files[path], next_mode=int(mode or "0", 8), next_owner=owner, next_group=group)
    return replace(found, named=tuple(files.items()))


@fact()
def daemon_program(daemon: Daemon) -> Files:
    """The program that the running daemon is."""
    path = daemon.process.executable.removesuffix(_DELETED)
    if not path:
        raise EvidenceError(unread(f"the program of process {daemon.pid}"))
    return Subjects("file", ((path, FileFact.in_use(path)),))


@fact()
def runc_program(engine_files: EngineFiles) -> Files:
    """The programs called runc, and the runtime that the engine uses in the place of runc."""
    found, chosen = engine_files.programs("runc"), engine_files.daemon.engine.runtime_program
    if chosen == "runc":
        return found
    if instead := engine_files.programs(chosen).named:
        return replace(found, named=(*found.named, *instead))
    missing = (chosen, "the engine runs it in the place of runc, and it was not found")
    return replace(found, unread=(*found.unread, missing))


@fact()
def data_root(engine_files: EngineFiles) -> Files:
    """The engine's data root, and that of containerd if images lie there."""
    engine = engine_files.daemon.engine
    root = engine_files.answer.look(engine.info.docker_root_dir)
    found = {root.path: root}
    if engine.keeps_images_in_containerd:
        others = (path for path in engine_files.containerd_roots if not is_below(path, root.path))
        found |= {path: FileFact.in_use(path, directory=True) for path in others}
    return Subjects("file", tuple(found.items()))


@fact()
def containerd_directory(engine_files: EngineFiles) -> Files:
    """The directory of the containerd that the daemon uses, and the common one, with the sockets of shims."""
    daemon = engine_files.daemon
    folders = [*map(posixpath.dirname, daemon.containerd_sockets)]
    folders += [] if daemon.process.rootless else ["/run/containerd"]
    found: dict[str, FileFact] = {}
    for file in (engine_files.answer.look(path, engine_files.root) for path in folders):
        if not file.is_absent:
            found.setdefault(file.target.path if file.target else file.path, file)
    return Subjects("file", tuple(found.items()), "containerd has no directory: it does not run")


@fact()
def unit_file(service_unit_file: Files) -> Files:
    """The file of the unit that starts the daemon, without its drop-ins."""
    return replace(service_unit_file, named=service_unit_file.named[:1])


@fact()
def containerd_configuration(engine_files: EngineFiles) -> Files:
    """The configuration of the containerd in use, if the daemon did not write it, and the usual one."""
    answer = engine_files.answer
    folders = [*map(posixpath.dirname, engine_files.daemon.containerd_sockets)]
    used = [path for pid in engine_files.containerds for path in answer.words_of(pid, "config")]
    sites = [path for path in used if not any(is_below(run_path(path), folder) for folder in folders)]
    found = {path: answer.look(path) for path in (*sites, "/etc/containerd/config.toml")}
    there = {path: file for path, file in found.items() if not file.is_absent}
    return Subjects("file", tuple((there or found).items()), "containerd has no configuration file")
