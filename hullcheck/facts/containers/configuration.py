"""What a container was created with, as the engine describes it."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.engine.services import Service
from hullcheck.parsing.image_reference import Reference
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.times import engine_moment
from hullcheck.verdicts import EvidenceError, NotApplicable

_OPTION = re.compile(r"([^=:]*)([=:]?)(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)  # what the engine takes for one
_USERS = 1 << 32  # numbers for users that the kernel has; the engine hands on what is left of a greater one
_DEFAULT_SHARES, _DEFAULT_PERIOD = (0, 1024), 100_000  # microseconds
_TASK = re.compile(r"[^.]+\.[0-9a-z]+\.[0-9a-z]{25}")  # its service, its number or node, and its id


class RestartPolicy(NamedTuple):
    """When the engine starts a container again: the name that it has for that, and how often (0: without end)."""

    name: str
    attempts: int


@dataclass(frozen=True)
class Configuration:
    """What a container was created with, as the engine describes it.

    A property raises EvidenceError where its evidence is missing, so that one unreadable thing spoils only
    the controls that need it.

    Attributes:
        description: the allowed part of `docker inspect`.
        number_in_passwd: the number of its user by its own /etc/passwd; empty where it was not looked up there.
    """

    description: Mapping[str, Any]
    surroundings: Surroundings = field(repr=False)
    number_in_passwd: str = ""

    @property
    def name(self) -> str:
        """Its name, without the slash."""
        return str(self.description["Name"]).removeprefix("/")

    @property
    def id(self) -> str:
        """Its id, in full."""
        return str(self.description["Id"])

    def setting(self, name: str) -> Any:
        """A field of HostConfig.

        Raises:
            EvidenceError: the engine does not report it.
        """
        try:
            return self.description["HostConfig"][name]
        except (KeyError, TypeError):
            raise EvidenceError(f"docker inspect does not report HostConfig.{name}") from None

    # ---- its state

    @property
    def running(self) -> bool:
        """Whether it has processes.

        One that waits to be restarted has none, though the engine calls it running.
        """
        return bool(self.description["Running"]) and not (self.restarting and not self.pid)

    @property
    def restarting(self) -> bool:
        """Whether the engine starts it again and again."""
        return self.status == "restarting"

    @property
    def status(self) -> str:
        """Its state, in the engine's word: `created`, `running`, `exited`."""
        return str(self.description["Status"])

    @property
    def pid(self) -> int:
        """The process id of its main process on the engine's machine, or 0."""
        return int(self.description["Pid"])

    @property
    def started(self) -> float | None:
        """When it was last started, in seconds since the epoch, or None where it never was."""
        return engine_moment(self.description["Started"])

    @property
    def creation_time(self) -> Any:
        """When it was created, as the engine writes it."""
        return self.description.get("Created")

    @property
    def end_time(self) -> Any:
        """When it last ended, as the engine writes it."""
        return self.description.get("Finished")

    @property
    def health(self) -> Any:
        """What its health check says, or None without one."""
        return self.description["Health"]

    @property
    def health_check_kind(self) -> str:
        """The kind of its health check, as `kind_of_check` returns it."""
        return str(self.description["Healthcheck"] or "")

    # ---- whose it is, and what it runs

    @property
    def user(self) -> str:
        """The name or number of the user that it starts as, or an empty string where none is set."""
        return str(self.description["User"] or "").partition(":")[0]

    @property
    def user_id(self) -> int:
        """The number of that user.

        Its own /etc/passwd has the number for a name: the file that lies below its mounts, where the engine looks.

        Raises:
            EvidenceError: that file could not be read, or does not know the name.
        """
        by_number = _NUMBER.fullmatch(self.user) or not self.user
        kept = [str(each["Destination"]) for each in self.mounts if each["Type"] != "tmpfs"]
        if not by_number and any(is_below("/etc/passwd", each) for each in kept):
            raise EvidenceError(
                f"does not run, and a mount hides its own /etc/passwd, which tells whether the user {self.user} is root"
            )
        number = self.user or "0" if by_number else self.number_in_passwd
        if not number:
            raise EvidenceError(
                f"does not run, and its /etc/passwd did not tell whether the user {self.user} is root"
            )
        return int(number) % _USERS

    @property
    def command(self) -> frozenset[str]:
        """The name of its program, and those of SSH servers among its arguments."""
        program = str(self.description["Program"]).rpartition("/")[2]
        return frozenset((program, *(self.description.get("Arguments") or ())))

    # ---- privileges

    @property
    def privileged(self) -> bool:
        """Whether it was created with --privileged."""
        return bool(self.setting("Privileged"))

    @property
    def added_capabilities(self) -> tuple[str, ...]:
        """The capabilities of --cap-add, as they are written."""
        return tuple(self.setting("CapAdd") or ())

    @property
    def dropped_capabilities(self) -> tuple[str, ...]:
        """The capabilities of --cap-drop, as they are written."""
        return tuple(self.setting("CapDrop") or ())

    @cached_property
    def security_options(self) -> dict[str, str]:
        """The values of --security-opt by name.

        Both `name=value` and the older `name:value` count, and the last one wins.
        """
        options = {}
        for option in self.setting("SecurityOpt") or ():
            name, separator, value = _OPTION.fullmatch(option).groups()  # type: ignore[union-attr]  # always matches
            options[name] = value if separator else "true"
        return options

    @property
    def allows_seccomp_filter(self) -> bool:
        """Whether no option of its own switches the filter off."""
        return self.security_options.get("seccomp") != "unconfined"

    @property
    def process_label(self) -> str:
        """The SELinux label of its processes, or an empty string."""
        return str(self.description["ProcessLabel"])

    @property
    def mount_label(self) -> str:
        """The SELinux label of its files, or an empty string."""
        return str(self.description["MountLabel"])

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices of --device, --gpus (`nvidia:gpu`) and --device-cgroup-rule."""
        paths = [str(each["PathOnHost"]) for each in self.setting("Devices") or ()]
        requests = (name for each in self.setting("DeviceRequests") or () for name in _requests(each))
        return (*paths, *requests, *(f"rule {each}" for each in self.setting("DeviceCgroupRules") or ()))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets in its environment, labels and command, those of its image included, in words.

        Raises:
            EvidenceError: the engine does not report its environment.
        """
        if (found := self.description.get("Secrets")) is None:
            raise EvidenceError("docker inspect does not report Config.Env")
        return tuple(map(str, found))

    # ---- namespaces: `host`, `container:ID`, or another mode

    @property
    def network_mode(self) -> str:
        """The value of --network, as the engine keeps it."""
        return str(self.setting("NetworkMode") or "")

    @property
    def pid_mode(self) -> str:
        """The value of --pid."""
        return str(self.setting("PidMode") or "")

    @property
    def user_namespace_mode(self) -> str:
        """The value of --userns."""
        return str(self.setting("UsernsMode") or "")

    # ---- limits

    @property
    def memory(self) -> int:
        """The bytes of memory of --memory, or 0."""
        return int(self.setting("Memory") or 0)

    @property
    def processes(self) -> int:
        """The number of processes of --pids-limit, or 0."""
        return max(self.setting("PidsLimit") or 0, 0)

    @property
    def has_cpu_share(self) -> bool:
        """Whether a CPU share other than the default is set."""
        return max(self.setting("CpuShares") or 0, 0) not in _DEFAULT_SHARES

    @property
    def cpus(self) -> float | None:
        """The processors of --cpus, or of the quota that means the same, or None."""
        if self.setting("NanoCpus"):
            return float(self.setting("NanoCpus") / 1e9)
        quota = self.setting("CpuQuota") or 0
        return float(quota / (self.setting("CpuPeriod") or _DEFAULT_PERIOD)) if quota > 0 else None

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The ulimits that it overrides, as `nofile=1024:2048`; the engine lists the daemon's defaults among them.

        Raises:
            EvidenceError: it has ulimits, and the daemon's defaults are unknown.
            NotApplicable: it is Podman's.
        """
        if (limits := self.setting("Ulimits") or ()) and not self.surroundings.engine.get().is_docker:
            raise NotApplicable("Podman lists every limit of a container, and has no daemon with defaults")
        own = (f"{each['Name']}={each['Soft']}:{each['Hard']}" for each in limits)
        return tuple(each for each in own if each not in self.surroundings.daemon.get().default_ulimits)

    @property
    def cgroup_parent(self) -> str:
        """The value of --cgroup-parent; empty if the daemon chooses."""
        return self.setting("CgroupParent") or ""

    @property
    def in_default_cgroup(self) -> bool:
        """Whether its parent cgroup is the one that the daemon chooses.

        Raises:
            EvidenceError: it names the built-in one, and whether the daemon chooses another is unknown.
        """
        parent, engine = self.cgroup_parent, self.surroundings.engine.get()
        is_default = engine.is_default_cgroup(parent)
        if not parent or not is_default or not engine.is_docker:
            return is_default
        return self.surroundings.daemon.get().setting("cgroup-parent").always(engine.is_default_cgroup)

    @property
    def restart_policy(self) -> RestartPolicy:
        """When the engine starts it again."""
        policy = self.setting("RestartPolicy") or {}
        return RestartPolicy(policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0)

    # ---- files

    @property
    def has_read_only_root(self) -> bool:
        """Whether it was created with --read-only."""
        return bool(self.setting("ReadonlyRootfs"))

    @property
    def mounts(self) -> tuple[Mapping[str, Any], ...]:
        """Its mounts, as the engine describes them; a path without a slash (`VOLUME data`) begins at its root."""
        found = self.description["Mounts"] or ()
        return tuple({**each, "Destination": _from_root(str(each["Destination"]))} for each in found)

    # ---- networks

    @property
    def networks(self) -> Mapping[str, str]:
        """The ids of its networks by name; an id is empty where it does not run."""
        networks = self.description["Networks"]
        if networks is None and self.running and not self.network_mode.startswith("container:"):
            raise EvidenceError("docker inspect does not report NetworkSettings.Networks")
        return {name: str((each or {}).get("NetworkID") or "") for name, each in (networks or {}).items()}

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses on all its networks."""
        networks = (self.description["Networks"] or {}).values()
        found = ((each or {}).get(key) for each in networks for key in ("IPAddress", "GlobalIPv6Address"))
        return tuple(filter(None, found))

    @property
    def publishes_all_ports(self) -> bool:
        """Whether it was created with --publish-all."""
        return bool(self.setting("PublishAllPorts"))

    # ---- logs

    @property
    def log_driver(self) -> str:
        """The driver of its log; that of the daemon at its creation where none was named."""
        return str((self.setting("LogConfig") or {}).get("Type") or "")

    @property
    def log_options(self) -> Mapping[str, str]:
        """The options of that driver, with those of the daemon at its creation."""
        return (self.setting("LogConfig") or {}).get("Config") or {}

    # ---- its image and its service

    @property
    def image(self) -> Reference:
        """The reference with which it was created."""
        text = str(self.description["Reference"])
        by_id = self.image_id.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))
        if by_id and f"{text}:latest" not in self.surroundings.image_names.get():
            return Reference(text, "", self.image_id)
        return Reference.parse(text)

    @property
    def image_id(self) -> str:
        """The id of the image that it was created from, with `sha256:`."""
        return str(self.description["Image"])

    @property
    def service_id(self) -> str:
        """The id of the swarm service that its label names, or an empty string."""
        return str(self.description["Service"] or "")

    @property
    def service(self) -> Service | None:
        """The swarm service whose task it is, or None.

        Raises:
            EvidenceError: it may be one, and the service cannot be seen from this node.
        """
        known, named = self.service_id, _TASK.fullmatch(self.name)
        engine = self.surroundings.engine.get() if known or named else None
        if engine is None or engine.info.swarm.local_node_state == "inactive":
            return None
        if not known:
            raise EvidenceError("it has the name of a service's task, and no label with that service")
        if not (found := self.surroundings.services.get().get(known)):
            raise EvidenceError(f"the engine does not know the service {known} of this task")
        return found


def _requests(document: Mapping[str, Any]) -> tuple[str, ...]:
    """A device request in words: CDI devices by name, or a driver with capabilities."""
    if document.get("Driver") == "cdi":
        return tuple(map(str, document.get("DeviceIDs") or ()))
    capabilities = (name for group in document.get("Capabilities") or () for name in group)
    return (":".join(filter(None, (document.get("Driver") or "", *capabilities))) or "any device",)


def _from_root(path: str) -> str:
    return path if path.startswith("/") else posixpath.normpath(f"/{path}")
