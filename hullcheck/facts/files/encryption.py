"""Which block devices lie below a file system, and whether what is written there is encrypted on the way."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from hullcheck.facts.files.storage import Storage
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words
from hullcheck.parsing.proc.mountinfo import Mount, is_below
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets import HIDDEN
from hullcheck.secrets.redact import lines_like

_KNOWN = lines_like(r"\S+/(?:dev|dm/uuid|dm/name):.*", "(?:key|partition|slave):.*")
# What the key of a device is read from, if that is no file: a word for its script, which may be anything.
_NO_FILE = re.compile(r"^(key:\S+ )[^/\s].*", re.MULTILINE)


def _keep(text: str) -> str:
    return _NO_FILE.sub(rf"\1{HIDDEN}", _KNOWN(text))


BLOCK_DEVICES = Probe.from_file(__file__, "block_devices", _keep, like=_KNOWN)

_ENCRYPTS = re.compile(
    "CRYPT-(?!VERITY|INTEGRITY|SUBDEV)"
)  # these cryptsetup(8) calls so too, and they check alone
_MEMORY = ("tmpfs", "ramfs")
_LVM_POOLS = ("-tpool", "-vpool")  # of thin volumes, and of VDO
_STRATIS = re.compile("stratis-1-(?:private-)?([0-9a-f]{32})-")


@dataclass(frozen=True)
class BlockDevices:
    """The block devices of a host.

    Attributes:
        files: what the kernel says of each, by name and file: `dm-0/dm/uuid`.
        below: the devices on which each lies.
        keys: the key files that /etc/crypttab names, by the name of the device.
    """

    files: Mapping[str, str]
    below: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, str]

    @classmethod
    def of(cls, recording: Recording) -> "BlockDevices":
        """Read them.

        Raises:
            EvidenceError: /sys/class/block could not be read.
        """
        words = Words(recording.text(BLOCK_DEVICES))
        below: dict[str, list[str]] = {}
        for path in words.all("slave"):
            below.setdefault(path.partition("/")[0], []).append(path.rpartition("/")[2])
        for name, disk in words.pairs("partition", " ").items():
            below.setdefault(name, []).append(disk)
        files = {path: words.all(path)[-1] for path in words if "/" in path}
        return cls(files, {name: tuple(lower) for name, lower in below.items()}, words.pairs("key", " "))

    @cached_property
    def _by_number(self) -> dict[str, str]:
        return {value: path.partition("/")[0] for path, value in self.files.items() if path.endswith("/dev")}

    def _name(self, mount: Mount) -> str:
        """The device on which a file system lies; empty where it is unknown."""
        if found := self._by_number.get(mount.device):
            return found
        if not mount.source.startswith("/dev/"):
            return ""
        wanted = posixpath.basename(
            mount.source
        )  # file systems of several devices have a number of their own
        mapped = [
            path.partition("/")[0]
            for path, name in self.files.items()
            if path.endswith("dm/name") and name == wanted
        ]
        return next(iter(mapped), wanted if f"{wanted}/dev" in self.files else "")

    def _whole(self, name: str, kind: str) -> str:
        """What lies on a device and on others beside it: a btrfs; else the device."""
        sets = (
            each
            for each, devices in self.below.items()
            if name in devices and f"{each}/dev" not in self.files
        )
        return next(sets, name) if kind == "btrfs" else name

    def _crypt(self, name: str) -> str:
        """The mapping of dm-crypt on the way down from a device; empty where there is a way without one."""
        if _ENCRYPTS.match(self.files.get(f"{name}/dm/uuid", "")):
            return name
        found = [self._crypt(lower) for lower in self.below.get(name, ())]
        return found[0] if found and all(found) else ""

    def thin_pools(self, mount: Mount) -> frozenset[str]:
        """The pools of LVM (thin, VDO) and Stratis below a file system, by name: volumes in one share its space."""
        return frozenset(self._pools(self._whole(self._name(mount), mount.kind)))

    def _pools(self, name: str) -> Iterator[str]:
        mapped = self.files.get(f"{name}/dm/name", name)
        if self.files.get(f"{name}/dm/uuid", "").endswith(_LVM_POOLS):
            yield mapped.removesuffix("-tpool").removesuffix("-vpool")
        elif stratis := _STRATIS.match(mapped):
            yield f"{stratis[1]} of Stratis"
        for lower in self.below.get(name, ()):
            yield from self._pools(lower)

    def about(self, mount: Mount) -> str:
        """What is known of the encryption below a file system, in words."""
        if mount.kind in _MEMORY:
            return "in memory"
        name = self._name(mount)
        if not name:
            return f"on {mount.kind} of {mount.source or mount.device}, whose encryption is unknown here"
        crypt = self._crypt(self._whole(name, mount.kind))
        if not crypt:
            return f"on {name}, not encrypted by dm-crypt"
        kind = self.files[f"{crypt}/dm/uuid"].split("-")[1]
        mapped = self.files.get(f"{crypt}/dm/name", crypt)
        key = self.keys.get(mapped, "")
        where = f", its key in the file {key} on this host" if key.startswith("/") else ""
        return f"on {name}, encrypted by dm-crypt ({kind}, {mapped}{where})"


@dataclass(frozen=True)
class DataAtRest:
    """Where the engine and its volumes keep data, and what encrypts it."""

    storage: Storage
    mounts: tuple[Mount, ...]
    devices: BlockDevices

    @property
    def shared_pools(self) -> tuple[str, ...]:
        """The directories with data that lie in a pool of thin volumes with the host's own file systems, in words.

        Raises:
            EvidenceError: the data root could not be looked at.
        """
        found = list[str]()
        for root in self.storage.roots:
            of_host = {pool for mount in root.hosts for pool in self.devices.thin_pools(mount)}
            shared = sorted(self.devices.thin_pools(root.mount) & of_host)
            found += [f"{root.path} lies in the pool {pool}" for pool in shared]
        return tuple(found)

    @property
    def places(self) -> Iterator[tuple[str, str]]:
        """Each directory with data, and what is known of its encryption.

        Raises:
            EvidenceError: the data root could not be looked at.
        """
        roots = self.storage.roots
        for root in roots:
            yield root.path, self.devices.about(root.mount)
        for mount in self.mounts:
            if any(is_below(mount.point, f"{root.path}/volumes") and mount != root.mount for root in roots):
                yield mount.point, self.devices.about(mount)


@fact(BLOCK_DEVICES)
def data_at_rest(
    recording: Recording, storage: Storage, daemon_mounts: tuple[Mount, ...], presence: Presence
) -> DataAtRest:
    """Where the engine and its volumes keep data, and what encrypts that."""
    return DataAtRest(storage, daemon_mounts, BlockDevices.of(recording))
