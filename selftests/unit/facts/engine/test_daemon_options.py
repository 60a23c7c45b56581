"""The options of the daemon: what is stored, the value in force, where it is from, what the next start will take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts.engine.daemon import insecure_registries
from hullcheck.facts.engine.daemon_options import START as SLACK
from hullcheck.facts.engine.daemon_options import ConfigFile, flags, stored_file
from hullcheck.parsing.times import moment
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import AFTER, BEFORE, NO_ICC, PATH, Host, insecure
from selftests.kit.facts.engines import engine

PROXY = '{"userland-proxy": false}'


@pytest.mark.parametrize(
    ("host", "number", "verdict"),
    [
        (Host(document=PROXY, link=BEFORE), "2.17", "pass"),
        (Host(document=PROXY, link=AFTER), "2.17", "fail"),  # the link may have led elsewhere
        (Host(document=PROXY, link="-"), "2.17", "fail"),
        (Host(document="{}", changed="-"), "2.11", "error"),
        (Host(document=PROXY, changed=AFTER, written=BEFORE), "2.17", "error"),  # its mode alone
        (Host(document='{"userland-proxy": true}', changed=AFTER, written=BEFORE), "2.17", "fail"),
        (Host(flags=("--userland-proxy=false",), changed=AFTER), "2.17", "pass"),
        (Host(flags=("--userland-proxy=0",), document="unread"), "2.17", "pass"),
        (Host(document="[]", bridge=NO_ICC), "2.2", "pass"),
    ],
)
def test_file_that_is_in_force_or_not(host: Host, number: str, verdict: str) -> None:
    """A changed file proves nothing, and fails where a value that may be in force does not comply."""
    assert host.judge(number)[0] == verdict


@pytest.mark.parametrize(
    ("name", "host", "value"),
    [
        ("default-ulimits",
         Host(flags=("--default-ulimit=nproc=7", "--default-ulimit=core=1", "--default-ulimit=nproc=5:6")),
         ("core=1:1", "nproc=5:6")),
        ("default-ulimits",
         Host(document='{"default-ulimits": {"nofile": {"NAME": "X", "Soft": 5, "HARD": 6, "no": 1}, "core": {}}}'),
         ("=0:0", "x=5:6")),
        ("hosts", Host(document='{"hosts": [" tcp://a:1", "unix:///b "]}'), ("tcp://a:1", "unix:///b")),
        ("storage-opts", Host(flags=("--storage-opt", " a=1")), ("a=1",)),
        ("log-opts", Host(document='{"log-opts": {"max-file": "3"}}'), {"max-file": "3"}),
        ("log-level", Host(flags=("-l", "info", "-l", "WARN")), "warn"),
        ("storage-opts", Host(flags=("--config-file", "/d")),
         "the configuration file of the daemon could not be found"),
        ("storage-opts", Host(document='{"storage-opts": "a=1"}'),
         f"{PATH}: storage-opts: Expected `array`, got `str`"),
        ("default-ulimits", Host(document='{"default-ulimits": {"core": 5}}'),
         f"{PATH}: default-ulimits: Expected `object`, got `int` - at `$[...]`"),
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
    given = ("--insecure-registry=https://b", "--insecure-registry=http://a", "--insecure-registry=b")
    document = '{"insecure-registries": ["http://b", "https://a"]}'
    for host, origin in (
        (Host(flags=given), "command line"),
        (Host(document=document), PATH),
        (Host(flags=given[:1]), ""),
    ):
        setting = replace(host, info=insecure(a=False, b=False)).facts().daemon.setting("insecure-registries")
        assert (setting.value, setting.origin) == (("a", "b"), origin)


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


def test_what_is_read_and_stored_of_a_file() -> None:
    """A path may hold what divides the answer; the settings are stored on one line, or that it is not JSON."""
    assert Host(flags=("--config-file=/a|b.json",)).facts().daemon.config.path == "/a|b.json"
    file = ConfigFile.of(f"read|{BEFORE}|{AFTER}|/own", '{"icc":true,"icc":null}')  # a text with two meanings
    assert file == ConfigFile("/own", "read", moment(AFTER), moment(BEFORE), None)
    whole = '\ufeff{"icc": true, "debug": false}'
    for text, kept in (
        ("\ufeff", "{}"),
        (whole, '{"icc":true,"debug":false}'),
        ('{"icc": NaN}', None),
        ("[]", None),
    ):
        assert stored_file(text) == kept
        assert f"\n {kept or '(not JSON)'}\n" in Host(document=text).recording().answers["daemon"].stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("-D -l debug -H x --host=y", "debug=true log-level=debug hosts=x hosts=y"),
        ("-Dldebug -H=tcp://a -Hb", "debug=true log-level=debug hosts=tcp://a hosts=b"),
        ("--icc --iptables=false -- --icc=false", "icc=true iptables=false"),
        ("--icc=false stray --tlsverify", "icc=false tlsverify=true"),
        ("-D=0 --log-level", "debug=0 log-level="),
        ("--graph /x --storage-opt a=b", "data-root=/x storage-opts=a=b"),
        ("-z x -qy -D -v", "z=x q=y debug=true version=true"),
        ("-r -b -D --restart --icc", "restart=true bridge=-D restart=true icc=true"),
    ],
)
def test_command_line(arguments: str, expected: str) -> None:
    """Options are read as pflag reads them."""
    assert " ".join(f"{name}={value}" for name, value in flags(arguments.split())) == expected


SECRET = "s3cret"


def test_secrets_are_not_stored() -> None:
    """What no control reads, keys of log drivers and passwords in addresses are dropped; names stay."""
    document = {
        "hosts": [f"tcp://me:{SECRET}@0.0.0.0:2375"],
        "http-proxy": f"http://me:{SECRET}@proxy",
        "labels": [SECRET],
        "log-opts": {"splunk-token": SECRET, "splunk-url": f"https://me:{SECRET}@splunk.example"},
        "unknown": {"deep": [SECRET]},
    }
    given = (
        "--log-opt", f"splunk-token={SECRET}", f"--log-opt=gelf-address=udp://me:{SECRET}@g", f"--https-proxy=http://{SECRET}@p",
        "--label", SECRET, SECRET, f"--unknown={SECRET}", "--storage-opt=dm.basesize=1G",
    )  # fmt: skip
    stored = Host(flags=given, document=json.dumps(document, indent=1)).recording().answers["daemon"].stdout
    assert SECRET not in stored
    assert "deep" not in stored
    assert all(each in stored for each in ("splunk-token", "splunk.example", "--storage-opts=dm.basesize=1G"))


UNVERIFIED = {"Secure": False}


@pytest.mark.parametrize(
    ("registries", "found"),
    [
        (
            {"InsecureRegistryCIDRs": ["10.0.0.0/8", "127.0.0.0/8", "127.9.0.0/16", "::1/128"]},
            ("10.0.0.0/8",),
        ),
        ({"IndexConfigs": {"docker.io": {"Secure": True}, "reg:5000": UNVERIFIED}}, ("reg:5000",)),
        ({"IndexConfigs": dict.fromkeys(("localhost:5000", "127.0.0.1", "[::1]:5000"), UNVERIFIED)}, ()),
        ({"IndexConfigs": {"localhost.example": UNVERIFIED}}, ("localhost.example",)),
        ({"Mirrors": ["https://a", "http://localhost:1", "http://b/"]}, ("http://b/",)),
    ],
)
def test_insecure_registries(registries: dict[str, Any], found: tuple[str, ...]) -> None:
    """Those that are reached without verified TLS; what does not leave the host needs none."""
    config = {"InsecureRegistryCIDRs": None, "IndexConfigs": {}, "Mirrors": None}
    assert insecure_registries(engine(RegistryConfig=config | registries)) == found
