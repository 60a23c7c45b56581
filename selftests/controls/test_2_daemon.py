"""Section 2: each control fails on the flaw that it names, and passes on what differs in that one thing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hullcheck.parsing import seccomp
from selftests.kit.facts.daemons import (
    AFTER,
    FILES,
    NO_ICC,
    PEOPLE,
    REMOTE,
    Host,
    insecure,
    options,
)
from selftests.kit.judging import judged


def test_engine_that_tells_no_mirrors() -> None:
    """An answer without the field is no evidence that there is none."""
    info = insecure()
    del info["RegistryConfig"]["Mirrors"]
    assert Host(info=info).judge("2.5")[0] == "error"


def mirrors(*addresses: str) -> dict[str, Any]:
    """docker info of an engine with these mirrors."""
    return {"RegistryConfig": insecure()["RegistryConfig"] | {"Mirrors": list(addresses)}}


NPROC = ("--default-ulimit=nproc=9",)
ULIMIT = (
    '{"default-ulimits": {"nofile": {"Name": "%s", "Soft": 64, "Hard": %d},'
    ' "nproc": {"Name": "nproc", "Soft": 9, "Hard": 9}, "x": {"Name": "%s", "Soft": 9, "Hard": -1}}}'
)


ISOLATED = Host(bridge=NO_ICC)


CASES = [
    ("2.1", Host(uid=1000), Host()),
    ("2.1", Host(info=options("rootless"), uid=1000), Host(info=options("rootless"))),
    ("2.2", ISOLATED, Host()),
    ("2.3", Host(), Host(flags=("-l", "debug"))),
    ("2.3", Host(document='{"log-level": "INFO"}'), Host(document='{"log-level": "warn"}')),
    ("2.3", Host(document='{"log-level": ""}'), Host(info={"Debug": True})),
    ("2.4", Host(document='{"iptables" : true}'), Host(document='{\n"labels": [],\n"iptables" :\nfalse}')),
    ("2.4", Host(flags=("--iptables=T",)), Host(flags=("--iptables=0",))),
    ("2.4", Host(flags=("--ip6tables",)), Host(document='{"ip6tables": false}')),
    ("2.4", Host(info={"ServerVersion": "28.5.2"}), Host(document='{"ip6tables": null}')),
    ("2.5", Host(info=insecure("127.0.0.0/8", "::1/128")), Host(info=insecure("127.0.0.0/8", "10.0.0.0/8"))),
    ("2.5", Host(info=insecure(reg_example=True)), Host(info=insecure(reg_example=False))),
    ("2.5", Host(info=mirrors("https://hub.example/")), Host(info=mirrors("http://hub.example/"))),
    ("2.5", Host(info=mirrors("http://127.0.0.1:5000/")), Host(info=mirrors("http://10.0.0.1:5000/"))),
    ("2.6", Host(), Host(info={"Driver": "aufs"})),
    ("2.7", Host(), Host(info={"Driver": "devicemapper"})),
    ("2.8", REMOTE, replace(REMOTE, flags=("-H=tcp://:2376", *FILES))),
    ("2.9", Host(flags=("--default-ulimit", "nofile=1024:524288")), Host(flags=NPROC)),
    ("2.9", Host(flags=(*NPROC, "--default-ulimit", "nofile=1024")), Host(document='{"default-ulimits": {}}')),
    (
        "2.9",
        Host(flags=(*NPROC, "--default-ulimit", "nofile=1048576")),
        Host(flags=(*NPROC, "--default-ulimit", "nofile=1024:1048577")),
    ),
    (
        "2.9",
        Host(flags=(*NPROC, "--default-ulimit=nofile=9", "--default-ulimit=core=-1")),
        Host(flags=("--default-ulimit", "core=0")),
    ),
    ("2.9", Host(document=ULIMIT % ("nofile", 1024, "core")), Host(document=ULIMIT % ("nofile", -1, "core"))),
    ("2.9", Host(document=ULIMIT % ("NOFILE", 9, "core")), Host(document=ULIMIT % ("stack", 9, "core"))),
    ("2.9", Host(document=ULIMIT % ("nofile", 9, "")), Host(document=ULIMIT % ("nofile", 9, "nofile"))),
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
    ("2.4", Host(document='{"log-level": null}'), Host(document='{"iptables": null}')),
    ("2.17", Host(document='{"userland-proxy": false}'), Host(document='{"userland-proxy": true}')),
    ("2.17", Host(document='{"userland-proxy": null}'), Host(document='{"debug": null}')),
    ("2.18", Host(info=options("seccomp,profile=builtin")), Host(info=options("seccomp,profile=unconfined"))),
    ("2.18", Host(), Host(info=options("apparmor"))),
    ("2.19", Host(), Host(info={"ExperimentalBuild": True})),
    ("2.19", Host(), Host(version={"Experimental": True})),
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
OPA_BY_ID = Host(info={"Plugins": {"Authorization": ["0123456789ab"]}}, plugins="plugin:true opa:latest")
OPA_ALONE = '{"authorization-plugins": ["opa"]}'
PROFILE = Host(info=options("seccomp,profile=/p.json"), profile='{"defaultAction": "SCMP_ACT_ERRNO"}')
POLICIES = [
    ("2.13", Host(), {}, "fail"),
    ("2.13", OPA, {}, "manual"),
    ("2.13", OPA, {"authorization_plugins": ("opa",)}, "pass"),
    ("2.13", replace(OPA, plugins="plugin:true opa:latest"), {"authorization_plugins": ("opa",)}, "pass"),
    ("2.13", replace(OPA, plugins="plugin:false opa:latest"), {"authorization_plugins": ("opa",)}, "fail"),
    ("2.13", replace(OPA, plugins="unread:the plugins"), {"authorization_plugins": ("opa",)}, "error"),
    ("2.13", OPA_BY_ID, {"authorization_plugins": ("0123456789ab",)}, "manual"),
    ("2.13", OPA_BY_ID, {"authorization_plugins": ("x",)}, "fail"),
    ("2.13", replace(OPA, changed=AFTER), {"authorization_plugins": ("opa",)}, "fail"),
    ("2.13", replace(OPA, changed=AFTER, document=OPA_ALONE), {"authorization_plugins": ("opa",)}, "pass"),
    ("2.13", replace(OPA, changed=AFTER, document=OPA_ALONE), {"authorization_plugins": ("x",)}, "fail"),
    (
        "2.13",
        replace(OPA, flags=("--authorization-plugin=opa",)),
        {"authorization_plugins": ("opa",)},
        "manual",
    ),
    ("2.1", Host(), {"rootful_reason": "GPU drivers"}, "pass"),
    ("2.11", Host(document='{"cgroup-parent": "/site"}'), {"cgroup_parents": ("/site",)}, "pass"),
    (
        "2.13",
        Host(info={"Plugins": {"Authorization": ["opa"]}}),
        {"authorization_plugins": ("other",)},
        "fail",
    ),
    ("2.14", Host(), {}, "fail"),
    ("2.14", Host(), {"log_drivers": ("json-file",)}, "manual"),
    ("2.14", Host(info={"LoggingDriver": "loki"}), {"log_drivers": ("loki",)}, "pass"),
    ("2.14", Host(info={"LoggingDriver": "loki"}), {}, "manual"),
    ("2.14", syslog("udp://10.1.1.1:514"), {"log_drivers": ("syslog",)}, "pass"),
    ("2.14", syslog("udp://10.1.1.1:514"), {}, "manual"),
    *(
        ("2.14", syslog(address), policy, expected)
        for address in ("", "udp://127.0.0.1:514", "tcp://[::1]:514", "unix:///dev/log", "udp://this:514")
        for policy, expected in (({}, "fail"), ({"log_drivers": ("syslog",)}, "manual"))
    ),
    ("2.14", Host(children=("filebeat",)), {"log_shippers": ("filebeat",)}, "pass"),
    ("2.14", Host(children=("filebeat",)), {}, "manual"),
    ("2.14", Host(), {"log_shippers": ("filebeat",)}, "fail"),
    ("2.14", Host(children=("rsyslogd",)), {}, "fail"),
    ("2.14", replace(syslog(""), children=("rsyslogd",)), {}, "manual"),
    ("2.14", Host(as_root=False), {}, "error"),
    ("2.14", Host(info={"LoggingDriver": "none"}), {"log_drivers": ("none",)}, "fail"),
    ("2.14", Host(info={"LoggingDriver": "none"}), {}, "fail"),
    ("2.14", Host(info={"LoggingDriver": "gelf"}), {}, "fail"),
    ("2.14", Host(info={"LoggingDriver": "gelf"}), {"log_drivers": ()}, "fail"),
    ("2.18", PROFILE, {"seccomp_profiles": ("/p.json",)}, "pass"),
    ("2.18", PROFILE, {}, "manual"),
    ("2.18", replace(PROFILE, profile='{"defaultAction": "SCMP_ACT_ALLOW"}'), REVIEWED, "fail"),
    ("2.18", replace(PROFILE, profile=""), REVIEWED, "manual"),
    ("2.18", Host(info=options("seccomp,profile=default")), REVIEWED, "manual"),
]


@pytest.mark.parametrize(("number", "host", "policy", "expected"), POLICIES)
def test_policy(number: str, host: Host, policy: dict[str, Any], expected: str) -> None:
    """What only the site can know, its policy says."""
    assert host.judge(number, **policy)[0] == expected


@pytest.mark.parametrize("driver", ["none", "local", "json-file", "journald", "etwlogs"])
def test_drivers_that_keep_the_log_on_the_host(driver: str) -> None:
    """They fail until the policy wants them."""
    assert Host(info={"LoggingDriver": driver}).judge("2.14")[0] == "fail"


@pytest.mark.parametrize("state", ["", "inactive"])
def test_live_restore_without_a_swarm(state: str) -> None:
    """An engine in no swarm, however it says so, can have it."""
    assert Host(info={"Swarm": {"LocalNodeState": state}}).judge("2.16")[0] == "fail"


@pytest.mark.parametrize(
    ("mode", "group", "expected"),
    [
        ("process", "/system.slice/docker.service", "pass"),
        ("control-group", "/system.slice/docker.service", "fail"),
        ("mixed", "/system.slice/docker.service", "fail"),
        ("control-group", "/system.slice/containerd.service", "pass"),
    ],
)
def test_live_restore_with_a_containerd_that_ends_with_the_daemon(
    mode: str, group: str, expected: str
) -> None:
    """What systemd ends with the daemon are all processes of its unit: a containerd of its own, and its shims."""
    host = Host(
        info={"LiveRestoreEnabled": True},
        unit=f"Id=docker.service\nMainPID=7\nKillMode={mode}\n",
        children=("containerd",),
        groups=(group,),
    )
    assert host.judge("2.16")[0] == expected
    together = group.endswith("docker.service")
    untold = replace(host, unit="Id=docker.service\nMainPID=7\n")
    assert untold.judge("2.16")[0] == ("error" if together else "pass")
    silent = replace(host, unit="", group="/system.slice/docker.service")
    assert silent.judge("2.16")[0] == ("error" if together else "pass")


@pytest.mark.parametrize(
    ("pid", "socket", "flags", "expected"),
    [
        (7, "Listen=/run/docker.sock (Stream)", ("-H", "fd://"), "not applicable"),
        (7, "Listen=/run/docker.sock (Stream)\nListen=[::]:2375 (Stream)", ("-H", "fd://"), "fail"),
        (7, "Listen=[::]:2375 (Stream)", (), "not applicable"),
        (5, "NeedDaemonReload=yes", (), "not applicable"),
        (7, "NeedDaemonReload=yes", (), "error"),
    ],
)
def test_socket_of_the_next_start(pid: int, socket: str, flags: tuple[str, ...], expected: str) -> None:
    """2.8: what docker.socket will give the daemon counts, and what systemd has not read of it is unknown."""
    unit = f"Id=docker.service\nMainPID={pid}\n\nId=docker.socket\n{socket}\n"
    assert Host(unit=unit, flags=flags).judge("2.8")[0] == expected


def test_live_restore_of_a_daemon_that_rootlesskit_started() -> None:
    """The unit of a rootless daemon is that of its parent, and its setup tool writes KillMode=mixed."""
    host = Host(
        info={"LiveRestoreEnabled": True},
        unit="Id=docker.service\nMainPID=5\nKillMode=mixed\n",
        children=("containerd",),
        groups=("/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service",),
    )
    assert host.judge("2.16")[0] == "pass"
    assert replace(host, starter=5).judge("2.16")[0] == "fail"


@pytest.mark.parametrize("number", ["2.1", "2.10"])
def test_rootless_daemon_whose_user_may_not_be_seen(number: str) -> None:
    """Root's daemon may say that it is rootless: without its user nothing is proven."""
    facts = Host(uid=1000, info={"SecurityOptions": ["name=rootless"]}).facts()
    facts.daemon.__dict__["process"] = replace(facts.daemon.process, uids=())
    assert judged(number, facts)["host"][0] == "error"


def test_seccomp_profile_is_read() -> None:
    """A profile whose default action allows fails; one that denies has to be reviewed."""
    host = Host(flags=("--seccomp-profile=/p.json",), info=options("seccomp,profile=/p.json"))
    names = sorted({*seccomp.DENIED, "read"})
    every = json.dumps(
        {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": names, "action": "SCMP_ACT_ALLOW"}]}
    )
    verdicts = {
        '{"defaultAction": "SCMP_ACT_ALLOW"}': ("fail", "fail"),
        every: ("fail", "fail"),
        '{"defaultAction": "SCMP_ACT_ERRNO"}': ("manual", "pass"),
        "nonsense": ("manual", "manual"),
    }
    for profile, (unlisted, listed) in verdicts.items():
        found = replace(host, profile=profile)
        assert found.judge("2.18")[0] == unlisted
        assert found.judge("2.18", seccomp_profiles=("/p.json",))[0] == listed


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


EMBEDDED = {"Containerd": {"Address": "/var/run/docker/containerd/containerd.sock"}}
OF_29 = {"ClientInfo": {"Version": "29.10.0"}, "FirewallBackend": {"Driver": "iptables"}}
APART = {"Containerd": {"Address": "/run/containerd/containerd.sock"}}


@pytest.mark.parametrize(
    ("info", "sockets", "expected", "words"),
    [
        (APART, (), "pass", ""),
        ({"Containerd": None}, (), "error", "Containerd.Address"),
        ({"Containerd": {"Address": ""}}, (), "error", "Containerd.Address"),
        ({"FirewallBackend": {"Driver": "iptables"}}, (), "pass", ""),
        ({"FirewallBackend": {"Driver": "nftables"}}, (), "manual", "the daemon has rules of nftables: is"),
        (
            {"NRI": {"Info": [["plugin-path", "/opt/nri"]]}},
            (),
            "manual",
            "NRI plugins (plugin-path=/opt/nri): is",
        ),
        ({"NRI": {"Info": None}}, (), "manual", "NRI plugins (not set): is"),
        ({"NRI": {}}, (), "error", "NRI.Info"),
        ({"FirewallBackend": None}, (), "error", "FirewallBackend.Driver"),
        ({"ClientInfo": {"Version": "28.5.2"}}, (), "error", "the docker command 28.5.2 does not pass on"),
        ({"ClientInfo": {"Version": "29.1.5"}}, (), "error", "the docker command 29.1.5 does not pass on"),
        ({"ClientInfo": {"Version": "29.2.0"}}, (), "pass", ""),
        ({"ClientInfo": None}, (), "error", "of an unknown version does not pass on"),
        ({"ClientInfo": 7}, (), "error", "docker info: ClientInfo"),
        ({"ClientInfo": {"Version": 29.2}}, (), "error", "docker info: ClientInfo.Version"),
        ({"ClientInfo": {"Version": "28.5.2"}, "NRI": {"Info": []}}, (), "manual", "NRI plugins (not set)"),
        (
            EMBEDDED,
            ("/run/docker/containerd/containerd.sock",),
            "manual",
            "a containerd within the daemon: is",
        ),
        (EMBEDDED, (), "pass", ""),
    ],
)
def test_experimental_features_with_switches_of_their_own(
    info: dict[str, Any], sockets: tuple[str, ...], expected: str, words: str
) -> None:
    """2.19: from 29 on some are on without the switch for all of them."""
    new = APART | OF_29 | info | {"ServerVersion": "29.10.0"}
    found, reason = Host(info=new, sockets=sockets).judge("2.19")
    assert (found, words in reason) == (expected, True), reason
    before = APART | info | {"ServerVersion": "28.5.2"}
    assert Host(info=before, sockets=sockets).judge("2.19")[0] == "pass"
    assert Host(info=new, as_root=False).judge("2.19")[0] == "error"


PODMAN = replace(ISOLATED, info={"ServerVersion": "5.4.2"})


@pytest.mark.parametrize("number", ["2.1", "2.3", "2.10", "2.13", "2.16", "2.18", "2.19"])
def test_engine_without_a_daemon(number: str) -> None:
    """Podman has none: what it says of itself in Docker's words is no setting of one."""
    assert PODMAN.judge(number)[0] == "not applicable"


LENT = "lent:subuid:dockremap:100000:1\nlent:subuid:dockremap:{}:65535\nlent:subuid:eve:0:1\n"


@pytest.mark.parametrize(
    ("numbers", "lent", "expected", "reason"),
    [
        ("100000.100000", "", "pass", ""),
        ("1000.100000", "", "fail", "the user bob of the host (uid 1000), who can become root by docker"),
        ("1001.1001", "", "manual", "the user eve of the host (uid 1001), of its group eve (gid 1001)"),
        ("100000.0", "", "fail", "of its group root (gid 0), who can become root by root"),
        ("100000.999", "", "fail", "of its group docker (gid 999)"),
        ("100000.100000", LENT.format(0), "fail", "/etc/subuid lends dockremap number 0"),
        ("100000.100000", LENT.format(0).replace("subuid", "subgid"), "fail", "/etc/subgid lends dockremap"),
        (
            "100000.100000",
            LENT.format(1),
            "fail",
            "is the user bob of the host, as /etc/subuid lends dockremap number 1000",
        ),
        (
            "100000.100000",
            LENT.format(1).replace("subuid", "subgid"),
            "fail",
            "is of the group docker of the host",
        ),
        ("100000.100000", LENT.format(1001), "pass", ""),
        (
            "100000.100000",
            f"{LENT.format(1001)}lent:subuid:1001:100000:9\n",
            "manual",
            "to dockremap and eve",
        ),
        (
            "100000.200000",
            f"{LENT.format(1001)}lent:subgid:dockremap:200000:9\nlent:subgid:eve:199999:9\n",
            "manual",
            "/etc/subgid lends root's number of containers, 200000, to dockremap and eve",
        ),
        # numbers of users are no numbers of groups
        ("100000.200000", f"{LENT.format(1001)}lent:subuid:eve:199999:9\n", "pass", ""),
        ("100000.100000", f"{LENT.format(1001)}lent:subuid:eve:100001:9\n", "pass", ""),
        ("100000.100000", f"{LENT.format(1001)}lent:subuid:gone:100000:9\n", "pass", ""),
    ],
)
def test_whom_the_daemon_remaps_to(numbers: str, lent: str, expected: str, reason: str) -> None:
    """The numbers that root of a container gets may be those of somebody on the host, and others root's own."""
    info = options("userns") | {"DockerRootDir": f"/var/lib/docker/{numbers}"}
    people = PEOPLE.replace("group:root", "user:dockremap:998:998:/bin/false\ngroup:root", 1)
    people = people.replace("units:", f"{lent}units:")
    found = Host(info=info, accounts=people).judge("2.10")
    assert (found[0], reason in found[1]) == (expected, True), found


@pytest.mark.parametrize(
    ("lent", "expected"),
    [
        ("lent:subuid:bob:100000:65536\nlent:subgid:bob:100000:65536\n", "pass"),
        ("lent:subuid:bob:0:65536\n", "fail"),
        ("lent:subgid:1000:0:1\n", "fail"),
        ("lent:subgid:1000:1:65536\n", "fail"),
        ("lent:subuid:eve:0:65536\n", "pass"),
    ],
)
def test_what_is_lent_to_a_rootless_engine(lent: str, expected: str) -> None:
    """The account of the engine may give its containers what is lent to it, and no more."""
    people = PEOPLE.replace("units:", f"{lent}units:")
    assert Host(uid=1000, info=options("rootless"), accounts=people).judge("2.10")[0] == expected
