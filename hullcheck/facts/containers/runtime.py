"""How a container runs: its processes and namespaces, as the kernel shows them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.proc import ContainerFiles
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.host import ssh_servers as ssh
from hullcheck.facts.host.processes import Process
from hullcheck.parsing.addresses import api_port
from hullcheck.parsing.proc import cgroups
from hullcheck.verdicts import EvidenceError, unread

_SHIMS = ("containerd-shim", "conmon")
"""What stands over each container, and takes over what is left of `docker exec`."""


@dataclass(frozen=True)
class Runtime:
    """How a container runs, or will run as far as that is known.

    Attributes:
        ids: the ids of all containers.
        find: finds another container by its id or name, or raises EvidenceError.
    """

    configuration: Configuration
    ids: Collection[str] = field(repr=False)
    find: Callable[[str], "Runtime"] = field(repr=False)

    @property
    def surroundings(self) -> Surroundings:
        """What the container looks up beside itself."""
        return self.configuration.surroundings

    @property
    def files(self) -> ContainerFiles:
        """What the kernel shows of the main processes of all containers."""
        return self.surroundings.container_files.get()

    # ---- processes

    @cached_property
    def main_process(self) -> Process:
        """Its main process.

        Raises:
            EvidenceError: /proc here does not show it, or shows another process under its number: the engine
                runs on another machine, or the container was restarted meanwhile.
        """
        pid = self.configuration.inspect.state.pid
        process = self.surroundings.processes.get().process(pid)
        if self.configuration.source.inside:
            return process
        identifier, named = self.configuration.inspect.id, process.container_ids
        if not named:  # rootless: control groups do not name it
            mounts = self.files.lines.get(f"{pid}/mountinfo", ())
            named = frozenset({identifier for line in mounts if identifier in line})
        if identifier not in named:
            raise EvidenceError(f"process {pid} here is not a process of this container")
        return process

    def require_running_state(self) -> None:
        """Require that its main process can be seen if it runs: a pass needs the running state.

        Raises:
            EvidenceError: it runs, and /proc here does not show it.
        """
        if self.configuration.running:
            _ = self.main_process

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes in it, with those of `docker exec` and of containers inside it.

        They are told by their control group, by who started them, and by its PID namespace where nobody shares
        that: a process with power over control groups can leave its own. The runtime that is starting one, as for a
        health check, is none yet.

        Raises:
            EvidenceError: it has neither a control group nor a PID namespace of its own.
        """
        main = self.main_process
        seen = self.surroundings.processes.get()
        if self.configuration.source.inside:  # what else is seen may be the auditor's, who has other rights
            return (main,)
        own = self.configuration.inspect.id
        found = {process.pid: process for process in seen.by_cgroup_id.get(own, ())}
        shared = self._shares_pid_namespace(main)
        if shared and main.pid not in found:
            raise EvidenceError(
                "its processes cannot be told from those of others: it has no control group of its own"
            )
        more = [*seen.family((main, *self._brought_by_shim))]
        if not shared:
            more += seen.by_pid_namespace.get(main.pid_namespace, ())
        others = frozenset(self.ids) - {own}
        found |= {process.pid: process for process in more if others.isdisjoint(process.container_ids)}
        return tuple(each for each in found.values() if each is main or not each.is_runtime)

    @property
    def with_auditors(self) -> tuple[Process, ...]:
        """The same, and from inside also what is executed beside process 1, by the auditor too."""
        if not self.configuration.source.inside:
            return self.processes
        return (self.main_process, *self.surroundings.processes.get().by_pid.values())

    @property
    def _brought_by_shim(self) -> tuple[Process, ...]:
        """What its shim started for `docker exec`, without runc, the tool of the shim."""
        seen = self.surroundings.processes.get()
        shim = seen.by_pid.get(self.main_process.parent)
        if shim is None or not shim.name.startswith(_SHIMS):
            return ()
        return tuple(each for each in seen.children(shim.pid) if not each.name.startswith("runc"))

    def _shares_pid_namespace(self, main: Process) -> bool:
        """Whether others may be in its PID namespace; true where that is unknown."""
        if self.configuration.host_config.pid_mode or main.pid_namespace is None:
            return True
        try:
            host = self.surroundings.host_side.get().namespaces
            return main.pid_namespace == host.get("pid", main.pid_namespace)
        except EvidenceError:
            return True

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that run in it, or that its command names where it does not run."""
        if self.configuration.running:
            return ssh.ssh_servers(self.with_auditors)
        return tuple(sorted(self.configuration.command & ssh.SERVERS))

    @property
    def like_ssh_servers(self) -> tuple[str, ...]:
        """The processes in it that may be SSH servers, by a name like one."""
        return ssh.like_ssh_servers(self.with_auditors) if self.configuration.running else ()

    @property
    def opens_ssh_port(self) -> bool:
        """Whether it names port 22."""
        asked = self.configuration
        if asked.source.inside:
            return False
        known = asked.inspect
        ports = (known.config.exposed_ports, known.network_settings.ports, asked.host_config.port_bindings)
        return ("22", "tcp") in {api_port(name) for each in ports for name in each or ()}

    # ---- processes of docker exec

    @property
    def exec_processes(self) -> tuple[Process, ...]:
        """The processes of `docker exec`: all that its main process did not start.

        Raises:
            EvidenceError: its processes could not be read.
        """
        own = {process.pid: process for process in self.processes}

        def top(process: Process) -> Process:
            while process.pid != self.main_process.pid and process.parent in own:
                process = own[process.parent]
            return process

        return tuple(process for process in own.values() if top(process).pid != self.main_process.pid)

    @property
    def root_exec_processes(self) -> tuple[Process, ...]:
        """Processes of `docker exec` that are root in it, where its main process is not.

        One that was left behind there counts where nothing else can have become root: it was created for another
        user, and gains no privileges.
        """
        if self.root_uid in self.main_process.uids:
            return ()
        user = self.configuration.user
        stays = self.main_process.no_new_privileges and user.strip("0") not in ("", "root")
        seen = self.processes if stays else self.exec_processes
        return tuple(each for each in seen if self.root_uid in each.uids)

    @cached_property
    def root_uid(self) -> int:
        """The uid of root in its user namespace, as the audit sees it: every engine maps one.

        Raises:
            EvidenceError: the map could not be read, or has none.
        """
        if self.configuration.source.inside:
            return 0
        for line in self.files.file(self.main_process.pid, "uid_map"):
            words = line.split()
            if len(words) != 3 or not all(map(str.isdecimal, words)):
                raise EvidenceError(f"/proc/{self.main_process.pid}/uid_map is damaged")
            inside, outside, count = map(int, words)
            if inside <= 0 < inside + count:
                return outside - inside
        raise EvidenceError(f"/proc/{self.main_process.pid}/uid_map is damaged: it has no root")

    # ---- namespaces and networks

    @property
    def shares_host_network(self) -> bool:
        """Whether it is in the network namespace of the host, or will be once it runs.

        Raises:
            EvidenceError: it runs, and its namespace could not be compared with the daemon's; or the container
                whose namespace it joined is not there.
        """
        return self._shares("network_mode", "net")

    @property
    def shares_host_processes(self) -> bool:
        """Whether it is in the PID namespace of the host; raises as `shares_host_network`."""
        return self._shares("pid_mode", "pid")

    @property
    def shares_host_ipc(self) -> bool:
        """Whether it is in the IPC namespace of the host; raises as `shares_host_network`."""
        return self._shares("ipc_mode", "ipc")

    @property
    def shares_host_uts(self) -> bool:
        """Whether it is in the UTS namespace of the host; raises as `shares_host_network`."""
        return self._shares("uts_mode", "uts")

    @property
    def shares_host_users(self) -> bool:
        """Whether it runs in the user namespace of the daemon.

        Raises:
            EvidenceError: one of the two could not be read.
        """
        return self._runs_in_host_namespace("user")

    def _shares(self, setting: str, kind: str) -> bool:
        """Whether it shares a namespace; its setting may prove a yes without the running state.

        Args:
            kind: the namespace's name in /proc/PID/ns.
        """
        asked = self.configuration
        if getattr(asked.host_config, setting) == "host":
            return True
        shown = asked.running and kind in self.files.links.get(asked.inspect.state.pid, ())
        other = None if shown else self.joined(setting)  # one that runs may have outlived it
        if other is not None and getattr(other.configuration.host_config, setting) == "host":
            return True
        if self.configuration.running:
            return self._runs_in_host_namespace(kind)
        return other is not None and other._shares(setting, kind)

    def joined(self, setting: str) -> "Runtime | None":
        """The container at the end of the chain of `container:ID`, or None.

        Raises:
            EvidenceError: that container is not there, or there is no end.
        """
        end: Runtime | None = None
        for _ in self.ids:  # no chain is longer than that
            mode: str = getattr((end or self).configuration.host_config, setting)
            if not mode.startswith("container:"):
                return end
            end = self.find(mode.partition(":")[2])
        raise EvidenceError(
            f"it joined containers that joined each other ({setting.title().replace('_', '')})"
        )

    @property
    def on_default_bridge(self) -> bool:
        """Whether it is attached to the default bridge, or will be once it runs.

        Its networks say so, and not its network mode, which stays `bridge` after `docker network disconnect`.

        Raises:
            EvidenceError: the engine does not name its networks.
        """
        planned = self.configuration.source.planned
        default = "bridge" if planned or self.surroundings.engine.get().is_docker else "podman"
        ids = {each.id for each in self.surroundings.networks.get() if each.name == default}
        owner = (self.joined("network_mode") or self).configuration
        unnamed = owner.inspect.network_settings.networks is None
        if unnamed and owner.host_config.network_mode in ("", "default", "bridge"):
            raise owner.source.missing("NetworkSettings.Networks")
        return (planned or bool(ids)) and not {default, *ids}.isdisjoint(
            (*owner.networks, *owner.networks.values())
        )

    def _runs_in_host_namespace(self, kind: str) -> bool:
        host = self.surroundings.host_side.get().namespaces
        if kind not in host:
            raise EvidenceError(unread(f"the {kind} namespace of the daemon"))
        return self._namespace(kind) == host[kind]

    def _namespace(self, kind: str) -> str:
        """The link of a namespace of the main process: `net:[4026531840]`."""
        links = self.files.links.get(self.main_process.pid, {})
        if kind not in links:
            raise EvidenceError(unread(f"the {kind} namespace of process {self.main_process.pid}"))
        return links[kind]


_REPORTED = {
    "memory": "memory_limit",
    "processes": "pids_limit",
    "cpus": "cpu_cfs_quota",
    "cpu_weight": "cpu_shares",
}
"""What `docker info` says of the control groups behind each limit."""


@dataclass(frozen=True)
class Limits:
    """What a container may use, or will be allowed to as far as that is known."""

    configuration: Configuration
    runtime: Runtime

    @property
    def memory(self) -> float | None:
        """The bytes of memory that it may use, or None without a limit.

        Raises:
            EvidenceError: it runs, and its control groups could not be read.
        """
        return (
            self._limit("memory")
            if self.configuration.running
            else self.configuration.host_config.memory or None
        )

    @property
    def processes(self) -> float | None:
        """The processes that it may have, or None without a limit; raises as `memory`.

        A number that systemd gives to every unit does not count: nobody chose it for a container.
        """
        return (
            self._limit("processes") if self.configuration.running else self.configuration.processes or None
        )

    @property
    def cpus(self) -> float | None:
        """The processors that it may use, or None without a limit; raises as `memory`."""
        return self._limit("cpus") if self.configuration.running else self.configuration.cpus

    @property
    def has_cpu_share(self) -> bool:
        """Whether a CPU share other than the default is set, and in force if it runs; raises as `memory`."""
        wanted, running = self.configuration.has_cpu_share, self.configuration.running
        return wanted and (not running or self._limit("cpu_weight") is not None)

    def _limit(self, name: str) -> float | None:
        """Return the lowest limit of its control groups and those above, or None."""
        main, info = self.runtime.main_process, self.runtime.surroundings.engine.get().info
        if info.cgroup_driver == "none" or not getattr(info, _REPORTED[name]):
            return None
        by_systemd = info.cgroup_driver == "systemd" and not self.configuration.processes
        own = name != "processes" or not by_systemd
        return cgroups.read(name, main.cgroups, self.runtime.files.lines, own=own)
