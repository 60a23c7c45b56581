"""What the readers of shippers' configurations share."""

from typing import Any

import pytest

from hullcheck.facts.logs.configs import routes


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("https://user:pass,word@es.example:9200/index?x=1", ["es.example"]),
        ("a:9092,b:9092", ["a", "b"]),
        (["http://[fd00::1]:9200", "tcp://b"], ["fd00::1", "b"]),
        ("${ES_HOST}:9200", ["${ES_HOST}"]),
        ("", []),
        ("/var/log/x", []),
    ],
)
def test_hosts(value: Any, hosts: list[str]) -> None:
    """Of an address the host stays, without user, password, port and path."""
    assert list(routes.hosts(value)) == hosts


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ((), True),
        ((None, ""), True),
        (("docker.service",), True),
        (("ssh.service",), False),
        ((["_SYSTEMD_UNIT=docker.service", "PRIORITY=0"],), False),
        (({"regex": "docker.*"},), True),
        (("docker-cleanup.service",), False),
        (("CONTAINER_NAME=docker-registry",), False),
        (("_COMM=dockerd",), True),
    ],
)
def test_journal(filters: tuple[Any, ...], found: bool) -> None:
    """It counts where all of it is taken, or the engine's part."""
    assert list(routes.journal(*filters)) == ["journal"] * found


@pytest.mark.parametrize(
    ("patterns", "found"),
    [(None, False), ("*.gz", False), (["/var/log/containers/web*"], True), ('["*-json.log"]', True)],
)
def test_patterns_that_leave_out_containers(patterns: Any, found: bool) -> None:
    """Archives may be left out, the logs of containers not."""
    assert routes.leaves_out(patterns) is found


def test_services_without_an_address() -> None:
    """An output that is made for one service needs none; an unknown one sends nowhere that is known."""
    assert list(routes.service("datadog")) == ["service:datadog"]
    assert list(routes.service("elasticsearch")) == []
