"""`hullcheck diff RUN LOG`: what differs between an audit and docker-bench-security, and who says what."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hullcheck import cli
from hullcheck.compare import Kind
from hullcheck.results import Audit, AuditedTarget, Control, Result, Run, document
from hullcheck.verdicts import Verdict

REAL = Path(__file__).parent / "careless.log.json"
"""Cut out of what docker-bench-security 1.6.0 wrote of a real host; its titles are left out."""

Compared = Callable[..., str]
Entry = dict[str, Any]


def check(number: str, result: str, what: str = "") -> Entry:
    """One check, as the tool writes it."""
    return {"id": number, "desc": f"Title of {number}", "result": result} | ({"details": what} if what else {})


def write_log(path: Path, *checks: Entry, version: str = "1.6.0") -> Path:
    """A whole log with these checks."""
    section = {"id": "5", "desc": "Section", "results": list(checks)}
    path.write_text(json.dumps({"dockerbenchsecurity": version, "start": 1, "tests": [section]}, indent=2))
    return path


def judged(number: str, verdict: Verdict = Verdict.PASS, target: str = "box") -> tuple[Control, Result]:
    """A control and its result on a target."""
    control = Control(f"control_{number}", f"Demand {number}.", "high", "why", "how", {"cis": (number,)}, 1)
    return control, Result(control.id, target, verdict, "what was found", (), ("probe_a", "probe_b"))


def write_results(path: Path, *results: tuple[Control, Result], targets: Sequence[str] = ("box",)) -> Path:
    """The results of an audit."""
    known = {control.id: control for control, _ in results}
    audit = Audit(
        Run("20260101T000000Z-0000", "", "", "1", (), 1),
        tuple(AuditedTarget(name, "local://", "host", "", "") for name in targets),
        tuple(known.values()),
        tuple(result for _, result in results),
    )
    path.write_text(document.render(audit))
    return path


@pytest.fixture
def compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Compared:
    """Compare a check with a result: what is printed, with the exit status expected."""

    def run(checks: Sequence[Entry], results: Sequence[tuple[Control, Result]], *options: str, status: int) -> str:
        log = write_log(tmp_path / "log.json", *checks)
        path = write_results(tmp_path / "results.json", *results)
        assert cli.main(["diff", str(path), str(log), *options]) == status
        return capsys.readouterr().out

    return run


def line(printed: str, number: str) -> str:
    """The one line about a recommendation."""
    (found,) = [each for each in printed.splitlines() if each.startswith(f"  {number} ")]
    return found


# ---- verdicts


@pytest.mark.parametrize(
    ("result", "verdict"),
    [("PASS", Verdict.PASS), ("WARN", Verdict.WAIVED), ("INFO", Verdict.NOT_APPLICABLE), ("NOTE", Verdict.ATTESTED)],
)
def test_same_verdicts_are_only_counted(compare: Compared, result: str, verdict: Verdict) -> None:
    """What both say alike takes no line, and is no difference."""
    printed = compare([check("5.5", result)], [judged("5.5", verdict=verdict)], status=0)
    assert printed.endswith("the same: 1\n")
    assert "Demand" not in printed


@pytest.mark.parametrize(
    ("result", "verdict", "kind"),
    [
        ("PASS", Verdict.FAIL, Kind.OPPOSITE),
        ("WARN", Verdict.PASS, Kind.OPPOSITE),
        ("INFO", Verdict.FAIL, Kind.OPEN_THERE),
        ("NOTE", Verdict.PASS, Kind.OPEN_THERE),
        ("PASS", Verdict.NOT_APPLICABLE, Kind.OPEN_HERE),
        ("WARN", Verdict.MANUAL, Kind.OPEN_HERE),
        ("PASS", Verdict.ERROR, Kind.UNREAD),
        ("INFO", Verdict.ERROR, Kind.UNREAD),
    ],
)
def test_difference_has_a_line(compare: Compared, result: str, verdict: Verdict, kind: Kind) -> None:
    """Number, title, both verdicts with their reasons, and the probes, under the kind of difference."""
    printed = compare([check("5.5", result, "their words")], [judged("5.5", verdict=verdict)], status=1)
    assert printed.splitlines()[3].startswith(f"{kind}: 1")
    assert line(printed, "5.5") == (
        f"  5.5 Demand 5.5. | there: {result} (their words) | here: {verdict} (what was found)"
        " | evidence: probe_a, probe_b"
    )


def test_numbers_of_the_older_benchmark(compare: Compared) -> None:
    """Their 2.7 is our 2.8, and ours of the same number is not compared with it."""
    checks = [check("2.7", "PASS"), check("2.18", "WARN"), check("2.6", "WARN")]
    results = [judged("2.7"), judged("2.8"), judged("2.19"), judged("2.6", verdict=Verdict.FAIL)]
    printed = compare(checks, results, status=1)
    assert "there as 2.18: WARN" in line(printed, "2.19")
    assert "new in the CIS benchmark 1.8.0" in line(printed, "2.7")
    assert printed.endswith("the same: 2\n")


def test_what_one_side_does_not_have(compare: Compared) -> None:
    """It is listed as such, and is no difference."""
    checks = [check("4.5", "WARN"), check("C.2", "PASS"), check("5.5", "PASS")]
    printed = compare(checks, [judged("5.5"), judged("5.6")], status=0)
    assert line(printed, "4.5").endswith("there: WARN | here: no control was judged")
    assert "Title of" not in line(printed, "4.5")  # titles of recommendations are words of this project
    assert "not of the CIS benchmark 1.6.0" in line(printed, "C.2")
    assert "there: it was not checked" in line(printed, "5.6")


# ---- what is printed


def test_json(compare: Compared) -> None:
    """Everything that a line says, and the counts; nothing of a name steers the terminal."""
    checks = [check("2.7", "PASS", "red \x1b[31m\n  5.6 forged"), check("5.5", "WARN")]
    results = [judged("2.8", verdict=Verdict.FAIL), judged("5.5", verdict=Verdict.FAIL)]
    assert r"red \x1b[31m 5.6 forged" in line(compare(checks, results, status=1), "2.8")
    document = json.loads(compare(checks, results, "--json", status=1))
    assert document["there"] == {"tool": "docker-bench-security", "version": "1.6.0", "benchmark": "1.6.0"}
    assert document["here"]["target"] == "box"
    assert (document["counts"]["the same"], document["counts"]["opposite verdicts"]) == (1, 1)
    (row,) = document["differences"]
    assert (row["kind"], row["number"], row["title"]) == ("opposite verdicts", "2.8", "Demand 2.8.")
    assert (row["there"]["number"], row["there"]["result"]) == ("2.7", "PASS")
    assert row["here"] == {
        "control": "control_2.8",
        "verdict": "fail",
        "reason": "what was found",
        "evidence": ["probe_a", "probe_b"],
    }


# ---- wrong use


def wrong(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a wrong use is answered with."""
    assert cli.main(["diff", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (only,) = said.err.splitlines()
    return only


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (REAL.read_text()[:2500], "log.json: cut off"),
        (REAL.read_text().replace("web:443 p", 'web:"443" \x1b p'), "log.json:129: not the JSON log"),
        ('{"auths": {\n  "token": "geheim" geheim\n}}\n', "log.json:2: not the JSON log of docker-bench-security"),
        ("# ----\n[WARN] 5.5\n", "its JSON is beside it"),
        ('{"dockerbenchsecurity": "1.3.6", "tests": []}', "1.3.6 is not supported; supported: 1.6.0"),
    ],
    ids=["cut off", "not escaped", "secret", "plain", "version"],
)
def test_log_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    """It says what it is not, and nothing of a file that may hold secrets."""
    path = tmp_path / "log.json"
    path.write_text(text)
    write_log(tmp_path / "log.json.json")
    shown = wrong(capsys, tmp_path, path)
    assert said in shown
    assert "geheim" not in shown


def test_results_of_one_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of several, one has to be named."""
    log = write_log(tmp_path / "log.json", check("5.5", "PASS"))
    run = tmp_path / "results.json"
    assert "results.json: not there; audit first (`hullcheck audit`)" in wrong(capsys, run, log)
    both = [judged("5.5", target="one"), judged("5.5", verdict=Verdict.FAIL, target="two")]
    write_results(run, *both, targets=("one", "two"))
    assert "write --target with one of one, two" in wrong(capsys, run, log)
    assert "did you mean 'two'?" in wrong(capsys, run, log, "--target", "tow")
    assert "--markdown goes with two runs" in wrong(capsys, run, log, "--markdown")
    assert "--target goes with a log" in wrong(capsys, run, run, "--target", "two")
    assert cli.main(["diff", str(run), str(log), "--target", "one"]) == 0
    assert cli.main(["diff", str(run), str(log), "--target", "two"]) == 1
