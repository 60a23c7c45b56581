"""What is wrong with the TCP addresses at which the daemon takes commands."""

from hullcheck.facts.daemon.sockets.remote_api import RemoteApi
from hullcheck.verdicts import EvidenceError


def weakness(api: RemoteApi) -> str:
    """What is wrong with an address of *api*, in words; empty where all are as they should be.

    Raises:
        EvidenceError: that is unknown.
    """
    judged = api.protection if api.addresses else api.protection[:1]
    weak = next((each.text for each in judged if not each.verified), "")
    where = ", ".join(api.addresses or api.pending)
    if weak and api.addresses:
        pending = f"; restart pending: {api.protection_doubt}" if api.protection_doubt else ""
        return f"takes commands on {where} {weak}{pending}{api.note}"
    if weak:
        return f"restart pending: will take commands on {where} {weak}"
    if api.protection_doubt or api.doubt:
        raise EvidenceError(f"{where}: {api.protection_doubt or api.doubt}")
    return ""
