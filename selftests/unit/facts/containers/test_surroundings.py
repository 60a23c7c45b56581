"""What is the host to containers."""

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.containers.surroundings import HostSide

TABLE = "21 1 8:1 / {} rw - ext4 /dev/sda1 rw"


def _later(value: Any) -> Any:
    return SimpleNamespace(get=lambda: value)


@pytest.mark.parametrize(("docker", "name"), [(True, "/daemon"), (False, "/podman")])
def test_who_sees_the_host(docker: bool, name: str) -> None:
    """The daemon where there is one, and else what serves Podman's socket."""
    daemon = SimpleNamespace(namespaces={"net": "/daemon"}, mountinfo=TABLE.format("/daemon"))
    service = SimpleNamespace(namespaces={"net": "/podman"}, mountinfo=(TABLE.format("/podman"),))
    engine: Any = SimpleNamespace(is_docker=docker)
    side = HostSide(engine, _later(daemon), _later(service))
    assert side.namespaces == {"net": name}
    assert [each.point for each in side.mounts] == [name]
