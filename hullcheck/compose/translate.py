"""A service of a Compose file in the terms in which the engine describes a container; no secret is kept of it."""

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hullcheck.compose.command import ComposeError, File, Merged, place, places
from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.containers import Hook, inspect
from hullcheck.facts.containers.compose import OPTIONS_OF_NETWORKS, FileNetwork, Service
from hullcheck.facts.host.processes import servers_named
from hullcheck.secrets import configuration

_STAND_IN = "Zq8vT3kL9xRw2"
"""Stands for a value that is not known yet: whether its name is one of a secret decides."""
_SOCKET = "/var/run/docker.sock"
_JOINING = {"network_mode": "network_mode", "pid_mode": "pid", "ipc_mode": "ipc"}
_CONDITIONS = {"none": "no", "any": "always", "": "always"}
_RESOURCES = ("configs", "networks", "secrets", "volumes")


class Model(Struct, frozen=True):
    """The merged configuration, as `docker compose config` prints it, and its files."""

    merged: Merged
    files: Sequence[File]
    folder: Path

    def services(self) -> dict[str, Service]:
        """Return what is kept of each service, by its name, or raise ComposeError."""
        found = {}
        for name in sorted(self.top("services")):
            try:
                described = msgspec.json.encode(_Service(self, name).service())
                found[name] = msgspec.json.decode(described, type=Service)
            except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
                raise ComposeError(
                    f"{place(self.files, name)}: the answer of docker compose is not understood"
                ) from error
        return found

    def networks(self) -> dict[str, FileNetwork]:
        """Return what is kept of the networks, by name."""
        found = {}
        for key, each in self.top("networks").items():
            each = each or {}
            given = each.get("driver_opts") or {}
            options = {name: str(value) for name, value in given.items() if name in OPTIONS_OF_NETWORKS}
            driver = "external" if each.get("external") else str(each.get("driver") or "bridge")
            found[self.network(key)] = FileNetwork(driver=driver, options=options)
        return found

    def volumes(self) -> dict[str, inspect.Volume]:
        """Return the volumes whose place on the host the file decides, by their keys: a folder, or the engine's own."""
        found = {}
        for key, each in self.top("volumes").items():
            asked = each or {}
            options = asked.get("driver_opts") or {}
            device, how = str(options.get("device", "")), str(options.get("o", ""))
            if asked.get("external") or (asked.get("driver") or "local") != "local" or "dir=" in how:
                continue
            if device.startswith((".", "~", "/")):
                device = self.path(device)
            volume = inspect.Volume(name=key, options=inspect.VolumeOptions(device=device, o=how))
            (found[key],) = inspect.volumes_kept([volume])
        return found

    def network(self, key: str) -> str:
        """Return the name of a network by its key in the file."""
        return str((self.top("networks").get(key) or {}).get("name") or key)

    def top(self, key: str) -> Mapping[str, Any]:
        """Return a mapping at the top of the configuration."""
        found: Mapping[str, Any] = self.merged.data.get(key) or {}
        return found

    def unset(self, service: str) -> dict[str, list[str]]:
        """Return by each key of *service* its variables without a value, also of what is named elsewhere."""
        raw = self.merged.raw
        written = {key: [each] for key, each in ((raw.get("services") or {}).get(service) or {}).items()}
        for key in _RESOURCES:
            for each in (raw.get(key) or {}).values() if key in written else ():
                written[key].append({**(each or {}), "name": ""})
        found = {key: sorted(_variables(each) & self.merged.missing) for key, each in written.items()}
        return {key: names for key, names in found.items() if names}

    def path(self, source: str) -> str:
        """Return a path of the host; below the folder of the project as `./`, which is another on each machine.

        One that is written so and leads out of it, also by a symbolic link, counts as what it leads to here.
        """
        if source.startswith("~"):
            return posixpath.normpath(os.path.expanduser(source))
        folder = os.path.realpath(self.folder)
        if source.startswith("/"):
            inside = f"{posixpath.normpath(source)}/".startswith((f"{folder}/", f"{self.folder.absolute()}/"))
            if not inside or any(source in each.text for each in self.files):
                return posixpath.normpath(source)
        real = os.path.realpath(self.folder / source)
        if real == folder or real.startswith(f"{folder}/"):
            return "./" + posixpath.relpath(real, folder).removeprefix(".").lstrip("/")
        return real


def _variables(value: Any) -> frozenset[str]:
    """Return the names of all variables in *value*, roughly: what follows `$` or `${`."""
    if isinstance(value, Mapping | list):
        inner = value.values() if isinstance(value, Mapping) else value
        return frozenset[str]().union(*map(_variables, inner))
    return frozenset(re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", str(value).replace("$$", "")))


def _settings(value: Any) -> dict[str, str | None]:
    """Return a mapping, or a list of NAME=VALUE; None for a name without a value."""
    if isinstance(value, list):
        pairs = (each.partition("=") for each in value)
        return {name: value if equals else None for name, equals, value in pairs}
    return {name: None if each is None else str(each) for name, each in (value or {}).items()}


class _Service:
    """One service."""

    def __init__(self, model: Model, name: str) -> None:
        self.model = model
        self.name = name
        self.data: Mapping[str, Any] = model.top("services")[name]
        self.deploy: Mapping[str, Any] = self.data.get("deploy") or {}

    def _text(self, key: str) -> str:
        return str(self.data.get(key) or "")

    def _texts(self, key: str) -> list[str]:
        return [str(each) for each in self.data.get(key) or ()]

    def _number(self, key: str, limit: str = "") -> float:
        """Return a limit of the service; that of `deploy` counts first."""
        limits = (self.deploy.get("resources") or {}).get("limits") or {}
        return max(float(limits.get(limit) or self.data.get(key) or 0), 0)

    def service(self) -> Service:
        """Return what is kept of it."""
        return Service(
            inspect=self._inspected(),
            place=place(self.model.files, self.name),
            places=places(self.model.files, self.name),
            unset=self.model.unset(self.name),
            hooks=[
                Hook(key=key, privileged=bool(each.get("privileged")), user=str(each.get("user") or ""))
                for key in ("post_start", "pre_stop")
                for each in self.data.get(key) or ()
            ],
        )

    def _inspected(self) -> inspect.Inspected:
        networks = [self.model.network(each) for each in self.data.get("networks") or ()]
        settings = self._host_config()
        mode = "host" if "host" in networks else settings.network_mode
        if mode in ("bridge", "default"):
            networks = ["bridge"]
        labels = _settings(self.data.get("labels"))
        unlabelled = "" if {"label:disable", "label=disable"} & {*self._texts("security_opt")} else inspect.HOLE
        is_named = self.data.get("build") is None and self._text("image")
        return inspect.Inspected(
            name=self.name,
            args=sorted(servers_named([*self._texts("entrypoint"), *self._texts("command")])),
            image="",
            process_label=unlabelled,
            mount_label=unlabelled,
            state=inspect.State(status="created", running=False, pid=0),
            config=inspect.Config(
                user=self._text("user") or inspect.HOLE,
                image=self._text("image") if is_named else inspect.HOLE,
                labels=inspect.labels_kept(labels),
                healthcheck=self._check(),
            ),
            host_config=replace(settings, network_mode=mode),
            mounts=list(self._mounts()),
            network_settings=inspect.NetworkSettings(
                networks={each: inspect.Endpoint(network_id="") for each in networks}, ports={}
            ),
            secrets=self._secrets(),
        )

    def _host_config(self) -> inspect.HostConfig:
        log = self.data.get("logging") or {}
        joined = {name: re.sub("^service:", "container:", self._text(key)) for name, key in _JOINING.items()}
        options = {key: str(each) for key, each in (log.get("options") or {}).items()}
        return inspect.HostConfig(
            **joined,
            privileged=bool(self.data.get("privileged")),
            cap_add=self._texts("cap_add"),
            cap_drop=self._texts("cap_drop"),
            security_opt=self._texts("security_opt"),
            uts_mode=self._text("uts"),
            userns_mode=self._text("userns_mode"),
            cgroup_parent=self._text("cgroup_parent"),
            memory=int(self._number("mem_limit", "memory")),
            nano_cpus=round(self._number("cpus", "cpus") * 1e9),
            cpu_quota=int(self._number("cpu_quota")),
            cpu_period=int(self._number("cpu_period")),
            cpu_shares=int(self._number("cpu_shares")),
            pids_limit=int(self._number("pids_limit", "pids")),
            readonly_rootfs=bool(self.data.get("read_only")),
            mounts=None,
            port_bindings=self._ports(),
            publish_all_ports=False,
            restart_policy=self._restart(),
            devices=[  # as texts by older versions
                inspect.Device(path_on_host=each["source"] if isinstance(each, Mapping) else each.partition(":")[0])
                for each in self.data.get("devices") or ()
            ],
            device_requests=self._device_requests(),
            device_cgroup_rules=self._texts("device_cgroup_rules"),
            ulimits=[inspect.Ulimit(name=name, soft=int(soft), hard=int(hard)) for name, soft, hard in self._ulimits()],
            tmpfs={each.partition(":")[0]: "" for each in self._texts("tmpfs")},
            log_config=inspect.LogConfig(type=str(log.get("driver") or ""), config=configuration.log_options(options)),
        )

    def _ports(self) -> dict[str, list[inspect.Binding] | None]:
        found = dict[str, list[inspect.Binding] | None]()
        for each in self.data.get("ports") or ():
            key = f"{each['target']}/{each.get('protocol') or 'tcp'}"
            binding = inspect.Binding(
                host_ip=str(each.get("host_ip") or ""), host_port=str(each.get("published") or "")
            )
            found[key] = [*(found.get(key) or ()), binding]
        return found

    def _restart(self) -> inspect.RestartPolicy:
        """Return the restart policy; that of `deploy` counts first, as in Compose."""
        name, _, count = self._text("restart").partition(":")
        if (policy := self.deploy.get("restart_policy")) is not None:
            name, count = str(policy.get("condition") or ""), str(policy.get("max_attempts") or 0)
            name = _CONDITIONS.get(name, name)
        known: Any = name or "no"
        return inspect.RestartPolicy(name=known, maximum_retry_count=max(int(count or 0), 0))

    def _device_requests(self) -> list[inspect.DeviceRequest]:
        reserved = ((self.deploy.get("resources") or {}).get("reservations") or {}).get("devices") or ()
        gpus = self.data.get("gpus") or ()
        asked = [*([{"capabilities": ["gpu"]}] if gpus == "all" else gpus), *reserved]
        return [
            inspect.DeviceRequest(
                driver=str(each.get("driver") or ""), capabilities=[each.get("capabilities") or ["gpu"]]
            )
            for each in asked
        ]

    def _ulimits(self) -> Iterator[tuple[str, Any, Any]]:
        for name, each in (self.data.get("ulimits") or {}).items():
            yield (name, each["soft"], each["hard"]) if isinstance(each, Mapping) else (name, each, each)

    def _check(self) -> inspect.Healthcheck | None:
        check = self.data.get("healthcheck") or {}
        test = ["NONE"] if check.get("disable") else check.get("test")
        return inspect.Healthcheck(test=[kind_of_check(test)]) if test else None

    def _secrets(self) -> list[inspect.Secret]:
        raw = ((self.model.merged.raw or {}).get("services") or {}).get(self.name) or {}
        later = {
            name
            for name, value in _settings(raw.get("environment")).items()
            if _variables(value) & self.model.merged.missing
        }
        variables = [
            f"{name}={_STAND_IN if value is None or (name in later and not value) else value}"
            for name, value in _settings(self.data.get("environment")).items()
        ]
        commands = {
            "command": self._texts("command"),
            "entry point": self._texts("entrypoint"),
            "health check": (self.data.get("healthcheck") or {}).get("test") or (),
        }
        return inspect.secrets_in(variables, _settings(self.data.get("labels")), commands)

    # ---- what it sees of the host's files

    def _mounts(self) -> Iterator[inspect.MountPoint]:
        yield from map(self._mount, self.data.get("volumes") or ())
        yield from self._files("secrets", "/run/secrets/")
        yield from self._files("configs", "/")
        if self.data.get("use_api_socket"):
            yield _bind(_SOCKET, _SOCKET, read_only=False)
        for parts in (each.removeprefix("service:").split(":") for each in self._texts("volumes_from")):
            if parts[0] not in self.model.top("services"):  # of a container, whose volumes nobody knows here
                name = f"of the container {':'.join(parts)}"
                yield inspect.MountPoint(type="volume", name=name, source="", destination="/", rw=False, propagation="")
                continue
            for each in _Service(self.model, parts[0])._mounts():
                yield replace(each, rw=each.rw and parts[1:2] != ["ro"])

    def _mount(self, asked: Mapping[str, Any]) -> inspect.MountPoint:
        source = str(asked.get("source") or "")
        target, read_only = posixpath.normpath(asked["target"]), bool(asked.get("read_only"))
        if asked["type"] == "bind":
            how = str((asked.get("bind") or {}).get("propagation") or "")
            return _bind(self.model.path(source), target, read_only=read_only, how=how)
        return inspect.MountPoint(
            type=asked["type"], name=source, source="", destination=target, rw=not read_only, propagation=""
        )

    def _files(self, key: str, folder: str) -> Iterator[inspect.MountPoint]:
        """Yield the files of the host that are mounted as secrets or configs."""
        for item in self.data.get(key) or ():
            source, target = str(item["source"]), item.get("target")
            if file := (self.model.top(key).get(source) or {}).get("file"):
                inside = posixpath.join(folder, str(target or source))
                yield _bind(self.model.path(str(file)), inside, read_only=True)


def _bind(source: str, target: str, *, read_only: bool, how: str = "") -> inspect.MountPoint:
    shared: Any = how or "rprivate"
    return inspect.MountPoint(
        type="bind", name="", source=source, destination=target, rw=not read_only, propagation=shared
    )
