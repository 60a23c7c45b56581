"""Whether the profile docker-default in the kernel is the one that the engine of today writes, and what others deny.

The kernel keeps a profile until it is replaced or the machine starts again. Most engines load theirs only where none of
its name is there, so that after an update an old one stays (moby#52536). It is compiled and cannot be read back; its
time can, and what the engine's program would write.
"""

import re
from dataclasses import dataclass

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.times import day, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like
from hullcheck.verdicts import EvidenceError

APPARMOR = Probe.from_file(
    __file__,
    "apparmor",
    lines_like(
        r"loaded:[-0-9:.+ ]+",
        r"program:\d+ [-0-9:.+ ]+",
        r"(?:denies|reloads):\d+",
        r"own:\S+ \S*",
        r"rule:\S+ .+,",
        "asked:",
    ),
)


@dataclass(frozen=True)
class DefaultProfile:
    """The profile docker-default, and the program that would write it today.

    Attributes:
        doubt: why it may lack what the engine's own denies; empty where it does not.
    """

    doubt: str


@dataclass(frozen=True)
class SiteProfiles:
    """The profiles in files below /etc/apparmor.d, by what lets in much at once.

    The kernel may have another form of one: what it has cannot be read back.
    """

    words: Words

    def has(self, name: str) -> bool:
        """Whether a file has a profile of this name."""
        return name in self.words.pairs("own", " ")

    def weakness(self, name: str) -> tuple[str, bool]:
        """Why a profile may confine nothing, and whether that is sure; empty where it denies something.

        Raises:
            EvidenceError: the files were not looked at.
        """
        if "asked" not in self.words:
            raise EvidenceError(f"what the profile {name} denies was not asked; are you root?")
        if DROPPED in self.words:
            raise EvidenceError("apparmor: a line of the answer was not understood")
        flags = self.words.pairs("own", " ").get(name)
        if flags is None:
            return f"its profile {name} is in no file of /etc/apparmor.d: what it denies is not known", False
        rules = [
            rule for of, _, rule in (each.partition(" ") for each in self.words.all("rule")) if of == name
        ]
        denied = any(re.search(r"\bdeny ", each) for each in rules)
        if "default_allow" in flags.split(",") or any(re.search(r"\ball,$", each) for each in rules):
            return f"its profile {name} allows all that it does not deny", not denied
        every = {kind for kind, form in _WHOLE.items() if any(map(form.search, rules))}
        if denied or "file" not in every:
            return "", False
        return f"its profile {name} allows every {', every '.join(sorted(every))}, and denies nothing", len(
            every
        ) == 3


_WHOLE = {
    "capability": re.compile(r"\bcapability,$"),
    "file": re.compile(r"\bfile,$|/\{?,?\*\*\}? [a-zA-Z]*w[a-zA-Z]*,$"),
    "mount": re.compile(r"\bmount( [a-z]+)?,$"),
}
"""Rules that let in all of a kind."""
_OF_ENGINES = re.compile(
    r"docker-default|containers-default-[0-9.]+|crio-default|cri-containerd\.apparmor\.d"
)


def is_of_an_engine(name: str) -> bool:
    """Whether engines make a profile of this name themselves, without a file."""
    return _OF_ENGINES.fullmatch(name) is not None


@fact(APPARMOR)
def site_profiles(recording: Recording) -> SiteProfiles:
    """The profiles that the site has in files.

    Raises:
        EvidenceError: the target did not answer.
    """
    return SiteProfiles(Words(recording.text(APPARMOR)))


@fact(APPARMOR)
def default_profile(recording: Recording, daemon: Later[Daemon]) -> DefaultProfile:
    """The profile docker-default in the kernel, by its time.

    Raises:
        EvidenceError: the target did not answer, or what runs as its daemon may not be looked at.
    """
    words = Words(recording.text(APPARMOR))
    pid = str(daemon.get().pid)
    programs = words.pairs("program", " ")
    if pid not in programs:
        raise EvidenceError(f"the program of process {pid} could not be read; are you root?")
    if pid not in words.all("denies") or pid in words.all("reloads"):
        return DefaultProfile("")
    written, loaded = moment(programs[pid]), [moment(each) for each in words.all("loaded")]
    if written is None or not loaded or None in loaded:
        return DefaultProfile(
            "when the profile docker-default was loaded could not be read; an older engine's denies less (AF_ALG)"
        )
    first = min(each for each in loaded if each is not None)
    if first[1] >= written[0]:
        return DefaultProfile("")
    return DefaultProfile(
        f"the profile docker-default was loaded on {day(first[0])}, before the engine's program of"
        f" {day(written[0])}, which would deny more (AF_ALG): start the host again, or load it anew"
    )
