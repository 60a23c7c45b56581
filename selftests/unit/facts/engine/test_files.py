"""Files of the engine that are not there, are not known, or are named in other ways."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts.engine.daemon_options import START as SLACK
from hullcheck.facts.engine.files import GROUPS, EngineFiles
from hullcheck.facts.engine.files_answer import FILES as ASKED
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.subjects import Subjects
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.daemons import SOCKET, Host
from selftests.kit.facts.engine_files import (
    CERTIFICATES,
    CONFIG,
    CONTAINERD,
    DEFAULT,
    DROP_IN,
    FILES,
    REGISTRY,
    RIGHT,
    SOCKET_UNIT,
    SYSCONFIG,
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


def members(target: Target, name: str) -> Subjects[FileFact]:
    """A group of the engine's files."""
    return GROUPS[name](target.facts().engine_files)


# ---- nothing there, and nothing known


@pytest.mark.parametrize(
    ("number", "path"), [("3.17", CONFIG), ("3.20", DEFAULT), ("3.21", SYSCONFIG), ("3.24", CONTAINERD)]
)
def test_absent_file(number: str, path: str) -> None:
    """What is proven not to exist is not applicable; what cannot be looked at is an error."""
    assert RIGHT.without(path).judge(number) == {path: ("not applicable", f"{path} does not exist")}
    reason = f"{path} could not be looked at: {path} may not be read; are you root?"
    assert RIGHT.without(path, state="unread").judge(number) == {path: ("error", reason)}


def test_walk_that_does_not_come_to_its_end() -> None:
    """What was not looked at is no file that is absent: it was changed meanwhile, or nobody asked for it."""
    lines = [line for line in RIGHT.output().split("\n") if not line.endswith(f":root:{DEFAULT}")]
    assert judged("3.19", RIGHT.facts_with("\n".join(lines)))[DEFAULT][0] == "error"
    elsewhere = replace(RIGHT, links={CONFIG: "/srv/d.json"})
    assert elsewhere.judge("3.17")[CONFIG][0] == "error"
    assert replace(RIGHT, links={CONFIG: CONFIG}).judge("3.17")[CONFIG][0] == "error"


@pytest.mark.parametrize(
    ("host", "directories", "file"),
    [
        (Host(flags=("--config-file=/srv/d.json",)), {"/etc/docker", "/srv"}, "/srv/d.json"),
        (Host(flags=("--config-file=/srv/d.json",), uid=1000), {"/srv"}, "/srv/d.json"),
    ],
)
def test_configuration_elsewhere(host: Host, directories: set[str], file: str) -> None:
    """/etc/docker, where the rest lies, is no less important to root's daemon."""
    target = replace(RIGHT, host=host)
    assert (set(target.judge("3.5")), set(target.judge("3.17"))) == (directories, {file})


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_of_files(name: str) -> None:
    """The subjects of each are files, and a right target has some."""
    found = members(RIGHT, name)
    assert (found.kind, bool(found.named)) == ("file", True)


@pytest.mark.parametrize(
    ("target", "name", "why"),
    [
        (Target(Host(flags=("--config-file=",), uid=1000)), "configuration_directory",
         "the daemon has no configuration directory"),
        (Target(Host(flags=("--config-file=",))), "configuration_file",
         "the daemon was started without a configuration file"),
        (Target(units=None), "service_unit_file",
         "the target runs no systemd, and no script starts the daemon"),
        (Target(units=None), "socket_unit_file", "the target does not run systemd"),
        (Target(units=OTHERS, words={"unit": ""}), "service_unit_file", "systemd does not start this daemon"),
        (Target(units=OTHERS, words={"unit": ""}), "socket_unit_file", "systemd has no docker.socket"),
        (Target(files=BARE), "registry_certificate", f"there is no file below {CERTIFICATES}"),
        (Target(files=BARE).without(CERTIFICATES), "registry_certificate", f"{CERTIFICATES} does not exist"),
        (Target(Host()), "tls_ca", "no tlscacert is configured, and TLS does not ask for one"),
    ],
)  # fmt: skip
def test_groups_without_a_file(target: Target, name: str, why: str) -> None:
    """Why there is nothing to judge."""
    assert members(target, name) == Subjects("file", (), why)


def test_files_as_the_daemon_sees_them() -> None:
    """Where the daemon has files of its own, those of the same name that the auditor sees are others."""
    others = RIGHT.output()
    for path in (CONFIG, f"/proc/7/root{DEFAULT}"):
        others = re.sub(rf"^81a4:0:0:root:{path}$", f"81b6:5:5:x:{path}", others, flags=re.MULTILINE)
    for number, path in (("3.17", CONFIG), ("3.18", CONFIG), ("3.19", DEFAULT), ("3.20", DEFAULT)):
        assert judged(number, RIGHT.facts_with(others))[path][0] == "pass"


@pytest.mark.parametrize(
    ("target", "path", "verdict"),
    [
        (RIGHT.without(CERTIFICATES, state="unread"), CERTIFICATES, "error"),
        (Target(files=BARE, words={"closed": REGISTRY}), REGISTRY, "error"),
        (RIGHT.with_file(REGISTRY, directory(0o757)), REGISTRY, "fail"),
        (Target(files=BARE).with_file(REGISTRY, directory(0o757)), REGISTRY, "fail"),
        (RIGHT.with_file(f"{REGISTRY}/key.pem", Stat(0o100640)), f"{REGISTRY}/key.pem", "fail"),
    ],
)
def test_certificates_for_registries(target: Target, path: str, verdict: str) -> None:
    """A directory that may not be read is an error; one that waits for files of others fails."""
    assert target.judge("3.8")[path][0] == verdict


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
    daemon: Any = replace(files.daemon)
    object.__setattr__(daemon, "process", replace(files.daemon.process, started=started))
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
    target = replace(RIGHT, host=host, words={"tls": "/tls"})
    assert [each for each, _ in members(target, "tls_key")] == [path] * (path is not None)


@pytest.mark.parametrize(("word", "name"), [("registries", "registry_certificate"), ("tls", "tls_key")])
def test_directory_that_is_not_known(word: str, name: str) -> None:
    """Without the directory nobody knows which files these are."""
    target = replace(RIGHT, host=Host(flags=("--tls",)))
    kept = [line for line in target.output().split("\n") if not line.startswith(f"7/{word} ")]
    with pytest.raises(EvidenceError, match="is not known; are you root"):
        GROUPS[name](target.facts_with("\n".join(kept)).engine_files)


# ---- the answer


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        ("--end\n", ""),
        ("--nodes\n", ""),
        ("7/root /proc/7/root\n", ""),
        ("7/root /proc/7/root\n", "(dropped)\n"),
        ("Id=docker.service\n", "Id=docker.serv\n"),
        ("41ed:0:0:root:/etc\n", "41ed:0:0\n"),
        ("7/registries ", "8/registries "),
        ("7/", "8/"),
    ],
)
def test_answer_that_is_damaged(line: str, damaged: str) -> None:
    """Of what is not whole nothing is judged, nor of a daemon that it does not tell of."""
    number = "3.7" if "registries" in line else "3.17"
    with pytest.raises(EvidenceError):
        judged(number, RIGHT.facts_with(RIGHT.output().replace(line, damaged)))


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


# ---- units


def test_unit_that_is_hidden() -> None:
    """3.1: what systemd has read and the auditor does not see is unknown, and no file that is absent."""
    verdict, reason = RIGHT.without(UNIT).judge("3.1")[UNIT]
    assert (verdict, "systemd has read it" in reason) == ("error", True)


@pytest.mark.parametrize(
    ("unit", "pid", "runs_in", "judges"),
    [
        ("docker.service", 99, "", False),
        ("docker.service", 0, "", True),
        ("own.service", 6, "own.service", True),
        ("other.service", 0, "", False),
    ],
)
def test_unit_of_another_daemon(unit: str, pid: int, runs_in: str, judges: bool) -> None:
    """A unit that runs another process is not this daemon's; docker.service that runs none will start it."""
    units = ((f"Id={unit}", f"MainPID={pid}", f"FragmentPath={UNIT}"),)
    found = replace(RIGHT, units=units, words={"unit": runs_in}).judge("3.1")
    assert found.keys() == ({UNIT} if judges else {"host"})


def test_systemd_of_another_user() -> None:
    """What a user's systemd says of root's daemon counts for nothing; it answers for its own engine alone."""
    claimed = f"manager 1000\nId=docker.service\nMainPID=7\nFragmentPath={DEFAULT}\n\nmanager 0\n"
    output = RIGHT.with_file(UNIT, Stat(0o100666)).output()
    assert judged("3.2", RIGHT.facts_with(output.replace("manager 0\n", claimed)))[UNIT][0] == "fail"
    own = replace(RIGHT, host=ROOTLESS, words={"manager": "1000", "group": "1000"})
    assert set(judged("3.2", own.facts_with(own.output().replace("manager 0\n", claimed)))) == {DEFAULT}


def test_script_of_a_host_without_systemd() -> None:
    """It is judged in the place of a unit: a script may be run, its settings not."""
    right = replace(RIGHT, units=None, files=FILES | {SCRIPT: Stat(0o100755), SETTINGS: Stat()})
    assert {path: verdict for path, (verdict, _) in right.judge("3.2").items()} == {
        SCRIPT: "pass",
        SETTINGS: "pass",
    }
    assert right.with_file(SCRIPT, Stat(0o100775)).judge("3.2")[SCRIPT][0] == "fail"
    assert right.with_file(SETTINGS, Stat(0o100755)).judge("3.2")[SETTINGS][0] == "fail"
    assert SETTINGS not in right.without(SETTINGS).judge("3.2")


def test_systemd_that_is_not_seen() -> None:
    """Where nothing says that the target runs without systemd, its units are not known."""
    output = replace(RIGHT, units=None).output().replace("unmanaged\n", "")
    with pytest.raises(EvidenceError, match="does not say whether the target runs systemd"):
        judged("3.1", RIGHT.facts_with(output))


@pytest.mark.parametrize("unit", ["", "own.service"])
def test_silent_systemd(unit: str) -> None:
    """Where systemd gives no answer, or none on the unit in which the daemon runs, that is not known."""
    silent = replace(RIGHT, units=OTHERS if unit else (), words={"unit": unit})
    with pytest.raises(EvidenceError, match="did not say"):
        silent.judge("3.1")


def test_socket_units() -> None:
    """docker.socket, and a socket unit of another name that starts the daemon."""
    service = RIGHT.units[0] if RIGHT.units else ()
    triggered = (*service[:2], "TriggeredBy=api.socket", *service[3:])
    unknown = (*service[:2], "TriggeredBy=other.socket", *service[3:])
    named = ("Id=api.socket", f"FragmentPath={SOCKET_UNIT}")
    other = ("Id=other.socket", f"FragmentPath={DEFAULT}")
    gone = ("Id=docker.socket", "FragmentPath=", f"DropInPaths={DROP_IN}")
    assert replace(RIGHT, units=(triggered, named)).judge("3.4")[SOCKET_UNIT][0] == "pass"
    assert replace(RIGHT, units=(unknown, named)).judge("3.4")["other.socket"][0] == "error"
    silent = (*service[:2], *service[3:])
    for units in ((silent,), (silent, other), (silent, gone)):
        assert set(replace(RIGHT, units=units).judge("3.4")) == {"host"}


# ---- rootless


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


def test_fact_of_an_absent_file() -> None:
    """A file that is not there has no owner to be asked for."""
    with pytest.raises(NotApplicable):
        _ = FileFact("/f", State.ABSENT).node
    with pytest.raises(EvidenceError):
        _ = FileFact("/f", State.UNREAD, doubt="why").node
