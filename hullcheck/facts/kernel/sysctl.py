"""Settings of the kernel that the hardening guide names: as they are, and as files set them at the next start."""

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

FORWARD = "net.ipv4.ip_forward"
GUIDE = {FORWARD: "0", "fs.suid_dumpable": "0", "kernel.randomize_va_space": "2"}
"""The settings that the guide demands, by name."""
_SAME = {FORWARD: ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")}
_JUDGED = {name for each in GUIDE for name in _SAME.get(each, (each,))}
_KNOWN = lines_like("(?:chain|file|forwards|later|line|openrc|runlevel|running|systemd|unit|unread):.*")


def _keep(text: str) -> str:
    """Of the lines of files those that set what is judged: a pattern may take in keys of the network."""
    return "\n".join(line for line in _KNOWN(text).split("\n") if _may_stay(line))


def _may_stay(line: str) -> bool:
    word, _, text = line.partition(":")
    sets = _assignments("", [text]) if word == "line" else ()
    return word != "line" or any(fnmatch.fnmatchcase(name, each.name) for each in sets for name in _JUDGED)


# systemd reads no /etc/sysctl.conf, which sysctl(8) and OpenRC read last.
SYSCTL = Probe.from_file(__file__, "sysctl", _keep, like=_KNOWN)
_FOLDERS = ("/etc", "/usr/local/lib", "/usr/lib", "/lib")
_LAST = "/etc/sysctl.conf"
_VOLATILE = "/run/"
"""What lies there is gone at the next start, unless something writes it again."""


@dataclass(frozen=True)
class Assignment:
    """A line of a file that sets something.

    Attributes:
        value: what to; None where the line says that no pattern sets it (`-NAME`).
    """

    name: str
    value: str | None
    file: str


@dataclass(frozen=True)
class Sysctl:
    """The settings.

    Attributes:
        running: the values of the kernel that runs, by name.
        assignments: those that the next start makes, in its order; files that hide each other are resolved.
        unread: files that could not be read.
        unit: what systemd says of the unit that applies them at the start; None where there is no systemd.
        chain: what iptables says of the policy of FORWARD and of rules for every packet, None where it is not
            installed.
        later: what may set them again after the files were applied, as `suid_dumpable PATH`, and files in /run that
            set them to other values.
        idle: whether OpenRC does not start what applies the files.
        forwarding: the interfaces that forward IPv4 by a switch of their own, where ip_forward is 0.
    """

    running: dict[str, str]
    assignments: tuple[Assignment, ...]
    unread: tuple[str, ...]
    unit: tuple[str, ...] | None
    chain: tuple[str, ...] | None
    later: tuple[str, ...] = ()
    idle: bool = False
    forwarding: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """What the kernel has now.

        Raises:
            EvidenceError: it could not be read.
        """
        try:
            return self.running[name]
        except KeyError:
            raise EvidenceError(f"/proc/sys/{name.replace('.', '/')} could not be read") from None

    def at_start(self, name: str) -> Assignment | None:
        """What the next start sets; None where no file does.

        Raises:
            EvidenceError: a file could not be read.
        """
        if self.unread:
            raise EvidenceError(unread(", ".join(self.unread)))
        last = [(-1, None), *(self._last(path) for path in _SAME.get(name, (name,)))]
        return max(last, key=lambda each: each[0])[1]

    def set_again(self, name: str) -> tuple[str, ...]:
        """The programs and units that name a setting, and may set it after the files were applied."""
        found = (line.partition(" ")[::2] for line in self.later)
        return tuple(path for word, path in found if word == name.rpartition(".")[2])

    def _last(self, path: str) -> tuple[int, Assignment | None]:
        """The last line that sets *path*, with its place. A pattern counts only where no line names the path."""
        numbered = list(enumerate(self.assignments))
        named = [each for each in numbered if each[1].name == path]
        matching = [each for each in numbered if fnmatch.fnmatchcase(path, each[1].name)]
        found = named or matching
        return found[-1] if found and found[-1][1].value is not None else (-1, None)

    @property
    def obstacle(self) -> str:
        """Why no file is applied at the start; empty where they are.

        Raises:
            EvidenceError: systemd does not tell.
        """
        if self.unit is None:
            return "the service sysctl is in no runlevel of OpenRC" if self.idle else ""
        values = dict(line.partition("=")[::2] for line in self.unit)
        state = values.get("LoadState", "")
        if not state:
            raise EvidenceError("systemd does not tell of systemd-sysctl.service")
        masked = values.get("UnitFileState") in ("masked", "masked-runtime")
        if state != "loaded" or masked:
            return f"systemd-sysctl.service is {'masked' if masked else state}"
        # systemctl says nothing of a unit's commands where a drop-in took them away
        if "/systemd-sysctl" not in values.get("ExecStart", ""):
            return "systemd-sysctl.service does not run systemd-sysctl"
        if values.get("ConditionTimestamp") and values.get("ConditionResult") == "no":
            return "a condition of systemd-sysctl.service was not met"
        return ""

    @property
    def forward_policy(self) -> str:
        """What becomes of a packet between networks that no rule is about: `ACCEPT`, `DROP`.

        Raises:
            EvidenceError: it cannot be told.
        """
        if self.chain is None:
            raise EvidenceError("iptables is not installed, so the policy of the chain FORWARD is unknown")
        for line in self.chain:
            if match := re.fullmatch(r"-P FORWARD ([A-Z]+)", line.strip()):
                return match[1]
        raise EvidenceError(f"iptables -S: {next(iter(self.chain), '') or 'no answer'}")

    def accepting(self, chain: str = "FORWARD", *above: str) -> str:
        """The rule that lets everything through *chain*, or one that all of it passes; empty where none does."""
        for line in map(str.strip, self.chain or ()):
            name, _, target = line.removeprefix("-A ").partition(" -j ")
            if name != chain or target in above:
                continue
            if target == "ACCEPT":
                return line
            if target.startswith(("DROP", "REJECT", "RETURN")):
                break
            if found := self.accepting(target, *above, chain):
                return found
        return ""


def _order(files: Iterable[str], systemd: bool) -> list[str]:
    """The files in the order in which they are read; of two with one name only the first directory's counts."""
    by_name: dict[str, str] = {}
    for folder in _FOLDERS:
        for path in files:
            if posixpath.dirname(path) == f"{folder}/sysctl.d":
                by_name.setdefault(posixpath.basename(path), path)
    found = [by_name[name] for name in sorted(by_name)]
    return [*found, _LAST] if not systemd and _LAST in files else found


def _others(files: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for path in files:
        for each in _assignments(path, files[path]) if path.startswith(_VOLATILE) else ():
            if each.value != GUIDE.get(each.name, each.value):
                yield f"{each.name.rpartition('.')[2]} {path}"


def _assignments(path: str, lines: Iterable[str]) -> Iterable[Assignment]:
    for line in lines:
        name, separator, value = line.strip().partition("=")
        if name.startswith(("#", ";")) or not (separator or name.startswith("-")):
            continue
        yield Assignment(
            _name(name.strip().removeprefix("-").strip()), value.strip() if separator else None, path
        )


def _name(written: str) -> str:
    """`net/ipv4/conf/eth0.1/x` and `net.ipv4.conf.eth0/1.x` are the same; with dots between."""
    first = re.search("[./]", written)
    if first is None or first[0] == ".":
        return written
    return written.translate(str.maketrans("./", "/."))


@fact(SYSCTL)
def sysctl(recording: Recording, presence: Presence) -> Sysctl:
    """Settings of the kernel, as they are and as the next start makes them.

    Raises:
        EvidenceError: the target did not answer.
    """
    words = Words(recording.text(SYSCTL))
    files = words.below("file", "line")
    systemd = "systemd" in words
    order = _order(files, systemd)
    return Sysctl(
        {
            path.removeprefix("/proc/sys/").replace("/", "."): value.strip()
            for path, value in words.pairs("running", ":").items()
        },
        tuple(each for path in order for each in _assignments(path, files[path])),
        tuple(path for path in words.all("unread") if path in order),
        words.all("unit") if systemd else None,
        words.all("chain") if "chain" in words else None,
        (*words.all("later"), *_others(files)),
        "openrc" in words and "runlevel" not in words,
        words.all("forwards"),
    )
