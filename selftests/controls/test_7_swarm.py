"""Section 7: each control on nodes that differ in one thing, and which node knows what."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.parsing.times import DAY
from hullcheck.policy import Policy, RotationPeriods
from selftests.kit.facts.swarms import Node, aged, judge_service, listener, service, verdict, verdicts

MANAGER_ONLY = ("7.1", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8")
LISTENERS = (listener("10.0.0.1", 2377), listener("10.0.0.1", 7946))
AUTHORITIES = [{"Protocol": "cfssl", "URL": "https://ca.example/hunter2"}]
LONG = Policy(rotation_days=RotationPeriods(node_certificate=90))


def managers(count: int, *others: str) -> Node:
    """A node of a swarm with so many managers that can be reached, and others."""
    return Node(managers=("Reachable",) * count + others)


def chosen(address: str, state: dict[str, Any] | None) -> Node:
    """A manager that listens at a port of its own."""
    return Node(tcp=(listener(address, 2400), LISTENERS[1]), node_state=state)


@pytest.mark.parametrize(
    ("number", "node", "policy", "expected", "words"),
    [
        ("7.1", managers(1), Policy(), "pass", "1 manager: m1 (Reachable)"),
        ("7.1", managers(2), Policy(), "fail", "an even number bears the loss of no more than 1 would"),
        ("7.1", managers(3), Policy(), "pass", "3 managers: m1 (Reachable), m2 (Reachable), m3 (Reachable)"),
        ("7.1", managers(5), Policy(), "fail", "m5 (Reachable); allowed are 3"),
        ("7.1", managers(5), Policy(swarm_managers=5), "pass", ""),
        ("7.1", managers(1, "Promoted"), Policy(), "fail", "m2 (Promoted)"),  # down, and will be one
        ("7.1", managers(1, "Leader", "Unreachable"), Policy(), "pass", "m2 (Leader), m3 (Unreachable)"),
        ("7.2", Node(), Policy(), "pass", "10.0.0.1:2377/tcp, 10.0.0.1:7946/tcp"),
        ("7.2", Node(tcp=(listener("::", 2377), LISTENERS[1])), Policy(), "fail", "on every address: [::]:2377/tcp"),
        ("7.2", Node(tcp=(LISTENERS[0], listener("0.0.0.0", 7946))), Policy(), "fail", ""),
        ("7.2", Node(tcp=(*LISTENERS, listener("::", 8080))), Policy(), "pass", ""),
        ("7.2", Node(tcp=(*LISTENERS, listener("::", 7946, inode="5"))), Policy(), "pass", ""),
        ("7.2", Node(tcp=LISTENERS[:1]), Policy(), "error", "its listener on 7946/tcp was not found"),
        ("7.2", Node(held=frozenset()), Policy(), "error", ""),
        ("7.2", chosen("0.0.0.0", {"ListenAddr": "0.0.0.0:2400"}), Policy(), "fail", "0.0.0.0:2400/tcp"),
        ("7.2", chosen("10.0.0.1", {"ListenAddr": "10.0.0.1:2400"}), Policy(), "pass", ":2400/tcp"),
        ("7.2", chosen("10.0.0.1", None), Policy(), "error", ""),
        ("7.5", Node(locks=False), Policy(), "fail", "autolock is off (docker info)"),
        ("7.5", Node(cluster={"Spec": {}}), Policy(), "error", ""),
        ("7.6", Node(made_days_ago=364), Policy(), "pass", ""),
        ("7.6", Node(made_days_ago=366), Policy(), "manual", "check that the unlock key was rotated"),
        ("7.6", Node(made_days_ago=366, locks=False), Policy(), "not applicable", ""),
        ("7.6", Node(made_days_ago=-0.01), Policy(), "pass", ""),
        ("7.6", Node(made_days_ago=-1), Policy(), "error", "one clock was wrong"),
        ("7.7", Node(expiry_days=30), Policy(), "pass", "certificates hold for 30 days"),
        ("7.7", Node(expiry_days=30.1), Policy(), "fail", "allowed are 30"),
        ("7.7", Node(expiry_days=90), LONG, "pass", ""),
        ("7.7", Node(cluster={"Spec": {"CAConfig": {}}}), Policy(), "error", ""),
        ("7.7", Node(external=AUTHORITIES), Policy(), "manual", "an external CA makes the certificates"),
        ("7.7", Node(external=AUTHORITIES, expiry_days=90), Policy(), "fail", ""),
        ("7.8", Node(root=aged(364, 7300)), Policy(), "pass", ""),
        ("7.8", Node(root=aged(366, 7300), rotating=True), Policy(), "fail", "; a rotation is under way"),
        ("7.8", Node(root=aged(100, 99)), Policy(), "fail", "ran out"),
        ("7.8", Node(root=aged(1, 7300) + aged(366, 7300)), Policy(), "fail", "366 days ago"),
        ("7.8", Node(root="nonsense"), Policy(), "error", ""),
        ("7.9", Node(), Policy(), "pass", "management on 10.0.0.1, data on 10.0.1.1"),
        ("7.9", Node(node_state={}), Policy(), "fail", "management and data on 10.0.0.1"),
        ("7.9", Node(address=""), Policy(), "error", "docker info does not report the address of this node"),
        ("7.9", Node(node_state=None), Policy(), "error", ""),
    ],
)  # fmt: skip
def test_nodes(number: str, node: Node, policy: Policy, expected: str, words: str) -> None:
    """What a manager or its engine says decides; what it does not say is an error."""
    found, reason = verdict(number, node, policy)
    assert (found, words in reason) == (expected, True), reason
    assert "hunter2" not in node.facts().recording.answers["engine"].stdout


@pytest.mark.parametrize(
    ("root", "asked_days_later", "expected"),
    [
        (aged(1, 30), 28, "pass"),
        (aged(1, 30), 30, "a root certificate ran out on 2026-07-29"),
        (aged(1, 7300), -2, "a root certificate does not hold before 2026-06-29"),
        (aged(364, 7300), 2, "made on 2025-07-01, 366 days ago; allowed are 365"),
    ],
)
def test_certificates_by_both_clocks(root: str, asked_days_later: int, expected: str) -> None:
    """A node whose clock is wrong has no more days than its certificates have by the auditor's clock."""
    facts = Node(root=root).facts()
    asked = facts.recording.gathered + asked_days_later * DAY
    asked_then = Facts(replace(facts.recording, asked=asked), facts.policy, daemon=facts.daemon)
    assert expected in verdicts("7.8", asked_then)["host"]


# ---- which node knows what


def test_nodes_that_take_no_part() -> None:
    """In no swarm nothing applies; a node that is not active is an error, and one that is locked is encrypted."""
    for number in (*MANAGER_ONLY, "7.2", "7.9"):
        assert verdict(number, Node(state="inactive", manager=False))[0] == "not applicable"
        for state in ("pending", "error", "locked"):
            found = verdict(number, Node(state=state, manager=False, error="it failed\nsecond line"))
            locked = (number, state) == ("7.5", "locked")
            assert (
                found[0] == "pass"
                if locked
                else found == ("error", f"this node's state is {state}: it failed")
            )


def test_nodes_that_know_less() -> None:
    """What only managers know a worker does not, nor a swarm without a leader, or a list that failed."""
    bridge = {"Name": "bridge", "Id": "b", "Driver": "bridge", "Scope": "local"}
    worker = Node(manager=False, tcp=LISTENERS[1:], networks=(bridge,))
    empty = {"ID": "", "CreatedAt": "0001-01-01T00:00:00Z", "TLSInfo": {}}
    alone = Node(cluster=empty, error="rpc error: deadline", refusal="The swarm does not have a leader")
    known = "a worker: audit a manager of its swarm, 10.0.0.8:2377 or 10.0.0.9:2377"
    for number in MANAGER_ONLY:
        assert verdict(number, worker) == ("not applicable", known)
        expected = "a manager, but the swarm cannot be asked: rpc error: deadline"
        assert verdict(number, alone) == ("error", expected)
    in_part = Node(refusal="Error response from daemon: rpc error")
    assert verdict("7.1", in_part) == ("error", "docker node inspect: Error response from daemon: rpc error")
    rest = [verdict(number, node)[0] for node in (worker, alone, in_part) for number in ("7.2", "7.9")]
    assert set(rest) == {"pass"}


# ---- 7.3


def network(name: str, driver: str = "overlay", ingress: bool = False, **options: str) -> dict[str, Any]:
    """A network as the engine describes it."""
    return {"Name": name, "Id": name, "Driver": driver, "Ingress": ingress, "Options": options or None}


def test_encryption_of_overlay_networks() -> None:
    """The presence of the option decides, as it does for the engine; another driver needs a manual check."""
    networks = (
        network("safe", encrypted=""),
        network("ingress", ingress=True, vxlanid_list="4096"),
        network("odd", encrypted="false"),
        network("weave", driver="site/weave:1") | {"Scope": "swarm"},
        network("bridge", driver="bridge") | {"Scope": "local"},
    )
    assert verdicts("7.3", Node(networks=networks).facts()) == {
        "ingress": ("fail", "the swarm's own network for published ports, made without the option encrypted"),
        "odd": ("pass", "made with the option encrypted=false"),
        "safe": ("pass", "made with the option encrypted"),
        "weave": ("manual", "check that its driver site/weave:1 encrypts what passes between nodes"),
    }
    assert verdict("7.3", Node(networks=networks[-1:]))[1] == "the swarm has no overlay network"


# ---- 7.4


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("DB_PASSWORD=hunter2", "fail"),
        ("DB_PASSWORD=", "pass"),
        ("DB_PASSWORD", "pass"),
        ("DB_PASSWORD=/run/secrets/db", "pass"),
        ("DB_PASSWORD=/hunter2", "fail"),
        ("DB_PASSWORD={{.Node.ID}}", "pass"),
        ("ALLOW_EMPTY_PASSWORD=yes", "pass"),
        ("DB_PASSWORD_FILE=/run/secrets/x", "pass"),
        ("MODE=x", "pass"),
        ("A=https://host:80/@x", "pass"),
        ("A=amqp://:hunter2@mq", "fail"),
        ("A=-----BEGIN RSA PRIVATE KEY-----\nhunter2", "fail"),
    ],
)
def test_variables_of_a_service(variable: str, expected: str) -> None:
    """A name that says secret with a value that may be one fails; so does a value that shows what it is."""
    found, _, kept = judge_service(variable, "PATH=/bin")
    assert found == expected
    assert "hunter2" not in kept


OPTIONS = {"DriverConfig": {"Options": {"o": "username=a,password=hunter2"}}}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"labels": {"token": "hunter2"}}, "label token: a value given to token"),
        ({"Labels": {"token": "hunter2"}}, "label token: a value given to token"),
        ({"Mounts": [{"VolumeOptions": {"Labels": {"token": "hunter2"}}}]}, "label token: a value given to token"),
        ({"Command": ["app", "--token"], "Args": ["hunter2"]}, "command: a value given to token"),
        ({"Args": ["--password=hunter2"]}, "command: a value given to password"),
        ({"Healthcheck": {"Test": ["CMD", "redis-cli", "-a", "hunter2", "ping"]}},
         "health check: a password or key given to a command"),
        ({"log": {"Name": "splunk", "Options": {"splunk-token": "hunter2"}}},
         "log option splunk-token: a value given to splunk-token"),
        ({"Mounts": [{"VolumeOptions": OPTIONS}]}, "volume option o: a value given to password"),
    ],
)  # fmt: skip
def test_secrets_elsewhere_in_a_service(more: dict[str, Any], expected: str) -> None:
    """All that whoever inspects a service can read is searched, and no secret in it is stored."""
    found, reason, kept = judge_service(**more)
    assert (found, reason) == ("fail", expected)
    assert "hunter2" not in kept
    assert judge_service(**json.loads(json.dumps(more).replace("hunter2", "/run/secrets/x")))[0] == "pass"


@pytest.mark.parametrize(
    ("kind", "source", "target", "expected"),
    [
        ("bind", "/srv/db_password.txt", "/run/db", "fail"),
        ("bind", "/srv/db", "/run/secrets/db_password", "fail"),
        ("bind", "/etc/passwd", "/etc/passwd", "pass"),
        ("volume", "db_password", "/srv/data", "pass"),
    ],
)
def test_secret_in_a_file_of_the_node(kind: str, source: str, target: str, expected: str) -> None:
    """A file that is mounted and has the name of a secret is no secret of the swarm."""
    found, reason, _ = judge_service(Mounts=[{"Type": kind, "Source": source, "Target": target}])
    assert found == expected
    assert (reason == f"as a file of the node: {source}") is (expected == "fail")


def configs(*names: str) -> list[dict[str, Any]]:
    """What a service says of its configs."""
    return [{"ConfigID": f"id-{each}", "ConfigName": each, "File": {"Name": f"/{each}"}} for each in names]


def config(name: str, text: str) -> dict[str, Any]:
    """A config as the engine describes it."""
    return {"ID": f"id-{name}", "Spec": {"Data": base64.b64encode(text.encode()).decode()}}


def test_services_are_kept_apart() -> None:
    """Each variable belongs to its service, and configs are judged by their names and texts."""
    secrets = [{"SecretName": each, "SecretID": "x"} for each in ("db", "api")]
    services = (
        service("b", Secrets=secrets),
        service("c", "X=1", Configs=configs("id_rsa", "nginx")),
        service("d", "TOKEN=hunter2", "Y=1"),
        service("e", Configs=configs("nginx", "motd")),
        service("f", Configs=configs("nginx", "app")),
        service("g", Configs=configs("nginx", "long")),
        service("h", Configs=configs("missing")),
    )
    texts = (
        config("id_rsa", "x"),
        config("nginx", "server { listen 80; }"),
        config("motd", 'password: {{ secret "db" }}'),
        config("app", "[db]\npassword = hunter2zz\n"),
        config("long", "#" * (1 << 17)),
    )
    seen = "none seen in 0 variables, labels, commands and options"
    assert verdicts("7.4", Node(services=services, configs=texts).facts()) == {
        "b": ("pass", f"secrets: api, db; {seen}"),
        "c": ("fail", "as a config: id_rsa"),
        "d": ("fail", "variable TOKEN: a value given to TOKEN"),
        "e": ("pass", f"secrets: none; {seen}, nor in 2 configs"),
        "f": ("fail", "as a config: app (a value given to password)"),
        "g": ("manual", "check that its configs long hold none: they were not searched"),
        "h": ("manual", "check that its configs missing hold none: they were not searched"),
    }
    assert verdict("7.4", Node()) == ("not applicable", "the swarm runs no service")
    damaged = Node(services=(service("a"), {"ID": "x"}))
    assert verdict("7.4", damaged)[0] == "error"
    assert verdict("7.1", damaged) == verdict("7.1", Node())
