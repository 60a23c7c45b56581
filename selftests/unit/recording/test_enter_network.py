"""The network of a daemon, where RootlessKit keeps it: what a variable of the user names is not opened blindly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import hullcheck.recording

HELPER = Path(hullcheck.recording.__file__).parent / "shell" / "enter_network.sh"


@pytest.mark.parametrize(("kind", "entered"), [("file", "--net=7/root/state/netns"), ("pipe", "-t 7 -n")])
def test_what_lies_where_the_network_should(tmp_path: Path, kind: str, entered: str) -> None:
    """Only a file is entered, as that of a namespace is one: root must open no device, and would wait at a pipe."""
    (tmp_path / "7/root/state").mkdir(parents=True)
    (tmp_path / "7/environ").write_bytes(b"A=1\0ROOTLESSKIT_STATE_DIR=/state\0")
    for name in ("7/ns", "self/ns"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "net").symlink_to(f"net:[{len(name)}]")
    place = tmp_path / "7/root/state/netns"
    os.mkfifo(place) if kind == "pipe" else place.touch()
    script = f'{HELPER.read_text()}\nenter_network 7\necho "$enter"'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=10)
    assert done.stdout == f"nsenter {entered}\n"
