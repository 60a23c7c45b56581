"""What `hullcheck remedy` says of containers mends them, on a real engine, and they run and are reached as before."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck.remedies.changes import Limit
from hullcheck.remedies.plan import plan_of
from hullcheck.results import Control, Finding
from hullcheck.results.failures import Failure
from hullcheck.verdicts import Verdict
from selftests.kit.judging import facts_of_engine, judged
from selftests.lab.remedy import proven
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = pytest.mark.lab

CARELESS = {
    "web": (),
    "loose": ("--security-opt", "seccomp=unconfined", "--pid", "host", "--ipc", "host", "--uts", "host"),
    "eager": ("--restart", "always"),
}
SERVE = ("httpd", "-f", "-p", "8000", "-h", "/etc")
FETCH = "wget -q -T 3 -O /dev/null http://web:8000/passwd || echo no"


def failures(engine: Engine, names: frozenset[str]) -> dict[tuple[str, str], Failure]:
    """What fails of these controls, by control and container."""
    facts = facts_of_engine(engine.socket, of="5")
    return {
        (name, subject): Failure(
            Control(name, "", "", "", "", {}), "h", "", Finding("container", subject, Verdict.FAIL, reason)
        )
        for name in sorted(names)
        for subject, (verdict, reason) in judged(name, facts).items()
        if verdict == "fail"
    }


def run(engine: Engine, name: str, *options: str) -> None:
    """Start a container that serves a page."""
    engine.run(name, "--network", "site", *options, command=SERVE)


@pytest.fixture
def site(engine: Callable[..., Engine]) -> Engine:
    """An engine with careless containers that talk to each other."""
    made = engine()
    made.docker("network", "create", "site")
    for name, options in CARELESS.items():
        run(made, name, *options)
    until(lambda: talks(made), "the containers do not answer")
    return made


def talks(engine: Engine) -> bool:
    """Whether the other containers reach the one that serves."""
    return not any(engine.docker("exec", name, "sh", "-c", FETCH).strip() for name in ("loose", "eager"))


def test_limits(site: Engine) -> None:
    """`docker update` as it is written gives each container its limits, while it runs."""
    found = failures(site, proven.LIMITS)
    assert {name for name, _ in found} == proven.LIMITS
    made = plan_of(found.values(), facts_of_engine(site.socket, of="5"), also=proven.LIMITS)
    assert (made.left, len(made.changes)) == ((), len(found))
    for each in made.of(Limit):
        site.docker("update", each.option, each.value, *each.more, "--", each.container)
        shown = site.docker("inspect", "--type", "container", "--format", each.shown, "--", each.container)
        assert shown.strip() == each.value
    assert failures(site, proven.LIMITS) == {}
    assert talks(site)


def test_options(site: Engine) -> None:
    """Containers that are created again, with the options that are added and without those that are left out, pass."""
    found = failures(site, proven.OPTIONS)
    assert {name for name, _ in found} == proven.OPTIONS
    made = plan_of(found.values(), facts_of_engine(site.socket, of="5"), also=proven.OPTIONS)
    assert {each.container for each in made.options} == CARELESS.keys()
    for each in made.options:
        before = shlex.join(CARELESS[each.container])
        for drop in each.drop:
            assert drop in before
            before = before.replace(drop, "")
        add = (word for option in each.add for word in option.split())
        site.docker("rm", "--force", each.container)
        run(site, each.container, *before.split(), *add)
    mended = {(each.control.id, each.finding.subject) for each, _ in made.changes}
    assert made.left == ()
    assert failures(site, proven.OPTIONS).keys() & mended == set()
    until(lambda: talks(site), "the containers do not answer")
