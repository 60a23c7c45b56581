"""An engine without a daemon: what speaks of one does not apply, and of containers it is not known."""

from __future__ import annotations

from pathlib import Path

from selftests.kit.running import PRESENT, Project, containers, info

CONTROLS = '''
def test_sockets(engine_sockets):
    """It speaks of the daemon."""


def test_mounts(container, daemon_mounts):
    """It speaks of containers, by what the daemon sees."""


def test_settings(daemon, container):
    """It speaks of both."""
'''


def test_facts_that_cannot_be_made(tmp_path: Path) -> None:
    """Which of the two a control speaks of, its arguments tell."""
    project = Project(tmp_path, {"test_site.py": CONTROLS})
    web = {"Name": "/web", "HostConfig": {"Privileged": False}}
    host = project.recorded("web1", PRESENT, info(ServerVersion="5.4.2"), containers(web))
    run = project.pytest("-v", f"--hosts={host}")
    assert run.lines("web1  1 error, 1 pass, 1 not applicable"), run.output
    assert run.lines("not applicable: engine 5.4.2 is Podman"), run.output
