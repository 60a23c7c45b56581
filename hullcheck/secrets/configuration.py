"""The secrets in the configuration of an image or container."""

from collections.abc import Mapping
from typing import Any

from hullcheck import secrets


def in_configuration(config: Mapping[str, Any]) -> list[str]:
    """Return the secrets of an image's configuration, with where each is."""
    variables = (str(each).partition("=")[::2] for each in config.get("Env") or ())
    labels = ((str(name), str(value)) for name, value in (config.get("Labels") or {}).items())
    commands = {
        "command": config.get("Cmd"),
        "entry point": config.get("Entrypoint"),
        "health check": (config.get("Healthcheck") or {}).get("Test"),
        "instruction for later builds": config.get("OnBuild"),
    }
    return [
        *secrets.in_settings("variable", variables),
        *secrets.in_settings("label", labels),
        *secrets.in_commands(commands),
    ]
