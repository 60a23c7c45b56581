"""What a service of a Compose file asks for, in the terms of a container's configuration; each thing with its place."""

from collections.abc import Mapping
from typing import Any, NoReturn

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.registry import NOT_TOLD
from hullcheck.parsing.image_reference import Reference
from hullcheck.verdicts import EvidenceError, NotApplicable

_LIMITS = "deploy.resources.limits"
_KEYS = {
    "Privileged": ("privileged",),
    "CapAdd": ("cap_add",),
    "CapDrop": ("cap_drop",),
    "SecurityOpt": ("security_opt",),
    "UTSMode": ("uts",),
    "UsernsMode": ("userns_mode",),
    "NetworkMode": ("network_mode",),
    "PidMode": ("pid",),
    "IpcMode": ("ipc",),
    "CgroupParent": ("cgroup_parent",),
    "Memory": ("mem_limit", f"{_LIMITS}.memory"),
    "NanoCpus": ("cpus", f"{_LIMITS}.cpus"),
    "CpuQuota": ("cpu_quota",),
    "CpuPeriod": ("cpu_period",),
    "CpuShares": ("cpu_shares",),
    "PidsLimit": ("pids_limit", f"{_LIMITS}.pids"),
    "ReadonlyRootfs": ("read_only",),
    "PortBindings": ("ports",),
    "PublishAllPorts": (),
    "RestartPolicy": ("restart", "deploy.restart_policy"),
    "Devices": ("devices",),
    "DeviceRequests": ("gpus", "deploy.resources.reservations.devices"),
    "DeviceCgroupRules": ("device_cgroup_rules",),
    "Ulimits": ("ulimits",),
    "Tmpfs": ("tmpfs",),
    "LogConfig": ("logging",),
}
"""The keys of a Compose file behind each setting of the engine."""


class Reading:
    """What one control has read of a service, and where that is written."""

    def __init__(self, service: Mapping[str, Any]) -> None:
        """Begin."""
        self._service = service
        self._keys = dict[str, None]()

    def note(self, *keys: str) -> None:
        """Note that these keys were read.

        Raises:
            EvidenceError: the value of one depends on a variable that has none here.
        """
        self._keys.update(dict.fromkeys(keys))
        for key in keys:
            if names := self._service["Unset"].get(key.partition(".")[0]):
                some = ", ".join(names)
                raise EvidenceError(
                    f"its {key} depends on {some}, which has no value here: set it as at the start, and write"
                    f" ?env={names[0]} behind the file"
                )

    def place(self) -> str:
        """Return file and line of the keys that were read and are there, or else of the service."""
        places = self._service["Places"]
        found = [
            places[each]
            for each in dict.fromkeys(key.partition(".")[0] for key in self._keys)
            if each in places
        ]
        return ", ".join(dict.fromkeys(found or [self._service["Place"]]))


class _Told(dict[str, Any]):
    """What is kept of a service; nothing else of a description is told."""

    def __missing__(self, name: str) -> NoReturn:
        raise NotApplicable(NOT_TOLD)


class FileConfiguration(Configuration):
    """What a service asks for."""

    def __init__(self, service: Mapping[str, Any], reading: Reading) -> None:
        """See *service*; what is read is noted in *reading*."""
        super().__init__(_Told(service), _NO_SURROUNDINGS)
        object.__setattr__(self, "_reading", reading)

    def note(self, *keys: str) -> None:
        """Note that keys of the file were read; raises as `Reading.note`."""
        self._reading.note(*keys)  # type: ignore[attr-defined]  # the class is frozen

    def part(self, key: str, name: str) -> Any:
        """A part of the description, written at *key* of the file."""
        self.note(key)
        return self.description[name]

    def setting(self, name: str) -> Any:
        """A field of HostConfig.

        Raises:
            EvidenceError: it depends on a variable without a value.
        """
        self.note(*_KEYS.get(name, ()))
        return super().setting(name)

    running = restarting = False
    status, pid, id = "planned", 0, ""
    started = None
    health = None
    service = None
    mount_label = ""

    @property
    def process_label(self) -> str:
        """Empty if an option of its own switches labels off.

        Raises:
            NotApplicable: the engine chooses one.
        """
        if self.security_options.get("label") == "disable":
            return ""
        raise NotApplicable("which SELinux label it gets, the engine and the host decide, and not the file")

    @property
    def in_default_cgroup(self) -> bool:
        """Whether it leaves the choice to the daemon."""
        return not self.cgroup_parent

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The ulimits that it sets."""
        return tuple(
            f"{each['Name']}={each['Soft']}:{each['Hard']}" for each in self.setting("Ulimits") or ()
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets in its environment, labels and command, in words."""
        for key in ("environment", "env_file", "labels", "command", "entrypoint"):
            self._reading._keys[key] = None  # type: ignore[attr-defined]  # an open variable is no doubt: its name decides
        return tuple(self.description["Secrets"])

    @property
    def hooks(self) -> tuple[Mapping[str, Any], ...]:
        """The commands of `post_start` and `pre_stop`."""
        self.note("post_start", "pre_stop")
        return tuple(self.description["Hooks"])

    @property
    def networks(self) -> Mapping[str, str]:
        """Its networks by name."""
        self.note("networks")
        return dict.fromkeys(self.description["Networks"], "")

    @property
    def mounts(self) -> tuple[Mapping[str, Any], ...]:
        """Its mounts."""
        self.note("volumes", "volumes_from", "secrets", "configs", "use_api_socket")
        return tuple(self.description["Mounts"])

    @property
    def user(self) -> str:
        """Its user.

        Raises:
            NotApplicable: the image decides.
        """
        self.note("user")
        if not (found := str(self.description["User"]).partition(":")[0]):
            raise NotApplicable("no user is set, and so the image decides: the file does not tell")
        return found

    @property
    def user_id(self) -> int:
        """The number of that user.

        Raises:
            NotApplicable: it is a name, whose number the image decides.
        """
        if not self.user.isdecimal():
            raise NotApplicable(f"which number the user {self.user} has, the image decides")
        return int(self.user) % (1 << 32)

    @property
    def health_check_kind(self) -> str:
        """Of which kind its health check is; empty where the image decides."""
        self.note("healthcheck")
        return str(self.description.get("Healthcheck") or "")

    @property
    def image(self) -> Reference:
        """The reference of its image.

        Raises:
            NotApplicable: it is built, and no image is there yet.
        """
        self.note("image")
        if self.description["Built"] or not self.description["Reference"]:
            self.note("build")
            raise NotApplicable("its image is built from a Dockerfile: the file names no image that is there")
        return Reference.parse(str(self.description["Reference"]))

    @property
    def image_id(self) -> str:
        """The digest of its image, if the file names one."""
        return self.image.digest


_NO_SURROUNDINGS: Surroundings = None  # type: ignore[assignment]  # nothing here asks for them
