"""Section 7 on a real swarm: what its nodes report in each state."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.policy import Policy, RotationPeriods
from selftests.kit.judging import facts_of_engine
from selftests.lab import lacking
from selftests.lab.judgement import differences, verdicts, whole
from selftests.rig.shell import CommandError
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.swarm import Switch
    from selftests.rig.laboratory import Laboratory

CONTROLS = [f"7.{number}" for number in range(1, 10)]
OF_MANAGERS = ["7.1", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8"]


@pytest.fixture(scope="module")
def switch(lab: Laboratory) -> Iterator[Switch]:
    """Three engines on a switch."""
    from selftests.rig.engines.swarm import Switch

    made = Switch(lab, 3)
    yield made
    made.down()


@pytest.fixture
def nodes(switch: Switch) -> Iterator[Switch]:
    """Three engines on a switch, in no swarm."""
    yield switch
    switch.leave()


def facts_of(nodes: Switch, number: int = 1, of: str = "7") -> Facts:
    """Return what an audit of the node with this number learns."""
    return facts_of_engine(nodes.engines[number - 1].socket, of=of)


def later(facts: Facts, days: int) -> Facts:
    """Return the same facts, as if they had been gathered some days later."""
    recording = facts.recording
    return Facts(replace(recording, gathered=recording.gathered + days * 86400), facts.policy)


def info(engine: Engine, field: str) -> str:
    """Return a field of what the engine reports of its swarm."""
    return engine.docker("info", "--format", f"{{{{.Swarm.{field}}}}}").strip()


def all_are(facts: Facts, keys: list[str], verdict: str, reason: str) -> bool:
    """Return whether the verdicts of these controls are one and the same, with this in the reason."""
    return all((found := whole(key, facts))[0] == verdict and reason in found[1] for key in keys)


def test_managers_and_workers(nodes: Switch) -> None:
    """7.1 and others: managers are counted, a worker refers to them, and it is judged by its own addresses."""
    one, two, _ = nodes.engines
    assert all_are(facts_of(nodes), CONTROLS, "not applicable", "")
    nodes.init(1)
    facts = facts_of(nodes, of="7 2.8 2.16")
    assert not differences({("7.1", "local"): "pass", ("2.16", "local"): "not applicable"}, facts)
    assert whole("2.8", facts)[0] == "not applicable"  # the ports of a swarm are not the API

    nodes.join(2, "worker", "--data-path-addr", nodes.address(2, "eth1"))
    worker = facts_of(nodes, 2)
    assert all_are(worker, OF_MANAGERS, "not applicable", f"audit a manager of its swarm, {nodes.address(1)}:2377")
    assert not differences(
        {
            ("7.2", "local"): r"fail: \[::\]:7946/tcp",
            ("7.9", "local"): "pass: management on 10.213.0.2, data on 10.214.0.2",
        },
        worker,
    )
    assert whole("7.9", facts) == ("fail", "management and data both use 10.213.0.1")

    one.docker("node", "promote", info(two, "NodeID"))
    until(lambda: info(one, "Managers") == "2")
    found, reason = whole("7.1", facts_of(nodes))
    assert (found, "(Leader)" in reason, "(Reachable)" in reason) == ("fail", True, True)
    nodes.join(3, "manager")
    until(lambda: info(one, "Managers") == "3")
    facts = facts_of(nodes)
    assert whole("7.1", facts)[0] == "pass"
    assert whole("7.1", Facts(facts.recording, Policy(swarm_managers=1)))[0] == "fail"


def test_pending_node(nodes: Switch) -> None:
    """A node that has not joined yet is an error with its state."""
    one, two = nodes.engines[:2]
    nodes.init(1)
    token = one.docker("swarm", "join-token", "--quiet", "worker").strip()
    one.stop()
    command = ["docker", "--host", f"unix://{two.socket}", "swarm", "join", "--token", token]
    command += ["--advertise-addr", nodes.address(2), f"{nodes.address(1)}:2377"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as join:
        try:
            until(lambda: info(two, "LocalNodeState") == "pending")
            facts = facts_of(nodes, 2)
        finally:
            join.terminate()
    assert all_are(facts, CONTROLS, "error", "this node's state is pending")


def test_settings_of_the_swarm(nodes: Switch) -> None:
    """7.5 to 7.8: the settings decide, a locked manager is known by its state, and a rotation gives a new root."""
    nodes.init(1, "--listen-addr", "eth0")
    one = nodes.engines[0]
    facts = facts_of(nodes)
    wanted = {
        ("7.2", "local"): "pass: 10.213.0.1:2377/tcp",
        ("7.5", "local"): r"fail: autolock is off \(docker info\)",
        ("7.6", "local"): "not applicable",
        ("7.7", "local"): "fail: certificates are valid for 90 days; at most 30 are allowed",
        ("7.8", "local"): "pass",
    }
    assert not differences(wanted, facts)
    longer = Policy(rotation_days=RotationPeriods(node_certificate=90))
    assert whole("7.7", Facts(facts.recording, longer))[0] == "pass"
    ages = {days: whole("7.8", later(facts, days)) for days in (364, 366, 21 * 365)}
    assert [ages[364][0], ages[366][0], "expired on" in ages[21 * 365][1]] == ["pass", "fail", True]

    old = info(one, "Cluster.TLSInfo.TrustRoot")
    one.docker("swarm", "update", "--autolock=true", "--cert-expiry", "720h")
    one.docker("swarm", "ca", "--rotate", "--detach")
    key = one.docker("swarm", "unlock-key", "--quiet").strip()
    until(lambda: info(one, "Cluster.TLSInfo.TrustRoot") != old, limit=60)
    facts = facts_of(nodes)
    assert [whole(each, facts)[0] for each in ("7.5", "7.6", "7.7", "7.8")] == ["pass"] * 4
    assert whole("7.6", later(facts, 366))[0] == "manual"
    one.docker("swarm", "update", "--external-ca", "protocol=cfssl,url=https://127.0.0.1:9/sign")
    assert whole("7.7", facts_of(nodes))[0] == "manual"

    one.restart()
    until(lambda: info(one, "LocalNodeState") == "locked")
    facts = facts_of(nodes)
    assert whole("7.5", facts)[0] == "pass"
    assert all_are(facts, [each for each in CONTROLS if each != "7.5"], "error", "this node's state is locked")
    one.docker("swarm", "unlock", stdin=key)
    until(lambda: info(one, "LocalNodeState") == "active")


TOKEN = "ghp_" + "a1" * 18
CONFIGS = {
    "tls_key_v2": "hunter2",
    "motd": "hello",
    "app.yml": "db:\n  password: hunter2zz\n",
    "long.txt": "word " * 14_000,
}
# By service: options of `docker service create`, and what 7.4 says.
SERVICES: dict[str, tuple[tuple[str, ...], str]] = {
    "plain": (("--replicas", "0"), "pass"),
    "variable": (("--env", "DB_PASSWORD=hunter2"), "fail: variable DB_PASSWORD"),
    "good": (
        ("--secret", "db_password", "--env", "DB_PASSWORD_FILE=/run/secrets/db_password", "--config", "motd"),
        "pass: secrets: db_password; none found",
    ),
    "address": (("--env", "DB=postgres://app:hunter2@db/app"), "fail: variable DB: a password in an address"),
    "config": (("--config", "source=tls_key_v2,target=/etc/site.pem"), "fail: as a config: tls_key_v2"),
    "config-text": (("--config", "app.yml"), "fail: as a config: app.yml .a value given to password"),
    "config-long": (("--config", "long.txt"), "manual: long.txt"),
    "token": (
        ("--env", f"MODE={TOKEN}", "--label", f"app={TOKEN}"),
        "fail: MODE: a GitHub token; label app: a GitHub",
    ),
    "health": (("--health-cmd", "redis-cli -a hunter2 ping"), "fail: health check: a password or key"),
    "log": (("--log-driver", "splunk", "--log-opt", "splunk-token=hunter2"), "fail: log option splunk-token"),
    "volume": (
        (
            "--mount",
            'type=volume,source=v,target=/v,volume-driver=local,"volume-opt=o=username=b,password=hunter2"',
        ),
        "fail: volume option o: a value given to password",
    ),
    "file": (
        ("--mount", "type=bind,source=/srv/db_password.txt,target=/run/db"),
        "fail: as a file of the node",
    ),
}


def test_services_and_networks(nodes: Switch, tmp_path: Path) -> None:
    """7.3, 7.4, 5.8, 5.15 and others; and the docker command gives the verdicts that curl gives."""
    nodes.init(1)
    one = nodes.engines[0]
    one.docker("secret", "create", "db_password", "-", stdin="hunter2")
    for name, text in CONFIGS.items():
        one.docker("config", "create", name, "-", stdin=text)
    for name, options in {"plain": (), "safe": ("--opt", "encrypted")}.items():
        one.docker("network", "create", "--driver", "overlay", *options, name)
    for name, (options, _) in SERVICES.items():
        nodes.service(name, "--replicas", "0", *options)
    nodes.service("open", "--publish", "80:80", "--restart-condition", "any")
    few = ("--restart-condition", "on-failure", "--restart-max-attempts", "5")
    nodes.service("local", *few, "--publish", "mode=host,target=80,published=82")
    nodes.service("shut", *few)
    nodes.service("pinned", "--replicas", "0", image=f"bb:1@sha256:{'2' * 64}")
    until(lambda: len(one.docker("ps", "--quiet").split()) == 3)
    until(lambda: "ingress" in one.docker("network", "ls"))
    facts = facts_of_engine(one.socket)
    wanted = {("7.4", name): verdict for name, (_, verdict) in SERVICES.items()}
    wanted |= {("7.3", "ingress"): "fail", ("7.3", "plain"): "fail", ("7.3", "safe"): "pass"}
    wanted |= {("service_image_is_pinned", "pinned"): "pass", ("service_image_is_pinned", "open"): "fail"}
    assert not differences(wanted, facts)
    for key, expected in {
        "5.8": {"open": "fail", "local": "fail", "shut": "pass"},
        "5.9": {"open": "manual", "local": "manual", "shut": "pass"},
        "5.15": {"open": "fail", "local": "pass", "shut": "pass"},
        "5.6": {"open": "pass", "local": "pass", "shut": "pass"},
    }.items():
        assert {name.partition(".")[0]: each for name, each in verdicts(key, facts).items()} == expected, key
    assert whole("5.1", facts) == ("fail", "swarm mode is on (state active)")
    stored = "".join(each.stdout for each in facts.recording.answers.values())
    assert "hunter2" not in stored
    assert TOKEN not in stored

    by_command = lacking.programs(tmp_path / "bin", {"curl": None})
    other = lacking.facts_of_engine(one.socket, by_command, of="7 5")
    assert [verdicts(key, other) for key in CONTROLS] == [verdicts(key, facts) for key in CONTROLS]
    assert verdicts("5.8", other) == verdicts("5.8", facts)


def test_swarm_without_a_leader(switch: Switch) -> None:
    """A manager that cannot ask its swarm is an error: the empty settings that it shows are no evidence."""
    switch.init(1)
    switch.join(2, "manager")
    one, two, _ = switch.engines
    until(lambda: info(two, "Managers") == "2")
    two.stop()
    until(lambda: not _has_leader(one), limit=60)
    facts = facts_of(switch)
    assert all_are(facts, OF_MANAGERS, "error", "a manager, but the swarm does not answer")
    assert whole("7.2", facts)[0] == "fail"


def _has_leader(engine: Engine) -> bool:
    with suppress(CommandError):
        engine.docker("node", "ls")
        return True
    return False
