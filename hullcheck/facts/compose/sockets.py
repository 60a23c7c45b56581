"""The sockets of its host that a service of a Compose file will reach, by their usual paths and names."""

from typing import TYPE_CHECKING

from hullcheck.facts.compose.mounts import FileMounts
from hullcheck.facts.compose.unknown import Unknown
from hullcheck.facts.containers.mounts import PLACES, Sockets, without_var
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.verdicts import NotApplicable

if TYPE_CHECKING:
    from hullcheck.facts.compose import FileRuntime

_SOCKETS = ("docker.sock", "containerd.sock", "podman.sock", "buildkitd.sock", "crio.sock")


class FileSockets(Unknown):
    """The sockets below its mounts."""

    WHOLE = Sockets

    def __init__(self, mounts: FileMounts, runtime: "FileRuntime") -> None:
        """See what *mounts* say."""
        self._mounts = mounts
        self._runtime = runtime

    @property
    def engines(self) -> tuple[str, ...]:
        """The sockets of engines that it will reach, by their usual paths and names.

        Raises:
            NotApplicable: none is there, but it mounts what may lead to one.
        """
        paths = [path for mount in self._mounts.configured for path in mount.paths]
        usual = [place for place in PLACES if any(is_below(place, without_var(path)) for path in paths)]
        named = [path for path in paths if path.endswith(_SOCKETS)]
        if usual or named:
            plain = {*map(without_var, named)}
            return tuple(sorted({*named, *(each for each in usual if each not in plain)}))
        outside = [path for path in paths if path.startswith("/")]
        if outside or self._mounts.unknown:
            what = (*outside, *self._mounts.unknown)[0]
            raise NotApplicable(
                f"no usual socket of an engine; whether one lies below {what}, its host shows"
            )
        if self._runtime.shares_host_network:
            raise NotApplicable(
                "it is in the network of the host: whether an engine listens there, its host shows"
            )
        return ()
