"""Certificates made for a test."""

from datetime import datetime


def pem(begins: datetime, ends: datetime) -> str:
    """A certificate that holds from one time to another."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(begins).not_valid_after(ends).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()
