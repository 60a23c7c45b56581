"""What a Compose file decides: each control tells services apart that differ in one thing, and names the line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from hullcheck import compose
from hullcheck.criteria.judgement import shown_port
from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.verdicts import NotApplicable
from selftests.kit.judging import Verdicts, judged
from selftests.needs import need

DIGEST = f"sha256:{'a' * 64}"
POLICY = {"resource_limits": {"memory": "1g", "cpus": 1, "pids": 200}, "current_images": ["web:1.2"]}

# The control, a setting of a service, and the verdict; of a fail, the line is that of the setting.
ROWS = [
    tuple(line.split(" | "))
    for line in rf"""
4.1 | user: "1000" | pass
4.1 | user: root | fail
5.2 | tty: true | not applicable
5.2 | security_opt: [apparmor=unconfined] | fail
5.3 | tty: true | not applicable
5.3 | security_opt: [label:disable] | fail
5.4 | cap_drop: [NET_RAW] | pass
5.4 | cap_add: [NET_RAW] | fail
5.5 | privileged: false | pass
5.5 | privileged: true | fail
5.5 | <<: *base | fail
5.6 | volumes: [./data:/data] | pass
5.6 | volumes: [/etc:/data] | fail
5.6 | volumes: ['~/.ssh:/k'] | fail
5.6 | volumes: ['/run/../etc:/x'] | fail
5.6 | volumes: ['./innocent:/x'] | fail
5.6 | volumes: ['bound:/d'] | fail
5.6 | volumes: ['overlay:/d'] | not applicable
5.6 | volumes: ['elsewhere:/d'] | not applicable
5.6 | volumes: ['data:/d', /anonymous] | pass
5.6 | secrets: [shadow] | fail
5.6 | secrets: [key] | pass
5.6 | volumes_from: [seeing_etc] | fail
5.6 | volumes_from: ['container:other'] | not applicable
5.7 | tty: true | not applicable
5.7 | command: /usr/sbin/sshd -D | fail
5.8 | ports: ["127.0.0.1:8080:80"] | pass
5.8 | ports: ["127.0.0.1:80:80"] | fail
5.8 | {{ports: ["127.0.0.1:8080:80"], networks: [lan]}} | not applicable
5.8 | {{ports: ["127.0.0.1:8080:80"], networks: [external]}} | not applicable
5.10 | network_mode: none | pass
5.10 | network_mode: host | fail
5.10 | network_mode: 'service:on_host' | fail
5.10 | network_mode: 'service:plain' | pass
5.10 | network_mode: 'container:other' | not applicable
5.10 | networks: [engine_host] | fail
5.10 | networks: [host, bridge] | pass
5.11 | mem_limit: 512m | manual
5.11 | mem_limit: 0 | fail
5.12 | cpus: 0.5 | manual
5.12 | cpus: 0 | fail
5.13 | read_only: true | pass
5.13 | read_only: false | fail
5.14 | ports: ["127.0.0.1:8080:80"] | pass
5.14 | ports: ["8080:80"] | fail
5.14 | {{ports: ["127.0.0.1:8080:80"], networks: [lan]}} | not applicable
5.15 | restart: on-failure:5 | pass
5.15 | restart: always | fail
5.15 | {{restart: always, deploy: {{restart_policy: {{condition: on-failure, max_attempts: 3}}}}}} | pass
5.15 | deploy: {{restart_policy: {{}}}} | fail
5.16 | tty: true | pass
5.16 | pid: host | fail
5.16 | pid: 'service:on_host' | fail
5.17 | ipc: private | pass
5.17 | ipc: host | fail
5.17 | volumes: [/dev/shm:/dev/shm] | fail
5.18 | tty: true | pass
5.18 | devices: [/dev/sda] | fail
5.19 | tty: true | pass
5.19 | ulimits: {{nofile: 10}} | fail
5.20 | volumes: [./a:/a] | pass
5.20 | volumes: [./a:/a:rshared] | fail
5.21 | tty: true | pass
5.21 | uts: host | fail
5.22 | tty: true | not applicable
5.22 | security_opt: [seccomp:unconfined] | fail
5.23 | tty: true | not applicable
5.24 | tty: true | not applicable
5.25 | tty: true | pass
5.25 | cgroup_parent: /mine | fail
5.26 | security_opt: [no-new-privileges:true] | pass
5.26 | security_opt: [no-new-privileges:false] | fail
5.27 | tty: true | not applicable
5.27 | healthcheck: {{disable: true}} | fail
5.28 | image: web | fail
5.28 | {{build: ., image: 'web:latest'}} | not applicable
5.28 | image: web:1.2 | manual
5.30 | networks: [default] | pass
5.30 | network_mode: bridge | fail
5.31 | tty: true | pass
5.31 | userns_mode: host | fail
5.32 | volumes: [./run:/run] | pass
5.32 | volumes: [/var/run/docker.sock:/s] | fail
5.32 | volumes: [/run/containerd:/s] | fail
5.32 | volumes: [/srv/second/podman.sock:/s] | fail
5.32 | volumes: ['/srv/data:/d'] | not applicable
container_adds_approved_capabilities_alone | cap_add: [NET_BIND_SERVICE] | pass
container_adds_approved_capabilities_alone | cap_add: [SYS_ADMIN] | fail
container_cpu_time_is_capped | deploy: {{resources: {{limits: {{cpus: '0.5'}}}}}} | manual
container_cpu_time_is_capped | cpu_shares: 512 | fail
container_drops_all_capabilities | cap_drop: [ALL] | pass
container_drops_all_capabilities | cap_drop: [CHOWN] | fail
container_environment_holds_no_secret | environment: {{MODE: fast}} | not applicable
container_environment_holds_no_secret | environment: {{DB_PASSWORD: hunter2x9}} | fail
container_image_is_pinned | image: web:1.2@{DIGEST} | pass
container_image_is_pinned | image: web:1.2 | fail
container_image_is_pinned | {{build: ., image: 'web:latest'}} | not applicable
container_writes_to_tmpfs_or_named_volumes | {{read_only: true, tmpfs: /t}} | not applicable
container_writes_to_tmpfs_or_named_volumes | {{read_only: true, volumes: ['/etc:/data']}} | fail
container_writes_to_tmpfs_or_named_volumes | {{read_only: true, secrets: [key]}} | not applicable
container_writes_to_tmpfs_or_named_volumes | {{read_only: true, volumes_from: ['seeing_etc:ro']}} | not applicable
""".strip().splitlines()
]
OTHERS = """
  plain: {image: a}
  on_host: {image: a, network_mode: host, pid: host}
  seeing_etc: {image: a, volumes: ['/etc:/e']}
  ports:
    image: a
    ports:
    - 3000
    - 8000-8001:9000-9001/udp
    - '[::1]:81:80'
    - 10.0.0.1::82
    - {target: 83, published: '84', host_ip: 127.0.0.2, protocol: tcp}
volumes:
  data:
  bound: {driver_opts: {o: bind, device: /etc}}
  overlay: {driver_opts: {o: 'lowerdir='}}
  elsewhere: {external: true}
networks:
  host:
  bridge:
  lan: {driver: macvlan}
  external: {external: true, name: lan}
  engine_host: {external: true, name: host}
secrets:
  shadow: {file: /etc/shadow}
  key: {file: ./key}
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A file with a service for each row, as docker compose reads it: three lines for a service."""
    need("docker-compose")
    folder: Path = tmp_path_factory.mktemp("compose")
    text = "services:\n"
    anchor = "x-base: &base {privileged: true}\n"
    for number, (_, setting, _) in enumerate(ROWS):
        other = "init: true" if "image:" in setting else "image: web:1.2"
        setting = f"<<: {setting}" if setting.startswith("{") else setting
        text += f"  row{number}:\n    {setting}\n    {other}\n"
    (folder / "compose.yml").write_text(anchor + text + OTHERS.lstrip("\n"))
    (folder / "innocent").symlink_to("/etc")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return compose.recorded("shop", "compose.yml")


@cache
def verdicts(key: str, facts: Facts) -> Verdicts:
    """What the control says of all services."""
    return judged(key, facts)


@pytest.fixture(scope="module")
def facts(recording: Recording) -> Facts:
    """The services under a silent policy."""
    return Facts(recording, Policy())


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[" ".join(row[:2]) for row in ROWS])
def test_service(facts: Facts, number: int) -> None:
    """What the file shows decides; what the image, the daemon or the host decides is no pass."""
    key, setting, wanted = ROWS[number]
    verdict, reason = verdicts(key, facts)[f"row{number}"]
    assert verdict == wanted, reason
    line = 1 if "*base" in setting else 3 * number + 4  # where the anchor is
    if verdict == "fail" and "service:" not in setting and "_from" not in setting:
        assert reason.endswith((f"(compose.yml:{line})", f"(compose.yml:{line - 1})")), reason


def test_policy_decides(recording: Recording) -> None:
    """A limit passes if the policy says how much is allowed, and an image that it calls current."""
    known = Facts(recording, Policy.from_mapping(POLICY))
    waiting = [(number, key) for number, (key, _, wanted) in enumerate(ROWS) if wanted == "manual"]
    assert [verdicts(key, known)[f"row{number}"][0] for number, key in waiting] == ["pass"] * len(waiting)
    assert verdicts("5.28", known)["plain"][0] == "fail"


@pytest.mark.parametrize("key", ["1.1.2", "5.1", "7.1"])
def test_rest_is_not_applicable(facts: Facts, key: str) -> None:
    """What is not in a Compose file is not applicable."""
    try:
        found = judged(key, facts)
    except NotApplicable as raised:
        found = {"shop": ("not applicable", str(raised))}
    assert {verdict for verdict, _ in found.values()} == {"not applicable"}
    assert all("not in a Compose file" in reason for _, reason in found.values())


def test_ports(facts: Facts) -> None:
    """Ports in their short and long form, as ranges, with addresses of both kinds."""
    assert sorted(map(shown_port, dict(facts.container)["ports"].ports.published)) == [
        "*:(any)/tcp (published for 3000)",
        "*:8000/udp (published for 9000)",
        "*:8001/udp (published for 9001)",
        "10.0.0.1:(any)/tcp (published for 82)",
        "127.0.0.2:84/tcp (published for 83)",
        "[::1]:81/tcp (published for 80)",
    ]
