"""The folders in which containers have written, if `--changes` asks."""

from collections.abc import Mapping

from hullcheck.facts.registry import fact
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import LinesLike

CHANGES = Probe.from_file("changes", LinesLike(r"[0-9a-f]{64}(?:\t/[^\t\x00-\x1f\x7f]*)*\t\."), optional=True)
"""Lines of an id, folders, and a point, as a line may be cut off."""


@fact(CHANGES)
def written_paths(recording: Recording) -> Mapping[str, tuple[str, ...]]:
    """The folders by container id, as far as known."""
    answer = recording.answers.get(CHANGES.name)
    lines = (line.split("\t") for line in CHANGES.keep(answer.stdout if answer else "").split("\n"))
    return {words[0]: tuple(sorted(set(words[1:-1]))) for words in lines}
