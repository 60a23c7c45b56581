"""How a container runs: its processes, namespaces and limits, as the kernel shows them."""

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Literal

from msgspec import Struct

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.proc import ContainerFiles
from hullcheck.facts.host.processes import Process, like_ssh_servers, ssh_servers
from hullcheck.parsing.proc import cgroups
from hullcheck.parsing.values import api_port
from hullcheck.verdicts import EvidenceError, unread

Namespace = Literal["ipc", "net", "pid", "uts"]
_MODES = {"ipc": "ipc_mode", "net": "network_mode", "pid": "pid_mode", "uts": "uts_mode"}


class Runtime(Struct, frozen=True, dict=True):
    """How a container runs, or will as far as that is known.

    What cannot be read raises EvidenceError: a pass needs the running state.

    Attributes:
        ids: the ids of all containers.
        find: finds another container by its id or name, or raises EvidenceError.
    """

    container: Configuration
    ids: Collection[str]
    find: Callable[[str], "Runtime"]

    @property
    def files(self) -> ContainerFiles:
        """What the kernel shows of the main processes of all containers."""
        return self.container.host.container_files.get()

    # ---- processes

    @cached_property
    def main_process(self) -> Process:
        """Its main process, unless the engine runs on another machine, or the container was restarted meanwhile."""
        pid = self.container.state.pid
        process = self.container.host.processes.get().process(pid)
        if self.container.source.inside:
            return process
        identifier, named = self.container.inspect.id, process.container_ids
        if not named:  # rootless: control groups do not name it
            mounts = self.files.lines.get(f"{pid}/mountinfo", ())
            named = frozenset({identifier for line in mounts if identifier in line})
        if identifier not in named:
            raise EvidenceError(f"process {pid} here is not a process of this container")
        return process

    def require_running_state(self) -> None:
        """Raise EvidenceError if it runs, and its main process cannot be seen."""
        if self.container.running:
            _ = self.main_process

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes in it, with those of `docker exec`: by its control group, and its own PID namespace.

        The runtime that is starting one, as for a health check, does not count.
        """
        main, seen = self.main_process, self.container.host.processes.get()
        if self.container.source.inside:  # what else is seen may be the auditor's, who has other rights
            return (main,)
        found = {each.pid: each for each in seen.by_cgroup_id.get(self.container.inspect.id, ())}
        if not self._shares_pid_namespace(main):
            same = seen.by_pid_namespace.get(main.pid_namespace, ())  # others may have joined it
            found |= {each.pid: each for each in same if each.container_ids.isdisjoint(self.ids)}
        if main.pid not in found:
            raise EvidenceError(
                "its processes cannot be told from those of others: it has no control group of its own"
            )
        return tuple(each for each in found.values() if each is main or not each.is_runtime)

    @property
    def with_auditors(self) -> tuple[Process, ...]:
        """The same, and from inside also what is executed beside process 1, by the auditor too."""
        if not self.container.source.inside:
            return self.processes
        return (self.main_process, *self.container.host.processes.get().by_pid.values())

    def _shares_pid_namespace(self, main: Process) -> bool:
        """Whether others may be in its PID namespace; true where that is unknown."""
        if self.container.host_config.pid_mode or main.pid_namespace is None:
            return True
        try:
            return main.pid_namespace == self.container.host.namespaces.get("pid", main.pid_namespace)
        except EvidenceError:
            return True

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that run in it, or that its command names if it does not run."""
        if self.container.running:
            return ssh_servers(self.with_auditors)
        return tuple(sorted(self.container.inspect.args))

    @property
    def like_ssh_servers(self) -> tuple[str, ...]:
        """The processes in it that may be SSH servers, by a name like one."""
        return like_ssh_servers(self.with_auditors) if self.container.running else ()

    @property
    def opens_ssh_port(self) -> bool:
        """Whether it names port 22."""
        if self.container.source.inside:
            return False
        exposed, published = (
            self.container.config.exposed_ports,
            self.container.inspect.network_settings.ports,
        )
        ports = (*(exposed or ()), *(published or ()), *(self.container.host_config.port_bindings or ()))
        return ("22", "tcp") in map(api_port, ports)

    @property
    def exec_processes(self) -> tuple[Process, ...]:
        """The processes of `docker exec`: all that its main process did not start."""
        main, own = self.main_process, {process.pid: process for process in self.processes}

        def is_below_main(process: Process) -> bool:
            while process.pid != main.pid and process.parent in own:
                process = own[process.parent]
            return process.pid == main.pid

        return tuple(process for process in own.values() if not is_below_main(process))

    @property
    def root_exec_processes(self) -> tuple[Process, ...]:
        """Processes of `docker exec` that are root in it, where its main process is not.

        One that was left behind below the main process counts if nothing else can have become root.
        """
        if self.root_uid in self.main_process.uids:
            return ()
        confined = self.main_process.no_new_privileges and self.container.user.strip("0") not in ("", "root")
        seen = self.processes if confined else self.exec_processes
        return tuple(each for each in seen if self.root_uid in each.uids)

    @cached_property
    def root_uid(self) -> int:
        """The uid of root in its user namespace, as the audit sees it: every engine maps one."""
        if self.container.source.inside:
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

    def shares_host(self, namespace: Namespace) -> bool:
        """Return whether it is in this namespace of the host, or will be once it runs.

        Its mode may prove a yes without the running state.
        """
        mode = _MODES[namespace]
        if getattr(self.container.host_config, mode) == "host":
            return True
        shown = self.container.running and namespace in self.files.links.get(self.container.state.pid, ())
        other = None if shown else self.joined(mode)  # one that runs may have outlived it
        if other is not None and getattr(other.container.host_config, mode) == "host":
            return True
        if self.container.running:
            return self.runs_in_host(namespace)
        return other is not None and other.shares_host(namespace)

    def joined(self, mode: str) -> "Runtime | None":
        """Return the container at the end of the chain of `container:ID`, or None."""
        end: Runtime | None = None
        for _ in self.ids:  # no chain is longer than that
            setting: str = getattr((end or self).container.host_config, mode)
            if not setting.startswith("container:"):
                return end
            end = self.find(setting.partition(":")[2])
        raise EvidenceError(f"it joined containers that joined each other ({mode.title().replace('_', '')})")

    def runs_in_host(self, kind: Namespace | Literal["user"]) -> bool:
        """Return whether its main process is in this namespace of the daemon."""
        host = self.container.host.namespaces
        if kind not in host:
            raise EvidenceError(unread(f"the {kind} namespace of the daemon"))
        return self.namespace(kind) == host[kind]

    def namespace(self, kind: Namespace | Literal["user"]) -> str:
        """Return the link of a namespace of its main process: `net:[4026531840]`."""
        pid = self.main_process.pid
        if kind not in self.files.links.get(pid, {}):
            raise EvidenceError(unread(f"the {kind} namespace of process {pid}"))
        return self.files.links[pid][kind]

    @property
    def on_default_bridge(self) -> bool:
        """Whether it is attached to the default bridge, or will be once it runs.

        Its networks say so, and not its network mode, which stays `bridge` after `docker network disconnect`.
        """
        planned, host = self.container.planned, self.container.host
        default = "bridge" if planned or host.engine.get().is_docker else "podman"
        ids = {each.id for each in host.networks.get() if each.name == default}
        owner = (self.joined("network_mode") or self).container
        unnamed = owner.inspect.network_settings.networks is None
        if unnamed and owner.host_config.network_mode in ("", "default", "bridge"):
            raise owner.source.missing("NetworkSettings.Networks")
        attached = {*owner.networks, *owner.networks.values()}
        return (planned or bool(ids)) and not attached.isdisjoint({default, *ids})


_REPORTED = {
    "memory": "memory_limit",
    "processes": "pids_limit",
    "cpus": "cpu_cfs_quota",
    "cpu_weight": "cpu_shares",
}
"""What `docker info` says of the control groups behind each limit."""


class Limits(Struct, frozen=True):
    """What a container may use; if it runs, by its control groups and those above, else by its configuration."""

    container: Configuration
    runtime: Runtime

    @property
    def memory(self) -> float | None:
        """The bytes of memory that it may use, or None without a limit."""
        return self._limit("memory", self.container.host_config.memory or None)

    @property
    def processes(self) -> float | None:
        """The processes that it may have, or None without a limit.

        A number that systemd gives to every unit does not count: nobody chose it for a container.
        """
        return self._limit("processes", self.container.pids_limit or None)

    @property
    def cpus(self) -> float | None:
        """The processors that it may use, or None without a limit."""
        return self._limit("cpus", self.container.cpus)

    @property
    def has_cpu_share(self) -> bool:
        """Whether a CPU share other than the default is set, and in force if it runs."""
        return self.container.has_cpu_share and self._limit("cpu_weight", 1) is not None

    def _limit(self, name: str, configured: float | None) -> float | None:
        if not self.container.running:
            return configured
        main, info = self.runtime.main_process, self.container.host.engine.get().info
        if info.cgroup_driver == "none" or not getattr(info, _REPORTED[name]):
            return None
        by_systemd = info.cgroup_driver == "systemd" and not self.container.pids_limit
        own = name != "processes" or not by_systemd
        return cgroups.read(name, main.cgroups, self.runtime.files.lines, own=own)
