"""The table of remedies: each is of a control, fits what that judges, and is proven."""

import inspect
import shlex

import pytest

from hullcheck.facts.host.system import SETTINGS
from hullcheck.remedies import AuditRule, ContainerOptions, KernelSettings, Mode, Owner, Settings
from hullcheck.remedies.offered import explained
from hullcheck.remedies.table import REMEDIES
from selftests.kit.judging import control
from selftests.lab.remedy.proven import PROVEN


def test_every_remedy_is_proven() -> None:
    """A remedy is in the table if, and only if, a test of the laboratory applies it."""
    assert set(REMEDIES) == PROVEN


@pytest.mark.parametrize("name", REMEDIES)
def test_remedy_fits_its_control(name: str) -> None:
    """It changes the files that the control judges, or settings of the kernel that somebody demands."""
    remedy = REMEDIES[name]
    judged = inspect.signature(control(name)).parameters
    if isinstance(remedy, AuditRule | Mode | Owner):
        assert remedy.files in judged
    if isinstance(remedy, KernelSettings):
        assert remedy.values.items() <= SETTINGS.items()


def test_what_takes_something_away_says_so() -> None:
    """Whoever has to ask for a remedy is told why."""
    assert all(each.risk for each in REMEDIES.values() if each.asks)


def test_settings_that_stop_containers_are_asked_for() -> None:
    """What is written without a word cuts no container off, and limits none below what systemd gives a service."""
    settings = [each for each in REMEDIES.values() if isinstance(each, Settings) and not each.asks]
    put = {name: value for each in settings for name, value in each.put.items()}
    assert not put.keys() & {"icc", "userland-proxy", "userns-remap"}
    assert put["default-ulimits"] == {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 524288}}


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_is_explained(name: str) -> None:
    """What is done, and what it may break; options of containers are words of docker run."""
    remedy, said = REMEDIES[name], list(explained(name))
    assert said[0].startswith("`hullcheck remedy`")
    assert any("--also" in each for each in said) is remedy.asks
    assert any("May break" in each for each in said) is bool(remedy.risk)
    for option in (*remedy.add, *remedy.drop) if isinstance(remedy, ContainerOptions) else ():
        assert option.startswith("--")
        assert shlex.split(option) == option.split()


def test_control_without_a_remedy_says_so() -> None:
    """Of those that nobody has proven, and of a site's own."""
    (said,) = explained("container_is_not_privileged")
    assert "no remedy of this control has been proven" in said
