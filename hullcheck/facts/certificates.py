"""Certificates as PEM: how long they hold."""

from dataclasses import dataclass

from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Certificate:
    """The time in which a certificate holds, in seconds since the epoch."""

    not_before: float
    not_after: float


def read(pem: str) -> tuple[Certificate, ...]:
    """All certificates in *pem*, in order.

    Raises:
        EvidenceError: there is none, or one cannot be read.
    """
    from cryptography.x509 import load_pem_x509_certificates  # slow to import, and few targets are in a swarm

    try:
        found = load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise EvidenceError("a certificate of the swarm could not be read") from None
    times = ((each.not_valid_before_utc, each.not_valid_after_utc) for each in found)
    return tuple(Certificate(first.timestamp(), last.timestamp()) for first, last in times)
