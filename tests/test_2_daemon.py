"""CIS Docker Benchmark v1.8.0, section 2: configuration of the Docker daemon.

The running daemon is judged. Settings in files that it has not read yet are "restart pending".
"""

import re
from collections.abc import Iterable
from operator import not_

import pytest

from hullcheck.criteria.container_logs import log_routes, shipped_logs
from hullcheck.criteria.daemon import described, pending, pending_addresses, require, shown_addresses, weakness
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.logs import Shippers
from hullcheck.facts.engine.daemon import Daemon, insecure_registries
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing import confinement
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_MOST = 1 << 20  # open files: more is as good as no limit


def _limits_open_files(ulimits: Iterable[str]) -> bool:
    """Return whether open files have a limit; of several the engine takes any."""
    hard = [each.rpartition(":")[2] for each in ulimits if each.startswith("nofile=")]
    return bool(hard) and all(most.isdecimal() and int(most) <= _MOST for most in hard)


@pytest.mark.cis("2.1", level=1)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.1.rootless_mode")
@pytest.mark.severity("medium", "A flaw in a daemon that runs as root gives an attacker the host, not one account.")
def test_daemon_runs_without_root_rights(daemon: Daemon, policy: Policy) -> str:
    """The daemon runs as a non-root user, or a reason is recorded.

    Anyone who takes over a root daemon controls the host. In rootless mode they get only one user's rights.

    Remedy: run the daemon in rootless mode, or write the reason against it into the policy (`rootful_reason`).
    """
    if daemon.rootless:
        return "rootless mode (docker info)"
    if not daemon.runs_as_root:
        return f"dockerd (process {daemon.pid}) runs as uid {daemon.process.uids[1]}"
    if not policy.rootful_reason:
        raise Manual(
            "dockerd runs as root: check whether rootless mode suits;"
            " if it does not, write `rootful_reason: WHY` into the policy"
        )
    return f"dockerd runs as root, accepted by the policy: {policy.rootful_reason}"


@pytest.mark.cis("2.2", level=1)
@pytest.mark.nist("AC-4", "SC-7", sp="800-53")
@pytest.mark.nist("4.3.3", "4.4.2", sp="800-190")
@pytest.mark.pci("2.2.3", "2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.icc", "5.cis.daemon_json")
@pytest.mark.severity("medium", "An intruder in one container attacks the ports of all others on the default bridge.")
def test_default_bridge_isolates_its_containers(daemon: Daemon) -> str:
    """Containers on the default bridge cannot reach each other (icc).

    Containers that name no network share the default bridge. With `icc`, an intruder in one can attack all others. The
    daemon's setting and the network's option decide.

    Remedy: set `"icc": false` in daemon.json and restart the daemon; put containers that must talk to each other on a
    user-defined network.
    """
    bridge = daemon.default_bridge
    if bridge is None:
        raise NotApplicable("the engine has no default bridge")
    return require(daemon.setting("icc"), not_)


@pytest.mark.cis("2.3", level=1)
@pytest.mark.nist("AU-2", "AU-3", "AU-12", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.severity("low", "Messages that an investigation needs are missing, or drown in debug output.")
def test_daemon_logs_at_level_info(daemon: Daemon) -> str:
    """The daemon's log level is info.

    Higher levels drop events that an investigation needs. Debug buries them in output that can leak secrets.

    Remedy: remove `log-level` and `debug` from daemon.json and the command line, and restart the daemon.
    """
    debug = daemon.setting("debug")
    require(debug, not_)
    return require(daemon.setting("log-level"), lambda value: value == "info") + pending(debug)


@pytest.mark.cis("2.4", level=1)
@pytest.mark.nist("AC-4", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", sp="800-190")
@pytest.mark.pci("1.2.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "Without the rules a container reaches the networks of all others.")
def test_daemon_manages_its_firewall_rules(daemon: Daemon) -> str:
    """The daemon manages the firewall rules that its networks need.

    Without Docker's rules its networks are not isolated from each other, and hand-written rules fall behind unnoticed.
    For IPv6 only false fails: before version 27 Docker left `ip6tables` off by default.

    Remedy: remove `"iptables": false` and `"ip6tables": false` from daemon.json and the command line, and restart.
    """
    settings = [daemon.setting(name) for name in ("iptables", "ip6tables")]
    return ", ".join(require(setting, lambda value: value is not False) for setting in settings)


@pytest.mark.cis("2.5", level=1)
@pytest.mark.nist("SC-8", "SC-8(1)", sp="800-53")
@pytest.mark.nist("4.2.1", sp="800-190")
@pytest.mark.pci("2.2.5", "8.3.2")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)")
@pytest.mark.severity("high", "Anyone on the network path can replace an image and so choose what runs here.")
def test_registries_are_reached_over_verified_tls(daemon: Daemon) -> str:
    """No remote registry is contacted without verified TLS.

    Anyone who can pose as the registry chooses what runs on the host, and reads the credentials sent to it.

    Remedy: give the registry a certificate, put its CA into /etc/docker/certs.d, and remove the registry from
    `insecure-registries`; write mirrors as https:// in `registry-mirrors`.
    """
    insecure = insecure_registries(daemon.engine)
    setting = daemon.setting("insecure-registries")
    note = pending(setting)
    assert not insecure, f"reaches {', '.join(insecure)} without verified TLS ({setting.source}){note}"
    return f"no insecure registry and no mirror without TLS (docker info){note}"


@pytest.mark.cis("2.6", level=1)
@pytest.mark.nist("CM-6", "SA-22", sp="800-53")
@pytest.mark.nist("4.4.1", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Flaws of aufs stay open, but a container needs a new one to gain anything.")
def test_storage_driver_is_not_aufs(daemon: Daemon) -> str:
    """The aufs storage driver is not used.

    aufs was never part of the Linux kernel and has had no fixes for years; Docker removed it in version 24.

    Remedy: save images and volumes, set `"storage-driver": "overlay2"` in daemon.json, and restart the daemon.
    """
    return require(daemon.setting("storage-driver"), lambda value: value != "aufs")


@pytest.mark.cis("2.7", level=1)
@pytest.mark.nist("CM-6", "SA-22", sp="800-53")
@pytest.mark.nist("4.4.1", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "The driver blocks engine updates, but a container gains nothing by it directly.")
def test_storage_driver_is_not_devicemapper(daemon: Daemon) -> str:
    """The devicemapper storage driver is not used.

    Docker deprecated devicemapper and removed it in version 25, so a host that uses it cannot be updated.

    Remedy: save images and volumes, set `"storage-driver": "overlay2"` in daemon.json, and restart the daemon.
    """
    return require(daemon.setting("storage-driver"), lambda value: value != "devicemapper")


@pytest.mark.cis("2.8", level=1)
@pytest.mark.nist("AC-17", "AC-17(2)", "IA-5(2)", "SC-8", "SC-8(1)", sp="800-53")
@pytest.mark.nist("4.3.2", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.7", "8.3.1")
@pytest.mark.hipaa("164.312(d)", "164.312(e)(1)", "164.312(e)(2)(ii)")
@pytest.mark.guide("1.3.no_plain_tcp", "2.3.tlsverify", "5.pci_dss.limit_access", "5.hipaa.least_privilege")
@pytest.mark.severity("critical", "Anyone who reaches the port starts a privileged container and is root.")
def test_remote_api_asks_for_client_certificates(daemon: Daemon) -> str:
    """The remote API requires client certificates (mutual TLS).

    Access to the daemon equals root on its host. A TCP port without client certificates gives that to everyone who
    reaches it, on the loopback address to every local user and every web page in a local browser.

    Remedy: remove the TCP address from `hosts`, or set `tlsverify`, `tlscacert`, `tlscert` and `tlskey`.
    """
    api = daemon.remote_api
    if not api.offered:
        raise NotApplicable(f"the daemon does not listen on TCP{pending_addresses(api)}")
    weak = weakness(api)
    assert not weak, weak
    options = " and ".join(map(described, api.deciding))
    return f"{shown_addresses(api)}: {options}, with the CA {api.authority}{pending_addresses(api)}"


@pytest.mark.cis("2.9", level=1)
@pytest.mark.nist("SC-5", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "A container that leaks open files hurts the others, but kernels rarely run out.")
def test_containers_get_default_ulimits(daemon: Daemon) -> str:
    """Containers get a default ulimit on open files.

    Without one, containers inherit the limit of the daemon or containerd, and a faulty container can use up the host's
    open files. A hard limit of -1, or above 1048576, is no limit. `nproc` counts a user's processes on the whole host,
    so limit processes per container instead.

    Remedy: set `"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 524288}}` in daemon.json, with
    numbers that fit the workloads, and restart the daemon.
    """
    setting = daemon.setting("default-ulimits")
    assert setting.always(_limits_open_files), f"{described(setting)}; set a limit for nofile"
    return described(setting)


@pytest.mark.cis("2.10", level=2)
@pytest.mark.nist("AC-6", "SC-39", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.userns_remap", "5.cis.daemon_json", "5.hipaa.least_privilege")
@pytest.mark.severity("medium", "Root who breaks out of a container is root on the host, not a user without rights.")
def test_daemon_remaps_users(daemon: Daemon) -> str:
    """User namespace remapping (userns-remap) is on.

    Without it uid 0 in a container is uid 0 on the host, and only capabilities, seccomp and LSMs protect the host.

    Remedy: set `"userns-remap": "default"` in daemon.json and restart the daemon, or run it in rootless mode. Save
    images and volumes first: the daemon then uses a new, empty data root, and not the containerd image store. Run
    containers that are privileged or share a host namespace with `--userns=host`.
    """
    if daemon.rootless:
        return "rootless mode: the whole engine runs in a user namespace"
    return require(daemon.setting("userns-remap"), bool)


@pytest.mark.cis("2.11", level=2)
@pytest.mark.nist("CM-6", "SC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Containers may miss limits set for their usual parent, but keep their own.")
def test_parent_cgroup_is_the_default(daemon: Daemon, policy: Policy) -> str:
    """The default parent cgroup is unchanged or approved.

    In another cgroup, containers share the limits of something else, or escape those that were set for them.

    Remedy: remove `cgroup-parent` from daemon.json, or add it to `cgroup_parents` in the policy.
    """
    return require(
        daemon.setting("cgroup-parent"),
        lambda value: value in policy.cgroup_parents or daemon.engine.is_default_cgroup(value),
    )


@pytest.mark.cis("2.12", level=2)
@pytest.mark.nist("CM-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "A container can fill more disk; Docker removed the driver in version 25.")
def test_base_device_size_is_the_default(daemon: Daemon) -> str:
    """The base device size of devicemapper is the default.

    A larger size lets a container fill the host's disk.

    Remedy: remove `dm.basesize` from `storage-opts` in daemon.json and the command line.
    """
    return require(
        daemon.setting("storage-opts"),
        lambda options: not any(re.match(r"dm\.basesize\b", each, re.IGNORECASE) for each in options),
    )


@pytest.mark.cis("2.13", level=2)
@pytest.mark.nist("AC-3", "AC-6", sp="800-53")
@pytest.mark.nist("4.3.1", "4.4.5", sp="800-190")
@pytest.mark.pci("7.2.2", "7.3.1", "7.3.2")
@pytest.mark.hipaa("164.312(a)(1)", "164.308(a)(4)(ii)(B)")
@pytest.mark.guide("5.pci_dss.limit_access")
@pytest.mark.severity("medium", "A client who only needs to list containers can also start a privileged one.")
def test_client_requests_are_authorized_by_a_plugin(daemon: Daemon, policy: Policy) -> str:
    """An authorization plugin decides on client requests.

    Without a plugin, a client that can list containers can also start a privileged one. A plugin may still allow
    everything, so its rules need a manual review.

    Remedy: install an authorization plugin, name it in `authorization-plugins` of daemon.json and restart the daemon;
    after a review of its rules, name it in `authorization_plugins` of the policy.
    """
    setting, wanted = daemon.setting("authorization-plugins"), policy.authorization_plugins
    assert setting.value, f"no authorization plugin is active ({setting.source}){pending(setting)}"
    found = described(setting)
    if wanted is None:
        reviewed = f"`authorization_plugins: [{setting.value[0]}]`"
        raise Manual(f"{found}: review its rules, then write {reviewed} into the policy")
    assert set(setting.value) & set(wanted), f"{found}; the policy requires one of {', '.join(wanted)}"
    return f"{found}; the policy says that its rules were reviewed"


@pytest.mark.cis("2.14", level=2)
@pytest.mark.nist("AU-4(1)", "AU-6(4)", "AU-9(2)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("10.3.3")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("4.2.central_logs", "4.2.central_logs.elk", "4.2.central_logs.fluentd", "5.pci_dss.monitor_logs")
@pytest.mark.severity("medium", "An intruder who becomes root on the host erases the traces of the break-in.")
def test_container_logs_leave_the_host(
    daemon: Daemon, shippers: Later[Shippers], container: Later[Subjects[Container]], policy: Policy
) -> str:
    """Container logs are sent to another machine.

    A log that stays on the host is lost with it, and an intruder can change it. A log driver counts if its address is
    on another machine, or `log_drivers` of the policy names it. For other drivers a log shipper has to run, and
    `log_shippers` of the policy has to name it, because its settings are not read.

    Remedy: set `log-driver` and `log-opts` in daemon.json to the central service and create the containers again
    without `--log-driver`, or run a log shipper that reads their files; name it in the policy.
    """
    setting, wanted = daemon.setting("log-driver"), policy.log_drivers
    driver = described(setting)
    if wanted is not None:
        names = ", ".join(wanted) or "none at all"
        assert setting.value in wanted, f"{driver}; the policy requires one of: {names}"
    found = log_routes(shippers.get(), daemon, container, policy)
    others = [f"{name} ({log.driver})" for name, log in found.items() if not log.listed]
    assert wanted is None or not others, f"containers with another log driver: {', '.join(others)}"
    routes = [str(log) for log in found.values() if log.host is not None]
    if here := {name: log for name, log in found.items() if log.host is None}:
        taken, words = shipped_logs(here, shippers.get(), policy)
        assert taken, f"{driver}; {words}"
        routes.append(words)
    if unknown := sorted({log.driver for log in found.values() if log.host is not None and not log.known}):
        names = ", ".join(unknown)
        raise Manual(f"check that the log driver {names} sends to another machine, then write `log_drivers: [{names}]`")
    return f"{driver}: {', '.join(dict.fromkeys(routes))}"


@pytest.mark.cis("2.15", level=1)
@pytest.mark.nist("AC-6", "AC-6(10)", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6", "7.2.5")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide("2.2.no_new_privileges", "5.cis.daemon_json")
@pytest.mark.severity("medium", "A flawed setuid program in an image makes an intruder root of that container.")
def test_containers_gain_no_new_privileges_by_default(daemon: Daemon) -> str:
    """Containers run with no-new-privileges by default.

    Otherwise a setuid program in an image can make any user root in the container.

    Remedy: set `"no-new-privileges": true` in daemon.json, restart the daemon, and create the containers again.
    """
    return require(daemon.setting("no-new-privileges"), bool)


@pytest.mark.cis("2.16", level=1)
@pytest.mark.nist("CP-10", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(7)(i)")
@pytest.mark.guide("2.2.live_restore", "5.cis.daemon_json")
@pytest.mark.severity("low", "A restart of the daemon stops all services for a moment, so updates are put off.")
def test_containers_outlive_the_daemon(daemon: Daemon) -> str:
    """Containers keep running while the daemon is down (live restore).

    Otherwise every update of Docker stops all services on the host, so updates are put off.

    Remedy: set `"live-restore": true` in daemon.json and restart the daemon. Swarm nodes do not support it.
    """
    state = daemon.engine.info.swarm.local_node_state
    if state not in ("", "inactive"):
        raise NotApplicable(f"swarm nodes (state {state}) do not support live restore")
    return require(daemon.setting("live-restore"), bool)


@pytest.mark.cis("2.17", level=1)
@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "A needless root process per port hides client addresses; it gives no direct access.")
def test_userland_proxy_is_off(daemon: Daemon) -> str:
    """The userland proxy is off.

    Each proxy is an unneeded root process, and hides the client's address from the container.

    Remedy: set `"userland-proxy": false` in daemon.json and restart the daemon.
    """
    return require(daemon.setting("userland-proxy"), not_)


@pytest.mark.cis("2.18", level=2)
@pytest.mark.nist("AC-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.mandatory_access_control", "1.4.mandatory_access_control.seccomp")
@pytest.mark.severity("high", "Without the filter one kernel flaw leads from any container to root on the host.")
def test_daemon_has_an_approved_seccomp_profile(daemon: Daemon, policy: Policy) -> str:
    """The daemon's seccomp profile is the built-in one or approved.

    The profile blocks system calls that ordinary programs do not need. An approved one must deny by default.

    Remedy: remove `seccomp-profile` from daemon.json, or name the reviewed file in `seccomp_profiles` of the policy.
    """
    setting = daemon.setting("seccomp-profile")
    profile, found = setting.value, described(setting)
    assert profile, "Docker runs containers without seccomp (docker info)"
    assert profile != "unconfined", found
    if profile == "builtin":
        return found
    try:
        rules = daemon.seccomp_filter or {}
    except EvidenceError as error:
        raise Manual(f"{found}: review it; {error}") from None
    flaw = confinement.seccomp_flaw(rules)
    assert not flaw, f"{found}: it {flaw}"
    if profile in policy.seccomp_profiles:
        return f"{found}, approved by the policy"
    raise Manual(f"{found}: review it, and write `seccomp_profiles: [{profile}]` into the policy")


@pytest.mark.cis("2.19", level=1)
@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.4.1", "4.4.3", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("low", "Unfinished features can break or change, but give nobody access by themselves.")
def test_experimental_features_are_off(daemon: Daemon) -> str:
    """Experimental features of the daemon are off.

    They are unfinished, unsupported, and change without notice.

    Remedy: remove `"experimental": true` from daemon.json and the command line, and restart the daemon.
    """
    return require(daemon.setting("experimental"), not_)
