"""Files of the engine that are not there, are not known, or are named in other ways."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.daemon.config_file import START as SLACK
from hullcheck.facts.files import GROUPS, EngineFiles
from hullcheck.facts.files.answer import UnitFiles, Walk
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.host.processes import Process, Processes
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.times import moment
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.daemons import AFTER, BEFORE, SOCKET, Host
from selftests.kit.facts.engine_files import (
    CERTIFICATES,
    CONFIG,
    CONTAINERD,
    DEFAULT,
    DROP_IN,
    ENVIRONMENT,
    FILES,
    NONCE,
    REGISTRY,
    RIGHT,
    SCRIPTS,
    SOCKET_UNIT,
    SYSCONFIG,
    TLS,
    UNIT,
    UNITS,
    Stat,
    Target,
    directory,
    socket,
)
from selftests.kit.judging import but, judged

ROOTLESS = Host(flags=TLS, uid=1000, environment=("HOME=/root", "XDG_RUNTIME_DIR=/run/user/1000"))


# ---- nothing there, and nothing known


@pytest.mark.parametrize(
    ("numbers", "path"),
    [
        (("3.17", "3.18"), CONFIG),
        (("3.19", "3.20"), DEFAULT),
        (("3.21", "3.22"), SYSCONFIG),
        (("3.23", "3.24"), CONTAINERD),
    ],
)
def test_absent_file(numbers: tuple[str, ...], path: str) -> None:
    """What is proven not to exist is not applicable; what cannot be looked at is an error."""
    for number in numbers:
        assert RIGHT.without(path).judge(number) == {path: ("not applicable", f"{path} does not exist")}
        reason = f"{path} could not be looked at: {path} may not be read; are you root?"
        assert RIGHT.without(path, state="unread").judge(number) == {path: ("error", reason)}


def test_file_that_went_away() -> None:
    """A file without attributes was changed while it was looked at."""
    lines = [line for line in RIGHT.output().split("\n") if not line.endswith(f":root:{DEFAULT}")]
    assert judged("3.19", RIGHT.facts_with("\n".join(lines)))[DEFAULT][0] == "error"


def test_configuration_elsewhere() -> None:
    """Another configuration file does not make /etc/docker, where the rest lies, less important to root's daemon."""
    host = Host(flags=("--config-file=/srv/d.json",))
    assert set(replace(RIGHT, host=host).judge("3.5")) == {"/etc/docker", "/srv"}
    own = replace(host, uid=1000)
    assert set(replace(RIGHT, host=own).judge("3.5")) == {"/srv"}
    for path, folder in (("d.json", "/srv/engine"), ("x/d.json", "/srv/engine/x")):
        relative = replace(
            RIGHT, host=Host(flags=(f"--config-file={path}",)), words={"directory": "/srv/engine"}
        )
        assert set(relative.judge("3.5")) == {"/etc/docker", folder}
        assert set(relative.judge("3.17")) == {f"/srv/engine/{path}"}


def members(target: Target, name: str) -> Subjects[FileFact]:
    """A group of the engine's files."""
    return target.facts().engine_files.group(name)


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_of_files(name: str) -> None:
    """The subjects of each are files, and a right target has some."""
    found = members(RIGHT, name)
    assert (found.kind, bool(found.named)) == ("file", True)


BARE = {path: each for path, each in FILES.items() if not path.startswith(f"{REGISTRY}/")}


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
        (Target(Host()), "tls_certificate", "no tlscert is configured, and TLS does not ask for one"),
        (Target(Host()), "tls_key", "no tlskey is configured, and TLS does not ask for one"),
    ],
)  # fmt: skip
def test_groups_without_a_file(target: Target, name: str, why: str) -> None:
    """Why there is nothing to judge."""
    assert members(target, name) == Subjects("file", (), why)


@pytest.mark.parametrize("name", ["default_file", "sysconfig_file"])
def test_file_at_a_fixed_place(name: str) -> None:
    """There is always one path to judge, and so no reason why there is none."""
    assert members(RIGHT, name).nothing == ""


def engine_files(**process: Any) -> EngineFiles:
    """The files of a daemon by hand, which has no socket; one file was last changed at the second 100."""
    view = SimpleNamespace(
        words={},
        relays={},
        walks={"/f": SimpleNamespace(changed=(99.0, 100.0), pem="", end="/f", links=("/l",))},
    )
    answer: Any = SimpleNamespace(daemons={7: view}, units=(), managers={}, silent=())
    known = SimpleNamespace(**{"rootless": False, "unix_table": (), "uids": (0, 0)} | process)
    endpoints = SimpleNamespace(api_sockets=(), containerd_sockets=())
    daemon: Any = SimpleNamespace(pid=7, process=known, endpoints=endpoints)
    return EngineFiles(answer, daemon)


def test_daemon_without_sockets() -> None:
    """Why there is no socket to judge."""
    found = engine_files()
    assert found.group("api_socket") == Subjects("file", (), "the API listens on no unix socket")
    assert found.group("containerd_socket") == Subjects("file", (), "the daemon uses no containerd")


@pytest.mark.parametrize(
    ("started", "older"),
    [
        ((100.0 - SLACK, 200.0), True),
        ((99.95, 99.95), True),
        ((99.8, 200.0), False),
        ((101.0, 101.0), True),
        (None, False),
    ],
)
def test_age_of_a_file_of_tls(started: tuple[float, float] | None, older: bool) -> None:
    """It has to be older than the earliest moment at which the daemon may have read it."""
    file = FileFact("/f", State.FOUND)
    assert engine_files(started=started).is_older_than_daemon(file) is older


@pytest.mark.parametrize(
    ("name", "option", "default"),
    [
        ("tls_ca", "tlscacert", "ca.pem"),
        ("tls_certificate", "tlscert", "cert.pem"),
        ("tls_key", "tlskey", "key.pem"),
    ],
)
def test_paths_of_tls(name: str, option: str, default: str) -> None:
    """The last that the command line names; else the file, else the default."""
    for flags, document, path in (
        (("--tls",), {}, f"/tls/{default}"),
        (("--tls",), {option: "/x"}, "/x"),
        ((f"--{option}=/old", f"--{option}=/x"), {option: "/y"}, "/x"),
        ((f"--{option}=x/",), {}, "/d/x/"),
        ((f"--{option}=XxX",), {}, "/d/XxX"),
    ):
        host = Host(flags=flags, document=json.dumps(document))
        target = replace(RIGHT, host=host, words={"tls": "/tls", "directory": "/d"})
        assert [path for path, _ in members(target, name)] == [path]


@pytest.mark.parametrize(
    ("record", "name", "why"),
    [
        ("registries", "registry_certificate", "the directory of the registries' certificates is not known"),
        ("tls", "tls_key", "the directory of the daemon's certificates is not known"),
    ],
)
def test_directory_that_is_not_known(record: str, name: str, why: str) -> None:
    """Without the directory nobody knows which files these are."""
    lines = replace(RIGHT, host=Host(flags=("--tls",))).output().split("\n")
    kept = [line for line in lines if not line.startswith(f"{NONCE} {record} ")]
    with pytest.raises(EvidenceError) as raised:
        replace(RIGHT, host=Host(flags=("--tls",))).facts_with("\n".join(kept)).engine_files.group(name)
    assert str(raised.value) == f"{why}; are you root?"


def test_files_as_the_daemon_sees_them() -> None:
    """Where the daemon has files of its own, those of the same name that the auditor sees are others."""
    others = f"{NONCE} stat 81b6:5:5:x:{CONFIG}\n{NONCE} stat 81b6:5:5:x:/proc/7/root{DEFAULT}\n"
    facts = RIGHT.facts_with(RIGHT.output() + others)
    for number, path in (("3.17", CONFIG), ("3.18", CONFIG), ("3.19", DEFAULT), ("3.20", DEFAULT)):
        assert judged(number, facts)[path][0] == "pass"


def test_file_that_was_not_looked_at() -> None:
    """Where the probe did not know what the daemon uses, there is no verdict."""
    host = Host(flags=("--tlskey=/other/key",))
    assert replace(RIGHT, host=host).judge("3.14")["/other/key"][0] == "error"


def test_certificates_for_registries() -> None:
    """Without a file there is nothing to judge; a directory that may not be read is an error."""
    none = {path: each for path, each in FILES.items() if not path.startswith(f"{REGISTRY}/")}
    for number in ("3.7", "3.8"):
        found = replace(RIGHT, files=none).judge(number)
        assert found == {"host": ("not applicable", f"there is no file below {CERTIFICATES}")}
        found = replace(RIGHT, files={**none, CERTIFICATES: directory()}).without(CERTIFICATES).judge(number)
        assert found == {"host": ("not applicable", f"{CERTIFICATES} does not exist")}
        assert RIGHT.without(CERTIFICATES, state="unread").judge(number)[CERTIFICATES][0] == "error"
        assert members(RIGHT.without(CERTIFICATES, state="unread"), "registry_certificate").kind == "file"
        assert replace(RIGHT, files=none, words={"closed": REGISTRY}).judge(number)[REGISTRY] == (
            "error",
            f"{REGISTRY} could not be looked at: what lies in it may not be read; are you root?",
        )
    assert RIGHT.with_file(REGISTRY, directory(0o757)).judge("3.8")[REGISTRY][0] == "fail"
    assert (
        RIGHT.with_file(f"{REGISTRY}/key.pem", Stat(0o100640)).judge("3.8")[f"{REGISTRY}/key.pem"][0]
        == "fail"
    )


def test_answer_that_is_none() -> None:
    """Nonsense, and a probe that failed, give no verdict."""
    for text in ("", "nonsense", f"{NONCE} dockerd seven\n{NONCE} host ", f"{NONCE} dockerd 7"):
        with pytest.raises(EvidenceError):
            judged("3.17", RIGHT.facts_with(text))


def test_names_forge_nothing() -> None:
    """A record within a name stays a part of the name."""
    name = f"{REGISTRY}/x\nstat 8100:0:0:root:{DEFAULT}\nasked {DEFAULT}\nabsent {DEFAULT}"
    target = RIGHT.with_file(name, Stat(0o100666)).with_file(DEFAULT, Stat(0o100666))
    assert {number: target.judge(number)[path][0] for number, path in (("3.8", name), ("3.20", DEFAULT))} == {
        "3.8": "fail", "3.20": "fail",
    }  # fmt: skip


def test_way_of_a_path() -> None:
    """What is not said of it is not known; of two times the later one counts, and one alone does not."""
    said = [("link", "/a"), ("found", "/b"), ("acl", "none"), ("changed", f"{AFTER}|{BEFORE}"), ("pem", "x")]
    assert Walk.of(said) == Walk(State.FOUND, ("/a",), "/b", (), "x", moment(AFTER))
    assert Walk.of([("absent", "/b"), ("changed", f"-|{BEFORE}")]) == Walk(State.ABSENT, (), "/b")
    assert Walk.of([("link", "/a")]) == Walk(State.UNREAD, ("/a",))


def test_file_by_its_names() -> None:
    """It is told by the first of them, whichever the probe followed."""
    daemon_files = RIGHT.facts().engine_files
    view, answer = daemon_files.view, daemon_files.answer
    unasked = "the probe did not find out that it is used"
    assert answer.file(view, "/x", "/y") == FileFact("/x", State.UNREAD, doubt=unasked)
    way = (Node("/", stat.S_IFDIR | 0o755, 0, 0, "root"), Node("/etc", stat.S_IFDIR | 0o755, 0, 0, "root"))
    node = Node("/etc/docker", stat.S_IFDIR | 0o755, 0, 0, "root")
    assert answer.file(view, "/x", "/etc/docker/") == FileFact("/x", State.FOUND, node, way)
    unread = RIGHT.without("/etc/docker", state="unread").facts().engine_files
    assert unread.answer.file(unread.view, "/x", "/etc/docker/") == FileFact(
        "/x", State.UNREAD, doubt="/etc/docker may not be read; are you root?"
    )
    lines = [line for line in RIGHT.output().split("\n") if not line.endswith(":/proc/7/root/etc/docker")]
    gone = RIGHT.facts_with("\n".join(lines)).engine_files
    assert gone.answer.file(gone.view, "/x", "/etc/docker/") == FileFact(
        "/x", State.UNREAD, doubt="it was changed meanwhile; audit again"
    )


def test_all_that_is_read_of_a_unit() -> None:
    """A property ends at its first equals sign, an address at the last blank with a bracket."""
    said = [
        ("property", "Id=x"),
        ("property", "A=b=c"),
        ("property", "Listen=/a (b) (Stream)"),
        ("property", "C"),
    ]
    said += [("match", "/e"), ("folder", "/f"), ("match", "Listen=/no (Stream)"), ("match", "/e")]
    values = {"Id": "x", "A": "b=c", "Listen": "/a (b) (Stream)", "C": ""}
    expected = UnitFiles("0", values, ("/e", "Listen=/no (Stream)"), ("/f",), ("/a (b)",))
    assert UnitFiles.of("0", said) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "the target did not answer"),
        (f"{NONCE} dockerd x", "the answer is damaged: it has a record dockerd of another form"),
    ],
)
def test_answer_in_words(text: str, why: str) -> None:
    """The reason says whether there was none or a wrong one."""
    with pytest.raises(EvidenceError) as raised:
        _ = RIGHT.facts_with(text).engine_files
    assert str(raised.value) == f"engine_files: {why}"


# ---- units


def test_directory_for_more_files_of_a_unit() -> None:
    """Who may put a drop-in, a unit or an environment file there changes the unit; whose group it is does not
    matter."""
    for number in ("3.2", "3.4"):
        for mode, verdict in (
            (0o755, "pass"),
            (0o700, "pass"),
            (0o775, "fail"),
            (0o757, "fail"),
            (0o1777, "fail"),
        ):
            assert RIGHT.with_file(UNITS, directory(mode)).judge(number)[UNITS][0] == verdict
    for number in ("3.1", "3.3"):
        assert RIGHT.with_file(UNITS, directory(uid=5)).judge(number)[UNITS] == ("fail", "belongs to uid 5")
        assert RIGHT.with_file(UNITS, replace(directory(), gid=5)).judge(number)[UNITS][0] == "pass"
    assert UNITS not in replace(RIGHT, folders=()).judge("3.2")


def test_unit_that_is_hidden() -> None:
    """3.1, 3.2: what systemd has read and the auditor does not see is unknown, and no file that is absent."""
    for number in ("3.1", "3.2"):
        verdict, reason = RIGHT.without(UNIT).judge(number)[UNIT]
        assert (verdict, "systemd has read it" in reason) == ("error", True), number


def test_unit_of_another_daemon() -> None:
    """A unit that runs another process is not this daemon's; one that runs none will start it."""
    running = (("Id=docker.service", "MainPID=99", f"FragmentPath={UNIT}"),)
    other = Processes({pid: Process(pid, {"Name": "dockerd"}, (), None) for pid in (7, 99)})
    facts = but(replace(RIGHT, units=running).facts(), processes=other)
    assert judged("3.1", facts) == {"host": ("not applicable", "systemd does not start this daemon")}
    with pytest.raises(EvidenceError, match=r"names process 99 for docker\.service, which is not there"):
        replace(RIGHT, units=running).judge("3.1")
    idle = (("Id=docker.service", "MainPID=0", f"FragmentPath={UNIT}"),)
    assert replace(RIGHT, units=idle).judge("3.1")[UNIT][0] == "pass"
    parent = (("Id=own.service", "MainPID=6", f"FragmentPath={UNIT}"),)
    assert replace(RIGHT, units=parent, words={"parents": "6 1"}).judge("3.1")[UNIT][0] == "pass"


def test_systemd_of_another_user() -> None:
    """What a user's systemd says of root's daemon counts for nothing; it answers for its own engine alone."""
    lie = f"manager 1000\nproperty Id=docker.service\nproperty MainPID=7\nproperty FragmentPath={DEFAULT}\n"
    lie += "property DropInPaths=\nproperty "
    claimed = "".join(f"{NONCE} {line}\n" for line in lie.split("\n"))
    output = RIGHT.with_file(UNIT, Stat(0o100666)).output()
    told = judged(
        "3.2", RIGHT.facts_with(output.replace(f"{NONCE} manager 0\n", f"{claimed}{NONCE} manager 0\n"))
    )
    assert told[UNIT][0] == "fail"
    words = {"manager_of_unit": "1000", "group": "1000"}
    own = replace(RIGHT, host=ROOTLESS, words=words)
    changed = own.output().replace(f"{NONCE} manager 0\n", f"{claimed}{NONCE} manager 0\n")
    assert set(judged("3.2", own.facts_with(changed))) == {DEFAULT}
    sockets = claimed.replace("docker.service", "docker.socket")
    told = judged(
        "3.4",
        RIGHT.facts_with(RIGHT.output().replace(f"{NONCE} manager 0\n", f"{sockets}{NONCE} manager 0\n")),
    )
    assert set(told) == {SOCKET_UNIT, ENVIRONMENT, UNITS}


def test_unit_without_a_process() -> None:
    """A unit that runs nothing is not the one of the daemon's parent, though both have the number 0."""
    idle = ("Id=other.service", "MainPID=0", f"FragmentPath={SOCKET_UNIT}")
    target = replace(RIGHT, units=(idle, *(RIGHT.units or ())), words={"parents": "1 0"})
    assert UNIT in target.judge("3.1")


def test_no_systemd() -> None:
    """Without systemd there is no unit."""
    for number in ("3.1", "3.2", "3.3", "3.4"):
        verdict, reason = replace(RIGHT, units=None).judge(number)["host"]
        assert (verdict, "systemd" in reason) == ("not applicable", True)


def test_script_of_a_host_without_systemd() -> None:
    """What starts the daemon there is judged in the place of a unit: a script may be run, its settings not."""
    script, settings, run, conf, local = SCRIPTS
    scripts = dict.fromkeys((script, run, local), Stat(0o100755))
    right = replace(RIGHT, units=None, files=FILES | scripts | {settings: Stat(), conf: Stat()})
    for number in ("3.1", "3.2"):
        assert {path: verdict for path, (verdict, _) in right.judge(number).items()} == dict.fromkeys(
            SCRIPTS, "pass"
        )
    assert right.with_file(script, Stat(0o100775)).judge("3.2")[script][0] == "fail"
    assert right.with_file(settings, Stat(0o100755)).judge("3.2")[settings][0] == "fail"
    assert right.with_file(conf, Stat(0o100755)).judge("3.2")[conf][0] == "fail"
    assert right.with_file(run, Stat(0o100755, uid=7)).judge("3.1")[run][0] == "fail"
    assert right.without(settings, state="unread").judge("3.1")[settings][0] == "error"
    without = right.without(settings)
    assert settings not in without.judge("3.2")
    assert without.with_file("/etc/conf.d", directory(0o777)).judge("3.2")[settings][0] == "fail"
    assert right.judge("3.3")["host"] == ("not applicable", "the target does not run systemd")


def test_no_socket_unit() -> None:
    """Without docker.socket there is nothing to judge; a socket unit of another name counts."""
    service = RIGHT.units[0] if RIGHT.units else ()
    assert replace(RIGHT, units=(service,)).judge("3.4") == {
        "host": ("not applicable", "systemd has no docker.socket")
    }
    named = ("Id=api.socket", f"FragmentPath={SOCKET_UNIT}")
    triggered = (*service[:2], "TriggeredBy=api.socket", *service[3:])
    assert replace(RIGHT, units=(triggered, named)).judge("3.4")[SOCKET_UNIT][0] == "pass"
    silent = (*service[:2], *service[3:])
    other = ("Id=other.socket", f"FragmentPath={DEFAULT}")
    gone = ("Id=docker.socket", "FragmentPath=", f"DropInPaths={DROP_IN}")
    for units in ((silent,), (silent, other), (silent, gone)):
        assert set(replace(RIGHT, units=units).judge("3.4")) == {"host"}


def test_silent_systemd() -> None:
    """Where systemd gives no answer, the unit is not known."""
    silent = (
        replace(RIGHT, units=())
        .output()
        .replace(f"{NONCE} manager 0\n", f"{NONCE} manager 0\n{NONCE} silent \n")
    )
    with pytest.raises(EvidenceError, match="did not say"):
        judged("3.1", RIGHT.facts_with(silent))


def test_drop_in_with_a_blank_in_its_name() -> None:
    """A drop-in whose name systemctl does not show cannot be judged."""
    units = (("Id=docker.service", "MainPID=7", f"FragmentPath={UNIT}", "DropInPaths=[unprintable]"),)
    found = replace(RIGHT, units=units).judge("3.2")
    assert found[UNIT][0] == "pass"
    assert found["[unprintable]"] == (
        "error",
        "[unprintable] could not be looked at: systemd does not show the name of a drop-in of docker.service, for it "
        "holds a blank",
    )


# ---- rootless


def test_rootless() -> None:
    """The engine's user may own its files, and its groups may have them; nobody else."""
    ids = "0 1000 1\n1 165536 65536"
    words = {"group": "1000", "groups": ids, "registries": CERTIFICATES}
    target = replace(RIGHT, host=ROOTLESS, words=words)
    for uid, gid, verdict in (
        (1000, 1000, "pass"), (0, 0, "pass"), (1000, 165540, "pass"),
        (1001, 1000, "fail"), (165540, 0, "fail"), (0, 1001, "fail"), (0, 300000, "fail"),
    ):  # fmt: skip
        changed = target.with_file(SOCKET, socket(0o1660, uid, gid, "UNKNOWN"))
        assert changed.judge("3.15")[SOCKET][0] == verdict
        assert changed.judge("3.16")[SOCKET][0] == "pass"
    assert target.with_file("/tls", directory(uid=1000)).judge("3.9")["/tls/ca"][0] == "pass"
    whole = replace(target, words={**words, "groups": "0 0 4294967295"})
    assert whole.with_file(SOCKET, socket(gid=1001)).judge("3.16")[SOCKET][0] == "pass"
    assert whole.with_file(CONFIG, Stat(gid=1001, group="x")).judge("3.17")[CONFIG][0] == "fail"
    cut = replace(target, words={**words, "groups": "0 1000 1\n1 165536"})
    with pytest.raises(EvidenceError, match="a record groups of another form"):
        cut.judge("3.17")


def test_parents_of_the_daemon_that_its_processes_tell_otherwise() -> None:
    """The unit that started it is not known by them; that is no proof that systemd did not."""
    target = replace(RIGHT, words={"parents": "77 1"})
    target = replace(
        target, units=(("Id=docker.service", "MainPID=71", f"FragmentPath={UNIT}", "DropInPaths="),)
    )
    status = {"Name": "dockerd", "PPid": "71"}
    processes = Processes({7: Process(7, status, (), None)})
    files = but(target.facts(), processes=processes).engine_files
    with pytest.raises(EvidenceError, match="the parents of the daemon are told in two ways"):
        files.service_unit()


@pytest.mark.parametrize("name", ["docker.service", "rootless.service"])
def test_process_of_the_unit_that_is_not_there(name: str) -> None:
    """A number that lost a digit is no proof that systemd did not start the daemon."""
    target = replace(RIGHT, words={"parents": "71 1"})
    parents = {7: "71", 71: "1"}
    processes = Processes({pid: Process(pid, {"PPid": each}, (), None) for pid, each in parents.items()})

    def unit_of(main: str) -> object:
        unit = (f"Id={name}", f"MainPID={main}", f"FragmentPath={UNIT}", "DropInPaths=")
        return but(replace(target, units=(unit,)).facts(), processes=processes).engine_files.service_unit()

    assert unit_of("71")
    with pytest.raises(EvidenceError, match=f"systemd names process 710 for {name}"):
        unit_of("710")


def test_fact_of_an_absent_file() -> None:
    """A file that is not there has no owner to be asked for."""
    with pytest.raises(NotApplicable):
        _ = FileFact("/f", State.ABSENT).ownership
    with pytest.raises(EvidenceError):
        _ = FileFact("/f", State.UNREAD, doubt="why").mode_text


@pytest.mark.parametrize("path", ["", "etc/docker"])
def test_path_that_does_not_begin_at_the_root(path: str) -> None:
    """Such a way has no end; the host never says one."""
    with pytest.raises(EvidenceError, match="is no absolute path"):
        _ = Walk(State.FOUND, end=path).way


# ---- what passes commands on


@pytest.mark.parametrize(
    ("file", "numbers"),
    [
        (socket(), ""),
        (socket(0o666), "3.16"),
        (socket(uid=7), "3.15"),
        (socket(gid=7, group="staff"), "3.15"),
    ],
)
def test_socket_of_a_program_that_passes_commands_on(file: Stat, numbers: str) -> None:
    """It is held to what is demanded of the engine's own, but how much it passes on only a person knows."""
    target = replace(RIGHT, words={"relay": "socat /tmp/d.sock"}, walked=("/tmp/d.sock",))
    target = target.with_file("/tmp/d.sock", file)
    for number in ("3.15", "3.16"):
        found = target.judge(number)
        assert found[SOCKET][0] == "pass"
        verdict, reason = found["/tmp/d.sock"]
        assert verdict == ("manual" if number in numbers else "pass")
        assert number not in numbers or "socat listens there: which commands does it pass on" in reason
    own = replace(RIGHT, words={"relay": f"x {SOCKET}"})
    assert set(own.judge("3.16")) == {SOCKET}
    abstract = replace(RIGHT, words={"relay": "socat @d"}).judge("3.16")
    assert {path: each[0] for path, each in abstract.items()} == {SOCKET: "pass", "@d": "manual"}


def test_socket_in_whose_place_another_file_lies() -> None:
    """Owner and mode of what lies at the path say nothing where the daemon listens on another socket."""
    for number in ("3.15", "3.16"):
        found = replace(RIGHT, words={"replaced": SOCKET}).judge(number)
        assert found[SOCKET][0] == "error"
        assert "another file lies there now than that of the socket" in found[SOCKET][1]
