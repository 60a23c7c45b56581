"""5.6, 5.20, 5.32 on real engines: what containers have of the host's files."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from selftests.kit.judging import facts_inside, facts_of_engine, judged
from selftests.lab.containers.judgement import both, of_both, reason, verdicts
from selftests.rig.shell import call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab


def test_sensitive_mounts(guarded_engine: EngineFactory, place: Path) -> None:
    """5.6: a part of the host's system is found behind links, volume options, bind mounts and read-only
    mounts."""
    one = guarded_engine()
    (place / "link").symlink_to("/etc")
    (place / "file").symlink_to("/etc/passwd")
    for name in ("plain", "bound", "deep/etc", "whole/part"):
        (place / name).mkdir(parents=True)
    one.nsenter("mount", "--bind", "/etc", str(place / "bound"))
    one.nsenter("mount", "--bind", "/etc", str(place / "deep/etc"))
    one.nsenter("mount", "--bind", str(place / "whole/part"), "/root")
    bind = ("--opt", "type=none", "--opt", "o=bind", "--opt")
    one.docker("volume", "create", *bind, "device=/etc", "etc")
    one.docker("volume", "create", *bind, f"device={place}/link", "linked")
    one.docker("volume", "create", *bind, f"device={place}/plain", "bind")
    bad = {
        "root": "/:/host:ro",
        "var": "/var:/x",
        "etc": "/etc:/x:ro",
        "shadow": "/etc/shadow:/x",
        "kmsg": "/dev/kmsg:/dev/kmsg",
        "home": "/root:/x",
        "link": f"{place}/link:/x",
        "link-below": f"{place}/link/ssl:/x",
        "file": f"{place}/file:/x",
        "bound": f"{place}/bound:/x",
        "deep": f"{place}/deep:/x",
        "whole": f"{place}/whole:/x",
        "proc": "/proc:/p",
        "sys": "/sys/fs/cgroup:/c",
        "data": f"{one.data_root}:/x",
        "volumes": f"{one.data_root}/volumes:/x",
        "v-etc": "etc:/x",
        "v-linked": "linked:/x",
        "below": f"{place}/plain:/x -v etc:/x/y",
        "zone": "/etc/timezone:/etc/timezone",
    }
    good = {
        "zone-ro": "/etc/timezone:/etc/timezone:ro",
        "none": "",
        "plain": f"{place}/plain:/x",
        "volume": "own:/x",
        "v-bind": "bind:/x",
        "anonymous": "/x",
    }
    for name, option in {**bad, **good}.items():
        both(one, name, *(shlex.split(f"-v {option}") if option else ()))
    both(one, "init", "--init")
    both(one, "tmpfs", "--tmpfs", "/etc/x", "--mount", "type=tmpfs,dst=/y")
    one.run("joined", "--network", "container:none-runs")
    link = 'FROM bb:1\nRUN ["/bin/busybox", "ln", "-s", "/tmp", "/link"]\n'
    one.docker("build", "--tag", "link:1", "-", stdin=link)
    one.run("behind-a-link", "-v", "own:/link/x", image="link:1")
    facts = facts_of_engine(one.socket, of="5")
    found = verdicts("5.6", facts)
    assert found["joined"] == found["behind-a-link"] == "pass"
    assert of_both(found) == dict.fromkeys(bad, "fail") | dict.fromkeys((*good, "init", "tmpfs"), "pass")
    assert reason("5.6", facts, "shadow-runs") == "mounts /etc/shadow of the host at /x"
    allowed = Facts(facts.recording, Policy(allowed_mounts=("/etc",)))
    assert verdicts("5.6", allowed)["link-below-created"] == "pass"
    assert verdicts("5.6", allowed)["data-created"] == "fail"


"""Mounts a folder of the host in a container."""


def test_source_that_is_gone(guarded_engine: EngineFactory, place: Path) -> None:
    """5.6, 5.32: a source that is not there yet, or any more, counts by where it will be made at the next start."""
    one = guarded_engine()
    (place / "link").symlink_to("/etc")
    (place / "file").touch()
    (place / "removed").mkdir()
    (place / "loop").symlink_to("loop")
    sources = {"new": "new", "deep": "new/er", "below": "link/not-there", "file": "file/x", "loop": "loop/x"}
    for name, source in sources.items():
        one.create(name, "--volume", f"{place}/{source}:/x")
    both(one, "removed", "--volume", f"{place}/removed:/x")
    (place / "removed").rmdir()
    facts = facts_of_engine(one.socket, of="5")
    good = dict.fromkeys(("new", "deep", "removed-created", "removed-runs"), "pass")
    unclear = dict.fromkeys(("file", "loop"), "error")  # the engine cannot make these
    assert verdicts("5.6", facts) == good | unclear | {"below": "fail"}
    assert verdicts("5.32", facts) == good | unclear | {"below": "pass"}


def test_shared_mounts(engine: EngineFactory, place: Path) -> None:
    """5.20: shared propagation fails, also recursive; private and slave pass, and so does sharing inside the
    container."""
    shared = place / "shared"
    shared.mkdir()
    call("mount", "-t", "tmpfs", "tmpfs", str(shared))
    call("mount", "--make-shared", str(shared))
    one = engine(fresh=True)
    both(one, "none")
    for way in ("private", "rprivate", "slave", "rslave", "shared", "rshared"):
        both(one, way, "--mount", f"type=bind,src={shared},dst=/x,bind-propagation={way}")
    both(one, "short", "-v", f"{shared}:/x:shared")
    both(
        one, "own", "-v", "own:/x", "--privileged", command=("sh", "-c", "mount --make-rshared /; sleep 999")
    )
    facts = facts_of_engine(one.socket, of="5")
    assert of_both(verdicts("5.20", facts)) == {
        "none": "not applicable",
        "private": "pass",
        "rprivate": "pass",
        "slave": "pass",
        "rslave": "pass",
        "shared": "fail",
        "rshared": "fail",
        "short": "fail",
        "own": "pass",
    }


def test_engine_sockets(guarded_engine: EngineFactory, place: Path) -> None:
    """5.32: every socket of the engine is found, by its folder, another name, a hard link or a bind mount."""
    second = place / "x.sock"
    one = guarded_engine(hosts=[f"unix://{second}"])
    (place / "link").symlink_to(one.socket)
    (place / "mounted").mkdir()
    (place / "mounted/s").touch()
    (place / "plain").mkdir()
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(place / "plain/docker.sock"))
    one.nsenter("mount", "--bind", str(one.socket), str(place / "mounted/s"))
    exec_root = one.socket.parent / "exec"
    bad = {
        "socket": f"{one.socket}:/s",
        "read-only": f"{one.socket}:/s:ro",
        "folder": f"{one.directory}:/d:ro",
        "root": "/:/host:ro",
        "second": f"{second}:/s",
        "second-folder": f"{place}:/d",
        "link": f"{place}/link:/s",
        "mounted": f"{place}/mounted:/d",
        "mounted-file": f"{place}/mounted/s:/d",
        "containerd": f"{exec_root}/containerd/containerd.sock:/c",
        "containerd-folder": f"{exec_root}:/c",
    }
    good = {
        "none": "",
        "plain": f"{place}/plain:/x",
        "same-name": f"{place}/plain/docker.sock:/s",
    }
    for name, option in {**bad, **good}.items():
        both(one, name, *(shlex.split(f"-v {option}") if option else ()))
    facts = facts_of_engine(one.socket, of="5")
    wanted = dict.fromkeys(bad, "fail") | dict.fromkeys(good, "pass")
    found = of_both(verdicts("5.32", facts))
    assert {name: found[name] for name in wanted} == wanted, judged("5.32", facts)
    assert reason("5.32", facts, "second-runs") == f"can reach {second}"


def test_hard_link_of_a_socket(engine: EngineFactory, place: Path) -> None:
    """5.32: a second name of the socket is the socket."""
    one = engine(fresh=True)
    os.link(one.socket, place / "innocent")
    both(one, "file", "-v", f"{place}/innocent:/x")
    both(one, "none")
    found = of_both(verdicts("5.32", facts_of_engine(one.socket, of="5")))
    assert found == {"file": "fail", "none": "pass"}


def test_mounts_that_hide_a_socket_in_the_usual_place(lab_host: Callable[..., Host]) -> None:
    """5.32, 5.6: on a whole host, -v /var/run:/hr shows the socket, and so do /run and /."""
    host = lab_host()
    for name, option in {
        "var": "/var/run:/hr",
        "run": "/run:/r",
        "root": "/:/h:ro",
        "srv": "/srv:/s",
    }.items():
        host.run(name, "-v", option)
    facts = facts_inside(host, of="5")
    assert verdicts("5.32", facts) == {"var": "fail", "run": "fail", "root": "fail", "srv": "pass"}
    assert verdicts("5.6", facts) == {"var": "fail", "run": "fail", "root": "fail", "srv": "pass"}


def test_socket_that_was_made_by_a_linked_path(engine: EngineFactory, place: Path) -> None:
    """5.32: a daemon without systemd listens at /var/run/docker.sock, through a link; volumes do not lead there."""
    (place / "run").mkdir()
    (place / "link").symlink_to("run")
    one = engine(fresh=True, hosts=[f"unix://{place}/link/app.sock"])
    one.run("volume", "-v", "data:/data")
    one.run("folder", "-v", f"{place}/run:/x")
    found = judged("5.32", facts_of_engine(one.socket, of="5.32"))
    assert found == {
        "volume": ("pass", "no socket of an engine is mounted"),
        "folder": ("fail", f"can reach {place}/run/app.sock"),
    }
