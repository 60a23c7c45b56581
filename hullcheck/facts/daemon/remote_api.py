"""The TCP addresses at which the daemon takes commands."""

from dataclasses import dataclass

from hullcheck.facts.daemon import sockets
from hullcheck.facts.daemon.tls import Protection
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class RemoteApi:
    """The TCP addresses at which the daemon takes commands.

    Attributes:
        addresses: those in force, with what was read of them.
        pending: those that only the next start opens.
        protection: what a client needs there: first by the options as they are now, then, where these changed
            since the start, by none of them.
        doubt: why there may be other addresses; empty where these are all.
        protection_doubt: why the protection cannot be told.
    """

    addresses: tuple[str, ...]
    pending: tuple[str, ...]
    protection: tuple[Protection, ...]
    doubt: str = ""
    protection_doubt: str = ""

    @property
    def offered(self) -> bool:
        """Whether there is an address to judge, now or with the next start.

        Raises:
            EvidenceError: none is known, but there may be one.
        """
        if not self.addresses and self.doubt:
            raise EvidenceError(self.doubt)
        return bool(self.addresses) or any(not each.verified for each in self.protection[: len(self.pending)])

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each that is in force, or else of those that the next start opens; `*` is every one."""
        default = 2376 if self.protection and self.protection[0].encrypted else 2375
        named = (each.partition(" ")[0] for each in self.addresses or self.pending)
        return tuple((address, port or default) for address, port in map(sockets.endpoint, named))

    @property
    def note(self) -> str:
        """What the next start will open, as the end of a sentence; else empty."""
        return f"; restart pending: will listen on {', '.join(self.pending)}" if self.pending else ""
