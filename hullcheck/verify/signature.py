"""Who signed a bundle, and whether it is still what was signed."""

from collections.abc import Mapping
from pathlib import Path

from hullcheck import bundle
from hullcheck.bundle import sshsig, statement
from hullcheck.bundle.sshsig import SignatureError
from hullcheck.verify import Step
from hullcheck.verify.documents import Documents


def check(files: Mapping[str, bytes], allowed: Path | None) -> Step:
    """The signature of manifest-sha256.txt; by one of the *allowed* signers, where they are named."""
    signature = files.get(bundle.SIGNATURE)
    if signature is None:
        said = "none: the digests show that the files fit together, not who made them"
        faults = (f"{bundle.SIGNATURE}: is missing; the bundle is not signed",) if allowed else ()
        return Step("signature", said, faults)
    try:
        sshsig.blob(signature)
        key = sshsig.key_of(signature, files[bundle.DIGESTS])
        if allowed is None:
            return Step(
                "signature", f"holds; by the key {key}, whose owner was not asked for (--allowed-signers)"
            )
        who = sshsig.signer(signature, files[bundle.DIGESTS], allowed)
    except SignatureError as error:
        return Step("signature", faults=(f"{bundle.SIGNATURE}: {error}",))
    return Step("signature", f"holds; by {who} with the key {key}")


def check_statement(files: Mapping[str, bytes], known: Documents) -> Step | None:
    """The statement: signed by the same key, and saying what the bundle says; None where nothing is signed."""
    if bundle.STATEMENT not in files or bundle.SIGNATURE not in files:
        return None  # layout says where one is without the other
    try:
        payload, signature, key = statement.opened(files[bundle.STATEMENT])
        armored = sshsig.armored(signature)
        sshsig.blob(armored)
        keys = {
            key,
            sshsig.key_of(armored, statement.to_sign(payload)),
            sshsig.key_of(files[bundle.SIGNATURE], files[bundle.DIGESTS]),
        }
    except (SignatureError, ValueError) as error:
        return Step("statement", faults=(f"{bundle.STATEMENT}: {error}",))
    if len(keys) > 1:
        return Step(
            "statement", faults=(f"{bundle.STATEMENT}: is signed by another key than {bundle.DIGESTS}",)
        )
    wanted = statement.statement(known.manifest, known.results, files[bundle.DIGESTS])
    if payload != wanted:
        fault = f"{bundle.STATEMENT}: does not say what the bundle says"
        return Step("statement", faults=(fault,), differs=True)
    return Step("statement", "signed by the same key, and says what the bundle says")
