"""How many findings failed in each of the last runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.cli import main
from hullcheck.results import Audit, AuditedTarget, Control, Finding, Moment, Result, Run
from hullcheck.results.document import document_of
from hullcheck.results.history import since_last_run, trend
from hullcheck.verdicts import Verdict

CONTROL = Control("control", "It holds.", "high", "", "", {"cis": ("5.5",)})
TARGET = AuditedTarget("web1", "local://", "host", "26", "Debian")


def audit(name: str, failed: int, errors: int = 0) -> Audit:
    """A run in which so many containers fail, and so many other controls are in error."""
    findings = tuple(Finding("container", f"c{number}", Verdict.FAIL, "so") for number in range(failed))
    good = Finding("container", "good", Verdict.PASS)
    results = [Result("control", "web1", Verdict.FAIL if failed else Verdict.PASS, "", (*findings, good))]
    others = [replace(CONTROL, id=f"other{number}", severity="low") for number in range(errors)]
    results += [Result(each.id, "web1", Verdict.ERROR, "so", ()) for each in others]
    day = f"{name[:4]}-{name[4:6]}-{name[6:8]}T00:00:01Z"
    return Audit(Run(name, day, day, "1", (), 1), (TARGET,), (CONTROL, *others), tuple(results))


def left(reports: Path, one: Audit) -> Audit:
    """*one* as its run leaves it in the folder of reports, with what changed since the last one."""
    folder = reports / one.run.id
    (folder / "web1").mkdir(parents=True)
    whole = replace(one, since=since_last_run(one, folder))
    (folder / "results.json").write_text(json.dumps(document_of(whole)))
    return whole


def names(days: int) -> list[str]:
    """The names of runs on so many days."""
    return [f"2026{1 + day // 28:02}{1 + day % 28:02}T000000Z-0000" for day in range(days)]


def test_numbers_are_handed_on(tmp_path: Path) -> None:
    """Each run has those of the runs before; nobody has to read them all again."""
    first, second, third = (
        left(tmp_path, audit(name, *found))
        for name, found in zip(names(3), ((3, 1), (2, 0), (0, 0)), strict=True)
    )
    assert first.since is None
    assert trend(third) == (
        Moment(first.run.id, "2026-01-01T00:00:01Z", {"high": 3}, 1),
        Moment(second.run.id, "2026-01-02T00:00:01Z", {"high": 2}, 0),
        Moment(third.run.id, "2026-01-03T00:00:01Z", {}, 0),
    )


def test_trend_is_not_endless(tmp_path: Path) -> None:
    """What is long past is left out."""
    last = [left(tmp_path, audit(name, 1)) for name in names(70)][-1]
    assert [each.run for each in trend(last)] == names(70)[-61:]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each run, whatever its targets were; also for programs."""
    for name, found in zip(names(2), ((3, 1), (1, 0)), strict=True):
        left(tmp_path, audit(name, *found))
    (tmp_path / "20270101T000000Z-0000").mkdir()  # a run that was ended
    assert main(["history", str(tmp_path)]) == 0
    _, first, second = (each.split() for each in capsys.readouterr().out.splitlines())
    assert first[2:] == ["1", "0", "3", "0", "0", "1", "3", "#" * 30]
    assert second[2:] == ["1", "0", "1", "0", "0", "0", "1", "#" * 10]
    assert main(["history", str(tmp_path), "--json"]) == 0
    assert [each["failed"] for each in json.loads(capsys.readouterr().out)["runs"]] == [
        {"high": 3},
        {"high": 1},
    ]
    assert main(["history", str(tmp_path), "--prometheus"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'hullcheck_history_failed{severity="high"} 3 1767225601' in lines
    assert lines[-1] == "# EOF"
    assert main(["history", str(tmp_path / "nowhere")]) == 2
    assert main(["history", str(tmp_path / names(1)[0])]) == 2
