"""Which distribution a host is, and which compilers and browsers it has: packages, and programs in usual folders."""

import re
from dataclasses import dataclass

from hullcheck.data import software as known
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.system import HOST, os_release
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.answer_lines import Words
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import in_sections, lines_like
from hullcheck.verdicts import EvidenceError, unread

_KINDS = {
    kind: (re.compile(names["programs"]), re.compile(names["packages"]))
    for kind, names in (("compiler", known.COMPILERS), ("browser", known.BROWSERS))
}
GUIDE = (known.UBUNTU_MINIMAL, "RHEL CoreOS", "Bottlerocket")
"""The minimal distributions that the guide names."""
_PACKAGES = f"{known.COMPILERS['packages']}|{known.BROWSERS['packages']}"
PACKAGES = Probe.from_file(
    "packages",
    in_sections(
        software=lines_like("(?:failed|mark|package|source|unread):.*", "/.*"),
        kernel=lines_like("(?:version|restart):.*"),
        updates=lines_like(
            "(?:unread:)?/[^:]*", r'APT::Periodic(?:::[\w-]+)? "[^"]*";', r"/[^:]*:\s*apply_updates\s*=.*"
        ),
    ),
    PACKAGES=_PACKAGES,
    PROGRAMS=f"{known.COMPILERS['programs']}|{known.BROWSERS['programs']}",
)


@dataclass(frozen=True)
class Software:
    """The software of a host.

    Attributes:
        system: os-release by name.
        source: the list of packages; empty where none is known.
        count: how many packages it has.
        packages: those that are compilers or browsers, and ubuntu-standard.
        programs: paths of programs that are called like compilers or browsers.
        marks: files that only minimal images of Ubuntu have.
        unread: folders of programs that could not be read.
    """

    system: dict[str, str]
    source: str
    count: int
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    marks: tuple[str, ...]
    unread: tuple[str, ...]

    def of_kind(self, kind: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """The compilers or browsers that are not allowed by their name.

        Raises:
            EvidenceError: none was found, but not all folders could be read.
        """
        program, package = _KINDS[kind]
        names = {path: path.rpartition("/")[2] for path in self.programs}
        found = [path for path, name in names.items() if program.fullmatch(name) and name not in allowed]
        found += [
            f"package {each}" for each in self.packages if package.fullmatch(each) and each not in allowed
        ]
        if not found and self.unread:
            raise EvidenceError(unread(", ".join(self.unread)))
        return tuple(found)

    @property
    def looked_at(self) -> str:
        """What the verdict on compilers and browsers rests on."""
        packages = f"{self.count} packages of {self.source}" if self.source else "no list of packages"
        return f"{packages}, and the programs on the path"

    @property
    def identifier(self) -> str:
        """The ID of the distribution.

        Raises:
            EvidenceError: os-release does not say it.
        """
        if not self.system.get("ID"):
            raise EvidenceError("/etc/os-release does not name the distribution")
        return self.system["ID"]

    @property
    def name(self) -> str:
        """The distribution as a person names it."""
        return self.system.get("PRETTY_NAME") or self.identifier

    def is_a(self, distribution: str) -> bool:
        """Whether it is a known minimal distribution, or has this ID."""
        if distribution == known.UBUNTU_MINIMAL:
            return self.identifier == "ubuntu" and bool(self.marks) and "ubuntu-standard" not in self.packages
        own = {self.identifier, f"{self.identifier} {self.system.get('VARIANT_ID', '')}"}
        return not own.isdisjoint(known.MINIMAL.get(distribution, (distribution,)))


@fact(PACKAGES, HOST)
def software(recording: Recording, presence: Presence) -> Software:
    """The distribution of the host, its compilers and its browsers.

    Raises:
        EvidenceError: the target did not answer, or the list of its packages is empty.
    """
    text = recording.section(PACKAGES, "software")
    words = Words(text)
    source, _, count = words.first("source").partition(" ")
    if "failed" in words or (source and count == "0"):
        raise EvidenceError(f"the list of packages of {source} is empty, or was not understood")
    programs = tuple(dict.fromkeys(line for line in text.split("\n") if line.startswith("/")))
    texts = (words.all("package"), programs, words.all("mark"), words.all("unread"))
    return Software(os_release(recording), source, int(count or 0), *texts)


@fact()
def minimal_distribution(software: Software, policy: Policy) -> Subjects[str]:
    """Each minimal distribution that the guide names, and the host's own where it is another one, or is allowed."""
    own = [software.identifier] if software.identifier in policy.minimal_distributions else []
    own = own or [name for name in known.MINIMAL if name not in GUIDE and software.is_a(name)]
    return Subjects("option", tuple((name, name) for name in (*GUIDE, *own)))
