"""The daemon as it would be after a restart with another daemon.json: what its command line and that file ask for.

No host has answered this. It is for `hullcheck what-if` alone: an audit never writes the line that makes it so. What
only a restarted daemon could tell is missing evidence here, and no control passes on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

from hullcheck.facts.daemon import Daemon, PublishedPorts, reported
from hullcheck.facts.daemon.config_file import DAEMON_CONFIGURATION, ConfigFile
from hullcheck.facts.daemon.flags import Flags
from hullcheck.facts.daemon.process import DAEMON_PROCESSES
from hullcheck.facts.daemon.reported import is_loopback
from hullcheck.facts.daemon.settings import Configuration, Setting, shown
from hullcheck.facts.daemon.unit import SYSTEMD
from hullcheck.facts.engine import Engine
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.host.presence import DOCKER_VERSION
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.registry import Later, fact
from hullcheck.recording import Recording, decode_json
from hullcheck.verdicts import EvidenceError

MIRRORS = "registry-mirrors"
_LINE = "supposed:"
_FOLLOWS = frozenset(
    {
        *("authorization-plugins", "cgroup-parent", "debug", "default-ulimits", "experimental", "icc"),
        *(
            "insecure-registries",
            "ip6tables",
            "iptables",
            "live-restore",
            "log-driver",
            "log-level",
            "log-opts",
        ),
        *("no-new-privileges", "seccomp-profile", "storage-opts", "userland-proxy", "userns-remap"),
    }
)
"""The settings that are in force as they are asked for, or the daemon does not start."""
_IF_SET = frozenset({"storage-driver"})
"""Those of which the daemon chooses the value where nothing sets it."""
_MOVES = ("data-root", "userns-remap")
"""With another of these the daemon starts without anything of before, and chooses as on a new host."""
_EXPERIMENTAL = ("features", "firewall-backend", "nri-opts")


def supposing(recording: Recording, name: str, document: Mapping[str, Any]) -> Recording:
    """*recording* of a host whose daemon was started again with the settings *document*, of a file called *name*.

    Raises:
        EvidenceError: it does not tell what the daemon reads.
    """
    answer = recording.answer(DAEMON_CONFIGURATION)
    text = answer.stdout + "\n" * bool(answer.stdout and not answer.stdout.endswith("\n"))
    line = f"{_LINE}{json.dumps({'name': name, 'document': document})}"
    made = replace(answer, stdout=f"{text}{line}")
    answers = {**recording.answers, answer.name: made.sealed() if recording.sealed else made}
    return replace(recording, answers=answers)


def _supposed(recording: Recording) -> ConfigFile | None:
    """The file that was put in the place of the daemon's own; None in a recording as it was gathered."""
    try:
        *_, last = recording.part(DAEMON_CONFIGURATION).split("\n")
    except EvidenceError:  # what needs the answer says so
        return None
    if not last.startswith(_LINE):
        return None
    said = decode_json(last.removeprefix(_LINE), "the supposed daemon.json")
    return ConfigFile(f"{said['name']}, supposed", "read", None, None, said["document"])


@dataclass(frozen=True)
class SupposedDaemon(Daemon):
    """The daemon with another file."""

    supposed: ConfigFile = field(kw_only=True)
    is_supposed: ClassVar[bool] = True

    @property
    def next_flags(self) -> Flags:
        """The command line of its next start."""
        now = self.configuration
        return now.flags if now.next_flags is None else now.next_flags

    def _asked(self, name: str) -> Setting:
        """What is asked of the next start."""
        asked = Configuration(self.next_flags, self.supposed, False, False, self.configuration.engine)
        return asked.setting(name)

    def setting(self, name: str) -> Setting:
        """A setting as it will be.

        Raises:
            EvidenceError: only the restarted daemon would tell.
        """
        self.engine.require_docker()
        asked = self._asked(name)
        if name in _FOLLOWS or (name in _IF_SET and asked.value is not None):
            return super().setting(name) if self._has_no_seccomp(name) else asked
        now = self.configuration
        before = replace(now, changed=False, rewritten=False, next_flags=None)
        names = (name, *(_MOVES if name in _IF_SET else ()))
        same = all(before.setting(each).value == self._asked(each).value for each in names)
        if now.changed or now.next_flags is not None or not same:
            raise EvidenceError(
                f"{name} is {shown(asked.value)} ({asked.source}): what comes of that, only a restart shows"
            )
        return super().setting(name)

    def _has_no_seccomp(self, name: str) -> bool:
        """Whether the kernel gives no filters, whatever a file asks for."""
        return name == "seccomp-profile" and reported.seccomp(self.engine) is None

    @cached_property
    def default_bridge(self) -> Network | None:
        """The network named bridge, if nothing else is asked for.

        Raises:
            EvidenceError: another bridge is.
        """
        self.setting("bridge")
        return super().default_bridge

    @property
    def experimental(self) -> bool:
        """What `docker version` will say of the server.

        Raises:
            EvidenceError: features have switches of their own in the file, or had.
        """
        for each in _EXPERIMENTAL:
            if each in self.supposed.values() or each in self.files.config.values():
                raise EvidenceError(f"{each}: what it switches on, only a restart shows")
        return bool(self.setting("experimental").value)

    @property
    def insecure_registries(self) -> tuple[str, ...]:
        """The registries, ranges and mirrors that will be reached without verified TLS, but those on this host.

        Raises:
            EvidenceError: the command line names mirrors.
        """
        if any(name == MIRRORS for name, _ in self.next_flags):
            raise EvidenceError(f"{MIRRORS}: those on the command line are not recorded")
        named = (each for each in self.setting("insecure-registries").value if not is_loopback(each))
        plain = (each for each in self.supposed.values().get(MIRRORS) or () if not _is_near(each))
        return (*named, *plain)

    @property
    def seccomp_filter(self) -> Mapping[str, Any] | None:
        """The profile that is asked for.

        Raises:
            EvidenceError: it is a file that was not read.
        """
        path = self.setting("seccomp-profile").value
        return None if path == "builtin" else self.files.seccomp_filter(path, self.process.started)


def plain_mirrors(values: Any) -> list[str]:
    """The mirrors that are asked in plain HTTP, without the password that an address may hold."""
    urls = [urlsplit(each) for each in values or () if isinstance(each, str)]
    return [f"http://{each.netloc.rpartition('@')[2]}" for each in urls if each.scheme == "http"]


def _is_near(mirror: str) -> bool:
    return is_loopback(urlsplit(mirror).netloc)


@fact(DAEMON_PROCESSES, DAEMON_CONFIGURATION, SYSTEMD, DOCKER_VERSION)
def daemon(
    recording: Recording,
    engine: Engine,
    processes: Later[Processes],
    networks: Later[tuple[Network, ...]],
    published_ports: Later[PublishedPorts],
) -> Daemon:
    """The Docker daemon of the target, with every setting and where it comes from."""
    given = (recording, engine, processes, networks, published_ports)
    supposed = _supposed(recording)
    return SupposedDaemon(*given, supposed=supposed) if supposed else Daemon(*given)
