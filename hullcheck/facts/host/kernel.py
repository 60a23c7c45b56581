"""What the kernel of a target offers: security modules and the size of the machine."""

from dataclasses import dataclass

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

KERNEL = Probe.from_file(
    "kernel",
    lines_like(r"/(?:proc|sys)/[\w/-]+(?: absent|:.*)"),
)


@dataclass(frozen=True)
class Kernel:
    """Values of files below /sys and /proc/sys; None where a file does not exist."""

    values: dict[str, str | None]

    def _value(self, path: str) -> str | None:
        try:
            return self.values[path]
        except KeyError:
            raise EvidenceError(f"{path} could not be read") from None

    @property
    def apparmor(self) -> bool:
        """Whether AppArmor is on in this kernel."""
        return self._value("/sys/module/apparmor/parameters/enabled") == "Y"

    @property
    def apparmor_is_lax(self) -> bool:
        """Whether the kernel enforces no profile, whatever each of them says; that, only root may read."""
        return self.values.get("/sys/module/apparmor/parameters/mode") in ("complain", "unconfined")

    @property
    def selinux(self) -> str:
        """`enforcing`, `permissive`, or an empty string where SELinux is off."""
        value = self._value("/sys/fs/selinux/enforce")
        return "" if value is None else "enforcing" if value == "1" else "permissive"

    @property
    def most_processes(self) -> int:
        """How many processes and threads the kernel lets the whole machine have."""
        limits = [self._value("/proc/sys/kernel/pid_max"), self._value("/proc/sys/kernel/threads-max")]
        return min(int(limit) for limit in limits if limit is not None)


@fact(KERNEL)
def kernel(recording: Recording) -> Kernel:
    """What the kernel of the target offers.

    Raises:
        EvidenceError: the target did not answer.
    """
    values: dict[str, str | None] = {}
    for line in recording.text(KERNEL).split("\n"):
        if line.endswith(" absent"):
            values[line.removesuffix(" absent")] = None
        else:
            path, _, value = line.partition(":")
            values[path] = value
    return Kernel(values)
