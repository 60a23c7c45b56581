"""A service of a Compose file in the terms in which the engine describes a container; no secret is kept of it."""

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullcheck import secrets
from hullcheck.compose import values
from hullcheck.compose.places import Written
from hullcheck.compose.written import ComposeError
from hullcheck.data.labels import GROUPING
from hullcheck.facts.compose.document import OPTIONS_OF_NETWORKS
from hullcheck.facts.host.ssh_servers import servers_named
from hullcheck.parsing.shell.outcome import kind_of_check
from hullcheck.secrets import configuration
from hullcheck.secrets.log_options import log_options

_STAND_IN = "Zq8vT3kL9xRw2"
"""Stands for a value that is not known yet: whether its name is one of a secret decides."""
_OVERLAY = ("lowerdir", "upperdir", "workdir")
_SOCKET = "/var/run/docker.sock"
_JOINING = {"NetworkMode": "network_mode", "PidMode": "pid", "IpcMode": "ipc"}
_SLICE = "org.systemd.property.Slice"
_DEPTH = 20  # of services that take the volumes of others


@dataclass(frozen=True)
class Model:
    """The merged configuration, as `docker compose config` gives it or with its short forms.

    Attributes:
        data: with the values of all variables.
        missing: the variables that have no value.
        written: where it is written.
        folder: that of the project, in which paths begin.
    """

    data: Mapping[str, Any]
    missing: frozenset[str]
    written: Written
    folder: Path

    def services(self) -> dict[str, Any]:
        """What is kept of each service, by its name.

        Raises:
            ComposeError: a value is not understood.
        """
        return {name: _Service(self, name).document() for name in sorted(self.top("services"))}

    def networks(self) -> dict[str, Any]:
        """What is kept of the networks that are not made as the engine does by default, by name."""
        found = {}
        for key, each in self.top("networks").items():
            each = each if isinstance(each, Mapping) else {}
            options = each.get("driver_opts") or {}
            found[self.network(key)] = {
                "External": bool(each.get("external")) and str(each.get("external")) != "false",
                "Driver": str(each.get("driver") or ""),
                "Options": {
                    name: str(value)
                    for name, value in (options.items() if isinstance(options, Mapping) else ())
                    if name in OPTIONS_OF_NETWORKS
                },
            }
        return found

    def network(self, key: str) -> str:
        """The name of a network by its key in the file."""
        each = self.top("networks").get(key)
        each = each if isinstance(each, Mapping) else {}
        external = each.get("external")
        named = external.get("name") if isinstance(external, Mapping) else None
        outside = external not in (None, False, "false")
        own = key if outside else f"{self.data.get('name') or self.folder.resolve().name}_{key}"
        return str(each.get("name") or named or own)

    def top(self, key: str) -> Mapping[str, Any]:
        """A mapping at the top of the file."""
        found = self.data.get(key) or {}
        if not isinstance(found, Mapping):
            raise ComposeError(f"{self.written.files[0].shown}:1: {key} is no mapping")
        return found

    def path(self, source: str) -> str:
        """A path of the host; below the folder of the project as `./`, which is another on each machine.

        One that is written so and leads out of it, also by a symbolic link, counts as what it leads to here.
        """
        if source.startswith("~"):
            return posixpath.normpath(os.path.expanduser(source))
        folder = os.path.realpath(self.folder)
        if source.startswith("/"):
            inside = f"{posixpath.normpath(source)}/".startswith((f"{folder}/", f"{self.folder.absolute()}/"))
            if not inside or any(_text_of(each.data, source) for each in self.written.files):
                return posixpath.normpath(source)
        real = os.path.realpath(self.folder / source)
        if real == folder or real.startswith(f"{folder}/"):
            return "./" + posixpath.relpath(real, folder).removeprefix(".").lstrip("/")
        return real


def _text_of(data: Any, part: str) -> bool:
    """Whether *part* is written somewhere in *data*."""
    if isinstance(data, Mapping):
        return any(_text_of(each, part) for each in data.values())
    if isinstance(data, list):
        return any(_text_of(each, part) for each in data)
    return isinstance(data, str) and part in data


class _Service:
    """One service."""

    def __init__(self, model: Model, name: str) -> None:
        self.model = model
        self.name = name
        found = model.top("services")[name]
        if not isinstance(found, Mapping):
            raise ComposeError(f"{model.written.place(name)}: services.{name} is no mapping")
        self.data = found
        deploy = found.get("deploy") or {}
        self.deploy = deploy if isinstance(deploy, Mapping) else self._refuse("deploy", "is no mapping")

    def _refuse(self, key: str, why: object) -> Any:
        place = self.model.written.place(self.name, *key.split("."))
        raise ComposeError(f"{place}: services.{self.name}.{key}: {secrets.hidden(str(why))}")

    def _value(self, key: str, read: Callable[..., Any], *more: Any) -> Any:
        """What *read* makes of the value of *key*."""
        try:
            return read(self.data.get(key), *more)
        except ValueError as error:
            return self._refuse(key, error)

    def _deployed(self, key: str, *way: str) -> Any:
        found: Any = self.deploy
        for step in way:
            found = found.get(step) or {} if isinstance(found, Mapping) else {}
        return found.get(key) if isinstance(found, Mapping) else None

    def _limit(self, key: str, other: str, read: Callable[[Any], Any]) -> Any:
        """A limit of the service; that of `deploy`, where there is one."""
        try:
            return read(self._deployed(other, "resources", "limits")) or self._value(key, read)
        except ValueError as error:
            return self._refuse("deploy", error)

    def document(self) -> dict[str, Any]:
        """What is kept of it."""
        written = self.model.written
        check = self._check()
        return {
            "Name": self.name,
            "Place": written.place(self.name),
            "Places": written.places(self.name),
            "Unset": written.unset(self.name, self.model.missing),
            "Reference": self._value("image", values.text),
            "Built": self.data.get("build") is not None,
            "User": self._value("user", values.text),
            "Arguments": self._servers(),
            "Secrets": self._secrets(),
            "Labels": self._labels(),
            "HostConfig": self._host_config(),
            "Networks": {each: {"NetworkID": ""} for each in self._networks()},
            "Mounts": list(self._mounts(0)),
            "Strangers": self._strangers(),
            "Hooks": list(self._hooks()),
            **({"Healthcheck": check} if check else {}),
        }

    def _host_config(self) -> dict[str, Any]:
        value = self._value
        reserved = self._deployed("devices", "resources", "reservations")
        try:
            requests = values.device_requests(self.data.get("gpus"), reserved)
            restart = values.restart_policy(self.data.get("restart"), self.deploy)
        except ValueError as error:
            self._refuse("restart" if "restart" in str(error) else "deploy", error)
        return {
            "Privileged": value("privileged", values.boolean),
            "CapAdd": value("cap_add", values.texts),
            "CapDrop": value("cap_drop", values.texts),
            "SecurityOpt": value("security_opt", values.texts),
            "UTSMode": value("uts", values.text),
            "UsernsMode": value("userns_mode", values.text),
            **{name: self._joined(key) for name, key in _JOINING.items()},
            "CgroupnsMode": value("cgroup", values.text),
            "CgroupParent": value("cgroup_parent", values.text),
            "Annotations": {_SLICE: value("annotations", values.settings).get(_SLICE) or ""},
            "Memory": self._limit("mem_limit", "memory", values.size),
            "NanoCpus": round(self._limit("cpus", "cpus", values.number) * 1e9),
            "CpuQuota": value("cpu_quota", values.microseconds),
            "CpuPeriod": value("cpu_period", values.microseconds),
            "CpuShares": round(value("cpu_shares", values.number)),
            "PidsLimit": max(self._limit("pids_limit", "pids", values.whole), 0),
            "ReadonlyRootfs": value("read_only", values.boolean),
            "PortBindings": value("ports", values.ports),
            "PublishAllPorts": False,
            "RestartPolicy": restart,
            "Devices": value("devices", values.devices),
            "DeviceRequests": requests,
            "DeviceCgroupRules": value("device_cgroup_rules", values.texts),
            "Ulimits": value("ulimits", values.ulimits),
            "Tmpfs": {each.partition(":")[0]: {} for each in value("tmpfs", values.texts)},
            "LogConfig": self._log(),
            "Runtime": value("runtime", values.text),
        }

    def _joined(self, key: str) -> str:
        mode: str = self._value(key, values.text)
        return mode.replace("service:", "container:", 1) if mode.startswith("service:") else mode

    def _networks(self) -> list[str]:
        if self.data.get("network_mode"):
            return []
        asked = self.data.get("networks") or ["default"]
        if not isinstance(asked, Mapping | list):
            self._refuse("networks", "is no list")
        return [self.model.network(str(each)) for each in asked]

    def _log(self) -> dict[str, Any]:
        log = self.data.get("logging") or {}
        if not isinstance(log, Mapping):
            self._refuse("logging", "is no mapping")
        options = log.get("options") or {}
        texts = {str(key): str(each) for key, each in options.items()} if isinstance(options, Mapping) else {}
        return {"Type": str(log.get("driver") or ""), "Config": log_options(texts)}

    def _check(self) -> str:
        check = self.data.get("healthcheck")
        if check is None:
            return ""
        if not isinstance(check, Mapping):
            self._refuse("healthcheck", "is no mapping")
        try:
            if values.boolean(check.get("disable")):
                return "NONE"
        except ValueError as error:
            self._refuse("healthcheck", error)
        test = check.get("test")
        if isinstance(test, str):
            test = ["NONE"] if test == "NONE" else ["CMD-SHELL", test]
        return kind_of_check(test) if test else ""

    def _hooks(self) -> Iterator[dict[str, Any]]:
        """What Compose executes in it beside its command, as `docker exec` does."""
        for key in ("post_start", "pre_stop"):
            for item in self.data.get(key) or ():
                if not isinstance(item, Mapping):
                    self._refuse(key, "is no command that is understood")
                try:
                    privileged, user = values.boolean(item.get("privileged")), values.text(item.get("user"))
                except ValueError as error:
                    self._refuse(key, error)
                yield {"Key": key, "Privileged": privileged, "User": user}

    def _servers(self) -> list[str]:
        words = [*self._value("entrypoint", values.words), *self._value("command", values.words)]
        return sorted(servers_named(words))

    def _secrets(self) -> list[str]:
        given = dict(self._value("environment", values.settings))
        later = self.model.written.open_settings(self.name, self.model.missing)
        variables = [
            f"{name}={_STAND_IN if value is None or (name in later and not value) else value}"
            for name, value in given.items()
        ]
        check = self.data.get("healthcheck")
        test = check.get("test") if isinstance(check, Mapping) else None
        searched = {
            "Env": variables,
            "Labels": self._value("labels", values.settings),
            "Cmd": self._value("command", values.words),
            "Entrypoint": self._value("entrypoint", values.words),
            "Healthcheck": {"Test": [test] if isinstance(test, str) else test},
        }
        return configuration.in_configuration(searched)

    def _labels(self) -> dict[str, str | None]:
        labels = self._value("labels", values.settings)
        return {
            name: value if name in GROUPING else None for name, value in labels.items() if len(name) <= 200
        }

    # ---- what it sees of the host's files

    def _mounts(self, depth: int) -> Iterator[dict[str, Any]]:
        for item in self.data.get("volumes") or ():
            try:
                yield self._mount(values.mount(item))
            except ValueError as error:
                self._refuse("volumes", error)
        yield from self._files("secrets", "/run/secrets/")
        yield from self._files("configs", "/")
        if self._value("use_api_socket", values.boolean):
            yield _bind(_SOCKET, _SOCKET, read_only=False)
        for name, mode in self._taken():
            if name in self.model.top("services") and depth < _DEPTH:
                for each in _Service(self.model, name)._mounts(depth + 1):
                    yield {**each, "RW": each["RW"] and mode != "ro"}

    def _taken(self) -> list[tuple[str, str]]:
        found: list[str] = self._value("volumes_from", values.texts)
        parts = (each.removeprefix("service:").partition(":") for each in found)
        return [(name, mode) for name, _, mode in parts]

    def _strangers(self) -> list[str]:
        """What it takes from a container that is not in the file, in words."""
        taken = [name for name, _ in self._taken() if name not in self.model.top("services")]
        return [f"the volumes of a container ({each})" for each in taken]

    def _mount(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        kind, source = asked["type"], asked["source"]
        if kind == "bind":
            path = self.model.path(source)
            return _bind(path, asked["target"], read_only=asked["read_only"], how=asked["propagation"])
        found = {
            "Type": kind,
            "Name": source if kind != "tmpfs" else "",
            "Source": "",
            "Destination": asked["target"],
            "RW": not asked["read_only"],
            "Propagation": "",
        }
        return {**found, **self._volume(source)} if kind == "volume" else found

    def _volume(self, key: str) -> dict[str, Any]:
        """Where a named volume leads on the host, as far as the file says."""
        volume = self.model.top("volumes").get(key)
        volume = volume if isinstance(volume, Mapping) else {}
        options = volume.get("driver_opts") or {}
        options = options if isinstance(options, Mapping) else {}
        given = (each.partition("=") for each in str(options.get("o") or "").split(","))
        named = [path for name, _, paths in given if name in _OVERLAY for path in paths.split(":")]
        device = str(options.get("device") or "")
        named += [device] if device.startswith(("/", ".", "~")) else []
        outside = volume.get("external") not in (None, False, "false")
        return {
            "Driver": str(volume.get("driver") or "local"),
            "External": outside,
            "Paths": [self.model.path(each) for each in named],
        }

    def _files(self, key: str, folder: str) -> Iterator[dict[str, Any]]:
        """The files of the host that are mounted as secrets or configs."""
        for item in self.data.get(key) or ():
            source = item.get("source") if isinstance(item, Mapping) else item
            target = item.get("target") if isinstance(item, Mapping) else None
            known = self.model.top(key).get(str(source))
            file = known.get("file") if isinstance(known, Mapping) else None
            if file:
                place = posixpath.join(folder, str(target or source))
                yield _bind(self.model.path(str(file)), place, read_only=True)


def _bind(source: str, target: str, *, read_only: bool, how: str = "") -> dict[str, Any]:
    return {
        "Type": "bind",
        "Name": "",
        "Source": source,
        "Destination": target,
        "RW": not read_only,
        "Propagation": how or "rprivate",
    }
