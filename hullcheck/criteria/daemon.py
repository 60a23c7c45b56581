"""The daemon's settings, TCP addresses and certificates in words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hullcheck.facts.engine.daemon_options import Setting
from hullcheck.facts.engine.endpoints import RemoteApi, TlsFlaw
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import Times, day
from hullcheck.verdicts import EvidenceError

_TLS_FLAWS = {
    TlsFlaw.PLAIN: "without TLS",
    TlsFlaw.UNVERIFIED: "with TLS, but tlsverify is false: clients need no certificate",
    TlsFlaw.ANY_AUTHORITY: (
        "with tlsverify but without tlscacert: any CA that the host trusts can sign client certificates"
    ),
}


def shown(value: Any) -> str:
    """Return the value of a setting as text."""
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
    return f"; restart pending: {setting.pending.source} sets it to {shown(setting.pending.value)}"


def require(setting: Setting, good: Callable[[Any], bool]) -> str:
    """Return the setting in words; fail unless each of its possible values is *good*."""
    assert setting.always(good), described(setting)
    return described(setting)


def weakness(api: RemoteApi) -> str:
    """Return what is wrong with a TCP address, or an empty string."""
    where, flaw = shown_addresses(api), api.flaw
    if flaw is None and api.doubt:
        raise EvidenceError(f"{where}: {api.doubt}")
    note = next(filter(None, map(pending, api.deciding)), "")
    begin, end = ("takes", pending_addresses(api)) if api.addresses else ("restart pending: will take", "")
    return f"{begin} commands on {where} {_TLS_FLAWS[flaw]}{note}{end}" if flaw else ""


def shown_addresses(api: RemoteApi) -> str:
    """Return the addresses in force with their sources, or else those that the next start opens."""
    return ", ".join(f"{each} ({api.source})" for each in api.addresses) or ", ".join(api.pending)


def pending_addresses(api: RemoteApi) -> str:
    """Return what the next start will open, as the end of a sentence, or an empty string."""
    return f"; restart pending: will listen on {', '.join(api.pending)}" if api.pending else ""


def validity_flaw(certificates: Iterable[Certificate], when: Times) -> str:
    """Return why a certificate is not valid by both clocks, or an empty string."""
    for each in certificates:
        if when.later > each.not_after:
            return f"expired on {day(each.not_after)}"
        if when.earlier < each.not_before:
            return f"is not valid before {day(each.not_before)}"
    return ""
