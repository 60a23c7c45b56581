"""Section 7, its services: secrets where everybody reads them (7.4)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from selftests.kit.facts.swarms import (
    Node,
    judge_service,
    service,
    verdict,
    verdicts,
)


def secrets(*names: str) -> list[dict[str, Any]]:
    """What a service says of its secrets."""
    return [{"SecretName": each, "SecretID": "x"} for each in names]


def configs(*names: str) -> list[dict[str, Any]]:
    """The same of its configs."""
    return [{"ConfigID": f"id-{each}", "ConfigName": each, "File": {"Name": f"/{each}"}} for each in names]


def config(name: str, text: str) -> dict[str, Any]:
    """A config as the engine describes it."""
    return {"ID": f"id-{name}", "Spec": {"Data": base64.b64encode(text.encode()).decode()}}


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


def test_services_are_kept_apart() -> None:
    """Each variable belongs to its service, and configs are judged by their names."""
    services = (
        service("a", "X=1"),
        service("b", Secrets=secrets("db", "api")),
        service("c", "X=1", Configs=configs("id_rsa", "nginx")),
        service("d", "TOKEN=hunter2", "Y=1"),
        service("e", Configs=configs("nginx", "motd")),
        service("f", Configs=configs("nginx", "app")),
        service("g", Configs=configs("nginx", "long")),
        service("h", Configs=configs("untold")),
    )
    texts = (
        config("id_rsa", "x"),
        config("nginx", "server { listen 80; }"),
        config("motd", 'password: {{ secret "db" }}'),
        config("app", "[db]\npassword = hunter2zz\n"),
        config("long", "#" * (1 << 17)),
    )
    seen = "none seen in {} variables, labels, commands and options"
    assert verdicts("7.4", Node(services=services, configs=texts).facts()) == {
        "a": ("pass", f"secrets: none; {seen.format(1)}"),
        "b": ("pass", f"secrets: api, db; {seen.format(0)}"),
        "c": ("fail", "as a config: id_rsa"),
        "d": ("fail", "variable TOKEN: a value given to TOKEN"),
        "e": ("pass", f"secrets: none; {seen.format(0)}, nor in 2 configs"),
        "f": ("fail", "as a config: app (a value given to password)"),
        "g": ("manual", "check that its configs long hold none: they were not searched"),
        "h": ("manual", "check that its configs untold hold none: they were not searched"),
    }
    assert verdict("7.4", Node()) == ("not applicable", "the swarm runs no service")


def test_service_that_is_not_understood() -> None:
    """It is an error, and spoils no other control."""
    node = Node(services=(service("a"), {"ID": "x"}))
    assert verdict("7.4", node)[0] == "error"
    assert verdict("7.1", node) == verdict("7.1", Node())
