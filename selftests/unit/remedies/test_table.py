"""The table of remedies: each is of a control, and fits what that judges."""

import inspect
import shlex

import pytest

from hullcheck.facts.host.system import SETTINGS
from hullcheck.remedies import AuditRule, KernelSettings, Mode, Owner, Settings, Start, pairs
from hullcheck.remedies.offered import explained
from hullcheck.remedies.table import REMEDIES
from selftests.kit.judging import control

KEYS = frozenset(
    {
        *("mem_limit", "cpu_shares", "cpus", "pids_limit", "restart", "privileged"),
        *("cap_drop", "security_opt", "read_only", "tmpfs"),
    }
)
"""Of a Compose file, whose values the lab has put there."""


@pytest.mark.parametrize("name", REMEDIES)
def test_remedy(name: str) -> None:
    """It changes what the control judges, and is explained; what takes something away has a risk."""
    remedy, (first, *more) = REMEDIES[name], explained(name)
    if isinstance(remedy, AuditRule | Mode | Owner):
        assert remedy.files in inspect.signature(control(name)).parameters
    if isinstance(remedy, KernelSettings):
        assert remedy.values.items() <= SETTINGS.items()
    for each in remedy.settings if isinstance(remedy, Start) else ():
        for options in (each.run, each.drop, each.update, each.service):
            assert not options or shlex.split(options) == options.split()
        assert pairs(each.put).keys() <= KEYS
        assert each.put or each.away or each.run or each.drop or each.service
    if not remedy.effect:
        assert "no proven remedy" in first
        return
    assert first.startswith("`hullcheck remedy` ")
    assert len(more) == remedy.asks_for_some + bool(remedy.risk)
    assert remedy.risk or not remedy.asks_for_some


def test_settings_that_stop_containers_are_asked_for() -> None:
    """What is written without a word cuts no container off, and limits none below what systemd gives a service."""
    settings = [each for each in REMEDIES.values() if isinstance(each, Settings) and not each.asks]
    put = {name: value for each in settings for name, value in each.put.items()}
    assert not put.keys() & {"icc", "userland-proxy", "userns-remap"}
    assert put["default-ulimits"] == {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 524288}}


def test_control_without_a_remedy_says_so() -> None:
    """Of those that nobody has proven, and of a site's own."""
    (words,) = explained("container_runs_no_ssh_server")
    assert "no proven remedy for this control" in words
