"""The probe that describes all containers in one go, and what of its answer is kept.

Its answer has three parts. First the ids of all containers, a line each; then `container JSON`, `volume JSON` and,
for one that does not run and whose user has a name, `user ID NUMBER` by its own /etc/passwd. After `--proc`: files of
/proc and of the control groups of each main process, as `grep -H` prints them, namespace links, listening sockets, and
who holds them. After `--paths`: for each source of a mount `real SOURCE<TAB>PATH`, without symbolic links, and for each
listening socket or socket that is a source `socket DEVICE:INODE LINKS PATH`. What a host can name freely comes as JSON,
or stands alone in its line where it can forge nothing but itself.
"""

import json
import re
from typing import Any, NoReturn

from hullcheck import inputs
from hullcheck.data.health_checks import KINDS, kind_of_check
from hullcheck.data.labels import GROUPING
from hullcheck.facts.host import ssh_servers
from hullcheck.facts.registry import fact
from hullcheck.parsing import seccomp
from hullcheck.parsing.documents import COUNT, INTEGER, NAMES, require
from hullcheck.recording import Recording, decode_json
from hullcheck.recording.probe import Probe
from hullcheck.secrets import configuration, log_options
from hullcheck.secrets.redact import DROPPED, lines_like, pick
from hullcheck.verdicts import EvidenceError

_FIELDS = {
    "Pid": ".State.Pid",
    "NetworkMode": ".HostConfig.NetworkMode",
    "Id": ".ID",
    "User": ".Config.User",
    "Name": ".Name",
    "Running": ".State.Running",
    "Status": ".State.Status",
    "Created": ".Created",
    "Started": ".State.StartedAt",
    "Finished": ".State.FinishedAt",
    "Image": ".Image",
    "Program": ".Path",
    "Arguments": ".Args",
    "AppArmorProfile": ".AppArmorProfile",
    "ProcessLabel": ".ProcessLabel",
    "MountLabel": ".MountLabel",
    "Reference": ".Config.Image",
    "Environment": ".Config.Env",
    "Labels": ".Config.Labels",
    "ExposedPorts": ".Config.ExposedPorts",
    "HostConfig": ".HostConfig",
    "Mounts": ".Mounts",
    "Networks": ".NetworkSettings.Networks",
    "Ports": ".NetworkSettings.Ports",
}
_FORMAT = (
    "container {"
    + ",".join(f'"{name}":{{{{json {path}}}}}' for name, path in _FIELDS.items())
    + ',"Health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}}'
    + ',"Healthcheck":{{with .Config.Healthcheck}}{{json .Test}}{{else}}null{{end}}'
    + ',"Service":{{with .Config.Labels}}{{json (index . "com.docker.swarm.service.id")}}{{else}}null{{end}}}'
    + '{{range .Mounts}}{{"\\n"}}source {{json .Source}}{{end}}'
)


_JUDGED = """
    CapAdd CapDrop CgroupParent CpuPeriod CpuQuota CpuShares DeviceCgroupRules IpcMode Memory NanoCpus NetworkMode
    PidMode PidsLimit Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode
"""
_BINDINGS = {"*": {"HostIp": True, "HostPort": True}}
_HOST_CONFIG = dict.fromkeys(_JUDGED.split(), True) | {
    "Devices": {"PathOnHost": True, "PathInContainer": True, "CgroupPermissions": True},
    "PortBindings": _BINDINGS,
    "RestartPolicy": {"Name": True, "MaximumRetryCount": True},
    "Tmpfs": {"*": {}},
    "Ulimits": {"Name": True, "Hard": True, "Soft": True},
    "DeviceRequests": {"Driver": True, "Count": True, "DeviceIDs": True, "Capabilities": True},
    "LogConfig": {"Type": True, "Config": {"*": True}},
}
_ALLOWED = dict.fromkeys((*_FIELDS, "Health", "Healthcheck", "Service", "Secrets", "Searched"), True) | {
    "HostConfig": _HOST_CONFIG,
    "Labels": {"*": True},
    "Mounts": dict.fromkeys(
        ("Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation"), True
    ),
    "Networks": {"*": {"NetworkID": True, "IPAddress": True, "GlobalIPv6Address": True}},
    "Ports": _BINDINGS,
    "ExposedPorts": {"*": {}},
}
_LONGEST_LABEL, _MOST_LABELS = 200, 100
_ID = re.compile("[0-9a-f]{64}")
_BOUND = (None, {"*": (None, [{"HostIp?": str, "HostPort?": re.compile(r"[0-9]*")}])})
_ASKED = (None, {"*": (None, [{"HostIp?": str, "HostPort?": re.compile(r"([0-9]+(-[0-9]+)?)?(/.*)?")}])})
_PROPAGATION = frozenset(("", "private", "rprivate", "shared", "rshared", "slave", "rslave"))
_KINDS = frozenset(("tmpfs", "npipe", "cluster", "image"))
_MOUNT = {
    "RW?": bool,
    "Propagation?": _PROPAGATION,
    "Destination": re.compile(".+", re.DOTALL),
    **dict.fromkeys(("Driver?", "Mode?"), str),
}
_NAMESPACE = re.compile("|host|private|none|shareable|container:.+|keep-id.*|auto.*|nomap.*")
_POLICIES = frozenset(("", "no", "always", "on-failure", "unless-stopped"))
_STATES = "created running paused restarting removing exited dead configured initialized stopping stopped"
_HEALTHS = frozenset(("", "none", "starting", "healthy", "unhealthy"))
_SHAPE_OF_HOST_CONFIG = {
    **dict.fromkeys(("CapAdd", "CapDrop", "DeviceCgroupRules", "SecurityOpt"), NAMES),
    **dict.fromkeys(("CgroupParent", "NetworkMode"), str),
    **dict.fromkeys(("IpcMode", "PidMode", "UTSMode", "UsernsMode"), _NAMESPACE),
    **dict.fromkeys(("CpuPeriod", "Memory", "NanoCpus"), COUNT),
    **dict.fromkeys(("Privileged", "PublishAllPorts", "ReadonlyRootfs"), bool),
    **dict.fromkeys(("CpuQuota", "CpuShares"), INTEGER),
    "PidsLimit": (None, INTEGER),
    "Devices": (None, [{"PathOnHost": str, "PathInContainer?": str, "CgroupPermissions?": str}]),
    "PortBindings": _ASKED,
    "RestartPolicy": {"Name": _POLICIES, "MaximumRetryCount?": COUNT},
    "Tmpfs": (None, {"*": (dict, str)}),
    "Ulimits": (None, [{"Name": str, "Hard": INTEGER, "Soft": INTEGER}]),
    "DeviceRequests": (
        None,
        [{"Driver?": (None, str), "Count?": INTEGER, "DeviceIDs?": NAMES, "Capabilities?": (None, [[str]])}],
    ),
    "LogConfig": {"Type": str, "Config?": (None, {"*": str})},
}
_OPTIONAL = {
    **dict.fromkeys(("Image", "Program", "Reference", "User"), str),
    **dict.fromkeys(("Created", "Started", "Finished"), str),
    **dict.fromkeys(("AppArmorProfile", "ProcessLabel", "MountLabel", "NetworkMode"), str),
    "Pid": range(1 << 31),
    "Running": bool,
    "Status": frozenset(_STATES.split()),
    "Arguments": [str],
    "ExposedPorts": (None, {"*": dict}),
    "HostConfig": {f"{name}?": shape for name, shape in _SHAPE_OF_HOST_CONFIG.items()},
    "Mounts": [
        (
            {"Type": frozenset(("bind",)), "Source": str, "Name?": (None, str), **_MOUNT},
            {"Type": frozenset(("volume",)), "Name": (None, str), "Source?": str, **_MOUNT},
            {"Type": _KINDS, "Name?": (None, str), "Source?": str, **_MOUNT},
        )
    ],
    "Networks": (None, {"*": (None, {"NetworkID": str, "IPAddress?": str, "GlobalIPv6Address?": str})}),
    "Ports": _BOUND,
    "Health": (None, _HEALTHS),
    "Healthcheck": frozenset(KINDS),
    "Service": (None, str),
    "Secrets": (None, [str]),
    "Searched": bool,
    "Labels": (None, {"*": (None, str)}),
}
SHAPE = {"Id": _ID, "Name": str, **{f"{name}?": shape for name, shape in _OPTIONAL.items()}}
"""What the engine says of a container, by type: what is there has to be so."""
SHAPE_OF_VOLUME = {"Name": str, "Driver?": str, "Options?": (None, {"*": str})}
_USER = re.compile(r"user [0-9a-f]{64} [0-9]*")
_COUNTED = re.compile(r"counted [0-9]{1,9}")
PROC = lines_like(
    r"\d+/(?:mountinfo|attr/current|uid_map|net/tcp6?|net/udp6?):.*",
    r"/sys/fs/cgroup/[^:]*:.*",
    r"l\S+ .* \d+/(?:ns/\w+|fd/\d+) -> \w+:\[\d+\]",
    '/.*:"NoNewPrivileges":[a-z]*',
    "--paths",
    r"real /.*\t/.*",
    r"socket \d+:\d+ \d+ /.*",
)
_VOLUME = {"Name": True, "Driver": True, "Options": {"type": True, "device": True, "o": True}}


def _keep(text: str) -> str:
    head, mark, rest = text.partition("\n--proc\n")
    lines = [kept for line in head.split("\n") if (kept := _kept(line))]
    return "\n".join(lines) + mark + PROC(rest)


def _kept(line: str) -> str:
    """A line of the first part without what no control needs, or an empty string."""
    word, _, text = line.partition(" ")
    if _ID.fullmatch(line) or _USER.fullmatch(line) or _COUNTED.fullmatch(line):
        return line
    try:
        document = inputs.decode(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return DROPPED if line and word != "source" else ""
    if word == "container":
        kept = pick(document, _ALLOWED)
        for shorten in (
            _without_settings,
            _without_arguments,
            _without_profiles,
            _without_log_options,
            _without_check,
        ):
            shorten(kept)
        return "container " + json.dumps(kept, separators=(",", ":"))
    if word == "volume":
        return "volume " + json.dumps(_without_passwords(pick(document, _VOLUME)), separators=(",", ":"))
    return ""


def _without_arguments(container: dict[str, Any]) -> None:
    """Keep the names of SSH servers alone: commands hold secrets."""
    program, arguments = container.get("Program"), container.get("Arguments") or ()
    container["Program"] = next(iter(sorted(ssh_servers.servers_named([program]))), "")
    container["Arguments"] = sorted(ssh_servers.servers_named([program, *arguments]))


def _without_settings(container: dict[str, Any]) -> None:
    """Keep what secrets its variables, labels and command hold, in words; the engine says null where there are none."""
    variables, labels = container.pop("Environment", "not told"), container.pop("Labels", "not told")
    if isinstance(variables, list | None):
        told = isinstance(labels, dict | None)
        parts = (container.get("Arguments"), container.get("Healthcheck"))
        command = [container.get("Program") or "", *(word for each in parts for word in each or ())]
        searched = {"Env": variables, "Labels": labels if told else {}, "Cmd": command}
        container |= {"Secrets": configuration.in_configuration(searched), "Searched": told}
    if isinstance(labels, dict | None):
        names = sorted(each for each in labels or {} if len(each) <= _LONGEST_LABEL)[:_MOST_LABELS]
        container["Labels"] = {each: (labels or {})[each] if each in GROUPING else None for each in names}


def _without_check(container: dict[str, Any]) -> None:
    """Keep the kind of the health check alone, as its command may hold secrets."""
    if "Healthcheck" in container:
        container["Healthcheck"] = kind_of_check(container["Healthcheck"])


def _without_log_options(container: dict[str, Any]) -> None:
    """Keep harmless options of its log driver alone: others may be tokens and keys."""
    log = (container.get("HostConfig") or {}).get("LogConfig")
    if isinstance(log, dict):
        options = log.get("Config")
        log["Config"] = log_options.log_options(options if isinstance(options, dict) else {})


def _without_profiles(container: dict[str, Any]) -> None:
    """Keep what of its seccomp profile decides, which the engine stores in full."""
    options = (container.get("HostConfig") or {}).get("SecurityOpt")
    if isinstance(options, list):
        container["HostConfig"]["SecurityOpt"] = [_short_profile(str(option)) for option in options]


def _short_profile(option: str) -> str:
    name, separator, text = option.partition("=")
    if name != "seccomp" or not text.lstrip().startswith("{"):
        return option
    return name + separator + json.dumps(seccomp.read(text), separators=(",", ":"))


def _without_passwords(volume: dict[str, Any]) -> dict[str, Any]:
    """Keep names of mount options."""
    options = volume.get("Options")
    if isinstance(options, dict) and isinstance(options.get("o"), str):
        options["o"] = ",".join(map(_without_value, options["o"].split(",")))
    if isinstance(options, dict) and isinstance(options.get("device"), str):
        options["device"] = log_options.without_user(options["device"])
    return volume


def _without_value(option: str) -> str:
    name, equals, _ = option.partition("=")
    return f"{name}=***" if equals else name


DOCKER_CONTAINERS = Probe.from_file("docker_containers", _keep, FORMAT=_FORMAT)


class Description(dict[str, Any]):
    """What the engine says of a container; what it does not report is an error of whoever asks for it."""

    def __missing__(self, name: str) -> NoReturn:
        raise EvidenceError(f"docker inspect does not report {name}")


def described_in(text: str) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str]]]:
    """What the engine says of containers, by id, and by id the name of each that is damaged, with what is wrong."""
    found, damaged = dict[str, dict[str, Any]](), dict[str, tuple[str, str]]()
    for line in text.split("\n"):
        if not line.startswith("container "):
            continue
        document = None
        try:
            document = decode_json(line.partition(" ")[2], "docker inspect")
            found[document["Id"]] = Description(require(document, SHAPE, "docker inspect"))
        except (EvidenceError, KeyError, TypeError) as error:
            known = document if isinstance(document, dict) else {}
            reason = str(error) if isinstance(error, EvidenceError) else "docker inspect: Id is missing"
            name = str(known.get("Name") or "(unknown)").removeprefix("/")
            damaged[str(known.get("Id"))] = name, reason
    return found, damaged


@fact(DOCKER_CONTAINERS)
def published_ports(recording: Recording) -> frozenset[tuple[str, int]]:
    """The addresses and TCP ports that the engine publishes for its containers, as far as it said."""
    described, _ = described_in(recording.part(DOCKER_CONTAINERS))
    return frozenset(
        (str(binding.get("HostIp") or ""), int(binding["HostPort"]))
        for each in described.values()
        for name, bindings in (each.get("Ports") or {}).items()
        if name.endswith("/tcp")
        for binding in bindings or ()
        if binding.get("HostPort")  # a port of a routed network has none
    )
