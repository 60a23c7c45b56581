"""The logs of containers: what has the daemon's options, and where drivers send."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.containers.logs import Log, Shippers, log_host
from hullcheck.facts.engine.daemon_options import Setting, Value
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects


@pytest.mark.parametrize(
    ("driver", "options", "host", "here"),
    [
        ("gelf", {"gelf-address": "udp://logs.example.com:12201"}, "logs.example.com", False),
        ("fluentd", {"fluentd-address": "tcp://***@logs.example.com:24224"}, "logs.example.com", False),
        ("syslog", {"syslog-address": "tcp+tls://[fd00::1]:6514"}, "fd00::1", False),
        ("splunk", {"splunk-url": "https://splunk.example.com:8088/x"}, "splunk.example.com", False),
        ("awslogs", {"awslogs-endpoint": "http://LOCALHOST:4566/x"}, "LOCALHOST", True),
        ("gelf", {"gelf-address": "udp://172.17.0.9:12201"}, "172.17.0.9", True),  # a container
        ("gelf", {"gelf-address": "udp://logstash:12201"}, "logstash", True),  # by its name
        ("fluentd", {"fluentd-address": "unix:///run/fluent.sock"}, "/run/fluent.sock", True),
        ("fluentd", {}, "127.0.0.1", True),
        ("syslog", {}, "/dev/log", True),
        ("gcplogs", {}, "", False),
    ],
)
def test_log_host(driver: str, options: dict[str, str], host: str, here: bool) -> None:
    """The address is without user, port and path, and may be one of this host."""
    logstash: Any = SimpleNamespace(name="logstash", addresses=("172.17.0.9",))
    containers = Subjects("container", (("logstash", logstash),))
    shippers = Shippers(Later(lambda: None), Later(lambda: containers))  # type: ignore[arg-type, return-value]
    assert log_host(driver, options) == host
    assert shippers.is_here(host) is here


@pytest.mark.parametrize(
    ("given", "own", "has"),
    [({"a": "1"}, {"tag": "x"}, False), ({}, {"a": "1"}, True), ({"a": "1"}, None, True), ({}, None, False)],
)
def test_options_from_the_daemon(given: dict[str, str], own: dict[str, str] | None, *, has: bool) -> None:
    """A container has the options that it got at its creation; None is the default itself."""
    daemon: Any = SimpleNamespace(setting=lambda name: Setting(name, Value(given, "daemon.json")))
    assert Log("json-file", daemon, own).always(lambda options: "a" in options) is has
