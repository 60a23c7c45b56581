"""Which distribution a host is, and which compilers and browsers it has: packages, and programs on the path."""

from dataclasses import dataclass

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.software.os_release import OS_RELEASE, os_release
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.answer_lines import Words
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, unread

SOFTWARE = Probe.from_file(
    __file__,
    "software",
    lines_like("(?:browser|compiler|mark|package|source|unread):.*"),
)


UBUNTU_MINIMAL, RHEL_COREOS, BOTTLEROCKET = "Ubuntu Minimal", "RHEL CoreOS", "Bottlerocket"
OTHER_MINIMAL = {
    "Alpine": ("alpine", None),
    "Container-Optimized OS": ("cos", None),
    "Fedora CoreOS": ("fedora", "coreos"),
    "Flatcar": ("flatcar", None),
    "MicroOS": ("opensuse-microos", None),
    "Photon": ("photon", None),
    "SUSE Linux Micro": ("sl-micro", None),
    "SUSE Linux Enterprise Micro": ("sle-micro", None),
    "Talos": ("talos", None),
    "Ubuntu Core": ("ubuntu-core", None),
}
"""Others that are made for containers, with their ID and VARIANT_ID."""


@dataclass(frozen=True)
class Software:
    """The software of a host.

    Attributes:
        system: os-release by name.
        source: the list of packages; empty where none is known.
        count: how many packages it has.
        found: paths of programs and of what lists them in menus, and `package NAME`, by `compiler` and `browser`.
        marks: files that only minimal images of Ubuntu have.
        standard: whether the package ubuntu-standard is installed.
        unread: directories of programs that could not be read.
    """

    system: dict[str, str]
    source: str
    count: int
    found: dict[str, tuple[str, ...]]
    marks: tuple[str, ...] = ()
    standard: bool = False
    unread: tuple[str, ...] = ()

    def of_kind(self, kind: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """The compilers or browsers that it has and that are not allowed by their name.

        Raises:
            EvidenceError: none was found, but not all directories could be read.
        """
        names = {each: _name(each) for each in self.found[kind]}
        found = tuple(each for each, name in names.items() if name not in allowed)
        if not found and self.unread:
            raise EvidenceError(unread(", ".join(self.unread)))
        return found

    @property
    def looked_at(self) -> str:
        """What the verdict on compilers and browsers rests on."""
        packages = (
            f"{self.count} packages of {self.source}" if self.source else "no list of packages is known here"
        )
        return f"{packages}, and the programs on the path"

    # ---- the distribution

    @property
    def identifier(self) -> str:
        """Its ID.

        Raises:
            EvidenceError: os-release does not say it.
        """
        if not self.system.get("ID"):
            raise EvidenceError("/etc/os-release does not name the distribution")
        return self.system["ID"]

    @property
    def name(self) -> str:
        """As a person names it."""
        return self.system.get("PRETTY_NAME") or self.identifier

    def is_a(self, distribution: str) -> bool:
        """Whether it is one of the minimal distributions that the guide names, or has this ID."""
        own, variant = self.identifier, self.system.get("VARIANT_ID", "")
        if distribution == UBUNTU_MINIMAL:
            return own == "ubuntu" and bool(self.marks) and not self.standard
        if distribution == RHEL_COREOS:
            return own == "rhcos" or (own, variant) == ("rhel", "coreos")
        if distribution in OTHER_MINIMAL:
            identifier, wanted = OTHER_MINIMAL[distribution]
            return own == identifier and wanted in (None, variant)
        return own == (BOTTLEROCKET.lower() if distribution == BOTTLEROCKET else distribution)


def _name(found: str) -> str:
    return found.rpartition("/")[2].removeprefix("package ").removesuffix(".desktop")


@fact(SOFTWARE, OS_RELEASE)
def software(recording: Recording, presence: Presence) -> Software:
    """The distribution of the host, its compilers and its browsers.

    Raises:
        EvidenceError: the target did not answer, or the list of its packages is empty.
    """
    words = Words(recording.text(SOFTWARE))
    source, _, count = words.first("source").partition(" ")
    if source and (not count.isdigit() or count == "0"):
        raise EvidenceError(f"the list of packages of {source} is empty, or was not understood")
    found = {kind: tuple(dict.fromkeys(words.all(kind))) for kind in ("compiler", "browser")}
    return Software(
        os_release(recording),
        source,
        int(count or 0),
        found,
        words.all("mark"),
        "package" in words,
        words.all("unread"),
    )


@fact()
def minimal_distribution(software: Software, policy: Policy) -> Subjects[str]:
    """Each minimal distribution that the guide names, and the host's own where it is another one, or is allowed."""
    named = (UBUNTU_MINIMAL, RHEL_COREOS, BOTTLEROCKET)
    own = [software.identifier] if software.identifier in policy.minimal_distributions else []
    own = own or [name for name in OTHER_MINIMAL if software.is_a(name)]
    return Subjects("option", tuple((name, name) for name in (*named, *own)))
