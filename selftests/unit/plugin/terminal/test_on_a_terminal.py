"""What a person sees of a run on a terminal, and what a file or a pipe gets of it."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.recording import Recording
from selftests import REPOSITORY
from selftests.kit.projects import EVERY_VERDICT, careless, empty, site
from selftests.kit.running import Project, hullcheck
from selftests.unit.plugin.terminal.screens import audit_on_terminal

OTHER = """
import pytest

def test_of_the_user():
    wanted = 7
    assert wanted == 8

@pytest.mark.skip(reason="not on this machine")
def test_that_is_skipped():
    pass
"""


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_audit_is_one_screen(tmp_path: Path, columns: int, rows: int) -> None:
    """Nothing of pytest; verdicts, the worst failures, what to fix first, the page, and the next command."""
    seen = audit_on_terminal("--demo", cwd=tmp_path, columns=columns, rows=rows)
    assert seen.status == 0
    assert rows - 3 <= len(seen.lines) < rows, "\n".join(seen.lines)
    head, worst, best, first, *_ = seen.lines
    assert head == "judged 180 of 198 controls that apply, on 2 targets"
    assert worst == "careless  58 fail, 11 manual, 26 pass, 23 n/a; baseline 37 %, cis 30 %"
    assert best.startswith("hardened  ")
    assert first.startswith("critical  CIS 2.8    careless takes commands on [::]:2375 (listening) without")
    number = next(number for number, line in enumerate(seen.lines) if line.startswith("... and "))
    more, manual, fix, *rest = seen.lines[number:]
    assert more.endswith(" 13 low: `--all` shows them, or see the page")
    assert manual == "manual checks: 11 different ones; `--all` lists them"
    assert fix.startswith("fix first  23 controls: how 4 containers are started (agent, ")
    assert "".join(rest[4:-2]) == f"page: file://{(tmp_path / 'reports/latest').resolve()}/audit.html"
    assert rest[-2:] == [
        "next: hullcheck remedy, or hullcheck explain 2.8",
        "A demonstration ends with status 0; an audit of such hosts ends with 1.",
    ]
    assert b"\rgathering 2 of 2 targets, " in seen.raw
    assert b"\rjudging 118 controls on 2 targets, 50 % " in seen.raw
    for color, text in ((31, b"58 fail"), (33, b"11 manual"), (32, b"26 pass")):
        assert b"\x1b[%dm%b" % (color, text) in seen.raw


def test_all_findings(tmp_path: Path) -> None:
    """With --all each failure has a line, and each cause of manual checks, whatever the terminal holds."""
    lines = audit_on_terminal("--demo", "--all", cwd=tmp_path).lines
    words = Counter(line.partition(" ")[0] for line in lines)
    assert [words[each] for each in ("critical", "high", "medium", "low", "manual", "...")] == [5, 11, 17, 13, 11, 0]
    assert [line for line in lines if line.startswith("manual    CIS 4.10 and 3 more  careless: agent:latest: ")]


def test_second_run_says_what_changed(tmp_path: Path) -> None:
    """New and gone failures, by number and subject; a single control says nothing of the others."""
    project = site(tmp_path)
    host = careless(project)
    assert not project.pytest("-m", "cis", "--hosts", host).lines("findings since ")
    time.sleep(1)  # the names of runs tell the second in which they began
    run = project.pytest("-m", "cis", "--hosts", host)
    assert [re.sub(r"20\S+ \S+ UTC", "THEN", each) for each in run.lines("findings since ")] == [
        "findings since THEN: 0 new, 0 gone, 1 as before"
    ]
    assert run.results["since"]["still"] == 1


def test_rights_are_said(tmp_path: Path) -> None:
    """What a user who is not root does not see is said once, and nothing of root."""
    answers = Recording.load(REPOSITORY / "inventories/demo/careless", ()).answers
    host = answers["host"]
    as_user = replace(host, stdout=host.stdout.replace("--auditor\n0\n", "--auditor\n65534\n"))
    project = Project(tmp_path)
    hosts = [project.recorded("web1", *answers.values())]
    hosts += [project.recorded(name, *(answers | {"host": as_user}).values()) for name in ("web2", "web3")]
    run = project.pytest("-m", "cis", "-k", "privileged", f"--hosts={','.join(hosts)}")
    (said,) = run.lines(": asked as ")
    assert said.startswith("  web2, web3: asked as nobody: files, ")
    assert said.endswith("; record it as root")


def test_pipe(tmp_path: Path) -> None:
    """It gets one line before the end, nothing that is drawn over it, and colours only on demand."""
    host = careless(site(tmp_path))
    lines = hullcheck("audit", "--hosts", host, "-n2", cwd=tmp_path).stdout.splitlines()
    assert lines[0] == "auditing 118 controls on 1 target"
    assert lines[1].startswith("judged ")
    assert not [line for line in lines if "\x1b" in line or "\r" in line]
    assert "\x1b[31m" in hullcheck("audit", "--hosts", host, cwd=tmp_path, FORCE_COLOR="1").stdout


def test_quiet(tmp_path: Path) -> None:
    """With -q there is a line for each target; with --nagios the line of testinfra is the first."""
    done = hullcheck("audit", "--demo", "-q", cwd=tmp_path)
    assert [each.partition(" ")[0] for each in done.stdout.splitlines()] == ["careless", "hardened"]
    done = hullcheck("audit", "--demo", "--nagios", cwd=tmp_path)
    assert done.stdout.startswith("TESTINFRA CRITICAL - 122 passed, 58 failed, 56 skipped in ")


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
