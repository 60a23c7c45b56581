"""The engine as it answers for itself."""

import posixpath
import re
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.host.presence import DOCKER_VERSION, Presence
from hullcheck.facts.registry import Later, fact
from hullcheck.parsing.documents import COUNT, NAMES, require
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT, Answer, Probe
from hullcheck.secrets.redact import json_fields, lines_like
from hullcheck.verdicts import EvidenceError, NoDaemon, NotApplicable

DOCKER_ENDPOINT = Probe.from_file(
    "docker_endpoint",
    lines_like(r'"[^"]*"'),
    shared=True,
)

_INFO = """
    ServerVersion OperatingSystem OSType NCPU MemTotal DockerRootDir Driver DriverStatus LoggingDriver
    CgroupDriver CgroupVersion MemoryLimit SwapLimit CpuCfsQuota CPUShares PidsLimit DefaultRuntime
    ID SecurityOptions ServerErrors Debug ExperimentalBuild LiveRestoreEnabled Containers Images
"""

DOCKER_INFO = Probe.from_file(
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
            "Containerd": {"Address": True},
            "Runtimes": {"*": {"path": True, "runtimeType": True}},
            "Plugins": {"Authorization": True},
            "Swarm": {"LocalNodeState": True, "ControlAvailable": True},
        }
    ),
    shared=True,
)

_WITHOUT_STATUS = ("vfs", "fuse-overlayfs")
"""Storage drivers that have nothing to say of themselves; the store of containerd always has."""
_CONTAINERD_STORE = "io.containerd.snapshotter"
_SHAPES = {
    **dict.fromkeys(("ServerVersion", "OperatingSystem", "OSType", "Driver", "DefaultRuntime", "ID"), str),
    **dict.fromkeys(("LoggingDriver", "FirewallBackend.Driver"), str),
    **dict.fromkeys(("MemoryLimit", "SwapLimit", "CpuCfsQuota", "CPUShares", "PidsLimit", "Debug"), bool),
    **dict.fromkeys(("ExperimentalBuild", "LiveRestoreEnabled", "Swarm.ControlAvailable"), bool),
    **dict.fromkeys(("NCPU", "MemTotal"), COUNT),
    **dict.fromkeys(("RegistryConfig.InsecureRegistryCIDRs", "RegistryConfig.Mirrors"), NAMES),
    "CgroupDriver": frozenset(("cgroupfs", "systemd", "none")),
    "CgroupVersion": frozenset(("1", "2")),
    "DockerRootDir": re.compile("/.*"),
    "DriverStatus": (None, [[str]]),
    "RegistryConfig.IndexConfigs": {"*": {"Secure?": bool}},
    "Plugins.Authorization": NAMES,
    "Containerd.Address": re.compile(r"(?:unix://)?[/@].*"),
    "Runtimes": (None, {"*": {"path?": str, "runtimeType?": str}}),
    "SecurityOptions": (None, [re.compile(r"name=[\w-]+(,[\w-]+=.*)?")]),
    "Swarm.LocalNodeState": frozenset(("", "inactive", "pending", "active", "error", "locked")),
}
_VERSION = {"Components": [{"Name": str, "Version": str}]}
# The group of a pod of Podman.
_POD = re.compile(r"(machine|user)\.slice/\1-libpod_pod_[0-9a-f]{64}\.slice|/libpod_parent/[0-9a-f]{64}")
_FIRST = 17  # of Docker's versions by year
_SAYS_NO_NEW_PRIVILEGES = 23
_CHOOSES_RULES = 29
_NO_ANSWER = Answer(DOCKER_VERSION.name, 0, "", "")


@dataclass(frozen=True)
class Engine:
    """What `docker info` and `docker version` say of the running engine."""

    info: dict[str, Any]

    def value(self, *path: str) -> Any:
        """The field of `docker info` below *path*.

        Raises:
            EvidenceError: this engine does not report it, or with something else than its API documents.
        """
        value: Any = self.info
        for name in path:
            if not isinstance(value, dict) or name not in value:
                raise EvidenceError(f"docker info does not report {'.'.join(path)}")
            value = value[name]
        return require(value, _SHAPES.get(".".join(path), object), "docker info", *path)

    def require_none(self, what: str) -> None:
        """Raise EvidenceError unless the engine answers, and counts none either, where no such thing was listed.

        Args:
            what: `Containers` or `Images`.
        """
        self.value("ServerVersion")
        if count := self.info.get(what):
            raise EvidenceError(
                f"docker info counts {what.lower()} ({count}), and none was listed; audit again"
            )

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(self.value("ServerVersion"))

    @property
    def major(self) -> int | None:
        """The first number of its version; None where that is none."""
        number = self.version.partition(".")[0]
        return int(number) if number.isdigit() else None

    @property
    def is_docker(self) -> bool:
        """Whether it is no podman, whose versions are lower."""
        return self.major is None or self.major >= _FIRST

    def require_docker(self) -> None:
        """Return where the engine has a daemon with files and settings.

        Raises:
            NoDaemon: it is Podman.
        """
        if not self.is_docker:
            raise NoDaemon(f"engine {self.version} is Podman, which has no daemon and none of its settings")

    @property
    def security_options(self) -> dict[str, dict[str, str]]:
        """SecurityOptions by name: `name=seccomp,profile=builtin` is {"seccomp": {"profile": "builtin"}}.

        No option has more than one value, and a profile may be a path with any sign in it.
        """
        options = {}
        for line in self.value("SecurityOptions") or ():
            pairs = dict(part.partition("=")[::2] for part in str(line).split(",", 1))
            options[pairs.pop("name", "")] = pairs
        return options

    @property
    def no_new_privileges(self) -> bool | None:
        """Whether it is the default of new containers; None from an engine before 23, which does not say."""
        if "no-new-privileges" in self.security_options:
            return True
        major = self.major
        return None if major is not None and major < _SAYS_NO_NEW_PRIVILEGES else False

    @property
    def rootless(self) -> bool:
        """Whether the daemon runs as a user without root rights."""
        return "rootless" in self.security_options

    @property
    def containerd_address(self) -> str | None:
        """The socket of its containerd; None from an engine before 27, which does not say.

        Raises:
            EvidenceError: it says something else than a path.
        """
        known = self.info.get("Containerd") is not None
        return self.value("Containerd", "Address").removeprefix("unix://") if known else None

    @property
    def filters_by_nftables(self) -> bool:
        """Whether its rules are of nftables; engines before 29 know those of iptables alone.

        Raises:
            EvidenceError: it says something else than a name, or the docker command leaves out what it says.
        """
        if self.info.get("FirewallBackend") is None and (self.major or _CHOOSES_RULES) < _CHOOSES_RULES:
            return False
        return str(self.value("FirewallBackend", "Driver")).startswith("nftables")

    @property
    def keeps_images_in_containerd(self) -> bool:
        """Whether images lie in the store of containerd.

        Raises:
            EvidenceError: the engine did not say.
        """
        status = self.value("DriverStatus") or ()
        if not status and self.value("Driver") not in _WITHOUT_STATUS:
            raise EvidenceError("docker info: the field DriverStatus says nothing of the storage driver")
        return any(_CONTAINERD_STORE in str(value) for _, value in status)

    @property
    def runtime_program(self) -> str:
        """The name of the program that makes containers that ask for no other.

        Where the engine does not tell the program, as of one with a `runtimeType`, that of the runtime: none but runc
        itself may be called `runc`.
        """
        name: str = self.value("DefaultRuntime")
        return posixpath.basename(self._runtime(name).get("path") or name)

    def _runtime(self, name: str) -> dict[str, str]:
        known: dict[str, dict[str, str]] = self.value("Runtimes") if self.info.get("Runtimes") else {}
        return known.get(name, {})

    def is_default_cgroup(self, parent: str | None) -> bool:
        """Whether *parent*, as a setting names it, is the cgroup below which this engine runs containers unasked."""
        if not parent:
            return True
        if not self.is_docker:
            return bool(_POD.fullmatch(parent))
        return posixpath.normpath(parent).replace("//", "/") == self.default_cgroup

    @property
    def default_cgroup(self) -> str:
        """The cgroup below which Docker runs containers unasked, as a setting names it."""
        if self.value("CgroupDriver") == "systemd":
            return "user.slice" if self.rootless else "system.slice"
        return "/docker"

    @property
    def remaps_users(self) -> bool:
        """Whether root of a container is another user to the host, by userns-remap.

        The ids that it is mapped to may begin with root's own: the data root is named after them, `UID.GID`.
        """
        if "userns" not in self.security_options:
            return False
        return not posixpath.basename(str(self.value("DockerRootDir"))).startswith("0.")


_OTHER_COMMAND = (
    "the docker command is Podman's own, which answers in other words: "
    "let Docker's (docker-cli) ask the socket of podman.socket"
)


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


@fact(DOCKER_VERSION, DOCKER_INFO)
def engine(recording: Recording, presence: Presence) -> Engine:
    """The engine of the target, as `docker info` describes it.

    Raises:
        EvidenceError: the engine did not answer, or not with what its API documents.
    """
    _require_answer(recording)
    info = recording.json(DOCKER_INFO)
    if not isinstance(info, dict) or not info.get("ServerVersion"):
        if info == {} and "podman" in presence.commands:
            raise EvidenceError(_OTHER_COMMAND)
        raise EvidenceError(_why_no_info(recording, info))
    return Engine(info)


@fact()
def engine_version(engine: Later[Engine]) -> str:
    """The engine's version, or an empty string where it could not be had."""
    try:
        return engine.get().version
    except (EvidenceError, NotApplicable):
        return ""


@fact(DOCKER_VERSION)
def component_versions(recording: Recording) -> dict[str, str]:
    """The versions of containerd, runc and what else the engine is made of, as `docker version` tells them.

    Raises:
        EvidenceError: the engine does not say.
    """
    document = require(recording.json(DOCKER_VERSION), _VERSION, "docker version")
    return {each["Name"]: each["Version"] for each in document["Components"]}
