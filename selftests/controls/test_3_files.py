"""Section 3: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import stat

import pytest
from msgspec.structs import replace

from hullcheck.policy import Policy
from selftests.kit.facts.daemons import SOCKET, Host
from selftests.kit.facts.engine_files import (
    ACL,
    CONFIG,
    CONTAINERD,
    DEFAULT,
    DROP_IN,
    ENVIRONMENT,
    FILES,
    REGISTRY,
    RIGHT,
    SOCKET_UNIT,
    SYSCONFIG,
    UNIT,
    Stat,
    Target,
    directory,
    link,
    socket,
)

KEYS = tuple(f"{REGISTRY}/{name}" for name in ("ca.crt", "client.cert", "client.key"))
OWNERS = {
    "3.1": (UNIT, DROP_IN, ENVIRONMENT), "3.3": (SOCKET_UNIT,), "3.5": ("/etc/docker",), "3.7": (REGISTRY, *KEYS),
    "3.9": ("/tls/ca",), "3.11": ("/tls/cert",), "3.13": ("/tls/key",), "3.15": (SOCKET,), "3.17": (CONFIG,),
    "3.19": (DEFAULT,), "3.22": (SYSCONFIG,), "3.23": (CONTAINERD,),
}  # fmt: skip
MODES = {
    "3.2": ((UNIT, DROP_IN, ENVIRONMENT), "644 600 444", "645 664 606 622 1644"),
    "3.4": ((SOCKET_UNIT,), "644", "646"),
    "3.6": (("/etc/docker",), "755 700 711 2755", "757 775 707 727 737 1777"),
    "3.8": (KEYS[:2], "444 400 000", "644 600 402 422 442 555"),
    "3.10": (("/tls/ca",), "444", "644 402 442"),
    "3.12": (("/tls/cert",), "444 440", "446 464"),
    "3.14": (("/tls/key",), "400 000", "600 440 404 500"),
    "3.16": ((SOCKET,), "660 600 640 1660", "666 606 626 661 2660"),
    "3.18": ((CONFIG,), "644 640", "606 622 626 602"),
    "3.20": ((DEFAULT,), "644", "666"),
    "3.21": ((SYSCONFIG,), "644", "646"),
    "3.24": ((CONTAINERD,), "660", "662 760"),
}


def test_right_target() -> None:
    """Every control passes the right target, and judges the files of its group."""
    for number, paths in OWNERS.items() | {number: files for number, (files, _, _) in MODES.items()}.items():
        found = RIGHT.judge(number)
        assert set(paths) <= set(found)
        assert {verdict for verdict, _ in found.values()} == {"pass"}


@pytest.mark.parametrize("number", OWNERS)
def test_owner(number: str) -> None:
    """Another owner or another group fails the file, by number."""
    for path in OWNERS[number]:
        owned = RIGHT.with_file(path, replace(FILES[path], uid=1000)).judge(number)
        grouped = RIGHT.with_file(path, replace(FILES[path], gid=1000, group="staff")).judge(number)
        assert owned[path] == ("fail", "belongs to uid 1000")
        assert grouped[path] == ("fail", "its group is staff (gid 1000)")


@pytest.mark.parametrize("number", MODES)
def test_mode(number: str) -> None:
    """A mode may be any part of the allowed one, and has no bit that it lacks."""
    paths, right, wrong = MODES[number]
    allowed = max(int(mode, 8) & 0o777 for mode in right.split())
    further = (f"{allowed | 1 << bit:o}" for bit in range(9) if not allowed >> bit & 1)
    expected = dict.fromkeys(right.split(), "pass") | dict.fromkeys((*wrong.split(), *further), "fail")
    for path in paths:
        kind = stat.S_IFMT(FILES[path].mode)
        for mode, verdict in expected.items():
            changed = replace(FILES[path], mode=kind | int(mode, 8))
            assert (mode, RIGHT.with_file(path, changed).judge(number)[path][0]) == (mode, verdict)


def test_private_key_for_a_registry() -> None:
    """It is root's alone; the rule of the benchmark is that for certificates."""
    for mode, verdict in (("400", "pass"), ("000", "pass"), ("440", "fail"), ("600", "fail")):
        assert RIGHT.with_file(KEYS[2], Stat(0o100000 | int(mode, 8))).judge("3.8")[KEYS[2]][0] == verdict


# ---- the way


@pytest.mark.parametrize(
    ("change", "owner", "mode"),
    [
        ({"/srv": directory(uid=1000)}, "the directory /srv on its way belongs to uid 1000", ""),
        ({"/srv": directory(0o757)}, "", "others may write to /srv on its way (mode 757)"),
        ({"/srv": directory(0o775)}, "", "others may write to /srv on its way (mode 775)"),
        ({"/srv": directory(0o1777)}, "", ""),
        ({"/srv": directory(0o1777, 5)}, "the directory /srv on its way belongs to uid 5",
         "others may write to /srv on its way (mode 777)"),
        ({CONFIG: link(uid=7)}, f"the link {CONFIG} on its way belongs to uid 7", ""),
        ({"/srv/d.json": Stat(uid=9)}, "belongs to uid 9 (/srv/d.json)", ""),
        ({"/srv/d.json": Stat(0o100666)}, "", "has mode 666, more than 644 (/srv/d.json)"),
        ({"/etc/docker": directory(0o777)}, "", "others may write to /etc/docker on its way (mode 777)"),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_way(change: dict[str, Stat], owner: str, mode: str) -> None:
    """A link is followed; its directories and those of the file belong to the requirement."""
    files = FILES | {"/srv": directory(), "/srv/d.json": Stat(), CONFIG: link()} | change
    target = replace(RIGHT, files=files, links={CONFIG: "/srv/d.json"})
    assert target.judge("3.17")[CONFIG] == (("fail", owner) if owner else ("pass", "0:0 (/srv/d.json)"))
    assert target.judge("3.18")[CONFIG] == (("fail", mode) if mode else ("pass", "mode 644 (/srv/d.json)"))


def test_link_to_the_socket() -> None:
    """Clients come by the name that the socket was given: a link on that way may lead them elsewhere."""
    assert RIGHT.with_file("/var/run", link(uid=5)).judge("3.15")[SOCKET] == (
        "fail", "the link /var/run on its way belongs to uid 5",
    )  # fmt: skip


# ---- sockets


@pytest.mark.parametrize(
    ("group", "gid", "allowed", "verdict"),
    [
        ("staff", 50, (), "fail"),
        ("staff", 50, ("staff",), "pass"),
        ("staff", 50, ("50",), "pass"),
        ("docker", 105, ("docker",), "pass"),
        ("docker", 105, ("staff",), "fail"),
        ("root", 0, (), "pass"),
    ],
)
def test_group_of_the_socket(group: str, gid: int, allowed: tuple[str, ...], verdict: str) -> None:
    """The group is root, or one that the policy names, by name or number; the setting of the daemon is no excuse."""
    host = Host(flags=("--group", group))
    found = replace(RIGHT, host=host).with_file(SOCKET, socket(gid=gid, group=group))
    assert found.judge("3.15", Policy(socket_groups=allowed))[SOCKET][0] == verdict


@pytest.mark.parametrize(
    ("path", "lines", "group", "mode"),
    [
        (SOCKET, ("SocketMode=0666", "SocketGroup=staff"), "group staff", "mode 666"),
        (f"/var{SOCKET}", ("SocketMode=0661", "SocketGroup=docker"), "", "mode 661"),
        (SOCKET, ("SocketMode=0660", "SocketUser=root", "SocketGroup="), "", ""),
        (SOCKET, ("SocketUser=ann", "SocketGroup=x"), "owner ann, group x", ""),
        ("/x.sock", ("SocketMode=0666", "SocketGroup=staff"), "", ""),
    ],
)
def test_socket_after_the_next_start(path: str, lines: tuple[str, ...], group: str, mode: str) -> None:
    """The reason names what the socket unit will do; that of another socket has no say."""
    units = RIGHT.units or ()
    target = replace(RIGHT, units=(units[0], (*units[1], f"Listen={path} (Stream)", *lines)))
    pending = "; restart pending: its unit says "
    assert target.judge("3.15")[SOCKET] == (
        "pass",
        "0:105, group docker" + (pending + group if group else ""),
    )
    assert target.judge("3.16")[SOCKET] == ("pass", "mode 660" + (pending + mode if mode else ""))


def test_socket_without_a_file() -> None:
    """An abstract socket has no owner and no mode, and everybody may use it; no other socket does that good."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("@docker",)))
    why = "(abstract, so that it has neither owner nor mode)"
    assert target.judge("3.15")["@docker"] == ("fail", f"belongs to uid -1 {why}")
    assert target.judge("3.16")["@docker"] == ("fail", f"has mode 777, more than 660 {why}")
    assert target.judge("3.16")[SOCKET][0] == "pass"


def test_socket_of_a_relative_path() -> None:
    """It lies where the daemon runs; where that was not looked at, it is an error."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("d.sock",)))
    path = "/srv/engine/d.sock"
    assert target.judge("3.16")[path][0] == "error"
    for mode, verdict in ((0o660, "pass"), (0o666, "fail")):
        seen = target.with_file(path, socket(mode))
        assert seen.judge("3.16")[path][0] == verdict


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (ACL.format(""), "pass"),
        (ACL.format("user:1000:rw-\n"), "fail"),
        (ACL.format("group:1000:-w-\n"), "fail"),
        (ACL.format("user:1000:---\n"), "pass"),
        ("user::rw-\nuser:1000:rw-\ngroup::rw-\nmask::---\nother::---", "pass"),
        ("user::rw-\nuser:1000:rw-", "error"),
        (None, "error"),
    ],
)
@pytest.mark.parametrize(("number", "path"), [("3.16", SOCKET), ("3.24", CONTAINERD)])
def test_access_control_list(number: str, path: str, listed: str | None, expected: str) -> None:
    """A list gives no more than the mode does, with its mask applied; without a whole one nothing passes."""
    target = replace(RIGHT, lists={path: listed})
    assert target.judge(number)[path][0] == expected
    assert target.with_file(path, socket(0o600, gid=0, group="root")).judge(number)[path][0] == "pass"
    assert target.with_file(path, socket(0o666)).judge(number)[path][0] == "fail"


@pytest.mark.parametrize(("path", "numbers"), [(DROP_IN, ("3.1", "3.2")), (SOCKET_UNIT, ("3.3", "3.4"))])
def test_masked_unit(path: str, numbers: tuple[str, str]) -> None:
    """Anybody may write to /dev/null, where nothing stays; who may change the link is another question."""
    masked = Target(links={path: "/dev/null"}).with_file("/dev/null", Stat(stat.S_IFCHR | 0o666))
    assert {masked.judge(number)[path][0] for number in numbers} == {"pass"}
    folder = path.rpartition("/")[0]
    assert masked.with_file(folder, directory(0o777)).judge(numbers[1])[path][0] == "fail"
    assert masked.with_file(path, link(1000)).judge(numbers[0])[path][0] == "fail"
