"""Policy: values are read as a site writes them, silence is not an empty list, and faults are named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hullcheck.inventory import InventoryError, load, yamlfile
from hullcheck.policy import Policy, PortRange, ResourceLimits, merged
from selftests import REPOSITORY

KEYS = list(Policy.__struct_fields__)
POWERS = {
    *("trusted_users", "cgroup_parents", "seccomp_profiles", "allowed_capabilities"),
    *("allowed_mounts", "allowed_devices", "allowed_ulimits", "allowed_setuid_files"),
    *("minimal_distributions", "allowed_host_programs"),
}
WORKLOAD = {
    *("allowed_registries", "allowed_packages", "log_drivers", "allowed_ports", "current_images"),
    *("allowed_host_services", "sensitive_containers", "api_listeners"),
}


def documented() -> list[str]:
    """The YAML example of each key in docs/inventory.md."""
    text = (REPOSITORY / "docs" / "inventory.md").read_text(encoding="utf-8")
    tables = text.split("\n| key, with an example | read by | meaning and default |\n|---|---|---|\n")[1:]
    return [row for table in tables for row in re.findall(r"^\| `([^`]+)` \|", table.partition("\n\n")[0], re.M)]


def test_silence() -> None:
    """Nobody has a power; what depends on the workload is unknown, which an empty list is not."""
    silent = Policy.from_mapping({})
    assert silent == Policy()
    assert {key for key in KEYS if getattr(silent, key) == ()} == POWERS
    assert all(getattr(silent, key) is None for key in WORKLOAD)
    spoken = Policy.from_mapping({key: [] for key in WORKLOAD})
    assert all(getattr(spoken, key) == () for key in WORKLOAD)
    assert silent.resource_limits == ResourceLimits(None, None, None)


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("allowed_capabilities", ["NET_ADMIN", "cap_chown"], ("NET_ADMIN", "CHOWN")),
        ("allowed_ports", [443, "443", "8000-8100"], (*[PortRange(443, 443)] * 2, PortRange(8000, 8100))),
        ("allowed_ports", ["53/udp", "1-65535/tcp"], (PortRange(53, 53, "udp"), PortRange(1, 65535))),
        ("api_listeners", ["*:1", "[fd00::05]:2376"], (("*", 1), ("fd00::5", 2376))),
        ("allowed_registries", ["ghcr.io/example/"], ("ghcr.io/example",)),
        ("seccomp_profiles", ["/etc//x/./y.json"], ("/etc/x/y.json",)),
        ("allowed_mounts", ["//srv/data/", "/"], ("/srv/data", "/")),
        ("image_verification", " cosign ", "cosign"),
        ("resource_limits", {"cpus": "2.5", "pids": 500}, ResourceLimits(None, 2.5, 500)),
        *(
            ("resource_limits", {"memory": written}, ResourceLimits(amount))
            for written, amount in ((1024, 1024), ("512b", 512), ("512M", 512 << 20), ("1.5GiB", 3 << 29))
        ),
    ],
)
def test_values(key: str, written: Any, read: object) -> None:
    """Each is read as the controls compare it."""
    assert getattr(Policy.from_mapping({key: written}), key) == read


def test_allowed_ports() -> None:
    """A range has both its ends, of its protocol alone; without a list nothing is known."""
    policy = Policy.from_mapping({"allowed_ports": ["8000-8100", "53/udp"]})
    found = [policy.allows_port(port) for port in (7999, 8000, 8100, 8101, 53)]
    assert found == [False, True, True, False, False]
    assert policy.allows_port(53, "udp")
    assert (Policy().allows_port(443), Policy(allowed_ports=()).allows_port(443)) == (None, False)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/srv/data", True),
        ("/srv/data/a/b", True),
        ("/srv/database", False),
        ("/srv", False),
        ("/", False),
        ("/srv/data/../secret", False),
        ("srv/data", False),
    ],
)
def test_mount_is_allowed_with_what_lies_below(path: str, allowed: bool) -> None:
    """A path stands for itself and what is below it, not for a neighbour whose name begins alike."""
    assert Policy.from_mapping({"allowed_mounts": ["/srv/data/"]}).allows_mount(path) is allowed
    assert Policy.from_mapping({"allowed_mounts": ["/"]}).allows_mount(path) is path.startswith("/")
    assert not Policy().allows_mount(path)


# ---- faults

WRONG: dict[str, list[Any]] = {
    "trusted_users": ["alice", None, [1000], ["alice,bob"]],
    "os_hardening": [{"standard": "CIS"}],
    "allowed_host_services": [["ssh docker"]],
    "patch_days": [0, "30", True],
    "runtime_security": [[], ["Falco"]],
    "patched_by": ["  "],
    "allowed_registries": [["https://docker.io"]],
    "scan_reports": [{"folder": "x"}, {"folder": "/x", "highest_severity": "bad"}],
    "api_listeners": [["10.0.0.5"], ["host:2376"], ["10.0.0.5:0"], ["fd00::5:2376"]],
    "authorization_plugins": ["opa"],
    "log_limits": [{"max_size": "big"}, {"max_file": True}, {"size": 1}],
    "seccomp_profiles": [["etc/x.json"]],
    "swarm": ["yes"],
    "allowed_capabilities": [["CAP 1"]],
    "allowed_mounts": [["srv"], ["/srv/.."]],
    "allowed_ulimits": [["nofile=1024"]],
    "allowed_ports": [443, [0], ["http"], ["53/icmp"]],
    "resource_limits": ["8g", {"memory": "8 g"}, {"cpus": "two"}],
    "sprawl": [{"unused_images": -1}],
    "swarm_managers": [2],
    "rotation_days": [{"swarm_ca": 0}],
    "docker_bench": [{}],
    "secret_names": [{"keep": ["*"]}, {"names": ["A"]}],
}
NO_LISTENER = "is not an address with a port; write it as '10.0.0.5:2376' or '[fd00::5]:2376'"


def inventory(path: Path, policy: object) -> Path:
    """Write an inventory with this policy for all."""
    path /= "x.yml"
    content = {"targets": {"a": {"connect": "local://"}}, "policy": {"all": policy}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, those in WRONG.items() for value in those])
def test_wrong_value_is_refused(tmp_path: Path, key: str, value: object) -> None:
    """Each key refuses what it cannot mean, and says where."""
    with pytest.raises(InventoryError) as caught:
        load(inventory(tmp_path, {key: value}))
    assert [f": policy.all.{key}" in each for each in caught.value.faults] == [True]


def test_faults_that_no_schema_finds(tmp_path: Path) -> None:
    """They are named at once, each with its place and with what to write."""
    policy = {
        "os_hardening": {"standard": "CIS", "assessed": "2026-02-30"},
        "api_listeners": ["10.0.0.5:65536", "300.0.0.5:1"],
        "allowed_ports": [443, "8100-8000", "1-65536"],
        "resource_limits": {"memory": "0.0", "cpus": "0.0"},
        "log_limits": {"max_size": "0.0001"},
    }
    expected = {
        "os_hardening.assessed": "'2026-02-30' is not a day; write it as 2026-03-31",
        "api_listeners[0]": f"'10.0.0.5:65536' {NO_LISTENER}",
        "api_listeners[1]": f"'300.0.0.5:1' {NO_LISTENER}",
        "allowed_ports[1]": "'8100-8000' is not a range of ports; write two from 1 to 65535, the lower one first",
        "allowed_ports[2]": "'1-65536' is not a range of ports; write two from 1 to 65535, the lower one first",
        "resource_limits.memory": "'0.0' is not an amount of memory; write bytes or '8g', above 0",
        "resource_limits.cpus": "'0.0' is not a number of CPUs; write it as 2 or 2.5, above 0",
        "log_limits.max_size": "'0.0001' is not the size of a log; write it as '10m', above 0",
    }  # fmt: skip
    with pytest.raises(InventoryError) as caught:
        load(inventory(tmp_path, policy))
    assert [each.partition("policy.all.")[2] for each in caught.value.faults] == [
        f"{where}: {fault}" for where, fault in expected.items()
    ]


# ---- layers


def test_later_value_replaces_earlier() -> None:
    """Keys are kept or replaced one by one, lists as a whole and limits one by one; the layers stay as they are."""
    first: dict[str, Any] = {"swarm": True, "trusted_users": ["a"], "resource_limits": {"memory": "8g", "pids": 5}}
    found = merged(first, {"trusted_users": ["c"], "resource_limits": {"memory": "16g"}}, {"log_drivers": []})
    limits = {"memory": "16g", "pids": 5}
    assert found == {"swarm": True, "trusted_users": ["c"], "resource_limits": limits, "log_drivers": []}
    assert first["resource_limits"] == {"memory": "8g", "pids": 5}


# ---- schema and documentation


def test_schema_and_documentation_have_the_keys_of_the_library(tmp_path: Path) -> None:
    """Each is explained in both, in docs/inventory.md with an example that says something."""
    schema = json.loads((yamlfile.SCHEMAS / "inventory.json").read_text(encoding="utf-8"))
    keys = schema["$defs"]["policy"]["properties"]
    assert sorted(keys) == sorted(KEYS)
    assert all(key["title"] and key["description"] for key in keys.values())
    examples = {example.partition(":")[0]: example for example in documented()}
    assert sorted(examples) == sorted(KEYS)
    for key, example in examples.items():
        path = tmp_path / "example.yml"
        path.write_text(example, encoding="utf-8")
        data = yamlfile.load(path).data
        assert list(data) == [key]
        assert load(inventory(tmp_path, data)).policy["all"] == data
        assert getattr(Policy.from_mapping(data), key) != getattr(Policy(), key)
