"""Which files cron heeds: a name that a schedule does not take is no job."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import hullcheck.recording

HELPER = Path(hullcheck.recording.__file__).parent / "shell" / "cron_files.sh"
LINE = "0 3 * * * root /opt/x\n"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host with tables and scripts."""
    parts = "".join(
        f"@daily root run-parts {tmp_path}/etc/{each}\n" for each in ("cron.daily", "periodic/15min")
    )
    tables = {
        "crontab": LINE + parts,
        "cron.d/good": LINE,
        "cron.d/old.bak": LINE,
        "cron.d/cut-off": LINE.strip(),
    }
    scripts = (
        *("cron.daily/good", "cron.daily/good.sh", "cron.daily/spare~", "cron.weekly/good"),
        "periodic/15min/good",
    )
    for name, text in {**tables, **dict.fromkeys((*scripts, "cron.daily/not-run"), "#!/bin/sh\n")}.items():
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if name in scripts else 0o644)
    return tmp_path


def heeded(host: Path, function: str, run_parts: str = "") -> set[str]:
    """The names of the files, on a host with such a run-parts."""
    tools = host / "tools"
    tools.mkdir()
    if run_parts:
        (tools / "run-parts").write_text(run_parts)
        (tools / "run-parts").chmod(0o755)
    for name in ("find", "grep", "head", "tail", "tr", "xargs"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    script = HELPER.read_text().replace("/etc/", f"{host}/etc/").replace("/var/spool/", f"{host}/spool/")
    script = script.replace("-user 0", f"-user {os.getuid()}")
    done = subprocess.run(
        ["/bin/sh", "-c", f"{script}\n{function}"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": str(tools)},
    )
    assert not done.stderr
    return {str(Path(line).relative_to(host / "etc")) for line in done.stdout.splitlines()}


def test_tables(host: Path) -> None:
    """Where it is not Debian's, a name may have a dot, and a last line no end."""
    assert heeded(host, "cron_tables") == {"crontab", "cron.d/good", "cron.d/old.bak", "cron.d/cut-off"}


def test_tables_of_debian(host: Path) -> None:
    """Its cron leaves both out."""
    (host / "etc" / "debian_version").write_text("13\n")
    assert heeded(host, "cron_tables") == {"crontab", "cron.d/good"}


@pytest.mark.parametrize(("mode", "taken"), [(0o644, True), (0o600, True), (0o664, False), (0o646, False)])
def test_table_that_others_may_write(host: Path, mode: int, taken: bool) -> None:
    """No cron takes it (INSECURE MODE, BAD FILE MODE)."""
    (host / "etc" / "cron.d" / "good").chmod(mode)
    assert ("cron.d/good" in heeded(host, "cron_tables")) is taken


def test_table_of_somebody_else(host: Path) -> None:
    """In /etc it has to be root's (WRONG FILE OWNER)."""
    if os.getuid():
        pytest.skip("root alone gives files away")
    os.chown(host / "etc" / "cron.d" / "good", 12345, 0)
    assert "cron.d/good" not in heeded(host, "cron_tables")


@pytest.mark.parametrize(("run_parts", "dots"), [("\x7fELF", False), ("#!/bin/bash\n", True), ("", True)])
def test_scripts(host: Path, run_parts: str, dots: bool) -> None:
    """That of Debian or busybox leaves out names with a dot; none takes what may not be run, or lies elsewhere."""
    expected = {"cron.daily/good", "periodic/15min/good"}
    assert heeded(host, "cron_scripts", run_parts) == expected | ({"cron.daily/good.sh"} if dots else set())


@pytest.mark.parametrize(
    ("line", "heeds"),
    [
        ("@daily root run-parts {}/etc/cron.daily", True),
        ("7 3 * * * root cd / && run-parts --report {}/etc/cron.daily", True),
        ("*/15 * * * * root /usr/lib/cron/run-crons", True),
        ("# 7 3 * * * root run-parts {}/etc/cron.daily", False),
        ("7 3 * * * root run-parts {}/etc/cron.hourly", False),
        ("", False),
    ],
)
def test_folder_that_nothing_goes_through(host: Path, line: str, heeds: bool) -> None:
    """Its scripts are started by a line of a table, and by no cron of its own accord."""
    (host / "etc" / "crontab").write_text(f"{line.format(host)}\n")
    assert ("cron.daily/good" in heeded(host, "cron_scripts")) is heeds


@pytest.mark.parametrize(
    ("name", "space", "runs"), [("cron", 1, True), ("crond", 1, True), ("crond", 2, False), ("sh", 1, False)]
)
def test_cron_that_runs(tmp_path: Path, name: str, space: int, runs: bool) -> None:
    """One in a container has another namespace of processes than the first process, and heeds other files."""
    for number, comm, own in ((1, "systemd", 1), (7, name, space)):
        (tmp_path / f"{number}/ns").mkdir(parents=True)
        (tmp_path / f"{number}/comm").write_text(f"{comm}\n")
        (tmp_path / f"{number}/ns/pid").symlink_to(f"pid:[{own}]")
    script = HELPER.read_text().replace("/proc/", f"{tmp_path}/")
    done = subprocess.run(
        ["/bin/sh", "-c", f"systemctl() {{ return 1; }}\n{script}\ncron_runs"],
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0, done.stderr) == (runs, b"")
