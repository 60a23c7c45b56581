"""Whether each file has the bytes that were listed, and who signed the list."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hullcheck.bundle import manifest as writer
from hullcheck.bundle import sshsig
from hullcheck.bundle.sshsig import SignatureError
from hullcheck.results import run_files
from hullcheck.verify import Step

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def check(files: Mapping[str, bytes]) -> Step:
    """manifest-sha256.txt against *files*, both ways."""
    covered = writer.covered(files)
    listing = files[run_files.DIGESTS]
    listed = listed_in(listing)
    found = {name: writer.digest(content) for name, content in covered.items()}
    faults = _compared(listed, found)
    if not faults and writer.digests(covered) != listing:
        faults = [f"{run_files.DIGESTS}: not written as hullcheck writes it"]
    return Step("digests", f"{len(found)} files have the bytes that were listed", tuple(faults))


def listed_in(listing: bytes) -> dict[str, str]:
    """The digests in a manifest-sha256.txt, by the names of the files."""
    matches = map(_LINE.fullmatch, listing.decode("utf-8", "replace").split("\n"))
    return {match[2]: match[1] for match in matches if match}


def check_manifest(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that manifest.json lists against *files*; it cannot list itself."""
    covered = {name: each for name, each in writer.covered(files).items() if name != run_files.MANIFEST}
    return tuple(_compared(manifest["files"], writer.listed(covered), run_files.MANIFEST))


def _compared(listed: Mapping[str, Any], found: Mapping[str, Any], by: str = run_files.DIGESTS) -> list[str]:
    faults = [f"{name}: is not there, though {by} lists it" for name in listed if name not in found]
    for name, is_now in sorted(found.items()):
        if name not in listed:
            faults.append(f"{name}: was added; {by} does not list it")
        elif listed[name] != is_now:
            faults.append(f"{name}: its bytes are not those that {by} lists")
    return faults


def check_signature(files: Mapping[str, bytes], allowed: Path | None) -> Step:
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
