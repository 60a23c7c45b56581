"""Section 7: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.engine.networks import Network, networks
from hullcheck.facts.swarm.planes import cards_of
from hullcheck.parsing.times import DAY
from hullcheck.policy import Policy, PolicyError, RotationPeriods
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.swarms import (
    PID,
    Node,
    aged,
    datagrams,
    listener,
    service,
    settings,
    task,
    verdict,
    verdicts,
)

# ---- 7.1


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (1, 3, "pass"),
        (2, 3, "fail"),
        (3, 3, "pass"),
        (4, 7, "fail"),
        (5, 3, "fail"),
        (5, 5, "pass"),
        (7, 3, "fail"),
    ],
)
def test_number_of_managers(count: int, most: int, expected: str) -> None:
    """Odd and at most what the policy says, which is 3 where it is silent; workers do not count."""
    found, reason = verdict("7.1", Node(managers=("Reachable",) * count), Policy(swarm_managers=most))
    assert found == expected
    assert f"m{count} (Reachable)" in reason
    assert "w1" not in reason
    assert Policy().swarm_managers == 3


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ("pass", "1 manager: m1 (Reachable)")),
        (
            2,
            (
                "fail",
                "2 managers: m1 (Reachable), m2 (Reachable); an even number bears the loss of no more than 1 would",
            ),
        ),
        (3, ("fail", "3 managers: m1 (Reachable), m2 (Reachable), m3 (Reachable); allowed are 1")),
    ],
)
def test_words_of_managers(count: int, expected: tuple[str, str]) -> None:
    """What is wrong with their number."""
    assert verdict("7.1", Node(managers=("Reachable",) * count), Policy(swarm_managers=1)) == expected


def test_node_that_was_promoted_while_it_is_down() -> None:
    """It is a manager as soon as it comes back, and counts."""
    assert verdict("7.1", Node(managers=("Leader", "Promoted")))[0] == "fail"
    found, reason = verdict("7.1", Node(managers=("Leader", "Unreachable", "Promoted")))
    assert (found, "m3 (Promoted)" in reason) == ("pass", True)


# ---- 7.2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "pass"),
        ({"tcp": (listener("::", 2377), listener("10.0.0.1", 7946))}, "fail"),
        ({"tcp": (listener("10.0.0.1", 2377), listener("::", 7946))}, "fail"),
        ({"udp": (datagrams("0.0.0.0", 7946),)}, "fail"),
        ({"tcp": (listener("fd00::1", 2377), listener("10.0.0.1", 7946))}, "pass"),
        ({"tcp": (listener("10.0.0.1", 2377), listener("10.0.0.1", 7946), listener("::", 8080))}, "pass"),
        (
            {
                "tcp": (
                    listener("10.0.0.1", 2377),
                    listener("10.0.0.1", 7946),
                    listener("::", 7946, inode="5"),
                )
            },
            "pass",
        ),
        ({"tcp": (listener("10.0.0.1", 2377),)}, "error"),
        ({"udp": ()}, "error"),
        ({"udp": (datagrams("10.0.0.1", 7946, 5),)}, "error"),
        ({"held": frozenset()}, "error"),
    ],
)
def test_swarm_ports(change: dict[str, Any], expected: str) -> None:
    """Each of the three ports decides, of the daemon's own sockets, and one that is missing is not passed over."""
    assert verdict("7.2", replace(Node(), **change))[0] == expected


@pytest.mark.parametrize(("listens", "expected"), [("0.0.0.0", "fail"), ("10.0.0.1", "pass")])
def test_chosen_port(listens: str, expected: str) -> None:
    """The port of --listen-addr is found, not only the default one."""
    tcp = (listener(listens, 2400), listener("10.0.0.1", 7946))
    found, reason = verdict("7.2", Node(tcp=tcp, node_state={"ListenAddr": f"{listens}:2400"}))
    assert (found, ":2400/tcp" in reason) == (expected, True)
    assert verdict("7.2", Node(tcp=tcp, node_state=None))[0] == "error"  # then it cannot be told


def test_port_of_the_kernel() -> None:
    """The socket for overlay networks is told and does not decide: nothing but a packet filter closes it."""
    assert verdict("7.2", Node())[1] == (
        "10.0.0.1:7946/udp, 10.0.0.1:2377/tcp, 10.0.0.1:7946/tcp"
        "; overlay networks: 0.0.0.0:4789/udp, on every address by the kernel: see to a packet filter"
    )
    assert "overlay" not in verdict("7.2", Node(udp=(datagrams("10.0.0.1", 7946),)))[1]
    of_the_daemon = Node(udp=(datagrams("10.0.0.1", 7946), datagrams("0.0.0.0", 4789, 1)))
    assert "overlay" not in verdict("7.2", of_the_daemon)[1]
    other = Node(
        udp=(datagrams("10.0.0.1", 7946), datagrams("0.0.0.0", 5000, 9)), cluster={"DataPathPort": 5000}
    )
    assert "0.0.0.0:5000/udp" in verdict("7.2", other)[1]


# ---- 7.3


def network(name: str, driver: str = "overlay", ingress: bool = False, **options: str) -> dict[str, Any]:
    """A network as the engine describes it."""
    return {"Name": name, "Id": name, "Driver": driver, "Ingress": ingress, "Options": options or None}


def test_encryption_of_overlay_networks() -> None:
    """The presence of the option decides, as it does for the engine; what another driver does a person has to say."""
    networks = (
        network("ingress", ingress=True, vxlanid_list="4096"),
        network("plain"),
        network("safe", encrypted=""),
        network("odd", encrypted="false"),
        network("weave", driver="site/weave:1") | {"Scope": "swarm"},
        network("cards", driver="macvlan") | {"Scope": "swarm"},
        network("bridge", driver="bridge") | {"Scope": "local"},
    )
    found = verdicts("7.3", Node(networks=networks).facts())
    assert found.pop("safe") == ("pass", "")
    given = {name: result[0] for name, result in found.items()}
    assert given == {"ingress": "fail", "plain": "fail", "odd": "pass", "weave": "manual", "cards": "manual"}
    assert found["odd"][1].startswith("encrypted=false counts as yes")
    assert "the swarm's own network" in found["ingress"][1]
    assert verdict("7.3", Node(networks=networks[-1:]))[1] == "the swarm has no overlay network"


VXLAN = "com.docker.network.driver.overlay.vxlanid_list"
BPF = "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 {},6 0 0 0,6 0 0 4294967295"
MARK = "-A OUTPUT -p udp -m udp --dport 4789 -m {} -j MARK --set-xmark 0xd0c4e3/0xffffffff"
DROP = "-A INPUT -p udp -m policy --dir in --pol none -m udp --dport 4789 -m {} -j DROP"


LISTED = ({"Daemon": PID, "Lists": "iptables-save"}, {"Daemon": PID, "Lists": "xfrm"})
SECURED = {"Daemon": PID, "Secures": "10.0.0.2/32"}


def safe(peers: int = 2, numbers: str = "4097") -> dict[str, Any]:
    """An encrypted network with tasks on so many nodes."""
    addresses = [{"IP": f"10.0.0.{number}"} for number in range(1, peers + 1)]
    return network("safe", encrypted="", **{VXLAN: numbers}) | {"Peers": addresses}


def verdict_on_safe(*seen: dict[str, Any], **given: Any) -> str:
    """That on such a network by what was seen in the networks of daemons."""
    return verdicts("7.3", Node(networks=(safe(**given), *seen)).facts())["safe"][0]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([MARK.format(BPF.format(4097)), DROP.format(BPF.format(4097))], "pass"),
        (
            [MARK.format("u32 --u32 0x0>>0x16&0x3c@0xc&0xffffff00=0x100100"), DROP.format(BPF.format(4097))],
            "pass",
        ),
        ([DROP.format(BPF.format(4097))], "fail"),
        ([MARK.format(BPF.format(4097))], "fail"),
        ([MARK.format(BPF.format(4098)), DROP.format(BPF.format(4098))], "fail"),
        ([MARK.format(BPF.format(40970)), DROP.format(BPF.format(40970))], "fail"),
    ],
)
def test_rules_that_encrypt_a_network(rules: list[str], expected: str) -> None:
    """Where they are gone from this node, what it sends to others goes in clear, whatever the option says."""
    seen = [{"Daemon": PID, "Encrypts": each} for each in rules]
    assert verdict_on_safe(*LISTED, SECURED, *seen) == expected
    elsewhere = [each | {"Daemon": PID + 1} for each in seen]
    assert verdict_on_safe(*LISTED, SECURED, *elsewhere) == "fail"
    for unlisted in ({"Lists": "nft"}, {"Lists": "ip6tables-save"}, {"Daemon": PID + 1}):
        assert verdict_on_safe(LISTED[0] | unlisted, LISTED[1], SECURED, *seen) == "error"
    assert verdict_on_safe(*LISTED, SECURED, *seen, numbers="") == "error"
    assert verdict_on_safe(*LISTED, peers=1) == "pass"
    known = (network("plain") | {"Peers": safe()["Peers"]}, safe(), *LISTED, SECURED, *seen)
    found = verdicts("7.3", Node(manager=False, networks=known).facts())
    assert {name: given for name, (given, _) in found.items()} == {"safe": expected}


def test_policies_that_encrypt_a_network() -> None:
    """The rules mark packets, and a policy of the kernel for each other node has what is marked encrypted."""
    rules = [{"Daemon": PID, "Encrypts": each.format(BPF.format(4097))} for each in (MARK, DROP)]
    assert verdict_on_safe(*LISTED, SECURED, *rules) == "pass"
    assert verdict_on_safe(*LISTED, *rules) == "fail"
    assert verdict_on_safe(*LISTED, SECURED, *rules, peers=3) == "fail"
    assert verdict_on_safe(*LISTED, SECURED | {"Daemon": PID + 1}, *rules) == "fail"
    assert verdict_on_safe(LISTED[0], SECURED, *rules) == "error"


def test_overlay_networks_are_judged_by_name() -> None:
    """Each is a network of its own to a reader of results."""
    facts = Node(networks=(network("b"), network("a"), network("c", driver="bridge"))).facts()
    found = facts.overlay_network
    assert (found.kind, [name for name, _ in found]) == ("network", ["a", "b"])


def test_network_that_went_between_two_questions() -> None:
    """A network that is gone since it was listed says nothing of the others; any other complaint is an error."""
    line = json.dumps({"Name": "a", "Id": "b", "Driver": "bridge"})
    gone = f"Error response from daemon: network {'0' * 64} not found"

    def recording(status: int, *complaints: str) -> Recording:
        answers = {
            "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
            "docker_networks": Answer("docker_networks", status, line, "\n".join(complaints)),
        }
        return Recording("host", "local", answers)

    for complaint in (gone, f"Error: No such network: {'0' * 64}"):
        assert [each.name for each in networks(recording(1, complaint))] == ["a"]
    for complaints in ([], [gone, "Cannot connect to the Docker daemon"], ["network x not found"]):
        with pytest.raises(EvidenceError):
            networks(recording(1, *complaints))
    with pytest.raises(EvidenceError):
        networks(recording(124, gone))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{}", "Name is missing"),
        ('{"Name": "a"}', "Id is missing"),
        ('{"Name": "a", "Id": "b"}', "Driver is missing"),
        ('{"Name": "a", "Id": "b", "Driver": "bridge", "Internal": null}', "Internal is null"),
        ("5", "the answer is 5"),
    ],
)
def test_network_that_is_not_understood(line: str, fault: str) -> None:
    """An answer without what the engine's API documents is an error, never a network less."""
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_networks": Answer("docker_networks", 0, line, ""),
    }
    told = f"^docker network inspect: {fault}$"
    with pytest.raises(EvidenceError, match=told):
        networks(Recording("host", "local", answers))
    answers["docker_networks"] = Answer("docker_networks", 0, "{", "")
    with pytest.raises(EvidenceError, match=r"^docker_networks: "):
        networks(Recording("host", "local", answers))


def test_networks_are_read() -> None:
    """All that is asked of a network is there."""
    line = {"Name": "a", "Id": "b", "Driver": "c", "Ingress": True, "Options": {"d": "e"}}
    other = {"Name": "f", "Id": "g", "Driver": "h", "Options": None, "Internal": True}
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_networks": Answer("docker_networks", 0, f"{json.dumps(line)}\n{json.dumps(other)}\n", ""),
    }
    assert networks(Recording("host", "local", answers)) == (
        Network("a", "b", "c", True, {"d": "e"}, internal=False),
        Network("f", "g", "h", False, {}, internal=True),
    )


# ---- 7.4


def judge_service(*variables: str, **more: Any) -> tuple[str, str, str]:
    """The verdict and reason of 7.4 on one service, and what is stored of the swarm."""
    found = Node(objects=(service("web", *variables, **more),)).facts()
    return (*verdicts("7.4", found)["web"], found.recording.answers["swarm"].stdout)


def secrets(*names: str) -> list[dict[str, Any]]:
    """What a service says of its secrets."""
    return [{"SecretName": each, "SecretID": "x"} for each in names]


def configs(*names: str) -> list[dict[str, Any]]:
    """The same of its configs."""
    return [{"ConfigID": f"id-{each}", "ConfigName": each, "File": {"Name": f"/{each}"}} for each in names]


def config(name: str, text: str | None) -> str:
    """The line of the probe's answer for a config; without its text where that is too long."""
    data = None if text is None else base64.b64encode(text.encode()).decode()
    return f"config {json.dumps({'ID': f'id-{name}', 'Data': data})}"


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("DB_PASSWORD=hunter2", "fail"),
        ("DB_PASSWORD=", "pass"),
        ("DB_PASSWORD", "pass"),
        ("DB_PASSWORD=/run/secrets/db", "pass"),
        ("DB_PASSWORD=/hunter2", "fail"),
        ("DB_PASSWORD=/Zm9v/YmFy", "fail"),
        ("DB_PASSWORD={{.Node.ID}}", "pass"),
        ("DB_PASSWORD={{x}}y", "fail"),
        ("ALLOW_EMPTY_PASSWORD=yes", "pass"),
        ("DB_PASSWORD_FILE=/run/secrets/x", "pass"),
        ("DB_PASSWORD_FILE=x", "pass"),
        ("MODE=x", "pass"),
        ("A=https://u@host/x:y@z", "pass"),
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


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"labels": {"token": "hunter2"}}, "label token: a value given to token"),
        ({"Labels": {"token": "hunter2"}}, "label token: a value given to token"),
        (
            {"Mounts": [{"VolumeOptions": {"Labels": {"token": "hunter2"}}}]},
            "label token: a value given to token",
        ),
        ({"Command": ["app", "--token"], "Args": ["hunter2"]}, "command: a value given to token"),
        ({"Args": ["--password=hunter2"]}, "command: a value given to password"),
        (
            {"Healthcheck": {"Test": ["CMD", "redis-cli", "-a", "hunter2", "ping"]}},
            "health check: a password or key given to a command",
        ),
        (
            {"log": {"Name": "splunk", "Options": {"splunk-token": "hunter2"}}},
            "log option splunk-token: a value given to splunk-token",
        ),
        (
            {
                "Mounts": [
                    {"VolumeOptions": {"DriverConfig": {"Options": {"o": "username=a,password=hunter2"}}}}
                ]
            },
            "volume option o: a value given to password",
        ),
    ],
)
def test_secrets_elsewhere_in_a_service(more: dict[str, Any], expected: str) -> None:
    """All that whoever inspects a service can read is searched, and no secret in it is stored."""
    found, reason, kept = judge_service(**more)
    assert (found, reason) == ("fail", expected)
    assert "hunter2" not in kept
    harmless = json.loads(json.dumps(more).replace("hunter2", "/run/secrets/x"))
    assert judge_service(**harmless)[0] == "pass"


def test_secrets_before_the_last_update() -> None:
    """Settings to which the service can be rolled back count, and what was there before and after is told once."""
    before = settings("DB_PASSWORD=hunter2", Args=["--token=hunter2"])
    found, reason, kept = judge_service("A=b", before=before)
    told = "before the last update: variable DB_PASSWORD: a value given to DB_PASSWORD"
    assert (found, reason) == ("fail", f"{told}; before the last update: command: a value given to token")
    assert "hunter2" not in kept
    now = "variable DB_PASSWORD: a value given to DB_PASSWORD"
    _, reason, _ = judge_service("DB_PASSWORD=hunter3", before=settings("DB_PASSWORD=hunter2"))
    assert reason == now
    assert judge_service("A=b", before=settings("A=c"))[0] == "pass"
    assert judge_service("A=b", before=settings() | {"Container": None})[0] == "pass"
    node = Node(objects=(service("web", before={"Labels": {}}),))
    assert verdict("7.4", node)[0] == "error"


def test_secrets_in_tasks() -> None:
    """A task keeps the settings with which it was made, and what its service has as well is told once."""
    service_now = service("web", "A=b")
    old, same = task("web", "DB_PASSWORD=hunter2", Args=["--token=hunter2"]), task("web", "A=b")
    facts = Node(objects=(service_now, service("other"), old, old, same)).facts()
    told = "in a task: variable DB_PASSWORD: a value given to DB_PASSWORD"
    assert verdicts("7.4", facts)["web"] == ("fail", f"{told}; in a task: command: a value given to token")
    assert verdicts("7.4", facts)["other"][0] == "pass"
    assert "hunter2" not in facts.recording.answers["swarm"].stdout
    assert verdicts("7.4", Node(objects=(service_now, same)).facts())["web"][0] == "pass"
    before = service("web", before=settings("DB_PASSWORD=hunter2"))
    told = "before the last update: variable DB_PASSWORD: a value given to DB_PASSWORD"
    facts = Node(objects=(before, task("web", "DB_PASSWORD=hunter2"))).facts()
    assert verdicts("7.4", facts)["web"] == ("fail", told)
    assert verdict("7.4", Node(objects=(service_now, 'task {"Service":"web"}')))[0] == "error"


@pytest.mark.parametrize(
    ("kind", "source", "target", "expected"),
    [
        ("bind", "/srv/db_password.txt", "/run/db", "fail"),
        ("bind", "/srv/db", "/run/secrets/db_password", "fail"),
        ("bind", "/srv/site.key", "/etc/site.pem", "fail"),
        ("bind", "/srv/site", "/etc/site", "pass"),
        ("bind", "/etc/passwd", "/etc/passwd", "pass"),
        ("volume", "db_password", "/srv/data", "pass"),
    ],
)
def test_secret_in_a_file_of_the_node(kind: str, source: str, target: str, expected: str) -> None:
    """A file that is mounted and has the name of a secret is no secret of the swarm."""
    mount = {"Type": kind, "Source": source, "Target": target}
    found, reason, _ = judge_service(Mounts=[mount])
    assert found == expected
    assert (reason == f"as a file of the node: {source}") is (expected == "fail")
    assert judge_service(before=settings(Mounts=[mount]))[0] == "pass"


def test_services_are_kept_apart() -> None:
    """Each variable belongs to its service, and configs are judged by their names."""
    objects = (
        service("a", "X=1"),
        service("b", Secrets=secrets("db", "api")),
        service("c", "X=1", Configs=configs("id_rsa", "nginx")),
        service("d", "TOKEN=hunter2", "Y=1"),
        service("e", Configs=configs("nginx", "motd")),
        service("f", Configs=configs("nginx", "app")),
        service("g", Configs=configs("nginx", "long")),
        service("h", Configs=configs("untold")),
        config("id_rsa", "x"),
        config("nginx", "server { listen 80; }"),
        config("motd", 'password: {{ secret "db" }}'),
        config("app", "[db]\npassword = hunter2zz\n"),
        config("long", None),
    )
    seen = "none seen in {} variables, labels, commands and options"
    assert verdicts("7.4", Node(objects=objects).facts()) == {
        "a": ("pass", f"secrets: none; {seen.format(1)}"),
        "b": ("pass", f"secrets: api, db; {seen.format(0)}"),
        "c": ("fail", "as a config: id_rsa"),
        "d": ("fail", "variable TOKEN: a value given to TOKEN"),
        "e": ("pass", f"secrets: none; {seen.format(0)}, nor in 2 configs"),
        "f": ("fail", "as a config: app (a value given to password)"),
        "g": ("manual", "a person has to search its configs long: do they hold any?"),
        "h": ("manual", "a person has to search its configs untold: do they hold any?"),
    }
    assert verdicts("7.4", Node(objects=(*objects, "config {")).facts())["host"][0] == "error"
    assert verdict("7.4", Node()) == ("not applicable", "the swarm runs no service")


def test_service_that_is_not_understood() -> None:
    """It is an error, and spoils no other control; so is one as it was kept in another way."""
    for line in (
        "service ",
        'service {"ID":"x","Name":"web"}',
        'service {"ID":"x","Name":"web","Labels":{},"Container":{},"Log":null}',
        'service {"ID":"x","Name":"web","Env":["A=b"',
    ):
        node = Node(objects=(service("a"), line))
        assert verdict("7.4", node)[0] == "error"
        assert verdict("7.1", node) == verdict("7.1", Node())


# ---- 7.5 and 7.6


def test_autolock() -> None:
    """The setting decides."""
    assert verdict("7.5", Node(locks=True)) == ("pass", "autolock is on (docker info)")
    assert verdict("7.5", Node(locks=False)) == ("fail", "autolock is off (docker info)")
    assert verdict("7.5", Node(cluster={"Spec": {}}))[0] == "error"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(made_days_ago=364), "pass"),
        (Node(made_days_ago=366), "manual"),
        (Node(made_days_ago=366, locks=False), "not applicable"),
        (Node(cluster={"CreatedAt": ""}), "error"),
        (Node(made_days_ago=-0.01), "pass"),
        (Node(made_days_ago=-1), "error"),
    ],
)
def test_age_of_the_unlock_key(node: Node, expected: str) -> None:
    """The key is no older than its swarm; beyond that the swarm keeps no date, and a person has to say."""
    assert verdict("7.6", node)[0] == expected


# ---- 7.7 and 7.8


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(), "pass"),
        (Node(expiry_days=29), "pass"),
        (Node(expiry_days=30.1), "fail"),
        (Node(expiry_days=90), "fail"),
        (Node(certificate=aged(31, 30)), "fail"),
        (Node(certificate=aged(-1, 30)), "fail"),
        (Node(certificate=aged(80, 90)), "fail"),
        (Node(certificate=""), "error"),
        (Node(certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), "error"),
        (Node(cluster={"Spec": {"CAConfig": {}}}), "error"),
    ],
)
def test_certificates_of_nodes(node: Node, expected: str) -> None:
    """How long new ones hold decides, how long this node's does, and whether it holds now."""
    assert verdict("7.7", node)[0] == expected


def test_certificates_of_an_external_ca() -> None:
    """It decides for how long they hold, whatever the swarm's setting says; what fails without it fails with it."""
    authorities = [{"Protocol": "cfssl", "URL": "https://ca.example/hunter2"}]

    def node(external: object, days: float = 30) -> Node:
        spec = {"CAConfig": {"NodeCertExpiry": int(days * 86400e9), "ExternalCAs": external}}
        return Node(cluster={"Spec": spec})

    found, reason = verdict("7.7", node(authorities))
    assert (found, "an external CA makes them" in reason) == ("manual", True)
    assert verdict("7.7", node(authorities, 90))[0] == "fail"
    assert verdict("7.7", node(None))[0] == verdict("7.7", node([]))[0] == "pass"
    assert "hunter2" not in node(authorities).facts().recording.answers["swarm"].stdout


def test_certificate_from_before() -> None:
    """A certificate that was made before the setting changed holds for as long as it was made for."""
    found, reason = verdict("7.7", Node(certificate=aged(80, 90 + 1 / 24)))
    assert (found, "made to hold for 90 days; allowed are 30" in reason) == ("fail", True)
    assert verdict("7.7", Node(certificate=aged(1, 30 + 1 / 24)))[0] == "pass"
    longer = Policy(rotation_days=RotationPeriods(node_certificate=90))
    assert verdict("7.7", Node(expiry_days=90), longer)[0] == "pass"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(root=aged(364, 7300)), "pass"),
        (Node(root=aged(366, 7300)), "fail"),
        (Node(root=aged(100, 99)), "fail"),
        (Node(root=aged(1, 7300) + aged(366, 7300)), "fail"),
        (Node(root=aged(366, 7300), rotating=True), "fail"),
        (Node(cluster={"TLSInfo": {}}), "error"),
        (Node(root="nonsense"), "error"),
    ],
)
def test_age_of_the_root(node: Node, expected: str) -> None:
    """The oldest root that is trusted decides; while a rotation is under way that is the old one."""
    found, reason = verdict("7.8", node)
    assert found == expected
    assert ("under way" in reason) == node.rotating


@pytest.mark.parametrize(
    ("number", "node", "asked_days_later", "expected"),
    [
        ("7.7", Node(certificate=aged(1, 30)), 28, "pass"),
        ("7.7", Node(certificate=aged(1, 30)), 30, "this node's certificate ran out on 2026-07-29"),
        ("7.7", Node(certificate=aged(1, 30)), -2, "this node's certificate does not hold before 2026-06-29"),
        ("7.7", Node(certificate=aged(-1, 30)), 2, "this node's certificate does not hold before 2026-07-01"),
        ("7.8", Node(root=aged(1, 30)), 28, "pass"),
        ("7.8", Node(root=aged(1, 30)), 30, "a root certificate ran out on 2026-07-29"),
        ("7.8", Node(root=aged(1, 7300)), -2, "a root certificate does not hold before 2026-06-29"),
        ("7.8", Node(root=aged(364, 7300)), 2, "made on 2025-07-01, 366 days ago; allowed are 365"),
    ],
)
def test_certificates_by_both_clocks(number: str, node: Node, asked_days_later: int, expected: str) -> None:
    """A node whose clock is wrong has no more days than its certificates have by the auditor's clock."""
    facts = node.facts()
    asked = facts.recording.gathered + asked_days_later * DAY
    asked_then = Facts(replace(facts.recording, asked=asked), facts.policy, daemon=facts.daemon)
    found, reason = verdicts(number, asked_then)["host"]
    assert expected in (found, reason)


def test_certificate_of_another_engine() -> None:
    """What was read of another daemon on this machine says nothing of this one."""
    daemon = SimpleNamespace(pid=PID + 1, process=Node()._process())
    facts = Facts(Node().facts().recording, Policy(), daemon=daemon)
    assert verdicts("7.7", facts)["host"][0] == "error"
    assert verdicts("7.9", facts)["host"][0] == "error"


# ---- 7.9


@pytest.mark.parametrize(
    ("management", "data", "expected", "reason"),
    [
        ("10.0.0.1", "10.0.1.1", "pass", "management on 10.0.0.1 (eth0), data on 10.0.1.1 (eth1)"),
        ("10.0.0.1", "", "fail", "management on 10.0.0.1 (eth0), data on 10.0.0.1 (eth0)"),
        ("10.0.0.1", "10.0.0.2", "fail", "management on 10.0.0.1 (eth0), data on 10.0.0.2 (eth0)"),
        ("10.9.9.9", "", "fail", "management on 10.9.9.9, data on 10.9.9.9"),
        (
            "10.0.0.1",
            "10.9.9.9",
            "error",
            "no interface was found with the address 10.9.9.9, or in its network",
        ),
        ("10.0.2.1", "10.0.2.2", "error", "10.0.2.1 and 10.0.2.2 may be addresses of the same interface"),
        ("10.0.0.1", "10.0.2.2", "pass", "management on 10.0.0.1 (eth0), data on 10.0.2.2 (eth2, eth3)"),
        ("fd00::1", "fd00:1::1", "pass", "management on fd00::1 (eth0), data on fd00:1::1 (eth1)"),
        ("", "10.0.1.1", "error", "docker info does not report the address of this node"),
    ],
)
def test_interfaces(management: str, data: str, expected: str, reason: str) -> None:
    """Two addresses of two interfaces pass; the network around an address tells its interface."""
    node = Node(address=management, node_state={"DataPathAddr": data})
    assert verdict("7.9", node) == (expected, reason)


def test_state_of_the_node_is_needed() -> None:
    """The engine does not report the data address: without the node's own state it cannot be told."""
    assert verdict("7.9", Node(node_state=None))[0] == "error"


def test_tables_of_routes_that_make_no_sense() -> None:
    """A line that is short, or of no network, counts for nothing; one of eight fields is whole."""
    routes = [
        "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF",
        "eth1 0000000A 00000000 0001 0 0 0",
        "",
        "eth2",
    ]
    assert cards_of("10.0.0.1", (), (), (), routes) == {"eth0"}
    odd = ["eth3\t0000000G\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0"]
    assert cards_of("10.0.0.1", (), (), (), odd) == frozenset()


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (None, "docker info does not report EncryptionConfig.AutoLockManagers of the swarm"),
        ({}, "docker info does not report EncryptionConfig.AutoLockManagers of the swarm"),
        (
            {"EncryptionConfig": None},
            "docker info does not report EncryptionConfig.AutoLockManagers of the swarm",
        ),
        ({"EncryptionConfig": "x"}, 'docker info: Cluster.Spec.EncryptionConfig is "(dropped)"'),
        (
            {"EncryptionConfig": {"AutoLockManagers": 7}},
            "docker info: Cluster.Spec.EncryptionConfig.AutoLockManagers is 7",
        ),
    ],
)
def test_settings_that_the_engine_does_not_report(spec: object, told: str) -> None:
    """7.5: a setting that is not told is an error that names it."""
    assert verdict("7.5", Node(cluster={"Spec": spec})) == ("error", told)


# ---- policy


def test_values_of_the_policy() -> None:
    """Periods and managers are read as a file writes them; nothing said is the default."""
    silent = Policy.from_mapping({})
    assert (silent.swarm_managers, silent.rotation_days) == (3, RotationPeriods(365, 30, 365))
    spoken = Policy.from_mapping({"swarm_managers": 5, "rotation_days": {"unlock_key": 90}})
    assert (spoken.swarm_managers, spoken.rotation_days) == (5, RotationPeriods(90, 30, 365))


@pytest.mark.parametrize(
    "wrong",
    [
        {"swarm_managers": 2},
        {"swarm_managers": 9},
        {"swarm_managers": "3"},
        {"swarm_managers": True},
        {"rotation_days": 30},
        {"rotation_days": {"swarm_ca": 0}},
        {"rotation_days": {"ca": 1}},
    ],
    ids=str,
)
def test_wrong_values_are_refused(wrong: object) -> None:
    """An even number of managers, or a period that is none, is refused."""
    with pytest.raises(PolicyError):
        Policy.from_mapping(wrong)
