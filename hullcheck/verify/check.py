"""Run all checks of a bundle in order; the verdicts are derived again only if the cheap checks found no fault."""

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from hullcheck.bundle import manifest, sshsig
from hullcheck.bundle.sshsig import SignatureError
from hullcheck.results import run_files
from hullcheck.verify import comparison, documents, layout, replay
from hullcheck.verify.documents import DAMAGED, Documents
from hullcheck.verify.layout import Step

_DIGEST = 66  # characters of a line before the name


def check(path: Path, allowed: Path | None) -> Iterator[Step]:
    """Check the bundle at *path*, and yield each step as soon as it is done.

    *allowed* is a file of allowed signers for ssh-keygen. Raise WrongUse if *path* is not a bundle, or cannot be judged
    again in the current directory.
    """
    files, step = layout.read(path)
    wrong = bool(step.faults)
    yield step
    known = None
    if not set(layout.ALWAYS) - set(files):
        known, read = documents.read(files)
        first = (_digests(files), _signature(files, allowed), read)
        for step in itertools.chain(first, _of_recordings(files, known) if known else ()):
            yield step
            wrong |= bool(step.faults) and not step.differs  # a new derivation may explain it
    if wrong:
        yield Step("verdicts", "not derived again because of the faults above")
    elif known is not None:
        if not known.selection.shipped:
            replay.require_controls(path)
        yield _again(files, known)


def _digests(files: Mapping[str, bytes]) -> Step:
    """Compare manifest-sha256.txt with *files*, both ways."""
    covered, listing = manifest.covered(files), files[run_files.DIGESTS]
    listed, found = (each.decode("utf-8", "replace").split("\n") for each in (listing, manifest.digests(covered)))
    wrong = {line[_DIGEST:] for line in {*listed} ^ {*found}}
    faults = [f"{name}: is not what {run_files.DIGESTS} lists" for name in sorted(wrong)]
    if listed != found and not faults:
        faults = [f"{run_files.DIGESTS}: not written as hullcheck writes it"]
    return Step("digests", f"{len(covered)} files match their digests", tuple(faults))


def _signature(files: Mapping[str, bytes], allowed: Path | None) -> Step:
    """Check the signature of manifest-sha256.txt, and that an *allowed* signer made it, if these are given."""
    signature = files.get(run_files.SIGNATURE)
    if signature is None:
        said = "none: the digests show that the files belong together, but not who made them"
        faults = (f"{run_files.SIGNATURE}: is missing, so the bundle is not signed",) if allowed else ()
        return Step("signature", said, faults)
    with tempfile.NamedTemporaryFile(prefix="hullcheck-", buffering=0) as file:
        file.write(signature)
        try:
            key = sshsig.key_of(file.name, files[run_files.DIGESTS])
            if allowed is None:
                return Step("signature", f"valid; key {key}, signer not checked (--allowed-signers)")
            who = sshsig.signer(file.name, files[run_files.DIGESTS], allowed)
        except SignatureError as error:
            return Step("signature", faults=(f"{run_files.SIGNATURE}: {error}",))
    return Step("signature", f"valid; signed by {who} with the key {key}")


def _of_recordings(files: Mapping[str, bytes], known: Documents) -> Iterator[Step]:
    try:
        found, faults = documents.load(files)
        faults += documents.recording_faults(known, found)
        said = f"{len(found)} targets, {len(known.audit.results)} results"
        if partial := known.selection.partial:
            said += f"; not all that was selected: {partial}"
        yield Step("completeness", said, tuple(faults))
        if not faults:
            order = [found[each.name] for each in known.audit.targets]
            wrong = tuple(comparison.rendered(files, known.audit, order))
            yield Step("reports", "follow from the results", wrong, differs=True)
    except DAMAGED as error:
        yield Step("documents", faults=(f"damaged ({type(error).__name__}: {error})",))


def _again(files: Mapping[str, bytes], known: Documents) -> Step:
    try:
        made = replay.replay(files, known)
    except (replay.ReplayError, ValueError) as error:  # ValueError: a text that no program can receive
        return Step("verdicts", faults=(str(error),))
    again, _ = documents.read(made)
    assert again is not None  # this version has just written it
    faults = tuple(comparison.differences(files, made, known, again))
    many, targets = len(again.audit.results), len(again.audit.targets)
    said = f"{many} derived again from {targets} recordings, all equal"
    return Step("verdicts", said, faults, differs=True, other=comparison.other_maker(known, again))
