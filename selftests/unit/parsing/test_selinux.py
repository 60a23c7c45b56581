"""Labels of SELinux."""

import pytest

from hullcheck.parsing import selinux


@pytest.mark.parametrize(
    ("label", "kind", "confined"),
    [
        ("u:r:container_t:s0:c1,c2", "container_t", True),
        ("u:r:shop.process:s0", "shop.process", True),
        ("u:r:spc_t", "spc_t", False),
        ("u:r:unconfined_java_t:s0", "unconfined_java_t", False),
        ("container_t", "", False),
    ],
)
def test_type_of_a_label(label: str, kind: str, confined: bool) -> None:
    """The type is the third part, and decides whether the process is confined."""
    assert selinux.type_of(label) == kind
    assert selinux.confines_nothing(kind) is not confined
