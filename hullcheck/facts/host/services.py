"""The services of a host outside of containers: units, listeners and programs."""

import posixpath
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from hullcheck.facts.host.presence import Presence
from hullcheck.facts.host.processes import PROCESSES, Processes
from hullcheck.facts.host.system import HOST, auditor
from hullcheck.facts.host.units import Units
from hullcheck.facts.registry import fact
from hullcheck.parsing.answer_lines import Words, grouped
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, unread

_BASE_SYSTEM = """
    systemd-networkd systemd-resolved systemd-timesyncd init openrc-init NetworkManager agetty
    chronyd crond dhclient dhcpcd dropbear ntpd sshd sshd-session udhcpc
    dockerd containerd containerd-shim containerd-shim-runc-v2 docker-proxy rootlesskit runc slirp4netns pasta
    conmon rootlessport
"""
_BASE = frozenset(_BASE_SYSTEM.split())  # not busybox, which has a web server and more
_BASE_SOCKETS = ("docker.socket", "ssh.socket", "sshd.socket")
_INSTALLED = ("/usr/", "/bin/", "/sbin/", "/lib/", "/opt/", "/snap/", "/nix/", "/gnu/")

_APPLICATION_WORDS = """
    apache asterisk beam.smp caddy clamd cupsd dovecot epmd exim ftpd gitlab-workhorse grafana haproxy httpd influxd
    lighttpd mariadbd memcached minio mongod mosquitto mysqld named nats-server nginx nmbd opensmtpd oracle pgbouncer
    php-fpm postgres prometheus proftpd pure-ftpd rabbitmq-server redis-server slapd smbd smtpd sendmail squid tomcat
    traefik unbound uwsgi valkey-server varnishd vsftpd
"""
_APPLICATIONS = frozenset(_APPLICATION_WORDS.split())  # without versions, as in php-fpm8.4
UNSEEN = "a program that is not seen"


class Listener(Struct, frozen=True):
    """A port and its *program*: a path, or the socket unit if systemd listens."""

    protocol: str
    port: int
    program: str

    @property
    def name(self) -> str:
        return posixpath.basename(self.program)


class HostServices(Struct, frozen=True, dict=True):
    """Units, listeners and applications of the host outside of containers."""

    units: Units
    words: Words
    processes: Processes
    by_root: bool

    def _is_outside(self, pid: int) -> bool:
        around = self.processes.process(1).container_ids  # of containers that hold the whole host
        return not self.processes.process(pid).container_ids - around

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners outside of containers, with their programs."""
        if not self.words.all("net"):
            raise EvidenceError("/proc/1/net could not be read, so the listeners are not known")
        parts = (line.partition(" ") for line in self.words.all("owner"))
        owners = grouped((inode, int(pid)) for inode, _, pid in parts)
        found = set[Listener]()
        for protocol, address, inode in (line.split(" ") for line in self.words.all("listener")):
            port, plain = int(address.rpartition(":")[2], 16), protocol.removesuffix("6")
            unit = self.units.sockets.get(f"{'S' if plain == 'tcp' else 'D'}{port}", "")
            for program in self._programs(owners.get(inode, [])):
                waits = unit and posixpath.basename(program) == "systemd"
                found.add(Listener(plain, port, unit if waits else program))
        return tuple(sorted(found, key=lambda each: (each.name, each.protocol, str(each.port))))

    def _programs(self, owners: Iterable[int]) -> frozenset[str]:
        """Return the programs outside of containers among the owners of a socket."""
        seen = [pid for pid in owners if pid in self.processes.by_pid]
        if not seen and not self.by_root:
            raise EvidenceError(unread("the programs of listeners", "could not be seen"))
        found = {self.processes.process(pid).executable or UNSEEN for pid in seen if self._is_outside(pid)}
        return frozenset(found if seen else {UNSEEN})  # the kernel's own: NFS, WireGuard

    @property
    def added(self) -> tuple[Listener, ...]:
        """The listeners outside of the base system and the engine."""
        base = {each for each in self.listeners if each.name in _BASE and each.program.startswith(_INSTALLED)}
        return tuple(each for each in self.listeners if each not in base and each.program not in _BASE_SOCKETS)

    @property
    def applications(self) -> tuple[str, ...]:
        """The paths of known application servers that run outside of containers."""
        named = ((x, posixpath.basename(x.executable).rstrip("0123456789.")) for x in self.processes.by_pid.values())
        found = dict.fromkeys(x.executable for x, name in named if name in _APPLICATIONS and self._is_outside(x.pid))
        if not found and not self.by_root:
            raise EvidenceError(unread("which programs run as others", "could not be seen"))
        return tuple(found)


@fact(HOST, PROCESSES)
def host_services(recording: Recording, presence: Presence, processes: Processes, units: Units) -> HostServices:
    """Units, listeners and applications of the host outside of containers."""
    words = Words(recording.section(PROCESSES, "listeners"))
    return HostServices(units, words, processes, auditor(recording) == 0)
