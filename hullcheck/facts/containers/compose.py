"""A service of a Compose file, with the parts of a `Container`: what the file alone says of it.

What its engine, its image or its host decides is *not applicable*, and never a pass.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hullcheck.facts.containers import Container
from hullcheck.facts.containers.compose_configuration import FileConfiguration, Reading
from hullcheck.facts.containers.compose_document import COMPOSE_FILE, document
from hullcheck.facts.containers.compose_mounts import FileMounts
from hullcheck.facts.containers.compose_unknown import Unknown
from hullcheck.facts.containers.mounts import PLACES, Sockets, without_var
from hullcheck.facts.containers.ports import Port, Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.facts.registry import fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import capabilities
from hullcheck.parsing.addresses import api_port, is_go_address
from hullcheck.parsing.go import go_boolean
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable

_BINDING = ("com.docker.network.bridge.host_binding_ipv4", "com.docker.network.host_ipv4")
_MADE_HERE = {"External": False, "Driver": "", "Options": {}}
_LAST = 65535


class FilePorts(Unknown):
    """Its ports."""

    WHOLE = Ports

    def __init__(
        self, configuration: FileConfiguration, runtime: "FileRuntime", networks: Mapping[str, Any]
    ) -> None:
        """See what *configuration* says, and the *networks* of the file."""
        self._asked = configuration
        self._runtime = runtime
        self._networks = networks

    @property
    def published(self) -> tuple[Port, ...]:
        """The ports that the file publishes."""
        mode = self._asked.network_mode
        bindings = self._asked.setting("PortBindings") or {}
        if mode in ("host", "none") or mode.startswith("container:"):
            return ()
        unnamed = self._unnamed_addresses
        return tuple(
            Port(address, number, protocol, f"published for {target}")
            for key, group in bindings.items()
            for target, protocol in [api_port(key)]
            for each in group or ()
            for address in ([each["HostIp"]] if is_go_address(each.get("HostIp") or "") else unnamed)
            for number in _numbers(each.get("HostPort") or "0")
        )

    @property
    def _unnamed_addresses(self) -> tuple[str, ...]:
        """The addresses at which a port without one is opened: of each network where that is set, else any."""
        options = [self._network(name)["Options"] for name in self._asked.networks]
        found = {next((each[key] for key in _BINDING if each.get(key)), "") for each in options}
        return tuple(sorted(found or {""}))

    def _network(self, name: str) -> Mapping[str, Any]:
        known: Mapping[str, Any] = self._networks.get(name, _MADE_HERE)
        return known

    @property
    def open(self) -> tuple[Port, ...]:
        """Every port that it will open.

        Raises:
            NotApplicable: it is in the network of the host, or in one that the file says too little of.
        """
        if self._runtime.shares_host_network:
            raise NotApplicable(
                "it is in the network of the host: what it opens there, the file does not tell"
            )
        return self.published

    @property
    def unknown(self) -> str | None:
        """What to say of one that will open whatever it listens on.

        Raises:
            NotApplicable: one of its networks may give it an address outside.
        """
        for name in self._runtime.owner("NetworkMode").networks:
            network = self._network(name)
            open_modes = {"nat-unprotected", "routed"} & {*network["Options"].values()}
            if network["External"] or network["Driver"] not in ("", "bridge", "overlay") or open_modes:
                raise NotApplicable(f"who reaches it in the network {name}, the file does not tell")
        return None


def _numbers(written: str) -> range:
    first, _, last = written.partition("-")
    if int(last or first) > _LAST:
        raise EvidenceError(f"{written} is no range of ports")
    return range(int(first), int(last or first) + 1)


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


class FileRuntime(Unknown):
    """How it will run, as far as the file says."""

    WHOLE = Runtime
    maybe_ssh = ""

    def __init__(
        self, configuration: FileConfiguration, others: Callable[[str], "FileRuntime | None"]
    ) -> None:
        """See what *configuration* says; *others* finds another service by its name."""
        self._asked = configuration
        self._others = others

    def require_running_state(self) -> None:
        """Nothing runs yet."""

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that its command names."""
        return tuple(self._asked.part("command", "Arguments"))

    @property
    def privileged_hooks(self) -> tuple[str, ...]:
        """The commands that Compose will execute in it with every capability, by their keys."""
        return tuple(each["Key"] for each in self._asked.hooks if each["Privileged"])

    @property
    def root_hooks(self) -> tuple[str, ...]:
        """The commands that Compose will execute in it as root, by their keys."""
        users = ((each["Key"], each["User"].partition(":")[0]) for each in self._asked.hooks)
        return tuple(key for key, user in users if user == "root" or (user and not user.strip("0")))

    @property
    def shares_host_network(self) -> bool:
        """Whether it will be in the network namespace of the host.

        Raises:
            NotApplicable: it joins that of a container which is not in the file.
        """
        return self._shares("NetworkMode") or "host" in self.owner("NetworkMode").networks

    @property
    def shares_host_processes(self) -> bool:
        """Whether it will be in the PID namespace of the host; raises as `shares_host_network`."""
        return self._shares("PidMode")

    @property
    def shares_host_ipc(self) -> bool:
        """Whether it will be in the IPC namespace of the host; raises as `shares_host_network`."""
        return self._shares("IpcMode")

    @property
    def shares_host_uts(self) -> bool:
        """Whether it will be in the UTS namespace of the host."""
        return self._shares("UTSMode")

    def _shares(self, setting: str) -> bool:
        return str(self.owner(setting).setting(setting) or "") == "host"

    def owner(self, setting: str) -> FileConfiguration:
        """The configuration at the end of the chain of `service:NAME`."""
        here, seen = self, set[str]()
        while (mode := str(here._asked.setting(setting) or "")).startswith("container:"):
            name = mode.partition(":")[2]
            other = self._others(name) if name not in seen else None
            if other is None:
                raise NotApplicable(f"it joins the namespace of {name}, which is not in the file")
            seen.add(name)
            here = other
        return here._asked

    @property
    def on_default_bridge(self) -> bool:
        """Whether it will be attached to the default bridge; Compose makes a network for each project."""
        owner = self.owner("NetworkMode")
        return owner.network_mode in ("bridge", "default") or "bridge" in owner.networks


class FileLimits(Unknown):
    """What the file allows it to use."""

    WHOLE = Limits

    def __init__(self, configuration: FileConfiguration) -> None:
        """See what *configuration* says."""
        self._asked = configuration

    @property
    def memory(self) -> float | None:
        """The bytes of memory that the file allows it, or None."""
        return self._asked.memory or None

    @property
    def processes(self) -> float | None:
        """The processes that the file allows it, or None."""
        return self._asked.processes or None

    @property
    def cpus(self) -> float | None:
        """The processors that the file allows it, or None."""
        return self._asked.cpus

    @property
    def has_cpu_share(self) -> bool:
        """Whether the file gives it a CPU share other than the default."""
        return self._asked.has_cpu_share


class FilePrivileges(Unknown):
    """What everything in it will be able to do, as far as the file says."""

    WHOLE = Privileges
    applies_apparmor = True  # as far as it depends on the file

    def __init__(self, configuration: FileConfiguration) -> None:
        """See what *configuration* says."""
        self._asked = configuration

    @property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that the engine will give it."""
        asked = self._asked
        return capabilities.granted(
            asked.added_capabilities, asked.dropped_capabilities, privileged=asked.privileged
        )

    @property
    def unfiltered(self) -> str:
        """Why its system calls will pass no filter.

        Raises:
            NotApplicable: the file does not take the filter away.
        """
        if not self._asked.allows_seccomp_filter:
            return "runs with --security-opt seccomp=unconfined"
        if self._asked.privileged:
            return "runs with --privileged, and so without a seccomp filter"
        own = self._asked.security_options.get("seccomp", "")
        if own and own != "builtin":
            raise NotApplicable("it has a seccomp profile of its own, which is judged on the host alone")
        raise NotApplicable("its seccomp filter is the default of the daemon, which the file does not tell")

    @property
    def no_new_privileges(self) -> bool:
        """Whether an option of its own keeps it from gaining privileges."""
        return go_boolean(self._asked.security_options.get("no-new-privileges", "false"))


class FileContainer(Unknown):
    """A service of a Compose file, with the parts of a `Container`."""

    WHOLE = Container
    running = False
    planned = True

    def __init__(
        self, services: Mapping[str, Mapping[str, Any]], networks: Mapping[str, Any], name: str
    ) -> None:
        """See the service *name* among others; what is read of it is remembered with its place."""
        self._made = services, networks, name
        reading = Reading(services[name])
        configuration = FileConfiguration(services[name], reading)

        def other(wanted: str) -> FileRuntime | None:
            known = services.get(wanted)
            return FileRuntime(FileConfiguration(known, reading), other) if known else None

        self._reading = reading
        self.name = name
        self.configuration = configuration
        self.runtime = FileRuntime(configuration, other)
        self.limits = FileLimits(configuration)
        self.mounts = FileMounts(configuration)
        self.sockets = FileSockets(self.mounts, self.runtime)
        self.ports = FilePorts(configuration, self.runtime, networks)
        self.privileges = FilePrivileges(configuration)

    @property
    def privileged(self) -> bool:
        """Whether it asks for `privileged: true`."""
        return self.configuration.privileged

    @property
    def labels(self) -> Mapping[str, str | None]:
        """Its labels by name, without values that may be secrets."""
        return dict(self.configuration.part("labels", "Labels"))

    def require_created(self, what: str) -> None:
        """Raise NotApplicable: *what* shows only once there is a container."""
        raise NotApplicable(f"{what}: a Compose file does not tell")

    def watched(self) -> "tuple[FileContainer, Callable[[], str]]":
        """The same service as one control sees it, and what gives the place of what that control has read."""
        again = FileContainer(*self._made)
        return again, again._reading.place


@fact(COMPOSE_FILE, name="container", on="compose")
def services_of_file(recording: Recording) -> Subjects[FileContainer]:
    """The services of a Compose file, those of all profiles."""
    found = document(recording)
    services, networks = found["services"], found["networks"]
    named = tuple((name, FileContainer(services, networks, name)) for name in sorted(services))
    return Subjects("container", named, "the Compose file has no service")
