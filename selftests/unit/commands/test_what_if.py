"""`hullcheck what-if`: the evidence of a run under another policy, with other waivers, or another daemon.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck.cli import main
from hullcheck.results import Audit, Control, Finding, Result, Run
from hullcheck.results.turns import turns
from hullcheck.verdicts import Verdict
from hullcheck.what_if.daemon_json import JUDGED
from selftests import REPOSITORY
from selftests.kit.bundles import run_demo
from selftests.kit.judging import control

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


INVENTORY = "--inventory=inventories/demo.yml"
SETTINGS = {"icc": False, "no-new-privileges": True, "userns-remap": "default", "log-level": "debug"}


def test_other_daemon_json(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it decides turns, with its name in the reason; what only a restart shows is an error, and no pass."""
    (tmp_path / "new.json").write_text(json.dumps(SETTINGS))
    before = (run / "results.json").read_bytes()
    options = (f"--daemon-json={tmp_path / 'new.json'}", INVENTORY)
    status, output, _ = asked(run, capsys, monkeypatch, *options)
    lines = output.splitlines()
    assert status == 0
    known = "CIS 2.15: fail -> pass: no-new-privileges is true (new.json, supposed)"
    assert f"careless, {known}" in lines
    assert "careless, CIS 2.10: fail -> pass: userns-remap is true (new.json, supposed)" in lines
    assert "hardened, CIS 2.3: pass -> fail: log-level is debug (new.json, supposed)" in lines
    assert any(each.startswith("careless, CIS 2.2: fail -> error: firewall: ") for each in lines)
    assert any(each.startswith("hardened: new.json changes hosts, ") for each in lines)
    assert any(
        each.startswith("Judged by what new.json and the command line ask for: CIS 2.2,") for each in lines
    )
    assert any("only a restart shows: audit again" in each and "userns-remap" in each for each in lines)
    assert (run / "results.json").read_bytes() == before
    _, output, _ = asked(run, capsys, monkeypatch, *options, "--json")
    document = json.loads(output)
    told = document["daemon_json"]
    assert {each["control"] for each in document["findings"]} <= {*told["judged"]} <= {*JUDGED}
    assert (told["refused"], told["unknown"], [*told["differs"]]) == ({}, {}, ["hardened", "careless"])
    assert "userns-remap" in told["beyond"]


def test_controls_that_a_daemon_json_decides() -> None:
    """All of them are controls."""
    assert {control(each).__name__ for each in JUDGED} == {f"test_{each}" for each in JUDGED}


def test_daemon_that_would_not_start(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With status 1, and no verdict."""
    (tmp_path / "new.json").write_text('{"containerd": "/run/mine.sock"}')
    status, output, _ = asked(run, capsys, monkeypatch, f"--daemon-json={tmp_path / 'new.json'}", INVENTORY)
    assert status == 1
    assert "careless: the daemon would not start: containerd on its command line and in new.json" in output
    assert output.startswith("Nothing changes.\n")


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--daemon-json", None, "cannot be read"),
        ("--daemon-json", "{", "is not JSON as dockerd reads it"),
        ("--daemon-json", "[]", "is not JSON as dockerd reads it"),
        ("--daemon-json", '{"icc": true} // no', "is not JSON as dockerd reads it"),
        ("--daemon-json", '{"icc": "no"}', "icc: 'no' is not true or false"),
        ("--daemon-json", '{"log-opts": {"max-size": 5}}', "log-opts: "),
        ("--daemon-json", '{"default-ulimits": {"nofile": 5}}', "default-ulimits: "),
        ("--policy", None, "cannot be read"),
        ("--policy", "policy: [", "not YAML"),
        ("--policy", "policy:\n  all: {rootful_raeson: x}\n", "unknown key"),
        ("--policy", "policy:\n  targets: {carless: {rootful_reason: x}}\n", "did you mean 'careless'?"),
    ],
)
def test_file_that_is_wrong(
    run: Path,
    option: str,
    text: str | None,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said, and nothing is judged."""
    if text is not None:
        (tmp_path / "new").write_text(text)
    status, output, errors = asked(run, capsys, monkeypatch, f"{option}={tmp_path / 'new'}")
    assert (status, output) == (2, "")
    assert said in errors


def test_daemon_json_is_judged_by_itself(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a policy changes of other controls would be lost among what is not judged."""
    status, _, errors = asked(run, capsys, monkeypatch, "--daemon-json=a", "--policy=b")
    assert (status, "judge it by itself" in errors) == (2, True)


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
