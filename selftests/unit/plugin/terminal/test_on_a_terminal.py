"""What a person sees of a run on a terminal, and what a file or a pipe gets of it."""

from __future__ import annotations

import re
import time
from pathlib import Path

from msgspec.structs import replace

from hullcheck.recording import Recording
from selftests import REPOSITORY
from selftests.kit.projects import EVERY_VERDICT, careless, empty, site
from selftests.kit.running import Project
from selftests.unit.plugin.terminal.screens import pytest_on_terminal

DEMO = ("-m", "cis", "--inventory=inventories/demo.yml")
OTHER = """
import pytest

def test_of_the_user():
    wanted = 7
    assert wanted == 8

@pytest.mark.skip(reason="not on this machine")
def test_that_is_skipped():
    pass
"""


def test_end_of_a_run_is_one_screen(tmp_path: Path) -> None:
    """At 100 columns and 25 lines: verdicts, the worst failures with their remedies, what to fix first, the page."""
    seen = pytest_on_terminal(*DEMO, f"--reports={tmp_path}", cwd=REPOSITORY)
    assert seen.status == 1
    end = [line for line in seen.end if line]
    assert [line for line in end if line.startswith("results: ")]
    assert len(end) <= 25, "\n".join(end)
    assert end[1] == "hardened  7 manual, 96 pass, 15 not applicable; baseline 100 %, cis 100 %"
    assert end[2].startswith("careless  58 fail, ")
    assert re.fullmatch(r"critical  CIS 2\.8 +careless takes commands on \[::\]:2375 \(listening\) without TLS", end[3])
    assert re.match(r" {20,21}remove the TCP address from `hosts`", end[4])
    assert any(line.startswith("... and 1") and "or add -v" in line for line in end)
    assert any(line.startswith("fix first  23 controls: how 4 containers are started (agent, ") for line in end)
    (page,) = (line for line in end if line.startswith("page: "))
    folder = (tmp_path / "latest").resolve()
    assert f"file://{folder}/audit.html".startswith(page.removeprefix("page: "))
    assert "FAILURES" not in "".join(seen.lines)
    assert not [line for line in seen.lines if line.startswith(("FAILED", "SKIPPED", "ERROR"))]
    assert [line for line in seen.lines if "athered" in line] == [
        next(line for line in seen.lines if re.fullmatch(r"gathered 2 targets in \d+\.\d s", line))
    ]
    assert b"gathering: 0 of 2 targets" in seen.raw
    assert not [line for line in seen.lines if "gathering: " in line], "it is gone when all is gathered"


def test_second_run_says_what_changed(tmp_path: Path) -> None:
    """New and gone failures, by number and subject; a single control says nothing of the others."""
    project = site(tmp_path)
    host = careless(project)
    assert not project.pytest("-m", "cis", "--hosts", host).lines("since ")
    time.sleep(1)  # the names of runs tell the second in which they began
    run = project.pytest("-m", "cis", "--hosts", host)
    assert [re.sub(r"20\S+ \S+ UTC", "THEN", each) for each in run.lines("since ")] == [
        "since THEN: 0 new, 0 gone, 1 as before"
    ]
    assert run.results["since"]["still"] == 1


def test_rights_are_said_before_anything_is_judged(tmp_path: Path) -> None:
    """A line for each user: as whom targets were asked, and what that user does not see."""
    answers = Recording.load(REPOSITORY / "inventories/demo/careless", ()).answers
    host = answers["host"]
    as_user = replace(host, stdout=host.stdout.replace("--auditor\n0\n", "--auditor\n65534\n"))
    project = Project(tmp_path)
    hosts = [project.recorded(name, *answers.values()) for name in ("web1", "web2")]
    hosts.append(project.recorded("web3", *(answers | {"host": as_user}).values()))
    run = project.pytest("-m", "cis", "-k", "privileged", f"--hosts={','.join(hosts)}")
    lines = run.output.splitlines()
    (root,) = run.lines("web1, web2: as root")
    (user,) = run.lines("web3: as nobody, not root, may use the engine: files, ")
    first = next(number for number, line in enumerate(lines) if "tests/test_" in line)
    assert user.endswith(": ask again as root")
    assert lines.index(root) < lines.index(user) < first


def test_pipe_gets_colours_only_on_demand(tmp_path: Path) -> None:
    """FORCE_COLOR is such a demand; nothing is drawn over what is no terminal."""
    project = site(tmp_path)
    host = careless(project)
    said = project.pytest("-m", "cis", "--hosts", host).output
    assert "\x1b" not in said
    assert "\r" not in said
    project.environment = {"FORCE_COLOR": "1"}
    assert "\x1b[31m" in project.pytest("-m", "cis", "--hosts", host).output


def test_what_others_find_stays_in_pytests_lists(tmp_path: Path) -> None:
    """A user's own test keeps its block, its line and its reason; a control that is broken keeps its block, too."""
    project = site(tmp_path, EVERY_VERDICT)
    project.write("tests/test_other.py", OTHER)
    run = project.pytest("--hosts", empty(project))
    assert run.lines("assert 7 == 8")
    assert run.lines("FAILED tests/test_other.py::test_of_the_user")
    assert run.lines("not on this machine")
    assert run.lines("error: the control broke: KeyError")
    assert run.lines("ERROR tests/test_site.py::test_is_broken")
    assert not run.lines("FAILED tests/test_site.py")
    assert not run.lines("not applicable: no swarm")
    assert run.lines("3 failed, 2 passed, 4 skipped, 4 errors"), run.output
