"""A service of a Compose file in the terms in which the engine describes a container; no secret is kept of it."""

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullcheck.compose.command import ComposeError, Merged
from hullcheck.compose.lines import File, place, places
from hullcheck.data.health_checks import kind_of_check
from hullcheck.data.labels import GROUPING
from hullcheck.facts.containers.compose_document import OPTIONS_OF_NETWORKS
from hullcheck.facts.host.ssh_servers import servers_named
from hullcheck.secrets import configuration
from hullcheck.secrets.log_options import log_options

_STAND_IN = "Zq8vT3kL9xRw2"
"""Stands for a value that is not known yet: whether its name is one of a secret decides."""
_OVERLAY = ("lowerdir", "upperdir", "workdir")
_SOCKET = "/var/run/docker.sock"
_JOINING = {"NetworkMode": "network_mode", "PidMode": "pid", "IpcMode": "ipc"}
_CONDITIONS = {"none": "no", "any": "always", "": "always"}
_RESOURCES = ("configs", "networks", "secrets", "volumes")
_DEPTH = 20  # of services that take the volumes of others


@dataclass(frozen=True)
class Model:
    """The merged configuration, as `docker compose config` prints it, and its files."""

    merged: Merged
    files: Sequence[File]
    folder: Path

    def services(self) -> dict[str, Any]:
        """Return what is kept of each service, by its name.

        Raises:
            ComposeError: a value is not understood.
        """
        found = {}
        for name in sorted(self.top("services")):
            try:
                found[name] = _Service(self, name).document()
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ComposeError(
                    f"{place(self.files, name)}: the answer of docker compose is not understood"
                ) from error
        return found

    def networks(self) -> dict[str, Any]:
        """Return what is kept of the networks, by name."""
        found = {}
        for key, each in self.top("networks").items():
            each = each or {}
            options = each.get("driver_opts") or {}
            found[self.network(key)] = {
                "External": bool(each.get("external")),
                "Driver": str(each.get("driver") or ""),
                "Options": {
                    name: str(value) for name, value in options.items() if name in OPTIONS_OF_NETWORKS
                },
            }
        return found

    def network(self, key: str) -> str:
        """Return the name of a network by its key in the file."""
        return str((self.top("networks").get(key) or {}).get("name") or key)

    def top(self, key: str) -> Mapping[str, Any]:
        """Return a mapping at the top of the configuration."""
        found = self.merged.data.get(key) or {}
        if not isinstance(found, Mapping):
            raise ComposeError(f"{self.files[0].shown}: {key} is not a mapping")
        return found

    def unset(self, service: str) -> dict[str, list[str]]:
        """Return by each key of *service* its variables without a value, also of what is named elsewhere."""
        raw = self.merged.raw or {}
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

    def document(self) -> dict[str, Any]:
        """Return what is kept of it."""
        check = self._check()
        return {
            "Name": self.name,
            "Place": place(self.model.files, self.name),
            "Places": places(self.model.files, self.name),
            "Unset": self.model.unset(self.name),
            "Reference": self._text("image"),
            "Built": self.data.get("build") is not None,
            "User": self._text("user"),
            "Arguments": sorted(servers_named([*self._texts("entrypoint"), *self._texts("command")])),
            "Secrets": self._secrets(),
            "Labels": {
                name: value if name in GROUPING else None
                for name, value in _settings(self.data.get("labels")).items()
                if len(name) <= 200
            },
            "HostConfig": self._host_config(),
            "Networks": {
                self.model.network(each): {"NetworkID": ""} for each in self.data.get("networks") or ()
            },
            "Mounts": list(self._mounts(0)),
            "Strangers": self._strangers(),
            "Hooks": [
                {"Key": key, "Privileged": bool(each.get("privileged")), "User": str(each.get("user") or "")}
                for key in ("post_start", "pre_stop")
                for each in self.data.get(key) or ()
            ],
            **({"Healthcheck": check} if check else {}),
        }

    def _host_config(self) -> dict[str, Any]:
        log = self.data.get("logging") or {}
        return {
            "Privileged": bool(self.data.get("privileged")),
            "CapAdd": self._texts("cap_add"),
            "CapDrop": self._texts("cap_drop"),
            "SecurityOpt": self._texts("security_opt"),
            "UTSMode": self._text("uts"),
            "UsernsMode": self._text("userns_mode"),
            **{name: re.sub("^service:", "container:", self._text(key)) for name, key in _JOINING.items()},
            "CgroupParent": self._text("cgroup_parent"),
            "Memory": int(self._number("mem_limit", "memory")),
            "NanoCpus": round(self._number("cpus", "cpus") * 1e9),
            "CpuQuota": int(self._number("cpu_quota")),
            "CpuPeriod": int(self._number("cpu_period")),
            "CpuShares": int(self._number("cpu_shares")),
            "PidsLimit": int(self._number("pids_limit", "pids")),
            "ReadonlyRootfs": bool(self.data.get("read_only")),
            "PortBindings": self._ports(),
            "PublishAllPorts": False,
            "RestartPolicy": self._restart(),
            # as texts by older versions
            "Devices": [
                {"PathOnHost": each["source"] if isinstance(each, Mapping) else each.partition(":")[0]}
                for each in self.data.get("devices") or ()
            ],
            "DeviceRequests": self._device_requests(),
            "DeviceCgroupRules": self._texts("device_cgroup_rules"),
            "Ulimits": [
                {"Name": name, "Soft": int(soft), "Hard": int(hard)} for name, soft, hard in self._ulimits()
            ],
            "Tmpfs": {each.partition(":")[0]: {} for each in self._texts("tmpfs")},
            "LogConfig": {
                "Type": str(log.get("driver") or ""),
                "Config": log_options({key: str(each) for key, each in (log.get("options") or {}).items()}),
            },
        }

    def _ports(self) -> dict[str, list[dict[str, str]]]:
        found = dict[str, list[dict[str, str]]]()
        for each in self.data.get("ports") or ():
            binding = {"HostIp": str(each.get("host_ip") or ""), "HostPort": str(each.get("published") or "")}
            found.setdefault(f"{each['target']}/{each.get('protocol') or 'tcp'}", []).append(binding)
        return found

    def _restart(self) -> dict[str, Any]:
        """Return the restart policy; that of `deploy` counts first, as in Compose."""
        if (policy := self.deploy.get("restart_policy")) is not None:
            name, count = str(policy.get("condition") or ""), policy.get("max_attempts") or 0
            return {"Name": _CONDITIONS.get(name, name), "MaximumRetryCount": max(int(count), 0)}
        name, _, count = self._text("restart").partition(":")
        return {"Name": name or "no", "MaximumRetryCount": int(count or 0)}

    def _device_requests(self) -> list[dict[str, Any]]:
        reserved = ((self.deploy.get("resources") or {}).get("reservations") or {}).get("devices") or ()
        gpus = self.data.get("gpus") or ()
        asked = [*([{"capabilities": ["gpu"]}] if gpus == "all" else gpus), *reserved]
        return [
            {"Driver": str(each.get("driver") or ""), "Capabilities": [each.get("capabilities") or ["gpu"]]}
            for each in asked
        ]

    def _ulimits(self) -> Iterator[tuple[str, Any, Any]]:
        for name, each in (self.data.get("ulimits") or {}).items():
            yield (name, each["soft"], each["hard"]) if isinstance(each, Mapping) else (name, each, each)

    def _check(self) -> str:
        check = self.data.get("healthcheck") or {}
        if check.get("disable"):
            return "NONE"
        test = check.get("test")
        return kind_of_check(test) if test else ""

    def _secrets(self) -> list[str]:
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
        searched = {
            "Env": variables,
            "Labels": _settings(self.data.get("labels")),
            "Cmd": self._texts("command"),
            "Entrypoint": self._texts("entrypoint"),
            "Healthcheck": {"Test": (self.data.get("healthcheck") or {}).get("test")},
        }
        return configuration.in_configuration(searched)

    # ---- what it sees of the host's files

    def _mounts(self, depth: int) -> Iterator[dict[str, Any]]:
        yield from map(self._mount, self.data.get("volumes") or ())
        yield from self._files("secrets", "/run/secrets/")
        yield from self._files("configs", "/")
        if self.data.get("use_api_socket"):
            yield _bind(_SOCKET, _SOCKET, read_only=False)
        for name, mode in self._taken():
            if name in self.model.top("services") and depth < _DEPTH:
                for each in _Service(self.model, name)._mounts(depth + 1):
                    yield {**each, "RW": each["RW"] and mode != "ro"}

    def _taken(self) -> list[tuple[str, str]]:
        parts = (each.removeprefix("service:").partition(":") for each in self._texts("volumes_from"))
        return [(name, mode) for name, _, mode in parts]

    def _strangers(self) -> list[str]:
        """Return what it takes from a container that is not in the file, in words."""
        taken = [name for name, _ in self._taken() if name not in self.model.top("services")]
        return [f"the volumes of a container ({each})" for each in taken]

    def _mount(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        kind, source = asked["type"], str(asked.get("source") or "")
        target, read_only = posixpath.normpath(asked["target"]), bool(asked.get("read_only"))
        if kind == "bind":
            how = str((asked.get("bind") or {}).get("propagation") or "")
            return _bind(self.model.path(source), target, read_only=read_only, how=how)
        found = {
            "Type": kind,
            "Name": source if kind != "tmpfs" else "",
            "Source": "",
            "Destination": target,
            "RW": not read_only,
            "Propagation": "",
        }
        return {**found, **self._volume(source)} if kind == "volume" else found

    def _volume(self, key: str) -> dict[str, Any]:
        """Return where a named volume leads on the host, as far as the file says."""
        volume = self.model.top("volumes").get(key) or {}
        options = volume.get("driver_opts") or {}
        given = (each.partition("=") for each in str(options.get("o") or "").split(","))
        named = [path for name, _, paths in given if name in _OVERLAY for path in paths.split(":")]
        device = str(options.get("device") or "")
        named += [device] if device.startswith(("/", ".", "~")) else []
        return {
            "Driver": str(volume.get("driver") or "local"),
            "External": bool(volume.get("external")),
            "Paths": [self.model.path(each) for each in named],
        }

    def _files(self, key: str, folder: str) -> Iterator[dict[str, Any]]:
        """Yield the files of the host that are mounted as secrets or configs."""
        for item in self.data.get(key) or ():
            source, target = str(item["source"]), item.get("target")
            if file := (self.model.top(key).get(source) or {}).get("file"):
                inside = posixpath.join(folder, str(target or source))
                yield _bind(self.model.path(str(file)), inside, read_only=True)


def _bind(source: str, target: str, *, read_only: bool, how: str = "") -> dict[str, Any]:
    return {
        "Type": "bind",
        "Name": "",
        "Source": source,
        "Destination": target,
        "RW": not read_only,
        "Propagation": how or "rprivate",
    }
