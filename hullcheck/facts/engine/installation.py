"""Where the programs and directories of an engine really are, which `engine_files` does not look at."""

import posixpath
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.endpoints import listens_at_one
from hullcheck.facts.engine.files import EngineFiles, Files
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.proc import namespaces
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like
from hullcheck.verdicts import EvidenceError, unread

ENGINE_PLACES = Probe.from_file(
    "engine_places",
    lines_like(
        r"(?:config \d+|containerd-[a-z]+|data-root|program [\w.+-]+)\|(?:absent|directory|file|unread)\|.*\|.*",
        r"(?:held|running|socket)\|\d+\|/.*",
        r"namespace\|.*",
    ),
)
_DELETED = " (deleted)"
_STATES = {"absent": State.ABSENT, "unread": State.UNREAD}


@dataclass(frozen=True)
class Places:
    """The programs and directories of the engine, in groups; what one group lacks spoils no other."""

    recording: Recording
    daemon: Daemon
    files: EngineFiles

    @cached_property
    def _lines(self) -> dict[str, list[list[str]]]:
        """The lines of the probe by their first word, each as its other fields."""
        found: dict[str, list[list[str]]] = {}
        for line in self.recording.text(ENGINE_PLACES).splitlines():
            if line == DROPPED:
                raise EvidenceError(f"{ENGINE_PLACES.name}: a line of the answer is lost")
            word, *fields = line.split("|")
            found.setdefault(word, []).append(fields)
        return found

    def _places(self, word: str) -> list[FileFact]:
        """The files that the probe found under a word."""
        return [_fact(*fields) for fields in self._lines.get(word, ()) if len(fields) == 3]

    def _of_process(self, word: str, pid: str) -> list[str]:
        """The values of a word for one process."""
        return ["|".join(rest) for each, *rest in self._lines.get(word, ()) if each == pid]

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
        for (line,) in self._lines.get("namespace", ()):
            pid = line.partition("/ns/mnt -> ")[0].rpartition(" ")[2]
            spaces[pid] = next(iter(namespaces.links([line]).values()), "")
        own = self.daemon.process.namespaces.get("mnt")
        running = (fields for fields in self._lines.get("running", ()) if len(fields) == 2)
        return tuple((pid, path) for pid, path in running if own and spaces.get(pid) == own)

    def containerd_program(self) -> Files:
        """All that is called containerd."""
        return self._programs("containerd")

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
        path = self.daemon.engine.info.docker_root_dir
        nothing = FileFact(path, State.UNREAD, doubt="the probe did not find it")
        return next((fact for fact in self._places("data-root") if fact.path == path), nothing)

    def data_roots(self) -> Files:
        """The engine's data root, and that of containerd where images lie there."""
        root = self.data_root()
        found = {root.path: root}
        if self.daemon.engine.keeps_images_in_containerd:
            found |= {
                path: _directory(path) for path in self.containerd_roots if not is_below(path, root.path)
            }
        return Subjects("file", tuple(found.items()))

    def containerd_directory(self) -> Files:
        """That of the containerd which the daemon uses, and the common one, with the sockets of shims."""
        sockets = self.files.containerd_sockets()
        folders = dict.fromkeys(posixpath.dirname(fact.node.path) for _, fact in sockets if fact.target)
        found = {path: _directory(path) for path in folders}
        unseen = ((posixpath.dirname(path), file) for path, file in sockets if file.state is State.UNREAD)
        found |= {path: FileFact(path, file.state, doubt=file.doubt) for path, file in unseen}
        if not self.daemon.process.rootless:
            for fact in self._places("containerd-directory"):
                if fact.state is not State.ABSENT:
                    found.setdefault(fact.target.path if fact.target else fact.path, fact)
        return Subjects("file", tuple(found.items()), "containerd has no directory: it does not run")

    def unit_file(self) -> Files:
        """The file of the unit that starts the daemon, without its drop-ins."""
        unit = self.files.service_unit()
        return replace(unit, named=unit.named[:1])

    def containerd_configuration(self) -> Files:
        """That of the containerd in use, where the daemon did not write it, and the usual one."""
        used = [place for pid, _ in self._used_containerds for place in self._places(f"config {pid}")]
        folders = [posixpath.dirname(each) for each in self.daemon.endpoints.containerd_sockets]
        generated = [
            each.path for each in used if any(is_below(_plain(each.path), folder) for folder in folders)
        ]
        named = {fact.path: fact for fact in (*used, *self._places("containerd-configuration"))}
        found = {path: fact for path, fact in named.items() if path not in generated}
        there = {path: fact for path, fact in found.items() if fact.state is not State.ABSENT}
        return Subjects("file", tuple((there or found).items()), "containerd has no configuration file")

    # ---- containerd

    @cached_property
    def _used_containerds(self) -> tuple[tuple[str, str], ...]:
        """Number and program of the containerd processes that listen where the daemon is a client."""
        sockets = self.daemon.endpoints.containerd_sockets
        return tuple(
            (pid, path)
            for pid, path in self._beside_the_daemon
            if posixpath.basename(path.removesuffix(_DELETED)) == "containerd"
            and not {*sockets}.isdisjoint(map(_plain, self._of_process("socket", pid)))
        )

    @property
    def containerd_roots(self) -> tuple[str, ...]:
        """The directories in which the containerd that the daemon uses keeps images, by its open database.

        Raises:
            EvidenceError: they cannot be told.
        """
        pids = [pid for pid, _ in self._used_containerds]
        if listens_at_one(self.daemon.process, self.daemon.endpoints.containerd_sockets):
            pids.append(str(self.daemon.pid))
        roots = tuple(dict.fromkeys(root for pid in pids for root in self._of_process("held", pid)))
        if not roots:
            raise EvidenceError(unread("the containerd that the daemon uses", "could not be looked at"))
        return roots


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


def _directory(path: str) -> FileFact:
    return FileFact(path, State.FOUND, Node(path, stat.S_IFDIR, 0, 0))


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
