"""Compose files where docker compose is installed: it merges, and what it says is kept, refused and placed by line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hullcheck import compose
from hullcheck.compose import ComposeError, command
from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import judged
from selftests.unit.compose.conftest import kept

FILES = {
    "base/common.yml": "services:\n  app:\n    image: app:1\n    privileged: true\n",
    "extra.yml": "services:\n  side:\n    image: side:2\n    cap_add: [SYS_ADMIN]\n",
    "compose.yml": """
include: [extra.yml]
services:
  web:
    extends: {file: base/common.yml, service: app}
    mem_limit: ${SIZE:-1g}
    volumes: [./data:/d, /srv:/s, .:/all]
    environment: {API_TOKEN: tok-1d8f7a6b5c, LATER_PASSWORD: "${NOWHERE}"}
  debug:
    image: debug:1
    profiles: [debug]
    network_mode: host
  open: {image: "x:${NOWHERE}"}
""",
    "compose.override.yml": "services:\n  web:\n    pid: host\n    ports:\n      - 80:80\n",
    ".env": "SIZE=2g\n",
}
CONFIGURATION: dict[str, Any] = {
    "name": "p",
    "networks": {"default": {"name": "p_default", "ipam": {}}},
    "services": {
        "web": {
            "command": None,
            "entrypoint": None,
            "image": "app:1",
            "privileged": True,
            "pid": "host",
            "mem_limit": "2147483648",
            "networks": {"default": None},
            "ports": [{"mode": "ingress", "target": 80, "published": "80", "protocol": "tcp"}],
            "volumes": [
                {"type": "bind", "source": "@HERE@/data", "target": "/d", "bind": {"create_host_path": True}},
                {"type": "bind", "source": "/srv", "target": "/s", "bind": {"create_host_path": True}},
                {"type": "bind", "source": "@HERE@", "target": "/all", "bind": {"create_host_path": True}},
            ],
            "environment": {"API_TOKEN": "tok-1d8f7a6b5c", "LATER_PASSWORD": ""},
        },
        "side": {"image": "side:2", "cap_add": ["SYS_ADMIN"], "networks": {"default": None}},
        "debug": {"image": "debug:1", "profiles": ["debug"], "network_mode": "host"},
        "open": {"image": "x:", "networks": {"default": None}},
    },
}
"""What Docker Compose 2.26.1 gave for these files, without what is not read here."""
NOT_HERE = command.available(os.environ["PATH"]) is None
WARNING = 'level=warning msg="The \\"NOWHERE\\" variable is not set. Defaulting to a blank string."'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with these files."""
    monkeypatch.chdir(tmp_path)
    for each in ("NOWHERE", "SIZE"):
        monkeypatch.delenv(each, raising=False)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def stand_in(files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker command that answers as Docker Compose does, and writes down what it was asked."""
    answer = json.dumps(CONFIGURATION).replace("@HERE@", str(files))
    (files / "answer").write_text(answer)
    (files / "said").write_text(f"{WARNING}\n")
    (files / "bin").mkdir()
    script = (
        '#!/bin/sh\ncd "${0%/*}/.." || exit\necho "$*" >>asked\nenv >environment\n'
        'case "$*" in *--short) echo 2.26.1-4; exit ;; esac\ncat said >&2\ncat answer\nexit $(cat status)\n'
    )
    (files / "bin/docker").write_text(script)
    (files / "bin/docker").chmod(0o755)
    (files / "status").write_text("0")
    monkeypatch.setenv("PATH", f"{files}/bin:{os.environ['PATH']}")
    return files


def check(facts: Facts) -> None:
    """What these files ask for is judged as merged, with the line of each thing."""
    assert judged("5.5", facts)["web"] == ("fail", "runs with --privileged (base/common.yml:4)")
    assert judged("5.16", facts)["web"][1].endswith("(compose.override.yml:3)")
    assert judged("5.8", facts)["web"] == (
        "fail",
        "opens *:80/tcp (published for 80) (compose.override.yml:5)",
    )
    assert judged("5.10", facts)["debug"] == (
        "fail",
        "shares the network namespace of the host (compose.yml:12)",
    )
    assert judged("5.13", facts)["web"] == (
        "fail",
        "its root file system can be written to (compose.yml:4)",
    )
    added = judged("container_adds_approved_capabilities_alone", facts)["side"]
    assert added == ("fail", "adds SYS_ADMIN (extra.yml:4)")
    assert judged("5.28", facts)["open"][0] == "error"
    by_name = dict(facts.container)
    assert by_name["web"].configuration.memory == 2 << 30
    assert [each.paths for each in by_name["web"].mounts.configured] == [{"./data"}, {"/srv"}, {"./"}]
    secrets = judged("container_environment_holds_no_secret", facts)["web"]
    assert secrets[0] == "fail"
    assert "API_TOKEN" in secrets[1]
    assert "LATER_PASSWORD" in secrets[1]
    assert "tok-1d8f" not in json.dumps(kept(facts.recording))


def test_what_docker_compose_answers(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its configuration is judged; it was asked for all profiles, and may fetch nothing."""
    for name in ("MINE", "NAMED"):
        monkeypatch.setenv(name, "value-4717")
    recording = compose.recorded("shop", "compose.yml?env=NAMED")
    check(Facts(recording, Policy()))
    asked = (stand_in / "asked").read_text().splitlines()[-1]
    named = f"--file {stand_in}/compose.yml --file {stand_in}/compose.override.yml"
    assert asked == f"compose {named} --profile * config --format json"
    environment = (stand_in / "environment").read_text().splitlines()
    of_shell = [each for each in environment if each.startswith(("PWD=", "OLDPWD=", "SHLVL=", "_="))]
    wanted = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE=false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE=false"}
    assert {*environment} - {*of_shell} == {*wanted, f"HOME={os.environ['HOME']}", "NAMED=value-4717"}
    assert kept(recording)["reader"] == "docker compose 2.26.1-4"


@pytest.mark.skipif(NOT_HERE, reason="docker compose is not installed here")
def test_docker_compose_itself(files: Path) -> None:
    """The same by the command that is installed here."""
    check(Facts(compose.recorded("shop", "compose.yml"), Policy()))


@pytest.mark.skipif(NOT_HERE, reason="docker compose is not installed here")
def test_environment_of_docker_compose_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that is installed here finds itself without the environment, and has no value of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINE", "value-4717")
    Path("compose.yml").write_text('services: {web: {image: "a:1", volumes: ["/srv/${MINE}:/x"]}}')
    recording = compose.recorded("shop", "compose.yml")
    assert kept(recording)["reader"].startswith("docker")
    assert judged("5.6", Facts(recording, Policy()))["web"][0] == "error"
    named = compose.recorded("shop", "compose.yml?env=MINE")
    assert ["value-4717" in json.dumps(kept(each)) for each in (recording, named)] == [False, True]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("services.web.mem_limit must be a string", "compose.yml:6: services.web.mem_limit must be a string"),
        (
            "validating: services.side Additional property x",
            "extra.yml:2: validating: services.side Additional",
        ),
        ("no such thing", "compose.yml:1: no such thing"),
        (
            "validating /etc/shadow: (root) Additional property ann:*:19000:0 is not allowed",
            "compose.yml:1: validating /etc/shadow: (root) Additional property (of another file) is not allowed",
        ),
        (
            'line 1: unexpected character "{" in variable name "{\\"auth\\": \\"abc\\"}"',
            'compose.yml:1: line 1: unexpected character "{" in variable name (of another file)',
        ),
        (
            'line 3: unterminated quoted value "two words',
            "compose.yml:1: line 3: unterminated quoted value (of an",
        ),
        ("unknown anchor 'word' referenced", "compose.yml:1: unknown anchor (of another file) referenced"),
        ('service "web" can\'t be', 'compose.yml:1: service "web" can\'t be'),
    ],
)
def test_what_docker_compose_refuses(stand_in: Path, said: str, wanted: str) -> None:
    """Its own words stand behind the line of what they name."""
    (stand_in / "status").write_text("15")
    (stand_in / "said").write_text(f"{WARNING}\n{said}\n")
    with pytest.raises(ComposeError) as raised:
        compose.recorded("shop", "compose.yml")
    assert str(raised.value).startswith(wanted)


@pytest.mark.parametrize("answer", ["", "[]", "{", '{"a": 1, "a": 2}'])
def test_answer_that_is_none(stand_in: Path, answer: str) -> None:
    """An answer that is no configuration is refused."""
    (stand_in / "answer").write_text(answer)
    with pytest.raises(ComposeError, match="config` printed no"):
        compose.recorded("shop", "compose.yml")


def test_service_that_is_left_out(stand_in: Path) -> None:
    """A service that an old version leaves out, as one of a profile, is not passed over."""
    less = {**CONFIGURATION, "services": {"web": {}, "side": {}, "open": {}}}
    (stand_in / "answer").write_text(json.dumps(less))
    with pytest.raises(ComposeError, match=r"^compose\.yml:9: docker compose left out the service debug"):
        compose.recorded("shop", "compose.yml")


def test_version_1_is_no_docker_compose(stand_in: Path) -> None:
    """What is no version 2 or newer is not asked, and a project that needs merging is refused."""
    text = (stand_in / "bin/docker").read_text().replace("2.26.1-4", "1.29.2")
    (stand_in / "bin/docker").write_text(text)
    (stand_in / "bin/docker-compose").write_text("#!/bin/sh\nexit 1\n")
    (stand_in / "bin/docker-compose").chmod(0o755)
    with pytest.raises(ComposeError, match="which only docker compose can do"):
        compose.recorded("shop", "compose.yml")


SPELLINGS = """
services:
  short:
    image: a/b:1
    command: sh -c "sleep 9; echo $$HOME $(id -g)"
    environment: [A=1, NAMED, "E="]
    labels: [one=1, two]
    ports: ["80", "8080:80", "127.0.0.1:90-91:90-91/udp", "[::1]:7:7"]
    volumes: [named:/n:ro, /anonymous, "/etc:/e:ro,z", ./here/:/h/, .:/all]
    tmpfs: /t
    devices: [/dev/null:/dev/zero:r]
    ulimits: {nofile: 100}
    mem_limit: 1.5gb
    cpus: 0.5
    restart: on-failure:3
    security_opt: [no-new-privileges]
    healthcheck: {test: curl -f http://localhost}
    sysctls: [net.core.somaxconn=1024]
  long:
    image: a@sha256:1111111111111111111111111111111111111111111111111111111111111111
    entrypoint: [sh, -c]
    environment: {A: 1, B: true, C: null}
    ports: [{target: 80, published: "81", host_ip: 0.0.0.0, protocol: tcp, mode: host}]
    volumes:
      - {type: bind, source: /etc, target: /e, read_only: true, bind: {propagation: rshared}}
      - {type: volume, source: named, target: /n, volume: {nocopy: true}}
      - {type: tmpfs, target: /t, tmpfs: {size: 1m}}
    ulimits: {nofile: {soft: 100, hard: 200}}
    deploy: {resources: {limits: {memory: 64M, cpus: "0.5", pids: 10}}, restart_policy: {condition: any}}
    healthcheck: {disable: true}
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    userns_mode: host
    networks: {inside: {ipv4_address: 10.7.0.5}}
    read_only: true
    user: "1000:1000"
    init: true
    cgroup_parent: /x
    logging: {driver: json-file, options: {max-size: 10m}}
  shares: {image: "x:1", network_mode: "service:short", pid: "service:short", ipc: host, uts: host, privileged: true}
networks: {inside: {driver: bridge, ipam: {config: [{subnet: 10.7.0.0/24}]}}}
volumes: {named: {driver: local, driver_opts: {type: none, o: bind, device: /etc}}}
"""


@pytest.mark.skipif(NOT_HERE, reason="docker compose is not installed here")
def test_both_readers_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each spelling means the same whether docker compose is installed or not."""
    monkeypatch.chdir(tmp_path)
    Path("compose.yml").write_text(SPELLINGS)
    by_docker = kept(compose.recorded("shop", "compose.yml"))
    monkeypatch.setattr(command, "available", lambda path: None)
    by_us = kept(compose.recorded("shop", "compose.yml"))
    assert by_us["services"] == by_docker["services"]
