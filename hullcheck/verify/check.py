"""All checks of a bundle in order; it is judged again only where the cheap ones found nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hullcheck.verify import Step, completeness, digests, documents, layout, place, replay, reports, verdicts
from hullcheck.verify.documents import Documents


def check(path: Path, allowed: Path | None) -> Iterator[Step]:
    """The checks of the bundle at *path*, each as soon as it is done.

    Args:
        allowed: who may have signed it, as ssh-keygen reads it; None where only the signature itself is looked at.

    Raises:
        WrongUse: there is no bundle, or it cannot be judged again where the user stands. Then the steps before that
            have been given.
    """
    files, step = layout.read(path)
    wrong = bool(step.faults)
    yield step
    for step in of_files(files, allowed):
        wrong |= bool(step.faults) and not step.differs  # which judging again may explain
        yield step
    if wrong:
        yield Step("verdicts", "not derived again, because of what is wrong above")
        return
    known, _ = documents.read(files)
    if known is not None:
        if not known.is_of_shipped:
            place.require(path)
        yield from _again(files, known)


def of_files(files: Mapping[str, bytes], allowed: Path | None) -> Iterator[Step]:
    """The checks for which nothing has to be judged."""
    if set(layout.ALWAYS) - set(files):
        return
    yield digests.check(files)
    yield digests.check_signature(files, allowed)
    known, step = documents.read(files)
    yield step
    if known is None:
        return
    try:
        found, faults = completeness.load(files)
        step = completeness.check(files, known, found)
        yield Step(step.name, step.said, (*faults, *step.faults))
        if not faults:
            order = [found[name] for name in known.results["targets"] if name in found]
            wrong = tuple(reports.rendered(files, known, order))
            yield Step("reports", "follow from the results", wrong, differs=True)
    except documents.DAMAGED as error:
        yield Step("documents", faults=(f"damaged ({type(error).__name__}: {error})",))


def _again(files: Mapping[str, bytes], known: Documents) -> Iterator[Step]:
    """What the recordings say when they are judged again."""
    try:
        made = replay.replay(files, known)
    except replay.ReplayError as error:
        yield Step("verdicts", faults=(str(error),))
        return
    again, _ = documents.read(made)
    assert again is not None  # this version wrote it a moment ago
    other = verdicts.other_maker(known, again)
    faults = (*verdicts.differences(files, known, again, made), *reports.compared(files, made, known, again))
    many, targets = len(again.results["results"]), len(again.results["targets"])
    said = f"{many} derived again from {targets} recordings, all the same"
    yield Step("verdicts", said, faults, differs=True, other=other)
