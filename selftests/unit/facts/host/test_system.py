"""What a host says of itself: its time, its name, its units, and signs of an engine; what of it is kept."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.host.packages import PACKAGES
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.system import HOST, clock, kernel, machine_id, os_name
from hullcheck.facts.host.units import UNITS
from hullcheck.parsing.times import Times
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.hosts import target
from selftests.needs import need


def test_clock_is_that_of_the_recording() -> None:
    """Both clocks are known where it was gathered; without a time nothing can be judged by one."""
    found = clock(Recording("host", "local", {}, gathered=100.0, asked=90.0))
    assert (found.now, found.times) == (100, Times(90, 100))
    with pytest.raises(EvidenceError, match="has no time"):
        clock(Recording("host", "local", {}))


@pytest.mark.parametrize(
    ("lines", "name"), [(("NAME=a", "PRETTY_NAME='A = 1'"), "A = 1"), (("NAME=a", "ID=b"), "a"), (("ID=b",), "")]
)
def test_name_of_the_system(lines: tuple[str, ...], name: str) -> None:
    """As it calls itself; nothing where it does not, or did not answer."""
    files = "\n".join(f"/etc/os-release:{line}" for line in lines)
    assert os_name(target(host={"files": files}).recording) == name
    assert os_name(Recording("local", "local", {"host": Answer("host", 1, "", "")})) == ""


def test_number_of_the_machine() -> None:
    """Of either file, and nothing else that such a file or os-release holds."""
    files = f"/etc/machine-id:x=geheim\n/etc/os-release:SECRET=geheim\n/var/lib/dbus/machine-id:{'0' * 32}"
    recording = target(host={"files": files}).recording
    assert machine_id(recording) == "0" * 32
    assert "geheim" not in recording.answers["host"].stdout


def test_values_of_the_kernel() -> None:
    """The lower limit of processes counts; a value that could not be read is an error that names it."""
    files = "/proc/sys/kernel/pid_max:7\n/proc/sys/kernel/threads-max:5"
    assert kernel(target(host={"files": files}).recording).most_processes == 5
    with pytest.raises(EvidenceError, match=r"^/proc/sys/kernel/pid_max could not be read$"):
        _ = kernel(target().recording).most_processes


def test_signs_of_an_engine() -> None:
    """Commands by their names, sockets by their paths, and processes of this machine by their numbers."""
    text = "command docker /usr/my bin/docker\nsocket /run/docker.sock\nprocess 7"
    for more, pids in (("", (7,)), ("\nforeign", ())):
        found = Presence.of(target(host={"presence": text + more}).recording)
        assert found == Presence(("docker",), ("/run/docker.sock",), pids, "/usr/my bin/docker")


def test_what_is_kept_of_settings() -> None:
    """The lines that set what is judged, by one name."""
    text = "/etc/sysctl.d/a.conf:- fs/suid_dumpable = 0\n/etc/sysctl.d/a.conf:kernel.secret=1\nunread:/x"
    assert HOST.keep(f"--sysctl\n{text}\n--end\n") == (
        "--sysctl\nunread:/x\n/etc/sysctl.d/a.conf:fs.suid_dumpable=0\n--end\n"
    )


LINK, LATER = "lrwxrwxrwx 1 0 0 20 Nov 1 10:00 /etc/systemd/system", "/run/systemd/generator.late"


def test_what_is_kept_of_units() -> None:
    """Names and ports; of links the own timers, instances of templates and scripts of System V."""
    text = f"""running:ssh.service loaded active running x
enabled:docker.socket enabled -
socket:[::]:22 Stream ssh.socket ssh.service
socket:/run/x Stream x.socket x.service
{LINK}/timers.target.wants/own.timer -> /etc/systemd/system/own.timer
{LINK}/timers.target.wants/apt.timer -> /usr/lib/systemd/system/apt.timer
{LINK}/multi-user.target.wants/vpn@a.service -> /usr/lib/systemd/system/vpn@.service
{LINK}/multi-user.target.wants/cron.service -> /usr/lib/systemd/system/cron.service
lrwxrwxrwx 1 0 0 20 Nov 1 10:00 {LATER}/multi-user.target.wants/old.service -> ../old.service"""
    names = "running:ssh.service enabled:docker.socket socket:S22,ssh.socket enabled:own.timer"
    kept = f"{names} enabled:vpn@a.service enabled:old.service".replace(" ", "\n").replace(",", " ")
    assert UNITS.keep(f"--systemd\n{text}\n--end\n") == f"--systemd\n{kept}\n--end\n"


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_programs_in_usual_folders(shell: tuple[str, ...], tmp_path: Path) -> None:
    """A name may tell machine and version; what lies deeper, is no program or is called a little like one is none."""
    need(shell[0])
    names = {"gnu/bin/x86_64-linux-gnu-gcc-12", "cuda/bin/nvcc", "google/chrome/chrome", "gnu/bin/ld.gold"}
    for each in (*names, "gnu/bin/protoc-gen-go", "gnu/bin/ld.so", "gnu/bin/make-cert", "a/b/c/d/gcc"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_text("")
        (tmp_path / each).chmod(0o755)
    (tmp_path / "gnu/bin/clang").write_text("")  # not to be run
    script = PACKAGES.script.replace("/opt/", f"{tmp_path}/")
    given = {**os.environ, "line_feed": "\n"}
    said = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=False, env=given)
    lines = said.stdout.split("\n")
    assert {line.removeprefix(f"{tmp_path}/") for line in lines if str(tmp_path) in line} == names
