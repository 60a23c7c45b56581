"""What a service of a Compose file will see of its host's files, by the paths in the file."""

from collections.abc import Iterable, Mapping

from hullcheck.facts.containers.compose_configuration import FileConfiguration
from hullcheck.facts.containers.compose_unknown import Unknown
from hullcheck.facts.containers.mounts import HostMount, Mounts
from hullcheck.verdicts import NotApplicable

_SHARED = ("shared", "rshared")


class FileMounts(Unknown):
    """Its mounts. Paths below the folder of the project begin with `./`, and are nothing of the host's system."""

    WHOLE = Mounts

    def __init__(self, configuration: FileConfiguration) -> None:
        """See what *configuration* says."""
        self._asked = configuration

    @property
    def root_is_read_only(self) -> bool:
        """Whether it asks for `read_only: true`."""
        return self._asked.has_read_only_root

    @property
    def shared(self) -> tuple[str, ...]:
        """The places whose mount events will reach the host."""
        mounts = self._asked.mounts
        return tuple(sorted(each["Destination"] for each in mounts if each["Propagation"] in _SHARED))

    @property
    def writable(self) -> Mapping[str, str]:
        """What it can write to, by place, with what that is."""
        tmpfs = self._asked.setting("Tmpfs") or {}
        found = dict.fromkeys(tmpfs, "tmpfs")
        for each in self._asked.mounts:
            if not each["RW"]:
                continue
            paths = _paths(each)
            what = each["Type"] if each["Type"] != "volume" or each["Name"] else "anonymous volume"
            found[each["Destination"]] = f"{paths[0]} of the host" if paths else what
        return found

    @property
    def configured(self) -> tuple[HostMount, ...]:
        """The paths of the host that it will see, as they are written."""
        known = ((each, _paths(each)) for each in self._asked.mounts)
        return tuple(
            HostMount(each["Destination"], frozenset(paths), "bind", not each["RW"])
            for each, paths in known
            if paths
        )

    @property
    def visible(self) -> tuple[HostMount, ...]:
        """The same, where the file says of all mounts where they lead.

        Raises:
            NotApplicable: it does not say so of one.
        """
        if unknown := self.unknown:
            raise NotApplicable(f"where {unknown[0]} leads, the file does not tell")
        return self.configured

    @property
    def unknown(self) -> tuple[str, ...]:
        """The mounts of which only the host shows where they lead, in words."""
        volumes = (each for each in self._asked.mounts if each["Type"] in ("volume", "cluster", "image"))
        elsewhere = [
            f"the volume {each['Name']}"
            for each in volumes
            if each.get("External") or each.get("Driver", "local") != "local" or each["Type"] == "cluster"
        ]
        return (*self._asked.description["Strangers"], *elsewhere)


def _paths(mount: Mapping[str, object]) -> list[str]:
    if mount["Type"] == "bind":
        return [str(mount["Source"])]
    given = mount.get("Paths") or []
    return [str(each) for each in given] if isinstance(given, Iterable) else []
