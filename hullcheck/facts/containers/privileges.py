"""The privileges of a container and of its processes."""

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from hullcheck.facts.host.processes import Process
from hullcheck.parsing import confinement
from hullcheck.parsing.values import go_boolean
from hullcheck.verdicts import EvidenceError

if TYPE_CHECKING:
    from hullcheck.facts.containers import Container


class Privileges(Struct, frozen=True, dict=True):
    """The privileges of a container, now or once started."""

    container: "Container"

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes in the user namespace of the main process, and not in one below."""
        own = self.container.runtime.main_process.user_namespace
        everyone = self.container.runtime.with_auditors
        return tuple(each for each in everyone if own is None or each.user_namespace in (None, own))

    @property
    def given_capabilities(self) -> frozenset[str]:
        """The capabilities that the engine gives to the container."""
        if self.container.source.inside:
            return frozenset()
        if self.container.running and not self.container.host.engine.get().is_docker:
            return frozenset()  # podman has other defaults, and says what differs from these
        given = self.container.host_config
        return confinement.given_capabilities(given.cap_add or (), given.cap_drop or (), privileged=given.privileged)

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that anything in the container has or can get."""
        processes = self.processes if self.container.running else ()
        return self.given_capabilities.union(*(confinement.capability_names(each.capabilities) for each in processes))

    @property
    def overpowered(self) -> tuple[Process, ...]:
        """Processes with more capabilities than the main process can pass on: from `docker exec`."""
        source = self.container.source
        if source.inside:  # the auditor's own is executed in it, too
            raise source.missing("who uses docker exec")
        main = confinement.capability_names(self.container.runtime.main_process.capabilities)
        bounds = self.given_capabilities | main
        return tuple(each for each in self.processes if confinement.capability_names(each.capabilities) - bounds)

    @property
    def applies_apparmor(self) -> bool:
        """Whether the engine applies AppArmor profiles; assumed for a Compose file."""
        return self.container.planned or "apparmor" in self.container.host.engine.get().security_options

    @property
    def security_label(self) -> str:
        """The AppArmor or SELinux label of the main process, as `docker-default (enforce)`."""
        runtime = self.container.runtime
        return runtime.files.file(runtime.main_process.pid, "attr/current")[0].rstrip("\0")

    @property
    def seccomp_switch(self) -> str:
        """The option that disables the seccomp filter, or an empty string."""
        if self.container.source.inside:
            return ""
        if self.container.security_options.get("seccomp") == "unconfined":
            return "--security-opt seccomp=unconfined"
        return "--privileged" if self.container.host_config.privileged else ""

    @property
    def unfiltered(self) -> tuple[Process, ...]:
        """The processes without a seccomp filter."""
        running = self.processes if self.container.running else ()
        return tuple(each for each in running if each.seccomp_mode != 2)

    @property
    def daemon_gives_filter(self) -> bool:
        """Whether the daemon applies a seccomp filter to the container."""
        host = self.container.host
        if self.container.source.inside or (self.container.running and not host.engine.get().is_docker):
            return True
        used = host.daemon.get().seccomp_profile
        return used not in ("", "unconfined") or bool(used and "seccomp" in self.container.security_options)

    @property
    def seccomp_profile(self) -> confinement.SeccompProfile | None:
        """The seccomp profile of the container or of the daemon, or None for the built-in one."""
        option = self.container.security_options.get("seccomp", "")
        if option:
            return None if option == "builtin" else confinement.read_seccomp(option)
        host = self.container.host
        return host.daemon.get().seccomp_filter if host.engine.get().is_docker else None

    @property
    def no_new_privileges(self) -> bool:
        """Whether no process in the container can gain privileges."""
        created = self._no_new_privileges_at_creation
        if self.container.running:  # a program may give up new privileges itself, for itself alone
            return all(each.no_new_privileges for each in self.processes) and created is not False
        if created is None:
            raise EvidenceError("the daemon's default when it was created is not known")
        return created

    @property
    def _no_new_privileges_at_creation(self) -> bool | None:
        """The value of no-new-privileges at creation, or None if unknown."""
        if self.container.source.inside:
            return None
        option = self.container.security_options.get("no-new-privileges")
        if option is not None or self.container.planned:
            return go_boolean(option or "false")
        stored = self.container.runtime.files.stored_no_new_privileges.get(self.container.id)
        if stored is None and self.container.host.engine.get().no_new_privileges is False:
            return False
        return stored
