"""The TCP addresses at which the daemon takes commands, and what a client needs there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hullcheck.facts.engine import sockets
from hullcheck.facts.engine.daemon_process import DaemonProcess
from hullcheck.facts.engine.settings import Setting
from hullcheck.verdicts import EvidenceError


@dataclass(frozen=True)
class Tls:
    """The daemon's options for TLS, which hold for each of its TCP addresses."""

    setting: Callable[[str], Setting] = field(repr=False)
    process: DaemonProcess = field(repr=False)

    @property
    def encrypted(self) -> bool:
        """Whether the daemon uses its certificate and key.

        Raises:
            EvidenceError: the options could not be read.
        """
        verify = self.setting("tlsverify").possible[0]
        return verify is not None or bool(self.setting("tls").possible[0])

    @property
    def weakness(self) -> str:
        """Why a client may need no certificate of a chosen CA; empty if it needs one.

        Raises:
            EvidenceError: this is unknown.
        """
        deciding = self._deciding
        if None in deciding[0].possible and not all(deciding[-1].possible):
            return f"without TLS{_pending(deciding)}"
        if False in deciding[0].possible:
            return f"with TLS, but tlsverify is false: clients need no certificate{_pending(deciding)}"
        authority = self.setting("tlscacert")
        if None in authority.possible and not self._default_ca:
            return (
                "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do"
            )
        for each in (*deciding, authority):
            _ = each.value
        return ""

    @property
    def text(self) -> str:
        """What was seen where there is no weakness."""
        authority = self.setting("tlscacert").value or self._default_ca
        return f"{' and '.join(map(str, self._deciding))}, with the CA {authority}"

    @property
    def _deciding(self) -> tuple[Setting, ...]:
        """The options that decide: `tls` alone verifies clients too where nothing says otherwise."""
        verify = self.setting("tlsverify")
        return (verify, self.setting("tls")) if None in verify.possible else (verify,)

    @property
    def _default_ca(self) -> str:
        """The CA that the options of the command line imply."""
        if not (self.process.values("tls") or self.process.values("tlsverify")):
            return ""
        known: Mapping[str, str] = self.process.environment or {}
        folder = known.get("DOCKER_CERT_PATH") or known.get("DOCKER_CONFIG")
        return f"{folder or known.get('HOME', '') + '/.docker'}/ca.pem"


def _pending(settings: tuple[Setting, ...]) -> str:
    doubt = next((each.doubt for each in settings if len(set(each.possible)) > 1), "")
    return f"; restart pending: {doubt}" if doubt else settings[0].note


@dataclass(frozen=True)
class RemoteApi:
    """The TCP addresses at which the daemon takes commands.

    Attributes:
        addresses: those in force, with how they are known.
        pending: those that only the next start opens.
        doubt: why there may be other addresses; empty if these are all.
    """

    addresses: tuple[str, ...]
    pending: tuple[str, ...]
    tls: Tls
    doubt: str = ""

    @property
    def offered(self) -> bool:
        """Whether there is an address to judge: in force, or a weak one with the next start.

        Raises:
            EvidenceError: none is known, but there may be one.
        """
        if not self.addresses and self.doubt:
            raise EvidenceError(self.doubt)
        return bool(self.addresses) or bool(self.pending and self.tls.weakness)

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each that is in force, or else of those that the next start opens; `*` is every one."""
        named = (each.partition(" ")[0] for each in self.addresses or self.pending)
        default = 2376 if self.tls.encrypted else 2375
        return tuple((address, port or default) for address, port in map(sockets.endpoint, named))

    @property
    def weakness(self) -> str:
        """What is wrong with an address, in words; empty if all are as they should be.

        Raises:
            EvidenceError: this is unknown.
        """
        where, weak = ", ".join(self.addresses or self.pending), self.tls.weakness
        if weak and self.addresses:
            return f"takes commands on {where} {weak}{self.note}"
        if weak:
            return f"restart pending: will take commands on {where} {weak}"
        if self.doubt:
            raise EvidenceError(f"{where}: {self.doubt}")
        return ""

    @property
    def note(self) -> str:
        """What the next start will open, as the end of a sentence; else empty."""
        return f"; restart pending: will listen on {', '.join(self.pending)}" if self.pending else ""
