"""Section 7 on real swarms: each control passes and fails for what the engines really do."""

from __future__ import annotations

import contextlib
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy, RotationPeriods
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.judging import facts_of_engine, facts_of_user, judged
from selftests.lab import lacking
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.swarm import Switch
    from selftests.rig.laboratory import Laboratory

CONTROLS = [f"7.{number}" for number in range(1, 10)]
MANAGER_ONLY = ["7.1", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8"]
DAY = 86400


@pytest.fixture(scope="module")
def _switch(lab: Laboratory) -> Iterator[Switch]:
    from selftests.rig.engines.swarm import Switch

    made = Switch(lab, 3)
    yield made
    made.down()


@pytest.fixture
def nodes(_switch: Switch) -> Iterator[Switch]:
    """Three engines on a switch, in no swarm."""
    yield _switch
    _switch.leave()


def state(engine: Engine) -> str:
    """What the engine says of its part in a swarm."""
    return engine.docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip()


def facts_of(nodes: Switch, number: int = 1, policy: Policy | None = None) -> Facts:
    """What an audit finds on the node with this number."""
    return facts_of_engine(nodes.engines[number - 1].socket, policy, of="7")


def verdicts(number: str, facts: Facts) -> dict[str, tuple[str, str]]:
    """Verdict and reason by subject, also where the subjects could not be had."""
    try:
        return judged(number, facts)
    except NotApplicable as reason:
        return {"local": ("not applicable", str(reason))}
    except EvidenceError as reason:
        return {"local": ("error", str(reason))}


def verdict(number: str, facts: Facts) -> tuple[str, str]:
    """Verdict and reason on the node as a whole."""
    return verdicts(number, facts)["local"]


def later(facts: Facts, days: int) -> Facts:
    """The same evidence, as if it had been gathered some days later."""
    recording = facts.recording
    return Facts(replace(recording, gathered=recording.gathered + days * DAY), facts.policy)


def root_of(engine: Engine) -> str:
    """The root certificate that the engine shows."""
    return engine.docker("info", "--format", "{{.Swarm.Cluster.TLSInfo.TrustRoot}}")


def managers(nodes: Switch, number: int = 1) -> str:
    """How many managers the node knows."""
    return nodes.engines[number - 1].docker("info", "--format", "{{.Swarm.Managers}}").strip()


# ---- which node is asked


def test_no_swarm(nodes: Switch) -> None:
    """Where swarm mode is off, nothing of section 7 applies."""
    facts = facts_of(nodes)
    assert {number: verdict(number, facts)[0] for number in CONTROLS} == dict.fromkeys(
        CONTROLS, "not applicable"
    )


def test_worker(nodes: Switch) -> None:
    """A worker is judged for its own sockets and addresses, and points to its managers for the rest."""
    nodes.init(1)
    nodes.join(2)
    facts = facts_of(nodes, 2)
    for number in MANAGER_ONLY:
        assert verdict(number, facts) == (
            "not applicable",
            f"a worker: audit a manager of its swarm, {nodes.address(1)}:2377",
        )
    assert verdict("7.2", facts)[0] == "fail"
    assert "[::]:7946/tcp" in verdict("7.2", facts)[1]
    assert "2377" not in verdict("7.2", facts)[1]
    assert verdict("7.9", facts)[0] == "fail"


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
            until(lambda: state(two) == "pending")
            facts = facts_of(nodes, 2)
            found = {number: verdict(number, facts) for number in CONTROLS}
        finally:
            join.terminate()
    assert {result[0] for result in found.values()} == {"error"}
    assert all(result[1].startswith("this node's state is pending") for result in found.values())


def test_user_who_is_not_root(nodes: Switch) -> None:
    """Who may ask the engine but not look at its process gets errors, where a pass would be a guess."""
    nodes.init(1, "--listen-addr", nodes.address(1), "--autolock")
    engine = nodes.engines[0]
    engine.docker("swarm", "update", "--cert-expiry", "48h")
    engine.socket.chmod(0o666)
    try:
        facts = _as_user("nobody", engine)
    finally:
        engine.socket.chmod(0o660)
    found = {number: verdict(number, facts) for number in ("7.1", "7.2", "7.5", "7.7", "7.8", "7.9")}
    assert {found[number][0] for number in ("7.1", "7.5", "7.7", "7.8")} == {"pass"}
    for number in ("7.2", "7.9"):
        assert found[number][0] == "error"
        assert "are you root?" in found[number][1]


def _as_user(user: str, engine: Engine) -> Facts:
    entry = pwd.getpwnam(user)
    return facts_of_user(engine.socket, entry.pw_uid, entry.pw_gid, of="7")


# ---- 7.1


def test_number_of_managers(nodes: Switch) -> None:
    """Two managers fail, one and three pass, and three fail where the site wants one."""
    nodes.init(1)
    assert verdict("7.1", facts_of(nodes))[0] == "pass"
    nodes.join(2, "manager")
    until(lambda: managers(nodes) == "2")
    found, reason = verdict("7.1", facts_of(nodes))
    assert found == "fail"
    assert reason.startswith("2 managers: ")
    assert "(Leader)" in reason
    assert "(Reachable)" in reason
    nodes.join(3, "manager")
    until(lambda: managers(nodes) == "3")
    three = facts_of(nodes)
    assert verdict("7.1", three)[0] == "pass"
    assert verdict("7.1", Facts(three.recording, Policy(swarm_managers=1)))[0] == "fail"


def test_node_that_was_promoted_while_it_is_down(lab: Laboratory) -> None:
    """It counts, although `docker node ls` does not show it as a manager yet."""
    from selftests.rig.engines.swarm import Switch

    nodes = Switch(
        lab, 2
    )  # of its own: Docker 20.10 keeps networks of a swarm where a node was stopped in it
    try:
        nodes.init(1)
        nodes.join(2)
        nodes.engines[1].stop()
        one = nodes.engines[0]
        workers = one.docker("node", "ls", "--quiet", "--filter", "role=worker").split()
        one.docker("node", "promote", *workers)
        found, reason = verdict("7.1", facts_of(nodes))
    finally:
        nodes.down()
    assert (found, "(Promoted)" in reason) == ("fail", True)


def test_docker_command_says_the_same(nodes: Switch, tmp_path: Path) -> None:
    """As curl, which asks the socket."""
    nodes.init()
    nodes.service("web", "--env", "DB_PASSWORD=hunter2", "--publish", "8080:80")
    socket = nodes.engines[0].socket
    until(lambda: "ingress" in {each.name for each in facts_of(nodes).networks})
    found = [
        lacking.facts_of_engine(socket, lacking.programs(tmp_path / "bin", instead), of="7")
        for instead in ({}, {"curl": None})
    ]
    assert found[0].engine == found[1].engine
    names = [sorted(each.networks, key=lambda network: network.name) for each in found]
    assert names[0] == names[1]
    assert [verdicts(each, found[0]) for each in CONTROLS] == [verdicts(each, found[1]) for each in CONTROLS]


def test_swarm_without_a_leader(nodes: Switch) -> None:
    """A manager that cannot ask its swarm is an error: the empty settings that it shows are no evidence."""
    nodes.init(1)
    nodes.join(2, "manager")
    until(lambda: managers(nodes, 2) == "2")
    nodes.engines[1].stop()
    until(lambda: not _has_leader(nodes.engines[0]), limit=60)
    facts = facts_of(nodes)
    for number in MANAGER_ONLY:
        assert verdict(number, facts)[0] == "error"
        assert "a manager, but the swarm cannot be asked" in verdict(number, facts)[1]
    assert verdict("7.2", facts)[0] == "fail"
    assert verdict("7.9", facts)[0] == "fail"


def _has_leader(engine: Engine) -> bool:
    with contextlib.suppress(Exception):
        engine.docker("node", "ls")
        return True
    return False


# ---- 7.2


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        (None, "[::]:2377/tcp"),
        ("0.0.0.0:2400", "[::]:2400/tcp"),
        ("eth0:2400", "10.213.0.1:2400/tcp"),
        ("10.213.0.1", "10.213.0.1:2377/tcp"),
    ],
)
def test_listen_address(nodes: Switch, listen: str | None, expected: str) -> None:
    """The address that `--listen-addr` gives decides."""
    nodes.init(1, *(("--listen-addr", listen) if listen else ()))
    until(lambda: "ingress" in nodes.engines[0].docker("network", "ls"))
    found, reason = verdict("7.2", facts_of(nodes))
    assert found == ("fail" if expected.startswith("[::]") else "pass")
    assert expected in reason
    assert expected.replace("2377/tcp", "7946/tcp").replace("2400/tcp", "7946/tcp") in reason


# ---- 7.3


def test_overlay_networks(nodes: Switch) -> None:
    """The presence of the option decides, whatever its value; ingress is judged by its name."""
    nodes.init(1)
    engine = nodes.engines[0]
    until(lambda: "ingress" in engine.docker("network", "ls"))
    for name, options in {
        "plain": (),
        "safe": ("--opt", "encrypted"),
        "odd": ("--opt", "encrypted=false"),
    }.items():
        engine.docker("network", "create", "--driver", "overlay", *options, name)
    engine.docker("network", "create", "local")
    found = verdicts("7.3", facts_of(nodes))
    assert {name: result[0] for name, result in found.items()} == {
        "ingress": "fail",
        "plain": "fail",
        "safe": "pass",
        "odd": "pass",
    }
    assert found["ingress"][1] == (
        "the swarm's own network for published ports, made without the option encrypted"
    )
    assert found["odd"][1] == "made with the option encrypted=false"


def test_encrypted_ingress(nodes: Switch) -> None:
    """An ingress network made anew with the option passes; without one that reaches other nodes nothing applies."""
    nodes.init(1)
    engine = nodes.engines[0]
    until(lambda: "ingress" in engine.docker("network", "ls"))
    engine.docker("network", "rm", "ingress", stdin="y\n")
    until(lambda: "ingress" not in engine.docker("network", "ls"))
    engine.docker("network", "create", "--scope", "swarm", "--driver", "bridge", "on-each-node")
    assert verdict("7.3", facts_of(nodes)) == ("not applicable", "the swarm has no overlay network")
    engine.docker("network", "create", "--ingress", "--driver", "overlay", "--opt", "encrypted", "ingress")
    assert verdicts("7.3", facts_of(nodes)) == {"ingress": ("pass", "made with the option encrypted")}


# ---- 7.4


def test_secrets_of_services(nodes: Switch) -> None:
    """A password that whoever inspects a service can read fails, the same as a secret passes; none is stored."""
    nodes.init(1)
    engine = nodes.engines[0]
    assert verdict("7.4", facts_of(nodes)) == ("not applicable", "the swarm runs no service")
    engine.docker("secret", "create", "db_password", "-", stdin="hunter2")
    engine.docker("config", "create", "tls_key_v2", "-", stdin="hunter2")
    engine.docker("config", "create", "motd", "-", stdin="hello")
    engine.docker("config", "create", "app.yml", "-", stdin="db:\n  password: hunter2zz\n")
    template = ("config", "create", "--template-driver", "golang", "template.yml", "-")
    engine.docker(*template, stdin='db:\n  password: {{ secret "db" }}\n')
    engine.docker("config", "create", "long.txt", "-", stdin="word " * 14_000)
    token = "ghp_" + "a1" * 18
    nodes.service("bad", "--env", "DB_PASSWORD=hunter2", "--env", 'ODD="hunter2"\nenv x', "--env", "MODE=x")
    nodes.service(
        *("good", "--secret", "db_password", "--env", "DB_PASSWORD_FILE=/run/secrets/db_password"),
        *("--env", "ALLOW_EMPTY_PASSWORD=yes", "--env", "HOST_TOKEN={{.Node.Hostname}}", "--config", "motd"),
        *("--label", "app=x", "--health-cmd", "redis-cli -a $PASSWORD ping", "--log-opt", "max-size=1m"),
    )
    nodes.service("url", "--env", "DB=postgres://app:hunter2@db/app", "--env", "SITE=https://a.example/x@y")
    nodes.service("config", "--config", "source=tls_key_v2,target=/etc/site.pem")
    nodes.service("config-text", "--config", "app.yml")
    nodes.service("config-template", "--config", "template.yml", "--secret", "source=db_password,target=db")
    nodes.service("config-long", "--config", "long.txt")
    nodes.service("plain")
    nodes.service("inner", "--env", "OPTS=--password=hunter2", "--env", "DSN=Server=db;Password=hunter2;")
    nodes.service(
        "token", "--env", f"MODE={token}", "--label", f"app={token}", "--container-label", "pass=hunter2"
    )
    nodes.service("health", "--health-cmd", "redis-cli -a hunter2 ping")
    nodes.service("log", "--log-driver", "splunk", "--log-opt", "splunk-token=hunter2")
    volume = "type=volume,source=v,target=/v,volume-driver=local,volume-opt=type=cifs"
    nodes.service("volume", "--mount", f'{volume},"volume-opt=o=username=bob,password=hunter2"')
    nodes.service("file", "--mount", "type=bind,source=/srv/db_password.txt,target=/run/db")
    nodes.service("volume-label", "--mount", "type=volume,source=w,target=/w,volume-label=token=hunter2")
    engine.docker("service", "update", "--detach", "--args", "app --token hunter2", "plain")
    facts = facts_of_engine(nodes.engines[0].socket)
    seen = "none seen in {} variables, labels, commands and options"
    assert verdicts("7.4", facts) == {
        "bad": ("fail", "variable DB_PASSWORD: a value given to DB_PASSWORD"),
        "config": ("fail", "as a config: tls_key_v2"),
        "config-long": ("manual", "check that its configs long.txt hold none: they were not searched"),
        "config-template": ("pass", f"secrets: db_password; {seen.format(0)}, nor in 1 configs"),
        "config-text": ("fail", "as a config: app.yml (a value given to password)"),
        "file": ("fail", "as a file of the node: /srv/db_password.txt"),
        "good": ("pass", f"secrets: db_password; {seen.format(3)}, nor in 1 configs"),
        "health": ("fail", "health check: a password or key given to a command"),
        "inner": (
            "fail",
            "variable OPTS: a value given to password; variable DSN: a value given to Password",
        ),
        "log": ("fail", "log option splunk-token: a value given to splunk-token"),
        "plain": ("fail", "command: a value given to token"),
        "token": (
            "fail",
            "variable MODE: a GitHub token; label app: a GitHub token; label pass: a value given to pass",
        ),
        "url": ("fail", "variable DB: a password in an address"),
        "volume": ("fail", "volume option o: a value given to password"),
        "volume-label": ("fail", "label token: a value given to token"),
    }
    stored = "".join(each.stdout for each in facts.recording.answers.values())
    assert "hunter2" not in stored
    assert token not in stored


# ---- 7.5 and 7.6


def test_autolock(nodes: Switch) -> None:
    """The setting decides; a manager that is locked shows it by waiting, and nothing else of its swarm."""
    nodes.init(1)
    engine = nodes.engines[0]
    facts = facts_of(nodes)
    assert verdict("7.5", facts) == ("fail", "autolock is off (docker info)")
    assert verdict("7.6", facts)[0] == "not applicable"
    engine.docker("swarm", "update", "--autolock=true")
    key = engine.docker("swarm", "unlock-key", "--quiet").strip()
    facts = facts_of(nodes)
    assert verdict("7.5", facts) == ("pass", "autolock is on (docker info)")
    assert verdict("7.6", facts)[0] == "pass"
    assert verdict("7.6", later(facts, 364))[0] == "pass"
    assert verdict("7.6", later(facts, 366))[0] == "manual"
    engine.restart()
    until(lambda: state(engine) == "locked")
    facts = facts_of(nodes)
    assert verdict("7.5", facts)[0] == "pass"
    for number in CONTROLS:
        if number != "7.5":
            assert verdict(number, facts)[0] == "error"
            assert verdict(number, facts)[1].startswith("this node's state is locked")
    engine.docker("swarm", "unlock", stdin=key)
    until(lambda: state(engine) == "active")
    assert verdict("7.5", facts_of(nodes)) == ("pass", "autolock is on (docker info)")


# ---- 7.7 and 7.8


def test_certificates_of_nodes(nodes: Switch) -> None:
    """How long certificates hold decides."""
    nodes.init(1)
    engine = nodes.engines[0]
    facts = facts_of(nodes)
    assert verdict("7.7", facts) == ("fail", "certificates hold for 90 days; allowed are 30")
    longer = Policy(rotation_days=RotationPeriods(node_certificate=90))
    assert verdict("7.7", Facts(facts.recording, longer))[0] == "pass"
    engine.docker("swarm", "update", "--cert-expiry", "720h")
    assert verdict("7.7", facts_of(nodes)) == ("pass", "certificates hold for 30 days")


def test_external_ca(nodes: Switch) -> None:
    """It makes the certificates of nodes, so the setting of the swarm says nothing of those."""
    nodes.init(1, "--cert-expiry", "720h")
    engine = nodes.engines[0]
    assert verdict("7.7", facts_of(nodes))[0] == "pass"
    engine.docker("swarm", "update", "--external-ca", "protocol=cfssl,url=https://127.0.0.1:9/sign")
    found, reason = verdict("7.7", facts_of(nodes))
    assert (found, "an external CA makes the certificates" in reason) == ("manual", True)


def test_root_certificate(nodes: Switch) -> None:
    """The age of the root decides, and a rotation gives a new one."""
    nodes.init(1)
    nodes.join(2)
    engine = nodes.engines[0]
    facts = facts_of(nodes)
    assert verdict("7.8", facts)[0] == "pass"
    assert verdict("7.8", later(facts, 364))[0] == "pass"
    assert verdict("7.8", later(facts, 366))[0] == "fail"
    assert "ran out on" in verdict("7.8", later(facts, 21 * 365))[1]
    old = root_of(engine)
    nodes.engines[1].stop()  # a node that does not answer keeps the rotation from ending
    engine.docker("swarm", "ca", "--rotate", "--detach")
    found, reason = verdict("7.8", facts_of(nodes))
    assert found == "pass"
    assert reason.endswith("; a rotation is under way")
    nodes.engines[1].start()
    until(lambda: not facts_of(nodes).swarm.cluster.root_rotation_in_progress, limit=60)
    assert root_of(engine) != old


# ---- 7.9


def test_data_path(nodes: Switch) -> None:
    """An address of its own for data passes."""
    nodes.init(1)
    one = verdict("7.9", facts_of(nodes))
    assert one == ("fail", "management and data on 10.213.0.1")
    nodes.join(2, "worker", "--data-path-addr", nodes.address(2, "eth1"))
    two = verdict("7.9", facts_of(nodes, 2))
    assert two == ("pass", "management on 10.213.0.2, data on 10.214.0.2")
