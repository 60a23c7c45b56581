"""Certificates made for a test."""

from datetime import datetime
from functools import cache


@cache
def pem(begins: datetime, ends: datetime, name: str = "") -> str:
    """A certificate that holds from one time to another, for itself alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name.from_rfc4514_string(name)
    builder = x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(begins).not_valid_after(ends).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()
