"""`hullcheck what-if`: the evidence of a run under another policy, or with other waivers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck.cli import main
from hullcheck.results import Audit, Control, Finding, Result, Run
from hullcheck.results.turns import turns
from hullcheck.verdicts import Verdict
from selftests import REPOSITORY
from selftests.kit.bundles import run_demo

POLICY = "policy:\n  targets:\n    careless: {rootful_reason: 'the storage driver needs it'}\n"
WAIVERS = """
container_is_not_privileged:
  - {justification: "the agent reads the sensors", subjects: [agent], last_day: 2099-12-31}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the demo hosts."""
    folder = tmp_path_factory.mktemp("demo")
    assert run_demo(folder).status == 1
    return folder / "reports/latest"


def asked(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *options: str
) -> tuple[int, str, str]:
    """The exit status and what is printed, in the directory of the controls."""
    monkeypatch.chdir(REPOSITORY)
    status = main(["what-if", str(run), *options])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_other_policy_and_waivers(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finding that turns is named, and nothing else; the run stays as it is."""
    (tmp_path / "p.yml").write_text(POLICY)
    (tmp_path / "w.yml").write_text(WAIVERS)
    before = (run / "results.json").read_bytes()
    options = (f"--policy={tmp_path / 'p.yml'}", f"--waivers={tmp_path / 'w.yml'}")
    status, output, _ = asked(run, capsys, monkeypatch, *options)
    lines = output.splitlines()
    assert (status, lines[0]) == (0, "    1 fail -> pass")
    of_careless = [each for each in lines if each.startswith("careless, ")]
    begins = ("careless, CIS 2.1: fail -> pass: ", "careless, CIS 5.5, container agent: fail -> waived: ")
    assert [each.startswith(begin) for each, begin in zip(of_careless, begins, strict=True)] == [True, True]
    assert any(
        each.startswith("hardened, CIS 2.1: pass -> fail: ") for each in lines
    )  # its policy is no more
    assert (run / "results.json").read_bytes() == before
    _, output, _ = asked(run, capsys, monkeypatch, *options, "--json")
    found = json.loads(output)["findings"]
    assert [(each["before"], each["after"]) for each in found if each["target"] == "careless"] == [
        ("fail", "pass"),
        ("fail", "waived"),
    ]


def test_same_inventory(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged again with what it was told, nothing turns."""
    status, output, _ = asked(run, capsys, monkeypatch, "--inventory=inventories/demo.yml")
    assert (status, output) == (0, "Nothing changes.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("policy: [", "not YAML"),
        ("policy:\n  all: {rootful_raeson: x}\n", "unknown key"),
        ("policy:\n  targets: {carless: {rootful_reason: x}}\n", "did you mean 'careless'?"),
    ],
)
def test_policy_that_is_wrong(
    run: Path,
    text: str | None,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said, and is no answer."""
    if text is not None:
        (tmp_path / "p.yml").write_text(text)
    status, output, errors = asked(run, capsys, monkeypatch, f"--policy={tmp_path / 'p.yml'}")
    assert (status, output) == (2, "")
    assert said in errors


def test_nothing_to_change(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file there is nothing to ask."""
    status, _, errors = asked(run, capsys, monkeypatch)
    assert (status, "Name --policy=FILE" in errors) == (2, True)


def test_run_without_recordings(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results alone cannot be judged again."""
    (tmp_path / "results.json").write_bytes((run / "results.json").read_bytes())
    (tmp_path / "p.yml").write_text(POLICY)
    status, _, errors = asked(tmp_path, capsys, monkeypatch, f"--policy={tmp_path / 'p.yml'}")
    assert (status, "with its recordings" in errors) == (2, True)


def test_turns() -> None:
    """By finding, also where one of the sides has none."""
    control = Control("control", "It holds.", "high", "", "", {})

    def audit(*found: tuple[str, Verdict]) -> Audit:
        findings = tuple(Finding("container", name, verdict) for name, verdict in found)
        result = Result("control", "web1", Verdict.FAIL, "", findings)
        return Audit(Run("r", "", "", "1", (), 1), (), (control,), (result,))

    before = audit(("same", Verdict.FAIL), ("turned", Verdict.FAIL), ("left", Verdict.FAIL))
    after = audit(("same", Verdict.FAIL), ("turned", Verdict.PASS), ("came", Verdict.PASS))
    found = [
        (each.before and each.before.subject, each.after and each.after.subject)
        for each in turns(before, after)
    ]
    assert found == [("turned", "turned"), ("left", None), (None, "came")]
