"""CIS Docker Benchmark v1.8.0, section 5: container runtime."""

import re
from collections.abc import Callable, Iterable, Mapping
from math import inf

import pytest

from hullcheck.criteria.host_paths import is_of_a_service, is_sensitive
from hullcheck.criteria.judgement import listed, planned_limit, require_limits_of_others
from hullcheck.data.health_checks import CANNOT_FAIL
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.ports import Port
from hullcheck.facts.containers.privileges.apparmor import DefaultProfile, SiteProfiles, is_of_an_engine
from hullcheck.facts.containers.sources import HostMount
from hullcheck.facts.engine import Engine
from hullcheck.facts.kernel.features import Kernel
from hullcheck.facts.registry import Later
from hullcheck.parsing import seccomp, selinux
from hullcheck.parsing.capabilities import DOCKER_DEFAULT
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable

_OTHER_CONTROLLERS = ("blkio", "cpuset", "devices", "freezer", "hugetlb", "net_cls", "net_prio", "perf_event")
_SHARED = re.compile(r"/(?:dev(?:/(?:shm|mqueue)(?:/.*)?)?)?$")
"""Memory and queues that the host's processes share by name, and the folders above."""


@pytest.mark.cis("5.1", level=1)
@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_swarm_mode_is_off_where_not_needed(engine: Engine, policy: Policy) -> str | None:
    """Swarm mode is off, or this host is meant to be a node of a swarm.

    A node of a swarm opens management and gossip ports and takes orders from its managers; a host that needs
    none of that should not offer it.

    Remedy: leave the swarm with `docker swarm leave`, or set `swarm: true` in the policy of the hosts that
    are nodes.
    """
    state = engine.value("Swarm", "LocalNodeState")
    if state != "inactive" and policy.swarm:
        return f"the node's state is {state}, as the policy wants"
    assert state == "inactive", f"swarm mode is on (state {state})"
    return None


@pytest.mark.cis("5.2", level=1)
@pytest.mark.nist("AC-3(3)", "AC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.apparmor")
@pytest.mark.severity("high")
def test_container_has_an_apparmor_profile(
    container: Container,
    kernel: Kernel,
    default_profile: Later[DefaultProfile],
    site_profiles: Later[SiteProfiles],
) -> str | None:
    """Every container runs under an AppArmor profile that is enforced.

    The profile takes from a container what its capabilities alone would still allow: mounting, writing below
    /proc and /sys, changing the kernel's settings. An engine's own may be older than the engine, as the kernel keeps
    it over an update; one of the site's own may let everything in, also where it is called like an engine's. That is
    read from its file below /etc/apparmor.d, as the kernel does not give back what was loaded.

    Remedy: drop `--security-opt apparmor=unconfined` and `--privileged`, and load the profile in enforce
    mode.
    """
    if not container.privileges.applies_apparmor and not kernel.apparmor:
        container.runtime.require_running_state()
        raise NotApplicable("AppArmor is not on in the kernel of this host")
    assert not container.privileged, "runs with --privileged, and so unconfined"
    option = container.configuration.security_options.get("apparmor", "")
    assert option != "unconfined", "runs with --security-opt apparmor=unconfined"
    assert container.privileges.applies_apparmor, (
        "AppArmor is on in the kernel, but the engine does not use it"
    )
    container.require_created("which AppArmor profile is there and enforced")
    if not container.running:
        return f"does not run; the engine will apply {option or 'its default profile'}"
    label = container.privileges.security_label
    assert label.endswith("(enforce)"), (
        f"its main process is confined by {label!r}, not by an enforced profile"
    )
    assert not kernel.apparmor_is_lax, "the kernel enforces no profile (its parameter apparmor.mode)"
    profile = container.privileges.apparmor_profile
    assert label.startswith((f"{profile} ", f"{profile}//")), (
        f"its main process chose {label!r}, and what is executed in it is confined by {profile}"
    )
    doubt = default_profile.get().doubt if profile == "docker-default" else ""
    if not is_of_an_engine(profile) or site_profiles.get().has(profile):
        doubt, sure = site_profiles.get().weakness(profile)
        assert not (doubt and sure), doubt
    if doubt:
        raise Manual(doubt)
    return None


@pytest.mark.cis("5.3", level=2)
@pytest.mark.nist("AC-3(3)", "AC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.selinux")
@pytest.mark.severity("high")
def test_container_has_selinux_labels(container: Container, kernel: Kernel) -> str | None:
    """Every container has SELinux labels of a type that confines it, and the host enforces them.

    The labels keep a process that breaks out of its container from the files of the host and of other
    containers. Some types confine nothing: spc_t is made for that. What a type of the site's own confines is for a
    person to say.

    Remedy: set `"selinux-enabled": true` for the daemon, drop `--security-opt label=disable` and `label=type:` with
    a type that confines nothing, or `label=level:` with many categories, and set SELinux to enforcing.
    """
    mode = kernel.selinux
    if not mode:
        container.runtime.require_running_state()
        raise NotApplicable("SELinux is not on in the kernel of this host")
    assert not container.privileged, "runs with --privileged, and so without a label of its own"
    expected = container.privileges.selinux_label
    assert all((expected, container.configuration.mount_label)), "has no SELinux label"
    if container.running:
        label = container.privileges.security_label
        assert label == expected, f"its main process runs as {label!r}"
    assert mode == "enforcing", "SELinux is permissive on this host: labels are not enforced"
    kind = selinux.type_of(expected)
    assert not selinux.confines_nothing(kind), f"its type {kind} confines nothing"
    if container.running:
        assert not container.privileges.is_permissive, (
            f"its type {kind} is permissive: SELinux only writes down what it would deny"
        )
    if kind not in selinux.CONFINED:
        raise Manual(
            f"runs as type {kind}, which is none of container-selinux; does it confine the container?"
        )
    if selinux.is_above_others(expected):
        raise Manual(f"runs as {expected}, with categories of other containers: may it read their files?")
    return None


@pytest.mark.cis("5.4", level=1)
@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_capabilities_are_needed(container: Container, policy: Policy) -> None:
    """No container can get NET_RAW, or a capability beyond Docker's defaults, unless the site allows it.

    Each capability is a part of root's power over the host's kernel; NET_RAW lets a container forge packets
    in the networks that it shares with others.

    Remedy: run it with `--cap-drop ALL` (or at least `--cap-drop NET_RAW`), add the single ones that it
    needs, and name those in `allowed_capabilities` of the policy.
    """
    expected = (DOCKER_DEFAULT - {"NET_RAW"}) | set(policy.allowed_capabilities)
    extra = sorted(container.privileges.capabilities - expected)
    assert not extra, f"has or can get {listed(extra, 8)}"
    _require_known_runtime(container.privileges.strange_runtime)


@pytest.mark.cis("5.5", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.2.no_privileged", "5.hipaa.least_privilege")
@pytest.mark.severity("critical")
def test_container_is_not_privileged(container: Container) -> None:
    """No container runs privileged.

    A privileged container holds every capability and sees every device: whoever breaks out of it owns the host.

    Remedy: run it without `--privileged` and add the single capabilities that it needs.
    """
    assert not container.privileged, "runs with --privileged"
    container.runtime.require_running_state()


@pytest.mark.cis("5.6", level=1)
@pytest.mark.nist("AC-3", "AC-6", "CM-5", sp="800-53")
@pytest.mark.nist("4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_mounts_no_sensitive_host_path(
    container: Container, engine: Later[Engine], policy: Policy
) -> None:
    """No container sees a system directory or a service's socket of the host, unless the site allows it.

    Through such a mount, even a read-only one, a container reads the host's secrets or uses a socket; where it can
    write, it changes what the host runs next, as it does where the kernel's settings are not read-only. What else lies
    below /opt, /run, and folders of services as /var/lib, /var/spool and /var/mail, belongs to some service of the
    host, and a person has to say of which. From a named pipe a program of the host may read commands, so that one is
    left to a person, too. Who shares the processes of another container sees through /proc what that one mounts.

    Remedy: mount single files or a named volume instead, and drop `--pid container:`; name a mount that is needed in
    `allowed_mounts` of the policy.
    """
    docker_root = engine.get().value("DockerRootDir")

    def sensitive(mounts: Iterable[HostMount]) -> list[str]:
        return [
            f"{path} of the host at {mount.destination}"
            for mount in mounts
            for path in sorted(mount.paths)
            if is_sensitive(path, mount.kind, docker_root) and not policy.allows_mount(path)
        ]

    asked = sensitive(container.mounts.configured)
    assert not asked, "mounts " + ", ".join(asked)
    found = sensitive(container.mounts.visible)
    assert not found, "mounts " + ", ".join(found)
    _require_own_namespace(container, "mnt", "mount")
    _require_apart(
        container, lambda each: sensitive(each.mounts.configured) or sensitive(each.mounts.visible)
    )
    groups = container.mounts.groups_of_others
    assert not groups, f"can write to control groups of the host at {', '.join(groups)}"
    sockets = [each for each in container.sockets.others if not policy.allows_mount(each[0])]
    of_root = [(path, each) for path, each in sockets if each.by_root]
    known = [f"{path} of {each.names}" for path, each in of_root if each.is_of_a_known_service]
    assert not known, "can reach " + ", ".join(known)
    services = [f"{path} of {each.names}" for path, each in of_root]
    unknown = [
        f"{path} at {mount.destination}"
        for mount in container.mounts.visible
        for path in sorted(mount.paths)
        if is_of_a_service(path, mount.kind, docker_root) and not policy.allows_mount(path)
    ]
    if services or unknown:
        raise Manual(f"mounts what services of the host own: {', '.join((*services, *unknown))}")
    pipes = [each for each in container.mounts.pipes if not policy.allows_mount(each)]
    if pipes:
        raise Manual(f"can write to {listed(pipes)} of the host, a named pipe: what does its reader do?")
    if views := container.mounts.doubtful:
        raise Manual(f"has a view of the kernel at {', '.join(views)}: is it of the host?")
    _require_known_devices(container)
    _require_known_runtime(container.privileges.unknown_runtime)


@pytest.mark.cis("5.7", level=1)
@pytest.mark.nist("AC-17", "CM-7", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_runs_no_ssh_server(container: Container) -> str | None:
    """No SSH server runs in a container.

    It is a second way in, with keys, passwords and updates of its own, past the engine's log of who did what. A program
    may have another name, or run for each connection alone: where one has a name like a server's, the container's
    command names one, or it opens port 22, a person has to look.

    Remedy: take the server out of the image; use `docker exec`, or SSH to the host.
    """
    servers = container.runtime.ssh_servers
    state = "runs" if container.running else "would start"
    assert not servers, f"{state} {', '.join(servers)}"
    if container.runtime.listens_at_ssh_port or container.ports.is_at_ssh_port:
        raise Manual(
            "something that is not known by its name is at port 22, in it or of the host: is that an SSH server?"
        )
    if doubt := container.runtime.maybe_ssh:
        raise Manual(doubt)
    container.require_created("which program its image starts")
    return (
        None if container.running else "does not run: there is no process but the program that it would start"
    )


@pytest.mark.cis("5.8", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.2.5")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_opens_no_privileged_port(container: Container, policy: Policy) -> str:
    """No container opens a port below 1024 on the host, unless the site allows it.

    Those ports belong to the host's own services; whoever can answer on them passes for the host.

    Remedy: publish a port from 1024 up, or name the port in `allowed_ports` of the policy.
    """

    def low(ports: Iterable[Port]) -> list[str]:
        few = [port for port in ports if 0 < port.number < 1024]
        return [str(port) for port in few if not policy.allows_port(port.number, port.protocol)]

    published = low(container.ports.published)
    assert not published, "opens " + ", ".join(published)
    found = low(container.ports.open)
    assert not found, "opens " + ", ".join(found)
    return _known_ports(container)


@pytest.mark.cis("5.9", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.2.5", "2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_opens_only_needed_ports(container: Container, policy: Policy) -> str:
    """Every port that a container opens is on the site's list, and none is opened by --publish-all.

    A port that nobody asked for is a way in that nobody watches. A bridge network with the gateway mode
    `nat-unprotected` opens every port at which something listens, to whoever has a route to the container.

    Remedy: publish only what the workload needs and list it in `allowed_ports` of the policy; drop
    --publish-all.
    """
    assert not container.configuration.publishes_all_ports, "runs with --publish-all"

    def unlisted(ports: Iterable[Port]) -> list[str]:
        return [str(port) for port in ports if policy.allows_port(port.number, port.protocol) is False]

    published = unlisted(container.ports.published)
    assert not published, "opens " + ", ".join(published) + ", not on the list"
    found = unlisted(container.ports.open)
    assert not found, "opens " + ", ".join(found) + ", not on the list"
    if container.ports.open and policy.allowed_ports is None:
        needed = dict.fromkeys(
            f"{port.number}/{port.protocol}" for port in container.ports.open if port.number
        )
        raise Manual(
            f"check that the workload needs {', '.join(map(str, container.ports.open))};"
            f" then allow it with `allowed_ports: [{', '.join(needed)}]` in the policy"
        )
    _require_known_interfaces(container)
    return _known_ports(container)


@pytest.mark.cis("5.10", level=1)
@pytest.mark.nist("AC-4", "SC-7", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.2", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_has_a_network_namespace(container: Container) -> None:
    """No container shares the host's network namespace.

    In it a container sees all traffic of the host, reaches services that listen on loopback alone, and can
    open any port; one process that goes there is enough. An interface of the host that was moved into its namespace
    takes it past the engine's rules.

    Remedy: run it without `--network host`, in a network of its own, and publish the ports that it needs.
    """
    assert not container.runtime.shares_host_network, "shares the network namespace of the host"
    _require_own_namespace(container, "net", "network")
    _require_known_interfaces(container)


def _require_own_namespace(container: Container, kind: str, words: str) -> None:
    """Fail a container of which a process went to a namespace of the host; who knows what a strange runtime does?"""
    strays = container.privileges.in_host_namespace(kind)
    assert not strays, f"of its processes these are in the {words} namespace of the host: {strays}"
    _require_known_runtime(container.privileges.strange_runtime)


def _require_apart(container: Container, seen: Callable[[Container], Iterable[str]]) -> None:
    """Judge what a container sees of the host through another, whose processes it shares (`--pid container:`)."""
    for other in container.companions:
        found = list(seen(other))
        words = f"shares the processes of {other.name}, and so may see by /proc/PID/root: {', '.join(found)}"
        assert not (found and container.can_look_into(other)), words
        if found:
            raise Manual(f"{words}; does the kernel keep it from that?")


def _require_known_runtime(name: str) -> None:
    """Leave a container to a person that does not run, and whose runtime may give it what nobody asked for."""
    if name:
        raise Manual(f"does not run; what does its runtime {name} give it, beyond what it was created with?")


def _require_known_devices(container: Container) -> None:
    """Leave a container to a person that does not run, and whose devices may bring mounts along."""
    if not container.running and (devices := container.configuration.cdi_devices):
        raise Manual(f"does not run; what do its devices {', '.join(devices)} (CDI) bring along?")


def _known_ports(container: Container) -> str:
    """Return the open ports in words; raise Manual if a container that does not run will open what it listens on."""
    if unknown := container.ports.unknown:
        raise Manual(unknown)
    return f"opens {', '.join(map(str, container.ports.open)) or 'no port'}"


def _require_known_interfaces(container: Container) -> None:
    """Leave a container to a person that has an interface which the engine did not give it."""
    strange = container.runtime.strange_interfaces
    if strange:
        raise Manual(
            f"has more interfaces than networks: {', '.join(strange)}; where does the other one lead?"
        )


@pytest.mark.cis("5.11", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.3.memory")
@pytest.mark.severity("medium")
def test_container_has_a_memory_limit(container: Container, engine: Engine, policy: Policy) -> str | None:
    """Every container has a memory limit that is in force and below what the host has.

    Without one a single container can use up the memory of all. One that can write to its control groups may lift the
    limit, unless the kernel keeps it from that: it is left to a person.

    Remedy: run it with `--memory`, on a host whose control groups enforce it.
    """
    escaped = container.limits.escape("memory")
    assert not escaped, escaped
    wanted, held = container.configuration.memory, container.limits.memory
    unset = f"though {wanted} bytes are set" if wanted > 0 else "and none is set"
    assert held is not None, f"no memory limit is in force, {unset}"
    most = policy.resource_limits.memory
    assert most is None or held <= most, (
        f"its limit of {held} bytes is above {most}, the most that the policy allows"
    )
    if container.planned:
        return planned_limit(f"{held} bytes of memory", most)
    total = engine.value("MemTotal")
    assert held < total, f"its limit of {held} bytes is no limit: the host has {total}"
    require_limits_of_others(container)
    return _held_by_others(container, wanted > 0)


@pytest.mark.cis("5.12", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_has_a_cpu_limit(container: Container, engine: Engine, policy: Policy) -> str | None:
    """Every container has a processor share or limit of its own, and it is in force.

    Without one a single container can take the processor time of all. One that can write to its control groups may
    lift the limit: it is left to a person.

    Remedy: run it with `--cpu-shares` (other than 1024) or `--cpus`, on a host whose control groups enforce
    it.
    """
    escaped = container.limits.escape("cpus")
    assert not escaped, escaped
    cpus, share = container.configuration.cpus, container.configuration.has_cpu_share
    wanted = share or cpus is not None
    cpus, share = container.limits.cpus, container.limits.has_cpu_share
    unset = "though one is set" if wanted else "and none is set"
    assert share or cpus is not None, f"no CPU share or limit is in force, {unset}"
    most = policy.resource_limits.cpus
    assert most is None or (cpus or inf) <= most, (
        f"may use {cpus or 'all'} processors; the policy allows {most:g}"
    )
    if container.planned:
        return "the file gives it a CPU share" if share else planned_limit(f"{cpus:g} processors", most)
    total = engine.value("NCPU")
    assert share or (cpus or inf) < total, (
        f"may use {cpus:g} processors, which is no limit: the host has {total}"
    )
    require_limits_of_others(container)
    return _held_by_others(container, wanted)


@pytest.mark.cis("5.13", level=1)
@pytest.mark.nist("AC-6", "CM-5", sp="800-53")
@pytest.mark.nist("4.4.4", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.2.read_only", "5.hipaa.least_privilege")
@pytest.mark.severity("medium")
def test_container_root_is_read_only(container: Container) -> None:
    """The root file system of every container is read-only.

    What cannot be written cannot be changed by an intruder, and comes from the image alone.

    Remedy: run it with `--read-only` and give it volumes or tmpfs for what it has to write.
    """
    assert container.mounts.root_is_read_only, "its root file system can be written to"


@pytest.mark.cis("5.14", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.3.1", "1.4.2")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium")
def test_container_ports_are_bound_to_an_address(container: Container) -> str:
    """Every port that a container opens is bound to one address of the host.

    A port that is open on every address is open in networks that nobody thought of. What rules of the packet filter
    let through besides is not judged.

    Remedy: publish it as `--publish ADDRESS:PORT:PORT`, in a network with the gateway mode `nat`.
    """

    def everywhere(ports: Iterable[Port]) -> list[str]:
        return [str(port) for port in ports if port.on_every_address]

    published = everywhere(container.ports.published)
    assert not published, "opens on every address: " + ", ".join(published)
    found = everywhere(container.ports.open)
    assert not found, "opens on every address: " + ", ".join(found)
    _require_known_interfaces(container)
    return _known_ports(container)


@pytest.mark.cis("5.15", level=1)
@pytest.mark.nist("SC-5", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low")
def test_container_restarts_at_most_five_times(container: Container) -> str | None:
    """A container that fails is restarted at most five times.

    A container that is restarted without end hides that something makes it fail, and can keep the host busy.

    Remedy: run it with `--restart on-failure:5`, a service with `--restart-condition on-failure
    --restart-max-attempts 5`.
    """
    policy = container.configuration.restart_policy
    name, count = policy.name, policy.attempts
    bounded = name == "no" or (name == "on-failure" and 0 < count <= 5)
    assert bounded, f"its restart policy is {name}" + (
        f" with {count or 'endless'} attempts" if name != "always" else ""
    )
    service = container.configuration.service
    if service is None:
        return None
    few = service.restart_condition == "on-failure" and service.restart_attempts <= 5
    few = few and not service.restarts_without_end
    said = f"condition {service.restart_condition}, {service.restart_attempts or 'endless'} attempts"
    said += f" in {service.restart_window:g} seconds" if service.restart_window else ""
    assert few or service.restart_condition == "none", f"its service {service.name} restarts it: {said}"
    return f"by its service {service.name}: {said}"


@pytest.mark.cis("5.16", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_has_a_pid_namespace(container: Container) -> None:
    """No container shares the host's process namespace.

    In it a container sees, and as root can end or trace, the processes of the host.

    Remedy: run it without `--pid host`.
    """
    assert not container.runtime.shares_host_processes, "shares the process namespace of the host"
    _require_known_runtime(container.privileges.strange_runtime)


@pytest.mark.cis("5.17", level=1)
@pytest.mark.nist("SC-4", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_has_an_ipc_namespace(container: Container) -> None:
    """No container shares the host's IPC namespace.

    In it a container reads and changes the shared memory of the host's processes, as it does where /dev/shm or
    /dev/mqueue of the host is mounted.

    Remedy: run it without `--ipc host`, and without mounts of these.
    """
    assert not container.runtime.shares_host_ipc, "shares the IPC namespace of the host"
    memory = _shared_memory(container)
    assert not memory, f"shares {', '.join(memory)} of the host"
    _require_own_namespace(container, "ipc", "IPC")
    _require_apart(container, _shared_memory)
    _require_known_devices(container)


def _shared_memory(container: Container) -> list[str]:
    mounts = (*container.mounts.configured, *(container.mounts.visible if container.running else ()))
    return sorted({path for each in mounts for path in each.paths if _SHARED.match(path)})


@pytest.mark.cis("5.18", level=1)
@pytest.mark.nist("AC-3", "AC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high")
def test_container_has_no_host_device(container: Container, policy: Policy) -> str | None:
    """No container is given a device of the host, unless the site allows it.

    With a device a container works past file systems and their permissions: a disk can be read and written
    whole. What its control group was told to let in after its start counts, where the kernel lists that (cgroup v1);
    with cgroup v2 a program in the kernel decides that shows nothing, and what the engine gave the container counts:
    the reason of a pass says so. There a node in its /dev of a device that it was not given is left to a person.

    Remedy: run it without `--device`, `--gpus` and `--device-cgroup-rule`; name what is needed in
    `allowed_devices` of the policy.
    """
    assert not container.privileged, "runs with --privileged, and so with every device"
    devices = container.configuration.devices
    found = [device for device in devices if device not in policy.allowed_devices]
    assert not found, "is given " + ", ".join(found)
    mounted = [each for each in container.mounts.devices if each not in (*devices, *policy.allowed_devices)]
    assert not mounted, "has, without being given it, " + ", ".join(mounted)
    given = container.privileges.devices_of_runtime
    assert not given, "is given, by its runtime and unasked, " + ", ".join(given)
    escaped = container.limits.escape("devices")
    assert not escaped, escaped
    later = container.privileges.devices_let_in
    assert not later, "its control group lets in, since its start, " + ", ".join(later)
    _require_known_runtime(container.privileges.unknown_runtime)
    if container.privileges.lists_devices:
        return None
    nodes = container.privileges.strange_nodes
    if nodes:
        raise Manual(
            f"has nodes in its /dev, without being given the devices: {', '.join(nodes)}; whether its control group"
            " lets these in is not shown by this kernel"
        )
    return "by what the engine gave it; what its control group was told to let in later is not shown by this kernel"


@pytest.mark.cis("5.19", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low")
def test_container_overrides_no_ulimit(container: Container, policy: Policy) -> None:
    """No container overrides the daemon's default ulimits, unless the site allows it.

    The defaults are the site's decision of what one container may use; an override undoes it where nobody
    looks. One that outlived a daemon with other defaults has those of then, whatever the engine says of it.

    Remedy: run it without `--ulimit`, or name the limit in `allowed_ulimits` of the policy. Start it again where the
    daemon's defaults were changed.
    """

    def unlisted(ulimits: Iterable[str]) -> str:
        return ", ".join(each for each in ulimits if each.partition("=")[0] not in policy.allowed_ulimits)

    found = unlisted(container.configuration.ulimits)
    assert not found, f"overrides {found}"
    older = unlisted(container.limits.foreign_ulimits)
    assert not older, f"runs with {older}, as a daemon with other defaults started it"


@pytest.mark.cis("5.20", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium")
def test_container_mounts_are_not_shared(container: Container) -> None:
    """Container mounts do not propagate to the host.

    Through a shared mount a container changes the mount table of the host.

    Remedy: mount without `:shared` and `:rshared` (`bind-propagation`).
    """
    assert not container.mounts.shared, "shares " + ", ".join(container.mounts.shared)
    _require_known_devices(container)
    if not container.configuration.mounts:
        raise NotApplicable("it has no mounts")


@pytest.mark.cis("5.21", level=1)
@pytest.mark.nist("SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_has_a_uts_namespace(container: Container) -> None:
    """No container shares the host's UTS namespace.

    In it a container can rename the host, on which logs, certificates and other services rely.

    Remedy: run it without `--uts host`.
    """
    assert not container.runtime.shares_host_uts, "shares the UTS namespace of the host"
    _require_own_namespace(container, "uts", "UTS")


@pytest.mark.cis("5.22", level=1)
@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.seccomp")
@pytest.mark.severity("high")
def test_container_has_a_seccomp_filter(container: Container) -> str | None:
    """Every container runs under a seccomp filter that is as strict as the engine's own, or stricter.

    The filter keeps the rarely used system calls, in which most holes of the kernel are found, away from a
    container. It is judged as the container was started with it, since `docker exec` gets that one. What the engine's
    own lets through with a capability alone, as unshare and mount, counts where the container has not got that. What
    newer versions of the engine deny as well, the reason tells.

    Remedy: drop `--security-opt seccomp=unconfined` and `--privileged`; make a custom profile from that of the
    engine in use, and let it deny by default.
    """
    unfiltered = container.privileges.unfiltered
    assert not unfiltered, unfiltered
    try:
        profile = container.privileges.seccomp_profile
    except NotApplicable:
        return "a filter is in force; its profile cannot be seen from inside the container"
    told = _judge_profile(container, profile) if profile is not None else None
    if name := container.privileges.filtering_runtime:
        raise Manual(f"its runtime {name} may put another filter in force than it was told: which one?")
    _require_known_runtime(container.privileges.strange_runtime)
    return told


def _judge_profile(container: Container, profile: seccomp.Profile) -> str | None:
    given = container.privileges.given_capabilities
    flaw = seccomp.flaw(profile, given)
    assert not flaw, f"its seccomp profile {flaw}"
    gaps, late = seccomp.gaps(profile, given), seccomp.late_gaps(profile, given)
    if gaps or (late and container.privileges.has_own_profile):
        raise Manual(f"its own seccomp profile lets through {', '.join((*gaps, *late))}; does it need that?")
    return f"the engine's own profile lets through {', '.join(late)}" if late else None


@pytest.mark.cis("5.23", level=2)
@pytest.mark.nist("AC-6", "AC-6(9)", sp="800-53")
@pytest.mark.nist("4.4.3", "4.5.4", sp="800-190")
@pytest.mark.pci("7.2.2", "10.2.1.2")
@pytest.mark.hipaa("164.312(a)(1)", "164.312(b)")
@pytest.mark.severity("high")
def test_docker_exec_is_not_privileged(container: Container) -> None:
    """Nobody runs commands in a container with `docker exec --privileged`.

    Such a command has every capability, whatever the container was given.

    Remedy: run commands without `--privileged`; watch the docker command with an audit rule, and review its
    records.
    """
    hooks = container.runtime.privileged_hooks
    assert not hooks, f"Compose executes commands in it with every capability: {', '.join(hooks)}"
    container.require_created("who will use docker exec in it")
    if not container.running:
        raise NotApplicable("does not run: nothing can be executed in it")
    overpowered = container.privileges.overpowered
    found = [f"{each.name} (pid {each.pid})" for each in overpowered]
    assert not found, f"processes with more capabilities than the container: {', '.join(found)}"
    raise Manual("no such process runs now; check the records of the docker command (`ausearch -k docker`)")


@pytest.mark.cis("5.24", level=2)
@pytest.mark.nist("AC-6", "AC-6(9)", sp="800-53")
@pytest.mark.nist("4.4.3", "4.5.4", sp="800-190")
@pytest.mark.pci("7.2.2", "10.2.1.2")
@pytest.mark.hipaa("164.312(a)(1)", "164.312(b)")
@pytest.mark.severity("medium")
def test_docker_exec_is_not_root(container: Container) -> None:
    """Nobody runs commands as root in a container with `docker exec --user root`.

    Root in a container owns all its files, and is root of the host where user namespaces are not remapped. A health
    check runs as the user that the container was created for: where that is root, a person has to tell them apart.

    Remedy: run commands as the container's own user; watch the docker command with an audit rule, and review
    its records.
    """
    hooks = container.runtime.root_hooks
    assert not hooks, f"Compose executes commands in it as root: {', '.join(hooks)}"
    container.require_created("who will use docker exec in it")
    if not container.running:
        raise NotApplicable("does not run: nothing can be executed in it")
    found = [f"{each.name} (pid {each.pid})" for each in container.runtime.root_exec_processes]
    words = f"processes of root that the container did not start: {', '.join(found)}"
    as_root = container.configuration.user.strip("0") in ("", "root")
    assert not found or (as_root and _has_health_check(container)), words
    raise Manual(
        f"{words}; are these its health check, which runs as root, too?"
        if found
        else "no such process runs now; check the records of the docker command (`ausearch -k docker`)"
    )


def _has_health_check(container: Container) -> bool:
    return container.configuration.health not in (None, "", "none")


@pytest.mark.cis("5.25", level=1)
@pytest.mark.nist("CM-6", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_is_in_the_default_cgroup(container: Container, policy: Policy) -> str | None:
    """Every container runs in the engine's own parent cgroup, or in one that the site allows.

    In a cgroup of its own choice a container escapes the limits that the site set for all. One that outlived a daemon
    with another `cgroup-parent` is where that daemon put it.

    Remedy: run it without `--cgroup-parent` and the annotation `org.systemd.property.Slice`, or name the cgroup in
    `cgroup_parents` of the policy. Start it again where the daemon's own was changed.
    """
    escaped = container.limits.escape("memory", "cpus", "processes", *_OTHER_CONTROLLERS)
    assert not escaped, escaped
    parent = container.configuration.cgroup_parent
    if parent in policy.cgroup_parents:
        return f"runs in {parent}, as the policy allows"
    assert container.configuration.in_default_cgroup, (
        f"runs in {parent}, and not where the engine runs containers"
    )
    foreign = container.limits.foreign_cgroup
    assert not foreign, f"runs in {foreign}, as it was started before the daemon had others elsewhere"
    container.runtime.require_running_state()
    return None


@pytest.mark.cis("5.26", level=1)
@pytest.mark.nist("AC-6", "AC-6(10)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.no_new_privileges", "5.cis.daemon_json")
@pytest.mark.severity("high")
def test_container_gains_no_privileges(container: Container) -> None:
    """No process in a container can gain privileges, by a setuid program or file capabilities.

    With this switch an intruder cannot become root by a flaw in such a program.

    Remedy: run it with `--security-opt no-new-privileges`, or set `"no-new-privileges": true` for the daemon
    and create the container again: the daemon's default is taken when a container is created.
    """
    assert container.privileges.no_new_privileges, (
        "its processes can gain privileges (no-new-privileges is not set)"
    )
    _require_known_runtime(container.privileges.strange_runtime)


@pytest.mark.cis("5.27", level=1)
@pytest.mark.nist("CM-6", "CP-10", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(7)(i)")
@pytest.mark.severity("low")
def test_container_reports_its_health(container: Container) -> str:
    """Every running container reports that it is healthy.

    A container that hangs looks like one that works, unless a check says otherwise. A check whose command always
    succeeds (`true`, `exit 0`, `curl … || true`) says nothing.

    Remedy: give the image a HEALTHCHECK or run it with `--health-cmd`, and mend what is unhealthy.
    """
    if container.planned or container.running or container.configuration.restarting:
        kind = container.configuration.health_check_kind
        assert kind != "NONE", "switches the health check of its image off"
        assert kind != CANNOT_FAIL, "has a health check that cannot fail"
    container.require_created("whether it will be healthy")
    if not container.running and not container.configuration.restarting:
        raise NotApplicable("does not run: it has no health to report")
    assert _has_health_check(container), "reports no health"
    health, is_paused = container.configuration.health, container.configuration.status == "paused"
    if is_paused or health == "starting":
        raise Manual(
            f"is {health}{' and paused' if is_paused else ''}: look again once its health check has run"
        )
    assert health == "healthy", f"is {health}"
    return "is healthy"


@pytest.mark.cis("5.28", level=1)
@pytest.mark.nist("SI-2", sp="800-53")
@pytest.mark.nist("4.2.2", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium")
def test_container_runs_a_current_image(
    container: Container, image_names: Later[Mapping[str, str]], policy: Policy
) -> str | None:
    """Every container runs a pinned version of its image, and the one that is approved as current.

    A tag like `latest` says nothing of what runs, and an old image keeps holes that were mended long ago.

    Remedy: name images by version or digest, pull them and create containers again; list the approved ones in
    `current_images` of the policy.
    """
    reference = container.configuration.image
    assert reference.is_pinned, f"runs {reference.name}, which names no version"
    identifier = container.configuration.image_id
    now = image_names.get().get(reference.familiar_name, identifier)
    assert reference.digest or now == identifier, (
        f"{reference.name} is another image now; create the container again"
    )
    if policy.current_images is None:
        raise Manual(f"runs {reference.name}; compare with its registry, or set current_images in the policy")
    approved = {reference.digest, identifier} & set(policy.current_images)
    named = reference.name in policy.current_images
    if named and not approved and not container.planned and reference.familiar_name not in image_names.get():
        raise Manual(
            f"runs what was {reference.name} once, and no image here has that name now: which one is it?"
        )
    approved |= {reference.name} if named else set()
    assert approved, f"runs {reference.name}, not approved as current"
    return None


@pytest.mark.cis("5.29", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.3.pids_limit")
@pytest.mark.severity("medium")
def test_container_has_a_process_limit(container: Container, kernel: Kernel, policy: Policy) -> str | None:
    """Every container has a limit of processes that is in force and below what the host has.

    Without one a fork bomb in one container stops the whole host. One that can write to its control groups may lift
    the limit: it is left to a person.

    Remedy: run it with `--pids-limit`, on a host whose control groups enforce it.
    """
    escaped = container.limits.escape("processes")
    assert not escaped, escaped
    wanted, held = container.configuration.processes, container.limits.processes
    unset = f"though {wanted} is set" if wanted else "and none is set"
    assert held is not None, f"no process limit is in force, {unset}"
    most = policy.resource_limits.pids
    assert most is None or held <= most, (
        f"its limit of {held} processes is above {most}, the most that the policy allows"
    )
    if container.planned:
        return planned_limit(f"{held} processes", most)
    total = kernel.most_processes
    assert held < total, f"its limit of {held} processes is no limit: the host has at most {total}"
    require_limits_of_others(container)
    return _held_by_others(container, wanted > 0)


@pytest.mark.cis("5.30", level=2)
@pytest.mark.nist("AC-4", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.3", "4.4.2", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.4.user_defined_bridges")
@pytest.mark.severity("medium")
def test_container_is_not_on_the_default_bridge(container: Container) -> None:
    """No container is attached to the default bridge network.

    All containers that name no network meet there, and may reach each other. An interface that was moved into its
    network past the engine may lead there too, or outside.

    Remedy: make a network for each group of containers that belong together, and run them with `--network
    NAME`.
    """
    assert not container.runtime.on_default_bridge, "is attached to the default bridge"
    _require_known_interfaces(container)


@pytest.mark.cis("5.31", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.userns_remap", "5.cis.daemon_json")
@pytest.mark.severity("high")
def test_container_does_not_leave_user_remapping(container: Container, engine: Engine) -> str | None:
    """No container is taken out of the daemon's user namespace remapping by `--userns host`.

    Root in such a container is root of the host.

    Remedy: run it without `--userns host`.
    """
    assert container.configuration.user_namespace_mode != "host", "runs with --userns host"
    if container.planned:
        return "whether the daemon remaps users, its host shows"
    if engine.remaps_users and container.running:
        assert not container.runtime.shares_host_users, "runs in the user namespace of the host"
        _require_own_namespace(container, "user", "user")
        return None
    container.runtime.require_running_state()
    if engine.rootless:
        return "the engine is rootless: root in it is the user who runs the engine"
    return None if engine.remaps_users else "the daemon remaps no users, so this isolates nothing: see 2.10"


@pytest.mark.cis("5.32", level=1)
@pytest.mark.nist("AC-3", "AC-6", "AC-6(5)", sp="800-53")
@pytest.mark.nist("4.4.3", "4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("1.3.socket_access", "5.pci_dss.limit_access", "5.hipaa.least_privilege")
@pytest.mark.severity("critical")
def test_container_cannot_reach_an_engine_socket(container: Container) -> None:
    """No container sees an engine's socket, or the place where an engine will make one.

    Who can write to it can start a privileged container, and so owns the host; a read-only mount does not
    prevent that. Who listens decides, at whatever path: any engine, and not only the one that is audited. Who shares
    the processes of another container reaches through /proc what that one mounts.

    Remedy: run it without the socket and without the directory that holds it; if it needs the API, put a
    filtering proxy between. Drop `--pid container:` where that container has the socket.
    """
    found = container.sockets.engines
    assert not found, "can reach " + ", ".join(found)
    _require_own_namespace(container, "mnt", "mount")
    _require_apart(container, lambda each: each.sockets.engines)
    others = container.sockets.others
    relays = [f"{path} of {each.names}" for path, each in others if each.passes_on()]
    if relays:
        raise Manual(f"can reach {', '.join(relays)}, which may pass commands on to the engine: which ones?")
    waiting = [path for path, each in others if each.waits_for_a_service]
    if waiting:
        raise Manual(
            f"can reach {', '.join(waiting)}, held for a service that does not run; is it an engine?"
        )
    places = container.sockets.places
    if places:
        raise Manual(f"sees the place of {', '.join(places)}, where no engine listens now; does one start?")
    _require_known_devices(container)
    _require_known_runtime(container.privileges.strange_runtime)


def _held_by_others(container: Container, wanted: bool) -> str | None:
    """What to say of a limit that is there, but not asked for, or not in force yet."""
    if not container.running:
        return "does not run; the limit is set"
    return None if wanted else "held by its control groups, though none is set"
