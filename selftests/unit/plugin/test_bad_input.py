"""Input that cannot be used is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck.recording.script import MAGIC
from selftests.kit.projects import PRIVILEGED, careless, site

WRONG_SEVERITY = '@pytest.mark.severity("{}")\ndef '
BAD_MARKER = PRIVILEGED.replace('"7.2.5"', '"7.2.55"')
PLAIN = "import pytest\n\n\n@pytest.mark.parametrize('x', ['box'])\ndef test_plain(x):\n    assert x\n"
WITH_FILES = [
    ({"tests/test_bad.py": BAD_MARKER}, [], 'tests/test_bad.py:10: pci("7.2.55") is not in markers.ini; did you'),
    (
        {"tests/test_bad.py": PRIVILEGED.replace("level=1", "level=3")},
        [],
        'tests/test_bad.py:7: cis("5.5", level=3) needs level=1 or level=2',
    ),
    (
        {"tests/test_bad.py": PRIVILEGED.replace("def ", WRONG_SEVERITY.format('hihg", "It matters.'))},
        [],
        "tests/test_bad.py:12: severity('hihg', 'It matters.') needs a level (critical, high, medium, low) and why",
    ),
    (
        {"tests/test_bad.py": PRIVILEGED.replace("def ", WRONG_SEVERITY.format("high"))},
        [],
        """tests/test_bad.py:12: severity('high') needs a level (critical, high, medium, low) and why: write""",
    ),
    ({"i.yml": "targets:\n  a:\n    conect: x\n"}, ["--inventory=i.yml"], "i.yml:3: "),
    ({"markers.ini": "[cis]\nnonsense\n"}, [], "markers.ini:2: unexpected line: 'nonsense'; write each key once"),
]
WITHOUT = [
    (["--inventory=missing.yml"], "missing.yml:1: cannot be read"),
    (["--hosts", "shh://web1"], "--hosts shh://web1: unknown backend 'shh'; did you mean 'ssh'?"),
    (["ssh://web1"], "ssh://web1 is a target, and no file or folder of tests: --hosts=ssh://web1"),
    (["--hosts", ""], "--hosts names no target; write for example --hosts local://"),
    (["--hosts", "recorded://missing"], "--hosts recorded://missing: there is no such file or folder; write"),
    (["-m", 'cis(id="5.55")'], 'ERROR: -m: cis(id="5.55") is not in markers.ini; did you mean "5.5"?'),
    (["-m", "cis(level=7)"], "ERROR: -m: cis(level=7) needs level=1 or level=2"),
    (["-m", "ciss or pci"], "ERROR: -m: 'ciss' is not a marker; did you mean 'cis'?"),
    (["-m", "cis and ("], "ERROR: -m: at column 10: expected"),
    (["-m", 'severity(level="hihg")'], "severity(level='hihg') is not there; write severity(level="),
    (["--severity", "hihg"], "--severity hihg: did you mean 'high'?"),
    (["-k", "("], "Wrong expression passed to '-k'"),
    (["--label=tier=front"], "--label tier=...: values of labels may be secrets"),
    (["--probe-timeout", "abc"], "--probe-timeout abc: write a whole number of seconds above 0"),
    (["--target-timeout", "0"], "--target-timeout 0: write a whole number of seconds above 0"),
    (["--gather-jobs", "0"], "--gather-jobs 0: write a whole number above 0"),
    (["--keep=few"], "--keep few: write a whole number above 0"),
    (["--min-judged=101"], "--min-judged 101: write a percentage above 0, such as 95"),
    (["--min-judged=nan"], "--min-judged nan: write a percentage above 0, such as 95"),
    (["--max-age=5"], "--max-age 5: write hours, days or weeks, such as 36h, 30d or 4w"),
    (["--reports=conftest.py"], "conftest.py: Not a directory; a run leaves its results in a folder"),
    (["--reports=/proc/x"], "/proc/x: No such file or directory; a run leaves its results in"),
]


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [*WITH_FILES, *(({}, *each) for each in WITHOUT)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_gets_one_clear_line(tmp_path: Path, files: dict[str, str], arguments: list[str], said: str) -> None:
    """The line says what is wrong, where, and what to write; there is no traceback, and nothing is asked."""
    project = site(tmp_path)
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    for name, text in files.items():
        project.write(name, text)
    is_named = any(each.startswith(("--inventory", "--hosts")) for each in arguments)
    hosts = [] if is_named else ["--hosts", "docker://box"]
    run = project.pytest("-m", "cis", *hosts, *arguments)
    assert run.status == 4, run.output
    telling = [line for line in run.lines(said) if line.startswith(("ERROR: ", str(tmp_path), "tests/"))]
    assert len(telling) == 1, run.output
    assert not run.lines("Traceback")
    assert not run.lines("INTERNALERROR")
    assert "tests/test_bad.py" in files or not trace.exists()  # hosts are asked while controls are collected


@pytest.mark.parametrize("chosen", ["plain", "it"])
def test_hosts_are_asked_for_a_control(tmp_path: Path, chosen: str) -> None:
    """They are not for a test whose parameter has the name of a target."""
    project = site(tmp_path, PLAIN + "\n\ndef test_it(os_name):\n    assert os_name\n")
    trace = project.command("docker", 'echo "$@" >>$trace; exit 1')
    run = project.pytest("--hosts", "docker://box", "-k", chosen)
    assert run.lines("1 passed" if chosen == "plain" else "1 error"), run.output
    assert trace.exists() == (chosen == "it")
    assert not list(tmp_path.glob("reports/*/.*"))


def test_damaged_recording_is_an_error_verdict(tmp_path: Path) -> None:
    """A recording that is none, or whose answer is no text, spoils its own target alone."""
    project = site(tmp_path)
    host = careless(project)
    document = json.loads((tmp_path / "recordings/web1/recording.json").read_text())
    document["answers"][0]["stdout"] = None
    project.write("odd/recording.json", json.dumps(document))
    project.write("broken/recording.json", '{"schema": "hullcheck/recording/3"')
    project.write("cut.txt", f"Welcome\n{MAGIC} {'0' * 32}\n")
    damaged = ",".join(f"recorded://{tmp_path}/{each}" for each in ("odd", "broken", "cut.txt"))
    run = project.pytest("--hosts", f"{damaged},{host}")
    assert (run.status, run.verdicts) == (
        1,
        {
            "container_is_not_privileged@odd": "error",
            "container_is_not_privileged@broken": "error",
            "container_is_not_privileged@cut": "error",
            "container_is_not_privileged@web1": "fail",
        },
    )
    kinds = [target["kind"] for target in run.results["targets"].values()]
    assert kinds == ["unknown", "unknown", "unknown", "host"]
    assert any("Expected `str`, got `null` - at `$.answers[...].stdout`; gather" in each for each in run.reasons)
    assert "Traceback" not in run.output
