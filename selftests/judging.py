"""Finds a control by its CIS number and judges with it: facts made by hand, a recording, or a real engine."""

import importlib.util
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from hullcheck import facts as fact_modules
from hullcheck.facts import Facts
from hullcheck.gather import gather
from hullcheck.inventory import Target
from hullcheck.judge import judge
from hullcheck.policy import Policy
from hullcheck.results import Finding
from hullcheck.transport import Connection

CONTROLS = Path(__file__).parent.parent / "tests"

Verdicts = dict[str, tuple[str, str]]
"""Verdict and reason by subject."""


@cache
def control_modules() -> tuple[ModuleType, ...]:
    """The modules of tests/, without pytest's assertion rewriting: a failure's message is what the control says."""
    modules = []
    for path in sorted(CONTROLS.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"controls_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        modules.append(module)
    return tuple(modules)


def controls() -> Iterator[Callable[..., Any]]:
    """Every control of the project."""
    for module in control_modules():
        for name, function in vars(module).items():
            if name.startswith("test_") and inspect.isfunction(function):
                yield function


def numbers(function: Callable[..., Any]) -> tuple[str, ...]:
    """The CIS numbers of a control."""
    marks = getattr(function, "pytestmark", ())
    return tuple(number for mark in marks if mark.name == "cis" for number in mark.args)


def control(number: str) -> Callable[..., Any]:
    """The control with this CIS number."""
    (found,) = [each for each in controls() if number in numbers(each)]
    return found


def judged(number: str, target_facts: Facts) -> Verdicts:
    """What the control says of the target whose facts these are."""
    function = control(number)
    arguments = {name: target_facts.argument(name) for name in inspect.signature(function).parameters}
    return by_subject(judge(function, arguments, target_facts.recording.target))


def by_subject(findings: tuple[Finding, ...]) -> Verdicts:
    """The findings as verdict and reason by subject."""
    return {each.subject: (str(each.verdict), each.reason) for each in findings}


def facts_of_engine(socket: str | Path, policy: Policy | None = None) -> Facts:
    """The facts of this machine with the engine behind *socket*, gathered as an audit gathers them."""
    target = Target("local", "local://", docker_host=f"unix://{socket}")
    (recording,) = gather([target], fact_modules.PROBES, Connection()).values()
    return Facts(recording, policy or Policy())
