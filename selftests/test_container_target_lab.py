"""A container as a target: judged from its own process 1 and mounts, and from nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.judging import control, judged
from selftests.running import Project, Run

if TYPE_CHECKING:
    from selftests.lab.engine import Engine
    from selftests.lab.host import Host

pytestmark = pytest.mark.lab

EngineFactory = Callable[..., "Engine"]
JUDGED = {
    "4.1": "container_user_is_not_root",
    "5.4": "container_capabilities_are_needed",
    "5.7": "container_runs_no_ssh_server",
    "5.13": "container_root_is_read_only",
    "5.22": "container_has_a_seccomp_filter",
    "5.26": "container_gains_no_privileges",
    "5.32": "container_cannot_reach_an_engine_socket",
}
HARDENED = (
    *("--user", "1000", "--cap-drop", "ALL", "--read-only"),
    *("--security-opt", "no-new-privileges"),
)
SOCKET_HOLDER = ("sh", "-c", "sleep 9999")


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    """The project's own controls, in a project of their own."""
    return Project(tmp_path / "suite")


def _audit(suite: Project, engine: Engine, *names: str, arguments: Sequence[str] = ()) -> Run:
    targets = {
        name.partition("@")[2] or name: {
            "connect": f"docker://{name}",
            "docker_host": f"unix://{engine.socket}",
        }
        for name in names
    }
    inventory = suite.write("inventory.yml", json.dumps({"targets": targets}))
    return suite.pytest("-m", "cis", f"--inventory={inventory}", *arguments)


def _verdicts(run: Run, target: str) -> dict[str, str]:
    """Verdicts of the controls that can be judged from inside, by CIS number."""
    by_control = {each["control"]: each for each in run.results["results"] if each["target"] == target}
    return {number: by_control[name]["verdict"] for number, name in JUDGED.items()}


def _all(verdict: str) -> dict[str, str]:
    return dict.fromkeys(JUDGED, verdict)


def test_names_of_the_controls() -> None:
    """The numbers of this file are those of the controls."""
    assert {number: control(number).__name__ for number in JUDGED} == {
        number: f"test_{name}" for number, name in JUDGED.items()
    }


def test_each_control_sees_its_own_flaw(engine: EngineFactory, suite: Project) -> None:
    """A hardened container passes all seven; one flaw at a time fails its own control alone."""
    one = engine()
    flaws: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        "4.1": ((*HARDENED[2:],), ("sleep", "9999")),
        "5.4": ((*HARDENED, "--cap-add", "SYS_PTRACE"), ("sleep", "9999")),
        "5.7": (HARDENED, ("sshd",)),
        "5.13": ((*HARDENED[:4], *HARDENED[5:]), ("sleep", "9999")),
        "5.22": ((*HARDENED, "--security-opt", "seccomp=unconfined"), ("sleep", "9999")),
        "5.26": (HARDENED[:5], ("sleep", "9999")),
        "5.32": ((*HARDENED, "--volume", f"{one.socket}:/run/docker.sock"), ("sleep", "9999")),
    }
    one.run("good", *HARDENED)
    for number, (options, command) in flaws.items():
        one.run(f"c{number}", *options, command=command)
    run = _audit(suite, one, "good", *(f"c{number}" for number in flaws), arguments=["-n", "2"])
    assert run.results["targets"]["good"] == {
        "connect": "docker://good",
        "kind": "container",
        "engine": "",
        "os": "",
    }
    assert _verdicts(run, "good") == _all("pass")
    for number in flaws:
        assert _verdicts(run, f"c{number}") == {**_all("pass"), number: "fail"}, number
    others = [each for each in run.results["results"] if each["control"] not in JUDGED.values()]
    others = [each for each in others if each["verdict"] != "manual"]  # what a person answers anyway
    reasons = {each["reason"] for each in others}
    assert {each["verdict"] for each in others} == {"not applicable"}
    assert reasons <= {
        "the target is a container without an engine of its own",
        "the target is a container, seen from inside: only its engine's host can show this",
        "SELinux is not on in the kernel of this host",
    }


def test_plain_container_fails_what_it_should(engine: EngineFactory, suite: Project) -> None:
    """Docker's defaults: root, NET_RAW, a root file system to write to, privileges to gain."""
    one = engine()
    one.run("plain")
    assert _verdicts(_audit(suite, one, "plain"), "plain") == {
        **_all("fail"),
        "5.7": "pass",
        "5.22": "pass",
        "5.32": "pass",
    }


def test_who_asks_is_not_judged(engine: EngineFactory, suite: Project) -> None:
    """Asking as another user, or with more rights than process 1 has, judges process 1 all the same."""
    one = engine()
    one.run("plain")
    one.run("other", "--privileged")
    run = _audit(suite, one, "1000@plain", "app@other")
    assert _verdicts(run, "plain")["4.1"] == "fail"
    assert _verdicts(run, "plain")["5.4"] == "fail"
    assert _verdicts(run, "other")["5.4"] == "fail"
    assert _verdicts(run, "other")["5.22"] == "fail"
    one.run("user", "--user", "1000")
    assert _verdicts(_audit(suite, one, "root@user"), "user")["4.1"] == "pass"


@pytest.mark.parametrize(
    "options", [("--pid", "host"), ("--pid", "container:web")], ids=["host", "container"]
)
@pytest.mark.parametrize("privileged", [True, False], ids=["privileged", "plain"])
def test_process_1_of_others_is_not_judged(
    engine: EngineFactory, suite: Project, options: tuple[str, ...], privileged: bool
) -> None:
    """In the PID namespace of the host or of another container, process 1 is not its own: error."""
    one = engine()
    one.run("web", *HARDENED)
    one.run("box", *options, *(["--privileged"] if privileged else []))
    run = _audit(suite, one, "box")
    assert run.results["targets"]["box"]["kind"] == "container"
    assert _verdicts(run, "box") == _all("error")
    assert any("PID namespace" in reason for reason in run.reasons)


@pytest.mark.parametrize("place", ["/run/docker.sock", "/var/run/docker.sock", "/tmp/some/where", "/srv"])
def test_engine_socket_by_any_name(engine: EngineFactory, suite: Project, place: str) -> None:
    """The engine's socket is seen wherever it is mounted, by itself or in a folder."""
    one = engine()
    source = one.socket.parent if place == "/srv" else one.socket
    one.run("box", *HARDENED, "--volume", f"{source}:{place}:ro")
    assert _verdicts(_audit(suite, one, "box"), "box")["5.32"] == "fail"


def test_user_namespace(engine: EngineFactory, suite: Project) -> None:
    """With remapped users root of the container is still root there."""
    one = engine(userns_remap="default")
    one.run("root")
    one.run("user", "--user", "1000")
    run = _audit(suite, one, "root", "user")
    assert (_verdicts(run, "root")["4.1"], _verdicts(run, "user")["4.1"]) == ("fail", "pass")


def test_stopped_and_bare_containers_are_errors(engine: EngineFactory, suite: Project) -> None:
    """A container that does not run, or that has no shell, cannot be asked."""
    one = engine()
    one.create("idle")
    run = _audit(suite, one, "idle")
    assert set(run.verdicts.values()) == {"error"}
    assert all("is not running" in reason for reason in run.reasons), run.reasons


def test_container_with_an_engine_inside_is_a_host(lab_host: Callable[..., Host], suite: Project) -> None:
    """A dockerd process in it makes a container a host, with all controls."""
    host = lab_host()
    host.run("inner", "--privileged")
    run = _audit(suite, host.hub.engine, host.name)
    assert run.results["targets"][host.name]["kind"] == "host"
    assert run.verdicts["container_is_not_privileged"] == "fail"


def test_user_of_containers_on_a_host(engine: EngineFactory) -> None:
    """4.1 from the host: each running process counts, and of a stopped container the user it would have."""
    from selftests.judging import facts_of_engine

    one = engine()
    one.run("root")
    one.run("user", "--user", "1000")
    one.run("drops", command=["sh", "-c", "su app -c 'sleep 9999' & exec su app -c 'sleep 9998'"])
    one.run("mixed", "--user", "1000")
    one.docker("exec", "--detach", "--user", "0", "mixed", "sleep", "9999")
    for name, user in {
        "idle": "",
        "zero": "0:5",
        "number": "1000:0",
        "named": "app",
        "rooted": "root",
    }.items():
        one.create(name, "--user", user)
    found = judged("4.1", facts_of_engine(one.socket))
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "root": "fail",
        "user": "pass",
        "drops": "pass",
        "mixed": "fail",
        "idle": "fail",
        "zero": "fail",
        "number": "pass",
        "named": "pass",
        "rooted": "fail",
    }
    assert found["root"] == ("fail", "runs sleep as root")


@pytest.mark.needs("podman")
def test_podman_container(suite: Project, engine: EngineFactory) -> None:
    """podman://NAME is judged as docker://NAME."""
    one = engine()
    archive = one.lab.root / "bb.tar"
    folder = one.directory / "podman"
    own = [
        *("nsenter", f"--net=/run/netns/{one.netns}", str(shutil.which("podman"))),
        *("--root", f"{folder}/root", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp"),
        *("--cgroup-manager=cgroupfs", "--runtime", "runc", "--events-backend", "none"),
    ]

    def call(*arguments: str) -> str:
        done = subprocess.run([*own, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    suite.command("podman", f'exec {" ".join(own)} "$@"')
    try:
        call("import", str(archive), "bb:1")
        options = ("run", "--detach", "--network", "none")
        call(*options, "--name", "plain", "localhost/bb:1", "sleep", "9999")
        call(*options, *HARDENED, "--name", "good", "localhost/bb:1", "sleep", "9999")
        run = suite.pytest("-m", "cis", "--hosts", "podman://plain,podman://good")
    finally:
        call("rm", "--all", "--force", "--time", "0")
        call("system", "reset", "--force")
    assert run.results["targets"]["good"]["kind"] == "container"
    assert _verdicts(run, "good") == _all("pass")
    assert _verdicts(run, "plain")["4.1"] == "fail"
