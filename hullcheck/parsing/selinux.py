"""Labels of SELinux, and which types confine no process (container-selinux and the reference policy)."""

_UNCONFINED = """
    anaconda_t bootloader_t cluster_t container_runtime_t docker_t init_t initrc_t insmod_t kernel_t kubelet_t
    rpm_script_t rpm_t spc_t udev_t
"""


def type_of(label: str) -> str:
    """Return the type in `user:role:type:level`; empty if the label has none."""
    return [*label.split(":", 3), "", "", ""][2]


def confines_nothing(kind: str) -> bool:
    """Whether a process of this type may do all that root may, or start what may."""
    return not kind or kind.startswith("unconfined_") or kind in _UNCONFINED.split()
