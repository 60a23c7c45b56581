"""Parse the JSON log of docker-bench-security; a broken or cut-off log is refused."""

import json
from typing import Any, Literal

import msgspec
from msgspec import Struct

from hullcheck import inputs
from hullcheck.messages import WrongUse

_VERSION = "1.6.0"  # that of the tool whose numbers are known: they are of the benchmark with the same version


class LogError(WrongUse):
    """The text is not a whole log of a known version."""


class Check(Struct, frozen=True, rename={"number": "id", "title": "desc"}):
    """The result of one recommendation."""

    number: str  # in the tool's version of the benchmark; its own checks have others, such as C.2
    title: str
    result: Literal["PASS", "WARN", "INFO", "NOTE"]
    details: str = ""


class Run(Struct, frozen=True):
    """The stored part of a log: times, sections and results by number."""

    version: str  # of the tool, and of the benchmark whose numbers it has
    sections: frozenset[str]
    results: dict[str, str]
    started: int | None = None
    ended: int | None = None


class _Document(Struct):
    dockerbenchsecurity: str
    tests: list[dict[str, Any]]
    start: int | None = None
    end: int | None = None


class Log(Struct, frozen=True):
    """A run of the tool, with all checks."""

    checks: tuple[Check, ...]
    run: Run


def parse(text: str, path: str) -> Log:
    """Parse a log, or raise LogError, which names *path*."""
    try:
        found = msgspec.convert(_json(text, path), _Document)
    except msgspec.ValidationError:
        raise LogError(f"{path}: not the JSON log of docker-bench-security") from None
    if (version := found.dockerbenchsecurity) != _VERSION:
        raise LogError(f"{path}: docker-bench-security {version} is not supported; supported: {_VERSION}")
    # with -c single checks stand there without a section
    entries = [entry for each in found.tests for entry in each.get("results", [each])]
    try:
        checks = msgspec.convert(entries, tuple[Check, ...])
    except msgspec.ValidationError as error:
        raise LogError(f"{path}: not a check of docker-bench-security: {error}") from None
    sections = frozenset(str(each.get("id")) for each in found.tests if "results" in each)
    results: dict[str, str] = {each.number: each.result for each in checks}
    return Log(checks, Run(version, sections, results, found.start, found.end))


def _json(text: str, path: str) -> Any:
    try:
        return inputs.decode(text, strict=False)  # it writes line feeds in names as they are
    except json.JSONDecodeError as error:
        end = text.rstrip()
        if error.pos >= len(end) or not end.endswith("}"):
            raise LogError(f"{path}: cut off; let docker-bench-security run to its end") from None
        why = "not the JSON log of docker-bench-security, or a name in this line has a quotation mark: escape it"
        raise LogError(f"{path}:{error.lineno}: {why}") from None
    except ValueError as error:
        raise LogError(f"{path}: not a log of docker-bench-security: it {error}") from None
