"""Section 7: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.daemon.process import DaemonProcess
from hullcheck.facts.engine.networks import Network, networks
from hullcheck.facts.swarm import DAY
from hullcheck.facts.swarm.planes import cards_of
from hullcheck.facts.swarm.probe import SWARM
from hullcheck.parsing.proc.net import Listener
from hullcheck.policy import Policy, PolicyError, RotationPeriods
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.judging import judged

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
PID = 100
CONTROLS = [f"7.{number}" for number in range(1, 10)]
MANAGER_ONLY = ["7.1", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8"]
ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
    "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "eth1\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "eth2\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "eth3\t0002000A\t00000000\t0001\t0\t0\t1\t00FFFFFF\t0\t0\t0",
    "eth4\t0000000A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
    "eth0\t0009090A\tFE00000A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0",
)
SIX = (
    "fd000000000000000000000000000001 02 40 00 80     eth0",
    "fd000001000000000000000000000001 03 40 00 80     eth1",
)


def pem(begins: datetime, ends: datetime) -> str:
    """A certificate that holds from one time to another."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(begins).not_valid_after(ends).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def aged(days: float, holds: float) -> str:
    """A certificate made so many days ago, to hold for so many days."""
    begins = NOW - timedelta(days=days)
    return pem(begins, begins + timedelta(days=holds))


def listener(address: str, number: int, protocol: str = "tcp", inode: str = "1") -> Listener:
    """A listener in the daemon's network; with the inode 1 it is the daemon's own."""
    return Listener(PID, address, number, protocol, inode)


def datagrams(address: str, number: int, inode: int = 1) -> str:
    """A line of the table of UDP sockets."""
    words = bytes(map(int, address.split(".")))[::-1].hex().upper()
    return f"{PID}/net/udp:  1: {words}:{number:04X} 00000000:0000 07 0:0 00:0 0 0 0 {inode} 2 0 0"


@dataclass(frozen=True)
class Node:
    """A node of a swarm, by hand: a manager with everything in order unless told otherwise."""

    state: str = "active"
    manager: bool = True
    error: str = ""
    locks: bool = True
    expiry_days: float = 30
    made_days_ago: float = 10
    root: str = ""
    rotating: bool = False
    cluster: dict[str, Any] = field(default_factory=dict)
    managers: tuple[str, ...] = ("Leader", "Reachable", "Unreachable")
    tcp: tuple[Listener, ...] = (listener("10.0.0.1", 2377), listener("10.0.0.1", 7946))
    udp: tuple[str, ...] = (datagrams("10.0.0.1", 7946), datagrams("0.0.0.0", 4789, 9))
    held: frozenset[str] = frozenset({"1"})
    address: str = "10.0.0.1"
    node_state: dict[str, Any] | None = field(
        default_factory=lambda: {"ListenAddr": "10.0.0.1:2377", "DataPathAddr": "10.0.1.1"}
    )
    certificate: str | None = None
    objects: tuple[str, ...] = ()
    networks: tuple[dict[str, Any], ...] = ()
    status: int = 0
    stderr: str = ""

    def facts(self, policy: Policy | None = None) -> Facts:
        """What an audit finds there."""
        info = {"ServerVersion": "26.1.5", "SecurityOptions": []}
        swarm = {"LocalNodeState": self.state, "ControlAvailable": self.manager}
        answers = {
            "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
            "docker_info": Answer("docker_info", 0, json.dumps(info | {"Swarm": swarm}), ""),
            "docker_networks": Answer("docker_networks", 0, "\n".join(map(json.dumps, self.networks)), ""),
            "swarm": Answer("swarm", self.status, SWARM.keep(self._answer(swarm)), self.stderr),
        }
        recording = Recording("host", "local", answers, gathered=NOW.timestamp())
        daemon = SimpleNamespace(pid=PID, process=self._process())
        return Facts(recording, policy or Policy(), daemon=daemon)

    def _process(self) -> DaemonProcess:
        return DaemonProcess(
            pid=PID,
            executable="/usr/bin/dockerd",
            flags=(),
            environment={},
            uids=(0,) * 4,
            started=None,
            namespaces={},
            mountinfo=(),
            held=self.held,
            unix_table=(),
            tcp_table=self.tcp,
            tables_read=frozenset({"tcp", "tcp6"}),
            sees_endpoint=True,
        )

    def _answer(self, swarm: dict[str, Any]) -> str:
        info = swarm | {"NodeAddr": self.address, "Error": self.error, "JoinTokens": "SWMTKN-1-x"}
        info["RemoteManagers"] = [
            {"NodeID": "x", "Addr": "10.0.0.9:2377"},
            {"NodeID": "y", "Addr": "10.0.0.8:2377"},
        ]
        if self.manager:
            info["Cluster"] = self._cluster() | self.cluster
        own = [f"{PID}/net/route:{line}" for line in ROUTES] + [f"{PID}/net/if_inet6:{line}" for line in SIX]
        if self.node_state is not None:
            own.append(f"{PID}/state:{json.dumps(self.node_state)}")
        certificate = aged(1, 30) if self.certificate is None else self.certificate
        own += [f"{PID}/certificate:{line}" for line in certificate.splitlines()]
        return "\n".join([json.dumps(info), *self.udp, *own, *self._nodes(), *self.objects])

    def _cluster(self) -> dict[str, Any]:
        made = NOW - timedelta(days=self.made_days_ago)
        return {
            "ID": "abc",
            "CreatedAt": made.strftime("%Y-%m-%dT%H:%M:%S.%f123Z"),
            "RootRotationInProgress": self.rotating,
            "DataPathPort": 4789,
            "TLSInfo": {"TrustRoot": self.root or aged(10, 7300)},
            "Spec": {
                "CAConfig": {"NodeCertExpiry": int(self.expiry_days * 86400e9)},
                "EncryptionConfig": {"AutoLockManagers": self.locks},
            },
        }

    def _nodes(self) -> list[str]:
        names = [
            {"Hostname": f"m{number}", "ManagerStatus": each} for number, each in enumerate(self.managers, 1)
        ]
        worker = {"Hostname": "w1", "ManagerStatus": ""}
        return [f"node {json.dumps(each)}" for each in (*names, worker)] if self.manager else []


def verdicts(number: str, facts: Facts) -> dict[str, tuple[str, str]]:
    """Verdict and reason by subject, also where the subjects could not be had."""
    try:
        return judged(number, facts)
    except NotApplicable as reason:
        return {"host": ("not applicable", str(reason))}
    except EvidenceError as reason:
        return {"host": ("error", str(reason))}


def verdict(number: str, node: Node, policy: Policy | None = None) -> tuple[str, str]:
    """Verdict and reason on the node as a whole."""
    return verdicts(number, node.facts(policy))["host"]


# ---- which node is asked


@pytest.mark.parametrize("state", ["inactive", ""])
def test_no_swarm(state: str) -> None:
    """Where swarm mode is off nothing applies, whatever else an old recording lacks."""
    facts = Node(state=state, manager=False).facts()
    del facts.recording.answers["swarm"]  # type: ignore[attr-defined]
    assert {verdicts(number, facts)["host"][0] for number in CONTROLS} == {"not applicable"}


@pytest.mark.parametrize("state", ["pending", "error", "locked"])
def test_node_that_takes_no_part(state: str) -> None:
    """A node that is not active is an error with its state; one that is locked has its keys encrypted."""
    node = Node(state=state, manager=False, error="it needs a person\nsecond line")
    expected = ("error", f"this node's state is {state}: it needs a person")
    for number in CONTROLS:
        if (number, state) == ("7.5", "locked"):
            assert verdict(number, node)[0] == "pass"
        else:
            assert verdict(number, node) == expected


def test_worker() -> None:
    """What only managers know is not applicable, and the reason names them; the rest is judged."""
    facts = Node(manager=False, tcp=(listener("10.0.0.1", 7946),)).facts()
    for number in MANAGER_ONLY:
        found = verdicts(number, facts)["host"]
        assert found == (
            "not applicable",
            "a worker: audit a manager of its swarm, 10.0.0.8:2377 or 10.0.0.9:2377",
        )
    assert verdicts("7.2", facts)["host"][0] == "pass"
    assert verdicts("7.9", facts)["host"][0] == "pass"


def test_swarm_without_a_leader() -> None:
    """A manager that cannot ask its swarm shows empty settings, which are no evidence."""
    empty = {
        "ID": "",
        "Spec": {"EncryptionConfig": {"AutoLockManagers": False}, "CAConfig": {}},
        "TLSInfo": {},
    }
    node = Node(
        cluster=empty, error="rpc error: deadline", status=1, stderr="The swarm does not have a leader"
    )
    for number in MANAGER_ONLY:
        expected = "a manager, but the swarm cannot be asked: rpc error: deadline"
        assert verdict(number, node) == ("error", expected)
    assert verdict("7.2", node)[0] == "pass"
    assert verdict("7.9", node)[0] == "pass"


def test_swarm_that_answers_in_part() -> None:
    """Where the list of nodes or services failed, what docker info says is judged, and the lists are errors."""
    node = Node(status=1, stderr="Error response from daemon: rpc error")
    assert verdict("7.1", node) == ("error", "swarm: Error response from daemon: rpc error")
    assert verdict("7.4", node)[0] == "error"
    assert verdict("7.5", node)[0] == "pass"


def test_state_that_changed_meanwhile() -> None:
    """Two answers that contradict each other are no evidence."""
    facts = Node().facts()
    answer = facts.recording.answers["swarm"]
    changed = replace(answer, stdout=answer.stdout.replace('"active"', '"pending"'))
    facts.recording.answers["swarm"] = changed  # type: ignore[index]
    assert verdicts("7.5", facts)["host"][0] == "error"


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
    """The presence of the option decides, as it does for the engine; other drivers are not judged."""
    networks = (
        network("ingress", ingress=True, vxlanid_list="4096"),
        network("plain"),
        network("safe", encrypted=""),
        network("odd", encrypted="false"),
        network("bridge", driver="bridge"),
    )
    found = verdicts("7.3", Node(networks=networks).facts())
    assert {name: result[0] for name, result in found.items()} == {
        "ingress": "fail",
        "plain": "fail",
        "safe": "pass",
        "odd": "pass",
    }
    assert "the swarm's own network" in found["ingress"][1]
    assert verdict("7.3", Node(networks=networks[-1:])) == (
        "not applicable",
        "the swarm has no overlay network",
    )


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


@pytest.mark.parametrize("line", ["{}", '{"Name": "a"}', '{"Name": "a", "Id": "b"}', "5"])
def test_network_that_is_not_understood(line: str) -> None:
    """An answer without what the engine's API documents is an error, never a network less."""
    answers = {
        "engine_presence": Answer("engine_presence", 0, "command docker /usr/bin/docker", ""),
        "docker_networks": Answer("docker_networks", 0, line, ""),
    }
    told = "^docker network inspect: the answer is not what the engine's API documents$"
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


def settings(*variables: str, log: object = None, labels: object = None, **container: Any) -> dict[str, Any]:
    """What the probe asks of a service's settings."""
    return {"Labels": labels or {}, "Container": {"Env": list(variables) or None, **container}, "Log": log}


def service(name: str, *variables: str, before: dict[str, Any] | None = None, **more: Any) -> str:
    """The line of the probe's answer for a service, with its settings *before* the last update."""
    return f"service {json.dumps({'ID': name, 'Name': name, **settings(*variables, **more), 'Previous': before})}"


def judge_service(*variables: str, **more: Any) -> tuple[str, str, str]:
    """The verdict and reason of 7.4 on one service, and what is stored of the swarm."""
    found = Node(objects=(service("web", *variables, **more),)).facts()
    return (*verdicts("7.4", found)["web"], found.recording.answers["swarm"].stdout)


def secrets(*names: str) -> list[dict[str, Any]]:
    """What a service says of its secrets."""
    return [{"SecretName": each, "SecretID": "x"} for each in names]


def configs(*names: str) -> list[dict[str, Any]]:
    """The same of its configs."""
    return [{"ConfigName": each, "File": {"Name": f"/{each}"}} for each in names]


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


def test_services_are_kept_apart() -> None:
    """Each variable belongs to its service, and configs are judged by their names."""
    objects = (
        service("a", "X=1"),
        service("b", Secrets=secrets("db", "api")),
        service("c", "X=1", Configs=configs("id_rsa", "nginx")),
        service("d", "TOKEN=hunter2", "Y=1"),
    )
    seen = "none seen in {} variables, labels, commands and options"
    assert verdicts("7.4", Node(objects=objects).facts()) == {
        "a": ("pass", f"secrets: none; {seen.format(1)}"),
        "b": ("pass", f"secrets: api, db; {seen.format(0)}"),
        "c": ("fail", "as a config: id_rsa"),
        "d": ("fail", "variable TOKEN: a value given to TOKEN"),
    }
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


# ---- the probe: what is kept


def test_what_is_kept() -> None:
    """Fields and lines that no control judges are dropped, and so is what is not understood."""
    lines = [
        '{"LocalNodeState":"active","JoinTokens":{"Worker":"hunter2"},"Cluster":{"Spec":{"Labels":{"x":"hunter2"}}}}',
        service("a", "A=hunter2", Configs=[{"ConfigName": "c", "File": {"Name": "f", "Data": "hunter2"}}]),
        'service {"Name":"hunter2"}',
        'node {"Hostname":"a","Labels":"hunter2"}',
        '1/state:{"ListenAddr":"a","joinToken":"hunter2"}',
        "1/certificate:-----BEGIN PRIVATE KEY-----",
        "hunter2",
        "1/state:hunter2",
        "node hunter2",
    ]
    kept = SWARM.keep("\n".join(lines))
    assert "hunter" not in kept
    assert "PRIVATE" not in kept
    assert '"ListenAddr":"a"' in kept
    assert SWARM.keep("hunter2") == ""


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
        (Node(expiry_days=30.1), "fail"),
        (Node(expiry_days=90), "fail"),
        (Node(certificate=aged(31, 30)), "fail"),
        (Node(certificate=aged(-1, 30)), "fail"),
        (Node(certificate=aged(80, 90)), "pass"),
        (Node(certificate=""), "error"),
        (Node(certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), "error"),
        (Node(cluster={"Spec": {"CAConfig": {}}}), "error"),
    ],
)
def test_certificates_of_nodes(node: Node, expected: str) -> None:
    """How long new ones hold decides, and whether this node's holds now."""
    assert verdict("7.7", node)[0] == expected


def test_certificate_from_before() -> None:
    """A certificate that was made before the setting changed is told."""
    assert "90 days" in verdict("7.7", Node(certificate=aged(80, 90 + 1 / 24)))[1]
    assert "though" not in verdict("7.7", Node(certificate=aged(1, 30 + 1 / 24)))[1]
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
        ("10.0.0.1", "10.9.9.9", "error", "no interface was found in the network of the address 10.9.9.9"),
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
    assert cards_of("10.0.0.1", (), routes) == {"eth0"}
    odd = ["eth3\t0000000G\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0"]
    assert cards_of("10.0.0.1", (), odd) == frozenset()


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (None, "docker info does not report EncryptionConfig.AutoLockManagers of the swarm"),
        ({}, "docker info does not report EncryptionConfig.AutoLockManagers of the swarm"),
        (
            {"EncryptionConfig": None},
            "docker info does not report EncryptionConfig.AutoLockManagers of the swarm",
        ),
        (
            {"EncryptionConfig": "x"},
            "docker info does not report EncryptionConfig.AutoLockManagers of the swarm",
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
