"""Certificates as PEM."""

from datetime import UTC, datetime, timedelta

import pytest

from hullcheck.parsing.certificates import Certificate, read
from hullcheck.verdicts import EvidenceError
from selftests.kit.certificates import pem

BEGINS = datetime(2026, 6, 1, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=30)


def test_certificates_in_order() -> None:
    """All of a text are read, whatever stands between them."""
    found = read(f"a\n{pem(BEGINS, ENDS)}b\n{pem(BEGINS, BEGINS)}")
    assert found == (
        Certificate(BEGINS.timestamp(), ENDS.timestamp()),
        Certificate(BEGINS.timestamp(), BEGINS.timestamp()),
    )


@pytest.mark.parametrize(
    "text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_text_without_a_certificate(text: str) -> None:
    """It is an error, which quotes nothing of what may be a key."""
    with pytest.raises(EvidenceError, match=r"^a certificate could not be read$"):
        read(text)


@pytest.mark.parametrize("begun", ["", "AAAA\n"])
def test_certificate_without_an_end(begun: str) -> None:
    """Behind what only begins others may lie, of which the probe tells nothing: a word in it looks like a key's."""
    with pytest.raises(EvidenceError):
        read(f"{pem(BEGINS, ENDS)}-----BEGIN CERTIFICATE-----\n{begun}")
