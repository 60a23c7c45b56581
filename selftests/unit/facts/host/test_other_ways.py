"""What lets people use a socket though no list of groups says it, as the probe tells of it."""

import pytest

from hullcheck.facts.host.other_ways import Lent, OtherWays, Program


def test_lines_of_the_probe() -> None:
    """Each kind is read; without the heading nobody asked."""
    lines = [
        *("ways:", "program:2755:0:999:/usr/bin/docker", "lent:subgid:carol:100000:65536"),
        *("login:*:audio,docker", "sudo:%ops:/usr/bin/docker", "user:root:0:0:/bin/sh"),
    ]
    found = OtherWays.of(lines)
    assert found == OtherWays(
        programs=(Program("/usr/bin/docker", 0o2755, 0, 999),),
        lent=(Lent("subgid", "carol", range(100000, 165536)),),
        logins=(("*", frozenset({"audio", "docker"})),),
        sudoers=(("%ops", "/usr/bin/docker"),),
    )
    assert OtherWays.of(lines[1:]) is None
    assert OtherWays.of(["ways:"]) == OtherWays()


@pytest.mark.parametrize("line", ["program:0:0", "program:9:0:0:/x", "lent:subuid:carol:x:1", "sudo:carol"])
def test_line_that_is_damaged(line: str) -> None:
    """It is no list of such ways."""
    with pytest.raises((ValueError, IndexError)):
        OtherWays.of(["ways:", line])


def test_socket_of_its_owner_alone() -> None:
    """Where the group may not use it, what lends the group opens nothing; root's rights do."""
    ways = OtherWays.of(
        ["ways:", "program:2755:0:999:/usr/bin/docker", "lent:subgid:a:999:1", "login:*:docker", "sudo:b:/d"]
    )
    assert ways is not None
    assert [who for who, _ in ways.to(999, ["docker"], by_group=True)] == ["everyone", "a", "*", "b"]
    assert [who for who, _ in ways.to(999, ["docker"], by_group=False)] == ["b"]
