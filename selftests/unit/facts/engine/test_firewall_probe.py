"""The network of a daemon, where RootlessKit keeps it: what a variable of the user names is not opened blindly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.engine.firewall import FIREWALL

PROGRAMS = {"iptables": "echo nf_tables", "nsenter": 'echo "-A DOCKER-USER $*"'}


@pytest.mark.parametrize(
    ("kind", "state", "entered"),
    [
        ("file", "/state", "--net=7/root/state/netns"),
        ("pipe", "/state", "-t 7 -n"),
        ("file", "/state /tmp/run", "-t 7 -n"),
        ("file", "/state\0ROOTLESSKIT_STATE_DIR=/tmp/run", "--net=7/root/state/netns"),
        ("file", "/*", "-t 7 -n"),
    ],
)
def test_what_lies_where_the_network_should(tmp_path: Path, kind: str, state: str, entered: str) -> None:
    """Only a file is entered, as that of a namespace is one: root must open no device, and would wait at a pipe.

    Nor may words of a user become a command that root runs.
    """
    folder = state.partition("\0")[0]
    (tmp_path / f"7/root{folder}").mkdir(parents=True)
    (tmp_path / "7/environ").write_bytes(f"A=1\0ROOTLESSKIT_STATE_DIR={state}\0".encode())
    for name in ("7/ns", "self/ns"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "net").symlink_to(f"net:[{len(name)}]")
    place = tmp_path / f"7/root{folder}/netns"
    os.mkfifo(place) if kind == "pipe" else place.touch()
    for name, command in PROGRAMS.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(0o755)
    script = f"daemons=7 PATH={tmp_path}:$PATH\n" + FIREWALL.script.replace("cd /proc", f"cd {tmp_path}")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=10, check=True)
    assert f"7/iptables:-A DOCKER-USER {entered} iptables -w 5 -S\n" in done.stdout
