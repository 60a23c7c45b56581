"""The fixtures that a control asks for: facts of a target, and its policy."""

from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.accounts import Accounts
from hullcheck.facts.audit import Audit
from hullcheck.facts.containers import Container
from hullcheck.facts.daemon import Daemon
from hullcheck.facts.engine import Engine
from hullcheck.facts.files import FileFact
from hullcheck.facts.image_contents import ImageContents
from hullcheck.facts.image_trust import ContentTrust
from hullcheck.facts.images import Image
from hullcheck.facts.inside import InsideContainer
from hullcheck.facts.kernel import Kernel
from hullcheck.facts.networks import Network
from hullcheck.facts.releases import Release, System
from hullcheck.facts.sprawl import Sprawl
from hullcheck.facts.storage import Storage
from hullcheck.facts.swarm import Swarm, SwarmService
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
        EvidenceError: it gave no answer at all; then every control says why, also one that looks for signs.
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


# ---- the files of the engine, in groups; a control is called with one file at a time


def _files(name: str) -> Any:
    """A fixture with this name: the files of one group."""

    @pytest.fixture(name=name)
    def files(audit_facts: Facts) -> Subjects[FileFact]:
        group: Subjects[FileFact] = audit_facts.argument(name)
        return group

    return files


service_unit_file = _files("service_unit_file")
socket_unit_file = _files("socket_unit_file")
configuration_directory = _files("configuration_directory")
registry_certificate = _files("registry_certificate")
tls_ca = _files("tls_ca")
tls_certificate = _files("tls_certificate")
tls_key = _files("tls_key")
api_socket = _files("api_socket")
configuration_file = _files("configuration_file")
default_file = _files("default_file")
sysconfig_file = _files("sysconfig_file")
containerd_socket = _files("containerd_socket")
daemon_program = _files("daemon_program")
containerd_program = _files("containerd_program")
containerd_shim = _files("containerd_shim")
runc_v1_shim = _files("runc_v1_shim")
runc_v2_shim = _files("runc_v2_shim")
runc_program = _files("runc_program")
data_root = _files("data_root")
containerd_directory = _files("containerd_directory")
unit_file = _files("unit_file")
containerd_configuration = _files("containerd_configuration")


@pytest.fixture
def image(audit_facts: Facts) -> Subjects[Image]:
    """Every image that the engine holds; the control is called with one at a time."""
    return audit_facts.image


@pytest.fixture
def image_contents(audit_facts: Facts) -> ImageContents:
    """What is in those images, by their ids."""
    return audit_facts.image_contents


@pytest.fixture
def content_trust(audit_facts: Facts) -> ContentTrust:
    """Where content trust of the docker command is switched on."""
    return audit_facts.content_trust


# ---- the host


@pytest.fixture
def accounts(audit_facts: Facts) -> Accounts:
    """The users and groups of the target."""
    return audit_facts.accounts


@pytest.fixture
def audit(audit_facts: Facts) -> Audit:
    """The audit rules of the target."""
    return audit_facts.audit


@pytest.fixture
def release(audit_facts: Facts) -> Release:
    """The release of the engine, and who maintains it."""
    return audit_facts.release


@pytest.fixture
def storage(audit_facts: Facts) -> Storage:
    """Where the engine keeps its data."""
    return audit_facts.storage


# ---- what lies about, and the swarm


@pytest.fixture
def sprawl(audit_facts: Facts) -> Sprawl:
    """The images and containers of the target that are not in use."""
    return audit_facts.sprawl


@pytest.fixture
def swarm(audit_facts: Facts) -> Swarm:
    """The swarm of the target, as far as its node knows it."""
    return audit_facts.swarm


@pytest.fixture
def swarm_service(audit_facts: Facts) -> Subjects[SwarmService]:
    """Every service of the swarm; the control is called with one at a time."""
    return audit_facts.swarm_service


@pytest.fixture
def overlay_network(audit_facts: Facts) -> Subjects[Network]:
    """Every network that reaches over several nodes; the control is called with one at a time."""
    return audit_facts.overlay_network


@pytest.fixture
def system(audit_facts: Facts) -> System:
    """The operating system of the host."""
    return audit_facts.system
