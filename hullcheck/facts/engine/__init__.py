"""The engine as it answers for itself, and whether there is one at all."""

import posixpath
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.host.os_release import OS_RELEASE
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT, Answer, Probe
from hullcheck.secrets.redact import json_fields, lines_like
from hullcheck.verdicts import EvidenceError, NotApplicable

CLOCK = Probe.from_file(__file__, "clock", lines_like(r"\d+"))


ENGINE_PRESENCE = Probe.from_file(
    __file__,
    "engine_presence",
    lines_like(r"command [a-z]+ .*", "socket /.*", r"process \d+", "foreign"),
)

DOCKER_ENDPOINT = Probe.from_file(
    __file__,
    "docker_endpoint",
    lines_like(r'"[^"]*"'),
    shared=True,
)

DOCKER_VERSION = Probe.from_file(
    __file__,
    "docker_version",
    json_fields({"Version": True, "ApiVersion": True, "Experimental": True, "Platform": {"Name": True}}),
)

_INFO = """
    ServerVersion OperatingSystem OSType NCPU MemTotal DockerRootDir Driver DriverStatus LoggingDriver
    CgroupDriver CgroupVersion MemoryLimit SwapLimit CpuCfsQuota CPUShares PidsLimit DefaultRuntime
    ID SecurityOptions ServerErrors Debug ExperimentalBuild LiveRestoreEnabled
"""

DOCKER_INFO = Probe.from_file(
    __file__,
    "docker_info",
    json_fields(
        dict.fromkeys(_INFO.split(), True)
        | {
            "RegistryConfig": {
                "InsecureRegistryCIDRs": True,
                "IndexConfigs": {"*": {"Secure": True}},
                "Mirrors": True,
            },
            "FirewallBackend": {"Driver": True},
            "Plugins": {"Authorization": True},
            "Swarm": {"LocalNodeState": True, "ControlAvailable": True},
        }
    ),
    shared=True,
)

EVIDENCE = (ENGINE_PRESENCE, DOCKER_INFO)
_SAYS_NO_NEW_PRIVILEGES = 23
_NO_ANSWER = Answer(DOCKER_VERSION.name, 0, "", "")

PROBES = (CLOCK, OS_RELEASE, ENGINE_PRESENCE, DOCKER_ENDPOINT, DOCKER_VERSION, DOCKER_INFO)


@dataclass(frozen=True)
class Presence:
    """Signs of Docker on a target.

    Attributes:
        daemon_pids: its own; a container in the PID namespace of its host sees the host's, which are not.
        client: the path of the docker command; empty where it is not there.
    """

    commands: tuple[str, ...]
    sockets: tuple[str, ...]
    daemon_pids: tuple[int, ...]
    client: str = ""

    @classmethod
    def of(cls, recording: Recording) -> "Presence":
        """Read the signs.

        Raises:
            EvidenceError: the target did not answer.
        """
        rows = [line.split(maxsplit=2) for line in recording.text(ENGINE_PRESENCE).splitlines() if line]
        foreign = ["foreign"] in rows
        return cls(
            tuple(row[1] for row in rows if row[0] == "command"),
            tuple(row[1] for row in rows if row[0] == "socket"),
            tuple(int(row[1]) for row in rows if row[0] == "process" and not foreign),
            next((row[2] for row in rows if row[:2] == ["command", "docker"] and len(row) == 3), ""),
        )


def require_engine(recording: Recording) -> None:
    """Return where there is a Docker engine to ask.

    Raises:
        NotApplicable: the evidence says that there is no Docker on this target.
        EvidenceError: there is one that cannot be asked, or the target did not answer.
    """
    presence = Presence.of(recording)
    if "docker" in presence.commands:
        return
    if not ("dockerd" in presence.commands or presence.sockets or presence.daemon_pids):
        raise NotApplicable(
            "no Docker here: no docker or dockerd command, no engine socket, no dockerd process"
        )
    raise EvidenceError("the docker command is missing on the target, though there are signs of an engine")


@dataclass(frozen=True)
class Engine:
    """What `docker info` and `docker version` say of the running engine."""

    info: dict[str, Any]

    @classmethod
    def of(cls, recording: Recording) -> "Engine":
        """The engine of a target.

        Raises:
            NotApplicable: there is no Docker on this target.
            EvidenceError: the engine did not answer, or not with what its API documents.
        """
        require_engine(recording)
        _require_answer(recording)
        info = recording.json(DOCKER_INFO)
        if not isinstance(info, dict) or not info.get("ServerVersion"):
            raise EvidenceError(_why_no_info(recording, info))
        return cls(info)

    def value(self, *path: str) -> Any:
        """The field of `docker info` below *path*.

        Raises:
            EvidenceError: this engine does not report it.
        """
        value: Any = self.info
        for name in path:
            if not isinstance(value, dict) or name not in value:
                raise EvidenceError(f"docker info does not report {'.'.join(path)}")
            value = value[name]
        return value

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(self.value("ServerVersion"))

    @property
    def security_options(self) -> dict[str, dict[str, str]]:
        """SecurityOptions by name: `name=seccomp,profile=builtin` is {"seccomp": {"profile": "builtin"}}."""
        options = {}
        for line in self.value("SecurityOptions") or ():
            pairs = dict(part.partition("=")[::2] for part in str(line).split(","))
            options[pairs.pop("name", "")] = pairs
        return options

    @property
    def no_new_privileges(self) -> bool | None:
        """Whether it is the default of new containers; None from an engine before 23, which does not say."""
        if "no-new-privileges" in self.security_options:
            return True
        major = self.version.partition(".")[0]
        return None if major.isdigit() and int(major) < _SAYS_NO_NEW_PRIVILEGES else False

    @property
    def rootless(self) -> bool:
        """Whether the daemon runs as a user without root rights."""
        return "rootless" in self.security_options

    def is_default_cgroup(self, parent: str | None) -> bool:
        """Whether *parent*, as a setting names it, is the cgroup below which this engine runs containers unasked."""
        if not parent:
            return True
        if self.value("CgroupDriver") == "systemd":
            return parent == ("user.slice" if self.rootless else "system.slice")
        return posixpath.normpath(parent).replace("//", "/") == "/docker"

    @property
    def remaps_users(self) -> bool:
        """Whether root of a container is another user to the host, by userns-remap.

        The ids that it is mapped to may begin with root's own: the data root is named after them, `UID.GID`.
        """
        if "userns" not in self.security_options:
            return False
        return posixpath.basename(str(self.value("DockerRootDir"))).partition(".")[0] != "0"


def _require_answer(recording: Recording) -> None:
    """Raise EvidenceError with what the docker command said where the engine gave no answer."""
    if recording.answers.get(DOCKER_VERSION.name, _NO_ANSWER).status == TIMED_OUT:
        raise EvidenceError("the engine does not answer: docker version was stopped by its time-out")
    answer = recording.answer(DOCKER_INFO)
    if answer.status == 0:
        return
    said = [line for line in answer.stderr.splitlines() if line.strip()]
    raise EvidenceError(f"the engine does not answer: {said[0] if said else f'exit status {answer.status}'}")


def _why_no_info(recording: Recording, info: Any) -> str:
    """What the docker command said; it ends with status 0 where its format asks for none of the engine's fields."""
    errors = info.get("ServerErrors") if isinstance(info, dict) else None
    lines = errors if isinstance(errors, list) else recording.answer(DOCKER_INFO).stderr.splitlines()
    said = [str(line).strip() for line in lines if str(line).strip()]
    return (
        f"the engine does not answer: {said[0]}"
        if said
        else "docker info: the engine did not describe itself"
    )
