"""The laboratory of one process: its directory, its names and the way it ends."""

import atexit
import contextlib
import itertools
import os
import shutil
import signal
import threading
import warnings
from pathlib import Path

from selftests.rig import cleanup, processes
from selftests.rig.machine_state import MachineState
from selftests.rig.shell import SYSTEM_PATH, CommandError, LabError, call

BASE = Path("/tmp/hullcheck-lab")  # short: a socket's path has room for 107 characters
TOOLS = ("dockerd", "containerd", "docker", "ip", "iptables", "nsenter", "unshare", "busybox")


def obstacle() -> str | None:
    """Why no engine can be started on this machine, in words; None if nothing stands in the way."""
    if os.geteuid() != 0:
        return "the laboratory starts Docker engines, which takes root"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=SYSTEM_PATH)]
    if missing:
        return f"the laboratory starts Docker engines and misses {', '.join(missing)} on this machine"
    try:
        call("unshare", "--net", "--mount", "true")
    except CommandError as error:
        return f"the laboratory starts Docker engines in namespaces: {error}"
    return None


class Laboratory:
    """Everything that one process makes: below one directory, and in a journal that outlives the process."""

    def __init__(self, base: Path = BASE) -> None:
        """Open a laboratory and remove what those of dead processes left behind.

        Raises:
            LabError: the directory for laboratories belongs to somebody else.
        """
        claim(base)
        for resisting in cleanup.sweep(base):
            warnings.warn(resisting, stacklevel=2)
        self.owner = os.getpid()
        self.holder = f"{self.owner}-{processes.born(self.owner)}"
        self.root = base / self.holder
        self.root.mkdir(mode=0o711)
        self.machine = MachineState(base)
        self.machine.borrow_for_engines(self.holder)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        atexit.register(self.close)
        _end_in_order_when_told_to()

    def note(self, kind: str, entry: str) -> None:
        """Write down that something is about to be, so that it can be undone without us."""
        with self._lock, (self.root / cleanup.JOURNAL).open("a") as journal:
            journal.write(f"{kind} {entry}\n")

    def change_setting(self, path: str | Path, value: str = "") -> None:
        """Set a file of /proc/sys to *value*, or let something else do so; it is put back afterwards."""
        self.machine.borrow(self.holder, "setting", str(path))
        if value:
            Path(path).write_text(value)

    def note_process(self, pid: int) -> None:
        """Write down a process that was started."""
        self.note("pid", f"{pid} {processes.born(pid) or 0}")

    def name(self) -> str:
        """A name that no other laboratory of this machine gives, fit for a namespace or a network device."""
        return f"hc-{self.owner}-{next(self._numbers)}"

    def namespace(self, name: str) -> None:
        """Make the network namespace *name*, with its loopback device up."""
        self.note("netns", name)
        call("ip", "netns", "add", name)
        call("ip", "-n", name, "link", "set", "lo", "up")

    def close(self) -> None:
        """Take everything down and remove the directory; harmless if that was done before."""
        if os.getpid() != self.owner or not self.root.exists():
            return  # a fork of the owner ends: what it inherited is not its own
        atexit.unregister(self.close)
        try:
            cleanup.remove(self.root)
        finally:
            self.machine.give_back(self.holder)


def claim(base: Path) -> None:
    """Make sure that *base* is a directory of ours that nobody else may write to."""
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o711)
    state = base.lstat()
    if not base.is_dir() or base.is_symlink() or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise LabError(f"{base} is not a directory that only this user may write to")
    _claim_for_namespace(base)


def _claim_for_namespace(base: Path) -> None:
    """Make sure that the owners of all laboratories in *base* can be seen: what lives elsewhere would look dead."""
    here, note = os.readlink("/proc/self/ns/pid"), base / ".namespace"
    there = note.read_text() if note.exists() else ""
    if there == here:
        return
    if there and any(cleanup.ROOTS.fullmatch(each.name) for each in base.iterdir()):
        raise LabError(f"{base} has laboratories of another PID namespace, {there}, whose owners may live")
    whole = base / f".namespace.{os.getpid()}"  # others may read it at the same time
    whole.write_text(here)
    whole.replace(note)


def _end_in_order_when_told_to() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, through every fixture's teardown."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
