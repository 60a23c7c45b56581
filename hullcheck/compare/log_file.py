"""Reads the log file of docker-bench-security that the command names."""

from pathlib import Path

from hullcheck import inputs
from hullcheck.messages import WrongUse
from hullcheck.parsing.docker_bench_log import Log, LogError, parse

LARGEST = 64 * inputs.MIB
"""The most bytes of a log: that of 5,000 containers has some 10 MiB."""


def load(path: Path) -> Log:
    """Read the log.

    Raises:
        WrongUse: it cannot be read, or is not the whole log of a version whose numbers are known.
    """
    try:
        text = inputs.read(path, LARGEST).decode("utf-8", "backslashreplace")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from None
    if not text.lstrip().startswith("{"):
        beside = path.with_name(f"{path.name}.json")
        advice = f"; its JSON is beside it: {beside}" if beside.exists() else ""
        raise WrongUse(f"{path}: not the JSON log that docker-bench-security writes to LOG.json{advice}")
    try:
        return parse(text, str(path))
    except LogError as error:
        raise WrongUse(str(error)) from None
