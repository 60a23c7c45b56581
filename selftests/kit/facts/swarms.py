"""Services of a swarm, made by hand."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.engine.services import SWARM
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.corpus.judged import recording_of
from selftests.kit.facts.engines import swarm_text
from selftests.kit.judging import judged


def service(name: str, *variables: str, log: object = None, labels: object = None, **container: Any) -> dict[str, Any]:
    """A service as the engine describes it."""
    task = {"ContainerSpec": {"Env": list(variables) or None, **container}, "LogDriver": log}
    return {"ID": name, "Spec": {"Name": name, "Labels": labels or {}, "TaskTemplate": task}}


def manager_of(*services: dict[str, Any]) -> Facts:
    """The manager of the corpus, with these services in the place of its own."""
    recording = recording_of("swarm-26.1")
    answer = Answer(SWARM.name, 0, SWARM.keep(swarm_text(services)), "")
    return Facts(replace(recording, answers=recording.answers | {answer.name: answer}), Policy())


def judge_service(*variables: str, **more: Any) -> tuple[str, str, str]:
    """The verdict and reason of 7.4 on one service, and what is stored of the swarm."""
    found = manager_of(service("web", *variables, **more))
    return (*judged("7.4", found)["web"], found.recording.answers["swarm"].stdout)
