"""The settings of the daemon: where a value comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.daemon.config_file import DAEMON_CONFIGURATION, ConfigFile, files_of
from hullcheck.facts.daemon.config_file import START as SLACK
from hullcheck.facts.daemon.redaction import configuration
from hullcheck.facts.daemon.settings import shown
from hullcheck.facts.daemon.unit import Unit, Units
from hullcheck.parsing.times import moment
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import (
    AFTER,
    BEFORE,
    NO_ICC,
    NOW,
    PATH,
    Host,
    insecure,
    options,
)


def test_reasons_name_the_source() -> None:
    """The reason says what decided."""
    assert Host().judge("2.2")[1] == "icc is true (network bridge, from default)"
    assert Host(flags=("--icc",)).judge("2.2")[1] == "icc is true (network bridge, from command line)"
    assert Host().judge("2.17")[1] == "userland-proxy is true (default of engine 26.1.5)"
    assert Host(document='{"userland-proxy": false}').judge("2.17")[1] == f"userland-proxy is false ({PATH})"
    elsewhere = Host(flags=("--config-file=/opt/d.json",), document='{"userland-proxy": false}')
    assert elsewhere.judge("2.17")[1] == "userland-proxy is false (/opt/d.json)"


@pytest.mark.parametrize(
    ("host", "number", "reason"),
    [
        (Host(flags=("--userland-proxy",)), "2.17", "userland-proxy is true (command line)"),
        (Host(document='{"icc": true}'), "2.2", f"icc is true (network bridge, from {PATH})"),
        (Host(document='{"icc": true}', changed=AFTER), "2.2", "icc is true (network bridge)"),
        (
            Host(document='{"icc": false}'),
            "2.2",
            f"icc is true (network bridge); restart pending: {PATH} says false",
        ),
        (Host(document='{"icc": false}', bridge={}), "2.2", f"icc is false ({PATH})"),
        (Host(document="unread"), "2.2", "icc is true (network bridge)"),
        (Host(second=()), "2.2", "icc is true (network bridge)"),
        (Host(), "2.16", "live-restore is false (docker info, from default)"),
        (
            Host(info={"ServerVersion": "23.0.0"}),
            "2.15",
            "no-new-privileges is false (docker info, from default)",
        ),
        (
            Host(document='{"cgroup-parent": ""}'),
            "2.11",
            "cgroup-parent is not set (default of engine 26.1.5)",
        ),
        (
            Host(document='{"userland-proxy": "false"}'),
            "2.17",
            f"{PATH}: userland-proxy: 'false' is not true or false",
        ),
        (Host(document="[]"), "2.17", f"{PATH}, the daemon's configuration, is not JSON"),
        (
            Host(document="unread"),
            "2.17",
            f"{PATH}, the daemon's configuration, may not be read; are you root?",
        ),
        (
            Host(document='{"userland-proxy": false}', changed=AFTER),
            "2.17",
            f"userland-proxy may be false ({PATH}) or true (default of engine 26.1.5); restart pending: {PATH} says "
            "false and was changed after the daemon started, so the running value is unknown; "
            "restart the daemon to know",
        ),
        (
            Host(changed=AFTER),
            "2.11",
            f"cgroup-parent: {PATH} does not set it, and was changed after the daemon started, so the running value "
            "is unknown; restart the daemon to know",
        ),
        (
            Host(document='{"cgroup-parent": null}', changed=AFTER, written=BEFORE),
            "2.11",
            f"cgroup-parent: {PATH} does not set it, and got another owner, mode or name "
            "after the daemon started, so the running value is unknown; restart the daemon to know",
        ),
        (
            Host(document=None, changed=AFTER),
            "2.11",
            f"cgroup-parent: {PATH} does not exist, but its directory was changed after the daemon started, so there "
            "may have been one; restart the daemon to know",
        ),
    ],
)
def test_whole_reasons(host: Host, number: str, reason: str) -> None:
    """What is in force, where that was read, what may be otherwise, and why."""
    assert host.judge(number)[1] == reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (False, "false"), (None, "not set"), ((), "not set"), ({}, "not set"), (5, "5"), ("x", "x"),
        (("a", "b"), "a, b"), ({"a": "1", "b": "2"}, "a=1, b=2"),
    ],
)  # fmt: skip
def test_values_as_people_write_them(value: Any, text: str) -> None:
    """Lists and mappings without brackets, and nothing as that."""
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "host", "value"),
    [
        ("default-ulimits", Host(flags=("--default-ulimit=nofile=1024",)), ("nofile=1024:1024",)),
        (
            "default-ulimits",
            Host(flags=("--default-ulimit=nproc=7", "--default-ulimit=core=1", "--default-ulimit=nproc=5:6")),
            ("core=1:1", "nproc=5:6"),
        ),
        (
            "default-ulimits",
            Host(document='{"default-ulimits": {"nofile": {"NAME": "X", "Soft": 5, "HARD": 6}, "core": {}}}'),
            ("=0:0", "x=5:6"),
        ),
        ("hosts", Host(document='{"hosts": [" tcp://a:1", "unix:///b "]}'), ("tcp://a:1", "unix:///b")),
        ("hosts", Host(flags=("-H", " tcp://a:1")), ("tcp://a:1",)),
        ("storage-opts", Host(document='{"storage-opts": ["a=1", "b=2"]}'), ("a=1", "b=2")),
        ("log-opts", Host(document='{"log-opts": {"max-file": "3"}}'), {"max-file": "3"}),
        ("log-level", Host(flags=("-l", "info", "-l", "WARN")), "warn"),
    ],
)
def test_values_of_settings(name: str, host: Host, value: Any) -> None:
    """The command line and the file write them differently; they mean the same."""
    assert host.facts().daemon.setting(name).value == value


@pytest.mark.parametrize(
    ("document", "name", "why"),
    [
        ('{"storage-opts": "a=1"}', "storage-opts", "'a=1' is not a list of texts"),
        ('{"log-opts": []}', "log-opts", "'***' is not a mapping of texts"),
        ('{"storage-opts": ["a", 7]}', "storage-opts", "['a', 7] is not a list of texts"),
        ('{"hosts": [["a"]]}', "hosts", "[['a']] is not a list of texts"),
        ('{"log-opts": {"tag": 7}}', "log-opts", "{'tag': 0} is not a mapping of texts"),
        ('{"default-ulimits": []}', "default-ulimits", "[] is not a mapping of ulimits"),
        ('{"default-ulimits": {"core": 5}}', "default-ulimits", "{'core': 5} is not a mapping of ulimits"),
    ],
)
def test_values_that_are_none(document: str, name: str, why: str) -> None:
    """What the daemon would not take is no value; the reason says where it stands."""
    with pytest.raises(EvidenceError) as raised:
        Host(document=document).facts().daemon.setting(name)
    assert str(raised.value) == f"{PATH}: {name}: {why}"


def test_origin_of_insecure_registries() -> None:
    """They are named with and without a scheme, and the engine reports them without."""
    reported = insecure("127.0.0.0/8", a=False, b=False)
    flags = ("--insecure-registry=https://b", "--insecure-registry=http://a", "--insecure-registry=b")
    document = '{"insecure-registries": ["http://b", "https://a"]}'
    for host, origin in (
        (Host(flags=flags), "command line"),
        (Host(document=document), PATH),
        (Host(flags=flags[:1]), ""),
    ):
        setting = replace(host, info=reported).facts().daemon.setting("insecure-registries")
        assert (setting.value, setting.origin) == (("a", "b"), origin)


def test_registries_on_the_host_itself() -> None:
    """What the loopback addresses serve never leaves the host, by whatever name."""
    own = ("127.0.0.0/8", "127.1.0.0/16", "127.0.0.5/8", "::1/128")
    foreign = ("10.0.0.0/8", "126.0.0.0/7", "127.0.0.0/7", "::/0", "fd00::/8")
    names = ("localhost:5000", "localhost", "127.0.0.1:5000", "127.0.0.1", "[::1]:5000")
    others = ("reg.example:5000", "127.0.0.1.example", "localhost.example", "1127.0.0.1:5000", ":5000")
    info = insecure(*own, *foreign)
    info["RegistryConfig"]["IndexConfigs"] = {name: {"Secure": False} for name in (*names, *others)}
    assert Host(info=info).facts().daemon.insecure_registries == tuple(sorted((*foreign, *others)))


def test_seccomp_profile_without_a_name() -> None:
    """An engine that has seccomp and names no profile has the built-in one."""
    assert Host(info=options("seccomp")).facts().daemon.seccomp_profile == "builtin"


def test_running_value_wins_over_the_file() -> None:
    """What the engine reports decides; the file is told as what the next start will take."""
    edited = Host(document='{"icc": false, "no-new-privileges": true}', changed=AFTER)
    assert edited.judge("2.2") == (
        "fail",
        f"icc is true (network bridge); restart pending: {PATH} says false",
    )
    assert edited.judge("2.15")[1].endswith(f"restart pending: {PATH} says true")
    worse = Host(document='{"icc": true}', changed=AFTER, bridge=NO_ICC)
    assert worse.judge("2.2") == ("pass", f"icc is false (network bridge); restart pending: {PATH} says true")


def test_unknown_running_value() -> None:
    """A changed file is no evidence: fail where a value that it may be does not comply, else error."""
    edited = Host(document='{"userland-proxy": false}', changed=AFTER)
    found, reason = edited.judge("2.17")
    assert found == "fail"
    assert "restart pending" in reason
    assert edited.judge("2.11")[0] == "error"
    assert replace(edited, flags=("--userland-proxy=false",), document="{}").judge("2.17")[0] == "pass"
    assert (
        replace(edited, children=("docker-proxy",))
        .judge("2.17")[1]
        .startswith("userland-proxy is true (its docker-proxy")
    )


def test_file_whose_mode_alone_changed() -> None:
    """A file changed after the start, but not written, neither proves a setting nor fails one that it has right."""
    touched = Host(document='{"userland-proxy": false}', changed=AFTER, written=BEFORE)
    assert touched.judge("2.17")[0] == "error"
    assert replace(touched, document='{"userland-proxy": true}').judge("2.17")[0] == "fail"
    assert replace(touched, changed=BEFORE).judge("2.17")[0] == "pass"


def test_own_sockets_of_a_rootless_daemon() -> None:
    """Where its user's runtime directory is not known, nothing tells its own sockets from those of the API."""
    known = Host(uid=1000, environment=("XDG_RUNTIME_DIR=/run/user/1000",))
    assert known.facts().daemon.endpoints.api_sockets
    with pytest.raises(EvidenceError, match="runtime directory"):
        _ = replace(known, environment=("HOME=/root",)).facts().daemon.endpoints.api_sockets


def test_absent_file() -> None:
    """Without a daemon.json defaults are in force, unless one was taken away since the start."""
    assert Host(document=None).judge("2.11") == (
        "pass",
        "cgroup-parent is not set (default of engine 26.1.5)",
    )
    assert Host(document=None, changed=AFTER).judge("2.11")[0] == "error"


@pytest.mark.parametrize("document", ["unread", "{", "[]", '{"userland-proxy": "false"}'])
def test_unreadable_file(document: str) -> None:
    """A file that cannot be read or understood is an error for what depends on it, and for nothing else."""
    host = Host(document=document, bridge=NO_ICC)
    assert host.judge("2.17")[0] == "error"
    assert host.judge("2.2")[0] == "pass"
    assert replace(host, flags=("--userland-proxy=0",)).judge("2.17")[0] == "pass"


def test_process_that_is_no_unit_of_its_own() -> None:
    """A unit without a command has nothing pending."""
    host = Host(unit="MainPID=7")
    assert host.judge("2.2")[1] == "icc is true (network bridge, from default)"
    assert host.facts().daemon.unit == Unit("", None)
    assert Units.of(Recording("host", "local", {})) == Units(())


def test_which_configuration_file_counts() -> None:
    """The last one that was named, and no other; named with nothing there is none; one that is gone is an error."""
    named = Host(flags=("--config-file", "/old.json", "--config-file=/opt/d.json"))
    assert named.facts().daemon.files.config.path == "/opt/d.json"
    assert Host(flags=("--config-file=",)).facts().daemon.files.config.state == "absent"
    for wrong in (Host(flags=("--config-file", "/opt/d.json")), replace(named, document=None)):
        verdict, reason = wrong.judge("2.11")
        assert (verdict, "broke" in reason) == ("error", False)


@pytest.mark.parametrize(
    ("state", "end", "started", "changed", "written"),
    [
        ("read", 100 + SLACK, (100.0, 105.0), False, False),
        ("read", 100.5, (100.0, 105.0), True, True),
        ("read", 99.0, (100.0, 105.0), False, False),
        ("read", None, (100.0, 105.0), True, True),
        ("read", 99.0, None, True, True),
        ("absent", None, (100.0, 105.0), False, True),
        ("absent", 103 + SLACK, (100.0, 105.0), False, True),
        ("absent", 103.2, (100.0, 105.0), True, True),
        ("unread", None, (100.0, 105.0), True, True),
    ],
)
def test_age_of_a_file(
    state: str, end: float | None, started: tuple[float, float] | None, changed: bool, written: bool
) -> None:
    """It counts from the earliest time of the start; the daemon itself may write to a new directory for a while."""
    span = None if end is None else (0.0, end)
    file = ConfigFile(PATH, state, span, span, {})
    assert (file.changed_since(started), file.written_since(started)) == (changed, written)


def test_content_of_a_file() -> None:
    """One that does not exist says nothing; what is not known is told as that."""
    assert ConfigFile(PATH, "absent", None, None, None).values() == {}
    assert ConfigFile(PATH, "read", None, None, {"icc": False}).values() == {"icc": False}
    for state, why in (
        ("unknown", "the path of the daemon's configuration could not be read; are you root?"),
        ("unread", f"{PATH}, the daemon's configuration, may not be read; are you root?"),
        ("read", f"{PATH}, the daemon's configuration, is not JSON"),
    ):
        with pytest.raises(EvidenceError) as raised:
            ConfigFile(PATH, state, None, None, None).values()
        assert str(raised.value) == why


def test_path_of_a_file() -> None:
    """It may hold what divides the answer of the probe; of another process's file nothing is taken."""
    assert Host(flags=("--config-file=/a|b.json",)).facts().daemon.files.config.path == "/a|b.json"
    process = Host().facts().daemon.process

    def files(text: str) -> ConfigFile:
        answer = Answer("daemon_configuration", 0, text, "")
        return files_of(Recording("host", "local", {answer.name: answer}), process).config

    own = f"dockerd:7\nconfig:read|{BEFORE}|{AFTER}|/own\n {{}}"
    other = f'dockerd:8\nconfig:read|{AFTER}|{AFTER}|/other\n {{"icc":true}}\nlink:{NOW}'
    expected = ConfigFile("/own", "read", moment(AFTER), moment(BEFORE), {})
    assert files(f"{own}\n{other}") == files(f"{other}\n{own}") == expected
    assert files("dockerd:7\nconfig:unknown") == ConfigFile("", "unknown", None, None, None)
    twice = ' {"icc":true,"icc":null}'  # what is kept was written by the recorder, and not by a person
    assert files(f"dockerd:7\nconfig:read|{BEFORE}|{AFTER}|/own\n{twice}").document is None
    meanwhile = "the daemon's configuration could not be read: it started or ended meanwhile"
    with pytest.raises(EvidenceError, match=f"^{meanwhile}$"):
        files(other)
    none = ConfigFile("", "absent", None, None, None)
    assert Host(flags=("--config-file=",)).facts().daemon.files.config == none
    with pytest.raises(
        EvidenceError, match=r"^the configuration file '/d' of the daemon could not be found$"
    ):
        _ = Host(flags=("--config-file", "/d")).facts().daemon.files


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", "{}"),
        ("\ufeff", "{}"),
        ('\ufeff{"icc": true, "debug": false}', '{"icc":true,"debug":false}'),
        ("[]", None),
        ("{", None),
    ],
)
def test_what_is_stored_of_a_file(text: str, kept: str | None) -> None:
    """The settings on one line; nothing where it is empty; that it is not JSON."""
    assert configuration(text) == kept
    stored = DAEMON_CONFIGURATION.keep(f"config:read|-|-|/x\n {text}")
    assert stored == f"config:read|-|-|/x\n {kept or '(not JSON)'}"


@pytest.mark.parametrize(
    ("host", "link", "touched", "written"),
    [
        (Host(), BEFORE, BEFORE, BEFORE),
        (Host(), AFTER, AFTER, AFTER),
        (Host(changed=AFTER, written=BEFORE), BEFORE, AFTER, BEFORE),
        (Host(changed=AFTER, written=BEFORE), NOW, NOW, NOW),
        (Host(), "-", "", ""),
        (Host(changed="-"), AFTER, "", ""),
        (Host(changed=AFTER, written="-"), AFTER, "", ""),
    ],
)
def test_link_to_a_file(host: Host, link: str, touched: str, written: str) -> None:
    """A link that was made after the file was changed may have led elsewhere before."""
    recording = host.recording()
    text = f"{recording.answers['daemon_configuration'].stdout}\nlink:{link}"
    changed = {**recording.answers, "daemon_configuration": Answer("daemon_configuration", 0, text, "")}
    file = Facts(replace(recording, answers=changed), Policy()).daemon.files.config
    assert (file.touched, file.written) == (moment(touched), moment(written))
    assert file.document == {}


def test_file_of_unknown_age() -> None:
    """What may have changed since the start proves nothing, and is no fault of the control either."""
    verdict, reason = Host(changed="-").judge("2.11")
    assert (verdict, "broke" in reason) == ("error", False)


@pytest.mark.parametrize(
    ("command", "note"), [("/opt/start", ""), ("/usr/sbin/dockerd", "; restart pending: "), ("", "")]
)
def test_unit_that_starts_the_daemon_by_a_script(command: str, note: str) -> None:
    """Its options are in the script, so what the next start will take is unknown, and not the default."""
    unit = f"Id=docker.service\nMainPID=7\nExecStart={{ path=/x ; argv[]={command} ; x=y }}"
    reason = Host(unit=unit, flags=("--default-ulimit=nofile=9", "--default-ulimit=nproc=9")).judge("2.9")[1]
    assert ("; restart pending: " in reason) == bool(note)


def test_unit_that_differs_from_the_process() -> None:
    """What the unit says and the running daemon does not is pending; a unit with variables says nothing."""
    unit = (
        "Id=docker.service\nMainPID=7\nExecStart={ path=/d ; argv[]=/d --icc=false --log-opt x=s3cret ; x=y }"
    )
    host = Host(unit=unit)
    assert host.judge("2.2")[1] == "icc is true (network bridge); restart pending: docker.service says false"
    assert "s3cret" not in host.recording().answers["daemon_unit"].stdout
    assert (
        replace(host, unit=unit.replace("--log-opt", "$OPTS --log-opt"))
        .judge("2.2")[1]
        .endswith("from default)")
    )
