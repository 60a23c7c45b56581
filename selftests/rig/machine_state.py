"""What laboratories change on the machine itself: written down before it is changed, and put back afterwards.

Some things are the machine's and not a laboratory's, and several laboratories may change the same at a time. So
there is one file for all of them, beside their directories: it has what was there before the first, and whoever needs
it otherwise. The last of these puts it back, or, if that was killed, whoever looks next.

Kernel modules that engines load stay loaded: to remove one may take along what others use by now (`veth` its devices).
"""

import contextlib
import fcntl
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from selftests.rig import audit_system, processes, removal
from selftests.rig.shell import CommandError, LabError, call

FILE = ".machine"
LEFT_BY_ENGINES = (
    *("/etc/docker", "/opt/containerd", "/run/adduser", "/run/containerd", "/run/docker", "/run/netns"),
    *("/run/sshd", "/run/xtables.lock"),
)
KEY_OF_ENGINES = "/etc/docker/key.json"
"""The identity that an engine before 23 makes for the machine."""
CGROUPS = Path("/sys/fs/cgroup")
SETTINGS_OF_ENGINES = ("/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/kernel/keys/root_maxbytes")
SETTINGS_OF_HOSTS = (
    "/proc/sys/fs/file-max",
    "/proc/sys/fs/nr_open",
)  # systemd raises them, also in containers
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass
class Loan:
    """One thing of the machine that is not as it was.

    Attributes:
        kind: a key of `KINDS`.
        name: which of this kind.
        before: what it was.
        boot: of the kernel that it was so in.
        holders: who needs it as it is now: `PID-BIRTH`, and a word if one process has several reasons.
    """

    kind: str
    name: str
    before: str
    boot: str
    holders: list[str]

    def is_of_this_boot(self) -> bool:
        """Whether the machine runs since; what only the kernel knew is gone otherwise."""
        return self.boot == _boot()


class MachineState:
    """The file in which laboratories write down what they change on the machine."""

    def __init__(self, base: Path) -> None:
        """Use the one in *base*, where the laboratories are."""
        self._path = base / FILE

    def borrow(self, holder: str, kind: str, name: str) -> None:
        """Write down what a thing of the machine is, since *holder* is about to change it."""
        with self._loans() as loans:
            with contextlib.suppress(LabError):  # which concerns other things, or is what the loan says already
                _settle(loans)
            for loan in loans:
                if (loan.kind, loan.name) == (kind, name):
                    loan.holders = sorted({*loan.holders, holder})
                    return
            before = KINDS[kind][0](name)
            if before is not None:
                loans.append(Loan(kind, name, before, _boot(), [holder]))

    def borrow_for_engines(self, holder: str) -> None:
        """Write down everything that an engine changes by itself, for *holder* who starts some."""
        groups = [str(procs.with_name("docker")) for procs in CGROUPS.glob("*/cgroup.procs")]
        for path in (*LEFT_BY_ENGINES, *groups, str(CGROUPS / "docker")):
            self.borrow(holder, "absent", path)
        self.borrow(holder, "key", KEY_OF_ENGINES)
        for path in SETTINGS_OF_ENGINES:
            self.borrow(holder, "setting", path)
        self.borrow(holder, "user", "dockremap")

    def give_back(self, holder: str, kind: str = "") -> None:
        """Put back what nobody but *holder* needs otherwise, of all kinds or of one.

        Raises:
            LabError: something cannot be put back; it stays written down, and is tried again.
        """
        with self._loans() as loans:
            for loan in loans:
                if holder in loan.holders and kind in ("", loan.kind):
                    loan.holders.remove(holder)
            _settle(loans)

    def settle(self) -> None:
        """Put back what processes needed that are dead.

        Raises:
            LabError: something cannot be put back; it stays written down, and is tried again.
        """
        self.give_back("")

    @contextlib.contextmanager
    def _loans(self) -> Iterator[list[Loan]]:
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            loans = []
            with contextlib.suppress(FileNotFoundError):
                loans = [Loan(**each) for each in json.loads(self._path.read_text())]
            try:
                yield loans
            finally:
                new = self._path.with_suffix(".new")
                new.touch(mode=0o600)
                new.write_text(json.dumps([asdict(loan) for loan in loans]))
                new.replace(self._path)  # in one step: a process may be killed at any


def _settle(loans: list[Loan]) -> None:
    """Put back what no living process needs, the last change first.

    Raises:
        LabError: something cannot be put back; the rest is.
    """
    resisting = []
    for loan in reversed(loans[:]):
        loan.holders = [holder for holder in loan.holders if _lives(holder)]
        if not loan.holders:
            try:
                KINDS[loan.kind][1](loan)
                loans.remove(loan)
            except (LabError, OSError) as error:
                resisting.append(f"{loan.kind} {loan.name}: {error}")
    if resisting:
        raise LabError(f"the machine is not as it was: {'; '.join(resisting)}")


def _lives(holder: str) -> bool:
    pid, birth = map(int, holder.split()[0].split("-"))
    return processes.born(pid) == birth


def _boot() -> str:
    return BOOT.read_text().strip()


def _setting(path: str) -> str | None:
    return Path(path).read_text() if Path(path).exists() else None


def _put_setting_back(loan: Loan) -> None:
    path = Path(loan.name)
    if loan.is_of_this_boot() and path.read_text() != loan.before:
        path.write_text(loan.before)


def _put_audit_back(loan: Loan) -> None:
    if loan.is_of_this_boot():
        audit_system.restore(loan.before)


def _forget_rule(loan: Loan) -> None:
    if loan.is_of_this_boot():
        audit_system.forget(loan.name)


def _nothing(path: str) -> str | None:
    """No loan where something is there already: it is not the laboratory's."""
    return None if os.path.lexists(path) else ""


def _remove_unused(loan: Loan) -> None:
    """Remove what programs made at a place where nothing was; what is in use, or holds something, stays."""
    place = Path(loan.name)
    if place.is_dir():
        if str(place) in removal.mounts(place) and not any(place.iterdir()):
            call("umount", str(place))  # `ip netns` mounts its folder over itself
        for folder, _, files in os.walk(place, topdown=False):
            for file in files:
                if _is_deserted(Path(folder, file)):
                    Path(folder, file).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something is in it
                Path(folder).rmdir()
    elif place.is_file() and not place.stat().st_size:
        place.unlink()


def _remove_key(loan: Loan) -> None:
    """Remove a key that engines of laboratories made, unless an engine of the machine has it by now."""
    if not _machine_has_engine():
        Path(loan.name).unlink(missing_ok=True)


def _is_deserted(path: Path) -> bool:
    """Whether this is a socket on which nobody listens any more."""
    if not stat.S_ISSOCK(path.lstat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _no_user(name: str) -> str | None:
    with contextlib.suppress(CommandError):
        return None if call("getent", "passwd", name) else ""
    return ""


def _remove_user(loan: Loan) -> None:
    """Remove a user that engines made, unless an engine of the machine runs by now, which may need it too."""
    if _no_user(loan.name) is None and not _machine_has_engine():
        call("userdel", "--force", loan.name)  # for which a zombie in a container is somebody who uses it


def _machine_has_engine() -> bool:
    return any(map(_is_engine_of_the_machine, processes.everyone()))


def _is_engine_of_the_machine(pid: int) -> bool:
    program, *options = processes.command_line(pid) or [""]
    if Path(program).name != "dockerd" or any("/hullcheck-lab" in option for option in options):
        return False
    return not processes.is_elsewhere(pid, "pid")  # a host in a container has an engine too


KINDS: dict[str, tuple[Callable[[str], str | None], Callable[[Loan], None]]] = {
    "setting": (_setting, _put_setting_back),
    "audit": (lambda _: audit_system.settings(), _put_audit_back),
    "audit rule": (lambda _: "", _forget_rule),
    "absent": (_nothing, _remove_unused),
    "key": (_nothing, _remove_key),
    "user": (_no_user, _remove_user),
}
"""For each kind, what reads it (None where nothing is to be put back) and what puts it back."""
