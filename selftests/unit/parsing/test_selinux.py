"""Labels of SELinux."""

import pytest

from hullcheck.parsing import selinux


@pytest.mark.parametrize(
    ("label", "kind"),
    [("u:r:container_t:s0:c1,c2", "container_t"), ("u:r:spc_t", "spc_t"), ("container_t", ""), ("", "")],
)
def test_type_of_a_label(label: str, kind: str) -> None:
    """It is the third part; a label without one has none."""
    assert selinux.type_of(label) == kind


def test_types_that_confine() -> None:
    """No type is on both lists, and what begins as the unconfined ones do is one of them."""
    assert not any(map(selinux.confines_nothing, selinux.CONFINED))
    assert all(
        map(selinux.confines_nothing, ("spc_t", "unconfined_t", "unconfined_java_t", "container_runtime_t"))
    )
    assert not selinux.confines_nothing("shop.process")
