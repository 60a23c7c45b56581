"""Finds a control by its CIS number or id and judges with it: facts made by hand, a recording, or a real engine."""

import importlib.util
import inspect
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hullcheck import facts as fact_modules
from hullcheck.controls.judge import judge
from hullcheck.facts import Facts
from hullcheck.facts.registry import evidence_of, later_in
from hullcheck.gather import arriving
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.policy import Policy
from hullcheck.recording import CLOCK, Recording
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import render
from selftests import REPOSITORY

if TYPE_CHECKING:
    from selftests.rig.hosts.guest import Guest

CONTROLS = REPOSITORY / "tests"

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


def control(key: str) -> Callable[..., Any]:
    """The control with this CIS number, or this id."""
    return _controls_by_key()[key]


@cache
def _controls_by_key() -> Mapping[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for each in controls():
        for key in (*numbers(each), each.__name__.removeprefix("test_")):
            assert found.setdefault(key, each) is each, f"two controls for {key}"
    return found


def judged(key: str, target_facts: Facts) -> Verdicts:
    """What the control with this CIS number or id says of the target whose facts these are."""
    function = control(key)
    arguments = {name: target_facts.given(name, later_in(function)) for name in inspect.signature(function).parameters}
    findings = judge(function, arguments, target_facts.recording.target)
    return {each.subject: (str(each.verdict), each.reason) for each in findings}


def but(target: Facts, **given: Any) -> Facts:
    """The same target, of which these facts are *given* by hand."""
    return Facts(target.recording, target.policy, **given)


def judge_engine(key: str, socket: str | Path, policy: Policy | None = None) -> Verdicts:
    """What the control with this CIS number or id says of this machine with the engine behind *socket*."""
    return judged(key, facts_of_engine(socket, policy, of=key))


def judge_guest(key: str, guest: "Guest", policy: Policy | None = None, *, seconds: int = 30) -> Verdicts:
    """What the control with this CIS number or id says of a host or a machine of the laboratory."""
    return judged(key, facts_of_guest(guest, policy, of=key, seconds=seconds))


def facts_of_user(socket: str | Path, user: int, group: int, *, of: str = "") -> Facts:
    """What such a user of this machine learns of it, with the engine behind *socket*."""
    become = ["setpriv", "--reuid", str(user), "--regid", str(group), "--clear-groups", "/bin/sh"]
    script = render(probes_of(of), docker_host=f"unix://{socket}")
    environment = {"PATH": os.environ["PATH"], "HOME": "/"}
    done = subprocess.run(become, input=script, capture_output=True, text=True, check=True, cwd="/", env=environment)
    return facts_of_answer(done.stdout, "local", time.time())


def facts_of_answer(output: str, target: str, gathered: float = 0.0) -> Facts:
    """The facts in what the probe script printed."""
    probes = fact_modules.PROBES
    recording = Recording.from_output(output, probes, target=target, backend="script", asked=gathered)
    return Facts(recording, Policy())


def facts_inside(guest: "Guest", *user: str, of: str = "") -> Facts:
    """What the carried script learns in a guest, as root or as whom the command *user* makes of root."""
    return facts_of_answer(guest.exec(*user, "sh", stdin=render(probes_of(of))), "host", time.time())


def facts_of_guest(guest: "Guest", policy: Policy | None = None, *, of: str = "", seconds: int = 30) -> Facts:
    """What an audit over ssh learns of a host or a machine of the laboratory, in *seconds* for each probe."""
    connect = f"ssh://root@{guest.name}?ssh_config={guest.ssh_config}"
    return _gathered(guest.name, connect, policy or Policy(), of, seconds=seconds)


def facts_of_engine(socket: str | Path, policy: Policy | None = None, *, of: str = "") -> Facts:
    """The facts of this machine with the engine behind *socket*, gathered as an audit gathers them.

    Args:
        of: controls by their CIS numbers or ids, or sections: what they need is asked, and no more. To ask
            everything takes most of the time of a test.
    """
    return _gathered("local", "local://", policy or Policy(), of, docker_host=f"unix://{socket}")


def _gathered(
    name: str, connect: str, policy: Policy, of: str, *, docker_host: str | None = None, seconds: int = 30
) -> Facts:
    target = Target(name, connect, docker_host=docker_host, paths=tuple(policy.paths.items()))
    (recording,) = arriving([target], probes_of(of), Connection(timeout=4 * seconds), probe_timeout=seconds)
    return Facts(recording, policy)


@cache
def probes_of(of: str) -> tuple[Probe, ...]:
    """The probes that these controls need; all of them where none is named."""
    if not of:
        return fact_modules.PROBES
    found = [each for key in of.split() for each in controls() if is_of(each, key)]
    assert found, of
    asked = {name for each in found for name in inspect.signature(each).parameters}
    names = {CLOCK, *evidence_of(asked, "host")}
    return tuple(probe for probe in fact_modules.PROBES if probe.shared or probe.name in names)


def is_of(function: Callable[..., Any], key: str) -> bool:
    """Return whether a control has this id or CIS number, or is in this section."""
    sections = (f"{each}." for each in numbers(function))
    return function.__name__ == f"test_{key}" or any(each.startswith(f"{key}.") for each in sections)
