"""What no probe may keep: fields and lines that nobody knows yet, and secrets where hosts have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hullcheck.facts import PROBES
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import MAGIC
from selftests.corpus.judged import recording_of
from selftests.kit.facts import in_parts
from selftests.kit.facts.engines import engine_text

NEW = "Geheim7"
ID = "ab" * 32
IMAGE = {"Id": ID, "RootFS": {}, "Config": {"Healthcheck": {"Test": ["curl -u a:Geheim7"]}}}
LAYERS = ["sha256:" + "01" * 32]
BY_NAME = {each.name: each for each in PROBES}


TABLES = ("Labels", "Options", "Runtimes", "Ports", "PortBindings", "Networks")
"""Mappings whose keys are names that a site gave."""


def with_new(value: Any) -> Any:
    """A document in which every object has fields that no release of the engine has, at every depth."""
    if isinstance(value, dict):
        new = {"Unforeseen": NEW, "unforeseenMap": {"x": {"y": NEW}}, "unforeseenList": [NEW, {"x": NEW}]}
        return {name: each if name in TABLES else with_new(each) for name, each in value.items()} | new
    return [with_new(each) for each in value] if isinstance(value, list) else value


def line_with_new(line: str) -> str:
    """A line of an answer; the document that it ends in has what nobody knows."""
    before, opening, _ = line.partition("{")
    for start in (len(before) - before.endswith("["), len(before)) if opening else ():
        try:
            return line[:start] + json.dumps(with_new(json.loads(line[start:])))
        except ValueError:
            continue
    return line


HOSTS = {"swarm": "swarm-28.5", "daemon": "hardened-26.1"}
RULE = {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "expr": [{"log": {"prefix": NEW}}]}}
ANSWERS = {
    probe.name: recording_of(HOSTS.get(probe.name, "careless-26.1")).answers[probe.name].stdout for probe in PROBES
} | {"firewall": in_parts(rules=f"7/nft:{json.dumps({'nftables': [RULE]})}")}


@pytest.mark.parametrize("name", ["engine", "containers", "images", "swarm", "daemon", "firewall"])
def test_new_fields_are_dropped(name: str) -> None:
    """A field that no control knows is not stored, at whatever depth it comes; the others are."""
    said = "\n".join(map(line_with_new, ANSWERS[name].split("\n")))
    kept = BY_NAME[name].keep(said)
    assert NEW in said
    assert NEW not in kept
    assert len(kept) > len(ANSWERS[name]) / 3


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
        (engine_text({"Swarm": {"Error": "dial https://u:Geheim7@p: refused"}}), "https://u:***@p: refused"),
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
        (f"--inspect\n{json.dumps({'Id': ID, 'Name': 'a', 'Path': 'sshd', 'Args': ['Geheim7']})}\n--end", '["sshd"]'),
        (f"--volumes\n{json.dumps([{'Name': 'v', 'Options': {'device': '//u:Geheim7@nas/x'}}])}\n--end", "//***@nas/x"),
    ],
    "images": [
        (
            f"--images\n{json.dumps(IMAGE)}\n--end",
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
    answer = ANSWERS[probe.name]
    for new in (f"Unforeseen {NEW}", f"unforeseen:{NEW}", f"Unforeseen={NEW}", json.dumps({"A": NEW}), NEW):
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
        ("rule:-a always,exit -F path=/x -F key=docker -k G7", "rule:-a always,exit -F path=/x -F key=docker -k ***"),
        ("real:/a -k 7\t/b", None),
    ],
)
def test_key_of_an_audit_rule_stays_where_it_is_a_word(line: str, kept: str | None) -> None:
    """It may be any text, is judged as a word, and is quoted in reports."""
    part = "kernel" if line.startswith("rule:") else "files"
    assert BY_NAME["audit"].keep(in_parts(**{part: line})) == in_parts(**{part: kept or line})
