"""Documents as structs: what is kept of one, and what is refused."""

from __future__ import annotations

import pytest

from hullcheck.parsing.models import Model, decode, kept_as
from hullcheck.verdicts import EvidenceError


class _Host(Model):
    network_mode: str
    ports: list[int] | None = None


def test_document_is_read_and_kept() -> None:
    """What a struct names is kept, and what it does not is dropped."""
    text = '{"NetworkMode": "host", "Env": ["PASSWORD=x"], "Ports": [1]}'
    kept = kept_as(_Host)(text)
    assert kept == '{"NetworkMode":"host","Ports":[1]}'
    assert decode(kept, _Host, "docker inspect") == _Host(network_mode="host", ports=[1])


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "{}", '{"NetworkMode":1}', '{"NetworkMode":"host"', "x\n"]
)
def test_other_documents_are_refused(text: str) -> None:
    """The message names what was asked, also of a document that was refused when it was stored."""
    for each in (text, kept_as(_Host)(text)):
        with pytest.raises(EvidenceError, match=r"docker inspect: ?[A-Z]"):
            decode(each, _Host, "docker inspect")
