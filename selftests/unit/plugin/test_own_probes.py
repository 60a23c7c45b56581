"""A repository of a user asks what hullcheck does not: its probes are shown, recorded, judged and judged again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from selftests import REPOSITORY
from selftests.kit.running import Project

PAGE = REPOSITORY / "docs/own-controls.md"
DMESG = Path("/proc/sys/kernel/dmesg_restrict")
PLUGIN = ("-p", "hullcheck.plugin")  # an installation loads it by itself
CONTROL = "kernel_log_is_for_root"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository of its own with the two files of the page, and nothing of this checkout."""
    _, conftest, control = re.findall(r"(?ms)^```python\n(.*?)^```", PAGE.read_text())
    made = Project(tmp_path / "own", {"test_site.py": control})
    made.write("conftest.py", conftest)
    return made


@pytest.mark.skipif(not DMESG.exists(), reason="this kernel has no dmesg_restrict")
def test_own_probe_goes_the_whole_way(project: Project) -> None:
    """It is shown, this machine is asked, and the recording is judged again, also with another answer or with none."""
    shown = project.pytest(*PLUGIN, "--show-probes", "--hosts=local://")
    assert shown.lines("ask site_dmesg_restrict 'cat /proc/sys/kernel/dmesg_restrict'")
    here = DMESG.read_text().strip()
    run = project.pytest(*PLUGIN, "--hosts=local://")
    assert run.verdicts == {CONTROL: "pass" if here == "1" else "fail"}, run.output
    assert run.results["results"][0]["evidence"] == ["site_dmesg_restrict"]
    document = json.loads((project.folder / "reports/latest/local/recording.json").read_text())
    (answer,) = (each for each in document["answers"] if each["name"] == "site_dmesg_restrict")
    assert answer["stdout"] == f"{here}\n"
    assert document["commands"]["site_dmesg_restrict"] == f"cat {DMESG}"
    wanted = {"one": ("1\n", "pass"), "no": ("0\n", "fail"), "none": ("", "error"), "two": ("2\n", "error")}
    for name, (stdout, _) in wanted.items():
        answer["stdout"] = stdout
        project.write(f"recordings/{name}/recording.json", json.dumps({**document, "target": name}))
    hosts = [*(f"recorded://recordings/{name}" for name in wanted), project.recorded("box")]
    again = project.pytest(*PLUGIN, f"--hosts={','.join(hosts)}")
    verdicts = {f"{CONTROL}@{name}": verdict for name, (_, verdict) in wanted.items()}
    assert again.verdicts == verdicts | {f"{CONTROL}@box": "error"}
    assert "the recording has no answer to the probe site_dmesg_restrict" in again.reasons


def test_answer_of_the_script_is_judged(project: Project) -> None:
    """What `--show-probes` prints can be carried to a host, and its output is read with the user's own probes."""
    name = "site_dmesg_restrict"
    output = f"hullcheck-probe/1 N\nN begin {name}\n1\n\nN status 0\n\nN end {name}\nN complete\n"
    project.write("answer.txt", output.replace("N", "0" * 32))
    assert project.pytest(*PLUGIN, "--hosts=recorded://answer.txt").verdicts == {CONTROL: "pass"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"site_dmesg_restrict"', '"host"', ": there is a probe 'host' already"),
        ("(recording: Recording)", "(record: object)", " needs 'record', and there is no such fact"),
    ],
)
def test_wrong_fact_stops_the_run(project: Project, old: str, new: str, said: str) -> None:
    """It is named with its place, and no host is asked."""
    conftest = project.folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace(old, new))
    run = project.pytest(*PLUGIN, "--hosts=local://")
    assert run.status == 4
    assert f"conftest.py:11: the fact 'kernel_log_is_roots'{said}" in run.output
    assert not (project.folder / "reports").exists()
