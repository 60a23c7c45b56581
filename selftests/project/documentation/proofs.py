"""How each control was proven: read from the self-tests themselves, and from the two hosts of the demo.

A test in a module that judges proves a control if it names its CIS number, as in `judged("5.5", ...)`, or its id. One
that asks for a fixture of the laboratory proves it on a real engine. Its marker `product` names what ran itself there.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hullcheck import facts, frameworks
from hullcheck.controls.judge import judge
from hullcheck.facts import Facts
from hullcheck.facts.registry import later_in
from hullcheck.inventory import load
from hullcheck.inventory.specs import recorded_path
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict, worst
from selftests import REPOSITORY
from selftests.conftest import LAB_FIXTURES
from selftests.kit.judging import controls

DEMO = REPOSITORY / "inventories" / "demo.yml"
JUDGING = {"judged", "judge", "judge_guest", "facts_of_engine", "control", "judging"}
HELPERS = r"selftests\.(kit\.facts\.|lab\.(?!.*\btest_))"
REAL, FILES, BY_HAND, WITH = "real engine", "real files", "by hand", "with"


@cache
def proofs() -> dict[str, frozenset[str]]:
    """By CIS number and by id of a control, the ways in which self-tests prove it, and what products ran for that."""
    known = set(frameworks.load(REPOSITORY / frameworks.FILE).get("cis").ids)
    known |= {control.__name__.removeprefix("test_") for control in controls()}
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((REPOSITORY / "selftests").rglob("test_*.py")):
        if path.parent.name == "compose":  # a Compose file is no machine, and shows less than one
            continue
        module = _Module(path)
        for test in module.tests if module.judges else ():
            for number in known & module.words(test):
                found[number] |= {module.way(test), *_products(test)}
    return {number: frozenset(ways) for number, ways in found.items()}


def _products(test: ast.FunctionDef) -> Iterator[str]:
    """What its marker `product` names."""
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.product":
            yield from (f"{WITH} {ast.literal_eval(name)}" for name in decorator.args)


class _Module:
    """The source of one module of self-tests, with the helpers and fixtures that it has from beside it."""

    def __init__(self, path: Path) -> None:
        self.tests: list[ast.FunctionDef] = []
        self.functions: dict[str, ast.FunctionDef] = {}
        self.values: dict[str, ast.AST] = {}
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        self.imported = {alias.name for node in imports for alias in node.names}
        helpers = [node.module for node in imports if re.match(HELPERS, node.module or "")]
        self.by_hand = any("kit.facts" in str(name) for name in helpers)
        beside = [REPOSITORY / f"{str(name).replace('.', '/')}.py" for name in helpers]
        for each in (path.with_name("conftest.py"), *beside):
            if each.exists():
                self._read(ast.parse(each.read_text(encoding="utf-8")))
        self._read(tree)

    def _read(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                (self.tests.append if node.name.startswith("test_") else self._keep)(node)
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.values[statement.targets[0].id] = statement.value
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                self.values[statement.target.id] = statement.value or statement

    @property
    def judges(self) -> bool:
        """Whether it takes from `selftests.kit` what calls controls."""
        return self.by_hand or bool(JUDGING & self.imported)

    def _keep(self, function: ast.FunctionDef) -> None:
        self.functions[function.name] = function

    def _reached(self, test: ast.FunctionDef) -> Iterator[ast.AST]:
        """The test, its decorators, and the helpers, fixtures and tables of this module that they name."""
        waiting: list[ast.AST] = [test]
        seen: set[str] = set()
        while waiting:
            root = waiting.pop()
            for node in ast.walk(root):
                yield node
                name = (
                    node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else ""
                )
                for table in (self.functions, self.values):
                    if name in table and name not in seen:
                        seen.add(name)
                        waiting.append(table[name])

    def words(self, test: ast.FunctionDef) -> set[str]:
        """Every word in the strings that the test, or what it reaches in this module, has in its source."""
        nodes = self._reached(test)
        texts = [
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        return {word for text in texts if re.fullmatch(r"[0-9. ]+|[a-z0-9_]+", text) for word in text.split()}

    def way(self, test: ast.FunctionDef) -> str:
        """How the test proves something, by the fixtures that it asks for."""
        arguments = {node.arg for node in self._reached(test) if isinstance(node, ast.arg)}
        if LAB_FIXTURES & arguments:
            return REAL
        return FILES if "tmp_path" in arguments else BY_HAND


@cache
def recorded() -> dict[str, dict[str, Verdict]]:
    """By name of a recorded host of the demo, its verdicts by control."""
    inventory = load(DEMO)
    verdicts: dict[str, dict[str, Verdict]] = {}
    for target in inventory.targets:
        recording = Recording.load(REPOSITORY / recorded_path(target.connect), facts.PROBES)
        of_target = Facts(recording, inventory.policy_for(target))
        verdicts[target.name] = {control.__name__: _verdict(control, of_target) for control in controls()}
    return verdicts


def _verdict(control: Callable[..., Any], known: Facts) -> Verdict:
    try:
        arguments = {
            name: known.given(name, later_in(control)) for name in inspect.signature(control).parameters
        }
    except NotApplicable:
        return Verdict.NOT_APPLICABLE
    except EvidenceError:
        return Verdict.ERROR
    return worst(finding.verdict for finding in judge(control, arguments, known.recording.target))
