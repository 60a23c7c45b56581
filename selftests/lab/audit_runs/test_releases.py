"""Hosts of other generations: Debian 12 with Docker 20.10, Debian 14 with Docker 28 and control groups v2 alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.verdicts import NotApplicable
from selftests.kit.judging import controls, facts_of_guest, judged, numbers

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab

HARDENED = {
    "icc": False,
    "no-new-privileges": True,
    "userland-proxy": False,
    "live-restore": True,
    "log-level": "info",
}
DAEMON = {"2.2": "icc", "2.15": "no-new-privileges", "2.17": "userland-proxy", "2.16": "live-restore"}
CONTAINERS = {
    "5.4": ("--cap-drop", "NET_RAW"),
    "5.5": (),
    "5.10": (),
    "5.11": ("--memory", "64m"),
    "5.13": ("--read-only",),
    "5.16": (),
    "5.22": (),
    "5.26": (),
    "5.32": (),
}
CARELESS = {
    "5.5": ("--privileged",),
    "5.10": ("--network", "host"),
    "5.16": ("--pid", "host"),
    "5.22": ("--security-opt", "seccomp=unconfined"),
    "5.26": ("--security-opt", "no-new-privileges=false"),
    "5.32": ("--volume", "/run:/host"),
}
RELEASES = {"bookworm": "20.10.", "forky": "28."}


def verdict(number: str, facts: Facts, subject: str) -> str:
    """The verdict on one subject; where there is but one, on that."""
    found = judged(number, facts)
    return found[subject if subject in found else next(iter(found))][0]


@pytest.mark.parametrize("release", RELEASES)
def test_generation(lab_host: Callable[..., Host], release: str) -> None:
    """Sections 2 and 5 tell a hardened host from a careless one, whatever the engine's age."""
    own = {"release": release, "cgroup2": release == "forky"}
    hardened, careless = lab_host(**HARDENED, **own), lab_host(**own)
    for number, options in CONTAINERS.items():
        hardened.run(f"c{number}", *options)
    for number, options in CARELESS.items():
        # only made: runc 1.1.5 of Debian 12 can start no privileged container on a host that is itself one
        careless.docker("create", "--name", f"c{number}", *options, "bb:1", "sleep", "9999")
    good, bad = facts_of_guest(hardened), facts_of_guest(careless)
    assert good.engine_version.startswith(RELEASES[release])
    unlimited = {"5.11"} if release == "forky" else set()  # no controllers: the option is dropped
    for number in DAEMON:
        assert (number, verdict(number, good, "host")) == (number, "pass")
        assert (number, verdict(number, bad, "host")) == (number, "fail")
    for number in CONTAINERS:
        wanted = "fail" if number in unlimited else "pass"
        assert (number, verdict(number, good, f"c{number}")) == (number, wanted)
    for number in CARELESS:
        assert (number, verdict(number, bad, f"c{number}")) == (number, "fail")
    assert errors(good) == set()


def errors(facts: Facts) -> set[str]:
    """The controls that could not be judged, but for audit rules, which a host in a container may not see."""
    every = {number for each in controls() for number in numbers(each)}
    asked = {number for number in every if not re.match(r"1\.1\.\d", number) or number in ("1.1.1", "1.1.2")}
    return {number for number in asked if "error" in {v for v, _ in _judged(number, facts).values()}}


def _judged(number: str, facts: Facts) -> dict[str, tuple[str, str]]:
    try:
        return judged(number, facts)
    except NotApplicable as reason:
        return {"host": ("not applicable", str(reason))}
