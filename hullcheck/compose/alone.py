"""Reads one Compose file without `docker compose`, and refuses what only that command can merge."""

from collections.abc import Mapping
from typing import Any, NoReturn

from hullcheck.compose import values, variables
from hullcheck.compose.places import dotted
from hullcheck.compose.written import ComposeError, File
from hullcheck.inventory.yamlfile import Way
from hullcheck.messages import did_you_mean

_INSTALL = "install docker compose, which can"
_TOP_WORDS = "version name services networks volumes secrets configs"
_WORDS = """
    annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name
    cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec
    depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file
    environment expose external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation
    label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit network_mode
    networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles
    pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
    stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
    volumes_from working_dir
"""
_TOP, _KNOWN = frozenset(_TOP_WORDS.split()), frozenset(_WORDS.split())
"""The keys of a service by https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json."""


def merged(file: File, environment: Mapping[str, str]) -> tuple[dict[str, Any], frozenset[str]]:
    """What *file* says, with the values of variables, and the variables that have none.

    Raises:
        ComposeError: something in it is not understood.
    """
    if file.tagged:
        raise ComposeError(f"{file.shown}:{file.tagged}: a tag is not followed here; {_INSTALL}")
    known, missing = variables.known(file.path.parent, environment), set[str]()
    for key in file.data:
        if key not in _TOP and not key.startswith("x-"):
            why = f"is not followed here; {_INSTALL}" if key == "include" else _unknown(key, _TOP)
            _refuse(file, (key,), why)
    data = {
        key: _substituted(file, (key,), each, known, missing)
        for key, each in file.data.items()
        if not key.startswith("x-")
    }
    for name, service in (data.get("services") or {}).items():
        if not isinstance(service, dict):
            _refuse(file, ("services", name), "is no mapping")
        _check(file, name, service)
        if (files := service.get("env_file")) is not None:
            service["environment"] = {**_of_files(file, name, files), **_own(file, name, service, known)}
        else:
            service["environment"] = _own(file, name, service, known)
    return data, frozenset(missing)


def _check(file: File, name: str, service: Mapping[str, Any]) -> None:
    for key in service:
        if key == "extends":
            _refuse(file, ("services", name, key), f"is not followed here; {_INSTALL}")
        if key == "label_file":
            _refuse(file, ("services", name, key), f"is not read here; {_INSTALL}")
        if key not in _KNOWN and not key.startswith("x-"):
            _refuse(file, ("services", name, key), _unknown(key, _KNOWN))


def _unknown(key: str, known: frozenset[str]) -> str:
    hint = did_you_mean(key, known)
    return f"unknown key; {hint if hint.endswith('?') else _INSTALL}"


def _own(file: File, name: str, service: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Its variables; one without a value has that of the environment."""
    try:
        given = values.settings(service.get("environment"))
    except ValueError as error:
        _refuse(file, ("services", name, "environment"), str(error))
    return {key: known.get(key) if each is None else each for key, each in given.items()}


def _of_files(file: File, name: str, asked: Any) -> dict[str, Any]:
    found = dict[str, Any]()
    for each in asked if isinstance(asked, list) else [asked]:
        path, required = each, True
        if isinstance(each, Mapping):
            path, required = each.get("path"), str(each.get("required", "true")) != "false"
            if each.get("format"):
                _refuse(file, ("services", name, "env_file"), f"a format is not followed here; {_INSTALL}")
        if not isinstance(path, str):
            _refuse(file, ("services", name, "env_file"), "names no file")
        there = file.path.parent / path
        if not there.exists() and not required:
            continue
        try:
            found |= variables.of_files(there)
        except ComposeError as error:
            _refuse(file, ("services", name, "env_file"), str(error))
    return found


def _substituted(file: File, way: Way, value: Any, known: Mapping[str, str], missing: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _substituted(file, (*way, key), each, known, missing) for key, each in value.items()}
    if isinstance(value, list):
        return [_substituted(file, (*way, at), each, known, missing) for at, each in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        text, unset = variables.substituted(value, known)
    except ValueError as error:
        _refuse(file, way, str(error))
    missing |= unset
    return text


def _refuse(file: File, way: Way, why: str) -> NoReturn:
    raise ComposeError(f"{file.place(way)}: {dotted(way)}: {why}")
