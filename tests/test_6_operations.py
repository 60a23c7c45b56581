"""CIS Docker Benchmark v1.8.0, section 6: operations. The policy sets how much may be unused."""

from collections.abc import Sequence

import pytest

from hullcheck.criteria.judgement import listed
from hullcheck.facts.images import Idle
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual


def _named(idle: Sequence[Idle]) -> str:
    """Return the names, each with its age; of many, the oldest."""
    ages = ["of unknown age" if each.days is None else f"{max(each.days, 0):.0f} d" for each in idle]
    return listed([f"{each.name} ({age})" for each, age in zip(idle, ages, strict=True)])


def _require_few_and_young(idle: Sequence[Idle], what: str, limit: int, max_age_days: int) -> str:
    assert len(idle) <= limit, f"{len(idle)} {what}, at most {limit} are allowed: {_named(idle)}"
    old = tuple(each for each in idle if each.days is not None and each.days > max_age_days)
    assert not old, f"{what} older than {max_age_days} days: {_named(old)}"
    undated = tuple(each for each in idle if each.days is None)
    if undated:
        raise Manual(f"check how old these {what} without a build time are: {_named(undated)}")
    return f"{what}: {_named(idle)}" if idle else f"no {what}"


@pytest.mark.cis("6.1", level=1)
@pytest.mark.nist("CM-8", "SI-2(6)", sp="800-53")
@pytest.mark.nist("4.2.2", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Old images take space and may be started by mistake; nobody gains access.")
def test_unused_images_do_not_pile_up(unused_images: tuple[Idle, ...], policy: Policy) -> str:
    """Unused images do not pile up.

    Nobody updates an unused image, but anyone can start it, with all its known flaws.

    Remedy: `docker image prune --all`, regularly or by a timer; the limits are `sprawl` in the policy.
    """
    limits = policy.sprawl
    return _require_few_and_young(unused_images, "unused images", limits.unused_images, limits.max_age_days)


@pytest.mark.cis("6.2", level=1)
@pytest.mark.nist("CM-7", "CM-8", sp="800-53")
@pytest.mark.nist("4.4.5", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Leftovers keep old data and settings; only users of the engine reach them.")
def test_stopped_containers_do_not_pile_up(stopped_containers: tuple[Idle, ...], policy: Policy) -> str:
    """Stopped containers do not pile up.

    A stopped container keeps its files and their secrets, and one command starts it again with its old settings.

    Remedy: `docker container prune`, or start one-off containers with `--rm`; the limits are `sprawl` in the policy.
    """
    idle, limits = stopped_containers, policy.sprawl
    return _require_few_and_young(idle, "stopped containers", limits.stopped_containers, limits.max_age_days)
