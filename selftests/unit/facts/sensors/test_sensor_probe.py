"""The probe for Falco on processes of this machine: which files it takes as those of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.sensors.probe import SENSORS
from hullcheck.recording.script import parse, render
from selftests.needs import need


def asked(shell: tuple[str, ...], program: Path, *words: str, stopped: bool = False) -> dict[str, Any]:
    """What is kept of the answer on a process that was started so."""
    need(shell[0])
    shutil.copy(str(shutil.which("sh")), program)
    process = subprocess.Popen(["x", "-c", "read x", *words], executable=program, stdin=subprocess.PIPE)
    try:
        time.sleep(0.2)
        if stopped:
            os.kill(process.pid, signal.SIGSTOP)
        said = subprocess.run([*shell, "-c", render((SENSORS,))], capture_output=True, text=True, check=True)
    finally:
        process.kill()
        process.wait()
    document = json.loads(SENSORS.keep(parse(said.stdout)["sensors"].stdout))
    (found,) = [each for each in document["Processes"] if each["Pid"] == process.pid]
    return dict(found)


MAIN = """config_files: [{0}/later]
rules_files:
  - "{0}/rules"  # all of them
  - {0}/one.yaml
priority: debug
"""


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
@pytest.mark.parametrize("option", ["-c {}", "-c{}", "--config={}"])
def test_files_of_falco(tmp_path: Path, shell: tuple[str, ...], option: str) -> None:
    """Those that its command names, that these list, and that the files list which are read later."""
    files = {
        "falco.yaml": MAIN.format(tmp_path),
        "later/a.yaml": f"rules_files:\n- {tmp_path}/two.yaml\n- {tmp_path}/three.yaml\n",
        "later/b.off": "priority: error\n",
        "rules/x.yaml": "- rule: A\n  condition: never_true\n",
        "one.yaml": "- rule: B\n",
        "two.yaml": "# {\n  - {rule: C, condition: x}\n  - {enabled: false, # yet\n     rule: D}\n",
        "three.yaml": '- rule : E\n  "enabled" : false\n- rule: F\n  condition: >\n    never_true\n',
        "unlisted.yaml": "- rule: D\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = asked(shell, tmp_path / "falco", *option.format(tmp_path / "falco.yaml").split(" "))
    assert [each.get("priority") for each in found["Config"]] == ["debug", None]
    named = {name: enabled for path, name, enabled, *_ in found["Named"] if path.startswith(str(tmp_path))}
    assert named == {"A": False, "B": None, "C": None, "D": False, "E": False, "F": False}
    assert (found["Changed"], found["Halted"]) == (False, False)


def test_falco_that_is_stopped(tmp_path: Path) -> None:
    """It sees nothing."""
    assert asked(("dash",), tmp_path / "falco", stopped=True)["Halted"]
