"""A careless host of the laboratory, audited and mended as a user does it."""

from __future__ import annotations

import io
import resource
import tarfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck import cli, facts
from hullcheck.recording import Recording
from hullcheck.remedies.changes import Limit, Options
from hullcheck.remedies.plan import plan
from hullcheck.results import document
from selftests.kit.running import Project, Run
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

UNIT, SOCKET_UNIT = "/usr/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.socket"
REGISTRY = "/etc/docker/certs.d/reg.example:5000"
TLS = {
    "tlscacert": "/etc/docker/tls/ca.pem",
    "tlscert": "/etc/docker/tls/cert.pem",
    "tlskey": "/etc/docker/tls/key.pem",
}
SOCKET, CONTAINERD = "/run/docker.sock", "/run/containerd/containerd.sock"
SETTINGS = {
    "debug": True,
    "iptables": False,
    "experimental": True,
    "seccomp-profile": "unconfined",
    "cgroup-parent": "/everything",
    "insecure-registries": ["reg.example:5000"],
    **TLS,
}
FILES = {
    "/etc/systemd/system/docker.socket.d/open.conf": "[Socket]\nSocketMode=0666\nSocketGroup=users\n",
    "/etc/sysconfig/docker": "A=b\n",
}
PLACES = " ".join([*("/etc/docker", "/etc/docker/daemon.json", "/etc/default/docker"), *FILES])
OPEN = f"""
chmod 666 {UNIT} {SOCKET_UNIT} /etc/default/docker /etc/sysconfig/docker /etc/docker/daemon.json
chmod 666 {SOCKET} {CONTAINERD} {REGISTRY}/ca.crt {" ".join(TLS.values())}
chown 1000:1000 {UNIT} {SOCKET_UNIT} /etc/default/docker /etc/sysconfig/docker /etc/docker/daemon.json
chown 1000:1000 {SOCKET} {CONTAINERD} {REGISTRY}/ca.crt {" ".join(TLS.values())} /etc/docker
chmod 775 /etc/docker
"""
FEW = f"""
chmod 666 /etc/docker/daemon.json {SOCKET}
chown 1000:1000 /etc/docker/daemon.json {SOCKET}
"""
"""The same of each kind once: Ansible takes its time for each file."""


def files(certificates: dict[str, str]) -> dict[str, str]:
    """What is on the host before it starts."""
    tls = {path: certificates[Path(path).name] for path in TLS.values()}
    return {**FILES, **tls, f"{REGISTRY}/ca.crt": certificates["ca.pem"]}


SERVICES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "web": (("--publish", "127.0.0.1:8080:8000"), ("httpd", "-f", "-p", "8000", "-h", "/etc")),
    "client": ((), ("sleep", "100000")),
}
"""Two containers: their options, and their commands."""


def start(host: Host, name: str, *more: str) -> None:
    """Start a container, with these options too."""
    options, command = SERVICES[name]
    words = ["--network", "site", "--stop-timeout", "1"]  # neither program heeds a signal to end
    host.run(name, *words, *options, *more, command=command)


def recreate(host: Host, options: Mapping[str, Sequence[str]]) -> None:
    """Create the containers again with the *options* that README.md names, and the limits that they had."""
    for name, words in options.items():
        host.docker("rm", "--force", name)
        start(host, name, *words)
    until(lambda: reaches(host) == {"inside": True, "outside": True}, "the containers do not answer")


def workload(host: Host) -> None:
    """Start two containers: one that serves a port, and one that talks to it by its name."""
    host.docker("network", "create", "site")
    for name in SERVICES:
        start(host, name)
    until(lambda: reaches(host) == {"inside": True, "outside": True}, "the containers do not answer")


FETCH = "wget -q -T 3 -O /dev/null"


def reaches(host: Host) -> dict[str, bool]:
    """Whether the one container reaches the other, and the host the port that it publishes."""
    return {
        "inside": succeeds(host, f"docker exec client {FETCH} http://web:8000/passwd"),
        "outside": succeeds(host, f"busybox {FETCH} http://127.0.0.1:8080/passwd"),
    }


def succeeds(host: Host, command: str) -> bool:
    """Whether a command ends with status 0 there."""
    return host.exec("sh", "-c", f"{command} >/dev/null 2>&1 && echo yes || echo no").strip() == "yes"


def state(host: Host) -> str:
    """Owners, modes and content of all that a remedy may change."""
    rights = f"stat -c '%n %a %u:%g' {PLACES} {SOCKET} {CONTAINERD} {UNIT} {SOCKET_UNIT}"
    files = "find /etc/docker /etc/default /etc/sysctl.d /etc/systemd -type f -exec md5sum {} +"
    kernel = "sysctl fs.suid_dumpable kernel.randomize_va_space"
    return host.exec("sh", "-c", f"{rights}; {files}; {kernel}; docker ps -q")


def running(host: Host) -> set[str]:
    """The names of the containers that run."""
    return set(host.docker("ps", "--format", "{{.Names}}").split())


@dataclass(frozen=True)
class Audited:
    """One audit of a host: by control and subject the verdict, and why."""

    run: Run
    findings: dict[tuple[str, str], tuple[str, str]]

    @property
    def failing(self) -> set[str]:
        """The controls that fail."""
        return {name for (name, _), (verdict, _) in self.findings.items() if verdict == "fail"}

    def of(self, control: str) -> set[str]:
        """The verdicts of one control."""
        return {verdict for (name, _), (verdict, _) in self.findings.items() if name == control}


def audit(project: Project, host: Host, *words: str) -> Audited:
    """Audit it over ssh, by every control or by those that pytest's options *words* select."""
    spec = f"ssh://root@{host.name}?ssh_config={host.ssh_config}"
    run = project.pytest(*(words or ("-m", "cis or guide")), f"--hosts={spec}")
    found = {
        (result["control"], each["subject"]): (each["verdict"], each["reason"])
        for result in run.results["results"]
        for each in result["findings"] or [{**result, "subject": host.name}]
    }
    return Audited(run, found)


@dataclass(frozen=True)
class Remedies:
    """What `hullcheck remedy` wrote for the last audit: its folder, and findings, as controls and subjects.

    Attributes:
        mended: those that its files mend.
        again: those that are mended as soon as containers are created again.
        left: the controls of which something is left to a person.
        options: those with which each container is created again.
    """

    folder: Path
    mended: set[tuple[str, str]]
    again: set[tuple[str, str]]
    left: set[str]
    options: dict[str, list[str]]


def remedy(project: Project, host: Host, also: Collection[str] = ()) -> Remedies:
    """Write them, with those of *also*, which have to be asked for."""
    output, run = project.folder / "remedy", project.folder / "reports/latest"
    assert cli.main(["remedy", str(run), f"--output={output}", *(f"--also={each}" for each in also)]) == 0
    _lower_limit(output / host.name)
    recording = Recording.load(run / host.name, facts.PROBES)
    made = plan(document.load(run, ""), host.name, recording, also)
    every = {(each.control.id, each.finding.subject) for each, _ in made.changes}
    again = {(each.control.id, each.finding.subject) for each in made.mended(Options)}
    left = {each.failure.control.id for each in made.left} | {each.control.id for each in made.asked}
    options = {each.container: [word for one in each.add for word in one.split()] for each in made.options}
    for each in made.of(Limit):
        options.setdefault(each.container, []).extend((each.option, each.value, *each.more))
    return Remedies(output / host.name, every - again, again, left, options)


def _lower_limit(folder: Path) -> None:
    """Change the limit on open files in the files, as a user does whose engine may not open that many."""
    most = min(524288, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    for each in folder.iterdir():
        each.write_text(each.read_text().replace("524288", str(most)))


def bring(host: Host, folder: Path) -> None:
    """Copy the folder to /root/remedy."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(folder, "remedy")
    host.exec("tar", "--extract", "--directory", "/root", "--no-same-owner", stdin=archive.getvalue())


def sh(host: Host, command: str) -> str:
    """What a command of the README prints, in the folder."""
    return host.exec("sh", "-c", f"cd /root/remedy && {command}")


def worse(before: Audited, after: Audited) -> dict[tuple[str, str], tuple[str, str]]:
    """What fails or cannot be judged, of controls that did neither before."""
    bad = {"fail", "error"}
    return {
        place: found
        for place, found in after.findings.items()
        if found[0] in bad and not before.of(place[0]) & bad
    }
