"""Lines `WORD:TEXT`, what `systemctl show` prints, documents of JSON, and certificates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hullcheck.parsing import certificates
from hullcheck.parsing.answer_lines import Unit, Words, blocks, units
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.models import Model, decode, kept_as
from hullcheck.verdicts import EvidenceError
from selftests.kit.certificates import pem


def test_texts_of_a_word() -> None:
    """All of them in their order, the first, none, and as pairs, of which the last of a name counts."""
    words = Words("unit:a=1\nunit:b=2=3\nlog:/x\nlog:/y\nunit:a=4\n:\n")
    assert words.all("unit") == ("a=1", "b=2=3", "a=4")
    assert (words.first("unit"), words.first("none"), words.all("none")) == ("a=1", "", ())
    assert words.pairs("unit", "=") == {"a": "4", "b": "2=3"}


def test_units() -> None:
    """Units are blocks; what was not asked for is empty; a unit that lacks what each has is an error."""
    text = "Id=a.timer\nLoadState=loaded\nActiveState=active\nUnitFileState="
    more = "MainPID=7\nResult=success\nExecMainExitTimestamp=Mon 2026-06-29 06:12:33 UTC"
    assert units(f"{text}\n\n\n{text.replace('timer', 'service')}\n{more}\n\n") == {
        "a.timer": Unit("loaded", "active", ""),
        "a.service": Unit("loaded", "active", "", 7, "success", date(2026, 6, 29)),
    }
    assert list(blocks("ExecStart=x --y=z\nExecStart=w=")) == [(("ExecStart", "x --y=z"), ("ExecStart", "w="))]
    for cut in ("Id=a.timer\n", "\nActiveState=active"):
        with pytest.raises(EvidenceError, match=r"^systemctl show: a unit has no "):
            units(text.replace(cut, ""))


class _Host(Model):
    network_mode: str
    ports: list[int] | None = None


def test_document_is_read_and_kept() -> None:
    """What a struct names is kept, and what it does not is dropped."""
    text = '{"NetworkMode": "host", "Env": ["PASSWORD=x"], "Ports": [1]}'
    kept = kept_as(_Host)(text)
    assert kept == '{"NetworkMode":"host","Ports":[1]}'
    assert decode(kept, _Host, "docker inspect") == _Host(network_mode="host", ports=[1])


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"NetworkMode":1}', '{"NetworkMode":"host"', "x\n"])
def test_other_documents_are_refused(text: str) -> None:
    """The message names what was asked, also of a document that was refused when it was stored."""
    for each in (text, kept_as(_Host)(text)):
        with pytest.raises(EvidenceError, match=r"docker inspect: ?[A-Z]"):
            decode(each, _Host, "docker inspect")


BEGINS = datetime(2026, 6, 1, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=30)
NONE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


def test_certificates() -> None:
    """All of a text are read; if one cannot be, the error quotes nothing of what may be a key."""
    found = certificates.read(f"a\n{pem(BEGINS, ENDS)}b\n{pem(BEGINS, BEGINS)}")
    days = (BEGINS.timestamp(), ENDS.timestamp()), (BEGINS.timestamp(), BEGINS.timestamp())
    assert found == tuple(Certificate(*each) for each in days)
    for text in ("nonsense", NONE, f"{pem(BEGINS, ENDS)}{NONE[:27]}"):
        with pytest.raises(EvidenceError, match=r"^a certificate could not be read$"):
            certificates.read(text)
