"""Services of a Compose file as containers. What engine, image or host decides is not applicable, and never a pass."""

import re
from collections.abc import Callable, Iterable
from functools import cache

from msgspec import Struct, field

from hullcheck.facts.containers import Container, HostContext
from hullcheck.facts.containers.inspect import Inspected, Source, Volume, view
from hullcheck.facts.containers.ports import BINDING_ADDRESS
from hullcheck.facts.engine.models import GATEWAY_MODES, Network
from hullcheck.facts.registry import NOT_IN_FILE, Later, fact
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.models import Model, decode
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.results import Place
from hullcheck.verdicts import EvidenceError, NotApplicable

COMPOSE_FILE = Probe("compose_file", "docker compose --file FILE --profile '*' config --format json")
"""No host is asked this: what is kept of the files is made where the auditor is."""

OPTIONS_OF_NETWORKS = frozenset((*GATEWAY_MODES, *BINDING_ADDRESS))  # those that decide who reaches a port


WHOLE = ""
"""The key of a service's name among its settings."""


class Item(Struct, frozen=True):
    """An item of a setting, or a setting as a whole."""

    names: list[str]  # what reasons call it; one that ends with a slash also begins the names of what lies below
    place: Place

    def is_in(self, reason: str) -> bool:
        """Return whether *reason* names this item."""
        return is_named(self.names, reason)


def is_named(names: Iterable[str], reason: str) -> bool:
    """Return whether *reason* has one of these names in it."""
    return any(_token(each).search(reason) for each in names)


@cache
def _token(name: str) -> re.Pattern[str]:
    before, after = "" if name.startswith(":") else r"(?<![\w.$~/-])", "" if name.endswith("/") else r"(?![\w/-])"
    return re.compile(before + re.escape(name) + after)


class Service(Model, frozen=True, kw_only=True):
    """A service of the file."""

    inspect: Inspected
    settings: dict[str, list[Item]]  # by key: the setting as a whole, and its items
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
    digests: dict[str, str] = field(default_factory=dict)  # the SHA-256 of each text, by path below the folder


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
    "config.healthcheck": ("healthcheck.test", "healthcheck.disable"),
    "args": ("command", "entrypoint"),
    "secrets": ("environment", "env_file", "labels", "command", "entrypoint", "healthcheck"),
    "mounts": ("volumes", "volumes_from", "secrets", "configs", "use_api_socket"),
    "network_settings.networks": ("networks",),
}
"""The keys of a Compose file behind a field of a description; others have the name of the field."""
NESTED = tuple(key for keys in _KEYS.values() for key in keys if "." in key)
"""Those of them that are below others."""
_DECIDED = {
    "Config.User": "no user is set in the file, and so the image decides",
    "Config.Image": "its image is built from a Dockerfile: the file names no image that is there",
    "ProcessLabel": "which SELinux label it gets, the engine and the host decide, and not the file",
}


class _Planned(Source):
    """What a file decides."""

    planned = True

    def missing(self, name: str) -> Exception:
        return NotApplicable(_DECIDED.get(name, NOT_IN_FILE))


class Written(_Planned):
    """A service of a file, with the keys that one control has read."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keys = dict[str, None]()

    def read(self, name: str) -> None:
        """Note which keys of the file are read, and raise EvidenceError if a variable in one has no value."""
        part, _, field = name.partition(".")
        for key in _KEYS.get(name, (field,) if field and part in ("config", "host_config") else ()):
            self._keys[key] = None
            if name != "secrets" and (names := self._service.unset.get(key.partition(".")[0])):
                raise EvidenceError(
                    f"its {key} depends on {', '.join(names)}, which has no value here: set it as at the start, and"
                    f" write ?env={names[0]} behind the file"
                )

    def places(self, reason: str) -> tuple[Place, ...]:
        """Return the places of the items that *reason* names, or else of settings that were read, or of the service."""
        settings = self._service.settings
        read = [settings[each] for each in self._keys if each in settings]
        named = [each for items in read for each in items if each.is_in(reason)]
        whole = [first for first, *items in read if not (items or first.names)]
        return tuple(dict.fromkeys(each.place for each in named or whole or settings[WHOLE]))


class _Services(Struct, frozen=True):
    """The services of a file as containers of one host, of which nothing else is known."""

    file: ComposeFile
    host: HostContext

    def watched(self, name: str) -> tuple[Container, Callable[[str], tuple[Place, ...]]]:
        """Return a service as one control sees it, and a function for the places of what a reason names."""
        source = Written(self.file.services[name])

        def find(wanted: str) -> Container:
            if wanted not in self.file.services:
                raise NotApplicable(f"it joins the namespace of {wanted}, which is not in the file")
            found = self.file.services[wanted]
            return Container(
                inspect=view(found.inspect, source),
                host=self.host,
                source=source,
                find=find,
                watched=lambda: self.watched(wanted),
            )

        return find(name), source.places


@fact(COMPOSE_FILE, name="container", on="compose")
def services_of_file(recording: Recording) -> Subjects[Container]:
    """The services of a Compose file, in all profiles."""
    file = document(recording)
    networks = tuple(Network(key, "", each.driver, driver_options=each.options) for key, each in file.networks.items())
    host = HostContext.unknown(
        _Planned(), networks=Later(lambda: networks), volumes=Later(lambda: file.volumes), image_names=Later(dict)
    )
    services = _Services(file, host)
    named = tuple((name, services.watched(name)[0]) for name in sorted(file.services))
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
