"""What no probe may keep: fields and lines that nobody knows yet, and secrets where hosts have them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hullcheck.facts import PROBES
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import MAGIC
from selftests.kit.facts import in_parts
from selftests.kit.facts.engines import BRIDGE, engine_text, swarm_text

NEW = "Geheim7"
ID = "ab" * 32
LAYERS = ["sha256:" + "01" * 32]
BY_NAME = {each.name: each for each in PROBES}


def with_new(value: Any) -> Any:
    """A document in which every mapping has fields that no release of the engine has, at every depth."""
    if isinstance(value, dict):
        new = {"Unforeseen": NEW, "unforeseenMap": {"x": {"y": NEW}}, "unforeseenList": [NEW, {"x": NEW}]}
        return {name: with_new(each) for name, each in value.items()} | new
    return [with_new(each) for each in value] if isinstance(value, list) else value


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
    "Config": {"User": "1", "Env": ["A=b"], "Healthcheck": {"Test": ["CMD", "curl"]}},
}
STORED = {
    "os": "linux",
    "rootfs": {"diff_ids": LAYERS},
    "history": [{"created_by": "RUN true"}],
    "config": {},
}
SWARM = {
    "LocalNodeState": "active",
    "ControlAvailable": True,
    "RemoteManagers": [{"Addr": "10.0.0.1:2377", "NodeID": "x"}],
    "Cluster": {
        "ID": "x",
        "CreatedAt": "2026-01-01T00:00:00Z",
        "TLSInfo": {"TrustRoot": "x"},
        "Spec": {"CAConfig": {"NodeCertExpiry": 1}, "EncryptionConfig": {"AutoLockManagers": True}},
        "RootRotationInProgress": False,
        "JoinTokens": {"Worker": NEW, "Manager": NEW},
    },
}
INFO = {"FirewallBackend": {"Driver": "iptables"}, "Plugins": {"Authorization": ["opa"]}, "Swarm": SWARM}
TASK = {
    "Image": "web:1",
    "Env": ["A=b"],
    "Healthcheck": {"Test": ["CMD", "curl"]},
    "Mounts": [{"Type": "volume", "VolumeOptions": {"DriverConfig": {}}}],
    "Secrets": [{"SecretName": "x", "SecretID": "y", "File": {"Name": "x"}}],
    "Configs": [{"ConfigID": "x", "ConfigName": "x", "File": {"Name": "x"}}],
}
SERVICE = {
    "ID": "x",
    "Spec": {
        "Name": "web",
        "TaskTemplate": {"ContainerSpec": TASK, "RestartPolicy": {"Condition": "any", "MaxAttempts": 0}},
    },
    "Endpoint": {"Ports": [{"PublishedPort": 80, "Protocol": "tcp", "PublishMode": "ingress"}]},
}
NODE = {
    "Description": {"Hostname": "x"},
    "Spec": {"Role": "manager"},
    "ManagerStatus": {"Reachability": "reachable"},
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
    "engine": [
        engine_text(
            with_new(INFO),
            networks=[with_new(BRIDGE) | {"Options": {"encrypted": "", "x": NEW}}],
            version=with_new({"Platform": {"Name": "Docker Engine - Community"}}),
            plugins=[with_new({"Name": "x", "Enabled": True})],
        )
    ],
    "containers": ["--inspect", one_line(CONTAINER), "--volumes", f"[{one_line(VOLUME)}]", "--end"],
    "images": ["--images", one_line(IMAGE), "--stored", f"{ID}:{one_line(STORED)}", "--end"],
    "image_contents": ["new", one_line(IMAGE), f"{ID}:{one_line(STORED)}"],
    "swarm": [
        swarm_text(
            [with_new(SERVICE)],
            state=f"7:{one_line({'ListenAddr': 'x'})}",
            nodes=[with_new(NODE)],
            configs=[with_new({"ID": "x", "Spec": {"Data": base64.b64encode(NEW.encode()).decode()}})],
        )
    ],
    "daemon": [
        "--files",
        "7/config:read|1|/etc/docker/daemon.json",
        f" {one_line(DAEMON_JSON)}",
        "7/profile:read|1|/etc/profile.json",
        f" {one_line({'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': [{'names': ['x']}]})}",
        "--end",
    ],
    "firewall": ["--rules", f"7/nft:{one_line(NFT)}", "--end"],
    "reports": [
        "--scans",
        "folder:/x",
        *(line for name in ("a", "b") for line in (f"report:1:1:/x/{name}",)),
        *("content:/x/a", f":{one_line(TRIVY)}", "content:/x/b", f":{one_line(CLAIR)}", "--end"),
    ],
}  # fmt: skip
KEPT = {
    "engine": "opa",
    "containers": "SCMP_ACT_ERRNO",
    "images": "docker.io/library/web",
    "image_contents": "",
    "swarm": "Leader",
    "daemon": "nofile",
    "firewall": "forward",
    "reports": "Trivy",
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
    "daemon": [
        ("--words\n7/cmdline:dockerd\n7/cmdline:--log-opt\n7/cmdline:tag=a$Geheim7\n--end", "--log-opts=tag=***"),
        ("--words\n7/cmdline:dockerd\n7/cmdline:--http-proxy=http://u:Geheim7@p\n--end", "--http-proxy=***"),
        ("--words\n7/environ:HTTPS_PROXY=http://u:Geheim7@p\n7/environ:HOME=/root\n--end", "environ:HOME=/root"),
        ("--asked\nendpoint:tcp://me:Geheim7@10.0.0.1:2375\n--end", "endpoint:tcp://***@10.0.0.1:2375"),
        ("--running\n7/mountinfo:1 2 0:1 / /x rw - fuse https://u:Gehe/im@Geheim7@h rw\n--end", "@h rw"),
        ("--units\nId=docker.service\nEnvironment=PROXY=Geheim7\n--end", "Id=docker.service"),
    ],
    "engine": [
        ('--endpoint\n"ssh://me:Geheim7@host"\n--end', '"ssh://me:***@host"'),
        ('--info\n{"ServerErrors":["Get https://u:Geheim7@p: refused"]}\n--end', "https://u:***@p: refused"),
        ("--info\nfailed:Get https://u:Geheim7@p: refused\n--end", "https://u:***@p: refused"),
        (engine_text({"Swarm": SWARM | {"Error": "dial https://u:Geheim7@p: refused"}}), "https://u:***@p: refused"),
    ],
    "files": [
        ("--units\nmanager 0\nExecStart={ path=/x ; argv[]=/x --token Geheim7 ; y }\n--end", "program=/x"),
        ("--certificates\n/x:-----BEGIN EC PRIVATE KEY-----\n/x:Geheim7-\n/x:MIIB\n--end", "/x:MIIB"),
    ],
    "host": [
        (in_parts(sysctl="/x:# ip_forward Geheim7\n/x:net.ipv4.ip_forward=0"), "/x:net.ipv4.ip_forward=0"),
        (in_parts(files="/etc/os-release:ID=debian\n/etc/os-release:SUPPORT_TOKEN=Geheim7"), "ID=debian"),
    ],
    "units": [
        (in_parts(systemd="running:a.service loaded active running Geheim7"), "running:a.service"),
        (in_parts(systemd="enabled:b\nsocket:/run/Geheim7 Stream x.socket"), "enabled:b"),
    ],
    "firewall": [
        (
            in_parts(rules='7/iptables:-A X -m string --string "a Geheim7" --algo bm -j DROP'),
            "--string - --algo bm -j DROP",
        ),
        (in_parts(rules='7/iptables:-A X -j LOG --log-prefix "Geheim7'), '--log-prefix -'),
    ],
    "containers": [
        (f"--inspect\n{json.dumps({'Id': ID, 'Name': 'a', 'Path': 'a Geheim7', 'Args': ['sshd']})}\n--end", '["sshd"]'),
        (f"--volumes\n{json.dumps([{'Name': 'v', 'Options': {'device': '//u:Geheim7@nas/x'}}])}\n--end", "//***@nas/x"),
    ],
    "images": [
        (
            f"--images\n{json.dumps(IMAGE | {'Config': {'Healthcheck': {'Test': ['curl -u a:Geheim7']}}})}\n--end",
            '"Test":["***","***"]',
        ),
    ],
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
        assert NEW not in recorded("host", "", said).stderr


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
    part = "kernel" if line.startswith("rule:") else "files"
    assert BY_NAME["audit"].keep(in_parts(**{part: line})) == in_parts(**{part: kept or line})
