"""Facts: what is true of a target, typed and frozen, read from its recording. No fact passes judgement."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from hullcheck.criteria import checklist
from hullcheck.criteria.checklist import Section
from hullcheck.facts import (
    auditd,
    containers,
    daemon,
    docker_bench,
    engine,
    files,
    firewall,
    images,
    patching,
    sensors,
    swarm,
)
from hullcheck.facts import logs as shippers
from hullcheck.facts.auditd import Audit
from hullcheck.facts.auditd import daemon as audit_daemon
from hullcheck.facts.auditd.daemon import AuditDaemon
from hullcheck.facts.containers import Container, collection, inside
from hullcheck.facts.containers.inside import InsideContainer
from hullcheck.facts.containers.probe import published_tcp_ports
from hullcheck.facts.containers.surroundings import Surroundings
from hullcheck.facts.daemon import Daemon, rootless
from hullcheck.facts.daemon.rootless import RootlessParts
from hullcheck.facts.docker_bench import DockerBench
from hullcheck.facts.docker_bench import Step as BenchStep
from hullcheck.facts.engine import Engine, identity, networks
from hullcheck.facts.engine import release as releases
from hullcheck.facts.engine.networks import Network
from hullcheck.facts.engine.release import Release, System
from hullcheck.facts.files import EngineFiles, encryption, installation
from hullcheck.facts.files.encryption import BlockDevices, DataAtRest
from hullcheck.facts.files.installation import Places
from hullcheck.facts.files.storage import Storage
from hullcheck.facts.firewall import Firewall
from hullcheck.facts.host import accounts, os_release, processes, software
from hullcheck.facts.host import services as host_services
from hullcheck.facts.host.accounts import Accounts
from hullcheck.facts.host.processes import Processes
from hullcheck.facts.host.services import HostServices
from hullcheck.facts.host.software import Software
from hullcheck.facts.images import Image, contents, scan_reports, trust, unused
from hullcheck.facts.images.contents import ImageContents
from hullcheck.facts.images.scan_reports import ScanReports
from hullcheck.facts.images.trust import ContentTrust
from hullcheck.facts.images.unused import Sprawl
from hullcheck.facts.kernel import features, running, sysctl
from hullcheck.facts.kernel.features import Kernel
from hullcheck.facts.kernel.running import RunningKernel
from hullcheck.facts.kernel.sysctl import Sysctl
from hullcheck.facts.logs import HostLog, Shippers, container_logs
from hullcheck.facts.logs.container_logs import Log
from hullcheck.facts.patching import Patching
from hullcheck.facts.sensors import Sensors, Tool
from hullcheck.facts.sensors import Step as SensorStep
from hullcheck.facts.subjects import Subjects
from hullcheck.facts.swarm import Swarm, SwarmService, services
from hullcheck.facts.swarm.services import Service
from hullcheck.parsing.proc import mountinfo
from hullcheck.parsing.proc.mountinfo import Mount
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.backends import CONTAINER_BACKENDS
from hullcheck.recording.probe import Probe
from hullcheck.verdicts import EvidenceError, NotApplicable

PROBES: tuple[Probe, ...] = (
    *engine.PROBES,
    *identity.PROBES,
    *daemon.PROBES,
    *networks.PROBES,
    *services.PROBES,
    *images.PROBES,
    *contents.PROBES,
    *trust.PROBES,
    *containers.PROBES,
    *processes.PROBES,
    *features.PROBES,
    *inside.PROBES,
    *files.PROBES,
    *firewall.PROBES,
    *installation.PROBES,
    *rootless.PROBES,
    *accounts.PROBES,
    *auditd.PROBES,
    *swarm.PROBES,
    *scan_reports.PROBES,
    *docker_bench.PROBES,
    *sensors.PROBES,
    *shippers.PROBES,
    *audit_daemon.PROBES,
    *encryption.PROBES,
    *host_services.PROBES,
    *patching.PROBES,
    *running.PROBES,
    *software.PROBES,
    *sysctl.PROBES,
)

_EVIDENCE: dict[str, tuple[Probe, ...]] = {
    "daemon": daemon.EVIDENCE,
    "container": containers.EVIDENCE,
    "checklist_section": (*images.EVIDENCE, *daemon.EVIDENCE, os_release.OS_RELEASE),
    "container_log": (*daemon.EVIDENCE, *containers.EVIDENCE),
    "engine": engine.EVIDENCE,
    "firewall_option": (*firewall.PROBES, *daemon.EVIDENCE, *networks.PROBES, *containers.EVIDENCE),
    "image": images.EVIDENCE,
    "image_contents": contents.EVIDENCE,
    "content_trust": trust.PROBES,
    "docker_bench": docker_bench.PROBES,
    "docker_bench_step": (
        *docker_bench.PROBES,
        *daemon.EVIDENCE,
        *containers.EVIDENCE,
        *files.EVIDENCE,
    ),
    "kernel": features.PROBES,
    **dict.fromkeys(files.GROUPS, files.EVIDENCE),
    **dict.fromkeys(installation.GROUPS, installation.EVIDENCE),
    "accounts": accounts.PROBES,
    "audit": auditd.EVIDENCE,
    "release": releases.EVIDENCE,
    "rootless_parts": (*rootless.EVIDENCE, *daemon.EVIDENCE),
    "scan_reports": scan_reports.PROBES,
    "scanner": (*scan_reports.PROBES, *images.EVIDENCE),
    **dict.fromkeys(("analyser", "falco_step", "monitor", "sensors"), sensors.EVIDENCE),
    **dict.fromkeys(("host_log", "log_system", "shippers"), shippers.EVIDENCE),
    "storage": installation.EVIDENCE,
    "system": (os_release.OS_RELEASE,),
    "sprawl": unused.EVIDENCE,
    "swarm": swarm.EVIDENCE,
    "swarm_service": swarm.EVIDENCE,
    "overlay_network": swarm.NETWORK_EVIDENCE,
    "audit_daemon": audit_daemon.EVIDENCE,
    "audit_step": audit_daemon.EVIDENCE,
    "confinement": (*engine.EVIDENCE, *features.PROBES),
    "data_at_rest": (*encryption.PROBES, *installation.EVIDENCE),
    "docker_client": (engine.ENGINE_PRESENCE,),
    "host_services": host_services.EVIDENCE,
    "kernel_flaw": running.PROBES,
    "kernel_setting": sysctl.PROBES,
    "minimal_distribution": software.EVIDENCE,
    "networks": networks.PROBES,
    "patching": patching.PROBES,
    "patching_tool": patching.PROBES,
    "running_kernel": running.PROBES,
    "software": software.EVIDENCE,
    "start_step": (*audit_daemon.EVIDENCE, *installation.EVIDENCE, *containers.EVIDENCE),
    "sysctl": sysctl.PROBES,
}


ARGUMENTS: tuple[str, ...] = (*_EVIDENCE, "policy", "facts")
"""What a control may ask for, by name; where it is `Subjects`, the control is called with one at a time."""


def description(argument: str) -> str:
    """One sentence on one of ARGUMENTS, for `pytest --fixtures`."""
    groups: dict[str, Any] = {**files.GROUPS, **installation.GROUPS, **vars(Facts)}
    text: str | None = groups[argument].__doc__ if argument in groups else None
    return text or f"The {argument} of the target."


def evidence_of(arguments: Iterable[str], kind: str) -> tuple[str, ...]:
    """The names of the probes behind a control's *arguments*, on a target of this *kind*."""
    known = {**_EVIDENCE, "container": inside.EVIDENCE} if kind == "container" else _EVIDENCE
    return tuple(dict.fromkeys(probe.name for name in arguments for probe in known.get(name, ())))


class Facts:
    """The facts of one target, each read when it is first asked for."""

    def __init__(self, recording: Recording, policy: Policy) -> None:
        self.recording = recording
        self.policy = policy

    def argument(self, name: str) -> Any:
        """What a control gets that asks for *name*: a fact of this class, the policy, or all `facts`.

        Raises:
            NotApplicable: there is no such thing on this target.
            EvidenceError: it could not be read.
        """
        if name in files.GROUPS:
            return self.engine_files.group(name)
        if name in installation.GROUPS:
            return self.places.group(name)
        return self if name == "facts" else getattr(self, name)

    @property
    def kind(self) -> str:
        """`container` for a container without an engine of its own, else `host`."""
        if self.recording.backend not in CONTAINER_BACKENDS:
            return "host"
        try:
            return "host" if engine.Presence.of(self.recording).daemon_pids else "container"
        except EvidenceError:
            return "container"

    @property
    def engine_version(self) -> str:
        """The engine's version, or an empty string where it could not be had."""
        try:
            return self.engine.version
        except (EvidenceError, NotApplicable):
            return ""

    @property
    def os_name(self) -> str:
        return os_release.os_name(self.recording)

    @cached_property
    def engine(self) -> Engine:
        """The engine of the target, as `docker info` describes it."""
        if self.kind == "container":
            raise NotApplicable("the target is a container without an engine of its own")
        return Engine.of(self.recording)

    @cached_property
    def daemon(self) -> Daemon:
        """The Docker daemon of the target, with every setting and where it comes from."""
        return Daemon(self.recording, self.engine, lambda: published_tcp_ports(self.recording))

    @cached_property
    def engine_files(self) -> EngineFiles:
        """The files of the daemon, in groups."""
        return EngineFiles.of(self.recording, self.daemon)

    @cached_property
    def places(self) -> Places:
        """The programs and directories of the engine, in groups."""
        return Places(self.recording, self.daemon, self.engine_files)

    @cached_property
    def storage(self) -> Storage:
        """Where the engine keeps its data."""
        return Storage(self.engine, self.places, self.daemon_mounts)

    @cached_property
    def checklist_section(self) -> Subjects[Section]:
        """Each group of countermeasures of NIST SP 800-190."""
        return checklist.sections(self)

    @cached_property
    def rootless_parts(self) -> RootlessParts:
        """What a rootless engine was installed from."""
        return RootlessParts(self.recording, self.daemon)

    @cached_property
    def firewall_option(self) -> Subjects[tuple[str, Firewall]]:
        """Each way that the hardening guide names to limit the traffic of containers."""
        found = Firewall(self.recording, self.daemon)
        return Subjects("option", tuple((name, (name, found)) for name in firewall.OPTIONS))

    @cached_property
    def accounts(self) -> Accounts:
        """The users and groups of the target."""
        return Accounts.of(self.recording)

    @cached_property
    def audit(self) -> Audit:
        """The audit rules of the target."""
        return Audit(self.recording, lambda: self.daemon_mounts)

    @cached_property
    def system(self) -> System:
        """The operating system below the engine."""
        assert self.engine  # without one there is nothing to judge
        return System.of(self.recording)

    @cached_property
    def release(self) -> Release:
        """The release of the engine."""
        return Release.of(self.recording, self.engine)

    @cached_property
    def container(self) -> "Subjects[Container] | Subjects[InsideContainer]":
        """Every container of the target, running or not."""
        if self.kind == "container":
            return Subjects("container", ((self.recording.target, InsideContainer(self.recording)),))
        return self.containers

    @cached_property
    def containers(self) -> Subjects[Container]:
        """Every container that the engine of the target knows."""
        engine.require_engine(self.recording)
        surroundings = Surroundings(
            engine=lambda: self.engine,
            daemon=lambda: self.daemon,
            processes=lambda: self.processes,
            networks=lambda: self.networks,
            daemon_mounts=lambda: self.daemon_mounts,
            engine_sockets=lambda: self.engine_sockets,
            services=lambda: self.services,
            image_names=lambda: self.image_names,
        )
        return collection.from_engine(self.recording, surroundings)

    @cached_property
    def container_log(self) -> Subjects[Log]:
        """The log of every container, and what the daemon does by default."""
        return container_logs.logs(self)

    @cached_property
    def processes(self) -> Processes:
        return Processes.of(self.recording)

    @cached_property
    def kernel(self) -> Kernel:
        """What the kernel of the target offers."""
        return Kernel.of(self.recording)

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """The networks of the engine."""
        return networks.networks(self.recording)

    @cached_property
    def services(self) -> dict[str, Service]:
        return services.services(self.recording, self.engine)

    @cached_property
    def sprawl(self) -> Sprawl:
        """What is not in use on the target."""
        assert self.engine
        return Sprawl(self)

    @cached_property
    def swarm(self) -> Swarm:
        """The swarm of the target."""
        return Swarm.of(self.recording, self.engine, self.daemon)

    @cached_property
    def swarm_service(self) -> Subjects[SwarmService]:
        """Every service of the swarm."""
        return swarm.swarm_services(self.swarm)

    @cached_property
    def overlay_network(self) -> Subjects[Network]:
        """Every network of the swarm that reaches over several nodes."""
        return swarm.overlay_networks(self.swarm, lambda: self.networks)

    @cached_property
    def image(self) -> Subjects[Image]:
        """Every image that the engine holds."""
        assert self.engine
        return images.from_engine(self)

    @cached_property
    def content_trust(self) -> ContentTrust:
        """Where content trust of the docker command is switched on."""
        assert self.engine
        return ContentTrust.of(self.recording)

    @cached_property
    def image_contents(self) -> ImageContents:
        """What is in the images that the engine holds."""
        return ImageContents(self.recording)

    @cached_property
    def docker_bench(self) -> DockerBench:
        """docker-bench-security on the target: what runs it, and its last log."""
        assert self.engine
        return DockerBench(self.recording)

    @property
    def docker_bench_step(self) -> Subjects[BenchStep]:
        """Every step on the way to a docker-bench-security that is of use."""
        assert self.engine
        return docker_bench.STEPS

    @cached_property
    def sensors(self) -> Sensors:
        """What watches the containers while they run."""
        assert self.engine
        return Sensors(self)

    @property
    def monitor(self) -> Subjects[Tool]:
        """Every tool that watches what containers do, whether it is there or not."""
        assert self.engine
        return sensors.MONITORS

    @property
    def analyser(self) -> Subjects[Tool]:
        """Every tool that learns how containers behave, whether it is there or not."""
        assert self.engine
        return sensors.ANALYSERS

    @property
    def falco_step(self) -> Subjects[SensorStep]:
        """Every step on the way to a Falco that is of use."""
        assert self.engine
        return sensors.STEPS

    @cached_property
    def shippers(self) -> Shippers:
        """What takes logs to other machines."""
        assert self.engine
        return Shippers(self)

    @property
    def log_system(self) -> Subjects[str]:
        """Every kind of system that logs are collected in, whether it is used or not."""
        assert self.engine
        return shippers.LOG_SYSTEMS

    @property
    def host_log(self) -> Subjects[HostLog]:
        """Every log of the host that matters here, beside those of containers."""
        assert self.engine
        return shippers.HOST_LOGS

    @cached_property
    def scan_reports(self) -> ScanReports | None:
        """What scanners found in images; None where the policy names no reports."""
        named = self.policy.scan_reports
        return ScanReports(self.recording, named.folder) if named else None

    @property
    def scanner(self) -> Subjects[str]:
        """Each scanner whose reports can be read, whether it is used or not."""
        assert self.engine
        return scan_reports.SCANNERS

    @cached_property
    def image_names(self) -> dict[str, str]:
        return images.image_names(self.recording)

    @cached_property
    def daemon_mounts(self) -> tuple[Mount, ...]:
        """The mount table of the daemon: what "the host" is to a container."""
        return mountinfo.parse(self.daemon.mountinfo.split("\n"))

    @cached_property
    def engine_sockets(self) -> frozenset[str]:
        """Every path at which an engine of this host takes commands, without symbolic links."""
        return frozenset((*self.daemon.api_sockets, *self.daemon.containerd_sockets))

    # ---- the host below the engine

    @cached_property
    def _host(self) -> Recording:
        """The recording of a host with Docker.

        Raises:
            NotApplicable: the target is a container, or there is no Docker on it.
            EvidenceError: that cannot be told.
        """
        if self.kind == "container":
            raise NotApplicable("the target is a container without an engine of its own")
        engine.require_engine(self.recording)
        return self.recording

    @cached_property
    def software(self) -> Software:
        """The distribution of the host, its compilers and its browsers."""
        return Software.of(self._host)

    @property
    def minimal_distribution(self) -> Subjects[str]:
        """Each minimal distribution that the guide names, or the one that the policy allows."""
        named = (software.UBUNTU_MINIMAL, software.RHEL_COREOS, software.BOTTLEROCKET)
        own = self.software.identifier
        allowed = (own,) if own in self.policy.minimal_distributions else ()
        return Subjects("option", tuple((name, name) for name in (*named, *allowed)))

    @cached_property
    def host_services(self) -> HostServices:
        """Units, listeners and applications of the host outside of containers."""
        return HostServices.of(self._host, self.processes)

    @cached_property
    def patching(self) -> Patching:
        """What installs updates on the target, and when it last did."""
        return Patching(self._host)

    @property
    def patching_tool(self) -> Subjects[str]:
        """Each tool for configuration management that the hardening guide names, and what they leave undone."""
        assert self._host
        return Subjects("option", tuple((name, name) for name in (*patching.TOOLS, patching.OUTSTANDING)))

    @cached_property
    def running_kernel(self) -> RunningKernel:
        """The kernel that runs, those that are installed, and the flaws that it knows of."""
        return RunningKernel.of(self._host)

    @property
    def kernel_flaw(self) -> Subjects[tuple[str, ...]]:
        """Each flaw of a kernel or processor that the guide names, and each other of which the kernel tells."""
        return Subjects("option", tuple(self.running_kernel.known_flaws.items()))

    @cached_property
    def audit_daemon(self) -> AuditDaemon:
        """Whether auditd runs and writes down what the kernel reports."""
        return AuditDaemon.of(self._host, self.audit)

    @property
    def audit_step(self) -> Subjects[str]:
        """Every step from auditd's unit to what it writes down."""
        assert self._host
        return Subjects("step", tuple((step, step) for step in audit_daemon.STEPS))

    @property
    def start_step(self) -> Subjects[str]:
        """Every step to a record of a program that is started in a container."""
        assert self._host
        return Subjects("step", tuple((step, step) for step in audit_daemon.START_STEPS))

    @cached_property
    def docker_client(self) -> str:
        """The path of the docker command."""
        return engine.Presence.of(self._host).client

    @cached_property
    def data_at_rest(self) -> DataAtRest:
        """Where the engine and its volumes keep data, and what encrypts that."""
        return DataAtRest(self.storage, self.daemon_mounts, BlockDevices.of(self._host))

    @property
    def confinement(self) -> Subjects[str]:
        """Each way to confine containers that the hardening guide names."""
        assert self._host
        return Subjects("option", tuple((name, name) for name in ("SELinux", "AppArmor", "Seccomp")))

    @property
    def kernel_setting(self) -> Subjects[str]:
        """Each setting of the kernel that the hardening guide names."""
        assert self._host
        return Subjects("setting", tuple((name, name) for name in sysctl.GUIDE))

    @cached_property
    def sysctl(self) -> Sysctl:
        """Settings of the kernel, as they are and as the next start makes them."""
        return Sysctl.of(self._host)
