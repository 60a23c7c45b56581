"""Where log drivers send, by their options."""

import pytest

from hullcheck.facts.containers.logs import log_host


@pytest.mark.parametrize(
    ("driver", "address", "host"),
    [
        ("syslog", "", "/dev/log"),
        ("syslog", "unix:///run/own.sock", "/run/own.sock"),
        ("syslog", "tcp+tls://[fd00::1]:6514", "fd00::1"),
        ("fluentd", "", "127.0.0.1"),
        ("fluentd", "me:secret@a.example:24225", "a.example"),
        ("splunk", "https://splunk.example:8088/x", "splunk.example"),
        ("awslogs", "", ""),
    ],
)
def test_destination(driver: str, address: str, host: str) -> None:
    """The host without its port."""
    option = {"splunk": "splunk-url", "awslogs": "awslogs-endpoint"}.get(driver, f"{driver}-address")
    assert log_host(driver, {option: address} if address else {}) == host
