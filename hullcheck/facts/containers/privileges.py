"""What a container may do: what `docker exec` gives to a command in it, and what each of its processes can do."""

from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.host.processes import Process
from hullcheck.parsing import capabilities, seccomp
from hullcheck.parsing.go import go_boolean
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Privileges:
    """What a container may do, or will once it runs."""

    configuration: Configuration
    runtime: Runtime = field(repr=False)

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes of the container in the user namespace of its main process, or in that of the host.

        In a user namespace below its own each process sees itself as root.
        """
        main = self.runtime.main_process
        others = [each for each in self.runtime.with_auditors if each.pid != main.pid]
        known = {None, main.user_namespace}
        more = {each.user_namespace for each in others} - known
        if more and main.user_namespace is not None and not self.configuration.source.inside:
            # asked where it matters alone: that of the host may be unreadable
            known.add(self.runtime.surroundings.host_side.get().namespaces.get("user"))
        return (
            main,
            *(each for each in others if main.user_namespace is None or each.user_namespace in known),
        )

    @property
    def given_capabilities(self) -> frozenset[str]:
        """The capabilities that the engine gives to the container."""
        asked = self.configuration
        if asked.source.inside:
            return frozenset()
        if asked.running and not self.runtime.surroundings.engine.get().is_docker:
            return frozenset()  # podman has other defaults, and says what differs from these
        given = asked.host_config
        return capabilities.granted(given.cap_add or (), given.cap_drop or (), privileged=given.privileged)

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
        source = self.configuration.source
        if source.inside:  # the auditor's own is executed in it, too
            raise source.missing("who uses docker exec")
        bounds = self.given_capabilities | capabilities.names(self.runtime.main_process.capabilities)
        return tuple(each for each in self.processes if capabilities.names(each.capabilities) - bounds)

    # ---- security modules

    @property
    def applies_apparmor(self) -> bool:
        """Whether its engine applies AppArmor profiles, as far as a Compose file decides that."""
        engine = self.runtime.surroundings.engine
        return self.configuration.source.planned or "apparmor" in engine.get().security_options

    @property
    def security_label(self) -> str:
        """The label of its main process: `docker-default (enforce)`, or one of SELinux.

        Raises:
            EvidenceError: it could not be read.
        """
        return self.runtime.files.file(self.runtime.main_process.pid, "attr/current")[0].rstrip("\0")

    # ---- seccomp

    @property
    def seccomp_switch(self) -> str:
        """The option that switches its seccomp filter off; empty if none does."""
        asked = self.configuration
        if asked.source.inside:
            return ""
        if asked.security_options.get("seccomp") == "unconfined":
            return "--security-opt seccomp=unconfined"
        return "--privileged" if asked.host_config.privileged else ""

    @property
    def unfiltered(self) -> tuple[Process, ...]:
        """The processes in it whose system calls pass no filter.

        Raises:
            EvidenceError: its processes could not be read.
        """
        running = self.processes if self.configuration.running else ()
        return tuple(each for each in running if each.seccomp_mode != 2)

    @property
    def daemon_gives_filter(self) -> bool:
        """Whether the daemon filters the system calls of containers that name no profile, or filters at all.

        Raises:
            EvidenceError: what the daemon does is unknown.
        """
        source, surroundings = self.configuration.source, self.runtime.surroundings
        if source.inside or (self.configuration.running and not surroundings.engine.get().is_docker):
            return True
        used = surroundings.daemon.get().seccomp_profile
        own = used and "seccomp" in self.configuration.security_options
        return bool(own) or used not in ("", "unconfined")

    @property
    def seccomp_profile(self) -> seccomp.Profile | None:
        """Its own seccomp profile, or that of the daemon; None if that is the engine's built-in one.

        Raises:
            EvidenceError: the profile could not be read.
        """
        option = self.configuration.security_options.get("seccomp", "")
        if option:
            return None if option == "builtin" else seccomp.read(option)
        is_docker = self.runtime.surroundings.engine.get().is_docker
        return self.runtime.surroundings.daemon.get().seccomp_filter if is_docker else None

    # ---- setuid programs

    @property
    def no_new_privileges(self) -> bool:
        """Whether nothing in the container can gain privileges.

        Raises:
            EvidenceError: it does not run, and the daemon's default at its creation is unknown.
        """
        settled = self._settled_no_new_privileges
        if self.configuration.running:  # a program may give up new privileges itself, for itself alone
            return all(each.no_new_privileges for each in self.processes) and settled is not False
        if settled is None:
            raise EvidenceError("the daemon's default when it was created is not known")
        return settled

    @property
    def _settled_no_new_privileges(self) -> bool | None:
        """What was settled when it was created, or None if that is unknown; a Compose file has no default."""
        asked, surroundings = self.configuration, self.runtime.surroundings
        if asked.source.inside:
            return None
        option = asked.security_options.get("no-new-privileges")
        if option is not None or asked.source.planned:
            return go_boolean(option or "false")
        settled = surroundings.container_files.get().stored_no_new_privileges.get(asked.inspect.id)
        if settled is None and surroundings.engine.get().no_new_privileges is False:
            return False
        return settled
