"""Documents of JSON as msgspec structs: a struct is the list of what is kept, the check of its shape, and its docs."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError

T = TypeVar("T")
FAILED = "failed:"  # begins what stands in the place of a document that was not to be had: why


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A document of the Docker Engine API, written `LikeThis` there; subclasses say `kw_only` again, for msgspec."""


def decode(text: str, of: type[T], what: str) -> T:
    """Return the JSON document *text* as *of*; EvidenceError names *what*, as `docker inspect`, and the fault."""
    for sign in (DROPPED, FAILED):
        if text.startswith(sign):
            raise EvidenceError(f"{what}: {text.removeprefix(sign).strip()}")
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=of)
    except (msgspec.DecodeError, RecursionError) as error:  # also of a document of another shape
        raise EvidenceError(f"{what}: {error}") from None


def kept_as(of: Any, reduce: Callable[[Any], Any] = lambda value: value) -> Callable[[str], str]:
    """Return the `keep` of a probe that answers one document: what *of* names, reduced by what may be a secret."""

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
    """Return why there is no document, in words of the engine, `docker info` or the script, or an empty string."""
    document, _, why = text.partition(f"\n{FAILED}")
    try:
        found = msgspec.json.decode(document.encode("utf-8", "replace"), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return why.strip()
    errors = (found.get("message"), *(found.get("ServerErrors") or ()), why)
    return next(filter(None, (str(each or "").strip() for each in errors)), "")
