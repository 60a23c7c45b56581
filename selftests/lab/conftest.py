"""The order of the laboratory's self-tests."""

import pytest

LONGEST = (
    *("machines/test_machines", "audit_runs/test_releases", "rig/test_rig_restores", "daemon/test_2_daemon"),
    *("images/test_4_images", "swarm/test_7_swarm", "audit_runs/test_transport", "images/test_4_contents"),
    *("rig/test_rig", "audit_runs/test_redaction", "host/test_1_audit", "containers/test_5_states"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: one that began last would keep a single worker busy at the end."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    path = item.path.with_suffix("").as_posix()
    return next((place for place, name in enumerate(LONGEST) if path.endswith(f"/{name}")), len(LONGEST))
