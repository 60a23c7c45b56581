"""The processes, namespaces and limits of a container, as the kernel shows them."""

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
    """The running state of a container, or the expected one of a stopped container."""

    container: "Container"

    @property
    def files(self) -> ContainerFiles:
        """The kernel files of the main processes of all containers."""
        return self.container.host.container_files.get()

    @cached_property
    def main_process(self) -> Process:
        """The main process, or EvidenceError if the process is not one of this container."""
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
        """Raise EvidenceError if the container runs and its main process cannot be seen."""
        if self.container.running:
            _ = self.main_process

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes, including those of `docker exec`, by control group and PID namespace."""
        main, seen = self.main_process, self.container.host.processes.get()
        if self.container.source.inside:  # what else is seen may be the auditor's, who has other rights
            return (main,)
        found = {each.pid: each for each in seen.by_cgroup_id.get(self.container.id, ())}
        if main.pid_namespace and self.container.host_config.pid_mode in ("", "private"):
            same = seen.by_pid_namespace[main.pid_namespace]  # rootless: control groups name no container
            found |= {each.pid: each for each in same if not each.container_ids}
        if main.pid not in found:
            raise EvidenceError("its processes are unknown: it has no control group of its own")
        return tuple(x for x in found.values() if x is main or not x.is_runtime)  # that is starting one

    @property
    def with_auditors(self) -> tuple[Process, ...]:
        """All processes; from inside also those next to process 1, such as the auditor's."""
        if not self.container.source.inside:
            return self.processes
        return (self.main_process, *self.container.host.processes.get().by_pid.values())

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that run, or those in the command of a stopped container."""
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
        """Root's processes that a main process without root did not start: from `docker exec`."""
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
        """The uid on the host of root in the container."""
        if self.container.source.inside:
            return 0
        for line in self.files.file(self.main_process.pid, "uid_map"):
            words = line.split()
            if len(words) == 3 and words[0] == "0" and words[1].isdecimal():
                return int(words[1])
        raise EvidenceError(f"/proc/{self.main_process.pid}/uid_map is damaged: it has no root")

    def shares_host(self, namespace: Namespace) -> bool:
        """Return whether the container shares this namespace of the host, now or once started."""
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
        """Return whether the main process is in this namespace of the daemon."""
        host = self.container.host.namespaces
        if kind not in host:
            raise EvidenceError(unread(f"the {kind} namespace of the daemon"))
        return self.namespace(kind) == host[kind]

    def namespace(self, kind: Namespace | Literal["user"]) -> str:
        """Return the link of a namespace of the main process, as `net:[4026531840]`."""
        pid = self.main_process.pid
        if kind not in self.files.links.get(pid, {}):
            raise EvidenceError(unread(f"the {kind} namespace of process {pid}"))
        return self.files.links[pid][kind]

    @property
    def peak_memory(self) -> int | None:
        """The most bytes at a time, or those of now without a peak; None if not counted."""
        return self._peak("memory")

    @property
    def peak_pids(self) -> int | None:
        """The most processes and threads, likewise."""
        return self._peak("pids")

    def _peak(self, controller: str) -> int | None:
        if self.container.source.inside or not self.container.running:
            return None
        return cgroups.peak(controller, self.main_process.cgroups, self.files.lines, self.container.id)

    @property
    def on_default_bridge(self) -> bool:
        """Whether the container is attached to the default bridge, now or once started."""
        is_docker = self.container.planned or self.container.host.engine.get().is_docker
        owner = self.joined("network_mode") or self.container
        return ("bridge" if is_docker else "podman") in owner.networks


_OF_INFO = {"memory": "memory_limit", "processes": "pids_limit", "cpus": "cpu_cfs_quota", "cpu_weight": "cpu_shares"}
"""The field of `docker info` for the control group behind each limit."""


class Limits(Struct, frozen=True):
    """The limits of a container: by control groups if running, else by configuration."""

    container: "Container"

    @property
    def memory(self) -> float | None:
        """The memory limit in bytes, or None."""
        return self._limit("memory", self.container.host_config.memory or None)

    @property
    def processes(self) -> float | None:
        """The limit of processes, or None. systemd's default for every unit does not count."""
        return self._limit("processes", self.container.pids_limit or None)

    @property
    def cpus(self) -> float | None:
        """The limit of processors, or None."""
        return self._limit("cpus", self.container.cpus)

    @property
    def has_cpu_share(self) -> bool:
        """Whether a CPU share other than the default is set, and in force while running."""
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
