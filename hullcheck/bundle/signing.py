"""Signs a bundle and leaves it beside the folder of its run."""

import json
from collections.abc import Mapping
from pathlib import Path

from hullcheck import private_files
from hullcheck.bundle import BundleError, archive, sshsig, statement
from hullcheck.results import run_files

_TRIAL = b"hullcheck asks whether this key can sign\n"


def try_key(key: Path | None) -> None:
    """See that *key* can sign, where there is one.

    Raises:
        SignatureError: it cannot.
    """
    if key is not None:
        sshsig.sign(key, _TRIAL)


def leave(path: Path, files: Mapping[str, bytes], key: Path | None) -> None:
    """Write the bundle *path* with *files*, signed by *key*, and let `latest.zip` lead to it.

    Raises:
        BundleError: it cannot be signed.
        OSError: it cannot be written.
    """
    try:
        whole = archive.pack(files if key is None else {**files, **_signatures(files, key)})
    except sshsig.SignatureError as error:
        raise BundleError(f"{key} did not sign: {error}") from None
    private_files.write(path, whole)
    private_files.point(path.with_name(f"{run_files.LATEST}.zip"), path.name)


def _signatures(files: Mapping[str, bytes], key: Path) -> dict[str, bytes]:
    listing = files[run_files.DIGESTS]
    said = statement.statement(
        json.loads(files[run_files.MANIFEST]), json.loads(files[run_files.RESULTS]), listing
    )
    to_sign = statement.to_sign(said)
    signature = sshsig.sign(key, to_sign)
    return {
        run_files.SIGNATURE: sshsig.sign(key, listing),
        run_files.STATEMENT: statement.envelope(
            said, sshsig.blob(signature), sshsig.key_of(signature, to_sign)
        ),
    }
