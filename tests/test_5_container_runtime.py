"""CIS Docker Benchmark v1.8.0, section 5: container runtime."""

from collections.abc import Callable, Iterable
from math import inf
from typing import NoReturn

import pytest

from hullcheck.controls.metadata import marked
from hullcheck.criteria.host_paths import is_of_a_service, is_sensitive
from hullcheck.criteria.judgement import (
    listed,
    open_ports,
    planned_limit,
    require_known_ports,
    shown_ports,
    shown_processes,
)
from hullcheck.data.health_checks import CANNOT_FAIL
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.mounts import HostMount
from hullcheck.facts.containers.ports import Port
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.host.system import Kernel
from hullcheck.facts.images import Image
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import confinement
from hullcheck.parsing.confinement import DOCKER_DEFAULT
from hullcheck.policy import Policy
from hullcheck.verdicts import Manual, NotApplicable

_NO_EXEC_NOW = "no such `docker exec` runs now: check the audit log for earlier ones (`ausearch -k docker`)"

_leaves_room_for_others = marked(
    pytest.mark.nist("4.4.3", sp="800-190"),
    pytest.mark.pci("2.2.1"),
    pytest.mark.hipaa("164.308(a)(1)(ii)(B)"),
)
_has_few_rights = marked(
    pytest.mark.nist("4.4.3", sp="800-190"),
    pytest.mark.pci("2.2.6", "7.2.5"),
    pytest.mark.hipaa("164.312(a)(1)"),
)


@pytest.mark.cis("5.1", level=1)
@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium", "Nobody watches the open swarm ports, or the managers that control the node.")
def test_swarm_mode_is_off_where_not_needed(engine: Engine, policy: Policy) -> str:
    """Swarm mode is off unless the host needs it.

    A swarm node opens management and gossip ports, and its managers control it.

    Remedy: leave the swarm with `docker swarm leave`, or set `swarm: true` in the policy of swarm nodes.
    """
    state = engine.info.swarm.local_node_state
    if state != "inactive" and policy.swarm:
        return f"swarm mode is {state}, as the policy allows"
    assert state == "inactive", f"swarm mode is on (state {state})"
    return "swarm mode is inactive"


@pytest.mark.cis("5.2", level=1)
@pytest.mark.nist("AC-3(3)", "AC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.apparmor")
@pytest.mark.severity("high", "Without the profile one more flaw exposes the host's files to the container.")
def test_container_has_an_apparmor_profile(container: Container, kernel: Later[Kernel]) -> str:
    """Containers run with an enforced AppArmor profile.

    The profile denies what capabilities alone would allow: mounts, writes below /proc and /sys, changes of kernel
    settings. The rules of a custom profile are not read, but the reason names it.

    Remedy: remove `--security-opt apparmor=unconfined` and `--privileged`, and load the profile in enforce mode.
    """
    used, option = container.privileges.applies_apparmor, container.security_options.get("apparmor", "")
    if not used and not kernel.get().apparmor:
        container.runtime.require_running_state()
        raise NotApplicable("AppArmor is not on in the kernel of this host")
    assert not container.host_config.privileged, "runs with --privileged, so unconfined"
    assert option != "unconfined", "runs with --security-opt apparmor=unconfined"
    assert used, "AppArmor is on in the kernel, but the engine does not use it"
    container.require_created("which AppArmor profile is there and enforced")
    if not container.running:
        return f"does not run; the engine will apply {option or 'its default profile'}"
    label = container.privileges.security_label
    confined = f"its main process is confined by {label!r}"
    assert label.endswith("(enforce)"), f"{confined}, not by an enforced profile"
    return f"confined by {label}" + (f", a custom profile: {option}" if option else "")


@pytest.mark.cis("5.3", level=2)
@pytest.mark.nist("AC-3(3)", "AC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.selinux")
@pytest.mark.severity("high", "Without a label one more flaw exposes the host's files to the container.")
def test_container_has_selinux_labels(container: Container, kernel: Later[Kernel]) -> str:
    """Containers run with enforced SELinux labels.

    The labels keep a process that breaks out from the files of the host and of other containers. Types such as spc_t
    confine nothing. The rules of a custom type are not read, but the reason names it.

    Remedy: set `"selinux-enabled": true` for the daemon, remove `--security-opt label=disable` and `label=type:` with a
    type that confines nothing, and set SELinux to enforcing.
    """
    if not (container.planned or kernel.get().selinux):
        container.runtime.require_running_state()
        raise NotApplicable("SELinux is not on in the kernel of this host")
    assert not container.host_config.privileged, "runs with --privileged, so without its own label"
    labels = container.inspect.process_label, container.inspect.mount_label
    assert all(labels), "has no SELinux label"
    label = container.privileges.security_label if container.running else labels[0]
    kind = confinement.selinux_type(label)
    assert not confinement.is_unconfined(kind), f"its type {kind or label} confines nothing"
    assert kernel.get().selinux == "enforcing", "SELinux is permissive on this host: labels are not enforced"
    return f"labelled {label}"


@pytest.mark.cis("5.4", level=1)
@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@_has_few_rights
@pytest.mark.severity("medium", "NET_RAW forges packets to other containers; a SYS_ADMIN added by hand is far worse.")
def test_container_capabilities_are_needed(container: Container, policy: Policy) -> str:
    """Containers have only the capabilities that they need.

    Each capability is a part of root's power over the kernel. NET_RAW lets a container forge packets in its networks.

    Remedy: run the container with `--cap-drop ALL` (or at least `--cap-drop NET_RAW`), add the capabilities that it
    needs, and name them in `allowed_capabilities` of the policy.
    """
    expected = (DOCKER_DEFAULT - {"NET_RAW"}) | set(policy.allowed_capabilities)
    found = container.privileges.capabilities
    extra = sorted(found - expected)
    assert not extra, f"has or can get {listed(extra, 8)}"
    return f"has or can get {listed(sorted(found), 8) or 'no capability'}"


@pytest.mark.cis("5.5", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@_has_few_rights
@pytest.mark.guide("3.2.no_privileged", "5.hipaa.least_privilege")
@pytest.mark.severity("critical", "A root process in it mounts the host's disk and is root on the host.")
def test_container_is_not_privileged(container: Container) -> str:
    """No container runs privileged.

    A privileged container has every capability and device: anyone who breaks out of it controls the host.

    Remedy: run the container without `--privileged`, and add the single capabilities that it needs.
    """
    assert not container.host_config.privileged, "runs with --privileged"
    container.runtime.require_running_state()
    return "Privileged=false"


@pytest.mark.cis("5.6", level=1)
@pytest.mark.nist("AC-3", "AC-6", "CM-5", sp="800-53")
@pytest.mark.nist("4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("critical", "A process in it reads the host's secrets; a writable mount makes it root.")
def test_container_mounts_no_sensitive_host_path(container: Container, policy: Policy) -> str:
    """No container mounts sensitive host directories.

    Through such a mount, even a read-only one, a container reads the host's secrets or uses a socket; with write access
    it changes what the host runs. Other directories of services, such as /var/lib and /var/spool, need a manual check.
    A folder below /opt, /srv, /mnt or a home is fine, and so is the time zone read-only.

    Remedy: mount single files or a named volume instead; name a needed mount in `allowed_mounts` of the policy.
    """
    seen = container.mounts

    def found(mounts: Iterable[HostMount], is_wrong: Callable[[HostMount, str, str], bool]) -> str:
        places = [(path, each) for each in mounts for path in sorted(each.paths)]
        wrong = [(path, each) for path, each in places if is_wrong(each, path, container.docker_root)]
        left = {each.destination: path for path, each in wrong if not policy.allows_mount(path)}
        return ", ".join(f"{path} of the host at {destination}" for destination, path in left.items())

    sensitive = found(seen.configured, is_sensitive) or found(seen.visible, is_sensitive)
    assert not sensitive, f"mounts {sensitive}"
    if doubt := found(seen.visible, is_of_a_service):
        raise Manual(f"mounts {doubt}: check which service owns it, then name it in `allowed_mounts` of the policy")
    sources = sorted({path for each in seen.visible for path in each.paths})
    return f"mounts {listed(sources) or 'nothing'} of the host"


@pytest.mark.cis("5.7", level=1)
@pytest.mark.nist("AC-17", "CM-7", sp="800-53")
@pytest.mark.nist("4.1.2", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium", "Guessed or stolen logins lead into the container without an entry in Docker's log.")
def test_container_runs_no_ssh_server(container: Container) -> str:
    """No container runs an SSH server.

    SSH bypasses Docker's log, and needs its own keys, passwords and updates. Servers are recognized by the name of
    their process or program. If the container does not run, port 22 needs a manual check.

    Remedy: remove the server from the image; use `docker exec`, or SSH to the host.
    """
    servers = container.runtime.ssh_servers
    state = "runs" if container.running else "would start"
    assert not servers, f"{state} {', '.join(servers)}"
    if container.runtime.opens_ssh_port and not container.running:
        raise Manual("opens port 22: check that it starts no SSH server")
    container.require_created("which program its image starts")
    return "runs no SSH server" if container.running else "does not run; its command starts no SSH server"


@pytest.mark.cis("5.8", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.2.5")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "The container can pose as a host service, but only as one that is not running.")
def test_container_opens_no_privileged_port(container: Container, policy: Policy) -> str:
    """No container opens a privileged host port (below 1024).

    These ports belong to services of the host; anyone who answers on them can pose as the host.

    Remedy: publish a port from 1024 up, or name the port in `allowed_ports` of the policy.
    """

    def is_privileged(port: Port) -> bool:
        return 0 < port.number < 1024 and not policy.allows_port(port.number, port.protocol)

    found = open_ports(container, is_privileged)
    assert not found, f"opens {found}"
    return require_known_ports(container)


@pytest.mark.cis("5.9", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.2.5", "2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium", "A forgotten port can be attacked by everyone who reaches the host.")
def test_container_opens_only_needed_ports(container: Container, policy: Policy) -> str:
    """Containers open only the ports that they need.

    Nobody watches a port that nobody needs. Ports on loopback do not count. A bridge network with the gateway mode
    `nat-unprotected` opens every listening port.

    Remedy: publish only needed ports, list them in `allowed_ports` of the policy, and remove `--publish-all`.
    """
    assert not container.host_config.publish_all_ports, "runs with --publish-all"

    def is_unlisted(port: Port) -> bool:
        return not port.on_loopback and policy.allows_port(port.number, port.protocol) is False

    found = open_ports(container, is_unlisted)
    assert not found, f"opens {found}, not in allowed_ports of the policy"
    ports = [port for port in container.ports.open if not port.on_loopback]
    if ports and policy.allowed_ports is None:
        needed = dict.fromkeys(f"{port.number}/{port.protocol}" for port in ports if port.number)
        raise Manual(
            f"check that the workload needs {shown_ports(ports)}; then allow it with"
            f" `allowed_ports: [{', '.join(needed)}]` in the policy"
        )
    return require_known_ports(container)


@pytest.mark.cis("5.10", level=1)
@pytest.mark.nist("AC-4", "SC-7", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.2", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high", "An intruder in it reaches services on the host's loopback, often without a login.")
def test_container_has_a_network_namespace(container: Container) -> str:
    """No container shares the host's network namespace.

    In it a container sees the host's traffic, reaches services on loopback, and can open any port.

    Remedy: run the container without `--network host`, in its own network, and publish the ports that it needs.
    """
    assert not container.runtime.shares_host("net"), "shares the network namespace of the host"
    return "does not share the network namespace of the host"


@pytest.mark.cis("5.11", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@_leaves_room_for_others
@pytest.mark.guide("3.3.memory")
@pytest.mark.severity("medium", "One container that leaks memory stops the host and all other containers.")
def test_container_has_a_memory_limit(container: Container, engine: Later[Engine], policy: Policy) -> str:
    """Containers have a memory limit.

    Without a limit one container can exhaust the host's memory.

    Remedy: run the container with `--memory`, on a host whose control groups enforce it.
    """
    wanted, held = container.host_config.memory, container.limits.memory
    unset = f"though {wanted} bytes are set" if wanted > 0 else "and none is set"
    assert held is not None, f"no memory limit is in force, {unset}"
    most = policy.resource_limits.memory
    assert most is None or held <= most, f"its limit of {held} bytes is above the policy's {most}"
    if container.planned:
        return planned_limit(f"{held} bytes of memory", most)
    total = engine.get().info.mem_total
    assert held < total, f"its limit of {held} bytes has no effect: the host has {total}"
    return f"limited to {held} bytes{_source(container, wanted > 0)}"


@pytest.mark.cis("5.12", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@_leaves_room_for_others
@pytest.mark.severity("low", "A busy container slows down the others, but the kernel still gives each its turn.")
def test_container_has_a_cpu_limit(container: Container, engine: Later[Engine], policy: Policy) -> str:
    """Containers have a CPU share or limit.

    Without one a single container can take all processor time.

    Remedy: run the container with `--cpu-shares` (not 1024) or `--cpus`, on a host whose control groups enforce it.
    """
    wanted = container.has_cpu_share or container.cpus is not None
    cpus, share = container.limits.cpus, container.limits.has_cpu_share
    unset = "though one is set" if wanted else "and none is set"
    assert share or cpus is not None, f"no CPU share or limit is in force, {unset}"
    most = policy.resource_limits.cpus
    assert most is None or (cpus or inf) <= most, f"may use {cpus or 'all'} processors; the policy allows {most:g}"
    if container.planned:
        return "has a CPU share" if share else planned_limit(f"{cpus:g} processors", most)
    total = engine.get().info.ncpu
    assert share or (cpus or inf) < total, f"may use {cpus:g} processors, but the host has only {total}"
    limit = "has a CPU share" if cpus is None else f"limited to {cpus:g} processors"
    return f"{limit}{_source(container, wanted)}"


@pytest.mark.cis("5.13", level=1)
@pytest.mark.nist("AC-6", "CM-5", sp="800-53")
@pytest.mark.nist("4.4.4", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("3.2.read_only", "5.hipaa.least_privilege")
@pytest.mark.severity("medium", "An intruder can change programs in the container and stay until it is recreated.")
def test_container_root_is_read_only(container: Container) -> str:
    """Containers have a read-only root file system.

    An intruder cannot change a read-only file system, so its content comes from the image alone.

    Remedy: run the container with `--read-only`, and with volumes or tmpfs for what it has to write.
    """
    assert container.mounts.root_is_read_only, "the root file system can be written to"
    return "the root file system is read-only"


@pytest.mark.cis("5.14", level=1)
@pytest.mark.nist("CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.3.1", "1.4.2")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "The port can be attacked from networks that should not reach it.")
def test_container_ports_are_bound_to_an_address(container: Container) -> str:
    """Container ports are bound to one address of the host.

    A port on every address is open in all networks of the host. Other firewall rules that allow access are not judged.

    Remedy: publish the port as `--publish ADDRESS:PORT:PORT`, in a network with the gateway mode `nat`.
    """
    found = open_ports(container, lambda port: port.on_every_address)
    assert not found, f"opens on every address: {found}"
    return require_known_ports(container)


@pytest.mark.cis("5.15", level=1)
@pytest.mark.nist("SC-5", sp="800-53")
@_leaves_room_for_others
@pytest.mark.severity("low", "A container that fails forever keeps the host busy and hides its fault.")
def test_container_restarts_at_most_five_times(container: Container) -> str:
    """Containers restart at most five times on failure.

    Endless restarts hide why a container fails, and can keep the host busy.

    Remedy: run the container with `--restart on-failure:5`, or a service with
    `--restart-condition on-failure --restart-max-attempts 5`.
    """
    policy = container.host_config.restart_policy
    name, count = policy.name or "no", policy.maximum_retry_count
    said = f"the restart policy is {name}" + f" with {count or 'unlimited'} attempts" * (name == "on-failure")
    assert name == "no" or (name == "on-failure" and 0 < count <= 5), said
    service = container.service
    if service is None:
        return said
    few = 0 < service.restart_attempts <= 5
    bounded = service.restart_condition == "none" or (service.restart_condition == "on-failure" and few)
    said = f"condition {service.restart_condition}, {service.restart_attempts or 'unlimited'} attempts"
    assert bounded, f"its service {service.name} restarts it: {said}"
    return f"by its service {service.name}: {said}"


@pytest.mark.cis("5.16", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("high", "Root in it can end any process of the host, or take it over with ptrace.")
def test_container_has_a_pid_namespace(container: Container) -> str:
    """No container shares the host's PID namespace.

    In it a container sees the host's processes, and as root can end or trace them.

    Remedy: run the container without `--pid host`.
    """
    assert not container.runtime.shares_host("pid"), "shares the process namespace of the host"
    return "does not share the process namespace of the host"


@pytest.mark.cis("5.17", level=1)
@pytest.mark.nist("SC-4", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "A process in it changes shared memory of the host, but few programs there use any.")
def test_container_has_an_ipc_namespace(container: Container) -> str:
    """No container shares the host's IPC namespace.

    In it a container reads and changes the shared memory of the host's processes, as it does where the host's /dev/shm
    is mounted.

    Remedy: run the container without `--ipc host` and without a mount of /dev/shm; `--shm-size` enlarges its own.
    """
    assert not container.runtime.shares_host("ipc"), "shares the IPC namespace of the host"
    memory = container.mounts.host_memory
    assert not memory, f"mounts /dev/shm of the host at {', '.join(memory)}"
    return "does not share the IPC namespace of the host"


@pytest.mark.cis("5.18", level=1)
@pytest.mark.nist("AC-3", "AC-6", sp="800-53")
@_has_few_rights
@pytest.mark.severity("high", "With a disk or memory device, a process in it reads and changes the whole host.")
def test_container_has_no_host_device(container: Container, policy: Policy) -> str:
    """Containers have only approved host devices.

    A device bypasses file systems and their permissions: a whole disk can be read and written.

    Remedy: run the container without `--device`, `--gpus` and `--device-cgroup-rule`; name what it needs in
    `allowed_devices` of the policy.
    """
    assert not container.host_config.privileged, "runs with --privileged, so with every device"
    devices = container.devices
    found = [device for device in devices if device not in policy.allowed_devices]
    assert not found, "has " + ", ".join(found)
    return f"has {', '.join(devices)}, as the policy allows" if devices else "has no host device"


@pytest.mark.cis("5.19", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@_leaves_room_for_others
@pytest.mark.severity("low", "The container may use more files or processes than planned; its cgroup limits hold.")
def test_container_overrides_no_ulimit(container: Container, policy: Policy) -> str:
    """Containers override only approved default ulimits.

    An override undoes the limits that your organization has set for all containers.

    Remedy: run the container without `--ulimit`, or name the limit in `allowed_ulimits` of the policy.
    """
    ulimits = container.ulimits
    found = [each for each in ulimits if each.partition("=")[0] not in policy.allowed_ulimits]
    assert not found, f"overrides {', '.join(found)}"
    return f"overrides {', '.join(ulimits) or 'no ulimit'}" + ", as the policy allows" * bool(ulimits)


@pytest.mark.cis("5.20", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "A container that can mount changes what the host sees below that directory.")
def test_container_mounts_are_not_shared(container: Container) -> str:
    """Container mounts do not propagate to the host.

    Through a shared mount a container changes the mount table of the host.

    Remedy: mount without `:shared` and `:rshared` (`bind-propagation`).
    """
    assert not container.mounts.shared, "has shared mounts: " + ", ".join(container.mounts.shared)
    if not container.inspect.mounts:
        raise NotApplicable("has no mounts")
    return "none of its mounts is shared"


@pytest.mark.cis("5.21", level=1)
@pytest.mark.nist("SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "A container with SYS_ADMIN can rename the host, which confuses logs.")
def test_container_has_a_uts_namespace(container: Container) -> str:
    """No container shares the host's UTS namespace.

    In it a container can rename the host, on whose name logs, certificates and services rely.

    Remedy: run the container without `--uts host`.
    """
    assert not container.runtime.shares_host("uts"), "shares the UTS namespace of the host"
    return "does not share the UTS namespace of the host"


@pytest.mark.cis("5.22", level=1)
@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.seccomp")
@pytest.mark.severity("high", "Without the filter one kernel flaw leads from the container to root on the host.")
def test_container_has_a_seccomp_filter(container: Container) -> str:
    """Containers run with a seccomp filter.

    The filter blocks rarely used system calls, where most kernel flaws are found. Custom ones must deny by default.

    Remedy: remove `--security-opt seccomp=unconfined` and `--privileged`; start a custom profile from Docker's default.
    """
    switch, free = container.privileges.seccomp_switch, container.privileges.unfiltered
    assert not switch, f"runs with {switch}"
    assert not free, f"no seccomp filter is in force for {shown_processes(free)}"
    assert container.privileges.daemon_gives_filter, "the daemon applies no seccomp filter"
    if container.source.inside:
        return "a filter is in force; its profile cannot be seen from inside the container"
    profile = container.privileges.seccomp_profile
    flaw = confinement.seccomp_flaw(profile) if profile else ""
    assert not flaw, f"its seccomp profile {flaw}"
    return "has a custom profile that denies by default" if profile else "has Docker's default profile"


@pytest.mark.cis("5.23", level=2)
@pytest.mark.nist("AC-6", "AC-6(9)", sp="800-53")
@pytest.mark.nist("4.4.3", "4.5.4", sp="800-190")
@pytest.mark.pci("7.2.2", "10.2.1.2")
@pytest.mark.hipaa("164.312(a)(1)", "164.312(b)")
@pytest.mark.severity("high", "A process in the container that takes over the command has every capability.")
def test_docker_exec_is_not_privileged(container: Container) -> NoReturn:
    """docker exec is not used with --privileged.

    Such a command has every capability, whatever the container has.

    Remedy: run commands without `--privileged`; watch the docker command with an audit rule, and review its records.
    """
    container.require_created("who will use docker exec in it")
    if not container.running:
        raise NotApplicable("does not run, so docker exec is not possible")
    found = shown_processes(container.privileges.overpowered)
    assert not found, f"runs processes with more capabilities than the container: {found}"
    raise Manual(_NO_EXEC_NOW)


@pytest.mark.cis("5.24", level=2)
@pytest.mark.nist("AC-6", "AC-6(9)", sp="800-53")
@pytest.mark.nist("4.4.3", "4.5.4", sp="800-190")
@pytest.mark.pci("7.2.2", "10.2.1.2")
@pytest.mark.hipaa("164.312(a)(1)", "164.312(b)")
@pytest.mark.severity("medium", "Such a command can change every file of the container.")
def test_docker_exec_is_not_root(container: Container) -> NoReturn:
    """docker exec is not used as root.

    Root in a container owns all its files, and is root on the host unless user namespaces are remapped. Health checks
    run as the container's user: if that is root, root processes need a manual check.

    Remedy: run commands as the container's own user; watch the docker command with an audit rule that you review.
    """
    container.require_created("who will use docker exec in it")
    if not container.running:
        raise NotApplicable("does not run, so docker exec is not possible")
    found = shown_processes(container.runtime.root_exec_processes)
    words = f"runs root processes that the container did not start: {found}"
    as_root = container.user.strip("0") in ("", "root")
    assert not found or (as_root and container.health), words
    raise Manual(f"{words}; check that its health check runs them" if found else _NO_EXEC_NOW)


@pytest.mark.cis("5.25", level=1)
@pytest.mark.nist("CM-6", "SC-6", sp="800-53")
@_leaves_room_for_others
@pytest.mark.severity("low", "The container may miss limits set for its usual parent, but keeps its own.")
def test_container_is_in_the_default_cgroup(container: Container, policy: Policy) -> str:
    """Containers run in the default parent cgroup or an approved one.

    In another cgroup a container escapes the limits that are set for all.

    Remedy: run the container without `--cgroup-parent`, or name the cgroup in `cgroup_parents` of the policy.
    """
    parent = container.host_config.cgroup_parent
    if parent in policy.cgroup_parents:
        return f"runs in {parent}, as the policy allows"
    assert container.in_default_cgroup, f"runs in {parent} instead of the default cgroup"
    container.runtime.require_running_state()
    return f"CgroupParent={parent}" if parent else "CgroupParent is not set"


@pytest.mark.cis("5.26", level=1)
@pytest.mark.nist("AC-6", "AC-6(10)", sp="800-53")
@_has_few_rights
@pytest.mark.guide("2.2.no_new_privileges", "5.cis.daemon_json")
@pytest.mark.severity("medium", "A flawed setuid program in the image makes an intruder root of the container.")
def test_container_gains_no_privileges(container: Container) -> str:
    """Containers run with no-new-privileges.

    Then a flaw in a setuid program does not make an intruder root.

    Remedy: run the container with `--security-opt no-new-privileges`, or set `"no-new-privileges": true` for the daemon
    and create the container again.
    """
    words = "processes can gain privileges (no-new-privileges is not set)"
    assert container.privileges.no_new_privileges, words
    return "no-new-privileges is set"


@pytest.mark.cis("5.27", level=1)
@pytest.mark.nist("CM-6", "CP-10", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(7)(i)")
@pytest.mark.severity("low", "A service that hangs goes unnoticed; nobody gains access.")
def test_container_reports_its_health(container: Container) -> str:
    """Containers report that they are healthy.

    Without a health check a container that hangs looks like one that works. A check that always succeeds (`true`,
    `exit 0`, `curl … || true`) does not count.

    Remedy: add a HEALTHCHECK to the image or run the container with `--health-cmd`, and fix what is unhealthy.
    """
    if not (container.planned or container.running or container.restarting):
        raise NotApplicable("does not run, so it has no health status")
    assert container.health_check != "NONE", "switches off the health check of its image"
    assert container.health_check != CANNOT_FAIL, "has a health check that cannot fail"
    container.require_created("whether it will be healthy")
    health, paused = container.health, " and paused" if container.state.status == "paused" else ""
    assert health, "reports no health status"
    if paused or health == "starting":
        raise Manual(f"is {health}{paused}: audit again after its next health check")
    assert health == "healthy", f"is {health}"
    return "is healthy"


@pytest.mark.cis("5.28", level=1)
@pytest.mark.nist("SI-2", sp="800-53")
@pytest.mark.nist("4.2.2", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium", "Flaws that a newer image fixes stay open to attackers of that container.")
def test_container_runs_a_current_image(container: Container, image: Later[Subjects[Image]], policy: Policy) -> str:
    """Containers run a pinned and current image.

    A tag such as `latest` does not show what runs, and an old image keeps flaws that were fixed long ago.

    Remedy: name images by version or digest, pull them and create the containers again; list the approved images in
    `current_images` of the policy.
    """
    reference = container.image
    assert reference.is_pinned, f"runs {reference.name}, which names no version"
    identifier = container.inspect.image
    now = container.host.image_names.get().get(reference.familiar_name, identifier)
    outdated = f"{reference.name} is now another image; create the container again"
    assert reference.digest or now == identifier, outdated
    if policy.current_images is None:
        local = not container.planned and any(each.id == identifier and not each.origins for _, each in image.get())
        found = f"runs {reference.name}{', which no registry has' if local else ''}"
        raise Manual(f"{found}: check that it is current, then set `current_images: [{reference.name}]` in the policy")
    approved = {reference.name, reference.digest, identifier} & set(policy.current_images)
    assert approved, f"runs {reference.name}, not in current_images of the policy"
    return f"runs {reference.name}, as current_images of the policy allows"


@pytest.mark.cis("5.29", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@_leaves_room_for_others
@pytest.mark.guide("3.3.pids_limit")
@pytest.mark.severity("medium", "A fork bomb in one container stops the host and all other containers.")
def test_container_has_a_process_limit(container: Container, kernel: Later[Kernel], policy: Policy) -> str:
    """Containers have a process limit (--pids-limit).

    Without a limit a fork bomb in one container stops the whole host.

    Remedy: run the container with `--pids-limit`, on a host whose control groups enforce it.
    """
    wanted, held = container.pids_limit, container.limits.processes
    unset = f"though {wanted} is set" if wanted else "and none is set"
    assert held is not None, f"no process limit is in force, {unset}"
    most = policy.resource_limits.pids
    assert most is None or held <= most, f"its limit of {held} processes is above the policy's {most}"
    if container.planned:
        return planned_limit(f"{held} processes", most)
    total = kernel.get().most_processes
    assert held < total, f"its limit of {held} processes has no effect: the host allows {total}"
    return f"limited to {held} processes{_source(container, wanted > 0)}"


@pytest.mark.cis("5.30", level=2)
@pytest.mark.nist("AC-4", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.3", "4.4.2", sp="800-190")
@pytest.mark.pci("2.2.3")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("3.4.user_defined_bridges")
@pytest.mark.severity("medium", "An intruder in one container attacks the ports of all others on the default bridge.")
def test_container_is_not_on_the_default_bridge(container: Container) -> str:
    """No container is on the default bridge network.

    All containers that name no network share it, and may reach each other.

    Remedy: create a network for each group of containers, and run them with `--network NAME`.
    """
    assert not container.runtime.on_default_bridge, "is attached to the default bridge"
    return "is not attached to the default bridge"


@pytest.mark.cis("5.31", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.3", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.userns_remap", "5.cis.daemon_json")
@pytest.mark.severity("medium", "Root who breaks out of it is root on the host, not a user without rights.")
def test_container_does_not_leave_user_remapping(container: Container, engine: Later[Engine]) -> str:
    """No container runs with --userns host.

    Root in such a container is root on the host.

    Remedy: run the container without `--userns host`.
    """
    assert container.host_config.userns_mode != "host", "runs with --userns host"
    if container.planned:
        return "only its host shows whether the daemon remaps users"
    remaps = engine.get().remaps_users
    if remaps and container.running:
        assert not container.runtime.runs_in_host("user"), "runs in the user namespace of the host"
        return "does not share the user namespace of the host"
    container.runtime.require_running_state()
    if engine.get().rootless:
        return "the engine is rootless: root in the container is the user who runs it"
    if remaps:
        return "does not run; the daemon will remap its users"
    return "the daemon does not remap users: see 2.10"


@pytest.mark.cis("5.32", level=1)
@pytest.mark.nist("AC-3", "AC-6", "AC-6(5)", sp="800-53")
@pytest.mark.nist("4.4.3", "4.5.5", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("1.3.socket_access", "5.pci_dss.limit_access", "5.hipaa.least_privilege")
@pytest.mark.severity("critical", "A process in it starts a privileged container and is root on the host.")
def test_container_cannot_reach_an_engine_socket(container: Container) -> str:
    """No container can reach a Docker or containerd socket.

    Access to such a socket equals root on the host, even through a read-only mount. Other engines count too.

    Remedy: run the container without the socket and its directory; if it needs the API, use a filtering proxy.
    """
    found = container.sockets.engines
    assert not found, "can reach " + ", ".join(found)
    return "can reach no engine socket"


def _source(container: Container, wanted: bool) -> str:
    """Return what to add about a limit that no option sets, or that is not in force yet."""
    if not container.running:
        return " once it runs"
    return "" if wanted else " by its control groups, though none is set"
