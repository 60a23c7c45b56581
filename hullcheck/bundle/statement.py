"""statement.dsse.json: what was found, as an in-toto statement (test-result) in an envelope with a signature."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from hullcheck import inputs
from hullcheck.bundle.manifest import canonical, digest
from hullcheck.results import run_files
from hullcheck.verdicts import Verdict

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

_LISTS = {
    "passedTests": (Verdict.PASS, Verdict.ATTESTED),
    "warnedTests": (Verdict.MANUAL, Verdict.WAIVED),
    "failedTests": (Verdict.FAIL, Verdict.ERROR),
}
"""What is not applicable was not tested, and is in none of them."""


def statement(manifest: Mapping[str, Any], results: Mapping[str, Any], listing: bytes) -> bytes:
    """The statement on a bundle with this *manifest*, these *results* and this manifest-sha256.txt."""
    tests = {name: _tests(results["results"], verdicts) for name, verdicts in _LISTS.items()}
    predicate: dict[str, Any] = {
        "result": _result(manifest, tests),
        "configuration": _configuration(manifest),
    }
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": run_files.DIGESTS, "digest": {"sha256": digest(listing)}}],
            "predicateType": PREDICATE,
            "predicate": predicate | tests,
        }
    )


def _tests(results: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict]) -> list[str]:
    return [f"{each['control']}[{each['target']}]" for each in results if each["verdict"] in verdicts]


def _result(manifest: Mapping[str, Any], tests: Mapping[str, Sequence[str]]) -> str:
    """A run that ended badly has failed whatever its tests say, such as one in which nothing was judged."""
    if tests["failedTests"] or manifest["run"]["exit_status"] != 0:
        return "FAILED"
    return "WARNED" if tests["warnedTests"] else "PASSED"


def _configuration(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    made = manifest["made_by"]
    named = [("hullcheck", made["content"])]
    for name, each in sorted(manifest["files"].items()):
        if name in (run_files.POLICY, run_files.RELEASES) or name.startswith(f"{run_files.INVENTORY}/"):
            named.append((name, each["sha256"]))
    return [{"name": name, "digest": {"sha256": found}} for name, found in named]


def to_sign(payload: bytes) -> bytes:
    """The pre-authentication encoding of DSSE: what the signature is made of."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def envelope(payload: bytes, signature: bytes, key: str) -> bytes:
    """The envelope; *signature* is what is inside the armor of OpenSSH, and *key* the fingerprint."""
    return canonical(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": key, "sig": base64.b64encode(signature).decode()}],
        }
    )


def opened(content: bytes) -> tuple[bytes, bytes, str]:
    """The payload, the signature and the key of an envelope.

    Raises:
        ValueError: it is none, or not written as `envelope` writes it.
    """
    try:
        document = inputs.decode(content)
        (signature,) = document["signatures"]
        parts = base64.b64decode(document["payload"]), base64.b64decode(signature["sig"]), signature["keyid"]
        written = envelope(*parts)
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError, binascii.Error):
        raise ValueError("no envelope of DSSE with one signature") from None
    if written != content:
        raise ValueError("not written as hullcheck writes an envelope")
    return parts
