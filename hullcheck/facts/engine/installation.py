"""Where the programs and directories of an engine really are."""

import posixpath
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.endpoints import listens_at_one
from hullcheck.facts.engine.files import EngineFiles, Files, described
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.verdicts import EvidenceError, unread

_DELETED = " (deleted)"


@dataclass(frozen=True)
class Places:
    """The programs and directories of the engine, in groups; what one group lacks spoils no other."""

    daemon: Daemon
    files: EngineFiles

    # ---- programs

    def daemon_program(self) -> Files:
        """The program that the running daemon is."""
        path = self.daemon.process.executable.removesuffix(_DELETED)
        if not path:
            raise EvidenceError(unread(f"the program of process {self.daemon.pid}"))
        return Subjects("file", ((path, _there(path)),))

    def programs(self, name: str) -> Files:
        """Where programs of a name really are: those that run, and those that a search finds."""
        running = (path for _, path in self._beside_the_daemon if posixpath.basename(path) == name)
        found = {path: _there(path) for path in running}
        for path in self.files.answer.nodes:
            if posixpath.basename(path) == name and not path.startswith("/proc/"):
                program = self.files.answer.look(path)
                if program.target and not program.is_directory:
                    found.setdefault(program.target.path, program)
        where = "none runs, and none is in the directories of programs"
        return Subjects("file", tuple(found.items()), f"there is no {name}: {where}")

    @cached_property
    def _beside_the_daemon(self) -> tuple[tuple[str, str], ...]:
        """Number and program of the processes that see the same files as the daemon does."""
        own = self.daemon.process.namespaces.get("mnt")
        return tuple(
            (pid, path.removesuffix(_DELETED))
            for key, paths in self.files.answer.words.items()
            for pid, word in [key.split("/")]
            for path in paths
            if word == "running" and own and self.files.answer.said(pid, "mnt") == [own]
        )

    def runc_program(self) -> Files:
        """All that is called runc, and what the site has the engine run in its place."""
        found, chosen = self.programs("runc"), self.daemon.engine.runtime_program
        if chosen == "runc":
            return found
        instead = self.programs(chosen).named
        missing = (
            [] if instead else [(chosen, "the engine runs it in the place of runc, and it was not found")]
        )
        return replace(found, named=(*found.named, *instead), unread=(*found.unread, *missing))

    # ---- directories and files

    def data_root(self) -> FileFact:
        """The engine's data root."""
        return self.files.answer.look(self.daemon.engine.info.docker_root_dir)

    def data_roots(self) -> Files:
        """The engine's data root, and that of containerd where images lie there."""
        root = self.data_root()
        found = {root.path: root}
        if self.daemon.engine.keeps_images_in_containerd:
            others = (path for path in self.containerd_roots if not is_below(path, root.path))
            found |= {path: _there(path, stat.S_IFDIR) for path in others}
        return Subjects("file", tuple(found.items()))

    def containerd_directory(self) -> Files:
        """That of the containerd which the daemon uses, and the common one, with the sockets of shims."""
        folders = [posixpath.dirname(path) for path in self.daemon.endpoints.containerd_sockets]
        folders += [] if self.daemon.process.rootless else ["/run/containerd"]
        found: dict[str, FileFact] = {}
        for file in (self.files.answer.look(path, self.files.root) for path in folders):
            if not file.is_absent:
                found.setdefault(file.target.path if file.target else file.path, file)
        return Subjects("file", tuple(found.items()), "containerd has no directory: it does not run")

    def unit_file(self) -> Files:
        """The file of the unit that starts the daemon, without its drop-ins."""
        unit = self.files.service_unit()
        return replace(unit, named=unit.named[:1])

    def containerd_configuration(self) -> Files:
        """That of the containerd in use, where the daemon did not write it, and the usual one."""
        folders = [posixpath.dirname(each) for each in self.daemon.endpoints.containerd_sockets]
        used = [path for pid in self._used_containerds for path in self.files.answer.said(pid, "config")]
        sites = [path for path in used if not any(is_below(_plain(path), folder) for folder in folders)]
        found = {path: self.files.answer.look(path) for path in (*sites, "/etc/containerd/config.toml")}
        there = {path: fact for path, fact in found.items() if not fact.is_absent}
        return Subjects("file", tuple((there or found).items()), "containerd has no configuration file")

    # ---- containerd

    @cached_property
    def _used_containerds(self) -> tuple[str, ...]:
        """The containerd processes, by number, that listen where the daemon is a client."""
        sockets = {*self.daemon.endpoints.containerd_sockets}
        return tuple(
            pid
            for pid, path in self._beside_the_daemon
            if posixpath.basename(path) == "containerd"
            and not sockets.isdisjoint(map(_plain, self.files.answer.said(pid, "socket")))
        )

    @property
    def containerd_roots(self) -> tuple[str, ...]:
        """The directories in which the containerd that the daemon uses keeps images, by its open database."""
        pids = list(self._used_containerds)
        if listens_at_one(self.daemon.process, self.daemon.endpoints.containerd_sockets):
            pids.append(str(self.daemon.pid))
        roots = tuple(dict.fromkeys(root for pid in pids for root in self.files.answer.said(pid, "held")))
        if not roots:
            raise EvidenceError(unread("the containerd that the daemon uses", "could not be looked at"))
        return roots


def _there(path: str, kind: int = stat.S_IFREG) -> FileFact:
    """What is there, as it is in use; owner and mode are not asked for."""
    return FileFact(path, State.FOUND, Node(path, kind, 0, 0))


def _plain(path: str) -> str:
    """/var/run is /run wherever Docker runs today."""
    return "/run" + path.removeprefix("/var/run") if is_below(path, "/var/run") else path


GROUPS: Mapping[str, Callable[[Places], Files]] = {
    "daemon_program": Places.daemon_program,
    "containerd_program": described("All called containerd.", lambda each: each.programs("containerd")),
    "containerd_shim": described("The oldest shim.", lambda each: each.programs("containerd-shim")),
    "runc_v1_shim": described("The older shim.", lambda each: each.programs("containerd-shim-runc-v1")),
    "runc_v2_shim": described("The shim of today.", lambda each: each.programs("containerd-shim-runc-v2")),
    "runc_program": Places.runc_program,
    "data_root": Places.data_roots,
    "containerd_directory": Places.containerd_directory,
    "unit_file": Places.unit_file,
    "containerd_configuration": Places.containerd_configuration,
}
"""The groups by the names under which controls ask for them, one file at a time."""


@fact()
def places(daemon: Daemon, engine_files: EngineFiles) -> Places:
    """The programs and directories of the engine, in groups."""
    return Places(daemon, engine_files)


for _name, _group in GROUPS.items():
    fact(name=_name, of="places")(_group)
