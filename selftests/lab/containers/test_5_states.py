"""Section 5 on real engines: containers in every state and of every name, many of them, and auditors who see less."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.facts.engine.info import ENGINE
from hullcheck.facts.host.processes import PROCESSES
from hullcheck.policy import Policy
from hullcheck.recording.script import render
from selftests.kit.judging import facts_of_engine, judged
from selftests.lab.containers.judgement import all_verdicts, numbers, recorded, verdicts
from selftests.rig import processes
from selftests.rig.shell import call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


# ---- every state, every name


def test_states(guarded_engine: EngineFactory) -> None:
    """Every control judges a container in every state; one that waits for its restart is judged by its
    configuration."""
    one = guarded_engine()
    privileged = ("--privileged", "--network", "host", "-v", "/:/h")
    for name in ("running", "paused", "exited"):
        one.run(name, *privileged)
    one.create("created", *privileged)
    one.run("restarting", *privileged, "--restart", "always", command=("false",))
    one.docker("pause", "paused")
    one.docker("kill", "exited")
    state = ("inspect", "--format", "{{.RestartCount}} {{.State.Status}} {{.State.Pid}}", "restarting")
    # the engine waits twice as long each time: after the sixth there are six seconds to look
    until(lambda: one.docker(*state).split() == ["6", "restarting", "0"])
    facts = facts_of_engine(one.socket, of="5")
    for number in ("5.4", "5.5", "5.6", "5.10", "5.11", "5.12", "5.13", "5.18", "5.22", "5.26", "5.29"):
        assert set(verdicts(number, facts).values()) == {"fail"}, number
    every = {f"5.{number}": judged(f"5.{number}", facts) for number in range(2, 33)}
    assert [
        (number, name)
        for number, found in every.items()
        for name, (verdict, _) in found.items()
        if verdict == "error"
    ] == []
    one.docker("unpause", "paused")


HOSTILE = {
    "quotes": {'a"b': "c'd\"e", "com.docker.swarm.service.id": '"}\ncontainer {}'},
    "lines": {"x": "1\n--proc\n--paths\n1/status:Uid:\t1000\ncontainer {}\nvolume {}", "y": "\u2028\u0085"},
    "colours": {"z": "\x1b[31mred\x1b[0m\x07", "no-new-privileges": '"NoNewPrivileges":true'},
}


def test_hostile_labels_and_names(engine: EngineFactory) -> None:
    """What a container calls itself neither breaks nor forges anything."""
    one = engine()
    for name, labels in HOSTILE.items():
        options = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        shown = [word for key, value in labels.items() for word in ("--env", f"{key}={value}")]
        one.run(
            name,
            "--privileged",
            *options,
            *shown,
            "--hostname",
            "dockerd",
            command=("sh", "-c", "sleep 999; : --proc"),
        )
    one.run("dockerd", command=("sleep", "999", "--proc\n1/status:Uid:\t0"))
    weird = _made(one, "\nreal /etc\t/x")
    for name in ("mount", "mount-created"):
        mount = {"Type": "bind", "Source": str(weird), "Target": "/m"}
        settings = one.client.api.create_host_config(mounts=[mount])
        one.client.api.create_container("bb:1", ["sleep", "999"], name=name, host_config=settings)
    one.docker("start", "mount")
    facts = facts_of_engine(one.socket, of="5")
    assert verdicts("5.5", facts) == dict.fromkeys(HOSTILE, "fail") | dict.fromkeys(
        ("dockerd", "mount", "mount-created"), "pass"
    )
    assert verdicts("5.6", facts) == dict.fromkeys((*HOSTILE, "dockerd", "mount"), "pass") | {
        "mount-created": "error"
    }
    assert set(verdicts("5.26", facts).values()) == {"fail"}
    assert set(verdicts("5.15", facts).values()) == {"pass"}


def _made(engine: Engine, name: str) -> Path:
    folder = engine.directory / "weird" / name.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_formats_of_the_auditor_change_nothing(engine: EngineFactory, tmp_path: Path) -> None:
    """The auditor's own formats for lists in ~/.docker/config.json are not asked."""
    one = engine()
    one.run("web", "--privileged", "-v", "own:/x")
    formats = dict.fromkeys(
        ("psFormat", "imagesFormat", "volumesFormat", "networksFormat", "servicesFormat"), "table {{.ID}}x"
    )
    (tmp_path / "config.json").write_text(json.dumps(formats))
    plain = facts_of_engine(one.socket, of="5")
    recording = recorded(one.socket, DOCKER_CONFIG=str(tmp_path))
    assert all_verdicts(Facts(recording, Policy())) == all_verdicts(plain)


# ---- auditors and engines that cannot be seen through


@contextmanager
def _member_of_docker_group(engine: Engine, name: str) -> Iterator[str]:
    """A user of this machine who may ask the engine, and no more."""
    engine.lab.note("user", name)
    call("useradd", "--no-create-home", "--user-group", name)
    try:
        call("chgrp", name, str(engine.socket))
        yield name
    finally:
        call("chgrp", "root", str(engine.socket))
        call("userdel", name)


def test_auditor_without_root(guarded_engine: EngineFactory) -> None:
    """A fail may be proven by the engine's word; mount tables all may read, namespaces not: an error."""
    one = guarded_engine()
    bad = (
        "--privileged",
        "--network",
        "host",
        "--pid",
        "host",
        "--ipc",
        "host",
        "--uts",
        "host",
        "-v",
        "/etc:/x",
        "-v",
        f"{one.socket}:/s",
        "--restart",
        "always",
        "--device",
        "/dev/null",
        "--userns",
        "host",
    )
    one.run("bad", *bad)
    one.run("ports", "-p", "80:80")
    good = (
        "--cap-drop",
        "ALL",
        "--network",
        "none",
        "--read-only",
        "--memory",
        "64m",
        "--pids-limit",
        "9",
        "--cpus",
        "0.5",
        "--security-opt",
        "no-new-privileges",
    )
    one.run("good", *good)
    one.run("mounts", "-v", f"{one.lab.root}/bb.tar:/bb.tar", *good)
    user = one.name.replace("-", "")
    with _member_of_docker_group(one, user):
        facts = Facts(recorded(one.socket, "runuser", "-u", user, "--"), Policy())
        found = all_verdicts(facts)
    proven = numbers(4, 5, 6, 10, 11, 12, 13, 15, 16, 17, 18, 21, 22, 26, 29, 31, 32)
    assert {number: found[number]["bad"] for number in proven} == dict.fromkeys(proven, "fail")
    assert [found[number]["ports"] for number in ("5.8", "5.9", "5.14")] == ["fail", "error", "fail"]
    namespaces = numbers(10, 16, 17, 21)
    assert {number: found[number]["good"] for number in namespaces} == dict.fromkeys(namespaces, "error")
    assert [found[number]["mounts"] for number in ("5.6", "5.13", "5.20", "5.32")] == ["pass"] * 4
    readable = numbers(4, 5, 11, 12, 22, 26, 29)
    assert {number: found[number]["good"] for number in readable} == dict.fromkeys(readable, "pass")


def test_engine_elsewhere(engine: EngineFactory) -> None:
    """Processes of an engine elsewhere are not ours: the running state is an error, never a pass."""
    one = engine(fresh=True)
    one.run("good", "--cap-drop", "NET_RAW", "--memory", "64m")
    one.run("bad", "--privileged")
    here = recorded(one.socket)
    answers = dict(here.answers)
    for name in ("processes", "containers", "daemon"):
        assert name in answers
    moved = {str(pid): str(pid + 700_000) for pid in processes.everyone()}
    text = re.sub(
        r"^(\d+)(?=/)",
        lambda match: moved.get(match[1], match[1]),
        answers["processes"].stdout,
        flags=re.MULTILINE,
    )
    answers["processes"] = type(answers["processes"])("processes", 0, text, "")
    facts = Facts(replace(here, answers=answers), Policy())
    found = all_verdicts(facts)
    states = numbers(4, 5, 6, 7, 10, 11, 12, 16, 17, 21, 22, 23, 24, 25, 26, 29, 31)
    assert {number: found[number]["good"] for number in states} == dict.fromkeys(states, "error")
    assert [found[number]["bad"] for number in ("5.5", "5.18")] == ["fail", "fail"]


# ---- speed


@pytest.mark.timed
def test_a_hundred_containers(engine: EngineFactory) -> None:
    """A hundred containers are asked for in a few times the time of the docker commands, and judged in less."""
    one = engine(fresh=True)
    names = [f"c{number}" for number in range(100)]
    for name in names:
        one.create(name, "--network", "none")
    for first in range(0, 100, 25):
        one.docker("start", *names[first : first + 25])

    def commands() -> None:
        for arguments in (("info",), ("version",), ("inspect", *names)):
            one.docker(*arguments)

    script = render((ENGINE, CONTAINERS, PROCESSES), docker_host=f"unix://{one.socket}")
    asking = _fastest(lambda: call("sh", stdin=script))
    assert asking < 5 * _fastest(commands)
    facts = facts_of_engine(one.socket, of="5")
    found = all_verdicts(facts)
    assert {len(each) for number, each in found.items() if number != "5.1"} == {100}
    assert not [number for number, each in found.items() if "error" in each.values()]
    assert _fastest(lambda: all_verdicts(Facts(facts.recording, Policy()))) < asking


def _fastest(action: Callable[[], object]) -> float:
    """How long it takes where nothing else keeps the machine busy: the best of five."""
    times = []
    for _ in range(5):
        start = time.monotonic()
        action()
        times.append(time.monotonic() - start)
    return min(times)
