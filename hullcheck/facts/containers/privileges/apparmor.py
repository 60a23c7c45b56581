"""Whether the profile docker-default in the kernel is the one that the engine of today writes.

The kernel keeps a profile until it is replaced or the machine starts again. Most engines load theirs only where none of
its name is there, so that after an update an old one stays (moby#52536). It is compiled and cannot be read back; its
time can, and what the engine's program would write.
"""

from dataclasses import dataclass

from hullcheck.facts.daemon import Daemon
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.times import day, moment
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

APPARMOR = Probe.from_file(
    __file__,
    "apparmor",
    lines_like(r"loaded:[-0-9:.+ ]+", r"program:\d+ [-0-9:.+ ]+", r"(?:denies|reloads):\d+"),
)


@dataclass(frozen=True)
class DefaultProfile:
    """The profile docker-default, and the program that would write it today.

    Attributes:
        doubt: why it may lack what the engine's own denies; empty where it does not.
    """

    doubt: str


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
