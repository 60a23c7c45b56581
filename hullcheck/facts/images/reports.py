"""Reports of scanners, the log of docker-bench-security, and content trust."""

import re
from collections.abc import Mapping

import msgspec

from hullcheck.facts.engine.info import Engine, section
from hullcheck.facts.images.scan_formats import Report, reduced
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing import docker_bench_log as tool
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.models import Model
from hullcheck.parsing.times import CLOCK_SLACK
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import InSections
from hullcheck.verdicts import EvidenceError

ON = "on"
_LINE = regex(r"(?P<path>/[^:]*):(?!\s*#)(?P<text>.*\bDOCKER_CONTENT_TRUST\b(?!_).*)")
_SETS = regex(r"(?P<export>export +)?DOCKER_CONTENT_TRUST=([\"']?)(?P<value>\w*)\2\s*(?:[;#].*)?")
_FALSE = ("", "0", "f", "F", "false", "False", "FALSE")  # any other value switches it on
_UNREADABLE = "unreadable:"


def _switches_on(path: str, text: str) -> bool:
    """Return whether a line enables content trust."""
    found = _SETS.fullmatch(text)
    exported = found and (found["export"] or path == "/etc/environment")
    return bool(found and exported and found["value"] not in _FALSE)


def _kept_trust(text: str) -> str:
    if _UNREADABLE in text.split("\n"):
        return _UNREADABLE
    found = dict[str, str]()
    for match in filter(None, map(_LINE.fullmatch, text.split("\n"))):
        path = match["path"]
        found[path] = ON if found.get(path, ON) == ON and _switches_on(path, match["text"]) else "off"
    return msgspec.json.encode(found).decode()


class Log(Model, frozen=True):
    """The log of docker-bench-security, of which numbers and results are kept."""

    path: str  # the file that was asked for
    fault: str = ""  # why nothing is known of it, as where it cannot be read; empty else
    run: tool.Run | None = None  # None where there is no such file


class DockerBench(Model, frozen=True):
    """The folders with docker-bench-security, and its log, or None if the policy names none."""

    checkouts: tuple[str, ...]
    log: Log | None

    def last_run(self, path: str) -> tool.Run | None:
        """Return the run in the log *path*, or None if the log does not exist."""
        if self.log is None or self.log.path != path:
            other = f"the log {self.log.path}, not {path}" if self.log else "no log of docker-bench-security"
            raise EvidenceError(f"the recording has {other}")
        if self.log.fault:
            raise EvidenceError(f"{path}: {self.log.fault}")
        return self.log.run


def _kept_bench(text: str) -> str:
    words = Words(text)
    log = _log(words) if "asked" in words else None
    return msgspec.json.encode(DockerBench(checkouts=words.all("checkout"), log=log)).decode()


def _log(words: Words) -> Log:
    path = words.first("asked")
    if "unreadable" in words:
        return Log(path=path, fault="cannot be read")
    if "there" not in words:
        return Log(path=path)
    try:
        return Log(path=path, run=tool.parse("\n".join(words.all("")), "the log").run)
    except tool.LogError as error:  # of its message only what is not from the log
        return Log(path=path, fault=re.split("[:;] ", str(error).partition(": ")[2])[0])


def _kept_scans(text: str) -> str:
    listed, *read = text.split("\ncontent:")
    words, found = Words(listed), list[Report]()
    contents = {path: "\n".join(lines) for path, *lines in (each.split("\n:") for each in read)}
    for name in ("report", "left-out"):
        for changed, _, path in (each.split(":", 2) for each in words.all(name)):
            report = Report(fault="too much to be read")
            if name == "report":
                report = reduced(contents.get(path, ""))
            file = path.rpartition("/")[2]
            found.append(msgspec.structs.replace(report, file=file, changed=int(changed)))
    folder = ScanReports(folder=words.first("folder"), unreadable="unreadable" in words, reports=tuple(found))
    return msgspec.json.encode(folder).decode()


class ScanReports(Model, frozen=True):
    """All reports in the folder of the policy."""

    folder: str
    unreadable: bool
    reports: tuple[Report, ...]

    @property
    def faults(self) -> tuple[Report, ...]:
        """The files that are not a report or could not be read."""
        return tuple(each for each in self.reports if each.fault)

    def about(self, digests: frozenset[str]) -> tuple[Report, ...]:
        """Return the reports on the image with these digests, the newest first."""
        found = (each for each in self.reports if not each.fault and each.digest in digests)
        return tuple(sorted(found, key=lambda each: (-each.created, each.file)))

    def newest(self, digests: frozenset[str], now: float) -> dict[str, Report]:
        """Return by scanner the newest report on the image with these digests, without future ones."""
        found = (each for each in reversed(self.about(digests)) if each.created <= now + CLOCK_SLACK)
        return {each.tool: each for each in found}


REPORTS = Probe.from_file("reports", InSections(trust=_kept_trust, bench=_kept_bench, scans=_kept_scans))


@fact(REPORTS)
def content_trust(recording: Recording, engine: Engine) -> Mapping[str, str]:
    """The files of root's environment that set DOCKER_CONTENT_TRUST, with on or off."""
    if recording.sections(REPORTS).get("trust", "").strip() == _UNREADABLE:
        raise EvidenceError("the home directory of root cannot be entered")
    return section(recording, REPORTS, "trust", dict[str, str], "content trust")


@fact(REPORTS)
def docker_bench(recording: Recording, engine: Engine) -> DockerBench:
    """docker-bench-security on the target, and its last log."""
    return section(recording, REPORTS, "bench", DockerBench, "docker-bench-security")


@fact(REPORTS)
def scan_reports(recording: Recording, engine: Engine, policy: Policy) -> ScanReports | None:
    """The reports of scanners in the folder of the policy, or None without one."""
    if policy.scan_reports is None:
        return None
    named, found = policy.scan_reports.folder, section(recording, REPORTS, "scans", ScanReports, "scan reports")
    if not found.folder:
        raise EvidenceError("the recording was made without a folder of scan reports")
    if found.folder != named:
        raise EvidenceError(f"the recording has the scan reports of {found.folder}, not of {named}")
    if found.unreadable:
        raise EvidenceError(f"{named} cannot be read")
    return found
