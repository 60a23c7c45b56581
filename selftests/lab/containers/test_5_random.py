"""Section 5 and what the kernel itself says of containers with random options."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_of_engine
from selftests.lab.containers.judgement import verdicts
from selftests.rig.shell import CommandError

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = pytest.mark.lab

CONTAINERS = 24
NAMESPACES = {"5.10": "net", "5.16": "pid", "5.17": "ipc", "5.21": "uts"}
USUAL_CAPABILITIES = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 27, 29, 31))
"""Those of Docker without NET_RAW, by their numbers in capabilities(7)."""
MOST_PROCESSES = 100_000

CAPABILITIES = (
    *("ALL", "BPF", "CAP_NET_RAW", "CHOWN", "KILL", "MKNOD", "NET_ADMIN"),
    *("NET_BIND_SERVICE", "NET_RAW", "SETPCAP", "SYS_ADMIN", "cap_sys_time"),
)
CHOICES: tuple[tuple[float, str, tuple[str, ...]], ...] = (
    (0.1, "", ("--privileged", "--privileged=false")),
    (0.3, "--cap-drop", ("ALL", "all", "NET_RAW", "CAP_NET_RAW")),
    (0.4, "--cap-add", CAPABILITIES),
    (0.4, "--cap-drop", CAPABILITIES),
    (0.2, "--security-opt", ("no-new-privileges", "no-new-privileges=false", "no-new-privileges:true")),
    (
        0.2,
        "--security-opt",
        ("seccomp=unconfined", "seccomp:unconfined", "apparmor=unconfined", "label=disable"),
    ),
    (0.1, "--security-opt", ("systempaths=unconfined",)),
    (0.2, "--network", ("host", "none", "bridge", "container:first")),
    (0.2, "--pid", ("host", "container:first")),
    (0.2, "--ipc", ("host", "private", "shareable", "none")),
    (0.1, "--userns", ("host",)),
    (0.1, "--cgroupns", ("host", "private")),
    (0.3, "-m", ("64m", "1g", "1t", "8388608")),
    (0.3, "--pids-limit", ("20", "0", "-1", "100", "4194304")),
    (0.3, "", ("--read-only", "--read-only=false")),
    (0.2, "--user", ("1000", "0", "0:1000")),
    (0.1, "", ("--init",)),
)


def options(chance: random.Random) -> Iterator[str]:
    """Options of `docker run`, some of them twice or against each other."""
    for share, option, values in CHOICES:
        if chance.random() < share:
            yield from filter(None, (option, chance.choice(values)))


def in_proc(pid: int, key: str) -> str:
    """A line of /proc/PID/status."""
    return re.findall(rf"^{key}:\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[0]


def limit(pid: int, controller: str, *names: str) -> int | None:
    """The limit of a control group, also of version 1; None where it has none."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" or controller in controllers.split(","):
            for name in names:
                file = Path(f"/sys/fs/cgroup/{controllers}{path}/{name}")
                if file.exists():
                    text = file.read_text().strip()
                    return None if text == "max" else int(text)
    return pytest.skip(f"the controller {controller} is not here")


def of_the_kernel(pid: int, daemon: int) -> dict[str, str]:
    """The right verdicts on a container, by its main process."""

    def shares(kind: str) -> bool:
        return Path(f"/proc/{pid}/ns/{kind}").readlink() == Path(f"/proc/{daemon}/ns/{kind}").readlink()

    total = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[0]) << 10
    memory = limit(pid, "memory", "memory.limit_in_bytes", "memory.max")
    processes = limit(pid, "pids", "pids.max")
    mounts = (line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines())
    good = {
        "5.4": not int(in_proc(pid, "CapBnd"), 16) & ~USUAL_CAPABILITIES,
        "5.11": memory is not None and memory < total,
        "5.13": any(fields[4] == "/" and "ro" in fields[5].split(",") for fields in mounts),
        "5.22": in_proc(pid, "Seccomp") == "2",
        "5.26": in_proc(pid, "NoNewPrivs") == "1",
        "5.29": processes is not None and processes < MOST_PROCESSES,
        **{number: not shares(kind) for number, kind in NAMESPACES.items()},
    }
    return {number: "pass" if each else "fail" for number, each in good.items()}


def test_random_options(engine: Callable[..., Engine]) -> None:
    """What the kernel says of a container that runs is what the controls say, whatever it was run with."""
    seed = random.randrange(1 << 32)
    chance, one = random.Random(seed), engine()
    asked: dict[str, list[str]] = {"first": []}
    one.run("first")
    for number in range(CONTAINERS):
        given = list(options(chance))
        with suppress(CommandError):  # some options exclude each other
            one.run(f"c{number}", *given)
            asked[f"c{number}"] = given
    assert len(asked) > CONTAINERS // 2, seed
    pids = {each["Name"].strip("/"): each["State"]["Pid"] for each in one.inspect(*asked)}
    right = {name: of_the_kernel(pid, one.pid) for name, pid in pids.items()}
    facts = facts_of_engine(one.socket, of="5")
    found = {number: verdicts(number, facts) for number in next(iter(right.values()))}
    wrong = [
        (seed, number, asked[name], found[number][name])
        for name, each in right.items()
        for number, verdict in each.items()
        if found[number][name] != verdict
    ]
    assert not wrong
