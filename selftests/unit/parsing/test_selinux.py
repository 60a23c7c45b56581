"""Labels of SELinux."""

import pytest

from hullcheck.parsing.selinux import CONFINED, confines_nothing, type_of


@pytest.mark.parametrize(
    ("label", "kind", "nothing"),
    [
        ("system_u:system_r:container_t:s0:c1,c2", "container_t", False),
        ("system_u:system_r:spc_t:s0", "spc_t", True),
        ("unconfined_u:unconfined_r:unconfined_service_t:s0", "unconfined_service_t", True),
        ("system_u:system_r:myapp_t:s0", "myapp_t", False),
        ("nonsense", "", False),
    ],
)
def test_type_of_a_label(label: str, kind: str, nothing: bool) -> None:
    """It is the third field; some types confine nothing, and what is no label has none."""
    assert type_of(label) == kind
    assert confines_nothing(kind) is nothing
    assert (kind in CONFINED) is (kind == "container_t")
