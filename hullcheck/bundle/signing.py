"""Signs a bundle and leaves it beside the folder of its run."""

from collections.abc import Mapping
from pathlib import Path

from hullcheck import private_files
from hullcheck.bundle import BundleError, archive, sshsig
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
        signature = {run_files.SIGNATURE: sshsig.sign(key, files[run_files.DIGESTS])} if key else {}
        whole = archive.pack({**files, **signature})
    except sshsig.SignatureError as error:
        raise BundleError(f"{key} did not sign: {error}") from None
    private_files.write(path, whole)
    private_files.point(path.with_name(f"{run_files.LATEST}.zip"), path.name)
