"""A container that is a target of its own, seen from inside: its process 1 and its mounts."""

from functools import cached_property

from hullcheck.facts.containers import Container, Partial
from hullcheck.facts.containers.configuration import Configuration
from hullcheck.facts.containers.mounts import Mounts, Sockets
from hullcheck.facts.containers.ports import Ports
from hullcheck.facts.containers.privileges import Privileges
from hullcheck.facts.containers.runtime import Limits, Runtime
from hullcheck.facts.host.processes import Process, Processes
from hullcheck.facts.host.ssh_servers import maybe_ssh_servers, ssh_servers
from hullcheck.facts.registry import Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import capabilities
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, lines_like
from hullcheck.verdicts import EvidenceError

OWN_MOUNTS = Probe.from_file("own_mounts", lines_like(r"\d+ \d+ \d+:\d+ .*", "--(?:self|sockets)", "/.*"))
_ENGINES = ("docker.sock", "containerd.sock", "podman.sock")


class _Inside(Partial):
    """A part of a container as it shows itself."""

    WHY = "the target is a container, seen from inside: only its engine's host can show this"


class InsideConfiguration(_Inside):
    """What it was created with."""

    WHOLE = Configuration
    running = True
    allows_seccomp_filter = True  # process 1 shows whether there is one


class InsideRuntime(_Inside):
    """How it runs, by its process 1; the auditor's own command runs beside that and is not judged."""

    WHOLE = Runtime
    root_uid = 0  # of its own user namespace, in which process 1 is seen from inside
    privileged_hooks = root_hooks = ()  # of a Compose file alone

    def __init__(self, recording: Recording, processes: Later[Processes]) -> None:
        """See the container behind *recording*."""
        self._recording = recording
        self._seen = processes

    @cached_property
    def main_process(self) -> Process:
        """Process 1 of the container.

        Raises:
            EvidenceError: process 1 is another's: the container shares the PID namespace of its host.
        """
        first, own, _ = _answer(self._recording)
        if first != own:
            raise EvidenceError(
                "process 1 has other mounts than the container: it shares a PID namespace of others"
            )
        return self._seen.get().process(1)

    @property
    def processes(self) -> tuple[Process, ...]:
        """Process 1 alone."""
        return (self.main_process,)

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers among its processes."""
        _ = self.main_process
        return ssh_servers(self._seen.get().by_pid.values())

    @property
    def maybe_ssh(self) -> str:
        """Which of its processes may be an SSH server by its name, for people; empty if none is."""
        return maybe_ssh_servers(self._seen.get().by_pid.values())


class InsideLimits(_Inside):
    """What it may use."""

    WHOLE = Limits


class InsideMounts(_Inside):
    """What it sees of the host's files."""

    WHOLE = Mounts

    def __init__(self, recording: Recording, runtime: InsideRuntime) -> None:
        """See the mounts of process 1, once that is known to be the container's own."""
        self._recording = recording
        self._runtime = runtime

    @cached_property
    def table(self) -> tuple[Mount, ...]:
        """The mounts that process 1 sees."""
        _ = self._runtime.main_process
        return mountinfo.parse(_answer(self._recording)[0])

    @property
    def root_is_read_only(self) -> bool:
        """Whether process 1 cannot write to its root file system's mount."""
        roots = [mount for mount in self.table if mount.point == "/"]
        if not roots:
            raise EvidenceError("the mount table has no root")
        return "ro" in roots[-1].options


class InsideSockets(_Inside):
    """The sockets of the host that are mounted in it."""

    WHOLE = Sockets

    def __init__(self, recording: Recording, mounts: InsideMounts) -> None:
        """See the sockets among what process 1 has mounted."""
        self._recording = recording
        self._mounts = mounts

    @property
    def engines(self) -> tuple[str, ...]:
        """Sockets of an engine, by the name of the socket or of what is mounted there.

        Raises:
            EvidenceError: a socket is mounted, and whose it is cannot be seen from inside; or the list is damaged.
        """
        sources = {mount.point: mount.root for mount in self._mounts.table}
        sockets = tuple(dict.fromkeys(_answer(self._recording)[2]))
        engines = [
            each for each in sockets if each.endswith(_ENGINES) or sources.get(each, "").endswith(_ENGINES)
        ]
        if engines or not sockets:
            return tuple(engines)
        raise EvidenceError(f"whose socket is mounted at {sockets[0]} is unknown from inside the container")


class InsidePrivileges(_Inside):
    """What everything in it may do, by all processes that are seen there: the auditor's own was executed in it."""

    WHOLE = Privileges

    def __init__(self, runtime: InsideRuntime, processes: Later[Processes]) -> None:
        """See the processes in the container."""
        self._runtime = runtime
        self._seen = processes

    @property
    def processes(self) -> tuple[Process, ...]:
        """All of them but those in a user namespace of their own, where each is root."""
        own = self._runtime.main_process.user_namespace
        seen = self._seen.get().by_pid.values()
        return tuple(each for each in seen if own is None or each.user_namespace in (None, own))

    @property
    def capabilities(self) -> frozenset[str]:
        """What one of them has or can get."""
        return frozenset(name for each in self.processes for name in capabilities.names(each.capabilities))

    @property
    def unfiltered(self) -> str:
        """Which of them has no filter, for people."""
        free = [f"{each.name} (pid {each.pid})" for each in self.processes if each.seccomp_mode != 2]
        return f"no seccomp filter is in force for {', '.join(free)}" if free else ""

    @property
    def no_new_privileges(self) -> bool:
        """Whether none of them can gain privileges."""
        return all(each.no_new_privileges for each in self.processes)


class InsidePorts(_Inside):
    """What it opens to the outside."""

    WHOLE = Ports


class InsideContainer(_Inside):
    """A container that is a target of its own, with the parts of a `Container`."""

    WHOLE = Container
    running = True
    planned = False

    def __init__(self, recording: Recording, processes: Later[Processes]) -> None:
        """See the container behind *recording*."""
        self.configuration = InsideConfiguration()
        self.runtime = InsideRuntime(recording, processes)
        self.limits = InsideLimits()
        self.mounts = InsideMounts(recording, self.runtime)
        self.sockets = InsideSockets(recording, self.mounts)
        self.ports = InsidePorts()
        self.privileges = InsidePrivileges(self.runtime, processes)

    def require_created(self, what: str) -> None:
        """Do nothing: it runs."""


def _answer(recording: Recording) -> tuple[list[str], list[str], list[str]]:
    """Return the mounts of process 1, those of the auditor's own process, and the sockets that are mounted."""
    first, _, rest = recording.text(OWN_MOUNTS).partition("\n--self\n")
    own, _, sockets = rest.partition("\n--sockets")
    listed = sockets.split("\n")[1:]
    if DROPPED in listed:
        raise EvidenceError("own_mounts: a line of the list of sockets was dropped")
    return first.splitlines(), own.splitlines(), [each for each in listed if each]


@fact(OWN_MOUNTS, name="container", on="container")
def container_from_inside(recording: Recording, processes: Later[Processes]) -> Subjects[InsideContainer]:
    """The target itself, where that is a container."""
    return Subjects("container", ((recording.target, InsideContainer(recording, processes)),))
