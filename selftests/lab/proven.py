"""The remedies that `selftests/lab/test_remedies.py` applies, and what they leave to a person.

Each test requires that exactly these are mended, and that they fail before and pass after: one that is new in the table
needs a flaw there.
"""

from hullcheck.remedies import (
    AuditRule,
    KernelSettings,
    Mode,
    Owner,
    Remedy,
    Settings,
    Start,
)
from hullcheck.remedies.table import REMEDIES


def of(*kinds: type[Remedy]) -> frozenset[str]:
    """Return the controls with remedies of these kinds."""
    return frozenset(name for name, each in REMEDIES.items() if isinstance(each, kinds))


ASKED = frozenset({"daemon_remaps_users", "remote_api_asks_for_client_certificates"})
"""What takes something away, on hosts of their own."""
HOST = of(Settings, KernelSettings, Mode, Owner) - ASKED
"""On a careless host."""
PLAYED = (of(Settings, KernelSettings) - ASKED) | {
    *("api_sockets_belong_to_root_and_the_docker_group", "api_sockets_are_closed_to_others"),
    *("configuration_file_belongs_to_root", "configuration_file_is_written_by_root_alone"),
}
"""By the playbook: of owners and modes one file of each kind."""
RULES = of(AuditRule) - {"containerd_shim_is_audited", "runc_v1_shim_is_audited"}  # no container runs with these
LIMITS = frozenset(
    name for name, each in REMEDIES.items() if isinstance(each, Start) and each.settings and each.settings[0].update
)
OPTIONS = frozenset(
    {
        *("container_capabilities_are_needed", "container_gains_no_privileges", "container_has_a_seccomp_filter"),
        *("container_has_a_pid_namespace", "container_has_an_ipc_namespace", "container_has_a_uts_namespace"),
        "container_root_is_read_only",
    }
)
"""In the kernel of the machine, and of containers; `test_mended_stacks.py` has the others."""
ASKED_ON_HOST = frozenset(name for name, each in REMEDIES.items() if each.asks_for_some) - ASKED

# ---- what still fails on the careless host when all files are applied

LEFT = frozenset(
    {
        "kernel_settings_survive_a_reboot",  # of ip_forward; the others are mended
        # the engine loses sight of its images and containers: a test of its own applies it
        "daemon_remaps_users",
        # it takes software, a disk or a certificate that the site has to choose
        "client_requests_are_authorized_by_a_plugin",
        *("engine_data_has_a_file_system_of_its_own", "something_watches_the_containers"),
        *("docker_bench_runs_regularly", "patching_is_automated"),
        # only the site knows which networks and machines are its own
        *("firewall_limits_container_traffic", "container_logs_leave_the_host"),
        "host_logs_are_collected_centrally",
        # only who knows the workload can say what it needs
        "container_drops_all_capabilities",
        # the image has to be built again
        *("container_reports_its_health", "container_user_is_not_root", "container_image_is_pinned"),
        *("image_has_a_health_check", "image_holds_no_shell"),
    }
)
ALONG = frozenset(
    {
        "container_has_a_seccomp_filter",
        "log_files_are_limited",
    }
)
"""Of which something is left to a person, and which pass once the daemon, its socket and the containers are new."""
UNKNOWN = frozenset({"container_logs_leave_the_host"})
"""An error as long as daemon.json is newer than the daemon: its first restart shows that they fail."""
OF_THE_MACHINE = frozenset(
    {
        *("distribution_is_minimal", "host_has_no_browsers", "host_has_no_compilers"),
        *("kernel_flaws_are_mitigated", "security_modules_confine_containers"),
    }
)
"""What the machine decides that lends a host of the laboratory its kernel and its programs: may fail or pass."""
