"""The remedies, by the ids of their controls.

Each of files and of the engine is applied in selftests/lab/test_remedies.py, and those of how containers are started in
selftests/lab/test_mended_stacks.py.
"""

from collections.abc import Mapping

from hullcheck.remedies import (
    AuditRule,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Setting,
    Settings,
    Start,
)

_TREES = ("containerd_directory", "data_root", "configuration_directory")
_OTHERS = """
    daemon_program unit_file containerd_socket api_socket default_file configuration_file containerd_configuration
    sysconfig_file containerd_program containerd_shim runc_v1_shim runc_v2_shim runc_program
"""
_RULE_RISK = {
    "containerd_directory": "A busy host writes a record for each container that starts or stops.",
    "data_root": "A busy host writes a record for each write to the engine's data: expect a large log, and raise"
    " `-b` if records are lost.",
}

_DUMPS, _RANDOM = {"fs.suid_dumpable": "0"}, {"kernel.randomize_va_space": "2"}
_SOCKET_RISK = "Programs and users outside of that group can no longer use the engine."
_NONE_SET = ".* is in force, and none is set.*"
_WITHOUT, _CPUS = "# without {item}", "cpus: 1.0"
_DROP_ALL = "cap_drop: [ALL] # and in cap_add only what it needs"
UNPRIVILEGED = Setting(finding="runs with --privileged.*", put="privileged: false", drop="--privileged")


def starts(*settings: Setting, asks: bool = False, risk: str = "", write: str = "") -> Start:
    """Return the remedy with the first of these settings that is for the reason."""
    return Start(settings=settings, asks=asks, risk=risk, write=write)


def _unconfined(kind: str) -> Setting:
    option = f"--security-opt {kind}=unconfined"
    return Setting(finding=f"runs with {option}", away="security_opt", drop=option)


_ON_LOOPBACK = starts(
    Setting(finding=".*opens on every address: .*", away="ports", run="--publish 127.0.0.1:PORT:PORT"),
    write='- "127.0.0.1:{name}"',
    asks=True,
    risk="Only the host itself reaches the port: put a proxy before it, or write the address that needs it.",
)

REMEDIES: Mapping[str, Remedy] = {
    # daemon.json
    "default_bridge_isolates_its_containers": Settings(
        put={"icc": False},
        asks=True,
        risk="Containers on the default bridge no longer reach each other, unless --link allows a single port;"
        " first put containers that must talk to each other on a user-defined network.",
    ),
    "daemon_logs_at_level_info": Settings(
        without=("debug", "log-level"), risk="The engine's log lacks details that somebody may need."
    ),
    "daemon_manages_its_firewall_rules": Settings(
        without=("iptables", "ip6tables"),
        risk="The engine adds its own firewall rules. Rules of yours that replaced them may now apply twice, and"
        " published ports that had no rule become reachable from outside.",
    ),
    "containers_get_default_ulimits": Settings(
        put={"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 524288}}},
        risk="systemd uses the same limits for services. A program that needs more than 1024 open files and does"
        " not raise its soft limit fails after the next start of its container. An engine that may not open 524288"
        " files itself, as in an unprivileged container, starts no container. Change the numbers to suit the host.",
    ),
    "daemon_remaps_users": Settings(
        put={"userns-remap": "default"},
        asks=True,
        risk="The engine starts with a new data root: earlier images, containers and volumes are missing until the"
        " setting is removed. Save and load what is needed. The containerd image store cannot be used. Privileged"
        " containers, and those in a host namespace, need --userns=host.",
    ),
    "parent_cgroup_is_the_default": Settings(
        without=("cgroup-parent",), risk="Limits on that control group no longer apply to the containers."
    ),
    "containers_gain_no_new_privileges_by_default": Settings(
        put={"no-new-privileges": True},
        risk="sudo, su, ping with file capabilities and all that is setuid no longer work in new containers."
        " Existing ones stay as they are until they are created again.",
    ),
    "containers_outlive_the_daemon": Settings(
        put={"live-restore": True},
        no_swarm=True,
        risk="Swarm mode cannot be used with it. Containers keep running when the engine stops, so stop them before"
        " you change network settings.",
    ),
    "userland_proxy_is_off": Settings(
        put={"userland-proxy": False},
        asks=True,
        risk="Only firewall rules forward published ports. A port on an IPv6 address reaches only containers that have"
        " one.",
    ),
    "daemon_has_an_approved_seccomp_profile": Settings(
        without=("seccomp-profile",),
        only={"seccomp-profile": ("unconfined",)},
        risk="System calls that the engine's default profile denies fail in containers after their next start.",
    ),
    "experimental_features_are_off": Settings(
        without=("experimental",), risk="Whatever uses an experimental feature stops working."
    ),
    "log_files_are_limited": Settings(
        put={"log-opts": {"max-size": "10m", "max-file": "3"}},
        only={"log-driver": (None, "json-file", "local")},
        risk="The oldest part of a container's log is dropped above 30 MB. This applies to new containers.",
    ),
    "registries_are_reached_over_verified_tls": Settings(
        less={"insecure-registries": ""},
        asks=True,
        risk="The registry is refused until it has a certificate that the host trusts.",
    ),
    "remote_api_asks_for_client_certificates": Settings(
        less={"hosts": "tcp:"},
        asks=True,
        risk="Nobody reaches the engine over the network any more: use `docker -H ssh://HOST`.",
    ),
    # audit rules
    **{
        f"{files}_is_audited": AuditRule(files=files, tree=files in _TREES, risk=_RULE_RISK.get(files, ""))
        for files in (*_TREES, *_OTHERS.split())
    },
    # settings of the kernel
    "privileged_programs_leave_no_core_dumps": KernelSettings(
        values=_DUMPS, risk="Crashes of privileged programs leave no core dump."
    ),
    "address_space_is_randomized": KernelSettings(values=_RANDOM),
    "kernel_settings_survive_a_reboot": KernelSettings(values=_DUMPS | _RANDOM),
    # owners and modes of files
    "service_unit_belongs_to_root": Owner(files="service_unit_file"),
    "service_unit_is_written_by_root_alone": Mode(files="service_unit_file", most=0o644),
    "socket_unit_belongs_to_root": Owner(files="socket_unit_file"),
    "socket_unit_is_written_by_root_alone": Mode(files="socket_unit_file", most=0o644),
    "configuration_directory_belongs_to_root": Owner(files="configuration_directory"),
    "configuration_directory_is_written_by_root_alone": Mode(files="configuration_directory", most=0o755),
    "registry_certificates_belong_to_root": Owner(files="registry_certificate"),
    "registry_certificates_are_read_only": Mode(files="registry_certificate", most=0o444),
    "tls_ca_certificate_belongs_to_root": Owner(files="tls_ca"),
    "tls_ca_certificate_is_read_only": Mode(files="tls_ca", most=0o444),
    "tls_certificate_belongs_to_root": Owner(files="tls_certificate"),
    "tls_certificate_is_read_only": Mode(files="tls_certificate", most=0o444),
    "tls_key_belongs_to_root": Owner(files="tls_key"),
    "tls_key_is_read_by_root_alone": Mode(
        files="tls_key", most=0o400, risk="Others may know a key that they could read: make a new one."
    ),
    "api_sockets_belong_to_root_and_the_docker_group": Owner(files="api_socket", group="docker", risk=_SOCKET_RISK),
    "api_sockets_are_closed_to_others": Mode(files="api_socket", most=0o660, risk=_SOCKET_RISK),
    "engine_is_controlled_by_trusted_users": Mode(files="api_socket", most=0o660, risk=_SOCKET_RISK),
    "configuration_file_belongs_to_root": Owner(files="configuration_file"),
    "configuration_file_is_written_by_root_alone": Mode(files="configuration_file", most=0o644),
    "default_file_belongs_to_root": Owner(files="default_file"),
    "default_file_is_written_by_root_alone": Mode(files="default_file", most=0o644),
    "sysconfig_file_is_written_by_root_alone": Mode(files="sysconfig_file", most=0o644),
    "sysconfig_file_belongs_to_root": Owner(files="sysconfig_file"),
    "containerd_socket_belongs_to_root": Owner(files="containerd_socket", risk=_SOCKET_RISK),
    "containerd_socket_is_closed_to_others": Mode(files="containerd_socket", most=0o660, risk=_SOCKET_RISK),
    # how containers are started
    "container_has_a_memory_limit": starts(
        Setting(
            finding=_NONE_SET,
            put="mem_limit: {memory}",
            unless=("mem_reservation", "memswap_limit", "deploy.resources.reservations.memory"),
            run="--memory {memory}",
            update="--memory {memory} --memory-swap -1",
            service="--limit-memory {memory}",
        ),
        asks=True,
        risk="A container that needs more is killed. Change the number to what it needs.",
    ),
    "container_has_a_cpu_limit": starts(
        Setting(finding=_NONE_SET, put="cpu_shares: 512", run="--cpu-shares 512", update="--cpu-shares 512"),
        write=_CPUS,
        risk="On a busy host this container gets half as much as one without a share.",
    ),
    "container_cpu_time_is_capped": starts(
        Setting(
            finding=_NONE_SET,
            put="cpus: {cpus}",
            run="--cpus {cpus}",
            update="--cpus {cpus}",
            service="--limit-cpu {cpus}",
        ),
        risk="Work that kept more processors busy takes longer. Change the number to what it needs.",
    ),
    "container_has_a_process_limit": starts(
        Setting(
            finding=_NONE_SET,
            put="pids_limit: {pids}",
            run="--pids-limit {pids}",
            update="--pids-limit {pids}",
            service="--limit-pids {pids}",
        ),
        risk="A container with that many processes and threads can start no others. Change the number to what it"
        " needs.",
    ),
    "container_restarts_at_most_five_times": starts(
        Setting(
            finding="the restart policy is .*",
            put="restart: on-failure:5",
            unless=("deploy.restart_policy",),
            run="--restart on-failure:5",
            update="--restart on-failure:5",
        ),
        Setting(
            finding="its service .* restarts it: .*",
            service="--restart-condition on-failure --restart-max-attempts 5",
        ),
        asks=True,
        risk="A container that ends with status 0 when the host stops is not started at boot.",
    ),
    "container_is_not_privileged": starts(
        UNPRIVILEGED,
        asks=True,
        risk="What needs all devices and capabilities fails: add the single ones with `devices` and `cap_add`.",
    ),
    "container_has_an_apparmor_profile": starts(
        UNPRIVILEGED,
        _unconfined("apparmor"),
        write=_WITHOUT,
        asks=True,
        risk="Mounts, and writes below /proc and /sys, fail in the container.",
    ),
    "container_has_selinux_labels": starts(
        UNPRIVILEGED,
        Setting(finding="has no SELinux label", away="security_opt", drop="--security-opt label=disable"),
        write=_WITHOUT,
        asks=True,
        risk="Files of the host that it mounts need a label: `:z` or `:Z` behind the volume.",
    ),
    "container_has_a_seccomp_filter": starts(
        UNPRIVILEGED,
        _unconfined("seccomp"),
        write=_WITHOUT,
        asks=True,
        risk="System calls that the engine's default profile denies fail in the container.",
    ),
    "container_has_no_host_device": starts(
        UNPRIVILEGED,
        write="# without {item}, or with it in allowed_devices of the policy",
        asks=True,
        risk="Devices that it uses are missing: add the single ones with `devices`.",
    ),
    "container_capabilities_are_needed": starts(
        Setting(
            finding="has or can get NET_RAW",
            put="cap_drop: [NET_RAW]",
            keep="cap_add",
            run="--cap-drop NET_RAW",
            service="--cap-drop NET_RAW",
        ),
        Setting(
            finding="has or can get .*",
            put="privileged: false\ncap_drop: [NET_RAW]",
            away="cap_add",
            run="--cap-drop NET_RAW",
            drop="--cap-add {item}",
            service="--cap-drop NET_RAW",
            asks=True,
        ),
        write=_DROP_ALL,
        risk="ping, and other programs that make raw packets, no longer work in the container. With `--also`, what"
        " needs another capability fails, too.",
    ),
    "container_drops_all_capabilities": starts(
        Setting(
            finding="runs with --privileged, which drops nothing|drops .* instead of ALL",
            put="privileged: false\ncap_drop: [ALL]",
            run="--cap-drop ALL",
            service="--cap-drop ALL",
        ),
        Setting(finding="drops ALL, and adds ALL again", away="cap_add", drop="--cap-add ALL"),
        write=_DROP_ALL,
        asks=True,
        risk="A program that starts as root, changes owners or opens a port below 1024 fails: name in `cap_add` what it"
        " needs, often SETUID, SETGID, CHOWN and NET_BIND_SERVICE.",
    ),
    "container_adds_approved_capabilities_alone": Start(
        settings=(UNPRIVILEGED, Setting(finding="adds .*", away="cap_add", drop="--cap-add {item}")),
        write="# without {item}, or with it in allowed_capabilities of the policy",
        asks=True,
        risk="What needs the capability fails.",
    ),
    "container_gains_no_privileges": starts(
        Setting(
            finding=r"processes can gain privileges \(no-new-privileges is not set\)",
            put="security_opt: [no-new-privileges:true]",
            away="security_opt",
            run="--security-opt no-new-privileges",
        ),
        risk="sudo, su and other setuid programs no longer work in the container.",
    ),
    "container_root_is_read_only": starts(
        Setting(
            finding="the root file system can be written to",
            put="read_only: true\ntmpfs: [/tmp]",
            run="--read-only --tmpfs /tmp",
            service="--read-only --mount-add type=tmpfs,target=/tmp",
        ),
        asks=True,
        risk="Writes outside of its tmpfs and volumes fail: add volumes for them.",
    ),
    "container_ports_are_bound_to_an_address": _ON_LOOPBACK,
    "sensitive_container_listens_on_chosen_addresses": _ON_LOOPBACK,
    "container_opens_no_privileged_port": starts(
        Setting(finding="opens .*published for.*", run="--publish 8000 + PORT:PORT", drop="--publish"),
        write='- "127.0.0.1:8080:{last}"',
        asks=True,
        risk="Clients have to use the new port.",
    ),
    "docker_exec_is_not_privileged": starts(
        Setting(
            finding="runs processes with more capabilities than the container: .*", drop="docker exec --privileged"
        ),
        asks=True,
        risk="What runs there by `docker exec` ends.",
    ),
    "container_has_a_network_namespace": starts(
        Setting(finding="shares the network namespace of the host", away="network_mode", drop="--network host"),
        write="networks: [default]",
        asks=True,
        risk="It reaches services on the host's loopback no longer, and its own ports have to be published.",
    ),
    "container_is_not_on_the_default_bridge": starts(
        Setting(
            finding="is attached to the default bridge",
            away="network_mode",
            run="--network NETWORK",
            drop="--network bridge",
        ),
        write="networks: [default]",
        asks=True,
        risk="Containers on the default bridge reach it no longer; create the network first: `docker network create`.",
    ),
    "container_has_a_pid_namespace": starts(
        Setting(finding="shares the process namespace of the host", away="pid", drop="--pid host"),
        asks=True,
        risk="It no longer sees the processes of the host, which monitors need.",
    ),
    "container_has_an_ipc_namespace": starts(
        Setting(finding="shares the IPC namespace of the host", away="ipc", drop="--ipc host"),
        Setting(finding="mounts /dev/shm of the host at .*", away="volumes", drop="--volume /dev/shm:/dev/shm"),
        asks=True,
        risk="It no longer shares memory with programs of the host; `shm_size` enlarges its own.",
    ),
    "container_has_a_uts_namespace": starts(
        Setting(finding="shares the UTS namespace of the host.*", away="uts", drop="--uts host"),
        asks=True,
        risk="It has its own host name.",
    ),
    "container_does_not_leave_user_remapping": starts(
        Setting(finding="runs with --userns host", away="userns_mode", drop="--userns host"),
        asks=True,
        risk="Its files and volumes belong to other users where the daemon remaps users.",
    ),
    "container_is_in_the_default_cgroup": starts(
        Setting(finding="runs in .*", away="cgroup_parent", drop="--cgroup-parent"),
        asks=True,
        risk="Limits on that control group no longer apply to it.",
    ),
    # what a person has to decide
    "container_user_is_not_root": Start(write='user: "1000:1000"'),
    "container_mounts_no_sensitive_host_path": Start(
        write="# without {item}: a named volume, or the single file that it needs"
    ),
    "container_runs_no_ssh_server": Start(write="# without {item}: docker compose exec needs no server"),
    "container_opens_only_needed_ports": Start(write="# without {item}, or with it in allowed_ports of the policy"),
    "container_overrides_no_ulimit": Start(write="# without {item}, or with it in allowed_ulimits of the policy"),
    "container_mounts_are_not_shared": Start(write="# without shared or rshared in {item}"),
    "container_reports_its_health": Start(write="healthcheck: {{test: [CMD, PROGRAM, ARGUMENT]}} # one that can fail"),
    "container_runs_a_current_image": Start(write="image: {name}:VERSION"),
    "container_image_is_pinned": Start(write="image: {name}:VERSION@sha256:DIGEST"),
    "container_cannot_reach_an_engine_socket": Start(write=_WITHOUT),
    "container_environment_holds_no_secret": Start(write="{item}_FILE: /run/secrets/NAME # and secrets: [NAME]"),
    "container_writes_to_tmpfs_or_named_volumes": Start(write="tmpfs: [{last}]"),
}
