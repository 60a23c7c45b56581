"""What to write in a Compose file, by the ids of the controls that fail.

`{item}` is what the file has now, `{name}` that without a tag or an address, `{last}` its last part.
"""

import re
from collections.abc import Mapping

from hullcheck.lazy import regex

_WITHOUT, _CPUS = "# without {item}", "cpus: 1.0"

WRITE: Mapping[str, str] = {
    "container_user_is_not_root": 'user: "1000:1000"',
    "container_has_an_apparmor_profile": _WITHOUT,
    "container_has_selinux_labels": _WITHOUT,
    "container_capabilities_are_needed": "cap_drop: [ALL] # and in cap_add only what it needs",
    "container_is_not_privileged": "privileged: false",
    "container_mounts_no_sensitive_host_path": "# without {item}: a named volume, or the single file that it needs",
    "container_runs_no_ssh_server": "# without {item}: docker compose exec needs no server",
    "container_opens_no_privileged_port": '- "127.0.0.1:8080:{last}"',
    "container_opens_only_needed_ports": "# without {item}, or with it in allowed_ports of the policy",
    "container_has_a_network_namespace": "networks: [default]",
    "container_has_a_memory_limit": "mem_limit: 512m",
    "container_has_a_cpu_limit": _CPUS,
    "container_cpu_time_is_capped": _CPUS,
    "container_root_is_read_only": "read_only: true\ntmpfs: [/tmp]",
    "container_ports_are_bound_to_an_address": '- "127.0.0.1:{name}"',
    "sensitive_container_listens_on_chosen_addresses": '- "127.0.0.1:{name}"',
    "container_restarts_at_most_five_times": "restart: on-failure:5",
    "container_has_a_pid_namespace": _WITHOUT,
    "container_has_an_ipc_namespace": _WITHOUT,
    "container_has_no_host_device": "# without {item}, or with it in allowed_devices of the policy",
    "container_overrides_no_ulimit": "# without {item}, or with it in allowed_ulimits of the policy",
    "container_mounts_are_not_shared": "# without shared or rshared in {item}",
    "container_has_a_uts_namespace": _WITHOUT,
    "container_has_a_seccomp_filter": _WITHOUT,
    "container_is_in_the_default_cgroup": _WITHOUT,
    "container_gains_no_privileges": "security_opt: [no-new-privileges:true]",
    "container_reports_its_health": "healthcheck: {{test: [CMD, PROGRAM, ARGUMENT]}} # one that can fail",
    "container_runs_a_current_image": "image: {name}:VERSION",
    "container_image_is_pinned": "image: {name}:VERSION@sha256:DIGEST",
    "container_has_a_process_limit": "pids_limit: 200",
    "container_is_not_on_the_default_bridge": "networks: [default]",
    "container_does_not_leave_user_remapping": _WITHOUT,
    "container_cannot_reach_an_engine_socket": _WITHOUT,
    "container_adds_approved_capabilities_alone": "# without {item}, or with it in allowed_capabilities of the policy",
    "container_drops_all_capabilities": "cap_drop: [ALL] # and in cap_add only what it needs",
    "container_environment_holds_no_secret": "{item}_FILE: /run/secrets/NAME # and secrets: [NAME]",
    "container_writes_to_tmpfs_or_named_volumes": "tmpfs: [{last}]",
}
_ADDRESS = regex(r"^(?:\[[\da-fA-F:]*\]|\d+\.\d+\.\d+\.\d+):(?=.)")
_TAG = regex(r"(?::[\w.-]+)?(?:@sha256:\w+)?$")


def to_write(control: str, item: str) -> str:
    """Return lines for a service in place of *item*, as the file has it; an empty string for other controls."""
    text = item.strip("\"'")
    is_image = text.startswith("image:")
    name = _TAG.sub("", text.removeprefix("image:").strip(" \"'")) if is_image else _ADDRESS.sub("", text)
    last = re.sub(r":(?:ro|rw|z|Z|r?shared|r?slave|r?private)$", "", text).rpartition(":")[2]
    return WRITE.get(control, "").format(item=text, name=name, last=last)
