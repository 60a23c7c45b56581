"""The network of a daemon, where RootlessKit keeps it: what a variable of the user names is not opened blindly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import hullcheck.recording

HELPER = Path(hullcheck.recording.__file__).parent / "shell" / "enter_network.sh"


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
    script = f'{HELPER.read_text()}\nenter_network 7\necho "$enter"'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=10)
    assert done.stdout == f"nsenter {entered}\n"
