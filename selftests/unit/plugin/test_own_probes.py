"""A repository of a user asks what hullcheck does not: its probes are shown, recorded, judged and judged again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from selftests import REPOSITORY
from selftests.kit.running import Project

PAGE = REPOSITORY / "docs/own-probes.md"
DMESG = Path("/proc/sys/kernel/dmesg_restrict")
PLUGIN = ("-p", "hullcheck.plugin")  # an installation loads it by itself


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository of its own with the two files of the page, and nothing of this checkout."""
    conftest, control = re.findall(r"(?ms)^```python\n(.*?)^```", PAGE.read_text())
    made = Project(tmp_path / "own", {"test_site.py": control})
    made.write("conftest.py", conftest)
    return made


def recording(project: Project) -> dict[str, Any]:
    """That of the newest run."""
    document: dict[str, Any] = json.loads(
        (project.folder / "reports/latest/local/recording.json").read_text()
    )
    return document


def test_own_probe_is_shown(project: Project) -> None:
    """`--show-probes` has it, within the script that would be run."""
    run = project.pytest(*PLUGIN, "--show-probes", "--hosts=local://")
    assert run.status == 0
    assert run.lines("ask site_dmesg_restrict 'cat /proc/sys/kernel/dmesg_restrict'")
    assert run.lines("complete")


@pytest.mark.skipif(not DMESG.exists(), reason="this kernel has no dmesg_restrict")
@pytest.mark.parametrize("processes", [[], ["-n2"]], ids=["one", "workers"])
def test_own_probe_goes_the_whole_way(project: Project, processes: list[str]) -> None:
    """This machine is asked; the recording has its answer, and is judged again, also where that is another one."""
    here = DMESG.read_text().strip()
    run = project.pytest(*PLUGIN, "--hosts=local://", *processes)
    control = "kernel_log_is_for_root"
    assert run.verdicts == {control: "pass" if here == "1" else "fail"}, run.output
    assert run.results["results"][0]["evidence"] == ["site_dmesg_restrict"]
    document = recording(project)
    (answer,) = (each for each in document["answers"] if each["name"] == "site_dmesg_restrict")
    assert answer["stdout"] == f"{here}\n"
    assert document["commands"]["site_dmesg_restrict"] == f"cat {DMESG}"
    wanted = {"one": ("1\n", "pass"), "no": ("0\n", "fail"), "none": ("", "error"), "two": ("2\n", "error")}
    for name, (stdout, _) in wanted.items():
        answer["stdout"] = stdout
        project.write(f"recordings/{name}/recording.json", json.dumps({**document, "target": name}))
    hosts = ",".join(f"recorded://recordings/{name}" for name in wanted)
    again = project.pytest(*PLUGIN, f"--hosts={hosts}", *processes)
    assert again.verdicts == {f"{control}@{name}": verdict for name, (_, verdict) in wanted.items()}


def test_recording_without_the_probe_is_an_error(project: Project) -> None:
    """What was not asked is not passed."""
    run = project.pytest(*PLUGIN, "--hosts", project.recorded("box"))
    assert run.verdicts == {"kernel_log_is_for_root": "error"}
    assert "the recording has no answer to the probe site_dmesg_restrict" in run.reasons


def test_answer_of_the_script_is_judged(project: Project) -> None:
    """What `--show-probes` prints can be carried to a host, and its output is read with the user's own probes."""
    name = "site_dmesg_restrict"
    output = f"hullcheck-probe/1 N\nN begin {name}\n1\n\nN status 0\n\nN end {name}\nN complete\n"
    project.write("answer.txt", output.replace("N", "0" * 32))
    assert project.pytest(*PLUGIN, "--hosts=recorded://answer.txt").verdicts == {
        "kernel_log_is_for_root": "pass"
    }


def test_wrong_probe_stops_the_run(project: Project) -> None:
    """It is named with its place, and no host is asked."""
    conftest = project.folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace('"site_dmesg_restrict"', '"host"'))
    run = project.pytest(*PLUGIN, "--hosts=local://")
    assert run.status == 4
    assert "conftest.py:11: the fact 'kernel_log_is_roots': there is a probe 'host' already" in run.output
    assert not (project.folder / "reports").exists()


@pytest.mark.parametrize("parameter", ["record", "kernel_log_is_roots"])
def test_fact_that_cannot_be_made_stops_the_run(project: Project, parameter: str) -> None:
    """What it needs is no fact, or is itself: the message names it, and no host is asked."""
    conftest = project.folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace("(recording: Recording)", f"({parameter}: object)"))
    run = project.pytest(*PLUGIN, "--hosts=local://")
    assert run.status == 4
    assert "conftest.py:11: the fact 'kernel_log_is_roots' needs" in run.output
    assert not (project.folder / "reports").exists()
