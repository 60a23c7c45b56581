"""What is wrong with the TCP addresses at which a daemon takes commands, and with certificates."""

from collections.abc import Iterable

from hullcheck.facts.engine.endpoints import RemoteApi
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.times import Times, day
from hullcheck.verdicts import EvidenceError


def weakness(api: RemoteApi) -> str:
    """Return what is wrong with an address; empty if all are as they should be.

    Raises:
        EvidenceError: this is unknown.
    """
    where, flaw = ", ".join(api.addresses or api.pending), api.tls.flaw
    if flaw is None and api.doubt:
        raise EvidenceError(f"{where}: {api.doubt}")
    note = next((each.note for each in api.tls.deciding if each.note), "")
    begin, end = ("takes", coming(api)) if api.addresses else ("restart pending: will take", "")
    return f"{begin} commands on {where} {flaw.value}{note}{end}" if flaw else ""


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
