"""Limits and options of containers: for the findings that they mend alone, and for names that are names."""

from __future__ import annotations

import shlex

import pytest

from hullcheck.remedies import ContainerLimit, ContainerOptions, Remedy, containers
from hullcheck.remedies.containers import Limit, Options
from hullcheck.remedies.offered import explained
from hullcheck.remedies.outcome import Outcome
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import Verdict

UNLIMITED = "no process limit is in force, and none is set"
LIMIT = ContainerLimit(option="--pids-limit", value="9", shown="{{.X}}")


def failure(reason: str, name: str = "web", control: str = "c", kind: str = "container") -> Failure:
    """A failure of a container."""
    return Failure(Control(control, "", "", "", "", {}), "h", "", Finding(kind, name, Verdict.FAIL, reason))


def limits(reason: str, **named: str) -> tuple[tuple[Limit, ...], Outcome]:
    """The limits for a finding."""
    return containers.limits([(failure(reason, **named), LIMIT)])


def test_limit_where_there_is_none() -> None:
    """For the container of the finding."""
    assert limits(UNLIMITED)[0] == (Limit("web", "--pids-limit", "9", "{{.X}}"),)


@pytest.mark.parametrize(
    "reason", ["no process limit is in force, but 100 is set", "the limit is that of the host"]
)
def test_limit_that_is_not_in_force_is_left(reason: str) -> None:
    """Another number changes nothing where the kernel does not enforce it."""
    found, outcome = limits(reason)
    assert (found, len(outcome.left)) == ((), 1)


@pytest.mark.parametrize("name", ["$(id)", "-f", "a b", "a\nb", "a;id", "", "{{ x }}", "ä"])
def test_name_that_no_engine_gives_is_left(name: str) -> None:
    """It is in no command."""
    assert limits(UNLIMITED, name=name)[0] == ()
    remedy = ContainerOptions(finding=".*", add=("--read-only",))
    assert containers.options([(failure("", name), remedy)], {})[0] == ()
    assert limits(UNLIMITED, kind="service")[0] == ()


def test_options_of_a_container_are_together() -> None:
    """What several findings ask of one container is said once; a finding of another cause is left."""
    found: list[tuple[Failure, ContainerOptions]] = []
    for control, reason in (
        ("container_gains_no_privileges", "its processes can gain privileges (no-new-privileges is not set)"),
        ("container_has_a_pid_namespace", "shares the process namespace of the host"),
        ("container_has_a_seccomp_filter", "runs with --privileged, and so without a seccomp filter"),
        ("container_capabilities_are_needed", "has or can get NET_ADMIN, NET_RAW"),
    ):
        remedy: Remedy = REMEDIES[control]
        assert isinstance(remedy, ContainerOptions)
        found.append((failure(reason, control=control), remedy))
    made, outcome = containers.options(found, {})
    assert made == (Options("web", ("--security-opt no-new-privileges",), ("--pid host",)),)
    assert [each.failure.control.id for each in outcome.left] == [
        "container_has_a_seccomp_filter",
        "container_capabilities_are_needed",
    ]
    assert containers.by_container(made) == {
        "web": "add `--security-opt no-new-privileges`; leave out `--pid host`"
    }


def test_options_are_words_of_docker_run() -> None:
    """Of the table: each begins with an option, and has nothing that a shell would split otherwise."""
    for remedy in REMEDIES.values():
        if isinstance(remedy, ContainerOptions):
            for option in (*remedy.add, *remedy.drop):
                assert option.startswith("--")
                assert shlex.split(option) == option.split()


# ---- one control, as `hullcheck explain` shows it


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_is_explained(name: str) -> None:
    """What is done, and what it may break."""
    said = list(explained(name))
    assert said[0].startswith("`hullcheck remedy`")
    assert any("--also" in each for each in said) is REMEDIES[name].asks
    assert any("May break" in each for each in said) is bool(REMEDIES[name].risk)


def test_control_without_a_remedy_says_so() -> None:
    """Of those that nobody has proven, and of a site's own."""
    (said,) = explained("container_is_not_privileged")
    assert "no remedy of this control has been proven" in said
