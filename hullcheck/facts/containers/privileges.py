"""What a container may do: what `docker exec` gives to a command in it, and what each of its processes can do."""

from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.host.processes import Process
from hullcheck.parsing import capabilities, seccomp
from hullcheck.parsing.go import go_boolean
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Privileges:
    """What a container may do, or will once it runs.

    Attributes:
        stored_no_new_privileges: what the engine settled at its creation, or None if its files may not be read.
    """

    configuration: Configuration
    runtime: Runtime = field(repr=False)
    surroundings: Surroundings = field(repr=False)
    stored_no_new_privileges: bool | None = None

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes of the container in the user namespace of its main process, or in that of the host.

        In a user namespace below its own each process sees itself as root.
        """
        main = self.runtime.main_process
        others = [each for each in self.runtime.processes if each.pid != main.pid]
        known = {None, main.user_namespace}
        if main.user_namespace is not None and not known.issuperset(each.user_namespace for each in others):
            # asked where it matters alone: that of the host may be unreadable
            known.add(self.surroundings.host_side.get().namespaces.get("user"))
        return (
            main,
            *(each for each in others if main.user_namespace is None or each.user_namespace in known),
        )

    @property
    def given_capabilities(self) -> frozenset[str]:
        """The capabilities that the engine gives to the container."""
        asked = self.configuration
        if asked.running and not self.surroundings.engine.get().is_docker:
            return frozenset()  # podman has other defaults, and says what differs from these
        return capabilities.granted(
            asked.added_capabilities, asked.dropped_capabilities, privileged=asked.privileged
        )

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that anything in the container has or can get."""
        processes = self.processes if self.configuration.running else ()
        return self.given_capabilities.union(*(capabilities.names(each.capabilities) for each in processes))

    @property
    def overpowered(self) -> tuple[Process, ...]:
        """Processes with capabilities that the container was not given, and that its main process cannot get.

        No child of the main process can have them, so they are of `docker exec`.
        """
        bounds = self.given_capabilities | capabilities.names(self.runtime.main_process.capabilities)
        return tuple(each for each in self.processes if capabilities.names(each.capabilities) - bounds)

    # ---- security modules

    @property
    def applies_apparmor(self) -> bool:
        """Whether its engine applies AppArmor profiles."""
        return "apparmor" in self.surroundings.engine.get().security_options

    @property
    def security_label(self) -> str:
        """The label of its main process: `docker-default (enforce)`, or one of SELinux.

        Raises:
            EvidenceError: it could not be read.
        """
        return self.runtime.proc.file(self.runtime.main_process.pid, "attr/current")[0].rstrip("\0")

    # ---- seccomp

    @property
    def unfiltered(self) -> str:
        """Why system calls pass no filter, in words; empty if all are filtered.

        Raises:
            EvidenceError: its processes could not be read.
        """
        if not self.configuration.allows_seccomp_filter:
            return "runs with --security-opt seccomp=unconfined"
        if self.configuration.privileged:
            return "runs with --privileged, and so without a seccomp filter"
        if self.configuration.running:
            free = [f"{each.name} (pid {each.pid})" for each in self.processes if each.seccomp_mode != 2]
            if free or not self.surroundings.engine.get().is_docker:
                return f"no seccomp filter is in force for {', '.join(free)}" if free else ""
        used = self.surroundings.daemon.get().seccomp_profile
        own = used and "seccomp" in self.configuration.security_options
        return "" if own or used not in ("", "unconfined") else "the daemon gives it no seccomp filter"

    @property
    def seccomp_profile(self) -> seccomp.Profile | None:
        """Its own seccomp profile, or that of the daemon; None if that is the engine's built-in one.

        Raises:
            EvidenceError: the profile could not be read.
        """
        option = self.configuration.security_options.get("seccomp", "")
        if option:
            return None if option == "builtin" else seccomp.read(option)
        is_docker = self.surroundings.engine.get().is_docker
        return self.surroundings.daemon.get().seccomp_filter if is_docker else None

    # ---- setuid programs

    @property
    def no_new_privileges(self) -> bool:
        """Whether nothing in the container can gain privileges.

        Raises:
            EvidenceError: it does not run, and the daemon's default at its creation is unknown.
        """
        option = self.configuration.security_options.get("no-new-privileges")
        settled = self.stored_no_new_privileges if option is None else go_boolean(option)
        if settled is None and self.surroundings.engine.get().no_new_privileges is False:
            settled = False
        if self.configuration.running:  # a program may give up new privileges itself, for itself alone
            return all(each.no_new_privileges for each in self.processes) and settled is not False
        if settled is None:
            raise EvidenceError("the daemon's default when it was created is not known")
        return settled
