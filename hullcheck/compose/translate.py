"""Translate services of a Compose file into descriptions of containers, without secrets."""

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hullcheck.compose.command import ComposeError, Merged
from hullcheck.compose.source import RESOURCES, File, place, settings, variables, variables_in
from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.containers import inspect
from hullcheck.facts.containers.compose import OPTIONS_OF_NETWORKS as _OF_NETWORKS
from hullcheck.facts.containers.compose import FileNetwork, Service
from hullcheck.facts.host.processes import servers_named
from hullcheck.secrets import configuration

_STAND_IN = "Zq8vT3kL9xRw2"  # stands for a value that is not known yet: whether its name is one of a secret decides
_SOCKET = "/var/run/docker.sock"
_CONDITIONS = {"none": "no", "any": "always", "": "always"}


class Model(Struct, frozen=True):
    """The merged configuration by `docker compose config`, and its files."""

    merged: Merged
    files: Sequence[File]
    folder: Path

    def services(self) -> dict[str, Service]:
        """Return the services by name, or raise ComposeError."""
        found = {}
        for name in sorted(self.top("services")):
            try:
                described = msgspec.json.encode(_Service(self, name).service())
                found[name] = msgspec.json.decode(described, type=Service)
            except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
                said = "the answer of docker compose is not understood"
                raise ComposeError(f"{place(self.files, name)}: {said}") from error
        return found

    def networks(self) -> dict[str, FileNetwork]:
        """Return the networks by name."""
        found = {}
        for key, each in self.top("networks").items():
            options = {name: str(value) for name, value in _part(each, "driver_opts").items() if name in _OF_NETWORKS}
            driver = "external" if _part(each, "external") else str(_part(each, "driver") or "bridge")
            found[self.network(key)] = FileNetwork(driver=driver, options=options)
        return found

    def volumes(self) -> dict[str, inspect.Volume]:
        """Return the volumes whose place on the host the file decides, by key."""
        found = {}
        for key, each in self.top("volumes").items():
            options = _part(each, "driver_opts")
            device, how = str(options.get("device", "")), str(options.get("o", ""))
            if _part(each, "external") or (_part(each, "driver") or "local") != "local" or "dir=" in how:
                continue
            if device.startswith((".", "~", "/")):
                device = self.path(device)
            volume = inspect.Volume(name=key, options=inspect.VolumeOptions(device=device, o=how))
            (found[key],) = inspect.volumes_kept([volume])
        return found

    def network(self, key: str) -> str:
        """Return the name of a network by its key in the file."""
        return str(_part(self.top("networks"), key, "name") or key)

    def top(self, key: str) -> Mapping[str, Any]:
        """Return a mapping at the top of the configuration."""
        found: Mapping[str, Any] = _part(self.merged.data, key)
        return found

    def unset(self, service: str) -> dict[str, list[str]]:
        """Return the variables without a value by key of *service*."""
        if not self.merged.missing:
            return {}
        written = {key: set(names) for key, names in variables(self.files, service).items() if "=" not in key}
        for key in RESOURCES:
            if key in written:
                written[key] |= {name for file in self.files for name in file.resources.get(key, ())}
        found = {key: sorted(names & self.merged.missing) for key, names in written.items()}
        return {key: names for key, names in found.items() if names}

    def come_later(self, service: str) -> Callable[[str], bool]:
        """Return whether a variable of this name gets its value from one that has none here."""
        written, missing = variables(self.files, service), self.merged.missing
        elsewhere = missing - {name for file in self.files for name in variables_in(file.text)}
        in_env_file = bool(elsewhere) and "env_file" in written
        return lambda name: in_env_file or not missing.isdisjoint(written.get(f"environment={name}", ()))

    def path(self, source: str) -> str:
        """Return a path of the host, as `./` below the folder of the project, with links out of there resolved."""
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


def _text(found: Any, *keys: str) -> str:
    return str(_part(found, *keys) or "")


def _part(found: Any, *keys: str) -> Any:
    """Return the value at *keys* of nested mappings, or an empty mapping."""
    for key in keys:
        found = (found or {}).get(key)
    return found or {}


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

    def _part(self, *keys: str) -> Any:
        return _part(self.data, *keys)

    def _text(self, *keys: str) -> str:
        return _text(self.data, *keys)

    def _texts(self, key: str) -> list[str]:
        return [str(each) for each in self._part(key)]

    def _number(self, key: str, limit: str = "") -> float:
        """Return a limit of the service, preferably of `deploy`."""
        return max(float(self._part("deploy", "resources", "limits", limit) or self._part(key) or 0), 0)

    def service(self) -> Service:
        """Return the service as it is kept."""
        return Service(
            inspect=self._inspected(),
            settings=settings(self.model.files, self.name),
            unset=self.model.unset(self.name),
        )

    def _inspected(self) -> inspect.Inspected:
        networks = [self.model.network(each) for each in self._part("networks")]
        mode = "host" if "host" in networks else self._joined("network_mode")
        if mode in ("bridge", "default"):
            networks = ["bridge"]
        unlabelled = "" if {"label:disable", "label=disable"} & {*self._texts("security_opt")} else inspect.HOLE
        is_named = self.data.get("build") is None and self._text("image")
        endpoint = inspect.Endpoint(network_id="")
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
                labels=inspect.labels_kept(_settings(self.data.get("labels"))),
                healthcheck=self._check(),
            ),
            host_config=self._host_config(mode),
            mounts=list(self._mounts()),
            network_settings=inspect.NetworkSettings(networks=dict.fromkeys(networks, endpoint), ports={}),
            secrets=self._secrets(),
        )

    def _joined(self, key: str) -> str:
        return re.sub("^service:", "container:", self._text(key))

    def _host_config(self, network_mode: str) -> inspect.HostConfig:
        options = {key: str(each) for key, each in self._part("logging", "options").items()}
        return inspect.HostConfig(
            network_mode=network_mode,
            pid_mode=self._joined("pid"),
            ipc_mode=self._joined("ipc"),
            privileged=bool(self._part("privileged")),
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
            readonly_rootfs=bool(self._part("read_only")),
            mounts=None,
            port_bindings=self._ports(),
            publish_all_ports=False,
            restart_policy=self._restart(),
            devices=[  # as texts by older versions
                inspect.Device(path_on_host=each["source"] if isinstance(each, Mapping) else each.partition(":")[0])
                for each in self._part("devices")
            ],
            device_requests=self._device_requests(),
            device_cgroup_rules=self._texts("device_cgroup_rules"),
            ulimits=list(self._ulimits()),
            tmpfs={each.partition(":")[0]: "" for each in self._texts("tmpfs")},
            log_config=inspect.LogConfig(
                type=self._text("logging", "driver"), config=configuration.log_options(options)
            ),
        )

    def _ports(self) -> dict[str, list[inspect.Binding] | None]:
        found = dict[str, list[inspect.Binding] | None]()
        for each in self._part("ports"):
            key = f"{each['target']}/{each.get('protocol') or 'tcp'}"
            address, port = (str(each.get(name) or "") for name in ("host_ip", "published"))
            found[key] = [*(found.get(key) or ()), inspect.Binding(host_ip=address, host_port=port)]
        return found

    def _restart(self) -> inspect.RestartPolicy:
        """Return the restart policy, preferably of `deploy`."""
        name, _, count = self._text("restart").partition(":")
        if (policy := _part(self.data, "deploy").get("restart_policy")) is not None:
            name, count = str(policy.get("condition") or ""), str(policy.get("max_attempts") or 0)
            name = _CONDITIONS.get(name, name)
        known: Any = name or "no"
        return inspect.RestartPolicy(name=known, maximum_retry_count=max(int(count or 0), 0))

    def _device_requests(self) -> list[inspect.DeviceRequest]:
        gpus = self._part("gpus")
        asked = [*([{}] if gpus == "all" else gpus), *self._part("deploy", "resources", "reservations", "devices")]
        named = ((str(each.get("driver") or ""), each.get("capabilities") or ["gpu"]) for each in asked)
        return [inspect.DeviceRequest(driver=driver, capabilities=[those]) for driver, those in named]

    def _ulimits(self) -> Iterator[inspect.Ulimit]:
        for name, each in self._part("ulimits").items():
            soft, hard = [each.get(key, 0) for key in ("soft", "hard")] if isinstance(each, Mapping) else (each, each)
            yield inspect.Ulimit(name=name, soft=int(soft), hard=int(hard))  # docker compose leaves out zeros

    def _check(self) -> inspect.Healthcheck | None:
        test = ["NONE"] if self._part("healthcheck", "disable") else self._part("healthcheck", "test")
        return inspect.Healthcheck(test=[kind_of_check(test)]) if test else None

    def _secrets(self) -> list[inspect.Secret]:
        comes_later = self.model.come_later(self.name)
        environment = [
            f"{name}={_STAND_IN if value is None or (not value and comes_later(name)) else value}"
            for name, value in _settings(self.data.get("environment")).items()
        ]
        commands = {
            "command": self._texts("command"),
            "entry point": self._texts("entrypoint"),
            "health check": self._part("healthcheck", "test"),
        }
        return inspect.secrets_in(environment, _settings(self.data.get("labels")), commands)

    # ---- mounts

    def _mounts(self) -> Iterator[inspect.MountPoint]:
        for each in self._part("volumes"):
            source, target, rw = _text(each, "source"), posixpath.normpath(each["target"]), not each.get("read_only")
            if each["type"] == "bind":
                yield _bind(self.model.path(source), target, rw=rw, how=_text(each, "bind", "propagation"))
            else:
                yield _volume(each["type"], source, target, rw=rw)
        for key, folder in (("secrets", "/run/secrets/"), ("configs", "/")):
            for each in self._part(key):
                source = str(each["source"])
                if file := _part(self.model.top(key), source, "file"):
                    inside = posixpath.join(folder, str(each.get("target") or source))
                    yield _bind(self.model.path(str(file)), inside, rw=False)
        if self._part("use_api_socket"):
            yield _bind(_SOCKET, _SOCKET, rw=True)
        for parts in (each.removeprefix("service:").split(":") for each in self._texts("volumes_from")):
            if parts[0] not in self.model.top("services"):  # of a container, whose volumes nobody knows here
                yield _volume("volume", f"of the container {':'.join(parts)}", "/", rw=False)
                continue
            for mount in _Service(self.model, parts[0])._mounts():
                yield replace(mount, rw=mount.rw and parts[1:2] != ["ro"])


def _bind(source: str, target: str, *, rw: bool, how: str = "") -> inspect.MountPoint:
    shared: Any = how or "rprivate"
    return inspect.MountPoint(type="bind", name="", source=source, destination=target, rw=rw, propagation=shared)


def _volume(kind: Any, name: str, target: str, *, rw: bool) -> inspect.MountPoint:
    return inspect.MountPoint(type=kind, name=name, source="", destination=target, rw=rw, propagation="")
