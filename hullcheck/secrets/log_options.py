"""What may be stored of a log driver's options."""

from collections.abc import Mapping
from typing import Any

from hullcheck import secrets
from hullcheck.lazy import regex
from hullcheck.secrets import HIDDEN

_ADDRESSES = frozenset(
    [
        *("awslogs-endpoint", "awslogs-group", "awslogs-region", "fluentd-address", "gcp-project"),
        *("gelf-address", "logentries-region", "splunk-url", "syslog-address", "syslog-facility"),
    ]
)
"""The options of log drivers that say where the log goes; others may be tokens and keys."""

_USER = regex(r"^((?:[\w+.-]+:)?//)?[^/?#]*@")

_LIMITS = frozenset({"cache-disabled", "cache-max-file", "cache-max-size", "max-file", "max-size"})
"""Those that say how much of it stays on the host."""


def log_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a log driver, fit to be stored; of one that is no text only its type stays."""
    return {
        key: log_option(key, value) if isinstance(value, str) else value and type(value)()
        for key, value in options.items()
    }


def without_user(value: str) -> str:
    """An address without its user, and without secrets elsewhere in it."""
    return secrets.hidden(_USER.sub(rf"\g<1>{HIDDEN}@", value))


def log_option(key: str, value: Any) -> str:
    """One of them."""
    return str(without_secrets(str(value))) if key in _ADDRESSES | _LIMITS else HIDDEN


def without_secrets(value: Any) -> Any:
    """*value* without the secrets in it, and without the user of an address."""
    if isinstance(value, str):
        return without_user(value)
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value
