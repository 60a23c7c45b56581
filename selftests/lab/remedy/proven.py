"""The remedies that `selftests/lab/test_remedies.py` applies, and what they leave to a person.

Each test requires that exactly these are mended, and that they fail before and pass after.
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
"""On a careless host."""
ASKED_ON_HOST = frozenset({"default_bridge_isolates_its_containers", "userland_proxy_is_off"})
"""Those of them that take something away."""

_FILES = ("_belongs_to_root", "_by_root_alone", "_are_read_only", "_is_read_only", "_to_others", "_to_root")
PLAYED = frozenset(name for name in HOST if not name.endswith(_FILES)) | {
    *("api_sockets_belong_to_root_and_the_docker_group", "api_sockets_are_closed_to_others"),
    *("configuration_file_belongs_to_root", "configuration_file_is_written_by_root_alone"),
}
"""By the playbook: of owners and modes one file of each kind."""

ASKED = frozenset({"daemon_remaps_users"})
"""What takes something away, on a host of its own."""

_RECORDED = (
    *("daemon_program_is", "containerd_directory_is", "data_root_is", "configuration_directory_is"),
    *("unit_file_is", "containerd_socket_is", "api_socket_is", "default_file_is", "configuration_file_is"),
    *("containerd_configuration_is", "sysconfig_file_is", "containerd_program_is", "containerd_shim_is"),
    *("runc_v1_shim_is", "runc_v2_shim_is", "runc_program_is"),
)
RULES = frozenset(f"{name}_audited" for name in _RECORDED)
"""Audit rules, in the kernel of the machine."""

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
"""Of containers, on an engine."""

PROVEN = HOST | ASKED | RULES | LIMITS | OPTIONS

# ---- what still fails on the careless host when all files are applied

LEFT = frozenset(
    {
        # the site does it or records why not
        *("daemon_runs_without_root_rights", "ipv4_forwarding_is_off_or_recorded"),
        "kernel_settings_survive_a_reboot",  # of ip_forward; the others are mended
        # the engine loses sight of its images and containers: a test of its own applies it
        "daemon_remaps_users",
        # it takes software, a disk or a certificate that the site has to choose
        *("client_requests_are_authorized_by_a_plugin", "registries_are_reached_over_verified_tls"),
        *("engine_data_has_a_file_system_of_its_own", "falco_sees_and_reports"),
        *("something_watches_the_containers", "behaviour_of_containers_is_analysed"),
        *("docker_bench_runs_regularly", "patching_is_automated"),
        # images without a signature could no longer be pulled
        "content_trust_is_on_for_all_who_pull",
        # only the site knows which networks and machines are its own
        *("firewall_limits_container_traffic", "container_logs_leave_the_host"),
        *("container_logs_are_collected_centrally", "host_logs_are_collected_centrally"),
        # only who knows the workload can say what it needs
        *("container_drops_all_capabilities", "container_cpu_time_is_capped"),
        # the image has to be built again
        *("container_reports_its_health", "container_user_is_not_root", "container_image_is_pinned"),
        *("image_has_a_health_check", "image_holds_no_shell"),
        # hosts of the laboratory have no auditd: another test loads the rules
        *("auditd_writes_down_what_docker_does", "starts_of_containers_are_recorded"),
    }
)
ALONG = frozenset(
    {
        *("container_has_a_seccomp_filter", "engine_is_controlled_by_trusted_users"),
        *("log_files_are_small", "log_files_are_few"),
    }
)
"""Of which something is left to a person, and which pass once the daemon, its socket and the containers are new."""
UNKNOWN = frozenset({"container_logs_leave_the_host", "container_logs_are_collected_centrally"})
"""An error as long as daemon.json is newer than the daemon: its first restart shows that they fail."""
OF_THE_MACHINE = frozenset(
    {
        *("distribution_is_minimal", "host_has_no_browsers", "host_has_no_compilers"),
        *("kernel_flaws_are_mitigated", "security_modules_confine_containers"),
    }
)
"""What the machine decides that lends a host of the laboratory its kernel and its programs: may fail or pass."""
