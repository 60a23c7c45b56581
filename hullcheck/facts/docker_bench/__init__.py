"""docker-bench-security on a target: where it lies and from where it is, and what its last log says.

Of the log the numbers and results are kept.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from hullcheck import secrets
from hullcheck.facts.engine import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing import docker_bench_log as tool
from hullcheck.parsing.documents import COUNT
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError


def _keep(text: str) -> str:
    checkouts, _, log = text.removeprefix("--checkouts\n").partition("--log\n")
    return json.dumps({"Checkouts": _checkouts(checkouts), "Log": _log(log)}, separators=(",", ":"))


def _checkouts(text: str) -> list[dict[str, str]]:
    found = list[dict[str, str]]()
    for line in text.split("\n"):
        word, _, value = line.partition(":")
        if word == "checkout":
            found.append({"Path": value, "Remote": "", "Commit": ""})
        elif word == "remote":
            found[-1]["Remote"] = re.sub(r"^(\w+://)[^/]*@", r"\1***@", secrets.hidden(value))
        elif word == "commit":
            found[-1]["Commit"] = value if re.fullmatch("[0-9a-f]{40,64}", value) else ""
    return list({each["Path"]: each for each in found}.values())


def _log(text: str) -> dict[str, Any] | None:
    """What the log says; None where the policy names none."""
    first, _, rest = text.partition("\n")
    if not first:
        return None
    path = first.removeprefix("asked:")
    lines = [line[1:] for line in rest.split("\n") if line.startswith(":")]
    if "\nunreadable:" in f"\n{rest}":
        return {"Path": path, "Fault": "cannot be read"}
    if "there:" not in rest.split("\n"):
        return {"Path": path}
    try:
        log = tool.parse("\n".join(lines), "the log")
    except tool.LogError as error:  # of its message only what is not from the log
        return {"Path": path, "Fault": re.split("[:;] ", str(error).partition(": ")[2])[0]}
    results = {each.number: each.result for each in log.checks}
    sections = sorted(log.sections)
    times = {"Started": log.started, "Ended": log.ended}
    return {"Path": path, "Version": log.version, "Sections": sections, "Results": results} | times


DOCKER_BENCH = Probe.from_file(__file__, "docker_bench", _keep)


_TIME = (None, float, COUNT)
_LOG = {
    "Path": str,
    "Fault?": str,
    "Version?": frozenset(tool.BENCHMARKS),
    "Sections?": [str],
    "Results?": {"*": str},
    "Started?": _TIME,
    "Ended?": _TIME,
}
_SHAPE = {
    "Checkouts": [{"Path": str, "Remote": str, "Commit": str}],
    "Log": (None, _LOG),
}


class Step(StrEnum):
    """What has to be so for the tool to run regularly, and to be of use."""

    RUN = "its last run is recent and whole"
    FINDINGS = "what it found is dealt with"


@dataclass(frozen=True)
class Run:
    """The last run of the tool, by its log.

    Attributes:
        sections: those that it went through.
        results: PASS, WARN, INFO or NOTE, by number.
        started: seconds since the epoch.
    """

    version: str
    sections: frozenset[str]
    results: Mapping[str, str]
    started: float | None
    ended: float | None


@dataclass(frozen=True)
class DockerBench:
    """docker-bench-security on a target; read when it is first asked for."""

    recording: Recording

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        return self.recording.json_object(DOCKER_BENCH, _SHAPE)

    @property
    def checkouts(self) -> tuple[tuple[str, str, str], ...]:
        """Where the tool lies: path, remote address, commit; the last two empty where they are not known."""
        return tuple((each["Path"], each["Remote"], each["Commit"]) for each in self._document["Checkouts"])

    def last_run(self, path: str) -> Run | None:
        """What the log *path* says; None where it does not exist.

        Raises:
            EvidenceError: it was not asked for, or is not a whole log of the tool.
        """
        log = self._document["Log"]
        if log is None:
            raise EvidenceError("the recording was made without a log of docker-bench-security")
        if log["Path"] != path:
            raise EvidenceError(f"the recording has the log {log['Path']}, not {path}")
        if "Fault" in log:
            raise EvidenceError(f"{path}: {log['Fault']}")
        if "Results" not in log:
            return None
        times = log["Started"], log["Ended"]
        return Run(log["Version"], frozenset(log["Sections"]), log["Results"], *times)


@fact(DOCKER_BENCH)
def docker_bench(recording: Recording, engine: Engine) -> DockerBench:
    """docker-bench-security on the target: where it lies, and its last log."""
    return DockerBench(recording)
