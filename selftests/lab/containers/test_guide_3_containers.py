"""The hardening guide, section 3, on real engines: containers, images and services that differ in one thing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_of_engine, judge_engine, judged

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

CASES: dict[str, dict[str, str]] = {
    "container_drops_all_capabilities": {
        "": "fail: drops no capability, not ALL",
        "--cap-drop ALL": "pass",
        "--cap-drop all --cap-add NET_BIND_SERVICE": "pass",
        "--cap-drop NET_RAW": "fail: drops (CAP_)?NET_RAW, not ALL",
        "--cap-drop ALL --privileged": "fail: --privileged",
        "--cap-drop ALL --user 1000": "pass",
    },
    "container_adds_approved_capabilities_alone": {
        "": "pass",
        "--cap-drop ALL --cap-add NET_BIND_SERVICE": "pass",
        "--cap-add CHOWN": "fail: adds CHOWN",
        "--cap-drop ALL --cap-add cap_sys_time": "fail: adds SYS_TIME",
        "--cap-add ALL": "fail: adds ALL",
        "--privileged": "fail: adds every",
    },
    "container_writes_to_tmpfs_or_named_volumes": {
        "": "not applicable",
        "--tmpfs /tmp": "not applicable",
        "--read-only": "pass: can write nowhere",
        "--read-only --tmpfs /tmp": "pass: /tmp .tmpfs",
        "--read-only --mount type=tmpfs,destination=/tmp": "pass: /tmp .tmpfs",
        "--read-only -v /tmp": "fail: /tmp .anonymous volume",
        "--read-only -v data:/data": "pass: /data .volume",
        "--read-only -v data:/data:ro": "pass: can write nowhere",
        "--read-only -v data:/usr/bin": "manual: its own programs at /usr/bin .volume",
        "--read-only -v /srv:/srv": "fail: /srv ./srv of the host",
        "--read-only -v /srv:/srv:ro": "pass: can write nowhere",
        "--read-only -v /dev/shm:/tmp": "fail: /tmp ./dev/shm of the host",
        "--read-only --ipc host": "fail: /dev/shm ./dev/shm of the host",
        "--read-only --ipc shareable": "pass: can write nowhere",
    },
    "container_cpu_time_is_capped": {
        "": "fail: none is set$",
        "--cpus 0.5": "pass",
        "--cpu-quota 50000": "pass",
        "--cpu-quota 99000000": "fail: 990 processors, which is no cap",
        "--cpu-shares 2": "fail: its CPU share is no cap",
        "--cpuset-cpus 0": "fail: none is set$",
    },
    "sensitive_container_listens_on_chosen_addresses": {
        "": "pass",
        "-p 127.0.0.1::80": "pass",
        "-p 80": "fail: is sensitive, and opens on every address: 0.0.0.0:",
        "-p [::]::80": "fail: is sensitive",
    },
    "container_environment_holds_no_secret": {
        "": "pass",
        "-e MODE=production -e DB_PASSWORD_FILE=/run/secrets/db": "pass",
        "-e DB_PASSWORD=hunter2zz": "fail: variable DB_PASSWORD",
        "-e DATABASE_URL=postgres://app:hunter2zz@db/x": "fail: a password in an address",
        "-e KEEP=AKIAIOSFODNN7EXAMPLE": "fail: AWS",
    },
}


@pytest.mark.parametrize("control", CASES)
def test_option(control: str, engine: EngineFactory) -> None:
    """The control gives a container with this option this verdict, before it runs and while it does."""
    one = engine()
    options = {f"c{place}": option for place, option in enumerate(CASES[control])}
    for name, option in options.items():
        one.create(f"{name}-created", *shlex.split(option))
        one.create(f"{name}-runs", *shlex.split(option))
    one.docker("start", *(f"{name}-runs" for name in options))
    facts = facts_of_engine(one.socket, Policy(sensitive_containers=("c*",)))
    found = judged(control, facts)
    for name, option in options.items():
        wanted, _, pattern = CASES[control][option].partition(": ")
        for each in (f"{name}-created", f"{name}-runs"):
            verdict, why = found[each]
            assert (verdict, bool(re.search(pattern, why))) == (wanted, True), (
                f"{each} {option}: {verdict}: {why}"
            )
    kept = "".join(answer.stdout for answer in facts.recording.answers.values())
    assert "hunter2" not in kept
    assert "AKIAIOSFODNN7EXAMPLE" not in kept


def test_volume_that_is_a_folder_of_the_host(engine: EngineFactory, tmp_path: Path) -> None:
    """A volume with a name may be bound to a folder of the host."""
    one = engine()
    options = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={tmp_path}")
    one.docker("volume", "create", *options, "bound")
    one.run("web", "--read-only", "--volume", "bound:/data")
    one.run("own", "--read-only", "--volume", "plain:/data")
    found = judge_engine("container_writes_to_tmpfs_or_named_volumes", one.socket)
    assert found["own"] == ("pass", "/data (volume)")
    assert found["web"] == ("fail", f"can write to /data ({tmp_path} of the host)")


def test_images(engine: EngineFactory) -> None:
    """What is in an image decides, with what a later layer deletes; and a pass needs a pinned reference."""
    one = engine()
    for name, command in (("gcc", "cp /bin/busybox /bin/gcc"), ("apk", "cp /bin/busybox /bin/apk")):
        one.docker("build", "--tag", f"{name}:1", "-", stdin=f"FROM bb:1\nRUN {command}\n")
    one.docker("build", "--tag", "clean:1", "-", stdin="FROM gcc:1\nRUN rm /bin/gcc\n")
    controls = ("image_holds_no_compiler", "image_holds_no_package_manager", "image_holds_no_shell")
    facts = facts_of_engine(one.socket, of=" ".join(controls))
    compilers, managers = (
        judged("image_holds_no_compiler", facts),
        judged("image_holds_no_package_manager", facts),
    )
    assert compilers["gcc:1"] == ("fail", "holds /bin/gcc")
    assert {compilers[name][0] for name in ("bb:1", "apk:1", "clean:1")} == {"pass"}
    assert managers["apk:1"] == ("fail", "holds /bin/apk")
    assert {managers[name][0] for name in ("bb:1", "gcc:1", "clean:1")} == {"pass"}
    shells = judged("image_holds_no_shell", facts)
    assert shells["bb:1"][0] == "fail"
    approved = Facts(facts.recording, Policy(allowed_packages=("busybox", "sh")))
    assert judged("image_holds_no_shell", approved)["bb:1"][0] == "pass"


def test_references(engine: EngineFactory) -> None:
    """A container is judged by the reference with which it was created; so is a service."""
    one = engine(fresh=True)
    identifier = one.docker("image", "inspect", "--format", "{{.Id}}", "bb:1").strip()
    one.docker("tag", "bb:1", "bb:latest")
    for name, image in {"tag": "bb:1", "latest": "bb:latest", "bare": "bb", "id": identifier}.items():
        one.create(name, image=image)
    one.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    one.docker(
        "service", "create", "--detach", "--no-resolve-image", "--name", "tag", "--replicas", "0", "bb:1"
    )
    for name, tag in (("good", ":1"), ("digest", "")):
        image = f"bb{tag}@sha256:{'2' * 64}"
        one.docker(
            "service", "create", "--detach", "--no-resolve-image", "--name", name, "--replicas", "0", image
        )
    facts = facts_of_engine(one.socket, of="container_image_is_pinned service_image_is_pinned")
    found = judged("container_image_is_pinned", facts)
    assert {name: why for name, (_, why) in found.items()} == {
        "tag": "runs bb:1, which names no digest",
        "latest": "runs bb:latest, which names no version",
        "bare": "runs bb:latest, which names no version",
        "id": f"runs {identifier}, which names no digest",
    }
    services = judged("service_image_is_pinned", facts)
    pinned = f"pinned by sha256:{'2' * 64}"
    assert services == {
        "tag": ("fail", "runs bb:1, which names no digest"),
        "good": ("pass", pinned),
        "digest": ("pass", f"{pinned}, and no tag tells people which version that is"),
    }


# ---- 3.4: the packet filter of the daemon's own network

FIREWALL = "firewall_limits_container_traffic"


def test_rules_of_the_site(engine: EngineFactory) -> None:
    """A rule in the network of this daemon counts, and none in that of another."""
    one, other = engine(fresh=True), engine(fresh=True, icc=False)
    assert judge_engine(FIREWALL, one.socket)["iptables"][0] == "fail"
    one.nsenter(
        *[
            "iptables",
            "-I",
            "DOCKER-USER",
            "-i",
            "eth0",
            "-m",
            "comment",
            "--comment",
            "hunter2",
            "-j",
            "DROP",
        ]
    )
    facts = facts_of_engine(one.socket, of=FIREWALL)
    verdict, reason = judged(FIREWALL, facts)["iptables"]
    assert (verdict, "-i eth0" in reason) == ("manual", True), reason
    assert "hunter2" not in facts.recording.answers["firewall"].stdout
    assert judge_engine(FIREWALL, other.socket)["iptables"][0] == "fail"
    podman = any(Path("/etc/cni/net.d").glob("*"))  # its package brings a configuration of CNI
    assert judge_engine(FIREWALL, one.socket)["CNI plugins"][0] == ("manual" if podman else "not applicable")
