"""What may be stored of the daemon's configuration: what is judged; of other settings, that they are set."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from hullcheck.facts.engine import flags as daemon_flags
from hullcheck.secrets import HIDDEN
from hullcheck.secrets.log_options import log_option, log_options, without_secrets
from hullcheck.secrets.redact import pick

_JUDGED_WORDS = """
    allow-direct-routing authorization-plugins bridge bridge-accept-fwmark cgroup-parent config-file containerd
    containerd-namespace data-root debug default-runtime default-ulimits exec-root experimental group hosts icc
    insecure-registries ip6tables iptables ipv6 live-restore log-driver log-level metrics-addr no-new-privileges pidfile
    rootless seccomp-profile selinux-enabled storage-driver storage-opts tls tlscacert tlscert
    tlskey tlsverify userland-proxy userns-remap
"""
_JUDGED = frozenset(_JUDGED_WORDS.split())

_ULIMIT = frozenset({"name", "hard", "soft"})  # in any case, as dockerd reads them


def flag(name: str, value: str) -> str:
    """The *value* of an option of the command line, fit to be stored."""
    if name == "log-opts":
        key, equals, text = value.partition("=")
        return key + equals + log_option(key, text)
    return str(without_secrets(value)) if name in _JUDGED else HIDDEN


def command_line(arguments: Iterable[str], *, expanded: bool = False) -> list[str]:
    """A command line with every option as `--name=value`, without secrets and without other words.

    In one that is not *expanded*, the names of variables stay, whose values would be such words.
    """
    program, *rest = arguments or [""]
    flags = [f"--{name}={flag(name, value)}" for name, value in daemon_flags.parse(rest)]
    return [str(without_secrets(program)), *flags, *(() if expanded else daemon_flags.variables(rest))]


def configuration(text: str) -> str | None:
    """Return the text of a daemon.json without secrets, or None if it is not a JSON object."""
    text = text.removeprefix("\ufeff")
    try:
        document = json.loads(text, parse_constant=_refuse) if text.strip() else {}
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    kept = {name: _setting(name, value) for name, value in document.items()}
    return json.dumps(kept, separators=(",", ":"))


def _refuse(word: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which are not JSON."""
    raise ValueError(word)


def _setting(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "log-opts" and isinstance(value, dict):
        return log_options(value)
    if name == "default-ulimits" and isinstance(value, dict):
        return {each: _ulimit(limits) for each, limits in value.items()}
    return without_secrets(pick(value, True)) if name in _JUDGED else HIDDEN


def _ulimit(limits: Any) -> Any:
    if not isinstance(limits, dict):
        return limits if isinstance(limits, int | float) else HIDDEN
    return pick({name: each for name, each in limits.items() if name.lower() in _ULIMIT}, {"*": True})
