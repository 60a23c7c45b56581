"""The question about all containers: what the engine says of them, and what the kernel shows."""

import re

from hullcheck.facts.containers.inspect import (
    HOLE,
    Bindings,
    Inspected,
    Volume,
    Volumes,
    reduced,
    volumes_kept,
)
from hullcheck.facts.registry import fact
from hullcheck.lazy import regex
from hullcheck.parsing.models import decode, kept_as
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import in_sections, lines_like
from hullcheck.verdicts import EvidenceError

_GONE = regex(r"no such (?:container|object):? ?([0-9a-f]{64})", re.IGNORECASE)
_container = kept_as(Inspected, reduced)


def _inspected(text: str) -> str:
    """Keep a line for each container: its document, or `gone ID` where it was removed since it was listed.

    Other words of the docker command, as warnings, say nothing of a container: `listed` tells which one lacks.
    """
    lines = text.split("\n")
    gone = ((line, None if line.startswith('{"Id"') else _GONE.search(line)) for line in lines)
    kept = ((line, match) for line, match in gone if match or line.startswith("{"))
    return "\n".join(f"gone {match[1]}" if match else _container(line) for line, match in kept)


CONTAINERS = Probe.from_file(
    "containers",
    in_sections(
        inside=lines_like(r"/proc/(?:1|self)/mountinfo:.*", "mounted /.*"),
        counted=lines_like("[0-9]{0,9}"),
        listed=lines_like("[0-9a-f]{64}"),
        inspect=_inspected,
        volumes=kept_as(Volumes | list[Volume], volumes_kept),
        users=lines_like("[0-9a-f]{64} [0-9]*"),
        proc=lines_like(
            r"\d+/(?:mountinfo|attr/current|uid_map|net/tcp6?|net/udp6?):.*",
            r"/sys/fs/cgroup/[^:]*:.*",
            r"l\S+ .* \d+/ns/\w+(?: -> \w+:\[\d+\])?",  # without its end where it may not be read
            r"\d+/fd/\d+ socket:\[\d+\]",
            '/.*:"NoNewPrivileges":[a-z]*',
        ),
        paths=lines_like(r"real /.*\t/.*", r"socket \d+:\d+ \d+ /.*"),
    ),
)


def described_in(text: str) -> tuple[dict[str, Inspected], list[str]]:
    """Return the containers in the section `inspect` by id, and what is wrong with each that is damaged."""
    found, faults = dict[str, Inspected](), list[str]()
    for line in text.split("\n"):
        if line and not line.startswith("gone "):
            try:
                container = decode(line, Inspected, "docker inspect")
                if container.id is HOLE:
                    raise EvidenceError("docker inspect: Id is missing")
                found[container.id] = container
            except EvidenceError as error:
                faults.append(str(error))
    return found, faults


@fact(CONTAINERS)
def published_ports(recording: Recording) -> frozenset[tuple[str, int]]:
    """The addresses and TCP ports that the engine publishes for its containers, as far as it said."""
    try:
        described, _ = described_in(recording.sections_in_time(CONTAINERS).get("inspect", ""))
    except EvidenceError:
        return frozenset()
    networks = [each.network_settings for each in described.values()]
    ports: list[Bindings] = [each.ports or None for each in networks if each]
    return frozenset(
        (binding.host_ip, int(binding.host_port))
        for group in ports
        for name, bindings in (group or {}).items()
        if name.endswith("/tcp")
        for binding in bindings or ()
        if binding.host_port.isdecimal()  # a port of a routed network has none
    )
