"""What section 3 says of hosts and engines of the laboratory."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hullcheck.facts import Facts, registry
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import EvidenceError, NotApplicable, Verdict, worst
from selftests.kit.judging import Verdicts, judged

NEEDED = registry.evidence_of(("clock", "os_name", "engine_files"), "host")
PROBES = tuple(each for each in registry.probes() if each.name in NEEDED)
CONTROLS = [f"3.{number}" for number in range(1, 25)]
UNIT = "/usr/lib/systemd/system/docker.service"
SOCKET_UNIT = "/usr/lib/systemd/system/docker.socket"
DROP_IN = "/etc/systemd/system/docker.service.d/override.conf"
SYSCONFIG = "/etc/sysconfig/docker"
ENVIRONMENT = (
    "/etc/default/docker",
    "/etc/docker-proxy.env",
    SYSCONFIG,
)  # the first one by Debian's own unit
REGISTRY = "/etc/docker/certs.d/reg.example:5000"
TLS = {
    "tlscacert": "/etc/docker/tls/ca.pem",
    "tlscert": "/etc/docker/tls/cert.pem",
    "tlskey": "/etc/docker/tls/key.pem",
}
PROGRAMS = ("/usr/sbin/dockerd", "/bin/kill")
SOCKET, CONTAINERD = "/run/docker.sock", "/run/containerd/containerd.sock"


def facts_from(output: str) -> Facts:
    """The facts in what the probe script printed."""
    recording = Recording.from_output(output, PROBES, target="host", backend="local", asked=time.time())
    return Facts(recording, Policy())


def verdicts(facts: Facts, numbers: Sequence[str] = CONTROLS) -> dict[str, str]:
    """The verdict of each control over all its files."""
    return {number: overall(number, facts) for number in numbers}


def overall(number: str, facts: Facts) -> str:
    """The verdict of one control; also where its files could not be told."""
    try:
        return str(worst(Verdict(verdict) for verdict, _ in judged(number, facts).values()))
    except EvidenceError:
        return "error"
    except NotApplicable:
        return "not applicable"


def failing(facts: Facts) -> dict[str, Verdicts]:
    """Of each control that does not pass, the files that do not."""
    found = {number: judged(number, facts) for number in CONTROLS}
    bad = {
        number: {path: each for path, each in files.items() if each[0] != "pass"}
        for number, files in found.items()
    }
    return {number: files for number, files in bad.items() if files}
