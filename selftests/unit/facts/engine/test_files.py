"""Files of the engine that are not there, are not known, or are named in other ways."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts.engine.daemon_options import START as SLACK
from hullcheck.facts.engine.files import EngineFiles
from hullcheck.facts.engine.files_answer import FILES as ASKED
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import SOCKET, Host
from selftests.kit.facts.engine_files import (
    CERTIFICATES,
    CONFIG,
    DEFAULT,
    DROP_IN,
    FILES,
    REGISTRY,
    RIGHT,
    SOCKET_UNIT,
    TLS,
    UNIT,
    Stat,
    Target,
    directory,
    socket,
)
from selftests.kit.files import answer
from selftests.kit.judging import judged

ROOTLESS = Host(flags=TLS, uid=1000, environment=("HOME=/root", "XDG_RUNTIME_DIR=/run/user/1000"))
BARE = {path: each for path, each in FILES.items() if not path.startswith(REGISTRY)}
OTHERS = (("Id=docker.service", "MainPID=0", "FragmentPath="), ("Id=docker.socket", "FragmentPath="))
SCRIPT, SETTINGS = "/etc/init.d/docker", "/etc/conf.d/docker"
OPENRC = replace(RIGHT, units=None, files=FILES | {SCRIPT: Stat(0o100755), SETTINGS: Stat()})
SERVICE = RIGHT.units[0] if RIGHT.units else ()


def unit_of(name: str, pid: int, runs_in: str) -> Target:
    """A target with one unit of this main process, whose daemon runs in another one."""
    return replace(
        RIGHT, units=((f"Id={name}", f"MainPID={pid}", f"FragmentPath={UNIT}"),), words={"unit": runs_in}
    )


def sockets(trigger: str, *others: tuple[str, ...]) -> Target:
    """A target whose daemon is started by a socket unit, and these units."""
    return replace(RIGHT, units=((*SERVICE[:2], f"TriggeredBy={trigger}", *SERVICE[3:]), *others))


@pytest.mark.parametrize(
    ("target", "number", "path", "verdict", "words"),
    [
        *(
            (RIGHT.without(path, state=state), number, path, verdict, words.format(path))
            for number, path in (("3.17", CONFIG), ("3.20", DEFAULT))
            for state, verdict, words in (
                ("absent", "not applicable", "{} does not exist"),
                ("unread", "error", "{0} could not be looked at: {0} may not be read; are you root?"),
            )
        ),
        (replace(RIGHT, links={CONFIG: "/srv/d.json"}), "3.17", CONFIG, "error", "was not looked at"),
        (replace(RIGHT, links={CONFIG: CONFIG}), "3.17", CONFIG, "error", "was not looked at"),
        # certificates for registries
        (RIGHT.without(CERTIFICATES, state="unread"), "3.8", CERTIFICATES, "error", ""),
        (Target(files=BARE, words={"closed": REGISTRY}), "3.8", REGISTRY, "error", ""),
        (Target(files=BARE).with_file(REGISTRY, directory(0o757)), "3.8", REGISTRY, "fail", ""),
        (RIGHT.with_file(f"{REGISTRY}/key.pem", Stat(0o100640)), "3.8", f"{REGISTRY}/key.pem", "fail", ""),
        # units
        (RIGHT.without(UNIT), "3.1", UNIT, "error", "systemd has read it"),
        (unit_of("docker.service", 99, ""), "3.1", "host", "not applicable", "systemd does not start this daemon"),
        (unit_of("docker.service", 0, ""), "3.1", UNIT, "pass", ""),
        (unit_of("own.service", 6, "own.service"), "3.1", UNIT, "pass", ""),
        (unit_of("other.service", 0, ""), "3.1", "host", "not applicable", ""),
        (OPENRC, "3.2", SCRIPT, "pass", ""),
        (OPENRC, "3.2", SETTINGS, "pass", ""),
        (OPENRC.with_file(SCRIPT, Stat(0o100775)), "3.2", SCRIPT, "fail", ""),
        (OPENRC.with_file(SETTINGS, Stat(0o100755)), "3.2", SETTINGS, "fail", ""),
        (sockets("api.socket", ("Id=api.socket", f"FragmentPath={SOCKET_UNIT}")), "3.4", SOCKET_UNIT, "pass", ""),
        (sockets("other.socket"), "3.4", "other.socket", "error", "systemd did not tell of it"),
        (sockets("", ("Id=x.socket", f"FragmentPath={DEFAULT}")), "3.4", "host", "not applicable", ""),
        (sockets("", ("Id=docker.socket", "FragmentPath=", f"DropInPaths={DROP_IN}")), "3.4", "host",
         "not applicable", ""),
        # nothing to judge
        (Target(units=None), "3.1", "host", "not applicable", "the target runs no systemd, and no script"),
        (Target(units=None), "3.3", "host", "not applicable", "the target does not run systemd"),
        (Target(files=BARE), "3.7", "host", "not applicable", f"there is no file below {CERTIFICATES}"),
        (Target(files=BARE).without(CERTIFICATES), "3.7", "host", "not applicable", f"{CERTIFICATES} does not exist"),
        (Target(Host()), "3.9", "host", "not applicable", "no tlscacert is configured, and TLS does not ask"),
    ],
)  # fmt: skip
def test_file(target: Target, number: str, path: str, verdict: str, words: str) -> None:
    """What is proven not to exist is not applicable; what is hidden or unknown is an error."""
    found, reason = target.judge(number)[path]
    assert (found, words in reason) == (verdict, True), reason


@pytest.mark.parametrize(("uid", "directories"), [(0, {"/etc/docker", "/srv"}), (1000, {"/srv"})])
def test_configuration_elsewhere(uid: int, directories: set[str]) -> None:
    """/etc/docker, where the rest lies, is no less important to root's daemon."""
    target = replace(RIGHT, host=Host(flags=("--config-file=/srv/d.json",), uid=uid))
    assert (set(target.judge("3.5")), set(target.judge("3.17"))) == (directories, {"/srv/d.json"})


def test_files_as_the_daemon_sees_them() -> None:
    """Where the daemon has files of its own, those of the same name that the auditor sees are others."""
    others = RIGHT.output()
    for path in (CONFIG, f"/proc/7/root{DEFAULT}"):
        others = re.sub(rf"^81a4:0:0:root:{path}$", f"81b6:5:5:x:{path}", others, flags=re.MULTILINE)
    for number, path in (("3.17", CONFIG), ("3.18", CONFIG), ("3.19", DEFAULT), ("3.20", DEFAULT)):
        assert judged(number, RIGHT.facts_with(others))[path][0] == "pass"


# ---- TLS


@pytest.mark.parametrize(
    ("started", "changed", "older"),
    [
        ((100.0 - SLACK, 200.0), (99.0, 100.0), True),
        ((99.8, 200.0), (99.0, 100.0), False),
        (None, (99.0, 100.0), False),
        ((101.0, 101.0), None, False),
    ],
)
def test_age_of_a_file_of_tls(started: Any, changed: Any, older: bool) -> None:
    """It has to be older than the earliest moment at which the daemon may have read it."""
    files = RIGHT.facts().engine_files
    daemon = replace(files.daemon)
    vars(daemon)["process"] = replace(files.daemon.process, started=started)
    own = EngineFiles(replace(files.answer, changed={"/proc/7/root/tls/ca": changed}), daemon)
    ((_, file),) = files.of_tls("tlscacert")
    with nullcontext() if older else pytest.raises(EvidenceError, match="may have been changed"):
        own.require_unchanged(file)


@pytest.mark.parametrize(
    ("flags", "document", "path"),
    [
        (("--tls",), {}, "/tls/key.pem"),
        (("--tls",), {"tlskey": "/x"}, "/x"),
        (("--tlskey=/old", "--tlskey=/x"), {"tlskey": "/y"}, "/x"),
        (("--tls=false",), {}, None),
        ((), {"tls": True}, None),
    ],
)
def test_paths_of_tls(flags: tuple[str, ...], document: dict[str, Any], path: str | None) -> None:
    """The last that the command line names; else the file, else the default."""
    host = Host(flags=flags, document=json.dumps(document))
    files = replace(RIGHT, host=host, words={"tls": "/tls"}).facts().engine_files
    assert [each for each, _ in files.of_tls("tlskey")] == [path] * (path is not None)


# ---- the answer


@pytest.mark.parametrize(
    ("number", "line", "damaged"),
    [
        ("3.17", "--end\n", ""),
        ("3.17", "--nodes\n", ""),
        ("3.17", "7/root /proc/7/root\n", ""),
        ("3.17", "7/root /proc/7/root\n", "(dropped)\n"),
        ("3.17", "Id=docker.service\n", "Id=docker.serv\n"),
        ("3.17", "41ed:0:0:root:/etc\n", "41ed:0:0\n"),
        ("3.17", f"81a4:0:0:root:/proc/7/root{CONFIG}\n", ""),
        ("3.17", "7/", "8/"),
        ("3.7", "7/registries ", "8/registries "),
        ("3.13", "7/tls ", "8/tls "),
        ("3.1", "manager 0\n", ""),
        ("3.1", "Id=docker.service\n", "Id=x.service\n"),
    ],
)
def test_answer_that_is_damaged(number: str, line: str, damaged: str) -> None:
    """Of what is not whole nothing is judged, nor of a daemon that it does not tell of."""
    target = replace(RIGHT, host=Host(flags=("--tls",)))
    assert line in target.output()
    facts = target.facts_with(target.output().replace(line, damaged))
    try:
        found = judged(number, facts)
    except EvidenceError:
        return
    assert {verdict for verdict, _ in found.values()} == {"error"}


def test_what_is_kept() -> None:
    """Of a unit only what is judged, and of a file of TLS no private key."""
    said = answer(
        units=("manager 0", "Id=x.service", "Environment=PASSWORD=geheim",
               "ExecStart={ path=/usr/bin/dockerd ; argv[]=dockerd --password geheim ; x }"),
        certificates=("/tls/cert:MIIB+/=", "/tls/cert:-----BEGIN PRIVATE KEY-----"),
        devices=('{"blockdevices":[{"kname":"sda","name":"sda","maj:min":"8:0","type":"disk","uuid":"geheim"}]}',),
    )  # fmt: skip
    kept = ASKED.keep(said)
    assert ("geheim" in kept, "PRIVATE" in kept, kept.count("(dropped)")) == (False, False, 2)
    assert "\nprogram=/usr/bin/dockerd\n" in kept


# ---- units and rootless engines


def test_systemd_of_another_user() -> None:
    """What a user's systemd says of root's daemon counts for nothing; it answers for its own engine alone."""
    claimed = f"manager 1000\nId=docker.service\nMainPID=7\nFragmentPath={DEFAULT}\n\nmanager 0\n"
    output = RIGHT.with_file(UNIT, Stat(0o100666)).output()
    assert judged("3.2", RIGHT.facts_with(output.replace("manager 0\n", claimed)))[UNIT][0] == "fail"
    own = replace(RIGHT, host=ROOTLESS, words={"manager": "1000", "group": "1000"})
    assert set(judged("3.2", own.facts_with(own.output().replace("manager 0\n", claimed)))) == {DEFAULT}


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (replace(RIGHT, units=(), words={"unit": ""}), "did not say"),
        (replace(RIGHT, units=OTHERS, words={"unit": "own.service"}), "did not say"),
    ],
)
def test_silent_systemd(target: Target, why: str) -> None:
    """Where systemd gives no answer, or none on the unit in which the daemon runs, that is not known."""
    with pytest.raises(EvidenceError, match=why):
        target.judge("3.1")


@pytest.mark.parametrize(
    ("uid", "gid", "verdict"),
    [
        (1000, 1000, "pass"), (0, 0, "pass"), (1000, 165540, "pass"),
        (1001, 1000, "fail"), (165540, 0, "fail"), (0, 1001, "fail"), (0, 300000, "fail"),
    ],
)  # fmt: skip
def test_rootless(uid: int, gid: int, verdict: str) -> None:
    """The engine's user may own its files, and its groups may have them; nobody else."""
    words = {"group": "1000", "groups": "0 1000 1\n1 165536 65536", "registries": CERTIFICATES}
    target = replace(RIGHT, host=ROOTLESS, words=words).with_file(SOCKET, socket(0o1660, uid, gid, "UNKNOWN"))
    assert target.judge("3.15")[SOCKET][0] == verdict
    assert target.judge("3.16")[SOCKET][0] == "pass"
