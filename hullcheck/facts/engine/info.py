"""The engine by `docker info`, and its networks and plugins."""

import posixpath
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.facts.engine.models import GATEWAY_MODES, Info, Network, Plugin, Version
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import Later, fact
from hullcheck.lazy import regex
from hullcheck.parsing.models import FAILED, T, decode, kept_as
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import DROPPED, InSections
from hullcheck.verdicts import EvidenceError, NoDaemon, NotApplicable

Networks: TypeAlias = tuple[Network, ...]
Plugins: TypeAlias = tuple[Plugin, ...]
_BRIDGE = "com.docker.network.bridge"
_OPTIONS = frozenset({"encrypted", "parent", "com.docker.network.host_ipv4", *GATEWAY_MODES})
_OPTIONS |= {f"{_BRIDGE}.enable_icc", f"{_BRIDGE}.name", f"{_BRIDGE}.host_binding_ipv4"}


def _judged_options(networks: Networks) -> Networks:
    return tuple(
        replace(each, driver_options={name: each.options[name] for name in _OPTIONS & each.options.keys()})
        for each in networks
    )


ENGINE = Probe.from_file(
    "engine",
    InSections(
        endpoint=kept_as(str),
        version=kept_as(Version),
        info=kept_as(Info),
        plugins=kept_as(Plugins),
        networks=kept_as(Networks, _judged_options),
    ),
)

_WITHOUT_STATUS = ("vfs", "fuse-overlayfs")  # storage drivers that report nothing of themselves
_CONTAINERD_STORE = "io.containerd.snapshotter"
# The group of a pod of Podman.
_POD = regex(r"(machine|user)\.slice/\1-libpod_pod_[0-9a-f]{64}\.slice|/libpod_parent/[0-9a-f]{64}")
_FIRST = 17  # of Docker's versions by year
_SAYS_NO_NEW_PRIVILEGES = 23
_CHOOSES_RULES = 29
_OF_PODMAN = "the docker command is Podman's own: let Docker's (docker-cli) ask the socket of podman.socket"


def section(recording: Recording, probe: Probe, name: str, of: type[T], what: str) -> T:
    """Return the section *name* of the answer to *probe* as *of*; errors name *what*, as `docker info`."""
    return decode(recording.sections(probe).get(name, ""), of, what)


class Engine(Struct, frozen=True):
    """The running engine, by `docker info` and `docker version`."""

    info: Info

    def require_none(self, what: str) -> None:
        """Raise EvidenceError if the engine counts `containers` or `images` that were not listed."""
        if count := getattr(self.info, what):
            raise EvidenceError(f"docker info counts {what} ({count}), and none was listed; audit again")

    @property
    def version(self) -> str:
        return self.info.server_version

    @property
    def major(self) -> int | None:
        """The major version, or None if unknown."""
        number = self.version.partition(".")[0]
        return int(number) if number.isdigit() else None

    @property
    def is_docker(self) -> bool:
        """Whether the engine is Docker, and not Podman, whose versions are lower."""
        return self.major is None or self.major >= _FIRST

    def require_docker(self) -> None:
        """Raise NoDaemon if the engine is Podman."""
        if not self.is_docker:
            raise NoDaemon(f"engine {self.version} is Podman, which has no daemon and none of its settings")

    @property
    def security_options(self) -> dict[str, dict[str, str]]:
        """SecurityOptions by name: `name=seccomp,profile=builtin` is {"seccomp": {"profile": "builtin"}}."""
        options = {}  # none has more than one value, and a profile may be a path with any sign in it
        for line in self.info.security_options or ():
            pairs = dict(part.partition("=")[::2] for part in line.split(",", 1))
            options[pairs.pop("name", "")] = pairs
        return options

    @property
    def no_new_privileges(self) -> bool | None:
        """Whether no-new-privileges is the default, or None if the engine (before 23) does not report it."""
        if "no-new-privileges" in self.security_options:
            return True
        major = self.major
        return None if major is not None and major < _SAYS_NO_NEW_PRIVILEGES else False

    @property
    def rootless(self) -> bool:
        return "rootless" in self.security_options

    @property
    def filters_by_nftables(self) -> bool:
        """Whether the engine uses nftables; before 29 all use iptables."""
        backend = self.info.firewall_backend
        if not backend and (self.major or _CHOOSES_RULES) >= _CHOOSES_RULES:
            raise EvidenceError("docker info does not report FirewallBackend.Driver")
        return backend is not None and backend.driver.startswith("nftables")

    @property
    def keeps_images_in_containerd(self) -> bool:
        status = self.info.driver_status or ()
        if not status and self.info.driver not in _WITHOUT_STATUS:
            raise EvidenceError("docker info does not report DriverStatus of the storage driver")
        return any(_CONTAINERD_STORE in value for _, value in status)

    @property
    def runtime_program(self) -> str:
        """The program of the default runtime, or else the runtime's name."""
        name = self.info.default_runtime
        runtime = (self.info.runtimes or {}).get(name)
        return posixpath.basename(runtime.path if runtime and runtime.path else name)

    def is_default_cgroup(self, parent: str | None) -> bool:
        """Return whether *parent* is the engine's default parent cgroup."""
        if not parent:
            return True
        if not self.is_docker:
            return bool(_POD.fullmatch(parent))
        own = "user.slice" if self.rootless else "system.slice"
        default = own if self.info.cgroup_driver == "systemd" else "/docker"
        return posixpath.normpath(parent).replace("//", "/") == default

    @property
    def remaps_users(self) -> bool:
        """Whether root of a container is another user on the host, by userns-remap."""
        to_root = posixpath.basename(self.info.docker_root_dir).startswith("0.")  # UID.GID, to which it is mapped
        return "userns" in self.security_options and not to_root


@fact(ENGINE)
def engine(recording: Recording, presence: Presence) -> Engine:
    """The engine of the target, as `docker info` describes it."""
    text = recording.sections(ENGINE).get("info", "")
    if text.startswith(FAILED) and "docker" not in presence.commands:
        raise EvidenceError("the docker command is missing on the target, though there are signs of an engine")
    if text.startswith(FAILED):
        raise EvidenceError(f"the engine does not answer: {text.removeprefix(FAILED)}")
    if text.startswith(DROPPED) and "missing" in text and "podman" in presence.commands:
        raise EvidenceError(_OF_PODMAN)
    return Engine(decode(text, Info, "docker info"))


@fact()
def engine_version(engine: Later[Engine]) -> str:
    """The engine's version, or an empty string if unknown."""
    try:
        return engine.get().version
    except (EvidenceError, NotApplicable):
        return ""


@fact(ENGINE)
def component_versions(recording: Recording) -> dict[str, str]:
    """The versions of containerd, runc and other components, by `docker version`."""
    found = section(recording, ENGINE, "version", Version, "docker version")
    return {each.name: each.version for each in found.components}


@fact(ENGINE)
def networks(recording: Recording, engine: Engine) -> Networks:
    """All networks of the engine."""
    found = section(recording, ENGINE, "networks", Networks, "docker network inspect")
    if not found:
        raise EvidenceError("docker network ls names none, and every engine has some")
    if engine.is_docker:
        return found
    # Podman lists its network `podman` as `bridge`, and describes it and its containers otherwise.
    return tuple(replace(each, name="podman") if each.name == "bridge" else each for each in found)


@fact(ENGINE)
def plugins(recording: Recording, presence: Presence) -> Plugins:
    """The plugins that the engine runs."""
    return section(recording, ENGINE, "plugins", Plugins, "docker plugin inspect")
