"""What a Compose file decides: each control tells two files apart that differ in one thing, and names the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullcheck.criteria.judgement import shown_port
from hullcheck.verdicts import NotApplicable
from selftests.kit.judging import judged
from selftests.unit.compose.conftest import Read

DIGEST = f"sha256:{'a' * 64}"
LIMITS = {"resource_limits": {"memory": "1g", "cpus": 1, "pids": 200}}

# The control, a setting with which it passes, and one with which it fails.
FILE_DECIDES = r"""
4.1 | user: "1000" | user: root
5.4 | cap_drop: [NET_RAW] | cap_add: [NET_RAW]
5.5 | privileged: false | privileged: true
5.6 | volumes: [./data:/data] | volumes: [/etc:/data]
5.8 | ports: ["127.0.0.1:8080:80"] | ports: ["127.0.0.1:80:80"]
5.10 | network_mode: none | network_mode: host
5.13 | read_only: true | read_only: false
5.14 | ports: ["127.0.0.1:8080:80"] | ports: ["8080:80"]
5.15 | restart: on-failure:5 | restart: always
5.16 | pid: '' | pid: host
5.17 | ipc: private | ipc: host
5.18 | devices: [] | devices: [/dev/sda]
5.19 | ulimits: {} | ulimits: {nofile: 10}
5.20 | volumes: [./a:/a] | volumes: [./a:/a:rshared]
5.21 | uts: '' | uts: host
5.25 | cgroup_parent: '' | cgroup_parent: /mine
5.26 | security_opt: [no-new-privileges:true] | security_opt: [no-new-privileges:false]
5.30 | networks: [default] | network_mode: bridge
5.31 | userns_mode: '' | userns_mode: host
5.32 | volumes: [./run:/run] | volumes: [/var/run/docker.sock:/s]
container_drops_all_capabilities | cap_drop: [ALL] | cap_drop: [CHOWN]
container_adds_approved_capabilities_alone | cap_add: [NET_BIND_SERVICE] | cap_add: [SYS_ADMIN]
""".strip().split("\n")
# The same, where without the mistake the image, the daemon or the host decides.
FILE_CAN_ONLY_FAIL = r"""
5.2 |  | security_opt: [apparmor=unconfined]
5.3 |  | security_opt: [label:disable]
5.7 |  | command: /usr/sbin/sshd -D
5.22 |  | security_opt: [seccomp:unconfined]
5.23 | post_start: [{command: ls}] | post_start: [{command: ls, privileged: true}]
5.24 | pre_stop: [{command: ls, user: '1000'}] | pre_stop: [{command: ls, user: '0:0'}]
5.27 |  | healthcheck: {disable: true}
container_environment_holds_no_secret | environment: {MODE: fast} | environment: {DB_PASSWORD: hunter2x9}
container_writes_to_tmpfs_or_named_volumes | {read_only: true, tmpfs: /t} | {read_only: true, volumes: ['./data:/data']}
""".strip().split("\n")
LIMITED = r"""
5.11 | mem_limit: 512m | mem_limit: 0
5.12 | cpus: 0.5 | cpus: 0
container_cpu_time_is_capped | deploy: {resources: {limits: {cpus: '0.5'}}} | cpu_shares: 512
""".strip().split("\n")


def file_of(setting: str) -> str:
    """A file whose one service has this setting, in the fourth line."""
    if setting.startswith("{"):
        setting = f"<<: {setting}"
    volumes = "volumes: {data: }\n" if "data:/data" in setting else ""
    return f"services:\n  web:\n    image: web:1.2\n    {setting}\n{volumes}"


@pytest.mark.parametrize("row", FILE_DECIDES)
def test_file_decides(read: Read, row: str) -> None:
    """What the file shows fails with its line, and passes where the one thing is otherwise."""
    key, good, bad = row.split(" | ")
    verdict, reason = judged(key, read(file_of(bad)))["web"]
    assert (verdict, reason.endswith(" (compose.yml:4)")) == ("fail", True), reason
    assert judged(key, read(file_of(good)))["web"][0] == "pass"


@pytest.mark.parametrize("row", FILE_CAN_ONLY_FAIL)
def test_file_can_only_fail(read: Read, row: str) -> None:
    """What the file shows fails; without it nothing passes."""
    key, good, bad = row.split(" | ")
    assert judged(key, read(file_of(bad)))["web"][0] == "fail"
    verdict, reason = judged(key, read(file_of(good)))["web"]
    assert (verdict, "compose.yml:" in reason) == ("not applicable", True)


@pytest.mark.parametrize("row", LIMITED)
def test_limit_passes_by_the_policy_alone(read: Read, row: str) -> None:
    """No limit fails; one passes where the policy says how much is allowed, for the host is not known."""
    key, good, bad = row.split(" | ")
    assert judged(key, read(file_of(bad), LIMITS))["web"][0] == "fail"
    assert judged(key, read(file_of(good)))["web"][0] == "manual"
    assert judged(key, read(file_of(good), LIMITS))["web"][0] == "pass"


@pytest.mark.parametrize(
    "setting",
    [
        "restart: unless-stopped",
    ],
)
def test_deploy_takes_the_place_of_restart(read: Read, setting: str) -> None:
    """docker compose applies the restart policy of `deploy` where there is one."""
    text = file_of(setting)
    assert judged("5.15", read(text))["web"][0] == "fail"
    text += "    deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}\n"
    assert judged("5.15", read(text))["web"][0] == "pass"
    assert judged("5.15", read(file_of("deploy: {restart_policy: {}}")))["web"][0] == "fail"


@pytest.mark.parametrize(
    ("image", "verdict"),
    [("web:1.2", "fail"), (f"web:1.2@{DIGEST}", "pass")],
)
def test_image_is_pinned(read: Read, image: str, verdict: str) -> None:
    """A digest pins an image, a version does not."""
    text = f"services:\n  web:\n    image: {image}\n"
    assert judged("container_image_is_pinned", read(text))["web"][0] == verdict


def test_current_image(read: Read) -> None:
    """An image without a version fails; which version is current, the policy says."""
    assert judged("5.28", read("services: {web: {image: web}}"))["web"][0] == "fail"
    text = "services: {web: {image: 'web:1.2'}}"
    assert judged("5.28", read(text))["web"][0] == "manual"
    assert judged("5.28", read(text, {"current_images": ["web:1.2"]}))["web"][0] == "pass"
    assert judged("5.28", read(text, {"current_images": ["web:1.3"]}))["web"][0] == "fail"


def test_built_image(read: Read) -> None:
    """Of an image that is built the file tells nothing."""
    text = "services: {web: {build: ., image: 'web:latest'}}"
    for key in ("5.28", "container_image_is_pinned"):
        verdict, reason = judged(key, read(text))["web"]
        assert verdict == "not applicable"
        assert "built from a Dockerfile" in reason


@pytest.mark.parametrize(
    "kind",
    [
        "network_mode",
        "pid",
    ],
)
def test_namespace_of_another_service(read: Read, kind: str) -> None:
    """Who joins a service shares what that shares; of a container that is not in the file nothing is known."""
    key = {"network_mode": "5.10", "pid": "5.16", "ipc": "5.17"}[kind]
    text = f"services:\n  db: {{image: a, {kind}: host}}\n  web: {{image: a, {kind}: 'service:db'}}\n"
    assert judged(key, read(text))["web"][0] == "fail"
    text = f"services:\n  db: {{image: a}}\n  web: {{image: a, {kind}: 'service:db'}}\n"
    assert judged(key, read(text))["web"][0] == "pass"
    text = f"services:\n  web: {{image: a, {kind}: 'container:other'}}\n"
    assert judged(key, read(text))["web"][0] == "not applicable"


MOUNTS = {
    "services: {web: {image: a, volumes: ['v1:/d']}}\nvolumes: {v1: {driver_opts: {o: bind, device: /etc}}}": "fail",
    "services: {web: {image: a, volumes: ['v1:/d']}}\nvolumes: {v1: {driver_opts: {o: 'lowerdir='}}}": "not applicable",
    "services: {web: {image: a, secrets: [key]}}\nsecrets: {key: {file: /etc/shadow}}": "fail",
    "services: {web: {image: a, volumes_from: [db]}, db: {image: a, volumes: ['/etc:/e']}}": "fail",
    "services: {web: {image: a, volumes: ['~/.ssh:/k']}}": "fail",
    "services: {web: {image: a, volumes: ['/run/../etc:/x']}}": "fail",
    "services: {web: {image: a, volumes: ['data:/d']}}\nvolumes: {data: {external: true}}": "not applicable",
    "services: {web: {image: a, volumes_from: ['container:other']}}": "not applicable",
    "services: {web: {image: a, volumes: ['data:/d', /anonymous]}}\nvolumes: {data: }": "pass",
    "services: {web: {image: a, secrets: [key]}}\nsecrets: {key: {file: ./key}}": "pass",
}


@pytest.mark.parametrize("text", MOUNTS)
def test_paths_of_the_host(read: Read, text: str) -> None:
    """Every way to a path of the host counts; where one leads that the file does not say is no pass."""
    assert judged("5.6", read(text))["web"][0] == MOUNTS[text]


def test_link_out_of_the_project(read: Read, tmp_path: Path) -> None:
    """A path of the project that is a link to the host's system counts as that."""
    (tmp_path / "innocent").symlink_to("/etc")
    text = "services: {web: {image: a, volumes: ['./innocent:/x']}}"
    assert judged("5.6", read(text))["web"][0] == "fail"


@pytest.mark.parametrize(
    ("volume", "verdict"),
    [
        ("/run/containerd:/r", "fail"),
        ("/srv/docker.sock:/s", "fail"),
        ("/srv/data:/d", "not applicable"),
        ("named:/d", "pass"),
    ],
)
def test_sockets_of_engines(read: Read, volume: str, verdict: str) -> None:
    """A usual socket fails; whether one lies below another folder of the host, only that shows."""
    text = f"services: {{web: {{image: a, volumes: ['{volume}']}}}}\nvolumes: {{named: }}"
    assert judged("5.32", read(text))["web"][0] == verdict


NETWORKS = {
    "networks: {default: {driver: macvlan}}": "not applicable",
    "networks: {default: {external: true, name: lan}}": "not applicable",
    "networks: {default: {driver: bridge}}": "pass",
}


@pytest.mark.parametrize("networks", NETWORKS)
def test_ways_past_published_ports(read: Read, networks: str) -> None:
    """A network that leads outside past what is published is no pass."""
    text = f"services: {{web: {{image: a, ports: ['127.0.0.1:8080:80']}}}}\n{networks}"
    found = read(text)
    assert judged("5.14", found)["web"][0] == NETWORKS[networks]
    assert judged("5.8", found)["web"][0] == NETWORKS[networks]


def test_network_named_as_one_of_the_engine(read: Read) -> None:
    """The engine's own networks under another key are known by their names."""
    text = "services: {{web: {{image: a, networks: [n]}}}}\nnetworks: {{n: {{external: true, name: {}}}}}"
    assert judged("5.10", read(text.format("host")))["web"][0] == "fail"
    assert judged("5.30", read(text.format("bridge")))["web"][0] == "fail"
    own = "services: {web: {image: a, networks: [host, bridge]}}\nnetworks: {host: , bridge: }"
    assert judged("5.10", read(own))["web"][0] == "pass"
    assert judged("5.30", read(own))["web"][0] == "pass"


@pytest.mark.parametrize("key", ["1.1.2", "5.1", "5.23", "7.1"])
def test_rest_is_not_applicable(read: Read, key: str) -> None:
    """What no Compose file tells is not applicable, and says so."""
    try:
        found = judged(key, read(file_of("")))
    except NotApplicable as raised:
        found = {"shop": ("not applicable", str(raised))}
    assert {verdict for verdict, _ in found.values()} == {"not applicable"}
    assert all("ompose file does not tell" in reason for _, reason in found.values())


def test_ports(read: Read) -> None:
    """Ports in their short and long form, as ranges, with addresses of both kinds."""
    text = (
        "services: {web: {image: a, ports: ['3000', 8000-8001:9000-9001/udp, '[::1]:81:80', '10.0.0.1::82',"
        " {target: 83, published: '84', host_ip: 127.0.0.2, protocol: tcp}]}}"
    )
    (container,) = (each for _, each in read(text).container)
    assert sorted(map(shown_port, container.ports.published)) == [
        "*:(any)/tcp (published for 3000)",
        "*:8000/udp (published for 9000)",
        "*:8001/udp (published for 9001)",
        "10.0.0.1:(any)/tcp (published for 82)",
        "127.0.0.2:84/tcp (published for 83)",
        "[::1]:81/tcp (published for 80)",
    ]
