"""The sockets of the host that a container can reach through its mounts, by who listens there."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.daemon.sockets.unix_sockets import UnixSocket
from hullcheck.parsing.proc.mountinfo import Mount, MountTable, location

_ENGINES = re.compile(
    r"dockerd|docker-containe|containerd\S*|cri-dockerd|podman|crio|buildkitd|nerdctld?|k3s\S*|k0s|rke2\S*|lxd|incusd"
)
"""The programs that start containers for whoever may write to their socket, by the 15 bytes that the kernel keeps."""
_SERVICES = re.compile(
    r"systemd-\S+|dbus-daemon|dbus-broker\S*|libvirtd|virt\w+d|virtlogd|snapd|polkitd|udisksd|udevd|multipathd|kubelet"
    r"|machined|cloud-init|salt-\S+|puppet|lvmpolld|dmeventd|packagekitd|fwupd|firewalld|NetworkManager"
)
"""Services of root that do what they are told to."""
_MANAGER = "systemd"
_PLACES = """
    buildkit/buildkitd.sock containerd/containerd.sock crio/crio.sock docker.sock docker/containerd/containerd.sock
    incus/unix.socket k3s/containerd/containerd.sock lxd/unix.socket nri/nri.sock podman/podman.sock
"""
PLACES = (
    *(f"/run/{each}" for each in _PLACES.split()),
    *("/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"),
)
"""Where engines usually make their sockets; a user's own lie in the folder of the user below /run/user."""


@dataclass(frozen=True)
class HostSocket:
    """A socket at which somebody listens.

    Attributes:
        paths: where the host sees it.
        programs: the names of the programs that listen; empty where these may not be seen.
        by_root: whether root of the host does, in no container.
        passes_on: tells whether one of them may pass on to the audited engine what it takes there; raises EvidenceError
            where that was not asked.
    """

    paths: frozenset[str]
    programs: frozenset[str]
    by_root: bool
    passes_on: Callable[[], bool] = field(repr=False, compare=False)

    @property
    def names(self) -> str:
        """Its programs, for people."""
        return " and ".join(sorted(self.programs))

    @property
    def is_of_an_engine(self) -> bool:
        """Whether one of its programs is an engine."""
        return any(map(_ENGINES.fullmatch, self.programs))

    @property
    def is_of_a_known_service(self) -> bool:
        """Whether one of its programs does as root what it is told."""
        return any(map(_SERVICES.fullmatch, self.programs))

    @property
    def waits_for_a_service(self) -> bool:
        """Whether the service manager holds it for a program that has not been started."""
        return self.programs == {_MANAGER}


@dataclass(frozen=True)
class HostSockets:
    """All sockets with a path at which somebody listens, wherever on the host that is.

    Attributes:
        host_mounts: the mount table of the host.
        table_of: the mount table of a container, by its id; None where it is not known.
    """

    surroundings: Surroundings = field(repr=False)
    host_mounts: Callable[[], MountTable] = field(repr=False)
    table_of: Callable[[str], tuple[Mount, ...] | None] = field(repr=False)

    @cached_property
    def all(self) -> tuple[HostSocket, ...]:
        """Each socket.

        Raises:
            EvidenceError: sockets or processes could not be listed.
        """
        return tuple(map(self._located, self.surroundings.unix_sockets.get().sockets))

    @property
    def names(self) -> frozenset[str]:
        """Where somebody listens, by paths of the host, and as those that listen call them."""
        calls = (each.path for each in self.surroundings.unix_sockets.get().sockets)
        return frozenset((*calls, *(path for each in self.all for path in each.paths)))

    @property
    def complete(self) -> bool:
        """Whether the auditor may see who listens."""
        return self.surroundings.unix_sockets.get().complete

    def _located(self, socket: UnixSocket) -> HostSocket:
        by_pid = self.surroundings.processes.get().by_pid
        holders = [by_pid[pid] for pid in socket.holders if pid in by_pid]
        ids = [each.container_ids for each in holders] or [frozenset()]
        paths = frozenset(path for each in ids for path in self._paths(socket, each))
        by_root = any(0 in each.uids and not each.container_ids for each in holders)
        names = paths | {socket.path, socket.real}
        return HostSocket(
            paths, frozenset(each.name for each in holders), by_root, lambda: self._are_relayed(names)
        )

    def _are_relayed(self, names: frozenset[str]) -> bool:
        known = self.surroundings.engine.get().is_docker
        return known and not names.isdisjoint(self.surroundings.relayed_sockets.get())

    def _paths(self, socket: UnixSocket, containers: frozenset[str]) -> Iterable[str]:
        known = [table for each in containers if (table := self.table_of(each))]
        for table in known:  # it is called as in its container
            for path in {socket.path, socket.path.removeprefix("/var")}:
                yield from self.host_mounts().paths(*location(path, table))
        if not known:
            yield from self.host_mounts().other_names(socket.real)
