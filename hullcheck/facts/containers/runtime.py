"""How a container runs: its processes, namespaces, powers and limits, as the kernel shows them."""

import json
from functools import cached_property

from hullcheck.facts.containers.configuration import Described
from hullcheck.facts.host import ssh_servers as ssh
from hullcheck.facts.host.processes import Process
from hullcheck.parsing import capabilities, cgroups
from hullcheck.parsing.go import go_boolean
from hullcheck.verdicts import EvidenceError

_SHIMS = ("containerd-shim", "conmon")
"""What stands over each container, and takes over what is left of `docker exec`."""
_REPORTED = {
    "memory": "MemoryLimit",
    "processes": "PidsLimit",
    "cpus": "CpuCfsQuota",
    "cpu_weight": "CPUShares",
}
"""What `docker info` says of the control groups behind each limit."""


class Running(Described):
    """What is true of a container while it runs; of one that does not, what it will be as far as that is
    known."""

    # ---- processes

    @cached_property
    def main(self) -> Process:
        """Its main process.

        Raises:
            EvidenceError: /proc here does not show it, or shows another process under its number: the engine
                runs on another machine, or the container was started anew meanwhile.
        """
        pid = int(self.description["Pid"])
        process = self.all.surroundings.processes().process(pid)
        mounts = self.all.proc.lines.get(
            f"{pid}/mountinfo", ()
        )  # where control groups do not name it: rootless
        named = process.container_ids or {self.id for line in mounts if self.id in line}
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
        """All processes in it: those of `docker exec` too, and those of containers in it.

        They are told by their control group, by who started them, and by its PID namespace where nobody shares
        that: a process with power over control groups can leave its own.

        Raises:
            EvidenceError: they cannot be told from others: no control group and no PID namespace of its own.
        """
        main = self.main
        seen = self.all.surroundings.processes()
        found = {process.pid: process for process in seen.by_cgroup_id.get(self.id, ())}
        shared = self._shares_pid_namespace(main)
        if shared and main.pid not in found:
            raise EvidenceError(
                "its processes cannot be told from those of others: it has no control group of its own"
            )
        more = [*seen.family((main, *self._brought_by_shim))]
        if not shared:
            more += seen.by_pid_namespace.get(main.pid_namespace, ())
        others = self.all.ids - {self.id}
        found |= {process.pid: process for process in more if others.isdisjoint(process.container_ids)}
        return tuple(found.values())

    @property
    def _brought_by_shim(self) -> tuple[Process, ...]:
        """What the main process's parent started beside it for `docker exec`, without runc, its tool."""
        seen = self.all.surroundings.processes()
        shim = seen.by_pid.get(self.main.parent)
        if shim is None or not shim.name.startswith(_SHIMS):
            return ()
        return tuple(each for each in seen.children(shim.pid) if not each.name.startswith("runc"))

    def _shares_pid_namespace(self, main: Process) -> bool:
        """Whether others may be in its PID namespace, as far as that can be told."""
        if self.setting("PidMode") or main.pid_namespace is None:
            return True
        try:
            return main.pid_namespace == self.all.surroundings.daemon().namespaces.get(
                "pid", main.pid_namespace
            )
        except EvidenceError:
            return True

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers that run in it, by their process names; of one that does not run, those that its
        command names."""
        if self.running:
            return ssh.ssh_servers(self.processes)
        program = str(self.description["Program"]).rpartition("/")[2]
        named = {program, *(self.description.get("Arguments") or ())}
        return tuple(sorted(named & ssh.SERVERS))

    # ---- processes of docker exec

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

    # ---- namespaces

    def namespace(self, kind: str) -> str:
        """The link of a namespace of the main process: `net:[4026531840]`.

        Raises:
            EvidenceError: the auditor may not read it.
        """
        links = self.all.proc.links.get(self.main.pid, {})
        if kind not in links:
            raise EvidenceError(
                f"the {kind} namespace of process {self.main.pid} could not be read; are you root?"
            )
        return links[kind]

    def shares_with_host(self, kind: str) -> bool:
        """Whether it runs in the namespace in which the daemon runs.

        Raises:
            EvidenceError: one of the two could not be read.
        """
        host = self.all.surroundings.daemon().namespaces
        if kind not in host:
            raise EvidenceError(f"the {kind} namespace of the daemon could not be read; are you root?")
        return self.namespace(kind) == host[kind]

    def shares(self, setting: str, kind: str) -> bool:
        """Whether it shares a namespace with the host, or will once it runs.

        Args:
            setting: the field of HostConfig that says so, as "PidMode"; it may prove a yes without the
                running state.
            kind: the namespace's name in /proc/PID/ns.

        Raises:
            EvidenceError: it runs, and its namespace could not be compared with the daemon's; or the
                container that it joined is not there.
        """
        if self.setting(setting) == "host":
            return True
        other = self.joined(setting)
        if other is not None and other.setting(setting) == "host":
            return True
        if self.running:
            return self.shares_with_host(kind)
        return other is not None and other.shares(setting, kind)

    # ---- powers

    @property
    def security_label(self) -> str:
        """What the kernel's security module says of the main process: `docker-default (enforce)`, an SELinux
        label.

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
        if self.privileged or not self.security_options_allow_seccomp:
            return 0
        profile = self.all.surroundings.daemon().seccomp_profile
        own = profile and "seccomp" in self.security_options
        return 2 if own or profile not in ("", "unconfined") else 0

    @property
    def seccomp_default_action(self) -> str | None:
        """What its profile does with a system call that it does not list: `SCMP_ACT_ERRNO`, ...

        Raises:
            EvidenceError: the profile could not be read.
        """
        option = self.security_options.get("seccomp", "")
        if option.lstrip().startswith("{"):
            return _default_action(option)
        if option == "builtin":
            return "SCMP_ACT_ERRNO"
        return self.all.surroundings.daemon().seccomp_default_action

    @property
    def no_new_privileges(self) -> bool:
        """Whether its main process can gain no privileges; of one that does not run, what was settled for it.

        Raises:
            EvidenceError: it does not run, and the daemon's default at the time of its creation is not known.
        """
        if self.running:
            return self.main.no_new_privileges
        option = self.security_options.get("no-new-privileges")
        if option is not None:
            return go_boolean(option)
        stored = self.all.stored_no_new_privileges(self.id)
        if stored is not None:
            return stored
        if self.all.surroundings.engine().no_new_privileges is not False:
            raise EvidenceError("it does not run, and the daemon's default when it was created is not known")
        return False

    # ---- limits

    def limit(self, name: str) -> float | None:
        """What its control groups, and those above, really hold it to; None where nothing does.

        A number of processes that systemd gives to every unit does not count: nobody chose it for a container.

        Args:
            name: `memory` in bytes, `processes`, `cpus` as processors' worth of time, or `cpu_weight`, which
                is 1 where its own share of the processor time differs from the default.

        Raises:
            EvidenceError: it does not run, or its control groups could not be read.
        """
        main, engine = self.main, self.all.surroundings.engine()
        if engine.value("CgroupDriver") == "none" or not engine.value(_REPORTED[name]):
            return None
        by_systemd = engine.value("CgroupDriver") == "systemd" and not (self.setting("PidsLimit") or 0) > 0
        own = name != "processes" or not by_systemd
        return cgroups.read(name, main.cgroups, self.all.proc.lines, own=own)


def _default_action(profile: str) -> str:
    try:
        action = json.loads(profile).get("defaultAction")
    except (ValueError, AttributeError):
        action = None
    if not action:
        raise EvidenceError("its seccomp profile could not be read")
    return str(action)
