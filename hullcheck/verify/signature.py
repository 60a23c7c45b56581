"""Checks who signed a bundle, and that it is unchanged since."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from hullcheck.bundle import sshsig, statement, timestamp
from hullcheck.bundle.sshsig import SignatureError
from hullcheck.bundle.timestamp import TimestampError
from hullcheck.results import run_files
from hullcheck.verify import Step
from hullcheck.verify.documents import Documents

_SLACK = timedelta(minutes=10)  # by which the auditor's clock may be ahead


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


def check_time(files: Mapping[str, bytes], finished: str, authority: Path | None) -> Step | None:
    """The word of a time-stamping authority that the bundle was there at a time; None where nobody asks for it.

    Args:
        finished: when the run ended, as the bundle says.
        authority: the certificates of those who are trusted; None where nobody said who.
    """
    answer = files.get(run_files.TIMESTAMP)
    if answer is None:
        faults = (f"{run_files.TIMESTAMP}: is missing; the bundle has no timestamp",) if authority else ()
        return Step("timestamp", faults=faults) if faults else None
    try:
        when = timestamp.time_of(answer, files[run_files.DIGESTS], authority)
    except TimestampError as error:
        return Step("timestamp", faults=(f"{run_files.TIMESTAMP}: {error}",))
    if when < datetime.fromisoformat(finished) - _SLACK:
        return Step(
            "timestamp", faults=(f"{run_files.TIMESTAMP}: is older than the end of the run, {finished}",)
        )
    whose = "by a trusted authority" if authority else "whose authority was not asked for (--authority)"
    return Step("timestamp", f"was there at {when:%Y-%m-%d %H:%M:%S} UTC; {whose}")


def check_statement(files: Mapping[str, bytes], known: Documents) -> Step | None:
    """The statement: signed by the same key, and saying what the bundle says; None where nothing is signed."""
    if run_files.STATEMENT not in files or run_files.SIGNATURE not in files:
        return None  # layout says where one is without the other
    try:
        payload, signature, key = statement.opened(files[run_files.STATEMENT])
        armored = sshsig.armored(signature)
        sshsig.blob(armored)
        keys = {
            key,
            sshsig.key_of(armored, statement.to_sign(payload)),
            sshsig.key_of(files[run_files.SIGNATURE], files[run_files.DIGESTS]),
        }
    except (SignatureError, ValueError) as error:
        return Step("statement", faults=(f"{run_files.STATEMENT}: {error}",))
    if len(keys) > 1:
        return Step(
            "statement", faults=(f"{run_files.STATEMENT}: is signed by another key than {run_files.DIGESTS}",)
        )
    wanted = statement.statement(known.manifest, known.results, files[run_files.DIGESTS])
    if payload != wanted:
        fault = f"{run_files.STATEMENT}: does not say what the bundle says"
        return Step("statement", faults=(fault,), differs=True)
    return Step("statement", "signed by the same key, and says what the bundle says")
