"""Facts of log shippers and log drivers, made by hand."""

from __future__ import annotations

from typing import Any

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_options import Setting, Value
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts import PRESENT, in_parts
from selftests.kit.facts.containers import ID
from selftests.kit.facts.containers import containers as containers_said
from selftests.kit.facts.engines import engine_text
from selftests.kit.facts.tools import process


class Daemon:
    """A daemon with this log driver."""

    def __init__(self, driver: str, options: dict[str, str]) -> None:
        values = {"log-driver": driver, "log-opts": options}
        self._settings = {name: Setting(name, Value(each, "docker info")) for name, each in values.items()}

    def setting(self, name: str) -> Setting:
        """A setting."""
        return self._settings[name]


def container(
    name: str = "web",
    driver: str = "json-file",
    options: dict[str, str] | None = None,
    identifier: str = ID,
    **more: Any,
) -> dict[str, Any]:
    """A container as the engine describes it."""
    log = {"Type": driver, "Config": options or {}}
    host = {"LogConfig": log, "NetworkMode": "bridge"}
    empty: dict[str, Any] = {"Labels": {}, "Mounts": [], "Networks": {}, "Ports": {}}
    return {"Id": identifier, "Name": f"/{name}", "HostConfig": host, **empty, **more}


def facts(
    *programs: str,
    driver: str = "json-file",
    options: dict[str, str] | None = None,
    containers: tuple[dict[str, Any], ...] | None = None,
    processes: tuple[str, ...] = (),
    user: int = 0,
    **policy: Any,
) -> Facts:
    """A host on which these programs run, and a container with the daemon's log driver."""
    described = (container("web", driver, options),) if containers is None else containers
    first = process(1, "/sbin/init" if user == 0 else "")
    running = (first, *processes, *(process(7 + at, path) for at, path in enumerate(programs)))
    texts = {
        "containers": containers_said(*described),
        PROCESSES.name: in_parts(processes="\n".join(running)),
        "engine": engine_text(),
    }
    answers = {name: Answer(name, 0, text, "") for name, text in texts.items()} | {PRESENT.name: PRESENT}
    daemon = Daemon(driver, options or {})
    return Facts(Recording("host", "local", answers), Policy(**policy), daemon=daemon)
