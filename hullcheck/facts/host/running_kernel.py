"""The running kernel of a target, the installed ones, and known flaws."""

import re

from msgspec import Struct

from hullcheck.facts.host import system
from hullcheck.facts.host.packages import PACKAGES
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.system import HOST
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable

_RELEASE, _FLAWS = "/proc/sys/kernel/osrelease", "/sys/devices/system/cpu/vulnerabilities/"
_NOT_OF_RELEASE = regex("/boot/vmlinuz-|/lib/modules/|/(?:vmlinuz|kernel)$")
_DIRTY_COW = "dirty_cow"
_FIXED_SINCE = (4, 9)  # the first line of kernels of which every release has the fix of CVE-2016-5195
_NAMED = {
    "Dirty COW (CVE-2016-5195)": (_DIRTY_COW,),
    "Spectre (CVE-2017-5753, CVE-2017-5715)": ("spectre_v1", "spectre_v2"),
    "Meltdown (CVE-2017-5754)": ("meltdown",),
}
"""The flaws that the guide names, and the files of the kernel about them."""


class RunningKernel(Struct, frozen=True):
    """The running kernel."""

    release: str
    build: str  # as `uname -v` prints it; Debian names the version of the package there
    flaws: dict[str, str]  # the states of known flaws of processors, by the name of the kernel's file
    installed: tuple[str, ...]
    pending: tuple[str, ...]  # files whose presence means that the host has to be restarted, for *packages*
    packages: tuple[str, ...]
    container: str  # what kind of container the target itself is; empty if it is none
    recording: Recording

    def state(self, flaw: str) -> str:
        """Return the kernel's report on a flaw, or raise EvidenceError."""
        if flaw == _DIRTY_COW:
            fixed = order(self.release)[:2] >= _FIXED_SINCE
            return "Mitigation: fixed in Linux 4.9" if fixed else f"Unknown: {self.release} is older than 4.9"
        if not self.flaws.get(flaw):
            raise EvidenceError(f"{_FLAWS}{flaw} is absent or could not be read")
        return self.flaws[flaw]

    @property
    def package_version(self) -> str:
        """The version of the package of the running release, `unread`, or empty."""
        return Words(self.recording.section(PACKAGES, "kernel")).first("version").strip()

    @property
    def restart(self) -> str:
        """The exit status of `needs-restarting -r`, 1 if a restart is due; empty without that program."""
        return Words(self.recording.section(PACKAGES, "kernel")).first("restart").strip()

    @property
    def newest(self) -> str:
        if self.installed:
            return self.installed[-1]
        if self.container:
            raise NotApplicable(f"the kernel is that of the machine around this container ({self.container})")
        raise EvidenceError(f"no kernel is installed in /boot or /lib/modules: {self.release} comes from elsewhere")


def order(release: str) -> tuple[int, ...]:
    """Return the numbers that order releases as 6.1.0-0.deb11.21-amd64, 6.12.43+deb13+1-amd64, 6.9.1-arch1-2."""
    match = re.match(r"\d+(?:(?:\.deb|\+deb|-(?:arch|hardened|zen)|[._+-])\d+)*", release)
    return tuple(map(int, re.findall(r"\d+", match[0]))) if match else ()


@fact(HOST, PACKAGES)
def running_kernel(recording: Recording, presence: Presence) -> RunningKernel:
    """The running kernel, the installed ones, and the flaws that the kernel reports."""
    files, found = system.files(recording), Words(recording.section(HOST, "kernels"))
    release = files.first(_RELEASE)
    if not re.match(r"\d+\.\d+", release):
        raise EvidenceError(f"{_RELEASE} has {release!r}, which is not a kernel release")
    return RunningKernel(
        release,
        files.first("/proc/sys/kernel/version"),
        {path.removeprefix(_FLAWS): files.first(path).strip() for path in files if path.startswith(_FLAWS)},
        tuple(sorted({_NOT_OF_RELEASE.sub("", path) for path in found.all("installed")}, key=order)),
        found.all("pending"),
        tuple(dict.fromkeys(map(str.strip, files.all("/run/reboot-required.pkgs")))),
        found.first("container").strip().removeprefix("none"),
        recording,
    )


@fact()
def kernel_flaw(running_kernel: RunningKernel) -> Subjects[tuple[str, ...]]:
    """The kernel and processor flaws of the guide, and others that the kernel reports."""
    named = {flaw for flaws in _NAMED.values() for flaw in flaws}
    others = {flaw: (flaw,) for flaw in sorted(running_kernel.flaws) if flaw not in named}
    return Subjects("option", (*_NAMED.items(), *others.items()))
