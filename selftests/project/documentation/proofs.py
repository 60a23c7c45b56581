"""How each control was proven: read from the self-tests themselves, and from recorded hosts.

A control is proven on a real engine by a recorded host to which it applies, and by a test of the laboratory that
has its CIS number or its id; by hand by a test of controls or facts. The marker `product` names what ran itself.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any

from hullcheck import facts
from hullcheck.controls.judge import judge
from hullcheck.facts import Facts
from hullcheck.facts.registry import later_in
from hullcheck.inventory import load
from hullcheck.inventory.specs import recorded_path
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict, worst
from selftests import REPOSITORY
from selftests.corpus.judged import TABLE
from selftests.kit.judging import controls, numbers

DEMO = REPOSITORY / "inventories" / "demo.yml"
REAL, BY_HAND, WITH = "real engine", "by hand", "with"


@cache
def proofs() -> dict[str, frozenset[str]]:
    """Return by id of a control the ways in which it is proven, and what products ran for that."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        key, _, verdict, *_ = line.split("\t")
        if verdict in ("pass", "fail", "manual"):
            found[key].add(REAL)
    for folder, way in (("lab", REAL), ("controls", BY_HAND), ("unit/facts", BY_HAND)):
        for path in (REPOSITORY / "selftests" / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for word in _words(tree):
                found[word].add(way)
            for test in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
                for word in _words(test):
                    found[word] |= _products(test)
    names = {
        each.__name__.removeprefix("test_"): {each.__name__.removeprefix("test_"), *numbers(each)}
        for each in controls()
    }
    return {name: frozenset().union(*(found[key] for key in keys)) for name, keys in names.items()}


def _words(tree: ast.AST) -> set[str]:
    """Return the words of all strings that are lists of numbers and ids."""
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [
        value for value in values if isinstance(value, str) and re.fullmatch(r"[0-9. ]+|[a-z0-9_. ]+", value)
    ]
    return {word for text in texts for word in text.split()}


def _products(test: ast.FunctionDef) -> set[str]:
    """Return what the marker `product` of a test names."""
    marks = [each for each in test.decorator_list if isinstance(each, ast.Call)]
    products = [each for each in marks if ast.unparse(each.func) == "pytest.mark.product"]
    return {f"{WITH} {ast.literal_eval(name)}" for each in products for name in each.args}


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
