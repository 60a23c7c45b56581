"""What lets people use a socket though no list of groups says it, as the probe tells of it."""

import pytest

from hullcheck.facts.host.other_ways import Lent, OtherWays, Program, without_rules


def test_lines_of_the_probe() -> None:
    """Each kind is read."""
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
    assert OtherWays.of(["ways:"]) == OtherWays()
    found = OtherWays.of(["ways:", "directory-sudoers:", "polkit:/etc/polkit-1/rules.d/1.rules"])
    assert found.doubts == (
        "sudo asks a directory of the network too (nsswitch.conf)",
        "/etc/polkit-1/rules.d/1.rules of polkit names one",
    )


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
    assert [who for who, _ in ways.to(999, ["docker"], [], by_group=True)] == ["everyone", "a", "*", "b"]
    assert [who for who, _ in ways.to(999, ["docker"], [], by_group=False)] == ["b"]


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("carol ALL=(root) NOPASSWD: /usr/bin/docker", "sudo:carol:/usr/bin/docker"),
        ("carol ALL=/usr/bin/docker run *", "sudo:carol:/usr/bin/docker run"),
        ("carol ALL=/usr/bin/docker container exec *", "sudo:carol:/usr/bin/docker container"),
        ("carol ALL=/usr/bin/docker -H x *", "sudo:carol:/usr/bin/docker -H"),
        ("carol ALL=/usr/bin/docker compose up", "sudo:carol:/usr/bin/docker compose"),
        ("carol ALL=/usr/local/bin/docker-compose *", "sudo:carol:/usr/local/bin/docker-compose"),
        ("carol ALL=^/usr/bin/docker$", "sudo:carol:/usr/bin/docker"),
        ("carol ALL=/usr/sbin/usermod -aG docker *", "sudo:carol:/usr/sbin/usermod -aG"),
        (
            "carol ALL=/usr/bin/sg docker *, /usr/bin/gpasswd -a * audio, /usr/sbin/usermod -L dave",
            "sudo:carol:/usr/bin/sg docker",
        ),
        ("carol ALL=/usr/bin/lazydocker, /usr/bin/runc --version", "sudo:carol:/usr/bin/lazydocker"),
        ("carol ALL=^/usr/bin/dock[a-z]+$", "sudo:carol:/usr/bin/docka-z"),
        ("carol ALL=(root) NOPASSWD: ^/usr/bin/[[:alnum:]]+er$", "sudo:carol:/usr/bin/alnumer"),
        ("carol ALL=^/usr/bin/(docke[r]|ps)$", "sudo:carol:/usr/bin/dockerps"),
        ("carol ALL=^/usr/bin/.*$, ^/usr/bin/[[:alnum:]]+$", ""),
        ("carol ALL=^/usr/bin/(ps$", "sudo:carol:/usr/bin/ps"),
        ("carol ALL=/usr/sbin/usermod -aG *", "sudo:carol:/usr/sbin/usermod -aG"),
        (
            "carol ALL=/usr/sbin/usermod --groups=audio\\,docker dave",
            "sudo:carol:/usr/sbin/usermod --groupsaudiodocker",
        ),
        ("carol ALL=/usr/sbin/usermod", "sudo:carol:/usr/sbin/usermod"),
        ("carol ALL=/usr/sbin/usermod ^-aG (audio|docker) dave$", "sudo:carol:/usr/sbin/usermod -aG"),
        ("carol ALL=/usr/bin/gpasswd ^-a dave [a-z]+$", "sudo:carol:/usr/bin/gpasswd -a"),
        ("carol ALL=/usr/sbin/usermod -U *", "sudo:carol:/usr/sbin/usermod -U"),
        ("carol ALL=/usr/bin/gpasswd -a dave *", "sudo:carol:/usr/bin/gpasswd -a"),
        ("carol ALL=/usr/sbin/groupmems -g * -a dave", "sudo:carol:/usr/sbin/groupmems -g"),
        ("carol ALL=/usr/bin/gpasswd -d * docker, /usr/sbin/groupmems -d * -g docker", ""),
        ("carol ALL=/usr/sbin/usermod -L docker-ops, /usr/sbin/usermod -aG docker-ops dave", ""),
        ("carol ALL=/usr/sbin/usermod -L docker, /usr/sbin/usermod -rG docker dave", ""),
        ("carol ALL=/usr/sbin/adduser dave docker-ops, /usr/bin/sg docker-ops", ""),
        ("carol ALL=(toor) /usr/bin/docker\nuser:toor:0:0:/bin/sh", "sudo:carol:/usr/bin/docker"),
        ("carol ALL=(%#0) /usr/bin/docker", "sudo:carol:/usr/bin/docker"),
        ("carol ALL=(%wheel) /usr/bin/docker\ngroup:wheel:10:dave,root", "sudo:carol:/usr/bin/docker"),
        ("carol ALL=(%ops) /usr/bin/docker\ngroup:ops:10:rooter", "runas:carol:%ops:"),
        ("carol ALL=(dave) /usr/bin/docker", "runas:carol:dave:"),
        ("carol ALL=(:docker) ALL", "runas:carol::docker"),
        ("carol ALL=(dave, erin) /bin/bash", "runas:carol:dave,erin:"),
        ("carol ALL=/usr/bin/docker logs *, /usr/bin/docker container ls, /usr/bin/docker ps", ""),
        ("carol ALL=/usr/bin/docker exec db dump", ""),
        ('carol ALL=/usr/bin/docker ""', ""),
        ("carol ALL=/usr/bin/docker compose -f /srv/a.yml up", ""),
        ("carol ALL=ALL, (ALL:ALL) ALL, !/usr/bin/docker", ""),
        ("carol ALL=(dave) /usr/bin/backup", ""),
        ("%sudo ALL=(ALL) ALL", ""),
        ("\ndoas:permit nopass :ops cmd docker", "sudo:%ops:docker"),
        ('\ndoas:permit "carol" as "root" \\\ndoas:cmd "/usr/bin/docker"#x', "sudo:carol:/usr/bin/docker"),
        (
            "\ndoas:permit ca\\rol as toor cmd /usr/bin/doc\\ker\nuser:toor:0:0:/bin/sh",
            "sudo:carol:/usr/bin/docker",
        ),
        ("\ndoas:permit carol as 0 cmd docker", "sudo:carol:docker"),
        ("\ndoas:permit setenv { A=b } carol as dave", "runas:carol:dave:"),
        ("\ndoas:permit carol\ndoas:permit carol cmd docker args ps\ndoas:deny carol cmd docker", ""),
    ],
)
def test_rules_of_sudo(rule: str, kept: str) -> None:
    """Who chooses what a client of an engine does is told; who only looks, or is an administrator, is not."""
    text = f"ways:\nsudoers:{rule}\nunits:"
    found = [line for line in without_rules(text).split("\n") if not line.startswith(("user:", "group:"))]
    assert found == ["ways:", "units:", *([kept] if kept else [])]


def test_rules_of_sudo_by_another_user_or_group() -> None:
    """Who acts as a member of the group, or gets the group, gets to the socket; as a member himself he did before."""
    lines = ["ways:", "runas:carol:dave:", "runas:erin::docker", "runas:frank:gina:x", "runas:dave:dave:"]
    ways = OtherWays.of(lines)
    assert ways is not None
    assert list(ways.to(999, ["docker"], ["dave"], by_group=True)) == [
        ("carol", "sudo or doas lets it act as dave, of the group"),
        ("erin", "sudo gives it the group"),
    ]
    by_number = [
        "ways:",
        "runas:a::#999",
        "runas:b::ALL",
        "runas:c:#1004:",
        "runas:d:%docker:",
        "runas:e:%#999:",
    ]
    ways = OtherWays.of(by_number)
    assert ways is not None
    people = ["dave", "#1004"]
    assert [who for who, _ in ways.to(999, ["docker"], people, by_group=True)] == ["a", "b", "c", "d", "e"]
    found = [who for who, _ in ways.to(998, ["staff"], ["erin", "#1005"], by_group=True)]
    assert found == ["b"]  # with any group
    assert not list(ways.to(999, ["docker"], ["dave"], by_group=False))
