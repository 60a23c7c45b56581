"""Where log drivers send, by their options."""

import pytest

from hullcheck.facts.logs.drivers import destination


@pytest.mark.parametrize(
    ("driver", "address", "host", "port", "words"),
    [
        ("syslog", "", "/dev/log", "", ("syslog", "syslog:daemon")),
        ("syslog", "unixgram:///dev/log", "/dev/log", "", ("syslog", "syslog:daemon")),
        ("syslog", "unix:///run/own.sock", "/run/own.sock", "", ()),
        ("syslog", "udp://10.0.0.1", "10.0.0.1", "514/udp", ("network-syslog", "network-syslog:daemon")),
        ("syslog", "tcp+tls://[::1]:601", "::1", "601/tcp", ("network-syslog", "network-syslog:daemon")),
        ("gelf", "udp://me:pw@logs.example:12201", "logs.example", "12201/udp", ("gelf",)),
        ("gelf", "tcp://logs.example:12201", "logs.example", "12201/tcp", ("gelf",)),
        ("fluentd", "", "127.0.0.1", "24224/tcp", ("forward",)),
        ("fluentd", "tls://logs.example:9", "logs.example", "9/tcp", ("forward",)),
        ("fluentd", "unix:///run/fluent.sock", "/run/fluent.sock", "", ()),
        ("splunk", "https://logs.example:8088/services", "logs.example", "8088/tcp", ("splunk",)),
        ("splunk", "https://logs.example", "logs.example", "", ("splunk",)),
        ("awslogs", "", "", "", ("awslogs",)),
    ],
)
def test_address(driver: str, address: str, host: str, port: str, words: tuple[str, ...]) -> None:
    """The host, the port with its protocol, and what a shipper on this machine would have to take."""
    option = {"splunk": "splunk-url", "awslogs": "awslogs-endpoint"}.get(driver, f"{driver}-address")
    found = destination(driver, {option: address} if address else {})
    assert (found.host, found.port, found.words) == (host, port, words)
    assert found.to_service == (driver == "awslogs")


def test_words_of_other_options() -> None:
    """A facility and a tag decide which rules and patterns of a shipper take it."""
    assert destination("syslog", {"syslog-facility": "local3"}).words == ("syslog", "syslog:local3")
    assert destination("syslog", {"syslog-facility": "19"}).words == ("syslog", "syslog:local3")
    assert destination("fluentd", {"tag": "x"}).words == ("forward", "forward:tagged")
