"""The fixtures that a control asks for: facts of a target, and its policy."""

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.engine import Engine
from hullcheck.facts.inside import InsideContainer
from hullcheck.facts.kernel import Kernel
from hullcheck.inventory import Target
from hullcheck.judge import Subjects
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
        EvidenceError: it gave no answer at all; then every control says why, also those that only look for signs.
    """
    from hullcheck.plugin import session_of

    known = session_of(pytestconfig).facts_of(audit_target)
    if known.recording.failure:
        raise EvidenceError(known.recording.failure)
    return known


@pytest.fixture
def facts(audit_facts: Facts) -> Facts:
    """All facts of the target, for the few controls that need one without a fixture of its own."""
    return audit_facts


@pytest.fixture
def policy(audit_facts: Facts) -> Policy:
    """What the site allows on this target."""
    return audit_facts.policy


@pytest.fixture
def daemon(audit_facts: Facts) -> Daemon:
    """The Docker daemon of the target, with every setting and where it comes from."""
    return audit_facts.daemon


@pytest.fixture
def engine(audit_facts: Facts) -> Engine:
    """The engine of the target, as `docker info` describes it."""
    return audit_facts.engine


@pytest.fixture
def kernel(audit_facts: Facts) -> Kernel:
    """What the kernel of the target offers."""
    return audit_facts.kernel


@pytest.fixture
def container(audit_facts: Facts) -> Subjects[Container] | Subjects[InsideContainer]:
    """Every container of the target, running or not; the control is called with one at a time."""
    return audit_facts.container
