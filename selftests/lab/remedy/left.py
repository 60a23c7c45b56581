"""What still fails on the careless host when all files are applied: what a person has to decide, and why."""

_RECORD = "the site does it or records why not"
_WORKLOAD = "only who knows the workload can say what it needs"
_IMAGE = "it is a matter of the image, which has to be built again"
_CENTRE = "it takes another machine, which the site has to name"
_INSTALL = "it takes software that the site has to choose, to install and to keep"

LEFT = {
    "daemon_runs_without_root_rights": _RECORD,
    "ipv4_forwarding_is_off_or_recorded": _RECORD,
    "kernel_settings_survive_a_reboot": "of ip_forward, which the control above is about; the others are mended",
    "daemon_remaps_users": "the engine loses sight of its images and containers: a test of its own applies it",
    "client_requests_are_authorized_by_a_plugin": _INSTALL,
    "registries_are_reached_over_verified_tls": "the registry needs a certificate",
    "engine_data_has_a_file_system_of_its_own": "it takes a disk, and a move of all data",
    "content_trust_is_on_for_all_who_pull": "images without a signature could no longer be pulled",
    "firewall_limits_container_traffic": "only the site knows which networks are its own",
    "container_logs_leave_the_host": _CENTRE,
    "container_logs_are_collected_centrally": _CENTRE,
    "host_logs_are_collected_centrally": _CENTRE,
    "container_drops_all_capabilities": _WORKLOAD,
    "container_cpu_time_is_capped": _WORKLOAD,
    "container_reports_its_health": _IMAGE,
    "container_user_is_not_root": _IMAGE,
    "container_image_is_pinned": _IMAGE,
    "image_has_a_health_check": _IMAGE,
    "image_holds_no_shell": _IMAGE,
    "falco_sees_and_reports": _INSTALL,
    "something_watches_the_containers": _INSTALL,
    "behaviour_of_containers_is_analysed": _INSTALL,
    "docker_bench_runs_regularly": _INSTALL,
    "patching_is_automated": _INSTALL,
    "auditd_writes_down_what_docker_does": "hosts of the laboratory have no auditd: `test_rules.py` loads the rules",
    "starts_of_containers_are_recorded": "as above",
}
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
