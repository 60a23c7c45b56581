"""Asks a target on which some programs are missing, or do something else than they should."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.facts import Facts
from hullcheck.recording.script import render
from selftests.kit.judging import facts_of_answer, probes_of
from selftests.rig import removal

if TYPE_CHECKING:
    from selftests.rig.hosts.guest import Guest

FAILS = "echo 'Operation not permitted' >&2; exit 1"
SILENT = "exit 0"
_OF_GUEST = "/srv/programs"
_FILL = "rm -rf {folder}; mkdir {folder}; for each in {above}; do ln -sf $each/* {folder}; done"
_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")


def programs(folder: Path, instead: Mapping[str, str | None]) -> Path:
    """Fill a folder with links to the machine's programs, but these: each has a script, or None for none.

    A docker that does something else is asked, as there is no curl then.
    """
    instead = {"curl": None, **instead} if "docker" in instead else instead
    removal.delete(folder)
    folder.mkdir()
    found = {each.name: each for above in reversed(_FOLDERS) for each in Path(above).glob("*")}
    for name in found.keys() - instead.keys():
        (folder / name).symlink_to(found[name])
    for name, script in instead.items():
        if script is not None:
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
    return folder


def only_from(folder: Path | str, script: str) -> str:
    """The probe script, which looks for programs in this folder alone."""
    changed, count = re.subn(r"(?m)^PATH=\$PATH:.*$", lambda _: f"PATH={folder}", script, count=1)
    assert count == 1
    return changed


def facts_of_guest(guest: Guest, instead: Mapping[str, str | None], *, of: str) -> Facts:
    """The facts of a guest on which the programs of these names are such scripts, or missing."""
    guest.exec("sh", "-ec", _FILL.format(folder=_OF_GUEST, above=" ".join(reversed(_FOLDERS))))
    for name, script in instead.items():
        guest.exec("rm", "-f", f"{_OF_GUEST}/{name}")
        if script is not None:
            guest.write(f"{_OF_GUEST}/{name}", f"#!/bin/sh\n{script}\n", 0o755)
    said = guest.exec("/bin/sh", stdin=only_from(_OF_GUEST, render(probes_of(of))))
    return facts_of_answer(said, guest.name, time.time())


def facts_of_engine(socket: Path, folder: Path, *, of: str) -> Facts:
    """The facts of this machine with the engine behind *socket*, by the programs in *folder* alone."""
    script = only_from(folder, render(probes_of(of), docker_host=f"unix://{socket}"))
    said = subprocess.run(["/bin/sh"], input=script, capture_output=True, text=True, check=True, cwd="/")
    return facts_of_answer(said.stdout, "local", time.time())
