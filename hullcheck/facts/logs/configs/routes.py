"""What the readers of shippers' configurations share: a route, and how hosts, lists and journals are read."""

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple


class Route(NamedTuple):
    """What is read, and the hosts that it is sent to; an output alone is one that reads nothing.

    What is read is a path with its wildcards, or one of the words `docker` (all containers, as the engine tells of
    them), `journal`, `forward`, `gelf` and `network-syslog` (what others send to it; `forward:tagged` where they choose
    its tag), and `syslog` (what they write to /dev/log). Of an address the host stays, without user, password and path.
    """

    reads: frozenset[str]
    sends: frozenset[str]


ALL_CONTAINERS = "docker"
SYSLOG, NETWORK_SYSLOG = "syslog", "network-syslog"
LOCAL_OUTPUTS = (
    "console",
    "file",
    "discard",
    "null",
    "stdout",
    "relabel",
    "blackhole",
    "label",
    "copy",
    "rewrite_tag_filter",
    "counter",
    "flowcounter",
    "exit",
    "prometheus_exporter",
)
CLOUD = "cloud.elastic.co"
_SERVICES = """
    aws_cloudwatch_logs aws_kinesis_firehose aws_kinesis_streams aws_s3 azure azure_blob azure_logs_ingestion
    azure_monitor_logs bigquery cloudwatch cloudwatch_logs datadog datadog_logs firehose gcp_cloud_storage
    gcp_stackdriver_logs google_cloud kinesis kinesis_firehose kinesis_streams new_relic newrelic nrlogs s3 stackdriver
"""
_SCHEME = re.compile(r"[\w+.-]+://")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.%${}()*-]+)(?=[\s:,]|$)")


def route(reads: Iterable[str], sends: Iterable[str]) -> Route:
    """A route from what is read to these hosts."""
    return Route(frozenset(reads), frozenset(sends))


def hosts(value: Any) -> Iterator[str]:
    """The hosts in an address, in several with commas, or in a list of them."""
    between = r",(?=\s*[\w+.-]+://)" if "@" in str(value) else ","  # a password may have commas
    for each in value if isinstance(value, list) else re.split(between, str(value)):
        address = _SCHEME.sub("", str(each).strip().strip("\"'"), count=1)
        authority = re.split("[/?#]", address, maxsplit=1)[0].rpartition("@")[2]
        if found := _HOST.match(authority):
            yield found[1].strip("[]")


def service(name: Any) -> Iterator[str]:
    """Where an output of this name sends to if no address is set: the service that it is made for, if known."""
    if name in _SERVICES.split():
        yield f"service:{name}"


def journal(*filters: Any) -> Iterator[str]:
    """The journal, if what is taken of it is all, or all that is of the engine."""
    wanted = str([each for each in filters if each])
    if wanted == "[]" or (_OF_ENGINE.search(wanted) and "priority" not in wanted.lower()):
        yield "journal"


_OF_ENGINE = re.compile(r"(?<![\w.-])docker(?:d|\.service|\.[*+])?(?![\w.-])")


def is_elsewhere(engine: Any) -> bool:
    """Whether the address of an engine, if one is set, is not that of the engine of this machine for sure."""
    return engine not in (None, "", "unix:///var/run/docker.sock", "unix:///run/docker.sock")


_ARCHIVE = re.compile(r"\.(gz|bz2|xz|zip|zst|tar|tgz)\W*$")
_OF_CONTAINERS = re.compile(r"container|docker|json|[0-9a-f]{12}|^\W*(log)?\W*$")


def leaves_out(patterns: Any) -> bool:
    """Whether one of these patterns of files that are not read may be that of a container's log."""
    words = (word.strip("\"'") for each in listed(patterns) for word in re.split(r"[\s,]+", each.strip("[]")))
    return any(word and _OF_CONTAINERS.search(word) and not _ARCHIVE.search(word) for word in words)


def listed(value: Any) -> list[str]:
    """The words of a list, or of one word alone."""
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def uncommented(text: str) -> str:
    """The text without lines that are comments."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


_DEPTH = 5  # of files that include others


def expanded(files: Mapping[str, str], include: re.Pattern[str]) -> tuple[str, bool]:
    """The first of these files with those in it that it includes, and whether all of them are known.

    Args:
        include: what includes others; its first group is the pattern of their paths.
    """
    main = next(iter(files), "")
    unknown = list[str]()
    return _with_included(files, main, include, unknown, _DEPTH), not unknown


def _with_included(
    files: Mapping[str, str], path: str, include: re.Pattern[str], unknown: list[str], depth: int
) -> str:
    def content(match: re.Match[str]) -> str:
        named = next((each for each in match.groups() if each), "").strip("\"'")
        pattern = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
        pattern = f"{pattern}/*" if named.endswith("/") or f"{pattern}/*" in files else pattern
        found = sorted(
            each for each in files if each not in (path, pattern) and fnmatch.fnmatchcase(each, pattern)
        )
        exact = [pattern] if pattern in files and "*" not in pattern else []
        if not depth or not (found or pattern in files):
            unknown.append(pattern)
            return ""
        return "\n".join(
            _with_included(files, each, include, unknown, depth - 1) for each in (*exact, *found)
        )

    return include.sub(content, files.get(path, ""))
