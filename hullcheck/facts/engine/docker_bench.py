"""docker-bench-security on a target: where it lies, and what its last log says.

Of the log the numbers and results are kept.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.engine.info import Engine
from hullcheck.facts.registry import fact
from hullcheck.parsing import docker_bench_log as tool
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.documents import COUNT
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError


def _keep(text: str) -> str:
    head, _, lines = text.partition("\nthere:\n")
    words = Words(head)
    log = {"Path": words.first("asked")} if "asked" in words else None
    if log and ("unreadable" in words or "\nunreadable:" in f"\n{lines}"):
        log["Fault"] = "cannot be read"
    elif log and "\nthere:\n" in text:
        log |= _log("\n".join(line[1:] for line in lines.split("\n") if line.startswith(":")))
    return json.dumps({"Checkouts": words.all("checkout"), "Log": log}, separators=(",", ":"))


def _log(text: str) -> dict[str, Any]:
    try:
        log = tool.parse(text, "the log")
    except tool.LogError as error:  # of its message only what is not from the log
        return {"Fault": re.split("[:;] ", str(error).partition(": ")[2])[0]}
    results = {each.number: each.result for each in log.checks}
    times = {"Started": log.started, "Ended": log.ended}
    return {"Version": log.version, "Sections": sorted(log.sections), "Results": results} | times


DOCKER_BENCH = Probe.from_file("docker_bench", _keep)


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
    """docker-bench-security on a target.

    Attributes:
        checkouts: the folders in which the tool lies.
    """

    checkouts: tuple[str, ...]
    log: Mapping[str, Any] | None

    def last_run(self, path: str) -> Run | None:
        """What the log *path* says; None where it does not exist.

        Raises:
            EvidenceError: it was not asked for, or is not a whole log of the tool.
        """
        if self.log is None or self.log["Path"] != path:
            other = (
                f"the log {self.log['Path']}, not {path}" if self.log else "no log of docker-bench-security"
            )
            raise EvidenceError(f"the recording has {other}")
        if "Fault" in self.log:
            raise EvidenceError(f"{path}: {self.log['Fault']}")
        if "Results" not in self.log:
            return None
        times = self.log["Started"], self.log["Ended"]
        return Run(self.log["Version"], frozenset(self.log["Sections"]), self.log["Results"], *times)


@fact(DOCKER_BENCH)
def docker_bench(recording: Recording, engine: Engine) -> DockerBench:
    """docker-bench-security on the target: where it lies, and its last log."""
    document = recording.json_object(DOCKER_BENCH, {"Checkouts": [str], "Log": (None, _LOG)})
    return DockerBench(tuple(document["Checkouts"]), document["Log"])
