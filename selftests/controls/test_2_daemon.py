"""Section 2: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from selftests.kit.facts.daemons import FILES, NO_ICC, REMOTE, Host, insecure, options
from selftests.kit.judging import judged


def mirrors(*addresses: str) -> dict[str, Any]:
    """docker info of an engine with these mirrors."""
    return {"RegistryConfig": insecure()["RegistryConfig"] | {"Mirrors": list(addresses)}}


ULIMIT = '{"default-ulimits": {"x": {"Name": "%s", "Soft": 64, "Hard": %d}}}'


ISOLATED = Host(bridge=NO_ICC)


CASES = [
    ("2.1", Host(uid=1000), Host()),
    ("2.1", Host(info=options("rootless"), uid=1000), Host(info=options("rootless"))),
    ("2.2", ISOLATED, Host()),
    ("2.3", Host(), Host(flags=("-l", "debug"))),
    ("2.3", Host(document='{"log-level": ""}'), Host(info={"Debug": True})),
    ("2.4", Host(document='{"iptables" : true}'), Host(document='{\n"labels": [],\n"iptables" :\nfalse}')),
    ("2.4", Host(flags=("--iptables=T",)), Host(flags=("--iptables=0",))),
    ("2.4", Host(flags=("--ip6tables",)), Host(document='{"ip6tables": false}')),
    ("2.4", Host(info={"ServerVersion": "28.5.2"}), Host(document='{"ip6tables": null}')),
    ("2.5", Host(info=insecure("127.0.0.0/8", "::1/128")), Host(info=insecure("127.0.0.0/8", "10.0.0.0/8"))),
    ("2.5", Host(info=insecure(reg_example=True)), Host(info=insecure(reg_example=False))),
    ("2.5", Host(info=mirrors("http://127.0.0.1:5000/")), Host(info=mirrors("http://10.0.0.1:5000/"))),
    ("2.6", Host(), Host(info={"Driver": "aufs"})),
    ("2.7", Host(), Host(info={"Driver": "devicemapper"})),
    ("2.8", REMOTE, replace(REMOTE, flags=("-H=tcp://:2376", *FILES))),
    ("2.9", Host(flags=("--default-ulimit", "nofile=1024:524288")), Host(flags=("--default-ulimit=nproc=9",))),
    ("2.9", Host(flags=("--default-ulimit=nofile=1048576",)), Host(flags=("--default-ulimit=nofile=1:1048577",))),
    ("2.9", Host(document=ULIMIT % ("nofile", 1024)), Host(document=ULIMIT % ("nofile", -1))),
    ("2.10", Host(info=options("rootless"), uid=1000), Host(info=options("rootless"))),
    ("2.10", Host(info=options("userns")), Host(info=options("seccomp,profile=builtin"))),
    (
        "2.10",
        Host(info=options("userns") | {"DockerRootDir": "/var/lib/docker/100000.100000"}),
        Host(info=options("userns") | {"DockerRootDir": "/var/lib/docker/0.100000"}),
    ),
    ("2.11", Host(document='{"cgroup-parent": ""}'), Host(document='{"cgroup-parent": "/weird"}')),
    ("2.11", Host(flags=("--cgroup-parent=/docker",)), Host(flags=("--cgroup-parent=/docker/x",))),
    (
        "2.11",
        Host(flags=("--cgroup-parent=system.slice",), info={"CgroupDriver": "systemd"}),
        Host(flags=("--cgroup-parent=system.slice",)),
    ),
    ("2.12", Host(flags=("--storage-opt=dm.fs=xfs",)), Host(flags=("--storage-opt", "DM.basesize=20G"))),
    ("2.15", Host(info=options("no-new-privileges")), Host()),
    ("2.16", Host(info={"LiveRestoreEnabled": True}), Host()),
    ("2.17", Host(flags=("--userland-proxy=false",)), Host(flags=("--userland-proxy",))),
    ("2.17", Host(document='{"userland-proxy": null}'), Host(document='{"debug": null}')),
    ("2.18", Host(info=options("seccomp,profile=builtin")), Host(info=options("seccomp,profile=unconfined"))),
    ("2.18", Host(), Host(info=options("apparmor"))),
    ("2.19", Host(), Host(info={"ExperimentalBuild": True})),
]  # fmt: skip


@pytest.mark.parametrize(("number", "good", "bad"), CASES)
def test_good_and_bad(number: str, good: Host, bad: Host) -> None:
    """A control passes the good host and fails the bad one."""
    assert (good.judge(number)[0], bad.judge(number)[0]) == ("pass", "fail")


def syslog(address: str) -> Host:
    """A daemon whose containers log by syslog."""
    options = json.dumps({"log-opts": {"syslog-address": address}}) if address else "{}"
    return Host(info={"LoggingDriver": "syslog"}, document=options)


REVIEWED = {"seccomp_profiles": ("/p.json",)}
OPA = Host(info={"Plugins": {"Authorization": ["opa"]}})
PROFILE = Host(info=options("seccomp,profile=/p.json"), profile='{"defaultAction": "SCMP_ACT_ERRNO"}')
POLICIES = [
    ("2.13", Host(), {}, "fail"),
    ("2.13", OPA, {}, "manual"),
    ("2.13", OPA, {"authorization_plugins": ("opa",)}, "pass"),
    ("2.1", Host(), {"rootful_reason": "GPU drivers"}, "pass"),
    ("2.11", Host(document='{"cgroup-parent": "/site"}'), {"cgroup_parents": ("/site",)}, "pass"),
    ("2.13", OPA, {"authorization_plugins": ("other",)}, "fail"),
    ("2.14", Host(), {}, "fail"),
    ("2.14", Host(), {"log_drivers": ("json-file",)}, "fail"),
    ("2.14", Host(info={"LoggingDriver": "loki"}), {"log_drivers": ("loki",)}, "pass"),
    ("2.14", Host(info={"LoggingDriver": "loki"}), {}, "manual"),
    ("2.14", syslog("udp://10.1.1.1:514"), {"log_drivers": ("syslog",)}, "pass"),
    ("2.14", syslog("udp://10.1.1.1:514"), {}, "manual"),
    *(
        ("2.14", syslog(address), policy, "fail")
        for address in ("", "udp://127.0.0.1:514", "tcp://[::1]:514", "unix:///dev/log")
        for policy in ({}, {"log_drivers": ("syslog",)})
    ),
    ("2.14", Host(children=("filebeat",)), {"log_shippers": ("filebeat",)}, "pass"),
    ("2.14", Host(children=("filebeat",)), {}, "manual"),
    ("2.14", Host(children=("rsyslogd",)), {}, "fail"),
    ("2.14", replace(syslog(""), children=("rsyslogd",)), {}, "manual"),
    ("2.14", Host(as_root=False), {}, "error"),
    ("2.14", Host(info={"LoggingDriver": "none"}), {"log_drivers": ("none",)}, "fail"),
    ("2.18", PROFILE, {"seccomp_profiles": ("/p.json",)}, "pass"),
    ("2.18", PROFILE, {}, "manual"),
    ("2.18", replace(PROFILE, profile='{"defaultAction": "SCMP_ACT_ALLOW"}'), REVIEWED, "fail"),
    *(("2.18", replace(PROFILE, profile=each), REVIEWED, "manual") for each in ("", "nonsense")),
    *(
        ("2.14", Host(info={"LoggingDriver": each}), {}, "fail")
        for each in ("local", "journald", "none", "gelf")
    ),
]


@pytest.mark.parametrize(("number", "host", "policy", "expected"), POLICIES)
def test_policy(number: str, host: Host, policy: dict[str, Any], expected: str) -> None:
    """What only the site can know, its policy says."""
    assert host.judge(number, **policy)[0] == expected


@pytest.mark.parametrize("number", ["2.1", "2.10"])
def test_rootless_daemon_whose_user_may_not_be_seen(number: str) -> None:
    """Root's daemon may say that it is rootless: without its user nothing is proven."""
    facts = Host(uid=1000, info={"SecurityOptions": ["name=rootless"]}).facts()
    facts.daemon.__dict__["process"] = replace(facts.daemon.process, uids=())
    assert judged(number, facts)["host"][0] == "error"


def test_nothing_to_judge() -> None:
    """Not applicable: no default bridge, no TCP address, a swarm node."""
    without = Host(bridge=None, document='{"bridge": "none"}')
    assert without.judge("2.2")[0] == "not applicable"
    assert replace(without, document="{}").judge("2.2")[0] == "error"  # the engine left it out
    assert Host().judge("2.8")[0] == "not applicable"
    assert Host(info={"Swarm": {"LocalNodeState": "active"}}).judge("2.16")[0] == "not applicable"


def test_default_of_ip6tables() -> None:
    """It is on from engine 27 on, and not set before."""
    assert Host().judge("2.4")[1].endswith("ip6tables is not set (default of engine 26.1.5)")
    new = Host(info={"ServerVersion": "27.0.0"}).judge("2.4")[1]
    assert new.endswith("ip6tables is true (default of engine 27.0.0)")


PODMAN = replace(ISOLATED, info={"ServerVersion": "5.4.2"})


@pytest.mark.parametrize("number", ["2.1", "2.3", "2.10", "2.13", "2.16", "2.18", "2.19"])
def test_engine_without_a_daemon(number: str) -> None:
    """Podman has none: what it says of itself in Docker's words is no setting of one."""
    assert PODMAN.judge(number)[0] == "not applicable"
