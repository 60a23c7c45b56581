"""All checks of a bundle in order; it is judged again only where the cheap ones found nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hullcheck.verify import Step, comparison, digests, documents, layout, place, replay
from hullcheck.verify.documents import Documents


def check(path: Path, allowed: Path | None) -> Iterator[Step]:
    """Check the bundle at *path*, and yield each step as soon as it is done.

    Args:
        allowed: who may have signed it, as ssh-keygen reads it; None if only the signature itself is looked at.

    Raises:
        WrongUse: there is no bundle, or it cannot be judged again where the user stands. Then the steps before that
            have been given.
    """
    files, step = layout.read(path)
    wrong = bool(step.faults)
    yield step
    known = None
    if not set(layout.ALWAYS) - set(files):
        yield (step := digests.check(files))
        wrong |= bool(step.faults)
        yield (step := digests.check_signature(files, allowed))
        wrong |= bool(step.faults)
        known, step = documents.read(files)
        yield step
        wrong |= bool(step.faults) and not step.differs  # which judging again may explain
        for step in _of_recordings(files, known) if known else ():
            yield step
            wrong |= bool(step.faults) and not step.differs
    if wrong:
        yield Step("verdicts", "not derived again, because of what is wrong above")
    elif known is not None:
        if not known.is_of_shipped:
            place.require(path)
        yield _again(files, known)


def _of_recordings(files: Mapping[str, bytes], known: Documents) -> Iterator[Step]:
    try:
        found, faults = documents.load(files)
        step = documents.check_recordings(known, found)
        yield Step(step.name, step.said, (*faults, *step.faults))
        if not faults:
            order = [found[each.name] for each in known.audit.targets if each.name in found]
            wrong = tuple(comparison.rendered(files, known, order))
            yield Step("reports", "follow from the results", wrong, differs=True)
    except documents.DAMAGED as error:
        yield Step("documents", faults=(f"damaged ({type(error).__name__}: {error})",))


def _again(files: Mapping[str, bytes], known: Documents) -> Step:
    """Judge the recordings again, and compare."""
    try:
        made = replay.replay(files, known)
    except replay.ReplayError as error:
        return Step("verdicts", faults=(str(error),))
    again, _ = documents.read(made)
    assert again is not None  # this version wrote it a moment ago
    faults = tuple(comparison.differences(files, made, known, again))
    many, targets = len(again.audit.results), len(again.audit.targets)
    said = f"{many} derived again from {targets} recordings, all the same"
    return Step("verdicts", said, faults, differs=True, other=comparison.other_maker(known, again))
