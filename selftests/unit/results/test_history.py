"""What changed since the last run of the same targets, and how many findings failed in each of the last runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.cli import main
from hullcheck.results import (
    Audit,
    AuditedTarget,
    Change,
    Changes,
    Control,
    Finding,
    Moment,
    Result,
    Run,
    SwitchedOff,
)
from hullcheck.results.document import document_of
from hullcheck.results.history import compare, since_last_run, together, trend
from hullcheck.verdicts import Verdict, worst

PASS, FAIL, ERROR, MANUAL = Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL
WAIVED = Verdict.WAIVED


def result(control: str = "memory", target: str = "a", **findings: Verdict) -> Result:
    """A result whose subjects are containers, or the target where they are called so."""
    found = tuple(
        Finding("target" if name == target else "container", name, verdict, f"{name} is {verdict}")
        for name, verdict in findings.items()
    )
    return Result(control, target, worst(findings.values()), "", found)


def audit(name: str, *results: Result, connect: str = "ssh://a") -> Audit:
    """The run of this name with these results."""
    targets = [AuditedTarget(each, connect, "host", "", "") for each in dict.fromkeys(r.target for r in results)]
    controls = [Control(each, "", "low", "", "", {}) for each in dict.fromkeys(r.control for r in results)]
    day = f"{name[:4]}-{name[4:6]}-{name[6:8]}T00:00:01Z"
    return Audit(Run(name, day, day, "1", (), 1), tuple(targets), tuple(controls), results)


def names(changes: Changes | None) -> tuple[set[str], set[str], int]:
    """The subjects that are new and gone, and how many fail as before."""
    assert changes is not None
    return {each.subject for each in changes.new}, {each.subject for each in changes.gone}, changes.still


@pytest.mark.parametrize(
    ("before", "now", "new", "gone", "still"),
    [
        (
            {"web": FAIL, "db": FAIL, "old": FAIL, "cache": PASS},
            {"web": FAIL, "db": PASS, "cache": FAIL, "added": FAIL},
            {"cache", "added"},
            {"db", "old"},
            1,
        ),
        # a subject that could not be judged did not change
        ({"web": FAIL, "db": FAIL}, {"web": ERROR, "db": PASS}, set(), {"db"}, 0),
        ({"web": MANUAL, "db": PASS}, {"web": FAIL, "db": FAIL}, {"db"}, set(), 0),
        # nor did containers that could not be listed
        ({"web": FAIL}, {"a": ERROR}, set(), set(), 0),
        ({"a": MANUAL}, {"web": FAIL}, set(), set(), 0),
        # a waiver mends nothing; what fails when it has ended is new
        ({"web": FAIL}, {"web": WAIVED}, set(), set(), 0),
        ({"web": WAIVED}, {"web": FAIL}, {"web"}, set(), 0),
    ],
)
def test_subjects_are_compared_one_by_one(
    before: dict[str, Verdict], now: dict[str, Verdict], new: set[str], gone: set[str], still: int
) -> None:
    """What fails newly, what was mended or is no longer there, and what stays as it was."""
    changes = compare(*(audit("", result(**each)) for each in (before, now)))
    assert names(changes) == (new, gone, still)
    assert changes.compared == ("a" not in {**before, **now})
    off = replace(result(**now), switched_off=SwitchedOff("site.yml:1", "why", FAIL))
    assert compare(audit("", result(**before)), audit("", off)).compared == 0


def test_changes_of_a_control_are_one_group() -> None:
    """With its targets, if it changed alike on them, and the usual reason."""
    changes = [
        Change("c", target, "container", name, "swims" if name == "odd" else "flies")
        for target in ("web1", "web2")
        for name in ("one", "two", "odd")
    ]
    alone = Change("c", "web3", "target", "web3", "flies")
    first, second = together([*changes, alone, replace(alone, control="d")])[:2]
    assert (first.targets, first.subjects, first.others) == (("web1", "web2"), ("one", "two"), ("odd",))
    assert (first.reason, first.findings, second.targets, second.subjects) == ("flies", 6, ("web3",), ())


# ---- runs in a folder


RunMaker = Callable[..., Audit]


@pytest.fixture
def run(tmp_path: Path) -> RunMaker:
    """Leaves the results of the run of a day, with what changed since the last one."""

    def leave(day: int, *results: Result, connect: str = "ssh://a", limit: str = "") -> Audit:
        one = audit(f"2026{1 + day // 28:02}{1 + day % 28:02}T000000Z-00ff", *results, connect=connect)
        one = replace(one, run=replace(one.run, limits={"image": (limit,)} if limit else {}))
        folder = tmp_path / one.run.id
        for each in one.targets:
            (folder / each.name).mkdir(parents=True)
        whole = replace(one, since=since_last_run(one, folder))
        (folder / "results.json").write_text(json.dumps(document_of(whole)))
        return whole

    return leave


def test_newest_earlier_run_counts(run: RunMaker, tmp_path: Path) -> None:
    """Not one of other targets, addresses or limits, nor one that is damaged, nor one that began later."""
    run(9, result(web=PASS))
    run(0, result(web=FAIL))
    second = run(1, result(web=FAIL, db=FAIL))
    run(2, result(target="b", web=PASS))
    run(3, result(web=PASS), result(target="b", web=PASS))
    assert run(4, result(web=PASS), connect="ssh://other").since is None
    damaged = tmp_path / run(5, result(web=PASS)).run.id
    (damaged / "results.json").write_text('{"schema": "hullcheck/results/1"}')
    (tmp_path / "20260107T000000Z-zzzz/a").mkdir(parents=True)
    found = run(8, result(web=PASS)).since
    assert found is not None
    assert (found.run, found.finished) == (second.run.id, "2026-01-02T00:00:01Z")
    assert names(found) == (set(), {"web", "db"}, 0)
    assert run(10, result(web=PASS), limit="web*").since is None


def test_run_that_judged_little_is_passed_over(run: RunMaker) -> None:
    """The newest that judged the same counts before one of a single control; else the one that judged most."""
    both = result(web=FAIL), result("cpu", web=FAIL)
    first = run(0, *both)
    run(1, both[0])
    for day, results in ((2, both), (3, (*both, result("new", web=FAIL)))):
        found = run(day, *results).since
        assert found is not None
        assert found.compared == 2
    assert first.since is None
    assert run(4, result("another", web=FAIL)).since is None


def test_numbers_are_handed_on(run: RunMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each run has those of the runs before, but not without end; `hullcheck report --history` shows a row for each."""
    first = run(0, result(web=FAIL, db=FAIL, ok=PASS), result("cpu", a=ERROR))
    second = run(1, result(web=FAIL), result("cpu", a=PASS))
    assert trend(second) == (
        Moment(first.run.id, first.run.finished, {"low": 2}, 1),
        Moment(second.run.id, second.run.finished, {"low": 1}, 0),
    )
    (tmp_path / "20270101T000000Z-0000").mkdir()  # a run that was ended
    assert main(["report", "--history", str(tmp_path)]) == 0
    rows = [each.split()[2:] for each in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [
        ["1", "0", "0", "0", "2", "1", "2", "#" * 30],
        ["1", "0", "0", "0", "1", "0", "1", "#" * 15],
    ]
    assert main(["report", "--history", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    assert [each["failed"] for each in found] == [{"low": 2}, {"low": 1}]
    assert main(["report", "--history", str(tmp_path), "--prometheus"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'hullcheck_history_failed{severity="low"} 2 1767225601' in lines
    assert lines[-1] == "# EOF"
    assert (
        main(["report", "--history", str(tmp_path / "nowhere")])
        == main(["report", "--history", str(tmp_path / first.run.id)])
        == 2
    )
    last = [run(day, result(web=FAIL)) for day in range(2, 70)][-1]
    assert len(trend(last)) == 61
