"""The settings of the daemon: the value in force, where it comes from, and what the next start will take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.daemon_file import DAEMON_CONFIGURATION, ConfigFile, files_of
from hullcheck.facts.engine.daemon_file import START as SLACK
from hullcheck.facts.engine.daemon_unit import Unit, Units
from hullcheck.facts.engine.redaction import configuration
from hullcheck.facts.engine.settings import shown
from hullcheck.parsing.times import moment
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import AFTER, BEFORE, NO_ICC, NOW, PATH, Host, insecure, options

ELSEWHERE = Host(flags=("--config-file=/opt/d.json",), document='{"userland-proxy": false}')
PROXY = '{"userland-proxy": false}'
UNIT = "Id=docker.service\nMainPID=7\nExecStart={ path=/d ; argv[]=/d --icc=false --log-opt x=s3cret ; x=y }"
UNKNOWN = "after the daemon started, so the running value is unknown; restart the daemon to know"


@pytest.mark.parametrize(
    ("host", "number", "reason"),
    [
        (Host(), "2.2", "icc is true (network bridge, from default)"),
        (Host(flags=("--icc",)), "2.2", "icc is true (network bridge, from command line)"),
        (Host(document='{"icc": true}'), "2.2", f"icc is true (network bridge, from {PATH})"),
        (Host(document='{"icc": true}', changed=AFTER), "2.2", "icc is true (network bridge)"),
        (Host(document="unread"), "2.2", "icc is true (network bridge)"),
        (Host(second=()), "2.2", "icc is true (network bridge)"),
        (Host(document='{"icc": false}', bridge={}), "2.2", f"icc is false ({PATH})"),
        *(
            (host, "2.2", f"icc is true (network bridge); restart pending: {source} says false")
            for host, source in (
                (Host(document='{"icc": false}'), PATH),
                (Host(document='{"icc": false}', changed=AFTER), PATH),
                (Host(unit=UNIT), "docker.service"),
            )
        ),
        (
            Host(document='{"icc": true}', changed=AFTER, bridge=NO_ICC),
            "2.2",
            f"icc is false (network bridge); restart pending: {PATH} says true",
        ),
        (
            Host(unit=UNIT.replace("--log-opt", "$OPTS --log-opt")),
            "2.2",
            "icc is true (network bridge, from default)",
        ),
        (Host(unit="MainPID=7"), "2.2", "icc is true (network bridge, from default)"),
        (Host(), "2.16", "live-restore is false (docker info, from default)"),
        (Host(), "2.17", "userland-proxy is true (default of engine 26.1.5)"),
        (Host(flags=("--userland-proxy",)), "2.17", "userland-proxy is true (command line)"),
        (Host(document=PROXY), "2.17", f"userland-proxy is false ({PATH})"),
        (ELSEWHERE, "2.17", "userland-proxy is false (/opt/d.json)"),
        (
            Host(document='{"cgroup-parent": ""}'),
            "2.11",
            "cgroup-parent is not set (default of engine 26.1.5)",
        ),
        (Host(document=None), "2.11", "cgroup-parent is not set (default of engine 26.1.5)"),
        (Host(document="[]"), "2.17", f"{PATH}, the daemon's configuration, is not JSON"),
        (
            Host(document="unread"),
            "2.17",
            f"{PATH}, the daemon's configuration, may not be read; are you root?",
        ),
        (
            Host(document='{"userland-proxy": "false"}'),
            "2.17",
            f"{PATH}: userland-proxy: 'false' is not true or false",
        ),
        (
            Host(document=PROXY, changed=AFTER),
            "2.17",
            f"userland-proxy may be false ({PATH}) or true (default of engine 26.1.5); restart pending: {PATH} says "
            f"false and was changed {UNKNOWN}",
        ),
        (
            Host(changed=AFTER),
            "2.11",
            f"cgroup-parent: {PATH} does not set it, and was changed {UNKNOWN}",
        ),
        (
            Host(document='{"cgroup-parent": null}', changed=AFTER, written=BEFORE),
            "2.11",
            f"cgroup-parent: {PATH} does not set it, and got another owner, mode or name {UNKNOWN}",
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
    assert "s3cret" not in host.recording().answers["daemon_unit"].stdout


@pytest.mark.parametrize(
    ("host", "number", "verdict"),
    [
        (Host(document=PROXY), "2.17", "pass"),
        (Host(document=PROXY, changed=AFTER), "2.17", "fail"),  # the default may be in force
        (Host(document="{}", changed=AFTER), "2.11", "error"),
        (Host(document="{}", changed="-"), "2.11", "error"),
        (Host(document=None, changed=AFTER), "2.11", "error"),
        (Host(document=PROXY, changed=AFTER, written=BEFORE), "2.17", "error"),  # its mode alone
        (Host(document='{"userland-proxy": true}', changed=AFTER, written=BEFORE), "2.17", "fail"),
        (Host(flags=("--userland-proxy=false",), changed=AFTER), "2.17", "pass"),
        (Host(flags=("--userland-proxy=0",), document="unread"), "2.17", "pass"),
        *(
            (Host(document=each), "2.17", "error")
            for each in ("unread", "{", "[]", '{"userland-proxy": "0"}')
        ),
        *((Host(document=each, bridge=NO_ICC), "2.2", "pass") for each in ("unread", "{", "[]")),
    ],
)
def test_file_that_is_in_force_or_not(host: Host, number: str, verdict: str) -> None:
    """A changed file proves nothing, and fails where a value that may be in force does not comply."""
    assert host.judge(number)[0] == verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (None, "not set"), ((), "not set"), ({}, "not set"), (5, "5"), ("x", "x"),
     (("a", "b"), "a, b"), ({"a": "1", "b": "2"}, "a=1, b=2")],
)  # fmt: skip
def test_values_as_people_write_them(value: Any, text: str) -> None:
    """Lists and mappings without brackets, and nothing as that."""
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "host", "value"),
    [
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
        ("storage-opts", Host(flags=("--config-file", "/d")),
         "the configuration file '/d' of the daemon could not be found"),
        ("storage-opts", Host(document='{"storage-opts": "a=1"}'),
         f"{PATH}: storage-opts: 'a=1' is not a list of texts"),
        ("log-opts", Host(document='{"log-opts": []}'), f"{PATH}: log-opts: '***' is not a mapping of texts"),
        ("default-ulimits", Host(document='{"default-ulimits": {"core": 5}}'),
         f"{PATH}: default-ulimits: {{'core': 5}} is not a mapping of ulimits"),
    ],
)  # fmt: skip
def test_values_of_settings(name: str, host: Host, value: Any) -> None:
    """The command line and the file write them differently; what the daemon would not take is no value."""
    try:
        found = host.facts().daemon.setting(name).value
    except EvidenceError as error:
        found = str(error)
    assert found == value


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


def test_seccomp_profile_without_a_name() -> None:
    """An engine that has seccomp and names no profile has the built-in one."""
    assert Host(info=options("seccomp")).facts().daemon.seccomp_profile == "builtin"


def test_own_sockets_of_a_rootless_daemon() -> None:
    """Where its user's runtime directory is not known, nothing tells its own sockets from those of the API."""
    known = Host(uid=1000, environment=("XDG_RUNTIME_DIR=/run/user/1000",))
    assert known.facts().daemon.endpoints.api_sockets
    with pytest.raises(EvidenceError, match="runtime directory"):
        _ = replace(known, environment=("HOME=/root",)).facts().daemon.endpoints.api_sockets


def test_unit_without_a_command() -> None:
    """It says nothing, as a target without systemd does."""
    assert Host(unit="MainPID=7").facts().daemon.unit == Unit("", None)
    assert Units.of(Recording("host", "local", {})) == Units(())


@pytest.mark.parametrize(
    ("command", "pending"), [("/opt/start", False), ("/usr/sbin/dockerd", True), ("", False)]
)
def test_unit_that_starts_the_daemon_by_a_script(command: str, pending: bool) -> None:
    """Its options are in the script, so what the next start will take is unknown, and not the default."""
    unit = f"Id=docker.service\nMainPID=7\nExecStart={{ path=/x ; argv[]={command} ; x=y }}"
    reason = Host(unit=unit, flags=("--default-ulimit=nofile=9",)).judge("2.9")[1]
    assert ("; restart pending: " in reason) == pending


@pytest.mark.parametrize(
    ("state", "end", "started", "changed", "written"),
    [
        ("read", 100 + SLACK, (100.0, 105.0), False, False),
        ("read", 100.2, (100.0, 105.0), True, True),
        ("read", None, (100.0, 105.0), True, True),
        ("read", 99.0, None, True, True),
        ("absent", None, None, False, True),
        ("absent", 103 + SLACK, (100.0, 105.0), False, True),
        ("absent", 103.2, (100.0, 105.0), True, True),
    ],
)
def test_age_of_a_file(
    state: str, end: float | None, started: tuple[float, float] | None, changed: bool, written: bool
) -> None:
    """It counts from the earliest time of the start; the daemon itself may write to a new directory for a while."""
    span = None if end is None else (0.0, end)
    file = ConfigFile(PATH, state, span, span, {})
    assert (file.changed_since(started), file.written_since(started)) == (changed, written)


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
    with pytest.raises(EvidenceError, match="it started or ended meanwhile"):
        files(other)
    none = ConfigFile("", "absent", None, None, None)
    assert Host(flags=("--config-file=",)).facts().daemon.files.config == none


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", "{}"),
        ("\ufeff", "{}"),
        ('\ufeff{"icc": true, "debug": false}', '{"icc":true,"debug":false}'),
        ('{"icc": NaN}', None),
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
        (Host(), "-", "", ""),
        (Host(changed="-"), AFTER, "", ""),
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
