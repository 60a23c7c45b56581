"""Taking a laboratory down, whether its owner lives or died: processes, mounts, namespaces, links, files.

What is ended was started by the laboratory, and that is checked: an engine is known by the number and birth
that were written down when it was started *and* by its command line, its helpers by their program and a
command line that names the laboratory's directory, and processes in containers by the container's id in
their control group.
"""

import contextlib
import fcntl
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from selftests.rig import processes, removal
from selftests.rig.machine_state import MachineState
from selftests.rig.shell import CommandError, LabError, call

JOURNAL = "journal"
KILL = signal.SIGKILL
PATIENCE = 15.0  # seconds for an engine to stop its containers; it gives each of them 10
HELPERS = ("containerd", "docker", "rootlesskit", "slirp4netns")  # how their programs' names begin
ROOTS = re.compile(r"([0-9]+)-([0-9]+)")
HEX_ID = re.compile(r"[0-9a-f]{64}")


def sweep(base: Path) -> list[str]:
    """Take down what is left in *base* of laboratories whose owners are dead, and put back what they changed.

    Gives what resists, in words: it must not stop today's tests, and is tried again the next time.
    """
    resisting = []
    with alone(base / ".sweep"):
        for root in base.iterdir():
            owner = ROOTS.fullmatch(root.name)
            if owner and processes.born(int(owner[1])) != int(owner[2]):
                try:
                    remove(root)
                except LabError as error:
                    resisting.append(f"A laboratory is left: {error}")
        try:
            MachineState(base).settle()
        except LabError as error:
            resisting.append(f"A laboratory is left: {error}")
    return resisting


def remove(root: Path) -> None:
    """Take down everything that belongs to the laboratory *root*, and the directory last.

    It may be called again after it was interrupted: what is already gone is passed over.

    Raises:
        LabError: something in the directory resists.
    """
    entries = list(_journal(root))
    end_containers(root)  # first: an engine waits ten seconds for each that does not listen to SIGTERM
    recorded = [entry.split() for kind, entry in entries if kind == "pid"]
    ours = [int(pid) for pid, birth in recorded if processes.born(int(pid)) == int(birth)]
    processes.end([pid for pid in ours if processes.mentions(pid, root)], PATIENCE)
    with contextlib.ExitStack() as rest:  # a step that fails keeps none of the others from being taken
        rest.callback(removal.delete, root)
        for kind, entry in entries:
            rest.callback(_undo, kind, entry)
        clear(root)


def clear(directory: Path) -> None:
    """End what an engine left running below *directory*, and unmount what it left mounted there.

    Raises:
        LabError: something stays mounted.
    """
    ids = container_ids(directory)
    deadline = time.monotonic() + PATIENCE
    # one that ends may leave others that it looked after
    while (births := _leftovers(directory, ids)) and time.monotonic() < deadline:
        processes.send(births, KILL)
        processes.gone(births, PATIENCE)
    _remove_cgroups(ids)
    removal.unmount(directory)


def end_containers(directory: Path) -> None:
    """End by force every process in the containers whose engines keep their data below *directory*."""
    ids = container_ids(directory)
    processes.send(_births(pid for pid in processes.everyone() if _in_container(pid, ids)), KILL)


def container_ids(directory: Path) -> set[str]:
    """The ids of all containers whose engines keep their data below *directory*."""
    return {
        path.name
        for pattern in ("data/containers/*", "data/*.*/containers/*")
        for path in [*directory.glob(pattern), *directory.glob(f"*/{pattern}")]
        if HEX_ID.fullmatch(path.name)
    }


def delete_namespace(name: str) -> None:
    """Delete the network namespace *name* if it is there."""
    _quietly("ip", "netns", "delete", name)


def delete_link(name: str) -> None:
    """Delete the network device *name* if it is there; its routes go with it."""
    _quietly("ip", "link", "delete", name)


def _undo(kind: str, entry: str) -> None:
    if kind == "netns":
        delete_namespace(entry)
    elif kind == "link":
        delete_link(entry)
    elif kind == "tree":
        removal.delete(Path(entry))


def _quietly(*argv: str) -> None:
    with contextlib.suppress(CommandError):
        call(*argv)


def _journal(root: Path) -> Iterator[tuple[str, str]]:
    with contextlib.suppress(FileNotFoundError):
        for line in (root / JOURNAL).read_text().splitlines():
            kind, _, entry = line.partition(" ")
            yield kind, entry


def _leftovers(directory: Path, ids: set[str]) -> dict[int, int]:
    """The processes, with their births, that an engine below *directory* started and that still run."""
    everyone = processes.everyone()
    return _births(pid for pid in everyone if _is_helper(pid, directory) or _in_container(pid, ids))


def _births(pids: Iterable[int]) -> dict[int, int]:
    return {pid: birth for pid in pids if (birth := processes.born(pid)) is not None}


def _is_helper(pid: int, directory: Path) -> bool:
    program = Path(next(iter(processes.command_line(pid)), "")).name
    return program.startswith(HELPERS) and processes.mentions(pid, directory)


def _in_container(pid: int, ids: set[str]) -> bool:
    return bool(ids) and not ids.isdisjoint(HEX_ID.findall(processes.cgroups(pid)))


def _remove_cgroups(ids: set[str]) -> None:
    """Remove the empty control groups that containers leave where their engine was ended by force."""
    for group, _, _ in os.walk("/sys/fs/cgroup", topdown=False):
        if ids.intersection(group.split("/")):
            with contextlib.suppress(OSError):
                Path(group).rmdir()


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes that want the same out meanwhile."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
