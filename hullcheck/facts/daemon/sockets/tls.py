"""Whether the remote API asks its clients for certificates: dockerd's own rules for its TLS options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.daemon.flags import Flags
from hullcheck.facts.daemon.process import DaemonProcess
from hullcheck.facts.daemon.settings import Configuration
from hullcheck.parsing.documents import require
from hullcheck.parsing.go import go_boolean
from hullcheck.verdicts import EvidenceError

_TLS_PER_OPTION = (20, 10)
"""The first engine for which DOCKER_TLS_VERIFY turns nothing on, and --tls alone verifies too."""


def takes_tls_from_environment(engine: str) -> bool:
    """Whether an engine of this version is so old that DOCKER_TLS_VERIFY alone turns TLS on."""
    numbers = [int(each) for each in engine.split(".")[:2] if each.isdigit()]
    return bool(numbers) and tuple(numbers) < _TLS_PER_OPTION


@dataclass(frozen=True)
class Protection:
    """What a start with certain options gives.

    Attributes:
        verified: clients need a certificate of a CA that the site chose.
        text: why, in words.
        encrypted: whether TLS is on at all, so that the daemon uses its certificate and key.
    """

    verified: bool
    text: str
    encrypted: bool = True


def protection(
    flags: Flags, document: Mapping[str, Any], environment: Mapping[str, str] | None, engine: str
) -> Protection:
    """What these options make of the TCP listeners, socket-activated ones too.

    Args:
        document: the content of daemon.json.
        environment: the daemon's; None where it is not known: a variable can only add protection.
        engine: its version.
    """
    given = {name: value for name, value in flags if name.startswith("tls")}
    flag_tls, flag_verify = _boolean(given, "tls"), _boolean(given, "tlsverify")
    variable = bool((environment or {}).get("DOCKER_TLS_VERIFY"))
    require(document, _SHAPE, "daemon.json")
    # the client half of the options: it also decides whether the default files are looked for
    client_tls = bool(flag_tls) or flag_verify is not None or variable
    old = takes_tls_from_environment(engine)
    verify = flag_verify if flag_verify is not None else document.get("tlsverify")
    on = document.get("tls") if flag_tls is None else client_tls
    if old:
        verify = bool(verify) or (verify is None and variable)
        on = bool(on) or client_tls
    if verify is not None and not (old and not verify):
        on = True
    if verify is None:
        verify = on
    ca = given.get("tlscacert") or document.get("tlscacert")
    if not ca and client_tls:
        ca = _default_ca(environment)
    return _judged(bool(on), bool(verify), str(ca or ""), variable)


_SHAPE = {"tls?": (None, bool), "tlsverify?": (None, bool), "tlscacert?": (None, str)}


def possible(
    process: DaemonProcess, configuration: Callable[[], Configuration], engine: str
) -> tuple[tuple[Protection, ...], str]:
    """What the start of the daemon has given, or may have, and why that is unknown; none where nothing tells.

    Args:
        engine: its version.
    """
    without_file = protection(process.flags, {}, process.environment, engine)
    try:
        document = configuration().file.values()
    except EvidenceError as error:
        told = without_file.verified and bool(process.values("tlsverify"))  # the file must not name it then
        return ((without_file,), "") if told else ((), str(error))
    with_file = protection(process.flags, document, process.environment, engine)
    if not configuration().changed or with_file == without_file:
        return (with_file,), ""
    doubt = f"{configuration().file.path} was changed after the daemon started"
    return ((with_file, without_file) if configuration().rewritten else (with_file,)), doubt


def _boolean(given: Mapping[str, str], name: str) -> bool | None:
    return go_boolean(given[name]) if name in given else None


def _default_ca(environment: Mapping[str, str] | None) -> str:
    """Where the daemon looks for its CA; it does not start where there is none."""
    if environment is None:
        return "the CA of the daemon's default directory"
    folder = environment.get("DOCKER_CERT_PATH") or environment.get("DOCKER_CONFIG")
    return f"{folder or environment.get('HOME', '') + '/.docker'}/ca.pem"


def _judged(on: bool, verify: bool, ca: str, variable: bool) -> Protection:
    if not on:
        hint = " (DOCKER_TLS_VERIFY in its environment turns nothing on by itself)" if variable else ""
        return Protection(False, f"without TLS{hint}", encrypted=False)
    if not verify:
        return Protection(False, "with TLS, but tlsverify is false: clients need no certificate")
    if not ca:
        return Protection(
            False,
            "with tlsverify but without tlscacert: a certificate of any CA that the host trusts will do",
        )
    return Protection(True, f"tlsverify is on, with the CA {ca}")
