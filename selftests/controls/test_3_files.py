"""Section 3: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts.files.probe import ENGINE_FILES
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import SOCKET, Host
from selftests.kit.facts.engine_files import (
    ACL,
    CONFIG,
    CONTAINERD,
    DEFAULT,
    DROP_IN,
    ENVIRONMENT,
    FILES,
    NONCE,
    REGISTRY,
    RIGHT,
    SOCKET_UNIT,
    SYSCONFIG,
    TLS,
    UNIT,
    Stat,
    Target,
    directory,
    link,
    socket,
)
from selftests.kit.judging import judged

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
    for number, paths in {**OWNERS, **{number: files for number, (files, _, _) in MODES.items()}}.items():
        found = RIGHT.judge(number)
        assert {path: verdict for path, (verdict, _) in found.items() if path in paths} == dict.fromkeys(
            paths, "pass"
        )
        assert {verdict for verdict, _ in found.values()} == {"pass"}


@pytest.mark.parametrize(
    ("number", "path"), [(number, path) for number, paths in OWNERS.items() for path in paths]
)
def test_owner(number: str, path: str) -> None:
    """Another owner or another group fails the file, by number."""
    good = FILES[path]
    owned = RIGHT.with_file(path, replace(good, uid=1000)).judge(number)
    grouped = RIGHT.with_file(path, replace(good, gid=1000, group="staff")).judge(number)
    assert owned[path] == ("fail", "belongs to uid 1000")
    assert grouped[path] == ("fail", "its group is staff (gid 1000)")


@pytest.mark.parametrize(
    ("number", "path", "right", "wrong"),
    [(number, path, right, wrong) for number, (paths, right, wrong) in MODES.items() for path in paths],
)
def test_mode(number: str, path: str, right: str, wrong: str) -> None:
    """A mode may be any part of the allowed one, and has no bit that it lacks."""
    kind = stat.S_IFMT(FILES[path].mode)
    allowed = max(int(mode, 8) & 0o777 for mode in right.split())
    further = (f"{allowed | 1 << bit:o}" for bit in range(9) if not allowed >> bit & 1)
    for modes, expected in ((right.split(), "pass"), ((*wrong.split(), *further), "fail")):
        for mode in modes:
            changed = replace(FILES[path], mode=kind | int(mode, 8))
            assert (mode, RIGHT.with_file(path, changed).judge(number)[path][0]) == (mode, expected)


def test_private_key_for_a_registry() -> None:
    """It is root's alone, by its name or by what it holds; the rule of the benchmark is that for certificates."""
    *_, key = KEYS
    for mode, expected in (
        ("400", "pass"),
        ("000", "pass"),
        ("444", "fail"),
        ("440", "fail"),
        ("600", "fail"),
    ):
        changed = RIGHT.with_file(key, Stat(0o100000 | int(mode, 8)))
        assert changed.judge("3.8")[key][0] == expected
    bundle, walked = KEYS[1], f"found {KEYS[1]}\n"
    output = RIGHT.output().replace(walked, f"{walked}{NONCE} private \n")
    found = judged("3.8", RIGHT.facts_with(ENGINE_FILES.keep(output)))
    assert found[bundle] == ("fail", "has mode 444, more than 400")


@pytest.mark.parametrize("number", ["3.10", "3.12"])
def test_private_key_beside_a_certificate(number: str) -> None:
    """A file of TLS with certificates and a private key in it is root's alone, as the file of the key is."""
    ((path,), _, _) = MODES[number]
    walked = f"found {path}\n"
    output = RIGHT.output().replace(walked, f"{walked}{NONCE} private \n")
    found = judged(number, RIGHT.facts_with(ENGINE_FILES.keep(output)))
    assert found == {path: ("fail", "has mode 444, more than 400")}


@pytest.mark.parametrize(("mode", "verdict"), [("440", "error"), ("400", "pass"), ("000", "pass")])
@pytest.mark.parametrize("number", ["3.8", "3.10", "3.12"])
def test_certificates_that_may_not_be_read(number: str, mode: str, verdict: str) -> None:
    """They pass where even the file of a key might have that mode."""
    ((path, *_), _, _) = MODES[number]
    walked = f"found {path}\n"
    output = RIGHT.with_file(path, Stat(0o100000 | int(mode, 8))).output()
    output = output.replace(walked, f"{walked}{NONCE} private unread\n")
    assert judged(number, RIGHT.facts_with(ENGINE_FILES.keep(output)))[path][0] == verdict


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
    """A link is followed; its directories and those of the file belong to the demand."""
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


def test_group_of_the_socket() -> None:
    """The group is docker, root, or one that the policy names, by name or number; what the daemon was told is
    no excuse."""
    staff = RIGHT.with_file(SOCKET, socket(gid=50, group="staff"))
    told = replace(staff, host=Host(flags=(*TLS, "--group", "staff")))
    written = replace(staff, host=Host(flags=TLS, document='{"group": "staff"}'))
    reason = "its group is staff (gid 50)"
    for target in (staff, told, written):
        assert target.judge("3.15")[SOCKET] == ("fail", reason)
        for named in ("staff", "50"):
            policy = Policy(socket_groups=(named,))
            assert target.judge("3.15", policy)[SOCKET] == ("pass", "0:50, group staff")
    docker, root = RIGHT, RIGHT.with_file(SOCKET, socket(gid=0, group="root"))
    for groups, verdict in ((("docker",), "pass"), (("staff",), "fail"), ((), "fail")):
        policy = Policy(socket_groups=groups)
        assert docker.judge("3.15", policy)[SOCKET][0] == verdict
        assert root.judge("3.15", policy)[SOCKET][0] == "pass"


def test_socket_after_the_next_start() -> None:
    """What the socket unit will do is said beside what is; that of another socket says nothing."""
    assert RIGHT.units is not None
    for path, lines, group, mode in (
        (SOCKET, ("SocketMode=0666", "SocketGroup=staff"), "; restart pending: its unit says group staff",
         "; restart pending: its unit says mode 666"),
        (f"/var{SOCKET}", ("SocketMode=0666", "SocketGroup=docker"), "", "; restart pending: its unit says mode 666"),
        (SOCKET, ("SocketMode=0661", "SocketGroup="), "", "; restart pending: its unit says mode 661"),
        (SOCKET, ("SocketMode=0670", "SocketGroup="), "", "; restart pending: its unit says mode 670"),
        (SOCKET, ("SocketMode=0600", "SocketGroup="), "", ""),
        (SOCKET, ("SocketMode=0660", "SocketGroup="), "", ""),
        (SOCKET, ("SocketUser=ann", "SocketGroup=x"), "; restart pending: its unit says owner ann, group x", ""),
        (SOCKET, ("SocketUser=root", "SocketGroup="), "", ""),
        (SOCKET, ("SocketUser=0", "SocketGroup="), "", ""),
        (SOCKET, (), "", ""),
        ("/x.sock", ("SocketMode=0666", "SocketGroup=staff"), "", ""),
    ):  # fmt: skip
        unit = (*RIGHT.units[1], f"Listen={path} (Stream)", *lines)
        target = replace(RIGHT, units=(RIGHT.units[0], unit))
        assert target.judge("3.15")[SOCKET] == ("pass", f"0:105, group docker{group}")
        assert target.judge("3.16")[SOCKET] == ("pass", f"mode 660{mode}")


def test_socket_without_a_file() -> None:
    """An abstract socket has no owner and no mode, and everybody may use it; no other socket does that good."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("@docker",)))
    why = "(abstract, so that it has neither owner nor mode)"
    assert target.judge("3.15")["@docker"] == ("fail", f"belongs to uid -1 {why}")
    assert target.judge("3.16")["@docker"] == ("fail", f"has mode 777, more than 660 {why}")
    assert target.judge("3.16")[SOCKET][0] == "pass"
    assert set(RIGHT.judge("3.16")) == {SOCKET}


def test_abstract_socket_is_its_name() -> None:
    """It is told by its name, beside those that are files."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("@docker",)))
    found = dict(target.facts().engine_files.group("api_socket"))
    node = Node("abstract, so that it has neither owner nor mode", stat.S_IFSOCK | 0o777, -1, 0)
    assert found["@docker"] == FileFact("@docker", State.FOUND, node, grants=())


def test_socket_of_a_relative_path() -> None:
    """It lies where the daemon runs; where that was not looked at, it is an error."""
    target = replace(RIGHT, host=replace(RIGHT.host, sockets=("d.sock",)))
    path = "/srv/engine/d.sock"
    assert target.judge("3.16")[path][0] == "error"
    for mode, verdict in ((0o660, "pass"), (0o666, "fail")):
        seen = replace(target, walked=(path,)).with_file(path, socket(mode))
        assert seen.judge("3.16")[path][0] == verdict


LISTS = [
    ("", "pass"),
    ("user:1000:rw-\n", "fail"),
    ("group:1000:-w-\n", "fail"),
    ("user:1000:---\n", "pass"),
    ("user:1000:rw-\ngroup::rw-\nmask::---\nother::---\n", "pass"),
]


@pytest.mark.parametrize(("entries", "expected"), LISTS)
@pytest.mark.parametrize(("number", "path"), [("3.16", SOCKET), ("3.24", CONTAINERD)])
def test_access_control_list(number: str, path: str, entries: str, expected: str) -> None:
    """An access control list gives no more than the mode does, with its mask applied."""
    listed = f"# file: x\nuser::rw-\n{entries}" if "mask" in entries else ACL.format(entries)
    assert replace(RIGHT, lists={path: listed}).judge(number)[path][0] == expected


@pytest.mark.parametrize("listed", [None, "", "# file: x\nuser::rw-\nuser:1000:rw-"])
def test_unknown_access_control_list(listed: str | None) -> None:
    """Without a whole list nothing passes; where the group may do nothing, no list can give anything."""
    target = replace(RIGHT, lists={SOCKET: listed})
    verdict, reason = target.judge("3.16")[SOCKET]
    assert (verdict, reason.endswith("could not be read; install getfacl")) == ("error", True)
    assert target.with_file(SOCKET, socket(0o600)).judge("3.16")[SOCKET][0] == "pass"
    assert target.with_file(SOCKET, socket(0o666)).judge("3.16")[SOCKET][0] == "fail"


# ---- TLS


def _tls(*flags: str, **keywords: Any) -> str:
    """The verdict of 3.9 on a daemon with these options, whose default directory is /tls."""
    target = replace(RIGHT, host=Host(flags=flags, **keywords), words={"tls": "/tls"})
    ((verdict, _),) = target.judge("3.9").values()
    return verdict


@pytest.mark.parametrize("path", [DROP_IN, SOCKET_UNIT])
def test_masked_unit(path: str) -> None:
    """Anybody may write to /dev/null, where nothing stays; who may change the link is another question."""
    masked = Target(links={path: "/dev/null"}).with_file("/dev/null", Stat(stat.S_IFCHR | 0o666))
    numbers = ("3.1", "3.2") if path == DROP_IN else ("3.3", "3.4")
    assert {masked.judge(number)[path][0] for number in numbers} == {"pass"}
    folder = path.rpartition("/")[0]
    assert masked.with_file(folder, directory(0o777)).judge(numbers[1])[path][0] == "fail"
    assert masked.with_file(path, link(1000)).judge(numbers[0])[path][0] == "fail"


def test_tls_files() -> None:
    """A file that is named is judged, and the default one where the daemon looks for it; else nothing."""
    unknown = "error"  # the probe of this target did not look at /tls/ca.pem
    assert _tls() == "not applicable"
    assert _tls("--tlscacert=/tls/ca") == "pass"
    assert _tls(document='{"tlsverify": true, "tlscacert": "/tls/ca"}') == "pass"
    assert _tls("--tls") == _tls("--tlsverify=false") == _tls("--tls=1") == unknown
    assert _tls("--tls=false") == _tls(document='{"tls": true}') == "not applicable"
    variable = ("HOME=/root", "DOCKER_TLS_VERIFY=1")
    assert _tls(environment=variable) == "not applicable"
    assert _tls(environment=variable, document='{"tls": true}') == unknown


def test_unread_configuration() -> None:
    """What an unread configuration may name is not known; what the command line names is."""
    with pytest.raises(EvidenceError):
        _tls(document="unread")
    assert _tls("--tlscacert=/tls/ca", document="unread") == "pass"
    with pytest.raises(EvidenceError):
        _tls(document='{"tls": true}', as_root=False)
