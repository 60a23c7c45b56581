"""Fixtures for section 3."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of ca.pem, cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=lab"]
    signed = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca-key.pem")]
    for out, private, others in (("ca.pem", "ca-key.pem", []), ("cert.pem", "key.pem", signed)):
        files = ["-keyout", str(folder / private), "-out", str(folder / out)]
        subprocess.run(["openssl", "req", "-x509", *key, *others, *files], check=True, capture_output=True)
    return {name: (folder / name).read_text() for name in ("ca.pem", "cert.pem", "key.pem")}
