"""What no probe may keep: fields and lines that nobody knows yet, and secrets where hosts have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts import PROBES
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import MAGIC
from selftests.kit.facts.images import LAYERS

NEW = "Geheim7"
ID = "ab" * 32
BY_NAME = {each.name: each for each in PROBES}


def with_new(value: Any) -> Any:
    """A document in which every mapping has fields that no release of the engine has, at every depth."""
    if isinstance(value, dict):
        new = {"Unforeseen": NEW, "unforeseenMap": {"x": {"y": NEW}}, "unforeseenList": [NEW, {"x": NEW}]}
        return {name: with_new(each) for name, each in value.items()} | new
    return [with_new(each) for each in value] if isinstance(value, list) else value


INFO = {
    "ServerVersion": "29.0.0",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "FirewallBackend": {"Driver": "iptables"},
    "Plugins": {"Authorization": ["opa"]},
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": True, "Mirrors": []}},
        "Mirrors": [],
    },
    "Swarm": {"LocalNodeState": "active", "ControlAvailable": True, "Cluster": {"Spec": {}}},
}
CONTAINER = {
    "Id": ID,
    "Name": "/web",
    "Path": "sleep",
    "Args": ["1"],
    "State": {"Status": "running", "Health": {"Status": "healthy", "Log": []}},
    "Config": {"Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}},
    "HostConfig": {
        "Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}],
        "DeviceRequests": [{"Driver": "cdi", "Count": 1, "DeviceIDs": ["0"], "Options": {}}],
        "LogConfig": {"Type": "json-file", "Config": None},
        "PortBindings": None,
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        "SecurityOpt": ["seccomp=" + json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "comment": NEW})],
        "Tmpfs": None,
        "Ulimits": [{"Name": "nofile", "Hard": 1, "Soft": 1}],
        "CapAdd": ["CHOWN"],
    },
    "Mounts": [{"Type": "volume", "Name": "v", "Source": "/x", "Destination": "/y", "RW": True}],
    "NetworkSettings": {"Networks": None, "Ports": None},
}
VOLUME = {"Name": "v", "Driver": "local", "Options": {"type": "nfs", "device": ":/x", "o": "addr=1"}}
IMAGE = {
    "Id": f"sha256:{ID}",
    "RepoTags": ["web:1"],
    "Metadata": {"LastTagTime": "x"},
    "RootFS": {"Type": "layers", "Layers": LAYERS},
    "Identity": {"Pull": [{"Repository": "docker.io/library/web"}]},
    "Config": {"User": "1", "Env": ["A=b"], "Labels": {"a": "b"}, "Healthcheck": {"Test": ["CMD", "curl"]}},
}
STORED = {
    "os": "linux",
    "rootfs": {"diff_ids": LAYERS},
    "history": [{"created_by": "RUN true"}],
    "config": {},
}
SWARM = {
    "NodeAddr": "10.0.0.1",
    "LocalNodeState": "active",
    "RemoteManagers": [{"Addr": "10.0.0.1:2377", "NodeID": "x"}],
    "Cluster": {
        "ID": "x",
        "TLSInfo": {"TrustRoot": "x"},
        "Spec": {"CAConfig": {"NodeCertExpiry": 1}, "EncryptionConfig": {"AutoLockManagers": True}},
        "JoinTokens": {"Worker": NEW, "Manager": NEW},
    },
}
SERVICE = {
    "ID": "x",
    "Name": "web",
    "Labels": {},
    "Container": {
        "Image": "web:1",
        "Env": ["A=b"],
        "Healthcheck": {"Test": ["CMD", "curl"]},
        "Mounts": [{"VolumeOptions": {"DriverConfig": {"Options": {"o": "x"}}}}],
        "Secrets": [{"SecretName": "x", "SecretID": "y", "File": {"Name": "x"}}],
        "Configs": [{"ConfigName": "x", "File": {"Name": "x"}}],
    },
    "Log": {"Name": "json-file", "Options": {"max-size": "1m"}},
}
ONE_SERVICE = {
    "ID": "x",
    "Spec": {"Name": "x", "TaskTemplate": {"RestartPolicy": {"Condition": "any", "MaxAttempts": 0}}},
    "Endpoint": {"Ports": [{"PublishedPort": 80, "Protocol": "tcp", "PublishMode": "ingress"}]},
}
DAEMON_JSON = {
    "icc": False,
    "hosts": ["fd://"],
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1, "Soft": 1}},
    "log-opts": {"max-size": "1m"},
    "proxies": {"http-proxy": "x"},
}
NFT = {
    "nftables": [
        {"metainfo": {"version": "1"}},
        {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward"}},
        {
            "rule": {
                "family": "ip",
                "table": "filter",
                "chain": "FORWARD",
                "expr": [
                    {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}},
                    {"log": {"prefix": NEW}},
                    {"counter": {"packets": 1, "bytes": 1}},
                    {"drop": None},
                ],
            }
        },
    ]
}
TRIVY = {
    "SchemaVersion": 2,
    "ArtifactType": "container_image",
    "Metadata": {"ImageID": f"sha256:{ID}"},
    "Results": [{"Class": "os-pkgs", "Vulnerabilities": [{"Severity": "LOW"}]}],
}
CLAIR = {
    "manifest_hash": f"sha256:{ID}",
    "packages": {"1": {"name": "x"}},
    "vulnerabilities": {"1": {"normalized_severity": "Low"}},
    "package_vulnerabilities": {"1": ["1"]},
}


def one_line(document: object) -> str:
    """A document as probes print it, with what nobody knows yet."""
    return json.dumps(with_new(document))


ANSWERS = {
    "docker_version": [one_line({"Version": "29.0.0", "Platform": {"Name": "Docker Engine - Community"}})],
    "docker_info": [one_line(INFO)],
    "docker_networks": [one_line({"Name": "bridge", "Id": ID, "Driver": "bridge", "Options": {"encrypted": ""}})],
    "docker_services": [one_line(ONE_SERVICE)],
    "containers": ["--inspect", one_line(CONTAINER), "--volumes", f"[{one_line(VOLUME)}]", "--end"],
    "images": [f"image {one_line(IMAGE)}", "--blobs", f"{ID}:{one_line(STORED)}"],
    "image_contents": [f"image sha256:{ID} {one_line(IMAGE['RootFS'])}", f"{ID}:{one_line(STORED)}"],
    "swarm": [
        one_line(SWARM),
        f"7/state:{one_line({'ListenAddr': 'x'})}",
        f"node {one_line({'Hostname': 'x', 'Role': 'manager', 'ManagerStatus': {'Leader': True}})}",
        f"service {one_line(SERVICE)}",
    ],
    "daemon_configuration": [
        "dockerd:7",
        "config:read|1|/etc/docker/daemon.json",
        f" {one_line(DAEMON_JSON)}",
        "profile:read|1|/etc/profile.json",
        f" {one_line({'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': [{'names': ['x']}]})}",
    ],
    "firewall": [f"7/nft:{one_line(NFT)}"],
    "scan_reports": [
        "folder:/x",
        *(line for name in ("a", "b") for line in (f"report:1:1:/x/{name}",)),
        *("content:/x/a", f":{one_line(TRIVY)}", "content:/x/b", f":{one_line(CLAIR)}"),
    ],
}  # fmt: skip
KEPT = {
    "docker_version": "Community",
    "docker_info": "extfs",
    "docker_networks": "encrypted",
    "docker_services": "ingress",
    "containers": "SCMP_ACT_ERRNO",
    "images": "docker.io/library/web",
    "image_contents": "",
    "swarm": "Leader",
    "daemon_configuration": "nofile",
    "firewall": "forward",
    "scan_reports": "Trivy",
}
"""A part of each answer that is judged, so that an answer that is dropped whole shows."""


@pytest.mark.parametrize("name", ANSWERS)
def test_new_fields_are_dropped(name: str) -> None:
    """A field that no control knows is not stored, at whatever depth it comes."""
    kept = BY_NAME[name].keep("\n".join(ANSWERS[name]))
    assert NEW not in kept
    assert KEPT[name] in kept


# What a host says, with a secret in it, and what has to stay of it.
SAID = {
    "daemon_processes": [
        ("dockerd:7\nargument:dockerd\nargument:--log-opt\nargument:tag=a$Geheim7", "--log-opts=tag=***"),
        ("dockerd:7\nargument:dockerd\nargument:--http-proxy=http://u:Geheim7@p", "--http-proxy=***"),
        ("dockerd:7\nenvironment:HTTPS_PROXY=http://u:Geheim7@p\nenvironment:HOME=/root", "environment:HOME=/root"),
        ("endpoint:tcp://me:Geheim7@10.0.0.1:2375", "endpoint:tcp://***@10.0.0.1:2375"),
        ("7/mountinfo:1 2 0:1 / /x rw - fuse https://u:Gehe/im@Geheim7@h rw", "@h rw"),
    ],
    "daemon_unit": [
        ("Id=docker.service\nEnvironment=PROXY=Geheim7", "Id=docker.service"),
        ("ExecStart={ path=x ; argv[]=dockerd --label k=Geheim7 $OPTS ; x }", "--labels=*** $OPTS"),
    ],
    "docker_endpoint": [('"ssh://me:Geheim7@host"', '"ssh://me:***@host"')],
    "docker_info": [('{"ServerErrors":["Get https://u:Geheim7@p/v1: refused"]}', "https://u:***@p/v1: refused")],
    "engine_places": [
        ("argument|7|--token=Geheim7\nheld|7|/x", "held|7|/x"),
    ],
    "sysctl": [
        ("line:/x:# ip_forward Geheim7\nline:/x:net.ipv4.ip_forward=0", "line:/x:net.ipv4.ip_forward=0"),
    ],
    "os_release": [("ID=debian\nSUPPORT_TOKEN=Geheim7", "ID=debian")],
    "firewall": [
        ('7/iptables:-A X -m string --string "a Geheim7" --algo bm -j DROP', "--string - --algo bm -j DROP"),
        ('7/iptables:-A X -j LOG --log-prefix "Geheim7', '--log-prefix -'),
    ],
    "containers": [
        (f"--inspect\n{json.dumps({'Id': ID, 'Name': 'a', 'Path': 'a Geheim7', 'Args': ['sshd']})}\n--end", '["sshd"]'),
        (f"--volumes\n{json.dumps([{'Name': 'v', 'Options': {'device': '//u:Geheim7@nas/x'}}])}\n--end", "//***@nas/x"),
    ],
    "images": [
        (f"image {json.dumps(IMAGE | {'Config': {'Healthcheck': {'Test': ['curl -u a:Geheim7']}}})}", '"another"'),
    ],
    "swarm": [('{"LocalNodeState":"error","Error":"dial https://u:Geheim7@p: refused"}', "https://u:***@p: refused")],
}  # fmt: skip


@pytest.mark.parametrize(("name", "said", "stays"), [(name, *each) for name in SAID for each in SAID[name]])
def test_secrets_of_a_host(name: str, said: str, stays: str) -> None:
    """What hosts have where it does not belong is not stored, and what is judged beside it is."""
    kept = recorded(name, said).stdout
    assert NEW not in kept
    assert stays in kept


def test_secrets_in_messages() -> None:
    """What a command says of its failure is stored without logins and tokens."""
    for said in (f"proxy http://u:{NEW}@p failed", f"Bearer {NEW}{'a1' * 10}", f"https://{NEW}{'a' * 20}@p"):
        assert NEW not in recorded("clock", "", said).stderr


def recorded(name: str, stdout: str, stderr: str = "") -> Answer:
    """What a recording has of an answer."""
    nonce = "ab" * 16
    lines = (f"begin {name}\n{stdout}", f"status 0\n{stderr}", f"end {name}", "complete")
    output = "\n".join((f"{MAGIC} {nonce}", *(f"{nonce} {each}" for each in lines), ""))
    recording = Recording.from_output(output, PROBES, target="x", backend="script", asked=0.0)
    assert not recording.failure
    return recording.answers[name]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_new_lines_are_dropped(probe: Probe) -> None:
    """Of every probe it is listed what may be stored; a line that nobody knows, and a whole document, are not."""
    assert probe.keep != Probe("x", "true").keep
    answer = "\n".join(ANSWERS.get(probe.name, [""]))
    for new in (f"Unforeseen {NEW}", f"unforeseen:{NEW}", f"Unforeseen={NEW}", one_line({"A": "b"}), NEW):
        for text in (new, f"{new}\n{answer}", f"{answer}\n{new}"):
            try:
                kept = probe.keep(text)
            except (KeyError, ValueError, IndexError):  # then all of it is dropped
                continue
            assert NEW not in kept, text


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("rule:-w /etc -p wa -k docker", None),
        ("rule:-w /etc -p wa -k MAC-policy", None),
        ("rule:-w /etc -p wa -k Geheim7", "rule:-w /etc -p wa -k ***"),
        ("rule: -p wa -k Geheim7-w /a", "rule: -p wa -k ***-w /a"),
        ("file:/etc/audit/x.rules:-w /x -k a b Geheim7 -p wa", "file:/etc/audit/x.rules:-w /x -k *** -p wa"),
        ("rule:-a always,exit -F path=/x -F key=Geheim7", "rule:-a always,exit -F path=/x -F key=***"),
        (
            "rule:-a always,exit -F path=/x -F key=docker -k G7",
            "rule:-a always,exit -F path=/x -F key=docker -k ***",
        ),
        ("real:/a -k 7\t/b", None),
    ],
)
def test_key_of_an_audit_rule_stays_where_it_is_a_word(line: str, kept: str | None) -> None:
    """It may be any text, is judged as a word, and is quoted in reports."""
    assert BY_NAME["audit"].keep(line) == (kept or line)
