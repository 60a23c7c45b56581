"""What is wrong with the TCP addresses at which a daemon takes commands, and with certificates."""

from collections.abc import Iterable

from hullcheck.criteria.settings import pending
from hullcheck.facts.engine.endpoints import RemoteApi, TlsFlaw
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import Times, day
from hullcheck.verdicts import EvidenceError

_FLAWS = {
    TlsFlaw.PLAIN: "without TLS",
    TlsFlaw.UNVERIFIED: "with TLS, but tlsverify is false: clients need no certificate",
    TlsFlaw.ANY_AUTHORITY: (
        "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do"
    ),
}


def weakness(api: RemoteApi) -> str:
    """Return what is wrong with an address, or an empty string if all are as they should be."""
    where, flaw = shown_addresses(api), api.flaw
    if flaw is None and api.doubt:
        raise EvidenceError(f"{where}: {api.doubt}")
    note = next(filter(None, map(pending, api.deciding)), "")
    begin, end = ("takes", coming(api)) if api.addresses else ("restart pending: will take", "")
    return f"{begin} commands on {where} {_FLAWS[flaw]}{note}{end}" if flaw else ""


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
