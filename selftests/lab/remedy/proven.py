"""The controls whose remedies a test of this folder applies as they are written for a user, by the test.

Each test asks that exactly these are mended, and that they fail before and pass after.
"""

HOST = frozenset(
    {
        *("default_bridge_isolates_its_containers", "daemon_logs_at_level_info"),
        *("daemon_manages_its_firewall_rules", "containers_get_default_ulimits"),
        *("parent_cgroup_is_the_default", "containers_gain_no_new_privileges_by_default"),
        *("containers_outlive_the_daemon", "userland_proxy_is_off"),
        *("daemon_has_an_approved_seccomp_profile", "experimental_features_are_off"),
        *("log_options_are_set_for_all", "log_files_are_small", "log_files_are_few"),
        *("privileged_programs_leave_no_core_dumps", "address_space_is_randomized"),
        "kernel_settings_survive_a_reboot",
        *("service_unit_belongs_to_root", "service_unit_is_written_by_root_alone"),
        *("socket_unit_belongs_to_root", "socket_unit_is_written_by_root_alone"),
        "configuration_directory_belongs_to_root",
        "configuration_directory_is_written_by_root_alone",
        *("registry_certificates_belong_to_root", "registry_certificates_are_read_only"),
        *("tls_ca_certificate_belongs_to_root", "tls_ca_certificate_is_read_only"),
        *("tls_certificate_belongs_to_root", "tls_certificate_is_read_only"),
        *("tls_key_belongs_to_root", "tls_key_is_read_by_root_alone"),
        *("api_sockets_belong_to_root_and_the_docker_group", "api_sockets_are_closed_to_others"),
        *("configuration_file_belongs_to_root", "configuration_file_is_written_by_root_alone"),
        *("default_file_belongs_to_root", "default_file_is_written_by_root_alone"),
        *("sysconfig_file_belongs_to_root", "sysconfig_file_is_written_by_root_alone"),
        *("containerd_socket_belongs_to_root", "containerd_socket_is_closed_to_others"),
    }
)
"""On a careless host: `test_host.py`."""
ASKED_ON_HOST = frozenset({"default_bridge_isolates_its_containers", "userland_proxy_is_off"})
"""Those of them that take something away."""

_FILES = ("_belongs_to_root", "_by_root_alone", "_are_read_only", "_is_read_only", "_to_others", "_to_root")
PLAYED = frozenset(name for name in HOST if not name.endswith(_FILES)) | {
    *("api_sockets_belong_to_root_and_the_docker_group", "api_sockets_are_closed_to_others"),
    *("configuration_file_belongs_to_root", "configuration_file_is_written_by_root_alone"),
}
"""By the playbook: of owners and modes one file of each kind."""

ASKED = frozenset({"daemon_remaps_users"})
"""What takes something away, on a host of its own: `test_host.py`."""

_RECORDED = (
    *("daemon_program_is", "containerd_directory_is", "data_root_is", "configuration_directory_is"),
    *("unit_file_is", "containerd_socket_is", "api_socket_is", "default_file_is", "configuration_file_is"),
    *("containerd_configuration_is", "sysconfig_file_is", "containerd_program_is", "containerd_shim_is"),
    *("runc_v1_shim_is", "runc_v2_shim_is", "runc_program_is"),
)
RULES = frozenset(f"{name}_audited" for name in _RECORDED)
"""Audit rules, in the kernel of the machine: `test_rules.py`."""

LIMITS = frozenset(
    {
        *("container_has_a_memory_limit", "container_has_a_cpu_limit", "container_has_a_process_limit"),
        "container_restarts_at_most_five_times",
    }
)
OPTIONS = frozenset(
    {
        *("container_capabilities_are_needed", "container_gains_no_privileges"),
        *("container_has_a_seccomp_filter", "container_has_a_pid_namespace"),
        *("container_has_an_ipc_namespace", "container_has_a_uts_namespace", "container_root_is_read_only"),
    }
)
"""Of containers, on an engine: `test_containers.py`."""

PROVEN = HOST | ASKED | RULES | LIMITS | OPTIONS
