"""Input that cannot be used is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck.recording.script import MAGIC
from selftests.kit.projects import PRIVILEGED, careless, site
from selftests.kit.running import (
    SETTINGS,
    Project,
)

WRONG_SEVERITY = '@pytest.mark.severity("hihg")\ndef '


BAD_MARKER = PRIVILEGED.replace('"7.2.5"', '"7.2.55"')


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        (
            {"tests/test_bad.py": BAD_MARKER},
            [],
            'tests/test_bad.py:10: pci("7.2.55") is not in markers.ini; did you',
        ),
        (
            {"tests/test_bad.py": PRIVILEGED.replace("level=1", "level=3")},
            [],
            'tests/test_bad.py:7: cis("5.5", level=3) needs level=1 or level=2',
        ),
        (
            {"tests/test_bad.py": PRIVILEGED.replace("def ", WRONG_SEVERITY)},
            [],
            "tests/test_bad.py:12: severity('hihg') is not a severity; write one of critical, high, medium",
        ),
        ({"i.yml": "targets:\n  a:\n    conect: x\n"}, ["--inventory=i.yml"], "i.yml:3: "),
        ({"i.yml": "targets:\n  a: [\n"}, ["--inventory=i.yml"], "i.yml:"),
        ({"i.yml": "targets: {}\n"}, ["--inventory=i.yml"], "i.yml:1: "),
        ({}, ["--inventory=missing.yml"], "missing.yml"),
        ({}, ["--hosts", "shh://web1"], "--hosts shh://web1: unknown backend 'shh'; did you mean 'ssh'?"),
        ({}, ["ssh://web1"], "ssh://web1 is a target, and no file or folder of tests: --hosts=ssh://web1"),
        ({}, ["--hosts", "ssh://"], "--hosts ssh://: names no host; write ssh://NAME"),
        ({}, ["--hosts", ""], "--hosts names no target; write for example --hosts local://"),
        (
            {},
            ["--hosts", "recorded://missing"],
            "--hosts recorded://missing: there is no such file or folder; write",
        ),
        (
            {},
            ["--hosts", "recorded://conftest.py,recorded://missing"],
            "--hosts recorded://conftest.py: this is no recording; write",
        ),
        (
            {},
            ["--hosts", "recorded://tests"],
            "--hosts recorded://tests: there is no recording.json in this folder; write",
        ),
        (
            {},
            ["-m", 'cis(id="5.55")'],
            'ERROR: -m: cis(id="5.55") is not in markers.ini; did you mean "5.5"?',
        ),
        ({}, ["-m", "cis(level=7)"], "ERROR: -m: cis(level=7) needs level=1 or level=2"),
        ({}, ["-m", "ciss or pci"], "ERROR: -m: 'ciss' is not a marker; did you mean 'cis'?"),
        ({}, ["-m", "cis and ("], "ERROR: -m: at column 10: expected"),
        ({}, ["--probe-timeout", "abc"], "--probe-timeout abc: write a whole number of seconds above 0"),
        ({}, ["--target-timeout", "0"], "--target-timeout 0: write a whole number of seconds above 0"),
        ({}, ["--gather-jobs", "0"], "--gather-jobs 0: write a whole number above 0"),
        (
            {},
            ["--reports=conftest.py"],
            "conftest.py: Not a directory; a run leaves its results in a folder: write --reports=PATH",
        ),
        ({}, ["--reports=/proc/x"], "/proc/x: No such file or directory; a run leaves its results in"),
        ({"markers.ini": "[cis]\nnonsense\n"}, [], "markers.ini:2: not a setting; write 'key = value'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_gets_one_clear_line(
    tmp_path: Path, processes: list[str], files: dict[str, str], arguments: list[str], said: str
) -> None:
    """The line says what is wrong, where, and what to write; there is no traceback, and nothing is asked."""
    project = site(tmp_path)
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    for name, text in files.items():
        project.write(name, text)
    hosts = (
        [] if "--inventory" in "".join(arguments) or "--hosts" in arguments else ["--hosts", "docker://box"]
    )
    run = project.pytest("-m", "cis", *hosts, *arguments, *processes)
    assert run.status == 4, run.output
    telling = [line for line in run.lines(said) if line.startswith(("ERROR: ", str(tmp_path), "tests/"))]
    assert len(telling) == 1, run.output
    assert "Traceback" not in run.output
    assert "INTERNALERROR" not in run.output
    assert not trace.exists()


def test_selection_that_fails_asks_no_host(tmp_path: Path) -> None:
    """pytest comes to the end of collection then as well."""
    project = site(tmp_path)
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    run = project.pytest("--hosts", "docker://box", "-k", "(")
    assert (run.status, len(run.lines("Wrong expression passed to '-k'"))) == (4, 1)
    assert not trace.exists()


def test_undeclared_marker_where_pytest_is_not_strict(tmp_path: Path) -> None:
    """There it is pytest's to say what it selects."""
    project = Project(tmp_path, {"test_it.py": PRIVILEGED}, SETTINGS.replace("strict = true\n", ""))
    assert project.pytest("-m", "ciss or pci", "--hosts", careless(project)).verdicts


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one-process", "two-workers"])
@pytest.mark.parametrize("chosen", ["plain", "it"])
def test_test_that_is_named_like_a_target(tmp_path: Path, chosen: str, processes: list[str]) -> None:
    """Hosts are asked for a control, and not for a test whose parameter has the name of a target."""
    text = "import pytest\n\n\n@pytest.mark.parametrize('x', ['box'])\ndef test_plain(x):\n    assert x\n"
    project = site(tmp_path, text + "\n\ndef test_it(os_name):\n    assert os_name\n")
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    run = project.pytest("--hosts", "docker://box", "-k", chosen, *processes)
    assert run.lines("1 passed" if chosen == "plain" else "1 error"), run.output
    assert trace.exists() == (chosen == "it")
    assert not list(tmp_path.glob("reports/*/.controls*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hosts", "nope://x"], "--hosts nope://x: unknown backend 'nope'"),
        (["--inventory=missing.yml"], "missing.yml:1: cannot be read"),
        (["--inventory=missing.yml", "--collect-only"], "missing.yml:1: cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_where_no_folder_of_reports_is_set(tmp_path: Path, arguments: list[str], said: str) -> None:
    """There the inventory and the hosts are read when the first control is collected: the line is the same."""
    run = Project(tmp_path, settings="[pytest]\ntestpaths = tests\n").pytest(*arguments)
    assert (run.status, len(run.lines(said))) == (4, 1), run.output
    assert run.lines(said)[0].startswith("ERROR: ")
    assert "UsageError" not in run.output


def test_every_wrong_marker_of_a_file_is_named(tmp_path: Path) -> None:
    """A run names all wrong ids of a file at once."""
    both = BAD_MARKER.replace('"AC-6"', '"AC-666"')
    run = site(tmp_path, both).pytest("-m", "cis", "--hosts", "local://")
    assert run.lines(":8: ")
    assert run.lines(":10: ")


def test_damaged_recording_is_an_error_verdict(tmp_path: Path) -> None:
    """A recording that is none spoils its own target alone."""
    project = site(tmp_path)
    project.write("broken/recording.json", '{"schema": "hullcheck/recording/3"')
    project.write("cut.txt", f"Welcome\n{MAGIC} {'0' * 32}\n")
    project.write("empty.txt", "")
    damaged = ",".join(f"recorded://{tmp_path}/{each}" for each in ("broken", "cut.txt", "empty.txt"))
    run = project.pytest("--hosts", f"{damaged},{careless(project)}")
    assert run.verdicts == {
        "container_is_not_privileged@broken": "error",
        "container_is_not_privileged@cut": "error",
        "container_is_not_privileged@empty": "error",
        "container_is_not_privileged@web1": "fail",
    }
    kinds = {name: target["kind"] for name, target in run.results["targets"].items()}
    assert kinds == {"broken": "unknown", "cut": "unknown", "empty": "unknown", "web1": "host"}
    assert run.lines("not audited: broken: ")
    assert "Traceback" not in run.output


def test_answer_of_another_type_spoils_its_own_target_alone(tmp_path: Path) -> None:
    """A recording whose answer is no text is an error of its target; the others are judged, and results are written."""
    project = site(tmp_path)
    host = careless(project)
    document = json.loads((tmp_path / "recordings/web1/recording.json").read_text())
    document["answers"][0]["stdout"] = None
    project.write("bad/recording.json", json.dumps(document))
    run = project.pytest("--hosts", f"recorded://{tmp_path}/bad,{host}")
    assert run.status == 1
    assert run.verdicts == {
        "container_is_not_privileged@bad": "error",
        "container_is_not_privileged@web1": "fail",
    }
    assert run.results["targets"]["bad"]["kind"] == "unknown"
    (said,) = run.lines("not audited: bad: ")
    assert said.endswith("damaged: Expected `str`, got `null` - at `$.answers[0].stdout`; gather again")
    assert "Traceback" not in run.output
