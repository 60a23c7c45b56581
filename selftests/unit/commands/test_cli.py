"""The command `hullcheck`: controls in a list and alone, and what it says of a wrong use."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hullcheck import cli, frameworks
from hullcheck.controls.catalog import Listed
from hullcheck.data import benchmarks
from hullcheck.results import Control
from hullcheck.writers import columns
from hullcheck.writers import controls as writer
from selftests import REPOSITORY
from selftests.kit.running import Project

KNOWN = frameworks.load(REPOSITORY / frameworks.FILE).get("cis").ids

CONTROL = '''
@pytest.mark.{marker}
@pytest.mark.severity("{severity}", "It matters.")
def test_{name}(container):
    """{title}

    For a reason.

    Remedy: do it.
    """
'''


def control(name: str, number: str = "", *, severity: str = "low", title: str = "It is so.") -> str:
    """The source of a control; without a CIS number it has a number of NIST alone."""
    marker = f'cis("{number}", level=1)' if number else 'nist("CM-8", sp="800-53")'
    return CONTROL.format(marker=marker, name=name, severity=severity, title=title)


TESTS = {
    "test_a.py": "import pytest\n"
    + control("own_rule")
    + control("tenth", "1.1.10", severity="critical")
    + control("second", "1.1.2")
    + control("tls", "2.8")
    + control("devicemapper", "2.7")
    + "\ndef test_of_something_else():\n    pass\n"
}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The current directory: a project with controls of its own."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, TESTS)


# ---- the list


@pytest.mark.usefixtures("own")
def test_controls_are_listed_by_number(capsys: pytest.CaptureFixture[str]) -> None:
    """1.1.2 comes before 1.1.10, and what has no number last; a test that judges no host is no control."""
    assert cli.main(["explain", "--path", "tests", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["controls"]
    numbers = [(each["numbers"], each["id"]) for each in found]
    assert numbers == [
        *((["1.1.2"], "second"), (["1.1.10"], "tenth"), (["2.7"], "devicemapper")),
        *((["2.8"], "tls"), ([], "own_rule")),
    ]
    assert cli.main(["explain", "own_rule", "--path", "tests"]) == 0
    assert capsys.readouterr().out.startswith("low: own_rule\n")


def test_every_control_of_the_project_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """With all that the source says; what an older benchmark did not have stands at the end."""
    assert cli.main(["explain", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["benchmark"] == benchmarks.CURRENT
    found = {each["id"]: each for each in document["controls"]}
    privileged = found["container_is_not_privileged"]
    assert privileged["frameworks"]["cis"] == privileged["numbers"] == ["5.5"]
    source = "".join(path.read_text() for path in (REPOSITORY / "tests").glob("test_*.py"))
    assert len(found) == source.count("\ndef test_")
    assert cli.main(["explain", "--benchmark=1.6.0"]) == 0
    numbers = {line.split()[2]: line.split()[0] for line in capsys.readouterr().out.splitlines()}
    (new,) = (name for name, each in found.items() if each["numbers"] == ["2.7"])
    assert (numbers["remote_api_asks_for_client_certificates"], numbers[new]) == ("2.7", "-")


def test_numbers_lead_both_ways() -> None:
    """Each recommendation of today has one number in an older version, but for the new one."""
    for version in benchmarks.VERSIONS:
        older = {each: benchmarks.number_in(version, each) for each in KNOWN}
        numbers = [number for number in older.values() if number]
        assert len(set(numbers)) == len(numbers) == (118 if version == benchmarks.CURRENT else 117)
        assert all(benchmarks.current_number(version, older[each] or "") == each for each in KNOWN if older[each])
    assert benchmarks.number_in("1.7.0", "2.7") is None
    assert benchmarks.current_number("1.7.0", "2.19") is None


@pytest.mark.usefixtures("own")
def test_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """A requirement without a control is listed, and makes the exit status 1."""
    assert cli.main(["coverage", "--path", "tests", "--framework=cis", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    (framework,) = document["frameworks"]
    assert (document["schema"], len(framework["gaps"])) == ("hullcheck/coverage/1", 114)
    assert framework["requirements"][1] == {"id": "1.1.2", "title": KNOWN["1.1.2"], "controls": ["second"]}
    assert cli.main(["coverage", "--framework=cis"]) == 0
    assert capsys.readouterr().out.endswith("118 of 118 have a control, 0 have none\n")
    assert cli.main(["coverage", "--json"]) == 1
    every = json.loads(capsys.readouterr().out)["frameworks"]
    assert [each["framework"] for each in every] == ["cis", "nist", "nist", "pci", "hipaa", "guide"]
    assert cli.main(["coverage", "--framework=hippa"]) == 2
    assert "did you mean 'hipaa'?" in capsys.readouterr().err


# ---- on a terminal


ONE = Listed(Control("one", "A title\x1b[31m that is long.", "high", "", "", {"cis": ("5.5",)}, 1), "f.py", 1)


def test_table_is_plain_when_piped() -> None:
    """No width, no colours, and no control character of somebody's title."""
    _, line = writer.table([ONE], "1.8.0", None, color=False).splitlines()
    assert line.split() == ["5.5", "1", "one", "high", "A", r"title\x1b[31m", "that", "is", "long."]


def test_table_on_a_terminal() -> None:
    """The severity has a colour that takes no room, and a title for which there is none stands below."""
    plain = writer.table([ONE], "1.8.0", None, color=False).splitlines()
    wide = len(plain[1])
    assert writer.table([ONE], "1.8.0", wide, color=False).splitlines() == plain
    _, _, line, title = writer.table([ONE], "1.8.0", wide - 1, color=True).splitlines()
    assert re.fullmatch(r"5\.5 .* one .* \x1b\[31mhigh *\x1b\[0m", line)
    assert title.startswith("    A title")


def test_long_cells_are_wrapped_in_their_column() -> None:
    """No line is wider than the terminal; the last cell goes on below its own beginning, words whole."""
    rows = [("id", "title"), ("1.1", "one two-three " * 8), ("1.2", ""), ("1.3", "short")]
    lines = columns.table(rows, 50).splitlines()
    assert max(map(len, lines)) <= 50
    assert lines[:2] == ["id   title", "1.1  one two-three one two-three one two-three one"]
    assert lines[2].startswith("     two-three one")
    assert lines[-2:] == ["1.2", "1.3  short"]
    assert len(columns.table(rows, None).splitlines()) == len(rows)


# ---- wrong use


@pytest.mark.parametrize(
    ("text", "said"),
    [("import missing_module\n", "missing_module"), ("import pytest\n" + control("wrong", "9.9"), '"9.9"')],
    ids=["import", "marker"],
)
def test_controls_that_cannot_be_read(own: Project, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A list without them would be wrong: it names the file and the fault."""
    own.write("tests/test_b.py", text)
    assert cli.main(["explain", "--path", "tests"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "test_b.py" in line
    assert said in line


# ---- documentation


def test_commands_of_pages_are_understood() -> None:
    """Every `hullcheck` command line of a page has the form that the command takes."""
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    blocks = [each for page in pages for each in re.findall(r"(?ms)^```sh\n(.*?)^```", page.read_text())]
    lines = [
        line
        for line in "".join(blocks).replace("\\\n", "").splitlines()
        if line.startswith("hullcheck ") and "--version" not in line
    ]
    assert len(lines) >= 7
    for line in lines:
        words = shlex.split(re.split(r"\s>", line)[0], comments=True)
        assert cli.read(words[1:]).run


@pytest.mark.parametrize("written", ["0", "x", "1.5", ""])
def test_time_of_the_probe_script(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a whole number of seconds."""
    with pytest.raises(SystemExit):
        cli.main(["probe-script", f"--probe-timeout={written}"])
    assert "write a whole number of seconds above 0" in capsys.readouterr().err


def test_answer_that_cannot_be_written() -> None:
    """A full disk and a closed pipe have a status of their own: 1 to 3 are answers, on which a gate relies."""
    reader, closed = os.pipe()
    os.close(reader)
    code = "import sys; from hullcheck.cli import main; sys.exit(main(['probe-script']))"
    for output, said in (("/dev/full", "hullcheck: standard output: No space left on device\n"), (closed, "")):
        with open(output, "wb") as stdout:
            argv = [sys.executable, "-c", code]
            done = subprocess.run(argv, cwd=REPOSITORY, stdout=stdout, stderr=subprocess.PIPE, text=True)
        assert (done.returncode, done.stderr) == (74, said)


# ---- one control


def test_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is demanded, why, what helps, what it is mapped to, and from what the verdict is read."""
    assert cli.main(["explain", "5.32"]) == 0
    shown = capsys.readouterr().out
    head, *lines = shown.splitlines()
    assert head == "CIS 5.32, level 1, critical: container_cannot_reach_an_engine_socket"
    assert max(map(len, lines)) <= 100
    order = [
        shown.index(f"\n{each}")
        for each in ("  No container can", "Why", "Why critical", "Remedy", "Mappings", "Judged from")
    ]
    assert order == sorted(order)
    for said in ("pci: 2.2.6", "container: Every container of the target", "probes: containers,", "source: "):
        assert f"  {said}" in shown
    assert cli.main(["explain", "5.99"]) == 2
    assert capsys.readouterr().err.startswith("hullcheck explain: no control has the number, id or word '5.99'; ")
    for word, first, count in (("7", "7.1", 9), ("guide-2.2.log_max_file", "-", 1), ("Privileged", "2.10", 10)):
        assert cli.main(["explain", word, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["controls"]
        assert ([*found[0]["numbers"], "-"][0], len(found)) == (first, count), word
