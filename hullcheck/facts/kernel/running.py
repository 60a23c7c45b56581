"""The kernel that runs on a target, against those that are installed and against flaws that are known."""

import re
from dataclasses import dataclass

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like
from hullcheck.verdicts import EvidenceError, NotApplicable, unread

RUNNING_KERNEL = Probe.from_file(
    __file__,
    "running_kernel",
    lines_like(
        "(?:booted|build|container|entry|flaw|installed|package|patch|pending|release|restart|update|version):.*"
    ),
)


# CVE-2016-5195: the first release with the fix of each line that was maintained then, and of packages of
# distributions that carried it back to an older one: what of uname is compared, and with what.
_FIXED_LINES = ((4, 8, 3), (4, 7, 9), (4, 4, 26))
_FIXED_SINCE = (4, 9)
_CARRIED_BACK = (
    (r"3\.10\.0-(\d+(?:\.\d+)*)\.el7", (327, 36, 3)),
    (r"4\.4\.0-(\d+)-", (45,)),
    (r"3\.13\.0-(\d+)-", (100,)),
)
DIRTY_COW = "dirty_cow"
_UNREAD = "unread"
_WAITS_FOR_RESTART = "UPDATE_STATUS_UPDATED_NEED_REBOOT"
_NAMED = {
    "Dirty COW (CVE-2016-5195)": (DIRTY_COW,),
    "Spectre (CVE-2017-5753, CVE-2017-5715)": ("spectre_v1", "spectre_v2"),
    "Meltdown (CVE-2017-5754)": ("meltdown",),
}
"""The flaws that the guide names, and what tells of them."""


@dataclass(frozen=True)
class RunningKernel:
    """The kernel.

    Attributes:
        release: as `uname -r` says it.
        build: as `uname -v` says it; Debian names the version of the package there.
        flaws: what the kernel says of each known flaw of processors, by the name of its file.
        installed: the releases that are installed.
        pending: files that say that the host has to be restarted.
        packages: those for whose sake it has to be.
        live_patches: those that are loaded.
        package_version: the version of the installed package of the running release; empty where not known.
        restart: the exit status of `needs-restarting -r`, which is 1 where the host has to be restarted; empty
            where it is not there.
        deployments: those of ostree that can be started, the default first, as the kernel's command line names them.
        booted: the one that was; empty where the host is none of ostree's.
        update: what the update engine of ChromeOS and Flatcar does; `unread` where that, or the next snapshot of a
            system in such, is not told; empty where there is none of these.
        container: what the target itself is a container of; empty where it is none.
    """

    release: str
    build: str
    flaws: dict[str, str]
    installed: tuple[str, ...]
    pending: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    live_patches: tuple[str, ...] = ()
    package_version: str = ""
    restart: str = ""
    deployments: tuple[str, ...] = ()
    booted: str = ""
    update: str = ""
    container: str = ""

    # ---- flaws

    @property
    def known_flaws(self) -> dict[str, tuple[str, ...]]:
        """Those that the guide names and those of which the kernel tells, with the files that tell of them."""
        named = {flaw for flaws in _NAMED.values() for flaw in flaws}
        return _NAMED | {flaw: (flaw,) for flaw in sorted(self.flaws) if flaw not in named}

    def state(self, flaw: str) -> str:
        """What the kernel says of a flaw of processors.

        Raises:
            EvidenceError: it says nothing.
        """
        if not self.flaws:
            raise EvidenceError(
                "/sys/devices/system/cpu/vulnerabilities is not there or could not be read: the kernel does not tell"
            )
        state = self.flaws.get(flaw, "")
        if not state:
            raise EvidenceError(f"the kernel does not tell of {flaw}: there is no such file")
        return state

    @property
    def mends_dirty_cow(self) -> bool:
        """Whether the fix of CVE-2016-5195 is in it.

        Raises:
            EvidenceError: it is older than the fix, and whether its distribution carried that back is not known.
        """
        numbers = _numbers(self.release)
        if numbers[:2] >= _FIXED_SINCE or any(fixed <= numbers < (4, fixed[1] + 1) for fixed in _FIXED_LINES):
            return True
        for pattern, fixed in _CARRIED_BACK:
            if match := re.match(pattern, self.release):
                return _numbers(match[1]) >= fixed
        raise EvidenceError(
            f"{self.release} is older than the fix; whether its distribution backported it is unknown"
        )

    # ---- start

    @property
    def newest(self) -> str:
        """The newest release that is installed, of Oracle's kernel (UEK) or of the others, as the one that runs.

        Raises:
            EvidenceError: none is found; the kernel comes from outside of the host.
            NotApplicable: it is that of the machine around the container that the target is.
        """
        if not self.installed and self.container:
            raise NotApplicable(f"the kernel is that of the machine around this container ({self.container})")
        if not self.installed:
            raise EvidenceError(
                f"no kernel is installed in /boot or /lib/modules: {self.release} comes from elsewhere"
            )
        return (
            [each for each in self.installed if _is_of_oracle(each) == _is_of_oracle(self.release)]
            or self.installed
        )[-1]

    @property
    def why_to_restart(self) -> str:
        """Why the host has to be restarted, in words; empty where it has not.

        Raises:
            EvidenceError: that cannot be told.
        """
        if self.pending:
            packages = f" for {', '.join(self.packages)}" if self.packages else ""
            return f"{self.pending[0]} demands it{packages}"
        if self.restart == "1":
            return "needs-restarting -r demands it"
        if self.update == _WAITS_FOR_RESTART:
            return "an update lies in the other partition (update_engine)"
        if self.update == _UNREAD:
            raise EvidenceError(unread("whether an update waits for a restart"))
        if self.booted and not self.deployments:
            raise EvidenceError("the deployments of ostree in /boot/loader/entries could not be read")
        if self.booted and self.booted != self.deployments[0]:
            return f"the deployment {self.deployments[0]} is installed, and {self.booted} runs"
        if _order(self.newest) > _order(self.release):
            return f"{self.release} runs, and {self.newest} is installed"
        if self.release not in self.installed:
            raise EvidenceError(
                f"{self.release} runs, which is not installed ({', '.join(self.installed)} is)"
            )
        if self.package_version == _UNREAD:
            raise EvidenceError(f"dpkg does not tell the version of the package of {self.release}")
        if self.package_version and "Debian " in self.build:
            running = self.build.partition("Debian ")[2].split(" ")[0]
            if running != self.package_version:
                return f"build {running} of {self.release} runs, and {self.package_version} is installed"
        if self.restart not in ("", "0"):
            raise EvidenceError(f"needs-restarting -r ended with status {self.restart}")
        return ""


def _deployments(entries: tuple[str, ...]) -> tuple[str, ...]:
    """By the numbers of their boot loader entries, the highest of which is started by default."""
    named = [each.rpartition(" ")[::2] for each in entries]
    return tuple(name for number, name in sorted(named, key=lambda each: _numbers(each[0]), reverse=True))


def _is_of_oracle(release: str) -> bool:
    """Whether it is of a line of its own, beside which the one of Red Hat is installed and maintained."""
    return "uek" in release


def _numbers(text: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def _order(release: str) -> tuple[int, ...]:
    """Releases in their order: by the numbers in front. The words behind them name a flavour.

    Backports of Debian have one in between, 6.1.0-0.deb11.21-amd64, others a word:
    6.12.43+deb13+1-amd64, 6.9.1-arch1-2.
    """
    match = re.match(r"\d+(?:(?:\.deb|\+deb|-(?:arch|hardened|zen)|[._+-])\d+)*", release)
    return tuple(map(int, re.findall(r"\d+", match[0]))) if match else ()


@fact(RUNNING_KERNEL)
def running_kernel(recording: Recording, presence: Presence) -> RunningKernel:
    """The kernel that runs, those that are installed, and the flaws that it knows of.

    Raises:
        EvidenceError: the target did not answer, or not for its release.
    """
    text = recording.text(RUNNING_KERNEL)
    if DROPPED in text.split("\n"):
        raise EvidenceError("running_kernel: a line was dropped, which may have named a flaw")
    words = Words(text)
    release = words.first("release").strip()
    if not re.match(r"\d+\.\d+", release):
        raise EvidenceError(f"uname -r says {release!r}, which is no release of a kernel")
    return RunningKernel(
        release,
        words.first("build").strip(),
        {name: state.strip() for name, state in words.pairs("flaw", ":").items()},
        tuple(sorted(set(words.all("installed")), key=_order)),
        words.all("pending"),
        tuple(map(str.strip, words.all("package"))),
        words.all("patch"),
        words.first("version").strip(),
        words.first("restart").strip(),
        _deployments(words.all("entry")),
        words.first("booted").strip(),
        words.first("update").strip(),
        words.first("container").strip().removeprefix("none"),
    )


@fact()
def kernel_flaw(running_kernel: RunningKernel) -> Subjects[tuple[str, ...]]:
    """Each flaw of a kernel or processor that the guide names, and each other of which the kernel tells."""
    return Subjects("option", tuple(running_kernel.known_flaws.items()))
