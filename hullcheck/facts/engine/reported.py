"""What the engine itself reports of its daemon's settings."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import RegistryConfig
from hullcheck.verdicts import EvidenceError

_LOOPBACK_RANGES = ("127.0.0.0/8", "::1/128")


def seccomp(engine: Engine) -> str | None:
    """Return the profile; engines before 23 call the built-in one `default`, and any other name is that of a file."""
    option = engine.security_options.get("seccomp")
    profile = option.get("profile", "builtin") if option is not None else None
    return "builtin" if profile == "default" else profile


def insecure_registries(engine: Engine) -> tuple[str, ...]:
    """The registries, ranges and mirrors reached without verified TLS, but those on the loopback addresses."""
    named = tuple(each for each in _insecure(engine) if not is_loopback(each))
    return named + _plain_mirrors(engine)


def _insecure(engine: Engine) -> tuple[str, ...]:
    """The registries and ranges without verified TLS, but the loopback ranges, which always are."""
    registries = _registries(engine)
    ranges = (each for each in registries.insecure_ranges or () if each not in _LOOPBACK_RANGES)
    names = (name for name, each in (registries.index_configs or {}).items() if not each.secure)
    return tuple(sorted({*ranges, *names}))


def _registries(engine: Engine) -> RegistryConfig:
    if (found := engine.info.registry_config) is None:
        raise EvidenceError("docker info does not report RegistryConfig")
    return found


def _plain_mirrors(engine: Engine) -> tuple[str, ...]:
    """The mirrors that are asked in plain HTTP, which no option has to allow."""
    plain = (each for each in _registries(engine).mirrors or () if urlsplit(each).scheme == "http")
    return tuple(each for each in plain if not is_loopback(urlsplit(each).netloc))


def is_loopback(registry: str) -> bool:
    """Whether a registry, or a range of addresses, lies on the loopback addresses of the engine's host."""
    try:
        network = ipaddress.ip_network(registry, strict=False)
    except ValueError:
        host = urlsplit(f"//{registry}").hostname or ""
        return host == "localhost" or bool(re.fullmatch(r"127(\.\d{1,3}){3}|::1", host))
    loopback = ipaddress.ip_network("127.0.0.0/8" if network.version == 4 else "::1/128")
    return network.subnet_of(loopback)  # type: ignore[arg-type]  # both are of one version


SETTINGS: Mapping[str, Callable[[Engine], object]] = {
    "authorization-plugins": lambda engine: engine.info.plugins.authorization or (),
    "data-root": lambda engine: engine.info.docker_root_dir,
    "debug": lambda engine: engine.info.debug,
    "experimental": lambda engine: engine.info.experimental_build,
    "insecure-registries": _insecure,
    "live-restore": lambda engine: engine.info.live_restore_enabled,
    "log-driver": lambda engine: engine.info.logging_driver,
    "seccomp-profile": seccomp,
    "storage-driver": lambda engine: engine.info.driver,
    "userns-remap": lambda engine: engine.remaps_users,
}
