"""What changed since the last run of the same targets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.results import (
    Audit,
    AuditedTarget,
    Change,
    Changes,
    Control,
    Finding,
    Result,
    Run,
)
from hullcheck.results.document import document_of
from hullcheck.results.history import compare, since_last_run
from hullcheck.verdicts import Verdict

PASS, FAIL, ERROR, MANUAL = Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.MANUAL
WAIVED, ATTESTED, NOTHING = Verdict.WAIVED, Verdict.ATTESTED, Verdict.NOT_APPLICABLE


def result(*findings: tuple[str, Verdict], control: str = "memory", target: str = "a") -> Result:
    """A result whose subjects are containers, or the target where they are called so."""
    found = tuple(
        Finding("target" if name == target else "container", name, verdict, f"{name} is {verdict}")
        for name, verdict in findings
    )
    return Result(control, target, min((each for _, each in findings), key=list(Verdict).index), "", found)


def names(changes: Changes) -> tuple[set[str], set[str], int]:
    """The subjects that are new and gone, and how many fail as before."""
    return {each.subject for each in changes.new}, {each.subject for each in changes.gone}, changes.still


def compared(before: list[Result], now: list[Result]) -> Changes:
    """What changed between two runs with these results."""
    return compare(*(audit(Path(), *each) for each in (before, now)))


def changed(before: Result, now: Result) -> tuple[set[str], set[str], int]:
    """The same between two results of a control."""
    return names(compared([before], [now]))


def test_subjects_are_compared_one_by_one() -> None:
    """What fails newly, what was mended, what is no longer there, and what stays as it was."""
    before = result(("web", FAIL), ("db", FAIL), ("old", FAIL), ("cache", PASS))
    now = result(("web", FAIL), ("db", PASS), ("cache", FAIL), ("added", FAIL))
    assert changed(before, now) == ({"cache", "added"}, {"db", "old"}, 1)
    assert compared([before], [now]).gone[0] == Change("memory", "a", "container", "db", "db is fail")


@pytest.mark.parametrize("unknown", [ERROR, MANUAL])
def test_what_is_open_is_neither_new_nor_gone(unknown: Verdict) -> None:
    """A subject that could not be judged, before or now, did not change; the others did."""
    assert changed(result(("web", FAIL), ("db", FAIL)), result(("web", unknown), ("db", PASS))) == (
        set(),
        {"db"},
        0,
    )
    assert changed(result(("web", unknown), ("db", PASS)), result(("web", FAIL), ("db", FAIL))) == (
        {"db"},
        set(),
        0,
    )


@pytest.mark.parametrize("unknown", [ERROR, MANUAL])
def test_what_is_open_as_a_whole_is_not_compared(unknown: Verdict) -> None:
    """Containers that could not be listed are not gone, and not new afterwards."""
    for before, now in (
        (result(("web", FAIL)), result(("a", unknown))),
        (result(("a", unknown)), result(("web", FAIL))),
    ):
        changes = compared([before], [now])
        assert (names(changes), changes.compared) == ((set(), set(), 0), 0)


def test_waiver_mends_nothing() -> None:
    """What is waived is not gone; what fails when the waiver has ended is new."""
    assert changed(result(("web", FAIL)), result(("web", WAIVED))) == (set(), set(), 0)
    assert changed(result(("web", WAIVED)), result(("web", FAIL))) == ({"web"}, set(), 0)


# ---- runs in a folder


RunMaker = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path) -> RunMaker:
    """Leaves the results of a run, and gives its folder."""

    def leave(day: int, *results: Result, connect: str = "ssh://a") -> Path:
        folder = tmp_path / f"202601{day:02}T000000Z-00ff"
        for name in {each.target for each in results}:
            (folder / name).mkdir(parents=True)
        (folder / "results.json").write_text(
            json.dumps(document_of(audit(folder, *results, connect=connect)))
        )
        return folder

    return leave


def audit(folder: Path, *results: Result, connect: str = "ssh://a") -> Audit:
    """The audit of these results."""
    targets = [
        AuditedTarget(name, connect, "host", "", "")
        for name in dict.fromkeys(each.target for each in results)
    ]
    controls = [
        Control(name, "", "low", "", "", {}) for name in dict.fromkeys(each.control for each in results)
    ]
    return Audit(Run(folder.name, "", "end", "1", (), 1), tuple(targets), tuple(controls), results)


def since(folder: Path, *results: Result) -> Changes | None:
    """What changed since the runs that lie beside *folder*, where the run of now left these results."""
    return since_last_run(audit(folder, *results), folder)


def test_newest_earlier_run_counts(run: RunMaker) -> None:
    """Not an older one, not this one, and none that began later."""
    run(1, result(("web", PASS)))
    run(2, result(("web", FAIL)))
    now = run(3, result(("web", PASS)))
    run(4, result(("web", PASS)))
    found = since(now, result(("web", PASS)))
    assert found is not None
    assert (found.run, found.finished, names(found)) == ("20260102T000000Z-00ff", "end", (set(), {"web"}, 0))


def test_run_of_other_targets_is_passed_over(run: RunMaker) -> None:
    """By name, be they more or fewer, and by address."""
    run(1, result(("web", FAIL)))
    run(2, result(("web", PASS), target="b"))
    run(3, result(("web", PASS)), result(("web", PASS), target="b"))
    run(4, result(("web", PASS)), connect="ssh://other")
    found = since(run(5, result(("web", FAIL))), result(("web", FAIL)))
    assert found is not None
    assert found.run.startswith("20260101")


def test_run_that_judged_little_is_passed_over(run: RunMaker) -> None:
    """The newest that judged the same counts before one of a single control; else the one that judged most."""
    both = result(("web", FAIL)), result(("web", FAIL), control="cpu")
    run(1, *both)
    run(2, both[0])
    now = run(3, *both)
    found = since(now, *both)
    assert found is not None
    assert (found.run[:8], found.compared) == ("20260101", 2)
    found = since(now, *both, result(("web", FAIL), control="new"))
    assert found is not None
    assert (found.run[:8], found.compared) == ("20260101", 2)
    assert since(now, result(("web", FAIL), control="another")) is None


def test_run_without_results_is_passed_over(run: RunMaker, tmp_path: Path) -> None:
    """One that was killed, one whose results are damaged, and folders that are no run."""
    run(1, result(("web", FAIL)))
    (run(2, result(("web", FAIL))) / "results.json").unlink()
    (run(3, result(("web", FAIL))) / "results.json").write_text('{"schema": "hullcheck/results/1"}')
    (tmp_path / "20260103T000000Z-zzzz/a").mkdir(parents=True)
    (tmp_path / "latest").symlink_to(tmp_path / "20260102T000000Z-00ff")
    found = since(run(4, result(("web", FAIL))), result(("web", FAIL)))
    assert found is not None
    assert found.run.startswith("20260101")
