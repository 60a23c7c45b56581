"""What is wrong with the TCP addresses at which the daemon takes commands."""

from collections.abc import Collection, Iterable

from hullcheck.facts.containers import Container
from hullcheck.facts.daemon.sockets.remote_api import RemoteApi
from hullcheck.facts.host.services.relays import Relay, Relays
from hullcheck.verdicts import EvidenceError, Manual


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


def passed_on(api: RemoteApi, relays: Relays) -> tuple[Relay, ...]:
    """Where others than the daemon take commands for it, without asking for a certificate."""
    own = {each.partition(" ")[0] for each in api.addresses}
    return tuple(each for each in (*relays.found, *relays.containerd) if each.address not in own)


def require_all_known(relays: Relays, judged: Collection[str] = ()) -> None:
    """Refuse to say that nothing else takes commands if another program may do so.

    Args:
        judged: the ids of the containers that are asked for by themselves.

    Raises:
        Manual: a program names the engine's socket, and did not answer.
    """
    elsewhere = (relay for relay, ids in relays.elsewhere if ids.isdisjoint(judged))
    if named := (*relays.named, *elsewhere):
        where = ", ".join(map(str, named))
        raise Manual(
            f"{where} names the engine's socket, and gave no answer: from whom does it take commands?"
        )


def holders(containers: Iterable[tuple[str, Container]]) -> tuple[str, ...]:
    """The running containers that see the socket of an engine and may take connections, and pass them on.

    One that shares the processes of another may see what that one sees.

    Raises:
        EvidenceError: whether one that can be reached sees a socket could not be read.
    """
    reached = [(name, each) for name, each in containers if each.running and _is_reached(each)]
    seen = {name: any(part.sockets.engines for part in (each, *each.companions)) for name, each in reached}
    return tuple(name for name, sees in seen.items() if sees)


def _is_reached(container: Container) -> bool:
    """Whether it publishes ports, or may listen in the network of the host."""
    mode = container.configuration.network_mode
    return bool(container.ports.published) or mode == "host" or mode.startswith("container:")
