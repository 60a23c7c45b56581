"""Where the programs and directories of an engine really are, which `engine_files` does not look at."""

import posixpath
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.daemon.sockets import listens_at_one
from hullcheck.facts.files import EngineFiles
from hullcheck.facts.files.start import Files
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.proc import namespaces
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like
from hullcheck.verdicts import EvidenceError, unread

_KNOWN = lines_like(
    r"(?:containerd-[a-z-]+|data-root|data-root-part|program [\w.+-]+)\|(?:absent|directory|file|unread)\|.*\|.*",
    r"argument\|\d+\|(?:.*/containerd|--?(?:a|address|c|config|root)(?:=.*)?|/.*)",
    r"toml\|\d+\|\s*(?:\[(?:grpc|other)\]|(?:root|address)\s*=).*",
    r"data-root-listed\|",
    r"held\|\d+\|/.*",
    r"running\|\d+\|/.*",
    r"namespace\|.*",
)


def _keep(text: str) -> str:
    """Of the arguments of containerd the places that it is given."""
    return "\n".join(line for line in _KNOWN(text).split("\n") if line != DROPPED)


ENGINE_PLACES = Probe.from_file(__file__, "engine_places", _keep, like=_KNOWN)
_DELETED = " (deleted)"
_STATES = {"absent": State.ABSENT, "unread": State.UNREAD}
_DEFAULT_ADDRESS = "/run/containerd/containerd.sock"
_DEFAULT_ROOT = "/var/lib/containerd"


@dataclass(frozen=True)
class Containerd:
    """A containerd process.

    Attributes:
        address: its socket, with /var/run as /run.
        root: the directory of its images.
        configuration: its file.
        program: what runs, as /proc names it.
    """

    address: str
    root: str
    configuration: str
    program: str


@dataclass
class _Lines:
    """The lines of the probe by their first word, each as its other fields."""

    by_word: dict[str, list[list[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> "_Lines":
        lines = cls()
        for line in recording.text(ENGINE_PLACES).splitlines():
            if line == DROPPED:  # the recorder keeps no such line of this probe
                raise EvidenceError(f"{ENGINE_PLACES.name}: a line of the answer is lost")
            word, *fields = line.split("|")
            lines.by_word.setdefault(word, []).append(fields)
        return lines

    def get(self, word: str) -> list[list[str]]:
        return self.by_word.get(word, [])


@dataclass(frozen=True)
class Places:
    """The programs and directories of the engine, in groups; what one group lacks spoils no other."""

    recording: Recording
    daemon: Daemon
    files: EngineFiles

    def group(self, name: str) -> Files:
        """The files of one of GROUPS.

        Raises:
            EvidenceError: which files these are cannot be told.
        """
        return GROUPS[name](self)

    @cached_property
    def _lines(self) -> _Lines:
        return _Lines.of(self.recording)

    def _places(self, word: str) -> list[FileFact]:
        """The files that the probe found under a word."""
        return [_fact(*fields) for fields in self._lines.get(word) if len(fields) == 3]

    # ---- programs

    def daemon_program(self) -> Files:
        """The program that the running daemon is."""
        path = self.daemon.process.executable.removesuffix(_DELETED)
        if not path:
            raise EvidenceError(unread(f"the program of process {self.daemon.pid}"))
        return Subjects("file", ((path, _program(path)),))

    def _programs(self, name: str) -> Files:
        """Where programs of a name really are: those that run, and those that a search finds."""
        running = (path.removesuffix(_DELETED) for _, path in self._beside_the_daemon)
        paths = [path for path in running if posixpath.basename(path) == name]
        found = {path: _program(path) for path in paths}
        for place in self._places(f"program {name}"):
            found.setdefault(place.node.path, place)
        where = "none runs, and none is in the directories of programs"
        return Subjects("file", tuple(found.items()), f"there is no {name}: {where}")

    @cached_property
    def _beside_the_daemon(self) -> tuple[tuple[str, str], ...]:
        """Number and program of the processes that see the same files as the daemon does."""
        spaces = {}
        for (line,) in self._lines.get("namespace"):
            pid = line.partition("/ns/mnt -> ")[0].rpartition(" ")[2]
            spaces[pid] = next(iter(namespaces.links([line]).values()), "")
        own = self.daemon.process.namespaces.get("mnt")
        running = (fields for fields in self._lines.get("running") if len(fields) == 2)
        return tuple((pid, path) for pid, path in running if own and spaces.get(pid) == own)

    def containerd_program(self) -> Files:
        """All that is called containerd. The one that the daemon uses may have another name, and is not found then."""
        found = self._programs("containerd")
        names = {posixpath.basename(path.removesuffix(_DELETED)) for _, path in self._beside_the_daemon}
        sockets = () if "containerd" in names else self.daemon.endpoints.containerd_sockets
        if not sockets or listens_at_one(self.daemon.process, sockets):
            return found
        why = "what listens there is not called containerd, and was not found"
        return replace(found, unread=(*found.unread, *((each, why) for each in sockets)))

    def containerd_shim(self) -> Files:
        """The shim of the first generation."""
        return self._programs("containerd-shim")

    def runc_v1_shim(self) -> Files:
        """The first shim of the second generation."""
        return self._programs("containerd-shim-runc-v1")

    def runc_v2_shim(self) -> Files:
        """The shim of today."""
        return self._programs("containerd-shim-runc-v2")

    def runc_program(self) -> Files:
        """All that is called runc, and what the site has the engine run in its place."""
        found, chosen = self._programs("runc"), self.daemon.engine.runtime_program
        if chosen == "runc":
            return found
        instead = self._programs(chosen).named
        missing = (
            () if instead else ((chosen, "the engine runs it in the place of runc, and it was not found"),)
        )
        return replace(found, named=(*found.named, *instead), unread=(*found.unread, *missing))

    # ---- directories and files

    def data_root(self) -> FileFact:
        """The engine's data root."""
        return self._only(self._places("data-root"), str(self.daemon.engine.value("DockerRootDir")))

    def data_roots(self) -> Files:
        """The engine's data root, and that of containerd where images lie there."""
        root = self.data_root()
        found = {root.path: root}
        if self.daemon.engine.keeps_images_in_containerd:
            for path in self.containerd_roots:
                if not is_below(path, root.path):
                    found[path] = self._only(self._places("containerd-root"), path)
        return Subjects("file", tuple(found.items()))

    def data_root_links(self) -> tuple[FileFact, ...]:
        """What lies in the data root and is a link to elsewhere.

        Raises:
            EvidenceError: the data root may not be listed.
        """
        if not self._lines.get("data-root-listed"):
            raise EvidenceError(unread("what lies in the data root", "may not be listed"))
        return tuple(self._places("data-root-part"))

    def _only(self, found: Iterable[FileFact], path: str) -> FileFact:
        nothing = FileFact(path, State.UNREAD, doubt="the probe did not find it")
        return next((fact for fact in found if fact.path == path), nothing)

    def containerd_directory(self) -> Files:
        """That of the containerd which the daemon uses, and the common one, with the sockets of shims."""
        sockets = self.files.containerd_sockets()
        folders = dict.fromkeys(posixpath.dirname(fact.node.path) for _, fact in sockets if fact.target)
        found = {path: FileFact(path, State.FOUND, Node(path, stat.S_IFDIR, 0, 0)) for path in folders}
        unseen = ((posixpath.dirname(path), file) for path, file in sockets if file.state is State.UNREAD)
        found |= {path: FileFact(path, file.state, doubt=file.doubt) for path, file in unseen}
        if not self.daemon.process.rootless:
            for fact in self._places("containerd-directory"):
                if fact.state is not State.ABSENT:
                    found.setdefault(fact.target.path if fact.target else fact.path, fact)
        return Subjects("file", tuple(found.items()), "containerd has no directory: it does not run")

    def unit_file(self) -> Files:
        """The file of the unit that starts the daemon, without its drop-ins."""
        unit = self.files.group("service_unit_file")
        return replace(unit, named=unit.named[:1])

    def containerd_configuration(self) -> Files:
        """That of the containerd in use, where the daemon did not write it, the usual one, and what they import."""
        used = [each.configuration for each in self._used_containerds]
        generated = {each.configuration for each in self._used_containerds if self._is_generated(each)}
        named = {fact.path: fact for fact in self._places("containerd-in-use") if fact.path in used}
        for kind in ("containerd-configuration", "containerd-import"):
            named |= {fact.path: fact for fact in self._places(kind)}
        found = {path: fact for path, fact in named.items() if path not in generated}
        there = {path: fact for path, fact in found.items() if fact.state is not State.ABSENT}
        return Subjects("file", tuple((there or found).items()), "containerd has no configuration file")

    def _is_generated(self, containerd: Containerd) -> bool:
        return is_below(_plain(containerd.configuration), posixpath.dirname(containerd.address))

    # ---- containerd

    @cached_property
    def _used_containerds(self) -> tuple[Containerd, ...]:
        """The containerd processes at whose sockets the daemon is a client."""
        found = [
            self._containerd(pid, path)
            for pid, path in self._beside_the_daemon
            if posixpath.basename(path.removesuffix(_DELETED)) == "containerd"
        ]
        return tuple(each for each in found if each.address in self.daemon.endpoints.containerd_sockets)

    def _containerd(self, pid: str, program: str) -> Containerd:
        arguments = ["|".join(rest) for each, *rest in self._lines.get("argument") if each == pid]
        section, values = "", dict[str, str]()
        for line in ("|".join(rest) for each, *rest in self._lines.get("toml") if each == pid):
            key, _, value = line.partition("=")
            if key.startswith("["):
                section = key
            elif section == {"root": "", "address": "[grpc]"}.get(key.strip()):
                values[key.strip()] = value.strip().strip("\"'")
        return Containerd(
            _plain(_option(arguments, "address", "a") or values.get("address") or _DEFAULT_ADDRESS),
            self._root(pid, _option(arguments, "root", "") or values.get("root") or _DEFAULT_ROOT),
            _option(arguments, "config", "c") or "/etc/containerd/config.toml",
            program,
        )

    def _root(self, pid: str, told: str) -> str:
        """Where a process keeps the data of containerd: as it was told, unless it holds the database of another place.

        It may have been told by a file that its configuration imports, or with a key in another case.
        """
        held = next(("|".join(rest) for each, *rest in self._lines.get("held") if each == pid), told)
        fact = self._only(self._places("containerd-root"), told)
        return told if fact.target and fact.target.path == held else held

    @property
    def containerd_roots(self) -> tuple[str, ...]:
        """The directories in which the containerd that the daemon uses keeps images.

        Raises:
            EvidenceError: they cannot be told.
        """
        if self._used_containerds:
            return tuple(each.root for each in self._used_containerds)
        if listens_at_one(self.daemon.process, self.daemon.endpoints.containerd_sockets):
            environment = self.daemon.process.environment
            if environment is None:
                raise EvidenceError(unread("the environment of the daemon"))
            usual = f"{self.daemon.engine.value('DockerRootDir')}/containerd/daemon"
            told = environment.get("DOCKER_CONTAINERD_ROOT") or usual
            return (self._root(str(self.daemon.pid), told),)
        raise EvidenceError(unread("the containerd that the daemon uses", "could not be looked at"))


def _fact(kind: str, path: str, real: str) -> FileFact:
    if kind in _STATES:
        return FileFact(path, _STATES[kind], doubt="are you root?")
    mode = stat.S_IFDIR if kind == "directory" else stat.S_IFREG
    return FileFact(path, State.FOUND, Node(real, mode, 0, 0))


def _program(path: str) -> FileFact:
    return FileFact(path, State.FOUND, Node(path, stat.S_IFREG, 0, 0))


def _plain(path: str) -> str:
    """/var/run is /run wherever Docker runs today."""
    return "/run" + path.removeprefix("/var/run") if is_below(path, "/var/run") else path


def _option(arguments: list[str], name: str, short: str) -> str:
    """The last value that a command line gives an option; one or two dashes, joined or apart."""
    names = {f"-{name}", f"--{name}"} | ({f"-{short}"} if short else set())
    value = ""
    for place, word in enumerate(arguments):
        option, separator, joined = word.partition("=")
        if option in names:
            value = joined if separator else next(iter(arguments[place + 1 :]), "")
    return value


GROUPS: Mapping[str, Callable[[Places], Files]] = {
    "daemon_program": Places.daemon_program,
    "containerd_program": Places.containerd_program,
    "containerd_shim": Places.containerd_shim,
    "runc_v1_shim": Places.runc_v1_shim,
    "runc_v2_shim": Places.runc_v2_shim,
    "runc_program": Places.runc_program,
    "data_root": Places.data_roots,
    "containerd_directory": Places.containerd_directory,
    "unit_file": Places.unit_file,
    "containerd_configuration": Places.containerd_configuration,
}
"""The groups by the names under which controls ask for them, one file at a time."""


@fact(ENGINE_PLACES)
def places(recording: Recording, daemon: Daemon, engine_files: EngineFiles) -> Places:
    """The programs and directories of the engine, in groups."""
    return Places(recording, daemon, engine_files)


for _name, _group in GROUPS.items():
    fact(name=_name, of="places")(_group)
