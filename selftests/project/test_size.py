"""The project keeps its size: `ceilings.toml` says how large a part may be, and no ceiling is far above its part.

`python -m selftests.project.test_size` lowers the ceilings that can be lowered, except those of programs and times.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck import facts
from hullcheck.recording.script import parse, render
from selftests import REPOSITORY

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

CEILINGS = Path(__file__).with_name("ceilings.toml")
STEPS = {"bytes": 1000, "lines": 50, "programs": 40}
"""Ceilings are multiples of these, so that a few lines more or less change none."""
BUDGET = {"assertions": 4, "judgement": 20, "manual": 1, "not-applicable": 1}
"""What a control may have; `ceilings.toml` names only those that have more."""
STRACE = ("strace", "-f", "-qq", "-z", "--seccomp-bpf", "-e", "trace=execve", "-e", "signal=none")
PYTEST = "import pytest"
PLUGIN = "from hullcheck.plugin import waiting; waiting.modules()"
"""What `pytest -m cis` imports before it collects."""

Sizes = Mapping[str, float]


def fitting(table: str, size: float) -> float:
    """The lowest ceiling for this *size*."""
    step = STEPS.get(table, 1)
    return -(-size // step) * step


def complaints(table: str, sizes: Sizes, ceilings: Sizes) -> list[str]:
    """What is wrong with the *sizes* or with the *ceilings* of one table, and what to do."""
    found = []
    for key in sorted(sizes.keys() | ceilings.keys()):
        size, ceiling = sizes.get(key), ceilings.get(key, BUDGET.get(table, 0))
        fit = fitting(table, size or 0)
        if size is None:
            found.append(f"[{table}] {key} is gone or within the budget: delete its ceiling")
        elif not ceiling:
            found.append(f"[{table}] {key} has no ceiling: add one of {fit}")
        elif size > ceiling:
            found.append(f"[{table}] {key} is {size} and may be {ceiling}: make it smaller")
        elif size < 0.9 * ceiling and fit < ceiling:
            found.append(f"[{table}] {key} is only {size}: lower its ceiling from {ceiling} to {fit}")
    return found


def written(table: str) -> Sizes:
    """The ceilings of one table."""
    tables: dict[str, Sizes] = tomllib.loads(CEILINGS.read_text(encoding="utf-8"))
    return tables[table]


# ---- measures


def _script() -> Sizes:
    return {"script": len(render(facts.PROBES).encode())}


def _dependencies() -> Sizes:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"required": len(project["dependencies"])}


def _lines() -> Sizes:
    """Count the lines of Python and shell in each folder, and as `/*` those of the files beside the folders."""
    sizes = Counter[str]()
    for top in ("hullcheck", "hullcheck/facts", "selftests", "tests"):
        for path in (REPOSITORY / top).rglob("*.*"):
            if path.suffix in (".py", ".sh"):
                first, *deeper = path.relative_to(REPOSITORY / top).parts
                sizes[f"{top}/{first if deeper else '*'}"] += path.read_bytes().count(b"\n")
    return sizes


def _controls(measure: str) -> Sizes:
    """Measure the controls, and return those over the budget."""
    sizes = {}
    for path in sorted((REPOSITORY / "tests").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for function in ast.parse(text).body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                sizes[function.name.removeprefix("test_")] = _judgement(function, text.splitlines())[measure]
    return {name: size for name, size in sizes.items() if size > BUDGET[measure]}


def _judgement(function: ast.FunctionDef, lines: list[str]) -> Counter[str]:
    """Count lines without comments, assertions and raised exceptions below the docstring of a control."""
    docstring, *statements = function.body
    code = (line.strip() for line in lines[docstring.end_lineno : function.end_lineno])
    sizes = Counter[str](judgement=sum(bool(line) and not line.startswith("#") for line in code))
    names = {"Manual": "manual", "NotApplicable": "not-applicable"}
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Assert):
            sizes["assertions"] += 1
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            sizes[names.get(ast.unparse(node.exc.func), "")] += 1
    return sizes


MEASURES: dict[str, Callable[[], Sizes]] = {
    "assertions": lambda: _controls("assertions"),
    "bytes": _script,
    "dependencies": _dependencies,
    "judgement": lambda: _controls("judgement"),
    "lines": _lines,
    "manual": lambda: _controls("manual"),
    "not-applicable": lambda: _controls("not-applicable"),
}


# ---- tests


@pytest.mark.parametrize("table", MEASURES)
def test_size(table: str) -> None:
    """No part is larger than its ceiling, none has no ceiling, and no ceiling is out of date."""
    found = complaints(table, MEASURES[table](), written(table))
    assert not found, "\n".join(found)


COMPLAINTS = [
    (1000, 1000, ""),
    (901, 1000, ""),
    (208, 250, ""),
    (1001, 1000, "is 1001 and may be 1000"),
    (850, 1000, "from 1000 to 850"),
    (10, None, "add one of 50"),
    (None, 50, "delete its ceiling"),
]


@pytest.mark.parametrize(("size", "ceiling", "message"), COMPLAINTS)
def test_complaints(size: float | None, ceiling: float | None, message: str) -> None:
    """A ceiling is too low, or more than 10 % and a step too high."""
    sizes, ceilings = ({} if each is None else {"part": each} for each in (size, ceiling))
    said = "".join(complaints("lines", sizes, ceilings))
    assert (message in said, bool(said)) == (True, bool(message))


@pytest.mark.timed
def test_import_time(tmp_path: Path) -> None:
    """The start of an audit takes no longer than its ceiling, in multiples of what pytest itself takes."""
    best = dict.fromkeys((PYTEST, PLUGIN), 60.0)
    for _ in range(9):
        for code in best:
            best[code] = min(best[code], _processor_seconds(code, tmp_path))
    assert best[PLUGIN] / best[PYTEST] < written("times")["import"], best


def _processor_seconds(code: str, cache: Path) -> float:
    """What a new Python takes for this *code*; its byte code is in the *cache* from the second time on."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", f"{code}\nimport time; print(time.process_time())"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.needs("strace")
def test_programs(lab_host: Callable[..., Host]) -> None:
    """The script starts no more programs than its ceilings, on a host without and with 100 containers.

    The host sees its own processes alone, so that nothing else on the machine is counted.
    """
    host = lab_host()
    sizes = {"containers-0": _programs(host)}
    names = [f"c{number}" for number in range(100)]
    for name in names:
        host.docker("create", "--name", name, "--network", "none", "bb:1", "sleep", "9999")
    for first in range(0, 100, 25):
        host.docker("start", *names[first : first + 25])
    sizes["containers-100"] = _programs(host)
    found = complaints("programs", sizes, written("programs"))
    assert not found, "\n".join(found)


def _programs(host: Host) -> int:
    """Count the programs that the script starts on the host, if it is asked everything."""
    script = render(facts.PROBES, timeout=300)
    answers = parse(host.exec(*STRACE, "-o", "/root/trace", "sh", stdin=script, timeout=400))
    assert answers.keys() == {probe.name for probe in facts.PROBES}
    return host.exec("cat", "/root/trace").count(" execve(")


def lower() -> None:
    """Write the ceilings again, each as low as its part allows, without those of parts that are gone."""
    table, sizes, lines = "", dict[str, float](), list[str]()
    for line in CEILINGS.read_text(encoding="utf-8").splitlines():
        key, _, ceiling = line.partition(" = ")
        if line.startswith("["):
            table = line.strip("[]")
            sizes = dict(MEASURES[table]()) if table in MEASURES else {}
        elif ceiling and table in MEASURES:
            size = sizes.get(key.strip('"'))
            line = "" if size is None else f"{key} = {min(int(ceiling), fitting(table, size))}"
        if line or not ceiling:
            lines.append(line)
    CEILINGS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    lower()
