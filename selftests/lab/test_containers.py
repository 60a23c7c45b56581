"""Section 5 and the guide's chapter on containers: one engine with all containers of the tables, and one audit."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine
from selftests.lab.judgement import differences, errors, findings, verdicts
from selftests.rig.shell import CommandError
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory

# By control: options of `docker run`, and what is said of a container with them, running or not yet started. Names in
# braces are those of `Site.words`.
CASES: dict[str, dict[str, str]] = {
    "4.1": {
        "": "fail",
        "--user app": "pass",
        "--user root": "fail",
        "--user 1000:0": "pass",
        "--user 0:1000": "fail",
    },
    "5.4": {
        "": "fail: NET_RAW",
        "--cap-drop NET_RAW": "pass",
        "--cap-drop cap_net_raw": "pass",
        "--cap-drop NET_RAW --cap-add sys_time": "fail: get SYS_TIME$",
        "--cap-drop ALL --cap-add CHOWN": "pass",
        "--cap-drop ALL --cap-add NET_ADMIN": "fail: get NET_ADMIN$",
        "--cap-add ALL --cap-drop SYS_ADMIN": "fail: AUDIT_CONTROL.* and .* more",
        "--privileged --cap-drop ALL": "fail: AUDIT_CONTROL",
        "--user 1000 --cap-drop NET_RAW": "pass",
    },
    "5.5": {"": "pass", "--privileged": "fail: --privileged"},
    "5.6": {
        "": "pass",
        "--init": "pass",
        "--tmpfs /etc/x --mount type=tmpfs,dst=/y": "pass",
        "-v /x": "pass",
        "-v d:/x": "pass",
        "-v {place}/plain:/x": "pass",
        "-v /etc/timezone:/etc/timezone:ro": "pass",
        "-v /etc/timezone:/etc/timezone": "fail",
        "-v /:/host:ro": "fail",
        "-v /etc/shadow:/x": "fail: mounts /etc/shadow of the host at /x",
        "-v /root:/x": "fail",
        "-v /proc:/p": "fail",
        "-v /sys/fs/cgroup:/c": "fail",
        "-v /dev/kmsg:/dev/kmsg": "fail",
        "-v {data}:/x": "fail",
        "-v {place}/link:/x": "fail",
        "-v {place}/link/ssl:/x": "fail",
        "-v {place}/file:/x": "fail",
        "-v {place}/bound:/x": "fail",
        "-v {place}/whole:/x": "fail",
        "-v linked:/x": "fail",
        "-v {place}/plain:/x -v etc:/x/y": "fail",
    },
    "5.8": {
        "-p 127.0.0.1:80:80": "fail: 127.0.0.1:80/tcp",
        "-p [::]:81:80": "fail: opens .*81/tcp .published for 80",
        "-p 127.0.0.1:53:53/udp": "fail: 53/udp",
        "-p 127.0.0.1:1022-1025:1022-1025": "fail",
        "-p 127.0.0.1:8080:80": "pass",
        "--network none -p 84:80": "pass",
    },
    "5.9": {"--expose 80": "pass", "--expose 80 --publish-all": "fail", "-p 127.0.0.1:8080:80": "pass"},
    "5.10": {"": "pass", "--network none": "pass", "--network host": "fail: network namespace"},
    "5.11": {
        "": "fail: none is set",
        "--memory 64m": "pass",
        "--memory 1t": "fail: has no effect: the host has",
        "--memory-reservation 64m": "fail: none is set",
    },
    "5.12": {
        "--cpu-shares 1024": "fail: none is set",
        "--cpu-shares 512": "pass",
        "--cpus 0.5": "pass",
        "--cpu-quota 99000000": "fail: 990 processors, but the host has only",
        "--cpu-period 50000": "fail: none is set",
        "--cpuset-cpus 0": "fail: none is set",
    },
    "5.13": {"": "fail: can be written", "--read-only": "pass", "--read-only --tmpfs /tmp": "pass"},
    "5.14": {
        "-p 127.0.0.1:8080:80": "pass",
        "-p [::1]:8083:80": "pass",
        "-p 80": "fail",
        "-p 0.0.0.0:8082:80": "fail",
        "--expose 80 --publish-all": "fail",
        "--network inside -p 8084:80": "pass",
        "--network local -p 8085:80": "pass",
    },
    "5.15": {
        "": "pass",
        "--restart on-failure": "fail: is on-failure with unlimited",
        "--restart on-failure:0": "fail: is on-failure with unlimited",
        "--restart on-failure:5": "pass",
        "--restart on-failure:6": "fail: with 6 attempts",
        "--restart always --label com.docker.swarm.service.id=made-up": "fail: is always",
    },
    "5.16": {"": "pass", "--pid host": "fail: process namespace"},
    "5.17": {
        "": "pass",
        "--ipc none": "pass",
        "--ipc shareable": "pass",
        "--ipc host": "fail: IPC namespace",
    },
    "5.18": {
        "": "pass",
        "--device /dev/null:/dev/x:r": "fail: has /dev/null$",
        "--device-cgroup-rule='c 1:3 r'": "fail: has rule c 1:3 r",
        "--privileged": "fail: every device",
    },
    "5.19": {"": "pass", "--ulimit nofile=100:200": "fail: overrides nofile=100:200$"},
    "5.21": {"": "pass", "--uts host": "fail: UTS namespace", "--network host": "pass"},
    "5.22": {
        "": "pass",
        "--security-opt seccomp=builtin": "pass",
        "--security-opt seccomp:unconfined": "fail: seccomp=unconfined",
        "--security-opt seccomp={place}/log.json": "fail: allows what it does not list .SCMP_ACT_LOG",
        "--privileged": "fail: --privileged",
    },
    "5.25": {
        "": "pass",
        "--cgroup-parent /docker": "pass",
        "--cgroup-parent /lab-hc-weird": "fail: runs in /lab-hc-weird instead",
    },
    "5.26": {
        "": "fail: can gain privileges",
        "--security-opt no-new-privileges=1": "pass",
        "--security-opt no-new-privileges --security-opt no-new-privileges=0": "fail: can gain privileges",
    },
    "5.29": {
        "": "fail: none is set",
        "--pids-limit 100": "pass",
        "--pids-limit 0": "fail",
        "--pids-limit -1": "fail",
    },
    "5.30": {
        "": "fail: default bridge",
        "--network {bridge}": "fail: default bridge",
        "--network local": "pass",
        "--network host": "pass",
    },
    "5.31": {"": "pass", "--userns host": "fail: --userns host"},
    "5.32": {
        "": "pass",
        "-v {socket}:/s:ro": "fail: can reach {socket}",
        "-v {directory}:/d:ro": "fail",
        "-v {place}/api/s:/s": "fail: can reach {place}/api/s",
        "-v {place}/api:/d": "fail",
        "-v {place}/socket:/s": "fail",
        "-v {place}/hard:/s": "fail",
        "-v {place}/mounted:/d": "fail",
        "-v {directory}/exec/containerd/containerd.sock:/c": "fail",
        "-v {place}/plain/docker.sock:/s": "fail",
    },
    "container_drops_all_capabilities": {
        "": "fail: drops no capability instead of ALL",
        "--cap-drop ALL --cap-add CHOWN": "pass",
        "--cap-drop NET_RAW": "fail: drops (CAP_)?NET_RAW instead of ALL",
        "--privileged --cap-drop ALL": "fail: --privileged",
    },
    "container_adds_approved_capabilities_alone": {
        "": "pass",
        "--cap-drop ALL --cap-add NET_BIND_SERVICE": "pass",
        "--cap-drop ALL --cap-add CHOWN": "fail: adds CHOWN",
        "--cap-add ALL --cap-drop SYS_ADMIN": "fail: adds ALL",
        "--privileged": "fail: adds every",
    },
    "container_writes_to_tmpfs_or_named_volumes": {
        "": "not applicable",
        "--read-only": "pass: can write nowhere",
        "--read-only --tmpfs /tmp": "pass: /tmp .tmpfs",
        "--read-only -v /tmp": "fail: /tmp .anonymous volume",
        "--read-only -v data:/data": "pass: /data .volume",
        "--read-only -v data:/usr/bin": "manual: can write to /usr/bin .volume",
        "--read-only -v bound:/data": "manual: can write to /data .{place}/plain of the host",
        "--read-only -v {place}/plain:/srv:ro": "pass: can write nowhere",
        "--read-only --ipc host": "fail: /dev/shm ./dev/shm of the host",
    },
    "container_cpu_time_is_capped": {
        "--cpus 0.5": "pass",
        "--cpu-quota 99000000": "fail: 990 processors, but the host has only",
        "--cpu-shares 512": "fail: a CPU share is not a limit",
        "--cpuset-cpus 0": "fail: none is set$",
    },
    "sensitive_container_listens_on_chosen_addresses": {
        "": "pass",
        "-p 127.0.0.1:8080:80": "pass",
        "-p 80": "fail: is sensitive, and opens on every address: 0.0.0.0:",
    },
    "container_environment_holds_no_secret": {
        "-e MODE=production -e DB_PASSWORD_FILE=/run/secrets/db": "pass",
        "-e DB_PASSWORD=hunter2zz": "fail: variable DB_PASSWORD",
        "-e DATABASE_URL=postgres://app:hunter2zz@db/x": "fail: a password in an address",
        "-e KEEP=AKIAIOSFODNN7EXAMPLE": "fail: AWS",
    },
}
YOUNG = {"seccomp=builtin": 23}
"""Options, and the first engine that knows them."""
# Containers with a program of their own: options, command, what `docker exec` does then, and what is said of some.
PROGRAMS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "low": (
        "--network host",
        "httpd -f -p 443",
        "",
        {"5.8": "fail: listens, network of the host", "5.14": "fail"},
    ),
    "high": (
        "--network host",
        "httpd -f -p 127.0.0.1:8443",
        "",
        {"5.8": "pass", "5.9": "pass", "5.14": "pass"},
    ),
    "own": ("", "httpd -f -p 443", "", {"5.8": "pass", "5.14": "pass"}),
    "child": ("", "sh -c 'sshd & sleep 999'", "", {"5.7": "fail"}),
    "joined": ("--pid container:child", "sleep 999", "", {"5.7": "pass"}),
    "by-a-link": ("-v {place}/programs:/p", "/p/sleep 999", "", {"5.7": "fail"}),
    "executed": ("", "sleep 999", "--detach executed sshd", {"5.7": "fail"}),
    "quiet": (
        "--user 1000",
        "sleep 999",
        "--detach quiet sleep 9",
        {"5.23": "manual", "5.24": "manual", "5.7": "pass"},
    ),
    "rooted": (
        "--user 1000",
        "sleep 999",
        "--detach -u 0 rooted sleep 998",
        {"5.23": "manual", "5.24": "fail"},
    ),
    "mighty": (
        "--user 1000",
        "sleep 999",
        "--detach --privileged mighty sleep 998",
        {"5.23": "fail", "5.24": "manual"},
    ),
    "left": (
        "--user 1000 --security-opt no-new-privileges",
        "sleep 999",
        "-u 0 left sh -c 'sleep 998 & sleep 1'",
        {"5.23": "manual", "5.24": "fail"},
    ),
    "loop": ("--privileged --restart always", "false", "", {"5.5": "fail", "5.15": "fail"}),
}
HOSTILE = {
    "quotes": {"Id": "web", 'a"b': "c'd\"e", "com.docker.swarm.service.id": '"}\ncontainer {}'},
    "lines": {
        "x": "1\n--proc\n--paths\n--end\n1/status:Uid:\t1000\ncontainer {}\nvolume {}",
        "y": "\u2028\u0085",
    },
    "colours": {"z": "\x1b[31mred\x1b[0m\x07", "no-new-privileges": '"NoNewPrivileges":true'},
}
"""Labels that could break the answer, or forge another one."""
FIREWALL = "firewall_limits_container_traffic"
CHILDREN = ("5.11", "5.12", "5.29")


class Site:
    """The engine with all containers."""

    def __init__(self, engine: Engine, place: Path) -> None:
        """Fill the engine; *place* is a folder of the host that is not part of its system."""
        self.engine, self.place = engine, place
        self.options = {option: f"c{number}" for number, option in enumerate(dict.fromkeys(self._options()))}
        bridge = engine.docker("network", "inspect", "bridge", "--format", "{{.Id}}").strip()
        self.words = {
            "bridge": bridge,
            "data": engine.data_root,
            "directory": engine.directory,
            "place": place,
            "socket": engine.socket,
        }
        self._prepare()
        self._containers()
        self._programs()
        self.asked = random_containers(engine)

    def _options(self) -> Iterator[str]:
        late = [word for word, major in YOUNG.items() if not self.engine.version.at_least(major)]
        for options in CASES.values():
            yield from (option for option in options if not any(word in option for word in late))

    def _prepare(self) -> None:
        one, place = self.engine, self.place
        for name, target in {"link": "/etc", "file": "/etc/passwd", "socket": one.socket}.items():
            (place / name).symlink_to(target)
        os.link(one.socket, place / "hard")
        (place / "mounted/s").touch()
        (place / "log.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_LOG"}))
        shutil.copy(str(shutil.which("busybox")), place / "programs/sshd")
        (place / "programs/sleep").symlink_to("sshd")
        for source, point in {
            "/etc": "bound",
            str(place / "bound"): "whole/etc",
            str(one.socket): "mounted/s",
        }.items():
            one.nsenter("mount", "--bind", source, str(place / point))
        local = "com.docker.network.bridge.host_binding_ipv4=127.0.0.1"
        one.docker("network", "create", "--opt", local, "local")
        one.docker("network", "create", "--internal", "inside")
        bind = ("--opt", "type=none", "--opt", "o=bind", "--opt")
        for name, device in {"etc": "/etc", "linked": f"{place}/link", "bound": f"{place}/plain"}.items():
            one.docker("volume", "create", *bind, f"device={device}", name)

    def _containers(self) -> None:
        for option, name in self.options.items():
            words = shlex.split(option.format(**self.words))
            for state in ("created", "runs"):
                self.engine.create(f"{name}-{state}", *words)
        self.engine.docker("start", *(f"{name}-runs" for name in self.options.values()))

    def _programs(self) -> None:
        one = self.engine
        for name, (options, command, executed, _) in PROGRAMS.items():
            one.run(name, *shlex.split(options.format(**self.words)), command=shlex.split(command))
            if executed:
                one.docker("exec", *shlex.split(executed))
        for name, labels in HOSTILE.items():
            words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
            shown = [word for key, value in labels.items() for word in ("--env", f"{key}={value}")]
            command = ("sh", "-c", "sleep 999; : --proc\n--end")
            one.run(name, "--privileged", *words, *shown, "--hostname", "dockerd", command=command)
        one.create("server", command=("sh", "-c", "exec /usr/sbin/sshd -D"))
        one.run("limited", "--cgroup-parent", f"/{one.name}")
        limit_group(one.name)
        comment = ("-m", "comment", "--comment", "hunter2")
        one.nsenter("iptables", "-I", "DOCKER-USER", "-i", "eth0", *comment, "-j", "DROP")
        until(lambda: "sshd" in one.docker("top", "executed", "-eo", "pid,comm"))
        until(lambda: {"443", "8443"} <= set(re.findall(r":(\d+) ", one.nsenter("ss", "-lntH"))))

    @property
    def wanted(self) -> dict[tuple[str, str], str]:
        """What is said of the containers of CASES, by control and container."""
        return {
            (key, f"{self.options[option]}-{state}"): expected.format(**self.words)
            for key, options in CASES.items()
            for option, expected in options.items()
            if option in self.options
            for state in ("created", "runs")
        }


def limit_group(name: str) -> None:
    """Limit a control group, of either version."""
    values = {
        **dict.fromkeys(("memory.limit_in_bytes", "memory.max"), "100000000"),
        "pids.max": "99",
        "cpu.max": "50000 100000",
        "cpu.cfs_quota_us": "50000",
    }
    for folder, _, files in os.walk("/sys/fs/cgroup"):
        for file in values.keys() & files if folder.endswith(f"/{name}") else ():
            Path(folder, file).write_text(values[file])


def remove_groups(name: str) -> None:
    """Remove a parent group that the engine made for its containers, and leaves behind."""
    for path in (*Path("/sys/fs/cgroup").glob(f"*/{name}"), Path("/sys/fs/cgroup", name)):
        with suppress(OSError):
            path.rmdir()


@pytest.fixture(scope="module")
def site(lab: Laboratory) -> Iterator[Site]:
    """The engine with all containers."""
    from selftests.rig.engines.engine import GuardedEngine

    place = lab.root / "place"
    for name in ("api", "bound", "mounted", "plain", "programs", "whole/etc", "whole/part"):
        (place / name).mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place / "plain/docker.sock"))
        with GuardedEngine(lab, hosts=[f"unix://{place}/api/s"]) as one:
            yield Site(one, place)
    for name in ("lab-hc-weird", one.name):
        remove_groups(name)


@pytest.fixture(scope="module")
def facts(site: Site) -> Facts:
    """What the one audit learns."""
    return facts_of_engine(site.engine.socket, Policy(sensitive_containers=("c*",)))


# ---- random options

RANDOM = 24
SEED = random.randrange(1 << 32)
NAMESPACES = {"5.10": "net", "5.16": "pid", "5.17": "ipc", "5.21": "uts"}
USUAL_CAPABILITIES = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 27, 29, 31))
"""Those of Docker without NET_RAW, by their numbers in capabilities(7)."""
MOST_PROCESSES = 100_000
CAPABILITIES = "ALL BPF CAP_NET_RAW CHOWN KILL MKNOD NET_ADMIN NET_RAW SETPCAP SYS_ADMIN cap_sys_time"
# How often an option is given, and its values.
CHOICES: tuple[tuple[float, str, str], ...] = (
    (0.1, "", "--privileged --privileged=false"),
    (0.3, "--cap-drop", "ALL all NET_RAW CAP_NET_RAW"),
    (0.4, "--cap-add", CAPABILITIES),
    (0.4, "--cap-drop", CAPABILITIES),
    (0.2, "--security-opt", "no-new-privileges no-new-privileges=false no-new-privileges:true"),
    (0.2, "--security-opt", "seccomp=unconfined seccomp:unconfined apparmor=unconfined label=disable"),
    (0.1, "--security-opt", "systempaths=unconfined"),
    (0.2, "--network", "host none bridge container:low"),
    (0.2, "--pid", "host container:low"),
    (0.2, "--ipc", "host private shareable none"),
    (0.1, "--userns", "host"),
    (0.1, "--cgroupns", "host private"),
    (0.3, "-m", "64m 1g 1t 8388608"),
    (0.3, "--pids-limit", "20 0 -1 100 4194304"),
    (0.3, "", "--read-only --read-only=false"),
    (0.2, "--user", "1000 0 0:1000"),
    (0.1, "", "--init"),
)


def random_containers(engine: Engine) -> dict[str, list[str]]:
    """Start containers with random options, some given twice or against each other, and return these by name."""
    chance, asked = random.Random(SEED), dict[str, list[str]]()
    for number in range(RANDOM):
        given = [
            word
            for share, option, values in CHOICES
            if chance.random() < share
            for word in (option, chance.choice(values.split()))
            if word
        ]
        with suppress(CommandError):  # some options exclude each other
            engine.run(f"random{number}", *given)
            asked[f"random{number}"] = given
    return asked


def of_the_kernel(pid: int, daemon: int) -> dict[str, str]:
    """Return the right verdicts on a container, by what the kernel shows of its main process."""
    proc = Path(f"/proc/{pid}")
    status = dict(re.findall(r"(?m)^(\w+):\s*(.*)$", (proc / "status").read_text()))
    total = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[0]) << 10
    mounts = [line.split() for line in (proc / "mountinfo").read_text().splitlines()]
    good = {
        "5.4": not int(status["CapBnd"], 16) & ~USUAL_CAPABILITIES,
        "5.11": limit(pid, "memory", "memory.limit_in_bytes", "memory.max") < total,
        "5.13": any(fields[4] == "/" and "ro" in fields[5].split(",") for fields in mounts),
        "5.22": status["Seccomp"] == "2",
        "5.26": status["NoNewPrivs"] == "1",
        "5.29": limit(pid, "pids", "pids.max") < MOST_PROCESSES,
    }
    for key, kind in NAMESPACES.items():
        good[key] = (proc / "ns" / kind).readlink() != Path(f"/proc/{daemon}/ns/{kind}").readlink()
    return {key: "pass" if each else "fail" for key, each in good.items()}


def limit(pid: int, controller: str, *names: str) -> float:
    """Return the limit of a control group of either version."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" or controller in controllers.split(","):
            for file in (Path(f"/sys/fs/cgroup/{controllers}{path}/{name}") for name in names):
                if file.exists():
                    return float(file.read_text().strip().replace("max", "inf"))
    return pytest.skip(f"the controller {controller} is not here")


# ---- tests


@pytest.mark.parametrize("key", CASES)
def test_options(site: Site, facts: Facts, key: str) -> None:
    """The control gives a container with this option this verdict, before it runs and while it does."""
    by_name = {name: option for option, name in site.options.items()}
    wrong = differences({place: each for place, each in site.wanted.items() if place[0] == key}, facts)
    assert not [f"{by_name[each.split()[1].rpartition('-')[0]]}: {each}" for each in wrong]


def test_programs(site: Site, facts: Facts) -> None:
    """5.7, 5.8, 5.23 and others: what runs in a container counts, also beside its main process."""
    wanted = {(key, name): each for name, (_, _, _, said) in PROGRAMS.items() for key, each in said.items()}
    assert not differences({**wanted, ("5.7", "server"): "fail: would start .*sshd"}, facts)


def test_limits_of_a_parent_group(facts: Facts) -> None:
    """5.11, 5.12, 5.29: a limit of the parent group holds its containers too."""
    assert [findings(key, facts)["limited"][0] for key in CHILDREN] == ["pass"] * 3
    reason = "limited to 99 processes by its control groups, though none is set"
    assert findings("5.29", facts)["limited"][1] == reason


def test_random_options(site: Site, facts: Facts) -> None:
    """What the kernel shows of a running container is what the controls say."""
    assert len(site.asked) > RANDOM // 2, SEED
    wrong = []
    for described in site.engine.inspect(*site.asked):
        name = described["Name"].strip("/")
        right = of_the_kernel(described["State"]["Pid"], site.engine.pid)
        found = differences({(key, name): verdict for key, verdict in right.items()}, facts)
        wrong += [f"{each} with {site.asked[name]}" for each in found]
    assert not wrong, f"seed {SEED}"


def test_labels_forge_nothing(facts: Facts) -> None:
    """What a container calls itself breaks no answer."""
    assert {name: verdicts("5.5", facts)[name] for name in HOSTILE} == dict.fromkeys(HOSTILE, "fail")
    assert {name: verdicts("5.26", facts)[name] for name in HOSTILE} == dict.fromkeys(HOSTILE, "fail")
    assert {name: verdicts("5.15", facts)[name] for name in HOSTILE} == dict.fromkeys(HOSTILE, "pass")


def test_firewall_of_the_engine(facts: Facts) -> None:
    """Rules in the network of the daemon are shown, without their comments."""
    verdict, reason = findings(FIREWALL, facts)["iptables"]
    assert (verdict, "-i eth0" in reason) == ("manual", True), reason


def test_nothing_is_an_error(facts: Facts) -> None:
    """Root can judge everything of containers, images and the daemon."""
    found = errors(facts)
    assert not {key: each for key, each in found.items() if key[0] in "24567"}
    assert not {key: each for key, each in found.items() if key[0] == "c"}


def test_no_secret_is_kept(facts: Facts) -> None:
    """Values of variables and comments of rules are in no answer."""
    kept = "".join(answer.stdout for answer in facts.recording.answers.values())
    assert "hunter2" not in kept
    assert "AKIAIOSFODNN7EXAMPLE" not in kept
