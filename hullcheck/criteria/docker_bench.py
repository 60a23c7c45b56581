"""Whether docker-bench-security says what is so, where a single fact decides."""

from collections.abc import Callable, Mapping
from typing import Any

from hullcheck.criteria.file_access import permissions_beyond
from hullcheck.criteria.judgement import Judgement
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.docker_bench import Run
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError, Manual

_SETTINGS = {
    "2.2": ("icc", False),
    "2.15": ("no-new-privileges", True),
    "2.16": ("live-restore", True),
    "2.17": ("userland-proxy", False),
}
"""What a setting of the daemon has to be; all but live restore hold until the daemon restarts."""

_CONTAINERS: Mapping[str, Callable[[Any], bool]] = {
    "5.5": lambda each: each.privileged,
    "5.10": lambda each: each.configuration.network_mode == "host",
    "5.16": lambda each: each.configuration.pid_mode == "host",
    "5.17": lambda each: each.configuration.ipc_mode == "host",
    "5.21": lambda each: each.configuration.uts_mode == "host",
    "5.32": lambda each: bool(each.sockets.engines),
}
"""What a container must not have; all of it is settled when it is created."""

_SOCKETS = ("/run/docker.sock", "/var/run/docker.sock")


def flaws(
    since: float,
    daemon: Daemon,
    sockets: Later[Subjects[FileFact]],
    containers: Later[Subjects[Container]],
) -> dict[str, str]:
    """By number of the CIS benchmark what is wrong, in words; empty where nothing is.

    Args:
        since: when the tool ran. What it could not see is left out: settings of a daemon and containers that were
            started later.

    Raises:
        EvidenceError: something could not be read.
    """
    return {
        **_of_settings(daemon, since),
        **_of_socket(sockets.get()),
        **_of_containers(containers.get(), since),
    }


def _of_settings(daemon: Daemon, since: float) -> dict[str, str]:
    started = daemon.process.started
    if started is None or started[1] > since:
        return {}
    left_out = set[str]() if daemon.default_bridge is not None else {"2.2"}
    if daemon.engine.value("Swarm", "LocalNodeState") not in ("", "inactive"):
        left_out.add("2.16")
    settings = {
        number: (daemon.setting(name), good)
        for number, (name, good) in _SETTINGS.items()
        if number not in left_out
    }
    return {
        number: "" if setting.value is good else str(setting) for number, (setting, good) in settings.items()
    }


def _of_socket(api_sockets: Subjects[FileFact]) -> dict[str, str]:
    """The mode of the usual socket, the only one that the tool knows."""
    found = [each for path, each in api_sockets if path in _SOCKETS]
    sockets = [each for each in found if each.state is not State.ABSENT]
    return (
        {"3.16": "; ".join(filter(None, (permissions_beyond(each, 0o660) for each in sockets)))}
        if sockets
        else {}
    )


def _of_containers(containers: Subjects[Container], since: float) -> dict[str, str]:
    running = ((name, each, each.configuration.started) for name, each in containers if each.running)
    seen = {name: each for name, each, started in running if started is not None and started < since}
    return {
        number: ", ".join(name for name, each in seen.items() if is_bad(each))
        for number, is_bad in _CONTAINERS.items()
        if seen
    }


def agreement(
    run: Run,
    daemon: Daemon,
    sockets: Later[Subjects[FileFact]],
    containers: Later[Subjects[Container]],
) -> Judgement:
    """Whether what its log says is so, where a single fact decides.

    Raises:
        EvidenceError: something could not be read.
        Manual: only a person can tell.
    """
    if run.started is None:
        raise EvidenceError("its log does not say when it was started")
    found = flaws(run.started, daemon, sockets, containers)
    said = {number: (run.result_of(number), flaw) for number, flaw in found.items()}
    missed = [f"{number}: {flaw}" for number, (result, flaw) in said.items() if result == "PASS" and flaw]
    if missed:
        return Judgement(False, f"its log says PASS, which is not so: {'; '.join(missed)}")
    if "5.5" in found and not any(run.result_of(number) for number in _CONTAINERS):
        return Judgement(False, "its log says nothing of containers, which ran then: left out by an option?")
    other = [number for number, (result, flaw) in said.items() if result == "WARN" and not flaw]
    if other:
        raise Manual(f"it warned about what is good now: {', '.join(other)}; mended since, or a false alarm?")
    agreed = [number for number, (result, _) in said.items() if result in ("PASS", "WARN")]
    if not agreed:
        raise Manual(
            "nothing in its log can be compared: all that decides is younger than the run, or left open"
        )
    return Judgement(True, f"the same is found here for {', '.join(agreed)}")
