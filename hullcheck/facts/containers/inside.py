"""A container as a target of its own, seen from inside: its process 1 and its mounts."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from hullcheck.facts.host.processes import PROCESSES, Process, Processes
from hullcheck.facts.host.ssh_servers import ssh_servers
from hullcheck.parsing import capabilities, mountinfo
from hullcheck.parsing.mountinfo import Mount
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError, NotApplicable

OWN_MOUNTS = Probe.from_file(
    __file__,
    "own_mounts",
    lines_like(r"\d+ \d+ \d+:\d+ .*", "--(?:self|sockets)", "/.*"),
)

PROBES = (OWN_MOUNTS,)
EVIDENCE = (OWN_MOUNTS, PROCESSES)

_ENGINES = ("docker.sock", "containerd.sock", "podman.sock")


class InsideContainer:
    """What a container shows of itself; what only the engine knows of it is *not applicable* here."""

    running = True
    root_uid = 0  # of its own user namespace, in which process 1 is seen from inside
    seccomp_default_action = None  # the profile cannot be seen from inside
    security_options_allow_seccomp = True

    def __init__(self, recording: Recording) -> None:
        """See the container behind *recording*."""
        self._recording = recording

    def __getattr__(self, name: str) -> Any:
        """Whatever else a control asks of a container."""
        raise NotApplicable(
            "the target is a container, seen from inside: only its engine's host can show this"
        )

    @cached_property
    def _parts(self) -> tuple[list[str], list[str], list[str]]:
        first, _, rest = self._recording.text(OWN_MOUNTS).partition("\n--self\n")
        own, _, sockets = rest.partition("\n--sockets")
        return first.splitlines(), own.splitlines(), sockets.split("\n")[1:]

    @cached_property
    def main(self) -> Process:
        """Process 1 of the container.

        Raises:
            EvidenceError: process 1 is another's: the container shares the PID namespace of its host.
        """
        first, own, _ = self._parts
        if first != own:
            raise EvidenceError(
                "process 1 has other mounts than the container: it shares a PID namespace of others"
            )
        return self._processes.process(1)

    @cached_property
    def _processes(self) -> Processes:
        return Processes.of(self._recording)

    @property
    def processes(self) -> tuple[Process, ...]:
        """Process 1; the auditor's own command runs beside it and is not judged."""
        return (self.main,)

    @property
    def capabilities(self) -> frozenset[str]:
        """What process 1 has or can get."""
        return capabilities.names(self.main.capabilities)

    @property
    def seccomp_mode(self) -> int:
        """Of process 1: 0 off, 1 strict, 2 filter."""
        return self.main.seccomp_mode

    @property
    def no_new_privileges(self) -> bool:
        """Whether process 1 can gain no privileges."""
        return self.main.no_new_privileges

    @property
    def ssh_servers(self) -> tuple[str, ...]:
        """The SSH servers among its processes."""
        assert self.main  # whose processes these are must be known first
        return ssh_servers(self._processes.by_pid.values())

    @cached_property
    def _mounts(self) -> tuple[Mount, ...]:
        assert self.main
        return mountinfo.parse(self._parts[0])

    @property
    def root_is_read_only(self) -> bool:
        """Whether process 1 cannot write to its root file system's mount."""
        roots = [mount for mount in self._mounts if mount.point == "/"]
        if not roots:
            raise EvidenceError("the mount table has no root")
        return "ro" in roots[-1].options

    @property
    def engine_sockets(self) -> tuple[str, ...]:
        """Sockets of an engine, by the name of the socket or of what is mounted there.

        Raises:
            EvidenceError: a socket is mounted whose owner cannot be told from inside.
        """
        sources = {mount.point: mount.root for mount in self._mounts}
        sockets = self._sockets()
        engines = [
            each for each in sockets if each.endswith(_ENGINES) or sources.get(each, "").endswith(_ENGINES)
        ]
        if engines or not sockets:
            return tuple(engines)
        raise EvidenceError(
            f"whose socket is mounted at {sockets[0]} cannot be told from inside the container"
        )

    def _sockets(self) -> Sequence[str]:
        return [each for each in dict.fromkeys(self._parts[2]) if each]
