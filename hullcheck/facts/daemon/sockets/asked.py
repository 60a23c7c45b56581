"""The addresses that the daemon was told to listen on, by its command line, its file or its socket unit."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from hullcheck.facts.daemon import sockets
from hullcheck.facts.daemon.process import DaemonProcess
from hullcheck.facts.daemon.settings import Configuration
from hullcheck.facts.daemon.sockets import Asked
from hullcheck.facts.daemon.sockets.tls import Protection
from hullcheck.verdicts import EvidenceError


def asked_addresses(
    process: DaemonProcess,
    configuration: Callable[[], Configuration],
    protection: Callable[[], Iterable[Protection]],
    given: Callable[[], tuple[str, ...] | None],
) -> Asked:
    """Where the daemon was told to listen; the doubt says why that is not all.

    Args:
        protection: makes what a client may need at a TCP address.
        given: makes the addresses of docker.socket; None where systemd did not start the daemon, or does not say.
    """
    found = _told(process, configuration, protection)
    own = tuple(host for host in found.hosts if not sockets.is_inherited(host))
    if own == found.hosts:
        return found
    # the addresses of docker.socket, in the place of `fd://`, if it was started with them
    addresses = given()
    if addresses is None or not process.was_given(addresses):
        return replace(found, hosts=own, open_ended=True)
    return replace(found, hosts=own + sockets.hosts_of_unit(addresses))


def _told(
    process: DaemonProcess,
    configuration: Callable[[], Configuration],
    protection: Callable[[], Iterable[Protection]],
) -> Asked:
    named = process.values("hosts")
    if named:  # the daemon refuses to start where the file names some as well
        return Asked(_opened_by(named, protection), "command line")
    try:
        setting = configuration().setting("hosts")
    except EvidenceError as error:
        return Asked((), "", str(error))
    if setting.running is None:
        named = tuple(host for each in setting.candidates for host in _opened_by(each.value, protection))
        return Asked(named, configuration().file.path, setting.doubt)
    return Asked(_opened_by(setting.value, protection), setting.source)


def _opened_by(hosts: tuple[str, ...], protection: Callable[[], Iterable[Protection]]) -> tuple[str, ...]:
    """What these ask for: no address, or an empty one, is the usual socket, and a port where TLS is on."""
    tls_is_on = any(each.encrypted for each in protection())
    usual = sockets.DEFAULT_TLS if tls_is_on else f"unix://{sockets.DEFAULT_SOCKET}"
    return tuple(host.strip() or usual for host in hosts or ("",))
