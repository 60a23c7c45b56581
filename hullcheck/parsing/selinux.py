"""Labels of SELinux, and which types confine a process (container-selinux and the reference policy)."""

_CONFINED = """
    container_device_plugin_init_t container_device_plugin_t container_device_t container_init_t container_kvm_t
    container_logreader_t container_logwriter_t container_t container_userns_t svirt_kvm_net_t svirt_lxc_net_t
    svirt_qemu_net_t
"""
CONFINED = frozenset(_CONFINED.split())
"""The types for the processes of a container that the policy confines, whatever the program is."""

_UNCONFINED = """
    anaconda_t bootloader_t cluster_t container_runtime_t docker_t init_t initrc_t insmod_t kernel_t kubelet_t
    rpm_script_t rpm_t spc_t udev_t
"""
_ANY = "unconfined_"


def type_of(label: str) -> str:
    """The type in `user:role:type:level`; empty where the label has none."""
    return [*label.split(":", 3), "", "", ""][2]


def is_above_others(label: str) -> bool:
    """Whether its level has more than the two categories that an engine gives, and so those of other containers."""
    categories = label.rpartition(":")[2]  # of `s0-s0:c0.c1023` those of the high level
    return "." in categories or categories.count(",") > 1


def confines_nothing(kind: str) -> bool:
    """Whether a process of this type may do all that root may, or start what may."""
    return kind.startswith(_ANY) or kind in _UNCONFINED.split()
