"""Where log drivers send, by their options."""

import pytest

from hullcheck.facts.containers.logs import destination


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
    """The host without its port; only the drivers of services need none."""
    option = {"splunk": "splunk-url", "awslogs": "awslogs-endpoint"}.get(driver, f"{driver}-address")
    found = destination(driver, {option: address} if address else {})
    assert (found.host, found.to_service) == (host, driver == "awslogs")
