"""The fixtures that a control asks for: facts of a target, and its policy."""

from typing import Any

import pytest

from hullcheck import facts
from hullcheck.facts import Facts
from hullcheck.inventory import Target
from hullcheck.plugin.session import session_of
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


def _fixture(argument: str) -> Any:
    """A fixture of this name, for controls that ask for it."""

    def fact(audit_facts: Facts) -> Any:
        return audit_facts.argument(argument)

    fact.__doc__ = facts.description(argument)
    return pytest.fixture(name=argument)(fact)


globals().update({each: _fixture(each) for each in facts.ARGUMENTS})
