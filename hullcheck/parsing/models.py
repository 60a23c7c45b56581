"""JSON documents as msgspec structs, which list the fields that are kept and check their types."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError

T = TypeVar("T")
FAILED = "failed:"  # begins the reason in place of a missing document


class Model(msgspec.Struct, frozen=True, rename="pascal"):
    """A document of the Docker Engine API, with keys `LikeThis`."""


def decode(text: str, of: type[T], what: str) -> T:
    """Return the JSON document *text* as *of*, or raise EvidenceError, which names *what*."""
    for sign in (DROPPED, FAILED):
        if text.startswith(sign):
            raise EvidenceError(f"{what}: {text.removeprefix(sign).strip()}")
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=of)
    except (msgspec.DecodeError, RecursionError) as error:  # also of a document of another shape
        raise EvidenceError(f"{what}: {error}") from None


def kept_as(of: Any, reduce: Callable[[Any], Any] = lambda value: value) -> Callable[[str], str]:
    """Return the `keep` of a probe with one document of type *of*, which *reduce* rids of secrets."""

    def keep(text: str) -> str:
        if not text.strip() or text.startswith((DROPPED, FAILED)):
            return text.strip().partition("\n")[0]
        try:
            document = msgspec.json.decode(text.encode("utf-8", "replace"), type=of)
        except (msgspec.DecodeError, RecursionError) as error:
            why = _refusal(text)
            return f"{FAILED}{why}" if why else f"{DROPPED} {error}"
        return msgspec.json.encode(reduce(document)).decode()

    return keep


def _refusal(text: str) -> str:
    """Return the engine's or the script's reason for no document, or an empty string."""
    document, _, why = text.partition(f"\n{FAILED}")
    try:
        found = msgspec.json.decode(document.encode("utf-8", "replace"), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return why.strip()
    errors = (found.get("message"), *(found.get("ServerErrors") or ()), why)
    return next(filter(None, (str(each or "").strip() for each in errors)), "")
