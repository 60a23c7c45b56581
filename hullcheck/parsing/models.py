"""Documents of JSON as msgspec structs: one is the list of what is kept, the check of its shape, and its documentation.

A field that a struct does not name is never stored. One without a default has to be there; one that is
`UNSET` by default is what some source does not report.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError

T = TypeVar("T")


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A document of the Docker Engine API, whose fields are written `LikeThis` there.

    A subclass says `kw_only=True` again, as msgspec does not hand that on.
    """


def decode(text: str, of: type[T], what: str) -> T:
    """Return the JSON document *text* as *of*, which is a struct, or a list of them.

    Args:
        what: where it comes from, as `docker inspect`, for the message.

    Raises:
        EvidenceError: it is no such document; the message names the field.
    """
    if text.startswith(DROPPED):
        raise EvidenceError(f"{what}:{text.removeprefix(DROPPED)}")
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=of)
    except msgspec.DecodeError as error:  # also of a document of another shape
        raise EvidenceError(f"{what}: {error}") from None


def kept_as(of: Any, reduce: Callable[[Any], Any] = lambda value: value) -> Callable[[str], str]:
    """Return the `keep` of a probe that answers one document: what *of* names of it.

    Of a document that is none, nothing is kept but the reason.

    Args:
        reduce: takes what may be a secret out of the decoded document.
    """

    def keep(text: str) -> str:
        if not text.strip() or text.startswith(DROPPED):
            return text.strip()
        try:
            document = msgspec.json.decode(text.encode("utf-8", "replace"), type=of)
        except msgspec.DecodeError as error:
            return f"{DROPPED} {error}"
        return msgspec.json.encode(reduce(document)).decode()

    return keep
