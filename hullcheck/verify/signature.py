"""Checks who signed a bundle, and that it is unchanged since."""

from collections.abc import Mapping
from pathlib import Path

from hullcheck.bundle import sshsig
from hullcheck.bundle.sshsig import SignatureError
from hullcheck.results import run_files
from hullcheck.verify import Step


def check(files: Mapping[str, bytes], allowed: Path | None) -> Step:
    """The signature of manifest-sha256.txt; by one of the *allowed* signers, where they are named."""
    signature = files.get(run_files.SIGNATURE)
    if signature is None:
        said = "none: the digests show that the files fit together, not who made them"
        faults = (f"{run_files.SIGNATURE}: is missing; the bundle is not signed",) if allowed else ()
        return Step("signature", said, faults)
    try:
        sshsig.blob(signature)
        key = sshsig.key_of(signature, files[run_files.DIGESTS])
        if allowed is None:
            return Step(
                "signature", f"holds; by the key {key}, whose owner was not asked for (--allowed-signers)"
            )
        who = sshsig.signer(signature, files[run_files.DIGESTS], allowed)
    except SignatureError as error:
        return Step("signature", faults=(f"{run_files.SIGNATURE}: {error}",))
    return Step("signature", f"holds; by {who} with the key {key}")
