"""Files of the engine that are not there, are not known, or are named in other ways."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts.engine.daemon_options import START as SLACK
from hullcheck.facts.engine.files import GROUPS, EngineFiles
from hullcheck.facts.engine.files_answer import ENGINE_FILES, UnitFiles, Walk
from hullcheck.facts.host.file import FileFact, State
from hullcheck.facts.subjects import Subjects
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.daemons import SOCKET, Host
from selftests.kit.facts.engine_files import (
    CERTIFICATES,
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
    TLS,
    UNIT,
    Stat,
    Target,
    directory,
    socket,
)
from selftests.kit.judging import judged

ROOTLESS = Host(flags=TLS, uid=1000, environment=("HOME=/root", "XDG_RUNTIME_DIR=/run/user/1000"))
BARE = {path: each for path, each in FILES.items() if not path.startswith(REGISTRY)}
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


def test_file_that_went_away() -> None:
    """A file without attributes was changed while it was looked at."""
    lines = [line for line in RIGHT.output().split("\n") if not line.endswith(f":root:{DEFAULT}")]
    assert judged("3.19", RIGHT.facts_with("\n".join(lines)))[DEFAULT][0] == "error"


@pytest.mark.parametrize(
    ("host", "directories", "file"),
    [
        (Host(flags=("--config-file=/srv/d.json",)), {"/etc/docker", "/srv"}, "/srv/d.json"),
        (Host(flags=("--config-file=/srv/d.json",), uid=1000), {"/srv"}, "/srv/d.json"),
        (Host(flags=("--config-file=x/d.json",)), {"/etc/docker", "/srv/engine/x"}, "/srv/engine/x/d.json"),
    ],
)
def test_configuration_elsewhere(host: Host, directories: set[str], file: str) -> None:
    """/etc/docker, where the rest lies, is no less important to root's daemon."""
    target = replace(RIGHT, host=host, words={"directory": "/srv/engine"})
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
        (Target(units=()), "service_unit_file", "systemd does not start this daemon"),
        (Target(units=()), "socket_unit_file", "systemd has no docker.socket"),
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
    others = f"stat 81b6:5:5:x:{CONFIG}\nstat 81b6:5:5:x:/proc/7/root{DEFAULT}\n"
    facts = RIGHT.facts_with(RIGHT.output() + others)
    for number, path in (("3.17", CONFIG), ("3.18", CONFIG), ("3.19", DEFAULT), ("3.20", DEFAULT)):
        assert judged(number, facts)[path][0] == "pass"


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
    ((_, file),) = files.tls_ca()
    assert own.is_older_than_daemon(file) is older


@pytest.mark.parametrize(
    ("flags", "document", "path"),
    [
        (("--tls",), {}, "/tls/key.pem"),
        (("--tls",), {"tlskey": "/x"}, "/x"),
        (("--tlskey=/old", "--tlskey=/x"), {"tlskey": "/y"}, "/x"),
        (("--tlskey=x/",), {}, "/d/x/"),
        (("--tls=false",), {}, None),
        ((), {"tls": True}, None),
    ],
)
def test_paths_of_tls(flags: tuple[str, ...], document: dict[str, Any], path: str | None) -> None:
    """The last that the command line names; else the file, else the default."""
    host = Host(flags=flags, document=json.dumps(document))
    target = replace(RIGHT, host=host, words={"tls": "/tls", "directory": "/d"})
    assert [each for each, _ in members(target, "tls_key")] == [path] * (path is not None)


@pytest.mark.parametrize(("word", "name"), [("registries", "registry_certificate"), ("tls", "tls_key")])
def test_directory_that_is_not_known(word: str, name: str) -> None:
    """Without the directory nobody knows which files these are."""
    target = replace(RIGHT, host=Host(flags=("--tls",)))
    kept = [line for line in target.output().split("\n") if not line.startswith(f"{word} ")]
    with pytest.raises(EvidenceError, match="is not known; are you root"):
        GROUPS[name](target.facts_with("\n".join(kept)).engine_files)


# ---- the answer


@pytest.mark.parametrize("text", ["", "nonsense", "dockerd seven\nhost ", "dockerd 7", f"{DROPPED}\nhost "])
def test_answer_that_is_none(text: str) -> None:
    """Nonsense, and a probe that failed, give no verdict."""
    with pytest.raises(EvidenceError):
        judged("3.17", RIGHT.facts_with(text))


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("found /etc/docker", True),
        ("property Id=docker.service", True),
        ("property Environment=PASSWORD=geheim", False),
        ("property ExecStart=dockerd --password geheim", False),
        ("pem MIIB+/=", True),
        ("pem -----BEGIN PRIVATE KEY-----", False),
        ("secret /x", False),
    ],
)
def test_known_lines_are_kept(line: str, kept: bool) -> None:
    """Of a unit only what is judged."""
    assert ENGINE_FILES.keep(line) == (line if kept else DROPPED)


def test_way_of_a_path() -> None:
    """What is not said of it is not known."""
    said = [("link", "/a"), ("found", "/b/c"), ("pem", "x"), ("pem", "y")]
    assert Walk.of(said) == Walk(State.FOUND, ("/a",), "/b/c", "x\ny")
    assert Walk.of(said).way == ("/", "/a", "/b")
    assert Walk.of([("link", "/a")]) == Walk(State.UNREAD, ("/a",))


def test_all_that_is_read_of_a_unit() -> None:
    """A property ends at its first equals sign, an address at the last blank with a bracket."""
    lines = ("Id=x.service", "A=b=c", "Listen=/a (b) (Stream)")
    said = [*(("property", each) for each in lines), ("match", "/e"), ("program", "/p"), ("match", "/e")]
    values = {"Id": "x.service", "A": "b=c", "Listen": "/a (b) (Stream)"}
    assert UnitFiles.of("0", said) == UnitFiles("0", values, ("/e",), ("/p",), ("/a (b)",))


# ---- units


def test_unit_that_is_hidden() -> None:
    """3.1: what systemd has read and the auditor does not see is unknown, and no file that is absent."""
    verdict, reason = RIGHT.without(UNIT).judge("3.1")[UNIT]
    assert (verdict, "systemd has read it" in reason) == ("error", True)


@pytest.mark.parametrize(
    ("unit", "pid", "parents", "judges"),
    [
        ("docker.service", 99, "1 0", False),
        ("docker.service", 0, "1 0", True),
        ("own.service", 6, "6 1", True),
        ("other.service", 0, "1 0", False),
    ],
)
def test_unit_of_another_daemon(unit: str, pid: int, parents: str, judges: bool) -> None:
    """A unit that runs another process is not this daemon's; docker.service that runs none will start it."""
    units = ((f"Id={unit}", f"MainPID={pid}", f"FragmentPath={UNIT}"),)
    found = replace(RIGHT, units=units, words={"parents": parents}).judge("3.1")
    assert found.keys() == ({UNIT, ENVIRONMENT} if judges else {"host"})


def test_systemd_of_another_user() -> None:
    """What a user's systemd says of root's daemon counts for nothing; it answers for its own engine alone."""
    claimed = (
        f"manager 1000\nproperty Id=docker.service\nproperty MainPID=7\nproperty FragmentPath={DEFAULT}\n"
    )
    claimed += "property \n"
    output = RIGHT.with_file(UNIT, Stat(0o100666)).output()
    told = judged("3.2", RIGHT.facts_with(output.replace("manager 0\n", f"{claimed}manager 0\n")))
    assert told[UNIT][0] == "fail"
    own = replace(RIGHT, host=ROOTLESS, words={"manager_of_unit": "1000", "group": "1000"})
    changed = own.output().replace("\nmanager 0\n", f"\n{claimed}manager 0\n")
    assert set(judged("3.2", own.facts_with(changed))) == {DEFAULT}


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
    output = replace(RIGHT, units=None).output().replace("unmanaged \n", "")
    with pytest.raises(EvidenceError, match="does not say whether the target runs systemd"):
        judged("3.1", RIGHT.facts_with(output))


def test_silent_systemd() -> None:
    """Where systemd gives no answer, the unit is not known; a property of no systemd is an error."""
    silent = replace(RIGHT, units=()).output().replace("manager 0\n", "manager 0\nsilent \n")
    with pytest.raises(EvidenceError, match="did not say"):
        judged("3.1", RIGHT.facts_with(silent))
    before, _, after = RIGHT.output().partition("manager 0\nproperty ")
    with pytest.raises(EvidenceError, match="is not what the probe prints"):
        judged("3.1", RIGHT.facts_with(f"{before}property {after}"))
    with pytest.raises(EvidenceError, match="is not what the probe prints"):
        judged("3.1", RIGHT.facts_with(RIGHT.output().replace("Id=docker.service", "Id=docker.serv")))


def test_socket_units() -> None:
    """docker.socket, and a socket unit of another name that starts the daemon."""
    service = RIGHT.units[0] if RIGHT.units else ()
    triggered = (*service[:2], "TriggeredBy=api.socket", *service[3:])
    named = ("Id=api.socket", f"FragmentPath={SOCKET_UNIT}")
    other = ("Id=other.socket", f"FragmentPath={DEFAULT}")
    gone = ("Id=docker.socket", "FragmentPath=", f"DropInPaths={DROP_IN}")
    assert replace(RIGHT, units=(triggered, named)).judge("3.4")[SOCKET_UNIT][0] == "pass"
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
        _ = FileFact("/f", State.ABSENT).ownership
    with pytest.raises(EvidenceError):
        _ = FileFact("/f", State.UNREAD, doubt="why").mode_text


def test_daemon_that_went_meanwhile() -> None:
    """What it saw is not known."""
    with pytest.raises(EvidenceError, match="it started or ended meanwhile"):
        judged("3.17", RIGHT.facts_with(RIGHT.output().replace("dockerd 7", "dockerd 8")))
