"""The sockets that a service will reach, by what its file says."""

from typing import Any

import pytest

from hullcheck.facts.containers.compose import FileSockets
from hullcheck.verdicts import NotApplicable
from selftests.unit.facts.containers.test_compose import container, mount


def sockets(**changes: Any) -> FileSockets:
    """Those of a service with one mount of the host's."""
    return container(Mounts=[mount(Type="bind", **changes)]).sockets


def test_usual_names() -> None:
    """One that is mounted is told as it is written; of a folder, the usual ones in it are."""
    assert sockets(Source="/var/run/docker.sock").engines == ("/var/run/docker.sock",)
    assert sockets(Source="/srv/docker.sock").engines == ("/srv/docker.sock",)
    assert "/run/podman/podman.sock" in sockets(Source="/run").engines
    assert sockets(Source="./data").engines == ()


def test_what_only_the_host_shows() -> None:
    """Whether a socket lies in another folder, or is in the network of the host."""
    for unknown in (sockets(Source="/srv"), container(NetworkMode="host").sockets):
        with pytest.raises(NotApplicable, match="its host shows"):
            _ = unknown.engines
    assert container().sockets.engines == ()
