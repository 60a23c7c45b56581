"""How a container runs: its processes, namespaces and limits, as the kernel shows them."""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from hullcheck.facts.containers.probe import ContainerFiles
from hullcheck.facts.host.processes import Process, ssh_servers
from hullcheck.parsing.proc import cgroups
from hullcheck.parsing.values import api_port
from hullcheck.verdicts import EvidenceError, unread

if TYPE_CHECKING:
    from hullcheck.facts.containers import Container

Namespace = Literal["ipc", "net", "pid", "uts"]
_MODES = {"ipc": "ipc_mode", "net": "network_mode", "pid": "pid_mode", "uts": "uts_mode"}


class Runtime(Struct, frozen=True, dict=True):
    """How a container runs, or will as far as that is known; a pass needs the running state."""

    container: "Container"

    @property
    def files(self) -> ContainerFiles:
        """What the kernel shows of the main processes of all containers."""
        return self.container.host.container_files.get()

    @cached_property
    def main_process(self) -> Process:
        """Its main process, unless the engine runs on another machine, or the container was restarted meanwhile."""
        pid = self.container.state.pid
        process = self.container.host.processes.get().process(pid)
        if self.container.source.inside:
            return process
        named = self.container.id in process.container_ids
        if not process.container_ids:  # rootless: control groups do not name it
            mounts = self.files.lines.get(f"{pid}/mountinfo", ())
            named = any(self.container.id in line for line in mounts)
        if not named:
            raise EvidenceError(f"process {pid} here is not a process of this container")
        return process

    def require_running_state(self) -> None:
        """Raise EvidenceError if it runs, and its main process cannot be seen."""
        if self.container.running:
            _ = self.main_process

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes in it, with those of `docker exec`: by its control group, and its own PID namespace."""
        main, seen = self.main_process, self.container.host.processes.get()
        if self.container.source.inside:  # what else is seen may be the auditor's, who has other rights
            return (main,)
        found = {each.pid: each for each in seen.by_cgroup_id.get(self.container.id, ())}
        if main.pid_namespace and self.container.host_config.pid_mode in ("", "private"):
            same = seen.by_pid_namespace[main.pid_namespace]  # rootless: control groups name no container
            found |= {each.pid: each for each in same if not each.container_ids}
        if main.pid not in found:
            raise EvidenceError("its processes cannot be told from those of others: it has no control group of its own")
        return tuple(x for x in found.values() if x is main or not x.is_runtime)  # that is starting one

    @property
    def with_auditors(self) -> tuple[Process, ...]:
        """The same, and from inside also what is executed beside process 1, by the auditor too."""
        if not self.container.source.inside:
            return self.processes
        return (self.main_process, *self.container.host.processes.get().by_pid.values())

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that run in it, or that its command names if it does not run."""
        if self.container.running:
            return ssh_servers(self.with_auditors)
        return tuple(sorted(self.container.inspect.args))

    @property
    def opens_ssh_port(self) -> bool:
        if self.container.source.inside:
            return False
        exposed, bound = self.container.config.exposed_ports, self.container.host_config.port_bindings
        ports = (*(exposed or ()), *(self.container.inspect.network_settings.ports or ()), *(bound or ()))
        return ("22", "tcp") in map(api_port, ports)

    @property
    def root_exec_processes(self) -> tuple[Process, ...]:
        """Processes of root in it that its main process, which is not root, did not start: of `docker exec`."""
        # then nothing else can have become root, and one that was left behind below the main process counts, too
        confined = self.main_process.no_new_privileges and self.container.user.strip("0") not in ("", "root")
        main, own = self.main_process, {process.pid: process for process in self.processes}

        if self.root_uid in main.uids:
            return ()
        below, children = set[int](), {main.pid}
        while children:
            below |= children
            children = {each.pid for each in own.values() if each.parent in children} - below
        return tuple(x for x in own.values() if self.root_uid in x.uids and (confined or x.pid not in below))

    @cached_property
    def root_uid(self) -> int:
        """The uid of root in its user namespace, as the audit sees it: every engine maps one."""
        if self.container.source.inside:
            return 0
        for line in self.files.file(self.main_process.pid, "uid_map"):
            words = line.split()
            if len(words) == 3 and words[0] == "0" and words[1].isdecimal():
                return int(words[1])
        raise EvidenceError(f"/proc/{self.main_process.pid}/uid_map is damaged: it has no root")

    def shares_host(self, namespace: Namespace) -> bool:
        """Return whether it is in this namespace of the host, or will be once it runs."""
        mode = _MODES[namespace]
        if getattr(self.container.host_config, mode) == "host":
            return True
        if self.container.running:
            return self.runs_in_host(namespace)
        joined = self.joined(mode)
        return joined is not None and joined.runtime.shares_host(namespace)

    def joined(self, mode: str) -> "Container | None":
        """Return the container at the end of the chain of `container:ID`, or None."""
        setting: str = getattr(self.container.host_config, mode)
        if not setting.startswith("container:"):
            return None
        found = self.container.find(setting.removeprefix("container:"))
        return found.runtime.joined(mode) or found

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
        """Whether it is attached to the default bridge, or will be; its network mode says so even after it left."""
        is_docker = self.container.planned or self.container.host.engine.get().is_docker
        owner = self.joined("network_mode") or self.container
        return ("bridge" if is_docker else "podman") in owner.networks


_OF_INFO = {"memory": "memory_limit", "processes": "pids_limit", "cpus": "cpu_cfs_quota", "cpu_weight": "cpu_shares"}
"""What `docker info` says of the control groups behind each limit."""


class Limits(Struct, frozen=True):
    """What a container may use; if it runs, by its control groups and those above, else by its configuration."""

    container: "Container"

    @property
    def memory(self) -> float | None:
        """The bytes of memory that it may use, or None without a limit."""
        return self._limit("memory", self.container.host_config.memory or None)

    @property
    def processes(self) -> float | None:
        """The processes that it may have, or None without a limit, or with that of systemd for every unit."""
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
        runtime, info = self.container.runtime, self.container.host.engine.get().info
        main = runtime.main_process
        if info.cgroup_driver == "none" or not getattr(info, _OF_INFO[name]):
            return None
        by_systemd = info.cgroup_driver == "systemd" and not self.container.pids_limit
        own = name != "processes" or not by_systemd
        return cgroups.read(name, main.cgroups, runtime.files.lines, own=own)
