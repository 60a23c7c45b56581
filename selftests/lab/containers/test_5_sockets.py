"""Sockets of engines and services in containers of a real engine: who listens decides, at whatever path."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_of_engine, judged
from selftests.rig.shell import call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

LISTEN = "import socket, sys, time; s = socket.socket(1); s.bind(sys.argv[1]); s.listen(); time.sleep(600)"


def start(lab: Laboratory, socket: Path, *command: str) -> None:
    """A program that listens at a socket, until the laboratory ends."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    lab.note_process(process.pid)
    until = time.monotonic() + 20
    while not socket.exists():
        assert time.monotonic() < until, command
        time.sleep(0.05)


@pytest.mark.needs("podman")
def test_sockets_by_who_listens(lab: Laboratory, engine: EngineFactory, place: Path) -> None:
    """5.6, 5.32: another engine's socket at any path, podman's, and one of a service of root's."""
    for name in ("podman", "agent", "relay", "user", "empty"):
        (place / name).mkdir()
    other = engine(fresh=True, hosts=[f"unix://{place}/x.sock"])
    one = engine()
    podman = (
        "podman",
        "--root",
        f"{place}/root",
        "--runroot",
        f"{place}/runroot",
        "system",
        "service",
        "-t",
        "0",
    )
    start(lab, place / "podman/p", *podman, f"unix://{place}/podman/p")
    start(lab, place / "agent/a", sys.executable, "-c", LISTEN, f"{place}/agent/a")
    start(lab, place / "relay/r", sys.executable, "-c", LISTEN, f"{place}/relay/r", str(one.socket))
    (place / "user").chmod(0o777)
    as_nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    start(lab, place / "user/u", *as_nobody, sys.executable, "-c", LISTEN, f"{place}/user/u")
    mounts = {
        "second": f"{place}/x.sock:/s",
        "second-own": f"{other.socket}:/s:ro",
        "podman": f"{place}/podman:/p",
        "agent": f"{place}/agent:/a",
        "relay": f"{place}/relay:/r",
        "user": f"{place}/user:/u",
        "empty": f"{place}/empty:/e",
    }
    for name, mount in mounts.items():
        one.run(name, *shlex.split(f"-v {mount}"))
        one.create(f"{name}-created", *shlex.split(f"-v {mount}"))
    facts = facts_of_engine(one.socket, of="5.6 5.32")
    sockets, paths = judged("5.32", facts), judged("5.6", facts)
    for suffix in ("", "-created"):
        assert {name: sockets[name + suffix][0] for name in mounts} == {
            "second": "fail",
            "second-own": "fail",
            "podman": "fail",
            "agent": "pass",
            "relay": "manual",
            "user": "pass",
            "empty": "pass",
        }
        assert {name: paths[name + suffix][0] for name in ("agent", "user", "empty")} == {
            "agent": "manual",
            "user": "pass",
            "empty": "pass",
        }
    assert sockets["podman"][1] == f"can reach {place}/podman/p"


def test_socket_of_an_engine_in_a_container(guarded_engine: EngineFactory, place: Path) -> None:
    """5.32: what listens in one container is seen by another through a folder of the host."""
    one = guarded_engine()
    (place / "run").mkdir()
    python = shlex.split("-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro")
    listen = f"open('/proc/self/comm', 'w').write('dockerd'); {LISTEN}"
    command = ("/usr/bin/python3", "-c", listen, "/inner/docker.sock")
    one.run("inner", *python, "-v", f"{place}/run:/inner", command=command)
    one.run("outer", "-v", f"{place}/run:/x")
    one.run("other", "-v", f"{place}/nothing:/x")
    until = time.monotonic() + 10
    while not (place / "run/docker.sock").exists() and time.monotonic() < until:
        time.sleep(0.1)
    found = judged("5.32", facts_of_engine(one.socket, of="5.32"))
    assert found["outer"] == ("fail", f"can reach {place}/run/docker.sock")
    assert found["other"][0] == "pass"


def test_socket_that_was_made_by_a_linked_path(engine: EngineFactory, place: Path) -> None:
    """5.32: a daemon without systemd listens at /var/run/docker.sock, through a link; volumes do not lead there."""
    (place / "run").mkdir()
    (place / "link").symlink_to("run")
    one = engine(fresh=True, hosts=[f"unix://{place}/link/app.sock"])
    one.run("volume", "-v", "data:/data")
    one.run("folder", "-v", f"{place}/run:/x")
    found = judged("5.32", facts_of_engine(one.socket, of="5.32"))
    assert found == {"volume": ("pass", ""), "folder": ("fail", f"can reach {place}/run/app.sock")}
    os.link(place / "run/app.sock", place / "hard")
    found = judged("5.32", facts_of_engine(one.socket, of="5.32"))
    assert found["volume"] == ("error", f"{place}/run/app.sock has another hard link, which may be in /data")


def test_socket_of_the_engine_that_was_moved(engine: EngineFactory, place: Path) -> None:
    """5.32: who has it under another name commands the engine, which still calls it as before."""
    one = engine(fresh=True, hosts=[f"unix://{place}/kept"])
    (place / "folder").mkdir()
    moved = place / "folder/app"
    one.socket.rename(moved)

    def run(name: str, mount: str, *command: str) -> None:
        engine_there = ("docker", "--host", f"unix://{place}/kept")
        call(*engine_there, *command, "--name", name, "--volume", mount, "bb:1", "sleep", "9999")

    try:
        for name, mount in (("folder", f"{place}/folder:/f"), ("file", f"{moved}:/s")):
            run(name, mount, "run", "--detach")
            run(f"{name}-created", mount, "create")
        found = judged("5.32", facts_of_engine(place / "kept", of="5.32"))
        assert {verdict for verdict, _ in found.values()} == {"error"}, found
        unknown = (
            f"whether it can reach {one.socket} through /f is unknown: that socket was moved or replaced"
        )
        assert unknown in found["folder"][1]
        one.socket.touch()  # an empty file in its place changes nothing
        assert judged("5.32", facts_of_engine(place / "kept", of="5.32")) == found
    finally:
        moved.rename(one.socket)
