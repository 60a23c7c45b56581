"""Settings of the daemon in words: the value in force, its source, and what the next start will change."""

from collections.abc import Callable, Mapping
from typing import Any

from hullcheck.facts.engine.daemon_options import Setting


def shown(value: Any) -> str:
    """Return the value of a setting as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == () or value == {}:
        return "not set"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def described(setting: Setting) -> str:
    """Return the setting, its source, and what the next start will change."""
    if setting.running is None:
        known = " or ".join(f"{shown(each.value)} ({each.source})" for each in setting.candidates)
        return f"{setting.name} may be {known}; restart pending: {setting.doubt}"
    origin = f", from {setting.origin}" if setting.origin else ""
    return f"{setting.name} is {shown(setting.running.value)} ({setting.source}{origin}){pending(setting)}"


def pending(setting: Setting) -> str:
    """Return what the next start will change, as the end of a sentence, or an empty string."""
    if setting.running is None and any(each != setting.possible[0] for each in setting.possible):
        return f"; restart pending: {setting.doubt}"
    if setting.pending is None:
        return ""
    return f"; restart pending: {setting.pending.source} says {shown(setting.pending.value)}"


def require(setting: Setting, good: Callable[[Any], bool]) -> str:
    """Return the setting in words; fail if its value is not *good*, or may be another that is not."""
    assert setting.always(good), described(setting)
    return described(setting)
