"""Signatures of OpenSSH, made and verified by ssh-keygen, so that keys in agents and on tokens work too."""

import re
import subprocess
from pathlib import Path

from hullcheck.messages import printable

NAMESPACE = "hullcheck-bundle"
_BEGIN = b"-----BEGIN SSH SIGNATURE-----"
_SECONDS = 120  # somebody may have to touch a token


class SignatureError(Exception):
    """Signing failed, or a signature is invalid; the message is the reason, in one line."""


def sign(key: Path, message: bytes) -> bytes:
    """Return a signature of *message* by *key*, or by its private half in an agent, or raise SignatureError."""
    if not key.is_file():
        raise SignatureError("there is no such file; `ssh-keygen -t ed25519 -f FILE` makes a key")
    done = _keygen("sign", "-f", str(key), "-n", NAMESPACE, message=message)
    if done.returncode == 0 and done.stdout.startswith(_BEGIN):
        return done.stdout
    if b"load public key" in done.stderr:
        raise SignatureError("not an SSH key; name a private key of OpenSSH, or the .pub of a key in ssh-agent")
    agent = "; add the key to ssh-agent, and name its .pub" if b"passphrase" in done.stderr else ""
    raise SignatureError(_said(done) + agent)


def key_of(signature: str, message: bytes) -> str:
    """Return the fingerprint of the key that made the file *signature* of *message*, or raise SignatureError."""
    return _checked("check-novalidate", signature, message)


def signer(signature: str, message: bytes, allowed: Path) -> str:
    """Return which *allowed* signer made the file *signature* of *message*, or raise SignatureError."""
    found = _keygen("find-principals", "-s", signature, "-f", str(allowed))
    said = f"its key is not of an allowed signer ({_said(found)})"
    for name in filter(None, found.stdout.decode("utf-8", "replace").split("\n")):
        try:
            _checked("verify", signature, message, "-f", str(allowed), "-I", name)
            return printable(name)
        except SignatureError as error:
            said = str(error)
    raise SignatureError(said)


def _checked(how: str, signature: str, message: bytes, *options: str) -> str:
    done = _keygen(how, "-n", NAMESPACE, "-s", signature, *options, message=message)
    match = re.search(r" key (SHA256:\S+)\s*$", done.stdout.decode("utf-8", "replace"))
    if done.returncode or match is None:
        raise SignatureError(_said(done))
    return match[1]


def _keygen(how: str, *options: str, message: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", "-Y", how, *options], input=message, capture_output=True, timeout=_SECONDS)
    except FileNotFoundError:
        raise SignatureError("there is no ssh-keygen here; install OpenSSH 8.2 or newer") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SignatureError(f"ssh-keygen did not answer: {error}") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the error message of ssh-keygen."""
    lines = (done.stderr + b"\n" + done.stdout).decode("utf-8", "replace").split("\n")
    said = next((line.strip() for line in lines if line.strip()), "")
    return printable(said) or f"ssh-keygen ended with status {done.returncode}"
