"""Projects with controls of their own."""

from __future__ import annotations

from pathlib import Path

from selftests.kit.running import (
    ABSENT,
    PRESENT,
    Project,
    containers,
    info,
)

PRIVILEGED = '''
"""Controls of a site."""

import pytest


@pytest.mark.cis("5.5", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
def test_container_is_not_privileged(container):
    """No container runs privileged.

    A privileged container holds every capability and sees every device: whoever breaks out of it owns the host.

    Remedy: run it without --privileged and add the single capabilities that it needs.
    """
    assert not container.host_config.privileged, "runs with --privileged"
'''


EVERY_VERDICT = '''
"""One control for each way to end."""

import pytest

from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable


@pytest.fixture
def thing(policy):
    return Subjects("thing", (("good", 1), ("bad", 2)))


@pytest.fixture
def broken(policy):
    assert False, "nothing works"


@pytest.fixture
def unread(policy):
    raise EvidenceError("permission denied")


@pytest.mark.severity("high", "It matters.")
def test_passes(policy):
    """It passes."""


def test_fails(policy):
    """It fails."""
    assert 1 == 2, "one is not two"


def test_cannot_be_read(policy):
    """Evidence is missing."""
    raise EvidenceError("no evidence")


def test_fixture_cannot_be_read(unread):
    """Evidence is missing, and the fixture says so."""


def test_fixture_breaks(broken):
    """A fixture with a fault."""


def test_is_broken(policy):
    """The control has a fault of its own."""
    {}["no such key"]


def test_has_nothing(policy):
    """Nothing to judge."""
    raise NotApplicable("no swarm")


def test_needs_a_person(policy):
    """A person has to look."""
    raise Manual("ports 80 and 443 are open")


def test_of_subjects(thing):
    """Every thing is good."""
    assert thing == 1, f"is {thing}"


def test_skips(policy):
    """It says pytest.skip."""
    pytest.skip("not on this kernel")


def test_is_no_control():
    """An ordinary test, which is none of our business."""
'''


def site(folder: Path, text: str = PRIVILEGED, name: str = "test_site.py") -> Project:
    """A user's own repository with controls of its own."""
    return Project(folder, {name: text})


def careless(project: Project) -> str:
    """A recorded host with what fails, by its host specification."""
    return project.recorded(
        "web1",
        PRESENT,
        info(),
        containers(
            {"Name": "/db", "HostConfig": {"Privileged": False}},
            {"Name": "/web", "HostConfig": {"Privileged": True}},
        ),
    )


def empty(project: Project, name: str = "bare") -> str:
    """A recorded target without Docker, by its host specification."""
    return project.recorded(name, ABSENT)
