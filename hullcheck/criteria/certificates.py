"""What is wrong with certificates: they are not valid now, or the CAs are not the site's own."""

from collections.abc import Iterable, Sequence

from hullcheck.data import public_cas
from hullcheck.facts.host.file import FileFact
from hullcheck.parsing.certificates import Certificate
from hullcheck.parsing.proc.mountinfo import is_below
from hullcheck.parsing.times import Times, day

_TRUST_STORES = (
    *("/etc/ssl/certs", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates"),
    *("/usr/share/pki", "/var/lib/ca-certificates", "/etc/ssl/cert.pem"),
)
_MOST = 8
"""A site has no more CAs of its own in one file."""


def validity_flaw(certificates: Iterable[Certificate], when: Times) -> str:
    """Why the first of them that is not valid by both clocks is not, in words; empty where all are.

    A CA has set the days, and not the target.
    """
    for each in certificates:
        if when.later > each.not_after:
            return f"ran out on {day(each.not_after)}"
        if when.earlier < each.not_before:
            return f"does not hold before {day(each.not_before)}"
    return ""


def public_ca_flaw(file: FileFact, certificates: Sequence[Certificate]) -> str:
    """Why a certificate of others will do too, in words; empty where the file holds a CA of the site's own."""
    place = file.target.path if file.target else file.path
    if any(is_below(path, store) for path in (file.path, place) for store in _TRUST_STORES):
        return f"{file.path} is of the CAs that the whole system trusts"
    known = [each.subject for each in certificates if {each.subject, each.issuer} & public_cas.names()]
    if known:
        return f"{file.path} holds a public CA, of which anybody gets a certificate: {known[0]}"
    many = len(certificates)
    return f"{file.path} holds {many} CAs, too many to be the site's own" if many > _MOST else ""
