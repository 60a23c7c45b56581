"""Remedies are applied, as users do it: what failed passes, nothing gets worse, and all can be taken back."""

from __future__ import annotations

import inspect
import io
import os
import re
import resource
import shlex
import sys
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from hullcheck import cli, facts
from hullcheck.controls.metadata import read_docstring
from hullcheck.recording import Recording
from hullcheck.remedies import AuditRule, containers
from hullcheck.remedies.containers import Started
from hullcheck.remedies.plan import Rule, change, plan
from hullcheck.remedies.script import PLACE, rules_file
from hullcheck.remedies.table import REMEDIES
from hullcheck.results import Control, Finding, document, grouped
from hullcheck.results.failures import Failure
from hullcheck.verdicts import Verdict
from selftests.kit.judging import control, facts_of_guest, judge_engine, judged
from selftests.kit.running import Project, Run
from selftests.lab import proven
from selftests.lab.test_audit_rules import Kernel, now, turn
from selftests.rig import images
from selftests.rig.engines.engine import IMAGE
from selftests.rig.shell import call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]
Found = tuple[str, str]
"""A control and a subject."""

# ---- a careless host

UNIT, SOCKET_UNIT = "/usr/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.socket"
REGISTRY = "/etc/docker/certs.d/reg.example:5000"
TLS = {
    f"tls{name}": f"/etc/docker/tls/{file}.pem" for name, file in (("cacert", "ca"), ("cert", "cert"), ("key", "key"))
}
SOCKET, CONTAINERD = "/run/docker.sock", "/run/containerd/containerd.sock"
SETTINGS = {
    "debug": True,
    "iptables": False,
    "experimental": True,
    "seccomp-profile": "unconfined",
    "cgroup-parent": "/everything",
    "insecure-registries": ["reg.example:5000"],
}
FILES = {
    "/etc/systemd/system/docker.socket.d/open.conf": "[Socket]\nSocketMode=0666\nSocketGroup=users\n",
    "/etc/sysconfig/docker": "A=b\n",
}
PLACES = (
    "/etc/docker/daemon.json",
    "/etc/default/docker",
    "/etc/sysconfig/docker",
    SOCKET,
    CONTAINERD,
    UNIT,
    SOCKET_UNIT,
)
EVERY = shlex.join([*PLACES, f"{REGISTRY}/ca.crt", *TLS.values()])
OPEN = f"chmod 666 {EVERY}; chown 1000:1000 {EVERY} /etc/docker; chmod 775 /etc/docker"
FEW = f"chmod 666 {PLACES[0]} {SOCKET}; chown 1000:1000 {PLACES[0]} {SOCKET}"
"""The same of each kind once: Ansible takes its time for each file."""
SERVICES: dict[str, tuple[str, str]] = {
    "web": ("--publish 127.0.0.1:8080:8000", "httpd -f -p 8000 -h /etc"),
    "client": ("", "sleep 100000"),
}
"""Two containers: their options, and their commands."""
FETCH = "wget -q -T 3 -O /dev/null"
ALL = {"inside": True, "outside": True}
DAEMON = ("-m", "cis", "tests/test_2_daemon.py")
LOOSE = "--security-opt seccomp=unconfined --pid host --ipc host --uts host --restart always"
"""How the client is started on a careless host."""


def start(host: Host, options: Mapping[str, Sequence[str]]) -> None:
    """Create the containers, again if they are there, with these further *options*."""
    host.exec("sh", "-c", "docker network create site; docker rm --force web client; true")
    for name, (own, command) in SERVICES.items():
        words = ["--network", "site", "--stop-timeout", "1", *own.split(), *options.get(name, ())]
        host.run(name, *words, command=command.split())
    until(lambda: reaches(host) == ALL, "the containers do not answer")


def reaches(host: Host) -> dict[str, bool]:
    """Return whether the one container reaches the other, and the host the port that it publishes."""
    return {
        "inside": succeeds(host, f"docker exec client {FETCH} http://web:8000/passwd"),
        "outside": succeeds(host, f"busybox {FETCH} http://127.0.0.1:8080/passwd"),
    }


def succeeds(host: Host, command: str) -> bool:
    """Return whether a command ends with status 0 there."""
    return host.exec("sh", "-c", f"{command} >/dev/null 2>&1 && echo yes || echo no").strip() == "yes"


def state(host: Host) -> str:
    """Return owners, modes and content of all that a remedy may change."""
    rights = f"stat -c '%n %a %u:%g' /etc/docker {shlex.join(PLACES)}"
    files = "find /etc/docker /etc/default /etc/sysctl.d /etc/systemd -type f -exec md5sum {} +"
    return host.exec("sh", "-c", f"{rights}; {files}; sysctl fs.suid_dumpable kernel.randomize_va_space; docker ps -q")


def is_as_before(host: Host) -> bool:
    """Return whether both containers run and are reached."""
    return set(host.docker("ps", "--format", "{{.Names}}").split()) == SERVICES.keys() and reaches(host) == ALL


class Audited(Struct, frozen=True):
    """One audit of a host: by control and subject the verdict, and why."""

    run: Run
    findings: dict[Found, tuple[str, str]]

    @property
    def failing(self) -> set[str]:
        """The controls that fail."""
        return {name for (name, _), (verdict, _) in self.findings.items() if verdict == "fail"}

    def not_passing(self, fixed: Collection[Found]) -> dict[Found, tuple[str, str]]:
        """Return what of *fixed* does not pass."""
        return {each: self.findings[each] for each in fixed if self.findings[each][0] != "pass"}

    def worse_than(self, before: Audited) -> dict[Found, tuple[str, str]]:
        """Return what fails or cannot be judged, of controls that did neither before."""
        bad = {"fail", "error"}
        known = {name for (name, _), (verdict, _) in before.findings.items() if verdict in bad}
        return {each: found for each, found in self.findings.items() if found[0] in bad and each[0] not in known}


def audit(project: Project, host: Host, *words: str) -> Audited:
    """Audit it over ssh, by every control or by those that pytest's options *words* select."""
    spec = f"ssh://root@{host.name}?ssh_config={host.ssh_config}"
    run = project.pytest(*(words or ("-m", "cis or guide")), f"--hosts={spec}", timeout=300)
    found = {
        (result["control"], each["subject"]): (each["verdict"], each["reason"])
        for result in run.results["results"]
        for each in result["findings"] or [{**result, "subject": host.name}]
    }
    return Audited(run, found)


class Remedies(Struct, frozen=True):
    """What `hullcheck remedy` wrote for the last audit.

    Attributes:
        folder: with the files.
        fixed: by the files.
        again: as soon as containers are created again.
        left: the controls of which something is left to a person.
        options: those with which each container is created again, in the place of loose ones.
    """

    folder: Path
    fixed: set[Found]
    again: set[Found]
    left: set[str]
    options: dict[str, list[str]]


def remedy(project: Project, host: Host, also: Collection[str] = ()) -> Remedies:
    """Write the remedies, with those of *also*, which have to be asked for."""
    output, run = project.folder / "remedy", project.folder / "reports/latest"
    assert cli.main(["remedy", str(run), f"--output={output}", *(f"--also={each}" for each in also)]) == 0
    for path in (output / host.name).iterdir():  # the engine here may not open as many files
        path.write_text(path.read_text().replace("524288", str(most_files())))
    recording = Recording.load(run / host.name, facts.PROBES)
    made = plan(document.load(run, ""), host.name, recording, also)
    every = {(each.control.id, each.finding.subject) for each, _ in made.changes}
    starts = made.of(Started)
    again = {
        (failure.control.id, failure.finding.subject)
        for failure, each in made.changes
        if isinstance(each, Started) and not each.update
    }
    left = {failure.control.id for failure, _ in made.left} | {each.control.id for each in made.optional}
    options = {"client": LOOSE.split()}
    for name, alike in grouped(starts, lambda each: each.name).items():
        kept, (add, drop) = LOOSE if name == "client" else "", containers.again(alike)
        for each in drop:
            kept = kept.replace(each, "")
        options[name] = " ".join((kept, *add)).split()
    return Remedies(output / host.name, every - again, again, left, options)


def most_files() -> int:
    """Return how many files may be open here."""
    return min(524288, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def bring(host: Host, folder: Path) -> None:
    """Copy the folder to /root/remedy."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(folder, "remedy")
    host.exec("tar", "--extract", "--directory", "/root", "--no-same-owner", stdin=archive.getvalue())


def sh(host: Host, command: str) -> str:
    """Return what a command of the README prints, in the folder."""
    return host.exec("sh", "-c", f"cd /root/remedy && {command}")


@pytest.fixture
def careless_host(lab_host: HostFactory, lab: Laboratory, certificates: Path) -> HostFactory:
    """Make a careless host with two containers, with further settings of its engine."""

    def make(flaws: str, *, tls: bool, **more: object) -> Host:
        settings = {**SETTINGS, **(TLS if tls else {}), **more}
        own = {path: (certificates / Path(path).name).read_text() for path in TLS.values()} if tls else {}
        if tls:
            own[f"{REGISTRY}/ca.crt"] = (certificates / "ca.pem").read_text()
        made = lab_host(files={**FILES, **own}, own_usr=True, **settings)
        start(made, {"client": LOOSE.split()})
        lab.change_setting("/proc/sys/fs/suid_dumpable", "2")
        lab.change_setting("/proc/sys/kernel/randomize_va_space", "1")
        made.exec("sh", "-e", "-c", flaws)
        return made

    return make


def test_shell(careless_host: HostFactory, suite: Project) -> None:
    """The commands of the README mend what it says they mend, nothing gets worse, and `back` gives what was before.

    With the containers created again by the options that it names, what it leaves to a person is all that still fails.
    """
    host = careless_host(OPEN, tls=True)
    before = audit(suite, host)
    made = remedy(suite, host, proven.ASKED_ON_HOST)
    assert {control for control, _ in made.fixed} == proven.HOST | proven.LIMITS
    assert {control for control, _ in made.again} == proven.OPTIONS
    every = made.fixed | made.again
    assert {before.findings[each][0] for each in every} == {"fail"}
    bring(host, made.folder)
    assert "would write /etc/docker/daemon.json" in sh(host, "sh apply.sh check")
    assert not succeeds(host, "test -e /var/backups/hullcheck")
    sh(host, "sh apply.sh apply && sh restart.sh")
    assert is_as_before(host)
    start(host, made.options)
    after = audit(suite, host)
    assert after.not_passing(every) == {}
    assert after.worse_than(before) == {}
    left = proven.LEFT
    assert before.failing - after.failing == {control for control, _ in every} - left | proven.ALONG
    assert after.failing - proven.OF_THE_MACHINE == left
    assert made.left - proven.OF_THE_MACHINE == left - proven.UNKNOWN | proven.ALONG
    assert "wrote" not in sh(host, "sh apply.sh apply")
    sh(host, "sh apply.sh back && sh restart.sh")
    assert is_as_before(host)
    back = audit(suite, host)
    assert {back.findings[each][0] for each in made.fixed if each[0] not in proven.LIMITS} == {"fail"}


@pytest.mark.needs("ansible-playbook")
def test_playbook(careless_host: HostFactory, suite: Project) -> None:
    """The playbook runs apply.sh: it merges what no recording has, changes nothing by `check`, and takes it back."""
    host = careless_host(FEW, tls=False, **{"registry-mirrors": ["https://mirror.example"]})
    before = audit(suite, host)
    made = remedy(suite, host, proven.ASKED_ON_HOST)
    assert {control for control, _ in made.fixed} >= proven.PLAYED
    inventory = suite.write("hosts", f"{host.name} ansible_ssh_common_args='-F {host.ssh_config}' ansible_user=root\n")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(suite.folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=10s -o ControlPath=/tmp/hullcheck-remedy-%C",
    }

    def play(*words: str) -> str:
        argv = ("ansible-playbook", "-i", str(inventory), "playbook.yml", *words)
        return call(*argv, env=environment, cwd=made.folder, timeout=300)

    seen = state(host)
    assert "would run" in play()
    assert state(host) == seen
    assert "unreachable=0" in play("-e", "todo=apply")
    host.exec("sh", f"{PLACE}/restart.sh")
    assert is_as_before(host)
    after = audit(suite, host)
    assert after.not_passing(made.fixed) == {}
    assert after.worse_than(before) == {}
    assert "mirror.example" in host.exec("cat", "/etc/docker/daemon.json")
    play("-e", "todo=back")
    assert state(host) == seen


def test_remedy_that_has_to_be_asked_for(lab_host: HostFactory, suite: Project) -> None:
    """userns-remap, and an API without an address, if their controls are named; without them all is as before.

    An engine that does not start says what to do; when it starts again, so do the containers of before.
    """
    unit = {"/etc/systemd/system/docker.service.d/hosts.conf": "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd\n"}
    host = lab_host(files=unit, debug=False, hosts=["fd://", "tcp://127.0.0.1:2375"])
    start(host, {})
    before = audit(suite, host, *DAEMON)
    made = remedy(suite, host, proven.ASKED)
    assert {control for control, _ in made.fixed} >= proven.ASKED
    bring(host, made.folder)
    settings = "/etc/docker/daemon.json"
    host.exec("sh", "-c", f"cp -p {settings} /root/kept && echo '{{\"nonsense\": 1}}' >{settings}")
    assert "does not start; put the files back" in sh(host, "sh restart.sh 2>&1 || true")
    host.exec("cp", "-p", "/root/kept", settings)
    sh(host, "sh restart.sh")
    assert is_as_before(host)
    sh(host, "sh apply.sh apply && sh restart.sh --new-data")
    assert host.docker("ps", "--quiet") == ""
    host.docker("import", f"/{images.HOST_BUSYBOX}", IMAGE)
    start(host, {})
    after = audit(suite, host, *DAEMON)
    closed = {each for each in made.fixed if each[0] == "remote_api_asks_for_client_certificates"}
    assert {after.findings[each][0] for each in closed} == {"not applicable"}
    assert after.not_passing(made.fixed - closed) == {}
    assert after.worse_than(before) == {}
    host.docker("rm", "--force", "web", "client")
    sh(host, "sh apply.sh back && sh restart.sh --new-data && docker start web client")
    assert reaches(host) == ALL


# ---- audit rules


@pytest.fixture
def kernel(lab: Laboratory) -> Iterator[Kernel]:
    """The machine's audit system, for this test alone."""
    with turn(lab) as kernel:
        yield kernel


def failure(name: str, kind: str, subject: str, reason: str) -> Failure:
    """Return the failure of a control."""
    finding = Finding(kind, subject, Verdict.FAIL, reason)
    return Failure(Control(name, "", "", "", "", {}), "host", "", finding)


@pytest.mark.usefixtures("kernel")
def test_rules(lab: Laboratory, lab_host: HostFactory) -> None:
    """Every control on audit rules fails on a host without rules, and passes as soon as the file is loaded there.

    A host of the laboratory may not load any: a command of the machine that sees its files does.
    """
    host = lab_host(files={"/etc/sysconfig/docker": "A=b\n"}, debug=False)
    asked = facts_of_guest(host, of="1")
    before, found = now(asked), []
    for name in sorted(proven.RULES):
        known = REMEDIES[name]
        assert isinstance(known, AuditRule)
        assert known.files in inspect.signature(control(name)).parameters
        for path, said in judged(name, before).items():
            assert said == ("fail", "no audit rule covers it"), (name, path)
            made = change(failure(name, "file", path, said[1]), known, before)
            assert isinstance(made, Rule)
            found.append(made)
    host.write("/root/docker.rules", rules_file(found), 0o640)
    for rule in dict.fromkeys(each.line for each in found):
        lab.machine.borrow(f"{lab.holder} audit", "audit rule", rule)
    pid = host.hub.engine.docker("inspect", "--format", "{{.State.Pid}}", host.name).strip()
    call("nsenter", f"--mount=/proc/{pid}/ns/mnt", "auditctl", "-R", "/root/docker.rules")
    after = now(asked)
    assert {verdict for name in proven.RULES for verdict, _ in judged(name, after).values()} == {"pass"}


# ---- commands and settings in the docstrings of controls

FIREWALL = "firewall_limits_container_traffic"
FAMILIES = {
    "IPv4": ({}, {"office": ("10.9.0.1", "10.9.0.2"), "world": ("192.0.2.1", "192.0.2.2")}, 24),
    "IPv6": (
        {"experimental": True, "ip6tables": True, "ipv6": True, "fixed_cidr_v6": "fd00:5::/64"},
        {"office": ("fd00:9::1", "fd00:9::2"), "world": ("2001:db8:9::1", "2001:db8:9::2")},
        64,
    ),
}
IN_IPV6 = {"ip": "ip6", "10.0.0.0/8": "fd00::/8"}  # as the remedy says it


def commands(*programs: str) -> list[list[str]]:
    """Return the commands of these programs in the remedy of the firewall."""
    quoted = [
        shlex.split(each)
        for each in re.findall(r"`([^`]+)`", read_docstring(control(FIREWALL).__doc__ or "")[2])
        if each.count('"') % 2 == 0
    ]
    return [words for words in quoted if words[0] in programs and len(words) > 1]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["iptables", "nft"])
@pytest.mark.needs("nft")
def test_rules_of_the_firewall(engine: EngineFactory, family: str, way: str) -> None:
    """3.4 of the guide: new connections from elsewhere are dropped; replies, and the office, get through."""
    settings, hosts, length = FAMILIES[family]
    one, outside = engine(**settings), engine()
    one.nsenter("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", outside.netns)
    for end, side in enumerate((one, outside)):
        side.nsenter("ip", "link", "set", "eth0", "up")
        for pair in hosts.values():
            dad = ["nodad"] if family == "IPv6" else []
            side.nsenter("ip", "address", "add", f"{pair[end]}/{length}", "dev", "eth0", *dad)
    one.run("web", "--publish", "8080:80", command=["httpd", "-f", "-p", "80", "-h", "/etc"])
    outside.run("host", "--network", "host", command=["httpd", "-f", "-p", "7000", "-h", "/etc"])

    def fetches(client: Engine, container: str, address: str, port: int) -> bool:
        url = f"http://[{address}]:{port}/passwd" if ":" in address else f"http://{address}:{port}/passwd"
        return client.docker("exec", container, "sh", "-c", f"{FETCH} {url} || echo no").strip() != "no"

    def traffic() -> dict[str, tuple[bool, bool]]:
        return {
            name: (fetches(one, "web", there, 7000), fetches(outside, "host", here, 8080))
            for name, (here, there) in hosts.items()
        }

    assert traffic() == {"office": (True, True), "world": (True, True)}
    assert judge_engine(FIREWALL, one.socket)["iptables"][0] == "fail"
    rules = commands("iptables", "ip6tables") if way == "iptables" else commands("nft")
    if way == "nft" and family == "IPv6":
        rules += [[IN_IPV6.get(word, word) for word in words] for words in rules]
    assert rules
    for words in rules:
        if family == "IPv6" or words[0] != "ip6tables":
            one.nsenter(*words)
    assert traffic() == {"office": (True, True), "world": (True, False)}
    if way == "iptables":
        assert judge_engine(FIREWALL, one.socket)["iptables"][0] == "manual"
