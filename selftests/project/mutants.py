"""Changes facts, criteria and controls in small ways, and lists what no self-test notices: `tox -e mutants`.

A copy of the repository is changed, one place after the other, and the self-tests that ran the line have to fail there.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import coverage
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from msgspec import Struct

from selftests import REPOSITORY
from selftests.rig.removal import temporary

MODULES = ("tests", "hullcheck/criteria", "hullcheck/facts")
SELF_TESTS = (
    "controls",
    "test_cases.py",
    "unit/compose",
    "unit/controls",
    "unit/criteria",
    "unit/facts",
    "unit/parsing",
    "unit/policy",
)
OPTIONS = (
    "-q",
    "-x",
    "-m",
    "not lab",
    "--config-file=selftests/pytest.ini",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
)
MOST = 40  # self-tests for one change, the nearest first
SECONDS = 120
UNTOUCHED = re.compile(
    r"core/(RemoveDecorator|ReplaceBinaryOperator_(BitOr|Mod|Div)_.*|Replace.*_(Is|IsNot|LtE|GtE)"
    r"|Replace.*_(Is_Eq|IsNot_NotEq))"
)
"""Not counted: types written with |, and comparisons that are the same by another sign."""
SIGNATURES = ("parameters", "lambdef")
"""Where `*` stands for no multiplication: what follows is given by name."""


class Change(Struct, frozen=True):
    """A small change of a module.

    Attributes:
        path: of the module, from the repository.
        line: from 1.
        before, after: the text of the module.
    """

    path: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        """Return the lines before and after."""
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), n=0, lineterm="")
        return "\n".join([f"{self.path}:{self.line}", *list(lines)[3:]])


def changes(module: str, share: float) -> Iterator[Change]:
    """Yield the changes of a module, or of a folder of modules; a *share* from 0 to 1 of them, at random."""
    files = sorted(Path(module).rglob("*.py")) if Path(module).is_dir() else [Path(module)]
    found = [(str(file), *place) for file in files for place in _places(file.read_text())]
    for path, line, operator, occurrence in sorted(random.sample(found, round(len(found) * share))):
        text = Path(path).read_text()
        try:
            after = mutate_code(text, get_operator(operator)(), occurrence)
        except AttributeError:  # such as the names in `except (A, B)`
            continue
        if after:
            yield Change(path, line, text, after)


def _places(text: str) -> Iterator[tuple[int, str, int]]:
    lines, nodes = text.splitlines(), list(ast_nodes(get_ast(text)))
    for name in operator_names():
        operator = get_operator(name)
        if UNTOUCHED.fullmatch(name) or operator.arguments():
            continue
        places = ((node, start) for node in nodes for start, _ in operator().mutation_positions(node))
        for occurrence, (node, (line, _)) in enumerate(places):
            of_signature = node.parent is not None and node.parent.type in SIGNATURES
            if not of_signature and not lines[line - 1].startswith("@"):  # markers of a control
                yield line, name, occurrence


class Recorder:
    """A plugin of pytest that records which self-tests run a line."""

    def __init__(self) -> None:
        """Measure the library and the controls."""
        self.coverage = coverage.Coverage(data_file=None, config_file=False, source=["hullcheck", "tests"])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Count what runs from now on for this self-test."""
        self.coverage.switch_context(nodeid)

    def run(self, folders: Sequence[str]) -> coverage.CoverageData:
        """Run all self-tests.

        Raises:
            SystemExit: one fails without a change.
        """
        self.coverage.start()
        status = pytest.main([*OPTIONS, *folders], plugins=[self])
        self.coverage.stop()
        if status:
            raise SystemExit("the self-tests fail without a change")
        return self.coverage.get_data()


def is_noticed(change: Change, data: coverage.CoverageData) -> bool:
    """Return whether a self-test that ran the line fails; lines that run at the import are of all of the module."""
    by_line = data.contexts_by_lineno(str(Path(change.path).absolute()))
    ran = by_line.get(change.line) or [name for names in by_line.values() for name in names]
    stem = Path(change.path).stem.removeprefix("test_")
    nearest = sorted({name for name in ran if name}, key=lambda name: (stem not in name, name))[:MOST]
    if not nearest:
        return False
    path = Path(change.path)
    path.write_text(change.after)
    try:
        command = [sys.executable, "-m", "pytest", *OPTIONS, *nearest]
        return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(change.before)


def tried(modules: Sequence[str], share: float) -> float:
    """Try changes of the modules here, print those that are not noticed, and return the share of those that are."""
    data = Recorder().run([f"selftests/{each}" for each in SELF_TESTS])
    every = [change for module in modules for change in changes(module, share)]
    random.shuffle(every)
    missed = [change for change in every if not is_noticed(change, data)]
    print(*missed, f"{len(every) - len(missed)} of {len(every)} noticed", sep="\n", flush=True)
    return 1 - len(missed) / max(1, len(every))


def in_a_copy(*arguments: str) -> int:
    """Run this module in a copy of what git knows of the repository, and return the exit status."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    with temporary() as folder:
        for name in filter(None, listed.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
        words = [sys.executable, "-m", "selftests.project.mutants", "--here", *arguments]
        environment = os.environ | {"PYTHONPATH": str(folder)}
        return subprocess.run(words, cwd=folder, env=environment, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Try changes; the exit status is 1 where fewer are noticed than `--least` says."""
    parser = argparse.ArgumentParser(prog="tox -e mutants --", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="only these, such as tests/test_7_swarm.py")
    parser.add_argument("--share", type=float, default=1, help="try this share of the changes, at random (0.1)")
    parser.add_argument("--least", type=float, default=0, help="fail if a smaller share is noticed (0.85)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not options.here:
        return in_a_copy(*arguments)
    return int(tried(options.modules or MODULES, options.share) < options.least)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
