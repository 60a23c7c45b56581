"""The limits of a container: what holds its processes, as their control groups show it."""

from dataclasses import dataclass, field

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.parsing.proc import cgroups
from hullcheck.verdicts import EvidenceError, unread

_REPORTED = {
    "memory": "MemoryLimit",
    "processes": "PidsLimit",
    "cpus": "CpuCfsQuota",
    "cpu_weight": "CPUShares",
}
"""What `docker info` says of the control groups behind each limit."""


@dataclass(frozen=True)
class Limits:
    """What a container may use, or will be allowed to as far as that is known."""

    configuration: Configuration
    runtime: Runtime
    surroundings: Surroundings = field(repr=False)

    def escape(self, *limits: str) -> str:
        """Which of its processes are outside of its control groups for these limits, in words; empty where none is.

        Whoever may write to control groups moves a process from one to another, and no limit of the container holds it
        any more. One that has ended and only waits to be asked for its status is shown outside by version 1, and left
        out here: it has no program, or is gone a moment later.

        Args:
            limits: `memory`, `cpus`, `processes`, or a controller of version 1, as `devices`.

        Raises:
            EvidenceError: its processes could not be read.
        """
        engine, identifier = self.surroundings.engine.get(), self.configuration.id
        if not self.configuration.running or engine.value("CgroupDriver") == "none":
            return ""
        main = self.runtime.main_process.cgroups
        found = [
            each
            for each in self.runtime.processes
            if not each.was_gone
            and any(cgroups.is_outside(name, each.cgroups, identifier, main) for name in limits)
        ]
        for each in found:
            if not each.executable and each.pid_namespace is None:
                raise EvidenceError(unread(f"the program of process {each.pid}"))
        named = ", ".join(f"{each.name} (pid {each.pid})" for each in found if each.executable)
        return f"outside of its control group, where no limit of it holds: {named}" if named else ""

    @property
    def foreign_cgroup(self) -> str:
        """The parent of its control group, where the daemon puts others elsewhere since it started; else empty."""
        wanted = self.configuration.daemon_cgroups if self.configuration.running else ()
        found = (
            cgroups.parents(self.runtime.main_process.cgroups, self.configuration.id)
            if wanted
            else frozenset()
        )
        return ", ".join(sorted(found)) if found and found.isdisjoint(wanted) else ""

    @property
    def foreign_ulimits(self) -> tuple[str, ...]:
        """The ulimits that it runs with where the engine names others, as `nofile=1024:2048`, or `nofile=not set`.

        The engine names the defaults of its daemon for each container, also where that started after it.

        Raises:
            EvidenceError: it may have outlived a daemon, and what it was started with may not be seen.
        """
        asked = self.configuration
        if not asked.running:
            return ()
        bundle = self.surroundings.bundle(asked.id)
        if bundle is None:
            if self.surroundings.engine.get().is_docker and self.surroundings.is_older_than_daemon(
                asked.started
            ):
                raise EvidenceError(
                    "it was started before the daemon, whose default ulimits may have been others"
                )
            return ()
        told = asked.setting("Ulimits") or ()
        named = {f"{each['Name'].lower()}={each['Soft']}:{each['Hard']}" for each in told}
        held = bundle.ulimits - named
        known = {each.partition("=")[0] for each in held}
        lost = {each.partition("=")[0] for each in named - bundle.ulimits} - known
        return tuple(sorted((*held, *(f"{each}=not set" for each in lost))))

    @property
    def memory(self) -> float | None:
        """The bytes of memory that it may use, or None without a limit.

        Raises:
            EvidenceError: it runs, and its control groups could not be read.
        """
        return self._limit("memory") if self.configuration.running else self.configuration.memory or None

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
        """The lowest limit of its control groups and those above, or None."""
        main, engine = self.runtime.main_process, self.surroundings.engine.get()
        if engine.value("CgroupDriver") == "none" or not engine.value(_REPORTED[name]):
            return None
        by_systemd = engine.value("CgroupDriver") == "systemd" and not self.configuration.processes
        own = name != "processes" or not by_systemd
        return cgroups.read(name, main.cgroups, self.runtime.proc.lines, own=own)
