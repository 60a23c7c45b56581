"""What an auditor misses who is no more than a member of the docker group, as docs/permissions.md says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import PROBES, Facts
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests import REPOSITORY
from selftests.kit.judging import controls, facts_of_engine, facts_of_user, judged, numbers

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

GROUP = 54_321
NOBODY = 65_534


def _names() -> list[str]:
    """Each control by its CIS number, or else its id."""
    return [next(iter(numbers(control)), control.__name__.removeprefix("test_")) for control in controls()]


def _errors(facts: Facts) -> set[str]:
    found = set()
    for name in _names():
        try:
            if "error" in {verdict for verdict, _ in judged(name, facts).values()}:
                found.add(name)
        except EvidenceError:
            found.add(name)
        except NotApplicable:
            pass
    return found


def _rows() -> list[set[str]]:
    """The controls in each row of the page's table; `1.1.3 to 1.1.18` are all between these too."""
    page = (REPOSITORY / "docs/permissions.md").read_text(encoding="utf-8")
    table = page.partition("## What a member of the docker group misses")[2].partition("\n## ")[0]
    cells = [line.split("|")[3] for line in table.splitlines() if line.startswith("| ")][1:]
    rows = []
    for cell in cells:
        names = set(re.findall(r"\d[\d.]+\d|[a-z]+_[a-z_]+", cell))
        for stem, first, last in re.findall(r"([\d.]+\.)(\d+) to \1(\d+)", cell):
            names |= {f"{stem}{number}" for number in range(int(first), int(last) + 1)}
        rows.append(names)
    return rows


def test_table_of_what_a_member_of_the_docker_group_misses(engine: EngineFactory) -> None:
    """Every control that root alone can judge is in the table, and no row is there without a reason."""
    one = engine(fresh=True)
    one.run("web", "--cap-drop", "ALL")
    one.socket.chmod(0o660)
    os.chown(one.socket, 0, GROUP)
    missed = _errors(facts_of_user(one.socket, NOBODY, GROUP)) - _errors(facts_of_engine(one.socket))
    rows = _rows()
    assert rows
    assert missed - set().union(*rows) == set()
    assert all(row & missed for row in rows)
    assert set().union(*rows) <= set(_names())
    assert 25 <= len([name for name in missed if name[0].isdigit()]) <= 35


# ---- by probe

ANY, ENGINE, ROOT = "any user", "may use the engine", "root"


def _rights() -> dict[str, str]:
    """What the page's table says that each probe needs."""
    page = (REPOSITORY / "docs/permissions.md").read_text(encoding="utf-8")
    table = page.partition("## What each probe needs")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) == len({name for name, _ in rows})
    return {name.strip().strip("`"): right.strip() for name, right in rows}


def _lost(asked: Facts, wanted: dict[str, set[str]]) -> set[str]:
    """The probes whose answer does not have all of these lines."""
    return {name for name, lines in wanted.items() if lines - _lines(asked, name)}


def _lines(asked: Facts, name: str) -> set[str]:
    answer = asked.recording.answers[name]
    told = {line for line in answer.stdout.splitlines() if not re.fullmatch(r"\d+|end .*", line)}
    return {f"exit status {answer.status}", *told}


def test_table_of_what_each_probe_needs(engine: EngineFactory) -> None:
    """What a stranger or a member of the group is not told, the table says; each of its words is true of some probe."""
    one = engine(fresh=True)
    one.run("web", "--cap-drop", "ALL")
    one.socket.chmod(0o660)
    os.chown(one.socket, 0, GROUP)
    before = facts_of_user(one.socket, 0, 0)
    member = facts_of_user(one.socket, NOBODY, GROUP)
    stranger = facts_of_user(one.socket, NOBODY, NOBODY)
    after = facts_of_user(one.socket, 0, 0)  # processes and engines of others come and go
    names = [each.name for each in PROBES]
    stable = {name: _lines(before, name) & _lines(after, name) for name in names}
    missed, closed = _lost(member, stable), _lost(stranger, stable)
    rights = _rights()
    assert set(rights) == set(names)
    assert {name for name in missed if rights[name] != ROOT} == set()
    assert {name for name in closed if rights[name] == ANY} == set()
    assert {name for name in names if rights[name] == ROOT} & missed
