"""How containers are started again: numbers that fit, overrides for docker compose, and the options of others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts.containers.composed import Composed
from hullcheck.facts.containers.inspect import Binding
from hullcheck.remedies import Start
from hullcheck.remedies.containers import Started, again, of_service, overrides, started
from hullcheck.remedies.table import REMEDIES
from hullcheck.verdicts import EvidenceError
from selftests.unit.remedies.test_plan import failure

SITE = Composed("site", "web", ("/srv/site/compose.yml",), "/srv/site")
DAY = 86_400
REASONS = {
    "container_gains_no_privileges": "processes can gain privileges (no-new-privileges is not set)",
    "container_capabilities_are_needed": "has or can get NET_ADMIN, NET_RAW",
    "container_has_a_seccomp_filter": "runs with --security-opt seccomp=unconfined",
    "container_has_a_pid_namespace": "shares the process namespace of the host",
    "container_has_an_ipc_namespace": "mounts /dev/shm of the host at /dev/shm",
    "container_ports_are_bound_to_an_address": "opens on every address: 0.0.0.0:80/tcp (published for 80)",
    "container_has_a_memory_limit": "no memory limit is in force, and none is set",
    "container_has_a_process_limit": "no process limit is in force, and none is set",
    "container_has_a_cpu_limit": "no CPU share or limit is in force, and none is set",
    "container_cpu_time_is_capped": "no CPU limit is in force, and none is set",
    "container_root_is_read_only": "the root file system can be written to",
    "container_is_not_privileged": "runs with --privileged",
    "container_drops_all_capabilities": "drops no capability instead of ALL",
}


def container(**more: Any) -> SimpleNamespace:
    """One that has all of these faults."""
    asked = {
        "privileged": True,
        "cap_add": ["CAP_NET_ADMIN", "CHOWN"],
        "security_opt": ["seccomp:unconfined", "label=user:x"],
        "port_bindings": {"80/tcp": [Binding(host_ip="0.0.0.0", host_port="80")], "53/udp": [Binding(host_ip="::1")]},
        "tmpfs": {"/run": ""},
    }
    shared = SimpleNamespace(destination="/dev/shm", source="/dev/shm")
    process = SimpleNamespace(uids=(1000,) * 4, effective_capabilities=0)
    runtime = SimpleNamespace(peak_memory=37 << 20, peak_pids=9, processes=(process,))
    found = {
        "name": "site-web-1",
        "composed": SITE,
        "service_id": "",
        "running": True,
        "user": "1000",
        "host_config": SimpleNamespace(**asked),
        "inspect": SimpleNamespace(mounts=[shared]),
        "mounts": SimpleNamespace(writable=[]),
        "runtime": runtime,
        "written_paths": ("/run/lock", "/tmp/x", "/var/cache/nginx"),
        "age": lambda now: now,
    }
    return SimpleNamespace(**{**found, **more})


def change(name: str, one: SimpleNamespace, age: float = 12.5 * DAY, reason: str = "") -> Started:
    """The setting for a fault of this container, with an engine on two processors."""
    facts = SimpleNamespace(
        get={"container": [(one.name, one)], "engine": SimpleNamespace(info=SimpleNamespace(ncpu=2))}.get,
        recording=SimpleNamespace(now=age),
    )
    remedy = REMEDIES[name]
    assert isinstance(remedy, Start)
    return started(failure(reason or REASONS[name], one.name, "container", name), remedy, facts)  # type: ignore[arg-type]


def test_override() -> None:
    """Each list has what stays of it; a share gives way to a limit, and NET_RAW to all capabilities."""
    (made,) = overrides([change(each, container()) for each in REASONS])
    assert made.name == "compose.site.yml"
    assert made.text.partition("services:\n")[2].splitlines() == [
        "  web:",
        "    privileged: false",
        "    mem_limit: 96m # 37 MB at most since the start 12 days ago",
        "    pids_limit: 64 # 9 processes and threads at most since the start 12 days ago",
        "    cpus: 1.0",
        "    read_only: true",
        '    security_opt: !override ["label=user:x", no-new-privileges:true]',
        "    cap_drop: [ALL]",
        "    tmpfs: [/run/lock, /tmp/x, /var/cache/nginx]",
        "    cap_add: !override [CHOWN]",
        "    pid: !reset null",
        "    volumes: [{type: tmpfs, target: /dev/shm}]",
        '    ports: !override ["127.0.0.1:80:80", "[::1]::53/udp"]',
    ]


def test_added_options_stay_added() -> None:
    """A list of the Compose file is not replaced if nothing of it goes."""
    plain = container(host_config=SimpleNamespace(security_opt=None, cap_add=None, privileged=False))
    (made,) = overrides([change("container_gains_no_privileges", plain)])
    assert made.text.endswith("  web:\n    security_opt: [no-new-privileges:true]\n")


@pytest.mark.parametrize(
    ("megabytes", "pids", "expected"),
    [(1, 1, "32m 64"), (16, 32, "32m 64"), (17, 33, "48m 100"), (500, 700, "1g 1500"), (800, 5000, "2g 10000")],
)
def test_numbers_are_twice_the_peak(megabytes: int, pids: int, expected: str) -> None:
    """Rounded up to what people write."""
    runtime = SimpleNamespace(peak_memory=megabytes << 20, peak_pids=pids)
    names = {"memory": "container_has_a_memory_limit", "pids": "container_has_a_process_limit"}
    found = [dict(change(name, container(runtime=runtime)).numbers)[kind] for kind, name in names.items()]
    assert " ".join(found) == expected


def test_numbers_that_nobody_counted() -> None:
    """Recordings without them get those that fit most; of a young container it is said that it is young."""
    none = SimpleNamespace(peak_memory=None, peak_pids=None)
    made = change("container_has_a_memory_limit", container(runtime=none))
    assert (made.update, made.note) == ("--memory 512m --memory-swap -1", "")
    young = change("container_has_a_memory_limit", container(), age=3 * 3600.0)
    assert young.note == "37 MB at most since the start 3 hours ago: that may be too short to know"


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("container_root_is_read_only", {"written_paths": ("/home/a", "/tmp")}, "it writes to /home/a: decide on"),
        ("container_drops_all_capabilities", {"user": "root"}, "it has processes of root"),
        ("container_drops_all_capabilities", {"user": "0"}, "it has processes of root"),
        ("container_drops_all_capabilities", {"running": False}, "it has processes of root"),
        ("container_has_a_pid_namespace", {"service_id": "x"}, "change the stack file of its swarm service"),
        ("container_opens_no_privileged_port", {}, "write another port in its Compose file"),
    ],
)
def test_what_is_left_to_a_person(name: str, more: dict[str, Any], said: str) -> None:
    """With the reason, and what to decide."""
    with pytest.raises(EvidenceError, match=said):
        change(name, container(**more), reason=REASONS.get(name, "opens 0.0.0.0:80/tcp (published for 80)"))


def test_options_of_docker_run_and_services() -> None:
    """The whole changed part of a command."""
    alone = container(composed=None)
    port = change("container_opens_no_privileged_port", alone, reason="opens 0.0.0.0:80/tcp (published for 80)")
    made = [port, *(change(each, alone) for each in [*REASONS][:3])]
    assert again(made) == (
        [
            "--publish 127.0.0.1:8080:80",
            "--publish [::1]::53/udp",
            "--security-opt no-new-privileges",
            "--cap-drop NET_RAW",
        ],
        ["--publish", "--cap-add CAP_NET_ADMIN", "--security-opt seccomp=unconfined"],
    )
    task = container(service_id="x", composed=None)
    names = ("container_has_a_memory_limit", "container_has_a_process_limit")
    assert of_service([change(each, task) for each in names]) == "--limit-memory 96m --limit-pids 64"
    assert change("container_has_a_memory_limit", task).update == ""
