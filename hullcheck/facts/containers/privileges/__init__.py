"""What a container may do: what everything executed in it gets, and every process that it has.

Its main process may have given up much of that; `docker exec` gets all of it.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property

from hullcheck.facts.containers.bundles import Bundle
from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.runtime import Runtime
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.host.processes import Process
from hullcheck.parsing import capabilities, seccomp
from hullcheck.parsing.go import go_boolean
from hullcheck.parsing.proc import cgroups
from hullcheck.verdicts import EvidenceError, unread

_DEFAULT = "docker-default"  # of AppArmor
_PERMISSIVE = 1  # SELINUX_AVD_FLAGS_PERMISSIVE
_DEVICES = (  # what runc lets in (specconv.AllowedDevices): to make any, and those that every program needs
    *("c *:* m", "b *:* m", "c 136:* rwm", "c 10:200 rwm"),
    *(f"c {number} rwm" for number in ("1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2")),
)

_SHIMS = re.compile(r"io\.containerd\.(?:runc|runsc|kata|runtime)\..*")
_RUNTIMES = ("", "crun", "kata-runtime", "runc", "runsc", "youki")
_GIVES_DEVICES = re.compile(r"nvidia(-container-runtime(\.\w+)?)?")


def is_known_runtime(program: str) -> bool:
    """Whether a runtime gives a container what it is told to and no more; one of the site's own may add to that."""
    return program in _RUNTIMES or bool(_SHIMS.fullmatch(program))


def may_take_walls_away(runtime: str) -> bool:
    """Whether a runtime that is not known may give more than devices and files, as it changes what it is told."""
    return bool(runtime) and not _GIVES_DEVICES.fullmatch(runtime)


def _node(line: str) -> str:
    """A node of a device from its hexadecimal numbers, as a control group writes it."""
    kind, _, numbers = line.partition(" ")
    major, _, minor = numbers.partition(":")
    return f"{kind} {int(major, 16)}:{int(minor, 16)}"


@dataclass(frozen=True)
class Privileges:
    """What a container may do, or will once it runs as far as that is known.

    Attributes:
        stored_no_new_privileges: what the engine settled at its creation; None where its files may not be read.
    """

    configuration: Configuration
    runtime: Runtime = field(repr=False)
    surroundings: Surroundings = field(repr=False)
    stored_no_new_privileges: bool | None = None

    @cached_property
    def bundle(self) -> Bundle | None:
        """What it was started with; None where the auditor may not see that, or its engine keeps no such file."""
        return self.surroundings.bundle(self.configuration.id)

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes in it that are in the user namespace of its main process, or in that of the host.

        In one below its own they see themselves as root.
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
        """The capabilities that it was started with, or will be."""
        asked = self.configuration
        if asked.running and self.bundle:
            return self.bundle.capabilities
        if asked.running and not self.surroundings.engine.get().is_docker:
            return frozenset()  # podman has other defaults, and says what differs from these
        return capabilities.granted(
            asked.added_capabilities, asked.dropped_capabilities, privileged=asked.privileged
        )

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that anything in it has or can get, or will get once it runs."""
        given = self.given_capabilities
        if not self.configuration.running:
            return given
        return given.union(*(capabilities.names(each.capabilities) for each in self.processes))

    @property
    def overpowered(self) -> tuple[Process, ...]:
        """Processes with capabilities that it was not given, and that its main process cannot get.

        No child of that can have them, so they are of `docker exec`, also where that left one behind.
        """
        bounds = self.given_capabilities | capabilities.names(self.runtime.main_process.capabilities)
        return tuple(each for each in self.processes if capabilities.names(each.capabilities) - bounds)

    def in_host_namespace(self, kind: str) -> str:
        """Which of its processes are in a namespace of the host where its main process is not, in words.

        Whoever has power over the host's processes gets there, by setns(2).

        Args:
            kind: `ipc`, `mnt`, `net`, `user` or `uts`.

        Raises:
            EvidenceError: such links were read, and those of the daemon could not be.
        """
        inside = self._links(kind) if self.configuration.running else []
        if not inside:
            return ""
        host = self.surroundings.host_side.get().namespaces.get(kind)
        return ", ".join(f"{each.name} (pid {each.pid})" for each, link in inside if link == host)

    def _links(self, kind: str) -> list[tuple[Process, str]]:
        """Its processes of which it is known, and their namespaces of a kind."""
        if kind == "user":
            return [(each, each.user_namespace or "") for each in self.runtime.processes]
        links = self.runtime.proc.links
        own = self.surroundings.processes.get().by_cgroup_id.get(self.configuration.id, ())
        known = (each for each in own if kind in links.get(each.pid, ()) and not each.is_runtime)
        return [(each, links[each.pid][kind]) for each in known]

    @property
    def devices_let_in(self) -> tuple[str, ...]:
        """The devices that its control group lets in now, beside those of its start (`b 8:0 rwm`).

        Only cgroup v1 lists them; a rootless engine there has no groups of its own. Without its bundle they are known
        where it was given none.

        Raises:
            EvidenceError: they could not be read.
        """
        if not self.configuration.running:
            return ()
        found = self._device_rules
        if found is None or not (self.bundle or not self.configuration.devices):
            return ()
        known = (*_DEVICES, *(self.bundle.devices if self.bundle else ()))
        return tuple(each for each in found if not cgroups.let_in(each, known))

    @property
    def devices_of_runtime(self) -> tuple[str, ...]:
        """The devices that it was started with though nobody asked for one (`b 8:0 rwm`).

        A runtime of the site's own (`runtimes` in daemon.json), a hook or a plugin of containerd may add to what the
        engine writes. Where some were asked for, theirs are not told apart.
        """
        if not self.configuration.running or self.configuration.devices or not self.bundle:
            return ()
        return tuple(each for each in self.bundle.devices if not cgroups.let_in(each, _DEVICES))

    @property
    def unknown_runtime(self) -> str:
        """The runtime of one that does not run, where it may give it more than is asked for; else empty.

        As that of NVIDIA does, which gives devices to what names them in its environment. What runs shows what it got.
        """
        return "" if self.configuration.running else self._unknown_runtime

    @property
    def _unknown_runtime(self) -> str:
        engine = self.surroundings.engine.get()
        if not engine.is_docker:
            return ""
        name = str(self.configuration.setting("Runtime") or "")
        program = engine.program_behind(name)
        is_script = engine.runtime_path(name) in self.runtime.proc.lines.get("script", ())
        return "" if is_known_runtime(program) and not is_script else name

    @property
    def strange_runtime(self) -> str:
        """As `unknown_runtime`, where it may also take walls away, and not only give devices and files."""
        runtime = self.unknown_runtime
        program = self.surroundings.engine.get().program_behind(runtime) if runtime else ""
        return runtime if may_take_walls_away(program) else ""

    @property
    def filtering_runtime(self) -> str:
        """The runtime that may have put another seccomp filter in force than the engine asked for; else empty.

        That of one that runs shows the filter where it is runc in the end, whatever changed it on the way.
        """
        told = self.bundle is not None and self.bundle.is_confirmed
        return self._unknown_runtime if self.configuration.running and not told else ""

    @property
    def strange_nodes(self) -> tuple[str, ...]:
        """The devices that it has nodes of in its /dev, and that it did not get at its start (`b 8:0`).

        Whether it may open them its control group decides. Without its bundle they are known where it was given none.

        Raises:
            EvidenceError: its main process could not be read.
        """
        if not self.configuration.running or not (self.bundle or not self.configuration.devices):
            return ()
        known = (*_DEVICES, *(self.bundle.devices if self.bundle else ()))
        lines = self.runtime.proc.lines.get(f"{self.runtime.main_process.pid}/dev", ())
        nodes = dict.fromkeys(map(_node, lines))
        return tuple(each for each in nodes if not cgroups.let_in(f"{each} r", known))

    @property
    def lists_devices(self) -> bool:
        """Whether the kernel tells what its control group lets in; of what does not run there is nothing to tell.

        Raises:
            EvidenceError: it does, and that could not be read.
        """
        return not self.configuration.running or self._device_rules is not None

    @property
    def _device_rules(self) -> tuple[str, ...] | None:
        engine = self.surroundings.engine.get()
        if engine.value("CgroupDriver") == "none" or engine.info.get("CgroupVersion") == "2":
            return None  # hierarchies of v1 may be there that it does not use
        return cgroups.devices(self.runtime.main_process.cgroups, self.runtime.proc.lines)

    # ---- security modules

    @property
    def applies_apparmor(self) -> bool:
        """Whether its engine applies AppArmor profiles."""
        return "apparmor" in self.surroundings.engine.get().security_options

    @property
    def apparmor_profile(self) -> str:
        """The profile for what is executed in it."""
        if self.bundle and self.bundle.apparmor:
            return self.bundle.apparmor
        told = self.configuration.description["AppArmorProfile"]
        return str(told or self.configuration.security_options.get("apparmor") or _DEFAULT)

    @property
    def security_label(self) -> str:
        """The label of its main process: `docker-default (enforce)`, or one of SELinux.

        Raises:
            EvidenceError: it could not be read.
        """
        return self.runtime.proc.file(self.runtime.main_process.pid, "attr/current")[0].rstrip("\0")

    @property
    def selinux_label(self) -> str:
        """The SELinux label for what is executed in it; empty where there is none."""
        return self.bundle.label if self.bundle else self.configuration.process_label

    @property
    def is_permissive(self) -> bool:
        """Whether the kernel enforces nothing on its SELinux label, though it does on others (libselinux, avc.h).

        Raises:
            EvidenceError: the kernel was not asked, or did not answer.
        """
        label = self.security_label
        answers = dict(line.split(" ", 1) for line in self.runtime.proc.lines.get("selinux", ()))
        flags = answers.get(label, "").rpartition(" ")[2]
        if not flags:
            raise EvidenceError(unread("whether the domain of its label is permissive", "could not be asked"))
        return bool(int(flags, 16) & _PERMISSIVE)

    # ---- seccomp

    @property
    def unfiltered(self) -> str:
        """Why system calls of what runs in it pass no filter, or will pass none; empty where all do.

        Raises:
            EvidenceError: its processes could not be read.
        """
        if not self.configuration.allows_seccomp_filter:
            return "runs with --security-opt seccomp=unconfined"
        if self.configuration.privileged:
            return "runs with --privileged, and so without a seccomp filter"
        running = self.configuration.running
        free = (
            [f"{each.name} (pid {each.pid})" for each in self.processes if each.seccomp_mode != 2]
            if running
            else ()
        )
        if free:
            return f"no seccomp filter is in force for {', '.join(free)}"
        if running and self.bundle:
            without = self.bundle.filter is None
            return (
                "it was started without a seccomp filter, and what is executed in it has none"
                if without
                else ""
            )
        if running and not self.surroundings.engine.get().is_docker:
            return ""
        used = self.surroundings.daemon.get().seccomp_profile
        own = used and "seccomp" in self.configuration.security_options
        return "" if own or used not in ("", "unconfined") else "the daemon gives it no seccomp filter"

    @property
    def seccomp_profile(self) -> seccomp.Profile | None:
        """The profile of that filter, as it was when the container started; None where it is the engine's own.

        Raises:
            EvidenceError: it is not known.
        """
        if self.configuration.running and self.bundle and self.bundle.filter:
            return self.bundle.filter
        option = self.configuration.security_options.get("seccomp", "")
        if option.lstrip().startswith("{"):
            return _profile(option)
        if option == "builtin":
            return None
        if option:
            raise EvidenceError("its seccomp profile is not known")
        return self._default_profile

    @property
    def _default_profile(self) -> seccomp.Profile | None:
        if not self.surroundings.engine.get().is_docker:
            raise EvidenceError("a filter is in force, and Podman does not say which one it loaded")
        asked = self.configuration
        if asked.running and self.surroundings.is_older_than_daemon(asked.started):
            raise EvidenceError(
                "it was started before the daemon, whose seccomp profile may have been another"
            )
        return self.surroundings.daemon.get().seccomp_filter

    @property
    def has_own_profile(self) -> bool:
        """Whether somebody chose its profile, for it or for all containers.

        Raises:
            EvidenceError: the daemon could not be asked.
        """
        option = self.configuration.security_options.get("seccomp", "")
        return option != "builtin" if option else self.surroundings.daemon.get().seccomp_profile != "builtin"

    # ---- setuid programs

    @property
    def no_new_privileges(self) -> bool:
        """Whether nothing in it can gain privileges, or will be able to once it runs.

        Raises:
            EvidenceError: the daemon's default at the time of its creation is not known.
        """
        if not self.configuration.running:
            return self._settled
        if not all(each.no_new_privileges for each in self.processes):
            return False
        return self.bundle.no_new_privileges if self.bundle else self._settled

    @property
    def _settled(self) -> bool:
        option = self.configuration.security_options.get("no-new-privileges")
        if option is not None:
            return go_boolean(option)
        if self.stored_no_new_privileges is not None:
            return self.stored_no_new_privileges
        if self.surroundings.engine.get().no_new_privileges is not False:
            raise EvidenceError("the daemon's default when it was created is not known")
        return False


def _profile(text: str) -> seccomp.Profile:
    """A profile in an option, as the probe keeps it.

    Raises:
        EvidenceError: it is not whole.
    """
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not seccomp.is_whole(document):
        raise EvidenceError("its seccomp profile could not be read")
    return document
