"""The remedies, by the ids of their controls; each is applied in selftests/lab/test_remedies.py."""

from collections.abc import Mapping

from hullcheck.remedies import (
    AuditRule,
    ContainerLimit,
    ContainerOptions,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Settings,
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
_AGAIN = "What it has written outside of volumes is lost when it is created again."

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
    "configuration_file_belongs_to_root": Owner(files="configuration_file"),
    "configuration_file_is_written_by_root_alone": Mode(files="configuration_file", most=0o644),
    "default_file_belongs_to_root": Owner(files="default_file"),
    "default_file_is_written_by_root_alone": Mode(files="default_file", most=0o644),
    "sysconfig_file_is_written_by_root_alone": Mode(files="sysconfig_file", most=0o644),
    "sysconfig_file_belongs_to_root": Owner(files="sysconfig_file"),
    "containerd_socket_belongs_to_root": Owner(files="containerd_socket", risk=_SOCKET_RISK),
    "containerd_socket_is_closed_to_others": Mode(files="containerd_socket", most=0o660, risk=_SOCKET_RISK),
    # containers
    "container_has_a_memory_limit": ContainerLimit(
        options="--memory 536870912 --memory-swap 1073741824",
        asks=True,
        risk="A container that needs more than 512 MB is killed. Change the number in changes.sh to what it needs.",
    ),
    "container_has_a_cpu_limit": ContainerLimit(
        options="--cpu-shares 512",
        risk="On a busy host this container gets half as much as one without a share.",
    ),
    "container_has_a_process_limit": ContainerLimit(
        options="--pids-limit 1000",
        risk="A container with more than 1000 processes and threads can start no others. Change the number in"
        " changes.sh to what it needs.",
    ),
    "container_restarts_at_most_five_times": ContainerLimit(
        options="--restart on-failure:5",
        finding="the restart policy is .*",
        asks=True,
        risk="A container that ends with status 0 when the host stops is not started at boot.",
    ),
    "container_capabilities_are_needed": ContainerOptions(
        finding="has or can get NET_RAW",
        add=("--cap-drop NET_RAW",),
        drop=("--cap-add NET_RAW",),
        risk=f"ping, and other programs that make raw packets, no longer work in the container. {_AGAIN}",
    ),
    "container_gains_no_privileges": ContainerOptions(
        finding=r"processes can gain privileges \(no-new-privileges is not set\)",
        add=("--security-opt no-new-privileges",),
        risk=f"sudo, su and other setuid programs no longer work in the container. {_AGAIN}",
    ),
    "container_has_a_seccomp_filter": ContainerOptions(
        finding="runs with --security-opt seccomp=unconfined",
        drop=("--security-opt seccomp=unconfined",),
        risk=f"System calls that the engine's default profile denies fail in the container. {_AGAIN}",
    ),
    "container_has_a_pid_namespace": ContainerOptions(
        finding="shares the process namespace of the host",
        drop=("--pid host",),
        asks=True,
        risk=f"It no longer sees the processes of the host, which monitors need. {_AGAIN}",
    ),
    "container_has_an_ipc_namespace": ContainerOptions(
        finding="shares the IPC namespace of the host",
        drop=("--ipc host",),
        asks=True,
        risk=f"It no longer shares memory with programs of the host. {_AGAIN}",
    ),
    "container_has_a_uts_namespace": ContainerOptions(
        finding="shares the UTS namespace of the host.*",
        drop=("--uts host",),
        asks=True,
        risk=f"It has its own host name. {_AGAIN}",
    ),
    "container_root_is_read_only": ContainerOptions(
        finding="the root file system can be written to",
        add=("--read-only", "--tmpfs /tmp"),
        asks=True,
        risk=f"Writes outside of /tmp and its volumes fail: add volumes for them. {_AGAIN}",
    ),
}
