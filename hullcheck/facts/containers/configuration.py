"""A container as the engine describes it: what was asked for when it was created."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hullcheck.facts.swarm.services import Service
from hullcheck.parsing.image_reference import Reference
from hullcheck.parsing.times import engine_moment
from hullcheck.verdicts import EvidenceError

if TYPE_CHECKING:
    from hullcheck.facts.containers import Container
    from hullcheck.facts.containers.collection import AllContainers

_OPTION = re.compile(r"([^=:]*)([=:]?)(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)  # what the engine takes for one
_USERS = 1 << 32  # numbers for users that the kernel has; the engine hands on what is left of a greater one
_DEFAULT_SHARES = (0, 1024)
_DEFAULT_PERIOD = 100_000  # microseconds


@dataclass(frozen=True)
class Described:
    """What the engine says of a container.

    A property raises EvidenceError where its evidence is missing, so that one unreadable thing spoils only
    the controls that need it.

    Attributes:
        description: the allowed part of `docker inspect`.
        all: the containers of the target, and what they have in common.
    """

    description: Mapping[str, Any]
    all: "AllContainers" = field(repr=False)

    @property
    def name(self) -> str:
        """Its name, without the slash."""
        return str(self.description["Name"]).removeprefix("/")

    @property
    def id(self) -> str:
        """Its id, in full."""
        return str(self.description["Id"])

    @property
    def user_id(self) -> int:
        """The number of the user as whom it would start; that of a name is looked up in its own /etc/passwd.

        Raises:
            EvidenceError: that file could not be read, or does not know the name.
        """
        user = str(self.description["User"] or "").partition(":")[0]
        number = user or "0" if _NUMBER.fullmatch(user) or not user else self.all.user_ids.get(self.id, "")
        if not number:
            raise EvidenceError(
                f"does not run, and its /etc/passwd did not tell whether the user {user} is root"
            )
        return int(number) % _USERS

    @property
    def running(self) -> bool:
        """Whether it has processes; one that waits to be restarted has none, though the engine calls it
        running."""
        waits = self.restarting and not self.description["Pid"]
        return bool(self.description["Running"]) and not waits

    @property
    def restarting(self) -> bool:
        """Whether the engine starts it again and again."""
        return bool(self.description["Status"] == "restarting")

    @property
    def started(self) -> float | None:
        """When it was last started, in seconds since the epoch; None where it never was.

        Raises:
            EvidenceError: the engine does not report it.
        """
        if "Started" not in self.description:
            raise EvidenceError("docker inspect does not report State.StartedAt")
        return engine_moment(self.description["Started"])

    def setting(self, name: str) -> Any:
        """A field of HostConfig.

        Raises:
            EvidenceError: the engine does not report it.
        """
        try:
            return self.description["HostConfig"][name]
        except (KeyError, TypeError):
            raise EvidenceError(f"docker inspect does not report HostConfig.{name}") from None

    @property
    def privileged(self) -> bool:
        """Whether it was created with --privileged."""
        return bool(self.setting("Privileged"))

    @property
    def in_default_cgroup(self) -> bool:
        """Whether it leaves its parent cgroup to the daemon, or names the one that the daemon would take, too.

        Raises:
            EvidenceError: it names the default one, and that of the daemon cannot be told.
        """
        parent, engine = self.setting("CgroupParent"), self.all.surroundings.engine()
        if not parent or not engine.is_default_cgroup(parent):
            return not parent
        return self.all.surroundings.daemon().setting("cgroup-parent").always(engine.is_default_cgroup)

    @property
    def log_driver(self) -> str:
        """The driver that takes its log, its own or the daemon's when it was created."""
        return str((self.setting("LogConfig") or {}).get("Type") or "")

    @property
    def log_options(self) -> Mapping[str, str]:
        """The options of that driver, its own and the daemon's when it was created."""
        return (self.setting("LogConfig") or {}).get("Config") or {}

    @property
    def environment_secrets(self) -> tuple[str, ...]:
        """The secrets in its environment, that of its image included, in words.

        Raises:
            EvidenceError: the engine does not tell its environment.
        """
        found = self.description.get("Secrets")
        if found is None:
            raise EvidenceError("docker inspect does not report Config.Env")
        return tuple(map(str, found))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses on all its networks."""
        networks = (self.description.get("Networks") or {}).values()
        found = (each.get(key) for each in networks for key in ("IPAddress", "GlobalIPv6Address"))
        return tuple(address for address in found if address)

    @cached_property
    def security_options(self) -> dict[str, str]:
        """--security-opt by name; both `name=value` and the older `name:value`; the last one wins."""
        options = {}
        for option in self.setting("SecurityOpt") or ():
            name, separator, value = _OPTION.fullmatch(option).groups()  # type: ignore[union-attr]  # always matches
            options[name] = value if separator else "true"
        return options

    def joined(self, setting: str) -> "Container | None":
        """The container whose namespace this one joined by `container:ID`, followed to its end.

        Raises:
            EvidenceError: that container is not there, or there is no end.
        """
        end: Container | None = None
        for _ in self.all.containers:  # no way is longer than that
            mode = str((end or self).setting(setting) or "")
            if not mode.startswith("container:"):
                return end
            end = self.all.find(mode.partition(":")[2])
        raise EvidenceError(f"it joined containers that joined each other ({setting})")

    @property
    def apparmor_on_host(self) -> bool:
        """Whether the engine applies AppArmor profiles."""
        return "apparmor" in self.all.surroundings.engine().security_options

    @property
    def security_options_allow_seccomp(self) -> bool:
        """Whether no option of its own switches the filter off."""
        return self.security_options.get("seccomp") != "unconfined"

    @property
    def devices(self) -> tuple[str, ...]:
        """Host devices, device requests (`nvidia:gpu`) and rules of the device control group that it is
        given."""
        paths = [str(each["PathOnHost"]) for each in self.setting("Devices") or ()]
        requests = (name for each in self.setting("DeviceRequests") or () for name in _requests(each))
        return (*paths, *requests, *(f"rule {each}" for each in self.setting("DeviceCgroupRules") or ()))

    @property
    def cpu_share_wanted(self) -> bool:
        """Whether a CPU share other than the default is configured."""
        return (self.setting("CpuShares") or 0) not in _DEFAULT_SHARES

    @property
    def cpus_wanted(self) -> float | None:
        """How many processors' worth of time the configuration allows; None where it sets no limit."""
        if self.setting("NanoCpus"):
            return float(self.setting("NanoCpus") / 1e9)
        quota = self.setting("CpuQuota") or 0
        return float(quota / (self.setting("CpuPeriod") or _DEFAULT_PERIOD)) if quota > 0 else None

    @property
    def image(self) -> Reference:
        """The reference with which it was created."""
        text = str(self.description["Reference"])
        by_id = self.image_id.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        if by_id and f"{text}:latest" not in self.all.surroundings.image_names():
            return Reference(text, "", self.image_id)
        return Reference.parse(text)

    @property
    def image_id(self) -> str:
        """The id of the image that it was created from, `sha256:` and all."""
        return str(self.description["Image"])

    @property
    def network_ids(self) -> Mapping[str, str]:
        """Its networks: the id of each by name; the id is empty where it does not run."""
        networks = self.description["Networks"] or {}
        return {name: str((network or {}).get("NetworkID") or "") for name, network in networks.items()}

    @property
    def on_default_bridge(self) -> bool:
        """Whether it is attached to the default bridge, or will be once it runs, itself or through the container
        whose network it joined.

        Its networks tell, and not its network mode: that stays `bridge` where it was disconnected since.

        Raises:
            EvidenceError: the engine does not name its networks.
        """
        networks = {network.name: network.id for network in self.all.surroundings.networks()}
        bridge = networks.get("bridge")
        if not bridge:
            return False  # "bridge": "none" in daemon.json
        owner = self.joined("NetworkMode") or self
        if owner.description["Networks"] is None and owner.setting("NetworkMode") in (
            "",
            "default",
            "bridge",
        ):
            raise EvidenceError("docker inspect does not report NetworkSettings.Networks")
        named = {"bridge", bridge} & {*owner.network_ids, *owner.network_ids.values()}
        by_id = any(
            len(name) >= 12 and bridge.startswith(name) and name not in networks for name in owner.network_ids
        )
        return bool(named) or by_id

    @property
    def service(self) -> Service | None:
        """The swarm service whose task this container is; None where it is no task of a swarm.

        Raises:
            EvidenceError: it may be one, and the service cannot be seen from this node.
        """
        identifier = self.description.get("Service")
        if not identifier or self.all.surroundings.engine().value("Swarm", "LocalNodeState") == "inactive":
            return None
        try:
            return self.all.surroundings.services()[identifier]
        except KeyError:
            raise EvidenceError(f"the engine does not know the service {identifier} of this task") from None

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The ulimits that it overrides, as `nofile=1024:2048`; the engine lists the daemon's defaults among
        them.

        Raises:
            EvidenceError: it has ulimits, and the daemon's defaults cannot be told.
        """
        own = tuple(f"{each['Name']}={each['Soft']}:{each['Hard']}" for each in self.setting("Ulimits") or ())
        return tuple(each for each in own if each not in self.all.surroundings.daemon().default_ulimits)


def _requests(document: Mapping[str, Any]) -> tuple[str, ...]:
    """A device request in words: the names of CDI devices, or a driver and what it has to be capable of."""
    if document.get("Driver") == "cdi":
        return tuple(map(str, document.get("DeviceIDs") or ()))
    capabilities = (name for group in document.get("Capabilities") or () for name in group)
    return (":".join(filter(None, (document.get("Driver") or "", *capabilities))) or "any device",)
