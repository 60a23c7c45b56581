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


@pytest.mark.parametrize("more", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_text_without_a_certificate(more: str) -> None:
    """It is an error, which quotes nothing of what may be a key, also if only one of several cannot be read."""
    for text in (f"nonsense\n{more}", f"{pem(BEGINS, ENDS)}{more or '-----BEGIN CERTIFICATE-----'}"):
        with pytest.raises(EvidenceError, match=r"^a certificate could not be read$"):
            read(text)
