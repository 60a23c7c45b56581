"""The host: its time, distribution, kernel and kernel settings, and the auditor."""

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections, LinesLike
from hullcheck.verdicts import EvidenceError, unread

FORWARD = "net.ipv4.ip_forward"
SETTINGS = {FORWARD: "0", "fs.suid_dumpable": "0", "kernel.randomize_va_space": "2"}  # that the guide asks for
_SETTING = regex(r"(/[^:]*):\s*-?\s*([\w./]+)\s*=\s*(\S+)\s*")
_OS_RELEASE, _MACHINE_IDS = "/etc/os-release", ("/etc/machine-id", "/var/lib/dbus/machine-id")


class Assignment(Struct, frozen=True):
    """A line of a file that sets something."""

    file: str
    name: str
    value: str


def assignments(text: str) -> Iterator[Assignment]:
    """Yield the settings in files that are judged."""
    for match in map(_SETTING.fullmatch, text.split("\n")):
        if match and (name := match[2].replace("/", ".")) in SETTINGS:
            yield Assignment(match[1], name, match[3])


def _settings(text: str) -> str:
    unread = (f"unread:{file}" for file in Words(text).all("unread"))
    return "\n".join((*unread, *(f"{each.file}:{each.name}={each.value}" for each in assignments(text))))


_NEEDED = regex(
    rf"{_OS_RELEASE}: *(?:NAME|PRETTY_NAME|ID|ID_LIKE|VERSION|VERSION_ID|VARIANT_ID|SUPPORT_END) *=.*"
    rf"|(?:{'|'.join(_MACHINE_IDS)}):[0-9a-f]{{32}}"
    r"|(?:absent:)?/(?:proc|sys)/[\w/-]+(?::.*)?|/run/reboot-required\.pkgs:.*"
)
"""The lines of files that are kept."""

HOST = Probe.from_file(
    "host",
    InSections(
        clock=LinesLike(r"\d+"),
        auditor=LinesLike(r"\d+"),
        presence=LinesLike(r"command [a-z]+ .*", "socket /.*", r"process \d+", "foreign"),
        files=lambda text: "\n".join(filter(_NEEDED.fullmatch, text.split("\n"))),
        kernels=LinesLike("(?:installed|pending|container):.*"),
        sysctl=_settings,
    ),
)


def files(recording: Recording) -> Words:
    """Return the lines of files of the host, by their paths."""
    return Words(recording.section(HOST, "files"))


def auditor(recording: Recording) -> int:
    """Return the uid of the auditor."""
    text = recording.section(HOST, "auditor")
    if not text.isdigit():
        raise EvidenceError("id -u did not print the auditor's uid")
    return int(text)


def machine_id(recording: Recording) -> str:
    """Return the id of the machine, or an empty string."""
    found = files(recording)
    return next(filter(None, map(found.first, _MACHINE_IDS)), "")


def os_release(recording: Recording) -> dict[str, str]:
    """Return os-release(5) of the target by name."""
    found = files(recording).pairs(_OS_RELEASE, "=")
    if not found:
        raise EvidenceError(f"{_OS_RELEASE} could not be read")
    return {name.strip(): value.strip().strip("\"'") for name, value in found.items()}


@fact(HOST)
def os_name(recording: Recording) -> str:
    """The name of the target's operating system, or an empty string."""
    try:
        values = os_release(recording)
    except EvidenceError:
        return ""
    return values.get("PRETTY_NAME", values.get("NAME", ""))


@fact(HOST)
def clock(recording: Recording) -> Recording:
    """The answers with the time of them, by both clocks, or EvidenceError if that is unknown."""
    _ = recording.now
    return recording


class Kernel(Struct, frozen=True):
    """Values of files below /sys and /proc/sys."""

    files: Words

    def _value(self, path: str) -> str | None:
        """Return the value of a file, or None if it does not exist."""
        if path not in self.files and path not in self.files.all("absent"):
            raise EvidenceError(f"{path} could not be read")
        return self.files.first(path) if path in self.files else None

    @property
    def apparmor(self) -> bool:
        return self._value("/sys/module/apparmor/parameters/enabled") == "Y"

    @property
    def apparmor_is_lax(self) -> bool:
        """Whether the kernel enforces no profile at all, as far as readable."""
        return self.files.first("/sys/module/apparmor/parameters/mode") in ("complain", "unconfined")

    @property
    def selinux(self) -> str:
        """`enforcing`, `permissive`, or an empty string where SELinux is off."""
        value = self._value("/sys/fs/selinux/enforce")
        return "" if value is None else "enforcing" if value == "1" else "permissive"

    @property
    def most_processes(self) -> int:
        """The limit of processes and threads on the machine."""
        limits = [self._value("/proc/sys/kernel/pid_max"), self._value("/proc/sys/kernel/threads-max")]
        return min(int(limit) for limit in limits if limit is not None)


@fact(HOST)
def kernel(recording: Recording) -> Kernel:
    """The security modules and limits of the kernel."""
    return Kernel(files(recording))


class Sysctl(Struct, frozen=True):
    """The kernel settings that the guide requires: current, and by *assignments* in files."""

    files: Words
    assignments: tuple[Assignment, ...]
    unread: tuple[str, ...]

    def value(self, name: str) -> str:
        path = f"/proc/sys/{name.replace('.', '/')}"
        if path not in self.files:
            raise EvidenceError(f"{path} could not be read")
        return self.files.first(path).strip()

    def at_start(self, name: str) -> Assignment | None:
        """Return the assignment that counts at the next start, or None."""
        if self.unread:
            raise EvidenceError(unread(", ".join(self.unread)))
        found = [each for each in self.assignments if each.name == name]
        found.sort(key=lambda each: (posixpath.basename(each.file), each.file.startswith("/etc/")))
        return found[-1] if found else None
