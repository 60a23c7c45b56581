"""The daemon in words: its settings, the TCP addresses at which it takes commands, and certificates."""

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
        "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do"
    ),
}


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


def weakness(api: RemoteApi) -> str:
    """Return what is wrong with an address, or an empty string if all are as they should be."""
    where, flaw = shown_addresses(api), api.flaw
    if flaw is None and api.doubt:
        raise EvidenceError(f"{where}: {api.doubt}")
    note = next(filter(None, map(pending, api.deciding)), "")
    begin, end = ("takes", coming(api)) if api.addresses else ("restart pending: will take", "")
    return f"{begin} commands on {where} {_TLS_FLAWS[flaw]}{note}{end}" if flaw else ""


def shown_addresses(api: RemoteApi) -> str:
    """Return the addresses in force and how they are known, or else those that the next start opens."""
    return ", ".join(f"{each} ({api.source})" for each in api.addresses) or ", ".join(api.pending)


def coming(api: RemoteApi) -> str:
    """Return what the next start will open, as the end of a sentence; else empty."""
    return f"; restart pending: will listen on {', '.join(api.pending)}" if api.pending else ""


def validity_flaw(certificates: Iterable[Certificate], when: Times) -> str:
    """Return why the first certificate is not valid that is not, by both clocks: a CA has set its days."""
    for each in certificates:
        if when.later > each.not_after:
            return f"ran out on {day(each.not_after)}"
        if when.earlier < each.not_before:
            return f"does not hold before {day(each.not_before)}"
    return ""
