"""The profile docker-default in the kernel, and what the program of the engine would write today."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.containers.privileges.apparmor import (
    APPARMOR,
    SiteProfiles,
    default_profile,
    site_profiles,
)
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.needs import need

PROGRAM = "program:7 2026-05-01 10:00:00.0 +0000"
OLD, NEW = "loaded:2026-04-01 10:00:00.0 +0000", "loaded:2026-05-01 10:00:01.0 +0000"


def doubt(*lines: str) -> str:
    """What is doubted of the profile, where the probe says this and the daemon is process 7."""
    answer = Answer(APPARMOR.name, 0, APPARMOR.keep("\n".join(lines)), "")
    daemon: Any = SimpleNamespace(get=lambda: SimpleNamespace(pid=7))
    function: Any = default_profile
    found = function(Recording("host", "local", {answer.name: answer}), daemon)
    return str(found.doubt)


def test_profile_that_is_older_than_the_program() -> None:
    """It counts where the program would write one that denies more, and does not load its own at each start."""
    assert doubt(PROGRAM, OLD) == ""
    assert doubt(PROGRAM, "denies:7", NEW) == ""
    assert doubt(PROGRAM, "denies:7", "reloads:7", OLD) == ""
    assert "was loaded on 2026-04-01, before the engine's program of 2026-05-01" in doubt(
        PROGRAM, "denies:7", OLD
    )
    assert doubt(PROGRAM, "denies:7", NEW, OLD) != ""  # of two the older one may be that of the containers
    assert "could not be read" in doubt(PROGRAM, "denies:7")
    assert doubt(PROGRAM, "denies:8", OLD) == ""


def test_program_that_was_not_seen() -> None:
    """Nothing is known then."""
    with pytest.raises(EvidenceError):
        doubt("program:8 2026-05-01 10:00:00.0 +0000", NEW)


SITE = """\
own:wide attach_disconnected
rule:wide file,
rule:wide capability,
rule:wide mount,
own:files -
rule:files /** rwlkm,
own:half attach_disconnected,mediate_deleted
rule:half file,
rule:half capability,
rule:half mount,
rule:half deny /proc/sys/** w,
own:narrow -
own:open default_allow
own:every -
rule:every allow all,
own:held -
rule:held all,
rule:held deny mount,
asked:
"""


def weakness(name: str, said: str = SITE) -> tuple[str, bool]:
    """What may be weak of a profile, where the probe says this."""
    answer = Answer(APPARMOR.name, 0, APPARMOR.keep(said), "")
    function: Any = site_profiles
    found: SiteProfiles = function(Recording("host", "local", {answer.name: answer}))
    return found.weakness(name)


@pytest.mark.parametrize(
    ("name", "words", "sure"),
    [
        ("wide", "allows every capability, every file, every mount, and denies nothing", True),
        ("files", "allows every file, and denies nothing", False),
        ("half", "", False),
        ("narrow", "", False),
        ("open", "allows all that it does not deny", True),
        ("every", "allows all that it does not deny", True),
        ("held", "allows all that it does not deny", False),
        ("other", "is in no file of /etc/apparmor.d", False),
    ],
)
def test_profile_of_the_site(name: str, words: str, sure: bool) -> None:
    """One that denies nothing confines nothing; one that is in no file nobody knows."""
    reason, certain = weakness(name)
    assert (words in reason, bool(reason), certain) == (True, bool(words), sure)


def test_profile_that_was_not_asked_for() -> None:
    """An empty answer does not tell, nor does one with a line that is not understood."""
    with pytest.raises(EvidenceError, match="was not asked"):
        weakness("wide", "")
    with pytest.raises(EvidenceError, match="not understood"):
        weakness("wide", f"{SITE}what:x\n")


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")])
def test_what_the_probe_reads_of_profiles(tmp_path: Path, shell: tuple[str, ...]) -> None:
    """Wide rules of the profile itself, not of one inside it, and what it denies; comments are none."""
    need(shell[0])
    (tmp_path / "containers").mkdir()
    (tmp_path / "web").write_text(
        "#include <tunables/global>\nprofile web flags=(attach_disconnected, complain) {\n"
        "  #include <abstractions/base>\n  file,\n  capability, # all\n  # mount,\n  audit deny /proc/sys/** w,\n"
        "  profile child {\n    all,\n  }\n}\n/usr/bin/x {\n  /etc/** r,\n}\n"
    )
    (tmp_path / "containers/db").write_text('profile "db" {\n  allow all,\n}\n')
    script = APPARMOR.script.replace("/etc/apparmor.d/", f"{tmp_path}/")
    script = script.replace("/sys/module/apparmor/parameters/enabled", str(tmp_path / "on"))
    (tmp_path / "on").write_text("Y\n")
    done = subprocess.run([*shell], input=f"daemons=\n{script}", capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("own:", "rule:", "asked:"))]
    assert lines == [
        "own:web attach_disconnected,complain",
        "rule:web file,",
        "rule:web capability,",
        "rule:web audit deny /proc/sys/** w,",
        "own:/usr/bin/x -",
        "own:db -",
        "rule:db allow all,",
        "asked:",
    ]
