"""apply.sh: it follows no link, overwrites nothing that others could exchange, and gives back what was there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hullcheck.remedies import merge
from hullcheck.remedies.script import APPLY, HERE
from selftests.needs import need


class Folder:
    """A folder with apply.sh and changes that are for paths of the test alone."""

    def __init__(self, path: Path) -> None:
        """Stand-ins let any user run it."""
        self.path, self.host = path / "remedy", path / "host"
        for each in (self.path, self.host, path / "bin"):
            each.mkdir()
        text = (HERE / "shell" / APPLY).read_text().replace("/var/backups/hullcheck", f"{path}/saved")
        user = os.getuid()  # owns the folder, below those of root
        for bits in ("????-??-?*", "????????[tT]*"):
            text = text.replace(f'"0 d"{bits})', f'"0 d"{bits} | "{user} d"{bits})')
        text = text.replace('"$entry")" = 0 ]', f'"$entry")" = {user} ]')
        (self.path / APPLY).write_text(text)
        (self.path / "new").write_text("new\n")
        for name, script in {"id": "echo 0", "chown": ":", "dockerd": ":"}.items():
            (path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
            (path / "bin" / name).chmod(0o755)
        self.environment = {"PATH": f"{path}/bin:{os.environ['PATH']}"}

    def changes(self, *lines: str) -> None:
        """What changes.sh says; HOST stands for the folder with the paths of the host."""
        text = "\n".join(("saves run", *lines)).replace("HOST", str(self.host))
        (self.path / "changes.sh").write_text(f"{text}\n")

    def __call__(self, *words: str, status: int = 0) -> str:
        """What it prints."""
        argv = ["sh", f"{self.path}/{APPLY}", *words]
        done = subprocess.run(argv, env=self.environment, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """One without changes."""
    return Folder(tmp_path.resolve())


def made(path: Path, mode: int, text: str = "old\n") -> Path:
    """A file of this mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def state(path: Path) -> tuple[str, int]:
    """What is in a file, and its mode."""
    return path.read_text(), path.stat().st_mode & 0o777


def test_files_and_back(folder: Folder) -> None:
    """A file that was there is put back as it was, one that was not goes; twice applied is once applied."""
    old, fresh = made(folder.host / "old", 0o640), folder.host / "sub/fresh"
    folder.changes("file new HOST/old 644", "file new HOST/sub/fresh 600")
    assert "would write" in folder()
    assert (state(old), fresh.parent.exists()) == (("old\n", 0o640), False)
    folder("apply")
    assert (state(old), state(fresh)) == (("new\n", 0o644), ("new\n", 0o600))
    assert "wrote" not in folder("apply")
    folder("back")
    assert (state(old), fresh.exists()) == (("old\n", 0o640), False)


def test_rights_and_back(folder: Folder) -> None:
    """Rights go and come back, a directory's after those of what is in it; names with blanks and options are names."""
    odd = made(folder.host / "open/-R a$(id)b", 0o666)
    odd.parent.chmod(0o777)
    folder.changes("mode go-w HOST/open", "mode go-w 'HOST/open/-R a$(id)b'")
    assert "it has mode 666" in folder("check")
    folder("apply")
    assert [each.stat().st_mode & 0o777 for each in (odd.parent, odd)] == [0o755, 0o644]
    folder("back")
    assert [each.stat().st_mode & 0o777 for each in (odd.parent, odd)] == [0o777, 0o666]


each_line = pytest.mark.parametrize("line", ["mode o-rw HOST/{}", "owner root:root HOST/{}", "file new HOST/{} 644"])


@each_line
@pytest.mark.parametrize("path", ["link", "dir/file"])
def test_links_stay(folder: Folder, line: str, path: str) -> None:
    """A link at the end or on the way is said, and ends with status 1; nothing is changed through it."""
    real = made(folder.host / "real/file", 0o666)
    (folder.host / "link").symlink_to(real)
    (folder.host / "dir").symlink_to(real.parent)
    folder.changes(line.format(path))
    assert "link" in folder("apply", status=1)
    assert state(real) == ("old\n", 0o666)


@each_line
def test_what_others_can_exchange_stays(folder: Folder, line: str) -> None:
    """Who can write in a directory on its way could put a link there between a look and the change."""
    victim = made(folder.host / "theirs/sub/file", 0o666)
    theirs = victim.parents[1]
    folder.changes(line.format("theirs/sub/file"))
    theirs.chmod(0o777)
    assert "others" in folder("apply", status=1)
    assert state(victim) == ("old\n", 0o666)
    theirs.chmod(0o1777)  # nobody can rename what belongs to another there
    folder("apply")
    theirs.chmod(0o777)
    now = state(victim)
    assert "others can write" in folder("back", status=1)
    assert state(victim) == now
    theirs.chmod(0o755)
    folder("back")
    assert state(victim) == ("old\n", 0o666)


@pytest.mark.parametrize("without", ["", "python3", "python3 jq"])
def test_settings_are_merged_and_back(folder: Folder, without: str) -> None:
    """By python3 or jq; where neither is there, only a new file is written."""
    if without == "python3":
        need("jq")
    script = folder.path / APPLY
    for tool in without.split():
        script.write_text(script.read_text().replace(f"command -v {tool} ", f"command -v no-{tool} "))
    (folder.path / "new").write_text('{\n  "icc": false\n}\n')
    (folder.path / "merge.py").write_text(Path(merge.__file__).read_text())
    settings, old = folder.host / "daemon.json", '{"dns": [], "debug": true}\n'
    folder.changes("merge new HOST/daemon.json debug")
    folder("apply")
    assert json.loads(settings.read_text()) == {"icc": False}
    folder("back")
    settings.write_text(old)
    if "jq" in without:
        assert "neither python3 nor jq is here" in folder("apply", status=1)
        return
    (folder.path.parent / "saved").rename(folder.path.parent / "before")
    folder("apply")
    assert [*json.loads(settings.read_text()).items()] == [("dns", []), ("icc", False)]
    assert "is so already" in folder("apply")
    folder("back")
    assert settings.read_text() == old


def test_wrong_use(folder: Folder) -> None:
    """A word that it does not know, a failed command, a way back that is not there, and a program that is missing."""
    folder.changes("run false")
    assert "usage" in folder("aply", status=2)
    assert "failed: false" in folder("apply", status=1)
    assert "nothing was kept" in folder("back", status=1)
    folder.changes("needs no-such-program 'install it'", "file new HOST/file 600")
    assert "would write" in folder(status=1)
    assert "no-such-program is not here: first install it, or" in folder("apply", status=1)
    assert not (folder.host / "file").exists()
