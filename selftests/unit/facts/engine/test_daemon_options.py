"""The options of the daemon: what is stored, and the values in force; `cases/2_daemon.yml` has more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hullcheck.facts.engine.daemon_options import START as SLACK
from hullcheck.facts.engine.daemon_options import ConfigFile, flags, stored_command, stored_file
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.daemons import PATH, Host, insecure


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
        ("log-opts", Host(document='{"log-opts": {"max-file": "3"}}'), {"max-file": "3"}),
        ("storage-opts", Host(document='{"storage-opts": "a=1"}'),
         f"{PATH}: storage-opts: Expected `array`, got `str`"),
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
    document = '{"insecure-registries": ["http://b", "https://a"]}'
    setting = Host(document=document, info=insecure(a=False, b=False)).facts().daemon.setting("insecure-registries")
    assert (setting.value, setting.origin) == (("a", "b"), PATH)


@pytest.mark.parametrize(
    ("state", "modified", "changed", "found"),
    [
        ("read", SLACK, SLACK, (False, False)),
        ("read", SLACK, 0.2, (True, False)),
        ("read", 0.2, 0.2, (True, True)),
        ("read", None, -1, (True, True)),
        ("absent", None, None, (False, False)),
        ("absent", 3.2, 3.2, (False, False)),
    ],
)
def test_age_of_a_file(state: str, modified: float | None, changed: float | None, found: tuple[bool, bool]) -> None:
    """It counts from the earliest time of the start; one that is absent is not looked at."""
    times = [f"2026-01-01 10:00:{10 + each:012.9f} +0000" if each is not None else "-" for each in (modified, changed)]
    start = datetime(2026, 1, 1, 10, 0, 10, tzinfo=UTC).timestamp()
    file = ConfigFile.of("|".join((state, *times, "/own|x")), "{}", (start, start + 5))
    assert (file.path, file.changed, file.rewritten) == ("/own|x", *found)
    assert ConfigFile.of("|".join((state, *times, "/own")), '{"a":1,"a":2}', None).document is None  # two meanings


@pytest.mark.parametrize(
    ("text", "kept"), [("\ufeff", "{}"), ('\ufeff{"icc": true}', '{"icc":true}'), ('{"icc": NaN}', None), ("[]", None)]
)
def test_what_is_stored_of_a_file(text: str, kept: str | None) -> None:
    """The settings are stored on one line, or that it is not JSON."""
    assert stored_file(text) == kept


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
    given = f"--log-opt splunk-token={SECRET} --label {SECRET} {SECRET} --unknown={SECRET} --storage-opt=dm.x=1G"
    stored = f"{stored_file(json.dumps(document))} {stored_command(['dockerd', *given.split()])}"
    assert (SECRET in stored, "deep" in stored) == (False, False)
    assert all(each in stored for each in ("splunk-token", "splunk.example", "--storage-opts=dm.x=1G"))
