"""Whether each file has the bytes that were listed, and who signed the list."""

from collections.abc import Mapping
from pathlib import Path

from hullcheck.bundle import manifest, sshsig
from hullcheck.bundle.sshsig import SignatureError
from hullcheck.results import run_files
from hullcheck.verify import Step

_DIGEST = 66  # characters of a line before the name


def check(files: Mapping[str, bytes]) -> Step:
    """Compare manifest-sha256.txt with *files*, both ways."""
    covered, listing = manifest.covered(files), files[run_files.DIGESTS]
    listed, found = (
        each.decode("utf-8", "replace").split("\n") for each in (listing, manifest.digests(covered))
    )
    wrong = {line[_DIGEST:] for line in {*listed} ^ {*found}}
    faults = [f"{name}: is not what {run_files.DIGESTS} lists" for name in sorted(wrong)]
    if listed != found and not faults:
        faults = [f"{run_files.DIGESTS}: not written as hullcheck writes it"]
    return Step("digests", f"{len(covered)} files have the bytes that were listed", tuple(faults))


def check_signature(files: Mapping[str, bytes], allowed: Path | None) -> Step:
    """Check the signature of manifest-sha256.txt; it has to be by one of the *allowed* signers if they are given."""
    signature = files.get(run_files.SIGNATURE)
    if signature is None:
        said = "none: the digests show that the files fit together, not who made them"
        faults = (f"{run_files.SIGNATURE}: is missing; the bundle is not signed",) if allowed else ()
        return Step("signature", said, faults)
    try:
        key = sshsig.key_of(signature, files[run_files.DIGESTS])
        if allowed is None:
            said = f"holds; by the key {key}, whose owner was not asked for (--allowed-signers)"
            return Step("signature", said)
        who = sshsig.signer(signature, files[run_files.DIGESTS], allowed)
    except SignatureError as error:
        return Step("signature", faults=(f"{run_files.SIGNATURE}: {error}",))
    return Step("signature", f"holds; by {who} with the key {key}")
