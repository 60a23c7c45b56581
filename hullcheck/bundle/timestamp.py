"""Trusted time (RFC 3161): an authority's word that a bundle was there at a time, read and checked by openssl.

It is asked for manifest-sha256.txt, from which all of a bundle follows. Who carries the question to the authority and
the answer back is a person: nothing here connects to anything.
"""

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hullcheck.messages import printable

LARGEST = 1024 * 1024
"""The most bytes of an answer; it has some certificates."""
_SECONDS = 60
_TIME = re.compile(r"^Time stamp: (\w{3} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)? \d{4}) GMT$", re.MULTILINE)
_IMPRINT = re.compile(r"^    [0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", re.MULTILINE)


class TimestampError(Exception):
    """Something is no answer of an authority, or none to this question; the message says why, in one line."""


def query(listing: bytes) -> bytes:
    """The question for an authority, which names the SHA-256 of *listing* and asks for its certificate.

    Raises:
        TimestampError: openssl is not there, or failed.
    """
    with _file(listing) as data:
        return _openssl("-query", "-data", data, "-sha256", "-cert").stdout


def time_of(answer: bytes, listing: bytes, authority: Path | None) -> datetime:
    """The time of which *answer* speaks, in UTC.

    Args:
        authority: the certificates (PEM) of those who are trusted; None where only what the answer says is looked at,
            and not who gave it.

    Raises:
        TimestampError: it does not hold, or is about something else than *listing*.
    """
    with _file(answer) as path, _file(listing) as data:
        shown = _openssl("-reply", "-in", path, "-text").stdout.decode("utf-8", "replace")
        when, told = _TIME.search(shown), shown.partition("Message data:")[2]
        if when is None or "\nHash Algorithm: sha256\n" not in shown:
            raise TimestampError("is no granted answer of a time-stamping authority with SHA-256")
        imprint = re.sub("[^0-9a-f]", "", "".join(_IMPRINT.findall(told)))[:64]
        if imprint != hashlib.sha256(listing).hexdigest():
            raise TimestampError("is about something else than manifest-sha256.txt")
        moment = datetime.strptime(re.sub(r"\.\d+", "", when[1]), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        if authority is not None:
            at = f"{moment.timestamp():.0f}"  # its certificate may have run out since
            _openssl("-verify", "-data", data, "-in", path, "-CAfile", str(authority), "-attime", at)
    return moment


def _openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(
            ["openssl", "ts", *arguments], capture_output=True, check=False, timeout=_SECONDS
        )
    except FileNotFoundError:
        raise TimestampError("openssl is not installed here, which reads timestamps") from None
    except subprocess.TimeoutExpired:
        raise TimestampError("openssl did not end") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        errors = [each.split(":")[5] for each in lines if each.count(":") > 5]
        raise TimestampError(printable(f"openssl: {(errors or lines or ['failed'])[-1]}"))
    return done


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(prefix="hullcheck-") as file:
        file.write(content)
        file.flush()
        yield file.name
