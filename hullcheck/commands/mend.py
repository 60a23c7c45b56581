"""`hullcheck remedy` for Compose files: print the changes as a diff, or write them."""

import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from hullcheck import compose
from hullcheck.compose import ComposeError, source, writing
from hullcheck.facts.containers.compose import document
from hullcheck.inventory.specs import recorded_path
from hullcheck.messages import printable
from hullcheck.remedies.compose import Mended, mended
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import grouped, sentences
from hullcheck.results.failures import Failure
from hullcheck.writers.source import to_write

if TYPE_CHECKING:
    from hullcheck.recording import Recording
    from hullcheck.results import AuditedTarget


def mend(
    target: "AuditedTarget", failed: Sequence[Failure], recording: "Recording", also: Collection[str], *, apply: bool
) -> int:
    """Print the changes of the files of a target, or write them, and return the exit status."""
    try:
        paths, query = compose.files_of(str(recorded_path(target.connect)))
        project = source.read(paths)
        if project.digests() != document(recording).digests:
            raise ComposeError(f"{project.files[0].shown}: changed since the audit: audit it again")
        found = mended(failed, project, also)
        lines = [*_lines(found, target.connect, apply=apply)]  # while the files are as they were audited
        if apply and found.texts:
            writing.write(project, paths, query, found.texts)
    except (ComposeError, OSError) as error:
        said = f"{error.filename}: cannot be written: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(printable(f"hullcheck remedy: {target.name}: {said}"), file=sys.stderr)
        return 1
    for line in lines:
        print(printable(f"# {line}"))
    if not apply:
        print(found.diff(), end="")
    return 0


def _lines(found: Mended, connect: str, *, apply: bool) -> Iterable[str]:
    """Yield what changes, what it may break, and what is left."""
    names = ", ".join(map(os.path.relpath, found.texts))
    many = f"{len(found.done)} finding{'s' * (len(found.done) != 1)} {'fixed' if apply else 'to fix'}"
    yield f"{names}: {many}" if names else "nothing to change"
    for (control, words), alike in grouped(found.done, lambda each: (each[0].control.id, each[1])).items():
        yield f"{_who(each for each, _ in alike)}: {words}. May break: {REMEDIES[control].risk}"
    for control, left in grouped(found.optional, lambda each: each.control.id).items():
        yield f"only with --also {_short(left[0])}: {_who(left)}. May break: {REMEDIES[control].risk}"
    for (why, text), by_hand in grouped(found.left, lambda each: (each[1], to_write(each[0], connect))).items():
        yield f"by hand: {_who(each for each, _ in by_hand)}: {why}. Write: {'; '.join(text.splitlines())}"


def _who(failures: Iterable[Failure]) -> str:
    """Return a control, and the services in which it fails."""
    found = list(failures)
    return f"{sentences.called(found[0].control)} in {', '.join(dict.fromkeys(each.finding.subject for each in found))}"


def _short(failure: Failure) -> str:
    """Return what `--also` takes for a control."""
    return next(iter(failure.control.frameworks.get("cis", ())), failure.control.id)
