"""Policy: values are read as a site writes them, silence is not an empty list, and faults are named."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from hullcheck.inventory import yamlfile
from hullcheck.policy import Policy, PolicyError, PortRange, ResourceLimits, merged
from selftests import REPOSITORY

KEYS = [field.name for field in fields(Policy)]
POWERS = {
    *("trusted_users", "cgroup_parents", "seccomp_profiles", "allowed_capabilities"),
    *("allowed_mounts", "allowed_devices", "allowed_ulimits", "allowed_setuid_files"),
    *("minimal_distributions", "allowed_host_programs"),
}
WORKLOAD = {
    *("allowed_registries", "allowed_packages", "log_drivers", "allowed_ports", "current_images"),
    *("allowed_host_services", "sensitive_containers", "api_listeners"),
}


def faults(mapping: object) -> dict[str, str]:
    """What is wrong with a policy, by where it is."""
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(mapping)
    return {".".join(map(str, way)): fault for way, fault in caught.value.faults}


def documented() -> dict[str, str]:
    """The YAML example of each key in docs/policy.md."""
    text = (REPOSITORY / "docs" / "policy.md").read_text(encoding="utf-8")
    return {
        section.partition("\n")[0].strip(): re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0]
        for section in text.split("\n### ")[1:]
    }


# ---- silence


def test_silent_powers_are_empty() -> None:
    """Without a key, nobody and nothing has a power."""
    assert {key for key in KEYS if getattr(Policy(), key) == ()} == POWERS


def test_silent_workload_is_none() -> None:
    """Without a key, what depends on the workload is unknown, which an empty list is not."""
    silent = Policy.from_mapping({})
    assert all(getattr(silent, key) is None for key in WORKLOAD)
    spoken = Policy.from_mapping({key: [] for key in WORKLOAD})
    assert all(getattr(spoken, key) == () for key in WORKLOAD)


def test_silent_choices() -> None:
    """Without a key: no reason for root rights, any authorization plugin, no swarm, no limit of the site."""
    silent = Policy()
    assert (silent.rootful_reason, silent.authorization_plugins, silent.swarm) == (None, None, False)
    assert silent.resource_limits == ResourceLimits(None, None, None)


# ---- values


def test_capabilities_are_told_in_one_form() -> None:
    """With CAP_ or without, in either case, a capability is the same."""
    policy = Policy.from_mapping(
        {"allowed_capabilities": ["NET_ADMIN", "CAP_SYS_TIME", "cap_chown", "setuid"]}
    )
    assert policy.allowed_capabilities == ("NET_ADMIN", "SYS_TIME", "CHOWN", "SETUID")


@pytest.mark.parametrize(
    ("value", "ports", "text"),
    [
        (443, PortRange(443, 443, "tcp"), "443"),
        ("443", PortRange(443, 443, "tcp"), "443"),
        ("8000-8100", PortRange(8000, 8100, "tcp"), "8000-8100"),
        ("53/udp", PortRange(53, 53, "udp"), "53/udp"),
        ("5000-5001/sctp", PortRange(5000, 5001, "sctp"), "5000-5001/sctp"),
        ("1-65535/tcp", PortRange(1, 65535, "tcp"), "1-65535"),
    ],
)
def test_ports_are_read_and_written(value: object, ports: PortRange, text: str) -> None:
    """A port, a range and a protocol are read, and shown as they would be written."""
    assert PortRange.parse(value) == ports
    assert str(ports) == text


@pytest.mark.parametrize(
    "value",
    [
        0,
        65536,
        -1,
        True,
        None,
        443.5,
        "",
        "0",
        "http",
        "8100-8000",
        "1-65536",
        "53/icmp",
        "53/UDP",
        "1-2-3",
        "٣",
        "80\n",
    ],
    ids=repr,
)
def test_what_is_no_port_is_refused(value: object) -> None:
    """Names, ranges that run backwards, other protocols and numbers out of range are refused."""
    with pytest.raises(ValueError, match=r"is not a (host port|range of ports); write"):
        PortRange.parse(value)


def test_range_contains_both_ends_of_its_protocol() -> None:
    """A range holds its first and last port, neither neighbour, and not the same port of another protocol."""
    ports = PortRange(8000, 8100)
    assert [ports.contains(port) for port in (7999, 8000, 8100, 8101)] == [False, True, True, False]
    assert not ports.contains(8000, "udp")
    assert PortRange(53, 53, "udp").contains(53, "udp")


def test_allowed_port_is_told_from_no_list() -> None:
    """A port is on the list or not; without a list that is unknown."""
    policy = Policy.from_mapping({"allowed_ports": [443, "53/udp"]})
    assert [policy.allows_port(443), policy.allows_port(53, "udp"), policy.allows_port(53)] == [
        True,
        True,
        False,
    ]
    assert Policy().allows_port(443) is None
    assert Policy(allowed_ports=()).allows_port(443) is False


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/srv/data", True),
        ("/srv/data/", True),
        ("/srv/data/a/b", True),
        ("/srv/database", False),
        ("/srv", False),
        ("/", False),
        ("/srv/data/../secret", False),
        ("/srv/x/../data/a", True),
        ("//srv//data", True),
        ("srv/data", False),
        ("data-volume", False),
        ("", False),
    ],
)
def test_mount_is_allowed_with_what_lies_below(path: str, allowed: bool) -> None:
    """A path stands for itself and what is below it, not for a neighbour whose name begins alike."""
    assert Policy.from_mapping({"allowed_mounts": ["/srv/data/"]}).allows_mount(path) is allowed


def test_root_directory_allows_every_mount() -> None:
    """The root directory holds all paths, and silence holds none, not even the root directory."""
    assert Policy.from_mapping({"allowed_mounts": ["/"]}).allows_mount("/etc/shadow")
    assert not Policy().allows_mount("/")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (1024, 1024),
        ("1024", 1024),
        ("512b", 512),
        ("64k", 64 * 1024),
        ("512M", 512 * 1024**2),
        ("8g", 8 * 1024**3),
        ("8GB", 8 * 1024**3),
        ("8GiB", 8 * 1024**3),
        ("1.5g", 3 * 1024**3 // 2),
        ("1t", 1024**4),
    ],
    ids=repr,
)
def test_memory_is_read_as_the_engine_reads_it(written: object, amount: int) -> None:
    """Units are powers of 1024, in either case, with or without b."""
    assert ResourceLimits.from_mapping({"memory": written}).memory == amount


def test_cpus_and_pids_are_numbers() -> None:
    """A number of CPUs may have a fraction, which a policy file hands on as text."""
    limits = ResourceLimits.from_mapping({"cpus": "2.5", "pids": 500})
    assert (limits.cpus, limits.pids) == (2.5, 500)
    assert ResourceLimits.from_mapping({"cpus": 2}).cpus == 2.0


# ---- faults

WRONG: dict[str, list[Any]] = {
    "trusted_users": ["alice", None, {"alice": 1}, [1000], ["alice,bob"], [""]],
    "socket_groups": ["docker", None, [999], ["docker:x"], ["a b"]],
    "minimal_distributions": ["flatcar", ["a b"], [1]],
    "allowed_host_programs": ["gcc", ["gcc make"], [1]],
    "allowed_host_services": ["ssh", ["ssh docker"], [None]],
    "patch_days": [0, -1, "30", True, None],
    "runtime_security": ["falco", [], ["Falco"], [1]],
    "patched_by": ["", "  ", 5, True, None],
    "ip_forward_reason": ["", "  ", 5, True, None],
    "allowed_registries": ["docker.io", ["https://docker.io"], ["a b"]],
    "rootful_reason": ["", "  ", 5, True, None],
    "api_listeners": [
        *("10.0.0.5:2376", ["10.0.0.5"], ["host:2376"], ["10.0.0.5:0"], ["fd00::5:2376"], [2376]),
    ],
    "cgroup_parents": ["batch.slice", [5]],
    "authorization_plugins": ["opa", []],
    "log_drivers": ["syslog", [None]],
    "log_shippers": ["filebeat", []],
    "log_limits": [
        *("10m", {"max_size": 0}, {"max_size": "big"}, {"max_size": True}, {"max_size": "-1"}),
        *({"max_file": 0}, {"max_file": "3"}, {"max_file": True}, {"size": 1}),
    ],
    "seccomp_profiles": ["/etc/x.json", ["etc/x.json"], ["/etc/../x"]],
    "swarm": ["yes", "true", 1, None],
    "allowed_capabilities": ["CHOWN", ["NET-ADMIN"], ["CAP 1"], [21]],
    "allowed_mounts": ["/srv", ["srv"], ["/srv/.."], ["/../etc"], [""]],
    "allowed_devices": ["/dev/fuse", [""]],
    "allowed_ulimits": ["nofile", ["nofile=1024"], [1]],
    "allowed_ports": [443, "443", [0], [65536], ["http"], [True]],
    "resource_limits": [
        *("8g", {"memory": 0}, {"memory": "8 g"}, {"memory": -1}, {"memory": "big"}, {"memory": True}),
        *(
            {"cpus": 0},
            {"cpus": "two"},
            {"cpus": -1},
            {"pids": 0},
            {"pids": "500"},
            {"pids": True},
            {"swap": 1},
        ),
    ],
    "current_images": ["nginx:1", ["nginx 1"], [1]],
    "sensitive_containers": ["db", ["my db"], [1]],
    "allowed_packages": ["libc6", ["libc6 bash"], [1]],
    "allowed_setuid_files": ["/bin/su", ["bin/su"], ["/bin/../su"], [1]],
    "secret_names": [
        ["A"],
        {"hide": "A"},
        {"hide": ["a b"]},
        {"keep": ["*"]},
        {"keep": [1]},
        {"names": ["A"]},
    ],
}
WRONG_CASES = [(key, value) for key, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("key", "value"), WRONG_CASES)
def test_wrong_value_is_refused(key: str, value: object) -> None:
    """Each key refuses what it cannot mean, and says where and what to write."""
    (where, fault), *others = faults({key: value}).items()
    assert where.split(".")[0] == key
    assert re.search("; (write|name)|unknown key", fault), fault
    assert not others


@pytest.mark.parametrize(("key", "value"), WRONG_CASES)
def test_schema_refuses_the_same(tmp_path: Path, key: str, value: object) -> None:
    """What the library refuses, the published schema refuses too, so that an editor shows it."""
    document = yamlfile.Document(
        tmp_path, {"targets": {"a": {"connect": "local://"}}, "policy": {"all": {key: value}}}, {}
    )
    assert [way[:3] for way in document.faults("inventory.json")] == [("policy", "all", key)]


def test_all_faults_are_told_at_once() -> None:
    """Every wrong key and item is named, each where it is."""
    found = faults(
        {"allowed_ports": [443, "http", 0], "swarm": "yes", "resource_limits": {"pids": 0, "ram": 1}}
    )
    assert list(found) == [
        "allowed_ports.1",
        "allowed_ports.2",
        "swarm",
        "resource_limits.pids",
        "resource_limits.ram",
    ]


def test_unknown_key_names_the_nearest() -> None:
    """A misspelt key is refused with the key that was meant."""
    assert faults({"trusted_user": ["alice"]}) == {
        "trusted_user": "unknown key; did you mean 'trusted_users'?"
    }


def test_policy_that_is_no_mapping_is_refused() -> None:
    """A list in the place of a policy is a fault of the whole."""
    assert faults(["alice"]) == {"": "['alice'] is not a mapping; write {key: value}"}


def test_message_has_a_line_for_each_fault() -> None:
    """The text of the error is fit to be shown as it is."""
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping({"swarm": "yes", "allowed_ports": ["http"]})
    assert str(caught.value).splitlines() == [
        "swarm: 'yes' is not a truth value; write true or false",
        "allowed_ports.0: 'http' is not a host port; write it as 443, '8000-8100' or '53/udp'",
    ]


# ---- layers


def test_later_value_replaces_earlier() -> None:
    """Keys are kept or replaced one by one, and lists as a whole."""
    found = merged(
        {"swarm": True, "trusted_users": ["a", "b"]}, {"trusted_users": ["c"]}, {"log_drivers": []}
    )
    assert found == {"swarm": True, "trusted_users": ["c"], "log_drivers": []}


def test_limits_are_kept_one_by_one() -> None:
    """Raising one limit does not lose the others."""
    found = merged({"resource_limits": {"memory": "8g", "pids": 500}}, {"resource_limits": {"memory": "16g"}})
    assert found == {"resource_limits": {"memory": "16g", "pids": 500}}


def test_merging_leaves_its_layers_alone() -> None:
    """The policy of one target does not change that of the next."""
    first: dict[str, Any] = {"resource_limits": {"memory": "8g"}}
    merged(first, {"resource_limits": {"memory": "16g"}})
    assert first == {"resource_limits": {"memory": "8g"}}


# ---- schema and documentation


def test_schema_has_the_keys_of_the_library() -> None:
    """The schema knows the same keys, each explained."""
    schema = json.loads((yamlfile.SCHEMAS / "inventory.json").read_text(encoding="utf-8"))
    keys = schema["$defs"]["policy"]["properties"]
    assert sorted(keys) == sorted(KEYS)
    assert all(key["title"] and key["description"] for key in keys.values())


def test_every_key_is_documented_with_an_example_that_works(tmp_path: Path) -> None:
    """docs/policy.md explains every key in the library's order, with an example that says something."""
    examples = documented()
    assert list(examples) == KEYS
    for key, example in examples.items():
        path = tmp_path / "example.yml"
        path.write_text(example, encoding="utf-8")
        data = yamlfile.load(path).data
        assert list(data) == [key]
        assert getattr(Policy.from_mapping(data), key) != getattr(Policy(), key)


def test_table_of_the_documentation_has_every_key() -> None:
    """The overview lists each key once."""
    text = (REPOSITORY / "docs" / "policy.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[`(\w+)`\]", text, re.MULTILINE) == KEYS
