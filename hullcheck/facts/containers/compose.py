"""Services of a Compose file as containers. What engine, image or host decides is not applicable, and never a pass."""

from collections.abc import Callable

from hullcheck.facts.containers import Container, HostContext
from hullcheck.facts.containers.inspect import Inspected, Source, Volume, view
from hullcheck.facts.containers.ports import BINDING_ADDRESS
from hullcheck.facts.engine.models import GATEWAY_MODES, Network
from hullcheck.facts.registry import NOT_IN_FILE, Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.models import Model, decode
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError, NotApplicable

COMPOSE_FILE = Probe("compose_file", "docker compose --file FILE --profile '*' config --format json")
"""No host is asked this: what is kept of the files is made where the auditor is."""

OPTIONS_OF_NETWORKS = frozenset((*GATEWAY_MODES, *BINDING_ADDRESS))  # those that decide who reaches a port


class Service(Model, frozen=True, kw_only=True):
    """A service of the file."""

    inspect: Inspected
    place: str  # file and line of the service
    places: dict[str, str]  # those of its keys
    unset: dict[str, list[str]]  # by key the variables that have no value


class FileNetwork(Model, frozen=True, kw_only=True):
    """A network of the file. The driver of an external network is unknown."""

    driver: str
    options: dict[str, str]


class ComposeFile(Model, frozen=True, kw_only=True, rename=None):
    """The files of a target, with the program that read them, and the volumes whose place a file decides."""

    files: list[str]
    reader: str
    services: dict[str, Service]
    networks: dict[str, FileNetwork]
    volumes: dict[str, Volume]


def document(recording: Recording) -> ComposeFile:
    """Return what was kept of the files, or raise EvidenceError if that is damaged."""
    return decode(recording.text(COMPOSE_FILE), ComposeFile, "compose file")


_LIMITS = "deploy.resources.limits"
_KEYS = {
    "host_config.uts_mode": ("uts",),
    "host_config.pid_mode": ("pid",),
    "host_config.ipc_mode": ("ipc",),
    "host_config.memory": ("mem_limit", f"{_LIMITS}.memory"),
    "host_config.nano_cpus": ("cpus", f"{_LIMITS}.cpus"),
    "host_config.pids_limit": ("pids_limit", f"{_LIMITS}.pids"),
    "host_config.readonly_rootfs": ("read_only",),
    "host_config.port_bindings": ("ports",),
    "host_config.restart_policy": ("restart", "deploy.restart_policy"),
    "host_config.device_requests": ("gpus", "deploy.resources.reservations.devices"),
    "host_config.log_config": ("logging",),
    "config.image": ("image", "build"),
    "args": ("command", "entrypoint"),
    "secrets": ("environment", "env_file", "labels", "command", "entrypoint"),
    "mounts": ("volumes", "volumes_from", "secrets", "configs", "use_api_socket"),
    "network_settings.networks": ("networks",),
}
"""The keys of a Compose file behind a field of a description; others have the name of the field."""
_DECIDED = {
    "Config.User": "no user is set in the file, and so the image decides",
    "Config.Image": "its image is built from a Dockerfile: the file names no image that is there",
    "ProcessLabel": "which SELinux label it gets, the engine and the host decide, and not the file",
}


class Written(Source):
    """A service of a file, with the keys that one control has read."""

    planned = True

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keys = dict[str, None]()

    def read(self, name: str) -> None:
        """Note which keys of the file are read, and raise EvidenceError if a variable in one has no value."""
        part, _, field = name.partition(".")
        for key in _KEYS.get(name, (field,) if part in ("config", "host_config") else ()):
            self._keys[key] = None
            if name != "secrets" and (names := self._service.unset.get(key.partition(".")[0])):
                raise EvidenceError(
                    f"its {key} depends on {', '.join(names)}, which has no value here: set it as at the start, and"
                    f" write ?env={names[0]} behind the file"
                )

    def missing(self, name: str) -> Exception:
        return NotApplicable(_DECIDED.get(name, NOT_IN_FILE))

    def place(self) -> str:
        """Return file and line of the keys that were read, or else of the service."""
        places, read = self._service.places, (key.partition(".")[0] for key in self._keys)
        found = [places[each] for each in dict.fromkeys(read) if each in places]
        return ", ".join(dict.fromkeys(found or [self._service.place]))


def _planned(file: ComposeFile, name: str) -> tuple[Container, Callable[[], str]]:
    """Return the service *name* as a container, and a function for the place of the keys that were read."""
    source = Written(file.services[name])
    networks = tuple(Network(key, "", each.driver, driver_options=each.options) for key, each in file.networks.items())
    host = HostContext.unknown(
        source, networks=Later(lambda: networks), volumes=Later(lambda: file.volumes), image_names=Later(dict)
    )

    def find(wanted: str) -> Container:
        if wanted not in file.services:
            raise NotApplicable(f"it joins the namespace of {wanted}, which is not in the file")
        found = file.services[wanted]
        return Container(
            inspect=view(found.inspect, source),
            host=host,
            source=source,
            find=find,
            watched=lambda: _planned(file, wanted),
        )

    return find(name), source.place


@fact(COMPOSE_FILE, name="container", on="compose")
def services_of_file(recording: Recording) -> Subjects[Container]:
    """The services of a Compose file, in all profiles."""
    file = document(recording)
    named = tuple((name, _planned(file, name)[0]) for name in sorted(file.services))
    return Subjects("container", named, "the Compose file has no service")


# ---- what results say of the target


@fact(name="engine_version", on="compose")
def engine_version_of_file() -> str:
    """Return an empty string: a Compose file has no engine."""
    return ""


@fact(COMPOSE_FILE, name="os_name", on="compose")
def reader_of_file(recording: Recording) -> str:
    """The program that read the files, in place of an operating system."""
    try:
        return f"read by {document(recording).reader}"
    except EvidenceError:
        return ""
