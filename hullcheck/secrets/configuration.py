"""Secrets in the configuration of an image or container, and options of log drivers."""

from collections.abc import Mapping
from typing import Any

from hullcheck import secrets
from hullcheck.lazy import regex
from hullcheck.secrets import HIDDEN

_LOG_OPTIONS = """
    awslogs-endpoint awslogs-group awslogs-region fluentd-address gcp-project gelf-address logentries-region splunk-url
    syslog-address syslog-facility cache-disabled cache-max-file cache-max-size max-file max-size
"""
_KEPT = frozenset(_LOG_OPTIONS.split())
"""The options of log drivers that say where the log goes and how much of it stays; others may be tokens and keys."""
_USER = regex(r"^((?:[\w+.-]+:)?//)?[^/?#]*@")


def in_configuration(config: Mapping[str, Any]) -> list[str]:
    """Return the secrets in an image's configuration, with their places."""
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


def log_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a log driver for storing. Values other than text are emptied."""
    return {key: log_option(key, x) if isinstance(x, str) else x and type(x)() for key, x in options.items()}


def log_option(key: str, value: str) -> str:
    """Return the value of an option for storing."""
    return without_user(value) if key in _KEPT else HIDDEN


def without_user(value: str) -> str:
    """Return an address without user and secrets."""
    return secrets.hidden(_USER.sub(rf"\g<1>{HIDDEN}@", value))


def without_secrets(value: Any) -> Any:
    """Return *value* with `without_user` applied to each text."""
    if isinstance(value, str):
        return without_user(value)
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value
