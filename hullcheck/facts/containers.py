"""The containers of a target, running or not: how the engine describes them, and how they really run."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hullcheck.facts import capabilities, limits, mounts, namespaces, ports, ssh
from hullcheck.facts.container_probe import DOCKER_CONTAINERS
from hullcheck.facts.mounts import Mount
from hullcheck.facts.ports import Listener, Port
from hullcheck.facts.processes import PROCESSES, Process
from hullcheck.facts.references import Reference
from hullcheck.facts.services import Service
from hullcheck.gobool import go_boolean
from hullcheck.judge import Subjects
from hullcheck.verdicts import EvidenceError

if TYPE_CHECKING:
    from hullcheck.facts import Facts



@dataclass(frozen=True)
class ProcFiles:
    """What /proc and the control groups say of the main processes, from the second part of the probe's answer."""

    lines: Mapping[str, tuple[str, ...]]
    links: Mapping[int, Mapping[str, str]]
    listeners: tuple[Listener, ...]
    networks_read: frozenset[int]
    sockets: Mapping[int, frozenset[str]]

    @classmethod
    def parse(cls, text: str) -> "ProcFiles":
        """Sort the lines by the file that they come from."""
        lines: dict[str, list[str]] = {}
        links: dict[int, list[str]] = {}
        sockets: dict[int, set[str]] = {}
        listeners = []
        read = set()
        folder = (0, "")
        for line in text.split("\n"):
            if header := re.fullmatch(r"(\d+)/(ns|fd):", line):
                folder = int(header[1]), header[2]
            elif " -> socket:[" in line:
                sockets.setdefault(folder[0], set()).add(line.rpartition("[")[2].rstrip("]"))
            elif " -> " in line and folder[1] == "ns":
                links.setdefault(folder[0], []).append(line)
            elif network := re.match(r"(\d+)/net/", line):
                read.add(int(network[1]))
                if found := ports.listener(line):
                    listeners.append(found)
            elif ":" in line:
                name, _, rest = line.partition(":")
                lines.setdefault(name, []).append(rest)
        return cls(
            {name: tuple(each) for name, each in lines.items()},
            {pid: namespaces.links(each) for pid, each in links.items()},
            tuple(listeners),
            frozenset(read),
            {pid: frozenset(each) for pid, each in sockets.items()},
        )

    def file(self, pid: int, name: str) -> tuple[str, ...]:
        """The lines of /proc/PID/name.

        Raises:
            EvidenceError: it could not be read.
        """
        try:
            return self.lines[f"{pid}/{name}"]
        except KeyError:
            raise EvidenceError(f"/proc/{pid}/{name} could not be read") from None


@dataclass(frozen=True)
class HostMount:
    """A part of the host's file system that is seen in a container.

    Attributes:
        paths: where the host itself sees it, without symbolic links; more than one where the host mounts it twice.
        kind: `bind` or `volume` as the engine says; empty where the engine does not know of the mount.
    """

    destination: str
    paths: frozenset[str]
    kind: str


@dataclass(frozen=True)
class Container:
    """One container as the engine describes it; its properties read how it really runs.

    A property raises EvidenceError where its evidence is missing, so that one unreadable thing spoils only the
    controls that need it.

    Attributes:
        description: the allowed part of `docker inspect`.
        facts: the target's other facts: its processes, daemon, services.
    """

    description: Mapping[str, Any]
    all: "AllContainers" = field(repr=False)

    # ---- what the engine says

    @property
    def name(self) -> str:
        return str(self.description["Name"]).removeprefix("/")

    @property
    def id(self) -> str:
        return str(self.description["Id"])

    @property
    def running(self) -> bool:
        return bool(self.description["Running"])

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
        return bool(self.setting("Privileged"))

    @cached_property
    def security_options(self) -> dict[str, str]:
        """--security-opt by name; both `name=value` and the older `name:value`; the last one wins."""
        options = {}
        for option in self.setting("SecurityOpt") or ():
            name, separator, value = re.fullmatch(r"([\w-]+)([=:]?)(.*)", option, re.DOTALL).groups()  # type: ignore[union-attr]
            options[name] = value if separator else "true"
        return options

    def joined(self, setting: str) -> "Container | None":
        """The container whose namespace this one joined by `container:ID`, followed to its end.

        Raises:
            EvidenceError: that container is not there.
        """
        mode = str(self.setting(setting) or "")
        if not mode.startswith("container:"):
            return None
        other = self.all.find(mode.partition(":")[2])
        return other.joined(setting) or other

    @property
    def apparmor_on_host(self) -> bool:
        """Whether the engine applies AppArmor profiles."""
        return "apparmor" in self.all.facts.engine.security_options

    @property
    def security_options_allow_seccomp(self) -> bool:
        """Whether no option of its own switches the filter off."""
        return self.security_options.get("seccomp") != "unconfined"

    @property
    def devices(self) -> tuple[str, ...]:
        """Host devices, device requests (`nvidia:gpu`) and rules of the device control group that it is given."""
        paths = [str(each["PathOnHost"]) for each in self.setting("Devices") or ()]
        requests = [
            ":".join(filter(None, (each.get("Driver") or "", *(name for group in each.get("Capabilities") or () for name in group))))
            for each in self.setting("DeviceRequests") or ()
        ]
        return (*paths, *requests, *(f"rule {each}" for each in self.setting("DeviceCgroupRules") or ()))

    @property
    def cpu_limit_wanted(self) -> bool:
        """Whether a CPU share other than the default, or a CPU limit, is configured."""
        shares = self.setting("CpuShares") or 0
        return shares not in (0, 1024) or bool(self.setting("NanoCpus")) or (self.setting("CpuQuota") or 0) > 0

    @property
    def image(self) -> Reference:
        """The reference with which it was created."""
        return Reference.parse(str(self.description["Reference"]))

    @property
    def image_id(self) -> str:
        return str(self.description["Image"])

    @property
    def network_names(self) -> frozenset[str]:
        """The names of the networks to which it is attached, its own or those of the container that it joined."""
        owner = self.joined("NetworkMode") or self
        names = set(owner.description["Networks"] or {})
        if not owner.running and owner.setting("NetworkMode") in ("default", "bridge"):
            names.add("bridge")
        return frozenset(names)

    @property
    def service(self) -> Service | None:
        """The swarm service whose task this container is.

        Raises:
            EvidenceError: it is a task, and the service cannot be seen from this node.
        """
        identifier = self.description.get("Service")
        if not identifier:
            return None
        try:
            return self.all.facts.services[identifier]
        except KeyError:
            raise EvidenceError(f"the engine does not know the service {identifier} of this task") from None

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The ulimits that it overrides, as `nofile=1024:2048`; the engine lists the daemon's defaults among them."""
        defaults = self.all.facts.daemon.default_ulimits
        own = (f"{each['Name']}={each['Soft']}:{each['Hard']}" for each in self.setting("Ulimits") or ())
        return tuple(each for each in own if each not in defaults)

    # ---- how it runs

    @cached_property
    def main(self) -> Process:
        """Its main process.

        Raises:
            EvidenceError: /proc here does not show it, or shows another process under its number: the engine runs on
                another machine, or the container was started anew meanwhile.
        """
        pid = int(self.description["Pid"])
        process = self.all.facts.processes.process(pid)
        named = "\n".join((*process.cgroups, *self.all.proc.lines.get(f"{pid}/mountinfo", ())))
        if self.id not in named:
            raise EvidenceError(f"process {pid} here is not a process of this container")
        return process

    def require_running_state(self) -> None:
        """Return where it does not run, or its main process can be seen: a pass needs the running state.

        Raises:
            EvidenceError: it runs, and /proc here does not show it.
        """
        if self.running:
            assert self.main

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes in it, those of `docker exec` included.

        Raises:
            EvidenceError: they cannot be told from others: no control group and no PID namespace of its own.
        """
        main = self.main
        found = self.all.facts.processes.by_cgroup_id.get(self.id)
        if found:
            return found
        own = main.pid_namespace
        if own is None or own == self.all.facts.daemon.namespaces.get("pid") or self.setting("PidMode"):
            raise EvidenceError("its processes cannot be told from those of others: it has no control group of its own")
        return tuple(each for each in self.all.facts.processes.by_pid.values() if each.pid_namespace == own)

    def namespace(self, kind: str) -> str:
        """The link of a namespace of the main process: `net:[4026531840]`.

        Raises:
            EvidenceError: the auditor may not read it.
        """
        links = self.all.proc.links.get(self.main.pid, {})
        if kind not in links:
            raise EvidenceError(f"the {kind} namespace of process {self.main.pid} could not be read; are you root?")
        return links[kind]

    def shares_with_host(self, kind: str) -> bool:
        """Whether it runs in the namespace in which the daemon runs.

        Raises:
            EvidenceError: one of the two could not be read.
        """
        host = self.all.facts.daemon.namespaces
        if kind not in host:
            raise EvidenceError(f"the {kind} namespace of the daemon could not be read; are you root?")
        return self.namespace(kind) == host[kind]

    def shares(self, setting: str, kind: str) -> bool:
        """Whether it shares a namespace with the host, or will once it runs.

        Args:
            setting: the field of HostConfig that says so, as "PidMode"; it may prove a yes without the running state.
            kind: the namespace's name in /proc/PID/ns.

        Raises:
            EvidenceError: it runs, and its namespace could not be compared with the daemon's.
        """
        if self.setting(setting) == "host":
            return True
        if self.running:
            return self.shares_with_host(kind)
        other = self.joined(setting)
        return other is not None and other.shares(setting, kind)

    @property
    def processes_from_outside(self) -> tuple[Process, ...]:
        """Processes in it that its main process did not start: those of `docker exec`, and what they started.

        Raises:
            EvidenceError: its processes could not be read.
        """
        own = {process.pid: process for process in self.processes}

        def top(process: Process) -> Process:
            while process.pid != self.main.pid and process.parent in own:
                process = own[process.parent]
            return process

        return tuple(process for process in own.values() if top(process).pid != self.main.pid)

    @property
    def processes_beyond_its_bounds(self) -> tuple[Process, ...]:
        """Of those, the ones that hold capabilities which its main process cannot get."""
        bounds = self.main.capabilities
        return tuple(each for each in self.processes_from_outside if each.capabilities & ~bounds)

    @property
    def root_processes_from_outside(self) -> tuple[Process, ...]:
        """Of those, the ones that are root in it, where its main process is not."""
        if self.root_uid in self.main.uids:
            return ()
        return tuple(each for each in self.processes_from_outside if self.root_uid in each.uids)

    @cached_property
    def root_uid(self) -> int:
        """The host's uid of root in its user namespace; -1 where root has none.

        Raises:
            EvidenceError: the map could not be read.
        """
        for line in self.all.proc.file(self.main.pid, "uid_map"):
            inside, outside, count = map(int, line.split())
            if inside <= 0 < inside + count:
                return outside - inside
        return -1

    def limit(self, name: str) -> Any:
        """What really limits it, as a field of `Limits`; None where nothing does, control groups of the engine included.

        Raises:
            EvidenceError: its control groups could not be read.
        """
        if self.all.facts.engine.value("CgroupDriver") == "none":
            return None
        return getattr(self.limits, name)

    @cached_property
    def mount_table(self) -> tuple[Mount, ...]:
        """The mounts that its main process sees.

        Raises:
            EvidenceError: they could not be read.
        """
        return mounts.parse(self.all.proc.file(self.main.pid, "mountinfo"))

    @property
    def root_mount(self) -> Mount:
        """The mount of its root file system.

        Raises:
            EvidenceError: it could not be read.
        """
        roots = [mount for mount in self.mount_table if mount.point == "/"]
        if not roots:
            raise EvidenceError("its mount table has no root")
        return roots[-1]

    @property
    def security_label(self) -> str:
        """What the kernel's security module says of the main process: `docker-default (enforce)`, an SELinux label.

        Raises:
            EvidenceError: it could not be read.
        """
        return self.all.proc.file(self.main.pid, "attr/current")[0].rstrip("\0")

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """What its main process has or can get; of one that does not run, what the engine will give it."""
        if self.running:
            return capabilities.names(self.main.capabilities)
        return capabilities.granted(
            self.setting("CapAdd") or (), self.setting("CapDrop") or (), privileged=self.privileged
        )

    @property
    def seccomp_mode(self) -> int:
        """2 where a filter is in force, 0 where none is; of one that does not run, what it will get."""
        if self.running:
            return self.main.seccomp_mode
        without = self.privileged or self.security_options.get("seccomp") == "unconfined"
        return 0 if without or self.all.facts.daemon.seccomp_profile in ("", "unconfined") else 2

    @property
    def seccomp_default_action(self) -> str | None:
        """What its profile does with a system call that it does not list: `SCMP_ACT_ERRNO`, ...

        Raises:
            EvidenceError: the profile could not be read.
        """
        option = self.security_options.get("seccomp", "")
        if option.lstrip().startswith("{"):
            action = json.loads(option).get("defaultAction")
            if not action:
                raise EvidenceError("its seccomp profile could not be read")
            return str(action)
        if option == "builtin":
            return "SCMP_ACT_ERRNO"
        return self.all.facts.daemon.seccomp_default_action

    @property
    def no_new_privileges(self) -> bool:
        """Whether its main process can gain no privileges; of one that does not run, what its options say.

        Raises:
            EvidenceError: it does not run, and the daemon's default at the time of its creation is not known.
        """
        if self.running:
            return self.main.no_new_privileges
        option = self.security_options.get("no-new-privileges")
        if option is not None:
            return go_boolean(option)
        if "no-new-privileges" in self.all.facts.engine.security_options:
            raise EvidenceError("it does not run, and the daemon's default when it was created is not known")
        return False

    @property
    def root_is_read_only(self) -> bool:
        """Whether nothing can be written to its root file system."""
        return "ro" in self.root_mount.options if self.running else bool(self.setting("ReadonlyRootfs"))

    @property
    def engine_sockets(self) -> tuple[str, ...]:
        """The sockets of engines that it can reach through its mounts, as paths of the host."""
        sockets = self.all.facts.engine_sockets
        seen = {path for mount in self.host_mounts for path in mount.paths}
        return tuple(sorted(each for each in sockets if any(mounts.is_below(each, path) for path in seen)))

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that run in it, by their process names; of one that does not run, its program if it is one."""
        if not self.running:
            program = str(self.description["Program"]).rpartition("/")[2]
            return (program,) if program in ssh.SERVERS else ()
        return ssh.ssh_servers(self.processes)

    # ---- what it sees of the host

    @cached_property
    def host_mounts(self) -> tuple[HostMount, ...]:
        """Every part of the host's file system in it, but what Docker itself puts there.

        Raises:
            EvidenceError: a mount could not be followed to its source.
        """
        return tuple(self._running_mounts() if self.running else self._configured_mounts())

    def _running_mounts(self) -> Iterable[HostMount]:
        host = self.all.facts.daemon_mounts
        for mount in self.mount_table:
            configured = self._configured_at(mount.point)
            if configured is None and self._is_dockers_own(mount):
                continue
            paths = mounts.host_paths(mount, host)
            if paths:
                yield HostMount(mount.point, paths, configured["Type"] if configured else "")

    def _configured_at(self, point: str) -> Mapping[str, Any] | None:
        """The configured mount at or above *point*, the nearest."""
        above = [each for each in self.description["Mounts"] or () if mounts.is_below(point, each["Destination"])]
        return max(above, key=lambda each: len(each["Destination"]), default=None)

    def _is_dockers_own(self, mount: Mount) -> bool:
        """The root file system, the kernel's file systems, and the three files that Docker writes for each container."""
        if mount.point == "/" or any(mounts.is_below(mount.point, top) for top in ("/proc", "/sys", "/dev")):
            return True
        return self.id in mount.root.split("/")

    def _configured_mounts(self) -> Iterable[HostMount]:
        for each in self.description["Mounts"] or ():
            if each["Type"] == "bind":
                yield HostMount(each["Destination"], self.all.real_paths(each["Source"]), "bind")
            elif each["Type"] == "volume":
                yield HostMount(each["Destination"], self.all.volume_paths(each), "volume")

    # ---- ports

    @cached_property
    def open_ports(self) -> tuple[Port, ...]:
        """Every port that it opens to the outside, however: published, by its service, or in a network of the host.

        Raises:
            EvidenceError: listeners or the service could not be read.
        """
        if self.joined("NetworkMode") is not None:
            return ()  # the ports are those of the other container, and judged there
        return (*self._published(), *self._service_ports(), *self._listening())

    def _published(self) -> Iterable[Port]:
        bindings = self.description["Ports"] if self.running else self.setting("PortBindings")
        for key, group in (bindings or {}).items():
            target, _, protocol = key.partition("/")
            for each in group or ():
                number = int(each.get("HostPort") or 0)
                yield Port(each.get("HostIp") or "", number, protocol or "tcp", f"published for {target}")

    def _service_ports(self) -> Iterable[Port]:
        if "ingress" not in (self.description["Networks"] or {}):
            return
        service = self.service
        if service is None:
            raise EvidenceError("it is in the ingress network, but the engine names no service for it")
        for port in service.ports:
            if port.mode == "ingress":
                yield Port("", port.number, port.protocol, f"published by service {service.name} on every node")

    def _listening(self) -> Iterable[Port]:
        """Listeners where the container's network is the host's, or one of its own outside (macvlan, ipvlan)."""
        if self.on_host_network:
            return [Port(each.address, each.number, each.protocol, "listens, network of the host")
                    for each in self._own_listeners()]  # fmt: skip
        if self.running and self.outside_networks:
            name = self.outside_networks[0]
            return [Port(each.address, each.number, each.protocol, f"listens, network {name}")
                    for each in self._listeners() if not each.address.startswith("127.")]  # fmt: skip
        return []

    @property
    def on_host_network(self) -> bool:
        """Whether it runs in the daemon's network namespace; of one that does not run, whether it will."""
        return self.shares_with_host("net") if self.running else self.setting("NetworkMode") == "host"

    @property
    def outside_networks(self) -> tuple[str, ...]:
        """Its networks of the kind that gives it an address of its own outside the host."""
        drivers = {network.id: network.driver for network in self.all.facts.networks}
        return tuple(
            name
            for name, network in (self.description["Networks"] or {}).items()
            if drivers.get(network["NetworkID"]) in ("macvlan", "ipvlan")
        )

    def _listeners(self) -> list[Listener]:
        if self.main.pid not in self.all.proc.networks_read:
            raise EvidenceError(f"/proc/{self.main.pid}/net could not be read")
        return [each for each in self.all.proc.listeners if each.pid == self.main.pid]

    def _own_listeners(self) -> list[Listener]:
        """Of the listeners in the host's network, those whose socket one of its processes holds."""
        if not self.running:
            return []
        pids = {process.pid for process in self.processes}
        held = frozenset[str]().union(*(self.all.proc.sockets.get(pid, frozenset()) for pid in pids))
        listeners = self._listeners()
        if listeners and not held and not self.all.proc.sockets:
            raise EvidenceError("which process holds a listening socket could not be read; are you root?")
        return [each for each in listeners if each.inode in held]

    # ---- limits

    @cached_property
    def limits(self) -> limits.Limits:
        """What its control groups, and those above, really hold it to.

        Raises:
            EvidenceError: it does not run, or the control groups could not be read.
        """
        return limits.read(self.main.cgroups, self.all.proc.lines)


class AllContainers:
    """All containers of a target, and what their properties look things up in."""

    def __init__(self, facts: "Facts") -> None:
        self.facts = facts
        text = _complete(facts)
        described, _, rest = text.partition("\n--proc\n")
        proc, _, paths = rest.partition("\n--paths")
        self.proc = ProcFiles.parse(proc)
        self._paths = dict(
            line.removeprefix("real ").partition("\t")[::2] for line in paths.split("\n") if line.startswith("real ")
        )
        self._volumes = {each["Name"]: each for each in _documents(described, "volume")}
        self.containers = tuple(Container(each, self) for each in _documents(described, "container"))
        _require_all(facts, described, self.containers)

    def find(self, identifier: str) -> Container:
        """The container with this id or name.

        Raises:
            EvidenceError: there is none.
        """
        for container in self.containers:
            if identifier in (container.id, container.name):
                return container
        raise EvidenceError(f"the container {identifier}, whose namespace it joined, is not there")

    def real_paths(self, source: str) -> frozenset[str]:
        """Where *source* leads on the host, without symbolic links.

        Raises:
            EvidenceError: it could not be followed.
        """
        if source not in self._paths:
            raise EvidenceError(f"the source {source} could not be followed: it does not exist, or may not be seen")
        return frozenset({self._paths[source]})

    def volume_paths(self, mount: Mapping[str, Any]) -> frozenset[str]:
        """Where the data of a volume lies: its own folder, or the device or folders that its options name.

        Raises:
            EvidenceError: the engine does not know the volume.
        """
        volume = self._volumes.get(mount["Name"])
        if volume is None:
            raise EvidenceError(f"the engine does not describe the volume {mount['Name']}")
        options = volume.get("Options") or {}
        paths = {part.partition("=")[2] for part in options.get("o", "").split(",") if "dir=" in part}
        folders = {folder for path in paths for folder in path.split(":") if folder.startswith("/")}
        device = options.get("device", "")
        if device.startswith("/") and not device.startswith(("//", "/dev/")):
            folders |= self.real_paths(device)
        elif device.startswith("/dev/"):
            folders.add(device)
        return frozenset(folders or {str(mount["Source"])})


def _documents(text: str, word: str) -> list[dict[str, Any]]:
    try:
        return [json.loads(line.partition(" ")[2]) for line in text.split("\n") if line.startswith(word + " ")]
    except ValueError:
        raise EvidenceError(f"docker inspect: the description of a {word} is not JSON, or is cut off") from None


def _complete(facts: "Facts") -> str:
    """The answer of the probe, also where a container ended between the list and the description."""
    answer = facts.recording.answer(DOCKER_CONTAINERS)
    if answer.status != 0 and "No such" not in answer.stderr:
        return facts.recording.text(DOCKER_CONTAINERS)  # raises, with the reason
    return answer.stdout


def _require_all(facts: "Facts", described: str, containers: tuple[Container, ...]) -> None:
    """Raise EvidenceError where a listed container is neither described nor said to be gone."""
    listed = set(re.findall(r"^[0-9a-f]{64}$", described, re.MULTILINE))
    missing = listed - {container.id for container in containers}
    gone = facts.recording.answer(DOCKER_CONTAINERS).stderr
    unexplained = sorted(each for each in missing if each not in gone)
    if unexplained:
        raise EvidenceError(f"the engine lists the container {unexplained[0][:12]} but does not describe it")


EVIDENCE = (DOCKER_CONTAINERS, PROCESSES)
PROBES = (DOCKER_CONTAINERS,)


def from_engine(facts: "Facts") -> Subjects[Container]:
    """All containers that the engine knows, stopped ones too.

    Raises:
        EvidenceError: they could not be listed.
    """
    found = AllContainers(facts).containers
    named = sorted(((container.name, container) for container in found), key=lambda each: each[0])
    return Subjects("container", tuple(named), nothing="the engine has no container")
