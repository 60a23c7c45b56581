"""The fixtures that a control asks for: facts of a target, and its policy."""

from typing import Any

import pytest

from hullcheck.facts.registry import FACTS, Fact, Facts, check, later_in
from hullcheck.inventory import Target
from hullcheck.plugin.session import session_of
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError


@pytest.fixture(scope="session")
def audit_target(request: pytest.FixtureRequest) -> Target:
    """The target that is judged; a test that needs it, however indirectly, is a control."""
    target: Target = request.param
    return target


@pytest.fixture(scope="session")
def audit_facts(audit_target: Target, pytestconfig: pytest.Config) -> Facts:
    """All facts of the target.

    Raises:
        EvidenceError: it gave no answer at all; then every control says why, also one that looks for signs.
    """
    known = session_of(pytestconfig).facts_of(audit_target)
    if known.recording.failure:
        raise EvidenceError(known.recording.failure)
    return known


@pytest.fixture
def policy(audit_facts: Facts) -> Policy:
    """What the site allows on the target."""
    return audit_facts.policy


@pytest.hookimpl(tryfirst=True)  # before a folder is made for the run
def pytest_configure(config: pytest.Config) -> None:
    """Give every fact a fixture of its name, those that a user's conftest.py registers too."""
    try:
        check()
    except TypeError as error:
        raise pytest.UsageError(str(error)) from None
    fixtures = type("FactFixtures", (), {each.name: _fixture(each) for each in FACTS.values()})
    config.pluginmanager.register(fixtures(), "hullcheck-facts")


def _fixture(known: Fact) -> Any:
    def give(self: object, request: pytest.FixtureRequest, audit_facts: Facts) -> Any:
        return audit_facts.given(known.name, later_in(request.function))

    give.__doc__ = known.description
    return pytest.fixture(name=known.name)(give)
