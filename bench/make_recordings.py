"""Records hosts of further kinds for the self-tests: what they answer is damaged in every way that is known.

As root `python bench/make_recordings.py [KIND...]`: half a minute for each. Each host is one of the self-tests'
laboratory: systemd, sshd and an engine in a container. It is asked over ssh as any target is. Kept is what it
answered, without the scripts that asked, and with names in place of what belongs to the machine below.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

if TYPE_CHECKING:
    from hullcheck.recording import Recording
    from selftests.rig.hosts.host import Host, Hub

HostFactory = Callable[..., "Host"]

RECORDINGS = ROOT / "reports" / "damage"
STORE: Mapping[str, object] = {"features": {"containerd-snapshotter": True}, "storage_driver": "native"}
LIMITED = ("--memory", "64m", "--pids-limit", "64", "--cap-drop", "ALL")

# Beside the host's own engine one that shares nothing with it but the network.
SECOND = """
ip link add second0 type bridge
ip address add 192.0.2.1/24 dev second0
ip link set second0 up
systemd-run --unit second dockerd --data-root /srv/second --exec-root /run/second --pidfile /run/second.pid \\
    --host unix:///run/second.sock --host tcp://127.0.0.1:2375 --bridge second0 --iptables=false
"""
ROOTLESS = """
set -e
useradd --create-home --uid 1500 ann
install -d -o ann -g ann -m 700 /run/user/1500
[ -e /dev/net/tun ] || { mkdir -p /dev/net; mknod -m 666 /dev/net/tun c 10 200; }
chmod 666 /dev/net/tun
mount --make-rshared /
systemd-run --unit rootless --setenv HOME=/home/ann --setenv XDG_RUNTIME_DIR=/run/user/1500 --setenv USER=ann \\
    --setenv PATH=/usr/share/docker.io/contrib:/usr/sbin:/usr/bin:/sbin:/bin \\
    setpriv --reuid 1500 --regid 1500 --init-groups -- dockerd-rootless.sh --storage-driver vfs
"""
OF_ANN = "unix:///run/user/1500/docker.sock"


def main(kinds: list[str]) -> None:
    """Start a host of each of these kinds, or of all, ask it, and write what it answered."""
    from selftests.rig import laboratory
    from selftests.rig.hosts.host import Hub

    if reason := laboratory.obstacle():
        raise SystemExit(f"no recording without real hosts: {reason}")
    lab = laboratory.Laboratory()
    try:
        hub = Hub(lab)
        for kind in kinds or KINDS:
            save(kind, KINDS[kind](_maker(hub)), str(lab.root))
        hub.down()
    finally:
        lab.close()


def swarm(make: HostFactory) -> Recording:
    """A manager with a service that is published on every node, a secret and a network of its own."""
    host = make()
    host.docker("swarm", "init", "--advertise-addr", host.address)
    host.docker("network", "create", "--driver", "overlay", "--opt", "encrypted", "shop")
    host.docker("secret", "create", "key", "-", stdin="of nobody")
    options = (
        "--detach",
        "--no-resolve-image",
        "--network",
        "shop",
        "--secret",
        "key",
        "--publish",
        "8080:80",
    )
    host.docker(
        "service", "create", "--name", "web", *options, "--limit-memory", "64m", "bb:1", "sleep", "9999"
    )
    _until(lambda: host.docker("ps", "--quiet").strip() != "", "the service does not start")
    return _asked(host)


def containerd_store(make: HostFactory) -> Recording:
    """Images in the store of containerd, of which one was built, and containers of them."""
    host = make(**STORE)
    host.write(
        "/srv/build/Dockerfile", "FROM bb:1\nENV DB_PASSWORD=of-nobody\nUSER 1000\nCOPY Dockerfile /srv/\n"
    )
    host.docker("build", "--quiet", "--tag", "shop/web:1.4.2", "/srv/build")
    host.run("web", *LIMITED, "--publish", "127.0.0.1:8443:8443", image="shop/web:1.4.2")
    host.run("agent", "--privileged", "--pid", "host", "--network", "host")
    return _asked(host)


def two_engines(make: HostFactory) -> Recording:
    """A second engine that listens on TCP, each with a container."""
    host = make()
    host.run("web", *LIMITED, "--read-only")
    host.exec("sh", "-e", stdin=SECOND)
    beside = ("docker", "--host", "unix:///run/second.sock")
    _until(lambda: _answers(host, *beside, "version"), "the second engine does not answer")
    host.exec(*beside, "import", "/root/bb.tar", "bb:1")
    host.exec(*beside, "run", "--detach", "--name", "other", "--privileged", "bb:1", "sleep", "9999")
    return _asked(host)


def rootless(make: HostFactory) -> Recording:
    """The engine of a user, with a container that is limited and one that is not."""
    host = make()
    host.exec("sh", "-e", stdin=ROOTLESS)
    beside = ("docker", "--host", OF_ANN)
    _until(lambda: _answers(host, *beside, "version"), "the rootless engine does not answer")
    host.exec(*beside, "import", "/root/bb.tar", "bb:1")
    run = (*beside, "run", "--detach", "--name")
    host.exec(*run, "web", "--read-only", "--cap-drop", "ALL", "bb:1", "sleep", "9999")
    host.exec(*run, "panel", "--publish", "8080:80", "--volume", "/:/host", "bb:1", "sleep", "9999")
    return _asked(host, OF_ANN)


def inside(make: HostFactory) -> Recording:
    """A container of a host, asked from inside, that has more rights than it needs."""
    from hullcheck import facts
    from hullcheck.recording import Recording
    from hullcheck.recording.script import render

    host = make()
    socket_of_engine = "/var/run/docker.sock:/var/run/docker.sock"
    host.run("panel", "--cap-add", "SYS_ADMIN", "--volume", socket_of_engine, "--volume", "/etc:/host/etc")
    output = host.exec("docker", "exec", "--interactive", "panel", "sh", stdin=render(facts.PROBES))
    return Recording.from_output(output, facts.PROBES, target="panel", backend="docker")


KINDS: Mapping[str, Callable[[HostFactory], Recording]] = {
    "swarm": swarm,
    "containerd-store": containerd_store,
    "two-engines": two_engines,
    "rootless": rootless,
    "inside": inside,
}


def _maker(hub: Hub) -> HostFactory:
    """Makes hosts, each with these settings of its engine, as the fixture `lab_host` does."""
    from selftests.rig.hosts.host import Host

    def make(**settings: object) -> Host:
        host = Host(hub, {name.replace("_", "-"): value for name, value in settings.items()})
        host.wait()
        return host

    return make


def _asked(host: Host, docker_host: str | None = None) -> Recording:
    from hullcheck import facts
    from hullcheck.gather import gather
    from hullcheck.gather.transport import Connection
    from hullcheck.inventory import Target

    target = Target(host.name, f"ssh://root@{host.name}", docker_host=docker_host)
    way = Connection(ssh_config=str(host.ssh_config), timeout=600)
    (recording,) = gather([target], facts.PROBES, way, probe_timeout=120).values()
    if recording.failure:
        raise SystemExit(recording.failure)
    return recording


def save(kind: str, recording: Recording, *own: str) -> None:
    """Keep the answers alone, without what the machine calls its *own*."""
    names = {**dict.fromkeys(own, "/srv/lab"), os.uname().release: "6.12.0"}

    def cleaned(text: str) -> str:
        for name, instead in names.items():
            text = text.replace(name, instead)
        return text

    answers = {
        name: replace(each, stdout=cleaned(each.stdout), stderr=cleaned(each.stderr))
        for name, each in recording.answers.items()
    }
    kept = replace(recording, target=kind, answers=answers, commands={}, host_key="")
    path = kept.save(RECORDINGS / kind)
    path.chmod(0o644)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def _answers(host: Host, *command: str) -> bool:
    from selftests.rig.shell import CommandError

    try:
        host.exec(*command)
    except CommandError:
        return False
    return True


def _until(there: Callable[[], bool], otherwise: str) -> None:
    from selftests.rig.waiting import until

    until(there, otherwise, 120)


if __name__ == "__main__":
    main(sys.argv[1:])
