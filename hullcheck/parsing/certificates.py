"""Certificates in PEM: their validity and hosts."""

import warnings
from typing import Any

from msgspec import Struct

from hullcheck.verdicts import EvidenceError


class Certificate(Struct, frozen=True):
    """The validity of a certificate in seconds since the epoch, and its hosts."""

    not_before: float
    not_after: float
    names: tuple[str, ...] = ()


def read(pem: str) -> tuple[Certificate, ...]:
    """Parse all certificates in *pem*, in order, or raise EvidenceError."""
    from cryptography.x509 import load_pem_x509_certificates  # slow to import, and few targets have any

    try:
        with warnings.catch_warnings(action="ignore"):  # of old CAs with odd numbers
            found = tuple(map(_certificate, load_pem_x509_certificates(pem.encode())))
    except ValueError:
        found = ()
    if not found or len(found) < pem.count("-----BEGIN CERTIFICATE-----"):
        raise EvidenceError("a certificate could not be read")
    return found


def _certificate(read: Any) -> Certificate:
    from cryptography.x509 import SubjectAlternativeName

    names = (each.value for each in read.extensions if isinstance(each.value, SubjectAlternativeName))
    begin, end = read.not_valid_before_utc.timestamp(), read.not_valid_after_utc.timestamp()
    return Certificate(begin, end, tuple(str(each.value) for each in next(names, ())))
