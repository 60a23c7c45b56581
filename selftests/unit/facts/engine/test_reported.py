"""What the engine reports of its daemon's settings."""

from typing import Any

import pytest

from hullcheck.facts.engine.reported import insecure_registries, seccomp
from selftests.kit.facts.engines import engine

UNVERIFIED = {"Secure": False}


@pytest.mark.parametrize(
    ("option", "profile"),
    [
        ("name=seccomp,profile=default", "builtin"),
        ("name=seccomp,profile=builtin", "builtin"),
        ("name=seccomp,profile=/x,profile=builtin", "/x,profile=builtin"),
        ("name=seccomp", "builtin"),
        ("name=apparmor", None),
    ],
)
def test_seccomp_profile(option: str, profile: str | None) -> None:
    """The built-in profile has two names, and any other is a file's; an engine without seccomp has none."""
    assert seccomp(engine(SecurityOptions=[option])) == profile


@pytest.mark.parametrize(
    ("registries", "found"),
    [
        ({}, ()),
        ({"InsecureRegistryCIDRs": ["127.0.0.0/8", "::1/128"]}, ()),
        ({"InsecureRegistryCIDRs": ["10.0.0.0/8", "127.9.0.0/16"]}, ("10.0.0.0/8",)),
        ({"IndexConfigs": {"docker.io": {"Secure": True}, "reg:5000": UNVERIFIED}}, ("reg:5000",)),
        ({"IndexConfigs": dict.fromkeys(("localhost:5000", "127.0.0.1", "[::1]:5000"), UNVERIFIED)}, ()),
        ({"IndexConfigs": {"localhost.example": UNVERIFIED}}, ("localhost.example",)),
        ({"Mirrors": ["https://a", "http://localhost:1", "http://b/"]}, ("http://b/",)),
    ],
)
def test_insecure_registries(registries: dict[str, Any], found: tuple[str, ...]) -> None:
    """Those that are reached without verified TLS; what does not leave the host needs none."""
    config = {"InsecureRegistryCIDRs": None, "IndexConfigs": {}, "Mirrors": None}
    assert insecure_registries(engine(RegistryConfig=config | registries)) == found
