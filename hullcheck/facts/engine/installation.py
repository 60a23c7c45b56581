"""Where the programs and directories of an engine are, which audit rules have to watch."""

import posixpath
from dataclasses import replace

from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.endpoints import run_path
from hullcheck.facts.engine.files import EngineFiles, Files
from hullcheck.facts.host.file import FileFact
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.verdicts import EvidenceError, unread

# ---- programs


@fact()
def daemon_program(daemon: Daemon) -> Files:
    """The program that the running daemon is."""
    path = daemon.process.executable.removesuffix(" (deleted)")
    if not path:
        raise EvidenceError(unread(f"the program of process {daemon.pid}"))
    return Subjects("file", ((path, FileFact.in_use(path)),))


@fact()
def containerd_program(engine_files: EngineFiles) -> Files:
    """The programs called containerd."""
    return engine_files.programs("containerd")


@fact()
def containerd_shim(engine_files: EngineFiles) -> Files:
    """The oldest shim."""
    return engine_files.programs("containerd-shim")


@fact()
def runc_v1_shim(engine_files: EngineFiles) -> Files:
    """The older shim."""
    return engine_files.programs("containerd-shim-runc-v1")


@fact()
def runc_v2_shim(engine_files: EngineFiles) -> Files:
    """The shim of today."""
    return engine_files.programs("containerd-shim-runc-v2")


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


# ---- directories and files


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
    folders = [*map(posixpath.dirname, daemon.endpoints.containerd_sockets)]
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
    folders = [*map(posixpath.dirname, engine_files.daemon.endpoints.containerd_sockets)]
    used = [path for pid in engine_files.containerds for path in answer.words_of(pid, "config")]
    sites = [path for path in used if not any(is_below(run_path(path), folder) for folder in folders)]
    found = {path: answer.look(path) for path in (*sites, "/etc/containerd/config.toml")}
    there = {path: file for path, file in found.items() if not file.is_absent}
    return Subjects("file", tuple((there or found).items()), "containerd has no configuration file")
