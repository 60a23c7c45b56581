"""A container as a target: judged from its own process 1 and mounts, and from nothing else."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests import REPOSITORY
from selftests.kit.judging import control, judge_engine
from selftests.kit.running import Project, Run, clean_environment, heed_signals
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

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


def test_engine_socket_in_a_folder_of_what_is_mounted(engine: EngineFactory, suite: Project) -> None:
    """By its name, where the auditor may list the folders there."""
    one = engine()
    one.run("box", "--volume", f"{one.directory.parent}:/srv:ro")
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
    found = judge_engine("4.1", one.socket)
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


PROCESSES_50 = ("--read-only", "--cap-drop", "ALL", "--pids-limit", "50", "--user", "1000:1000")


def _left_in(engine: Engine, name: str) -> list[str]:
    """The processes of a container but its own, zombies too."""
    lines = engine.docker("top", name, "-eo", "pid,stat,args").splitlines()[1:]
    return [line for line in lines if line.split()[2:] != ["sleep", "9999"]]


@pytest.mark.parametrize("shell", ["busybox", "dash", "bash"])
def test_audit_leaves_no_process(engine: EngineFactory, suite: Project, shell: str, tmp_path: Path) -> None:
    """Two audits leave no process and no file in a container whose process 1 waits for nobody."""
    one = engine()
    image = _with_tools_of_this_machine(one, shell, tmp_path)
    one.run("hard", *PROCESSES_50, image=image)
    one.run("soft", image=image)
    for _ in range(2):
        run = _audit(suite, one, "hard", "soft")
        assert _verdicts(run, "hard")["5.13"] == "pass"
    assert {name: _left_in(one, name) for name in ("hard", "soft")} == {"hard": [], "soft": []}
    assert {name: one.docker("diff", name) for name in ("hard", "soft")} == {"hard": "", "soft": ""}


def _with_tools_of_this_machine(engine: Engine, shell: str, folder: Path) -> str:
    """An image whose tools are those of busybox, or of this machine with another shell."""
    if shell == "busybox":
        return "bb:1"
    root = folder / "root"
    for name in ("bin", "etc", "tmp"):
        (root / name).mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
    tools = ["sleep", "cat", "tr", "od", "setsid", "date", "ls", "sed", "grep", "sort", "head", "stat"]
    for name in (*tools, "readlink", "true", "id", "cut", "uname", shell):
        program = Path(shutil.which(name) or "").resolve()
        shutil.copy(program, root / "bin" / name)
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        for library in (Path(word) for word in listed.split() if word.startswith("/")):
            (root / library.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
            shutil.copy(library.resolve(), root / library.relative_to("/"))
    (root / "bin/sh").symlink_to(shell)
    archive = folder / "image.tar"
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    return engine.import_image(archive, f"tools:{shell}")


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "time"])
def test_audit_that_is_ended_leaves_no_process(engine: EngineFactory, sent: str, tmp_path: Path) -> None:
    """Whatever ends the auditor, or the time of the target: what runs in the container is ended, and in order."""
    one = engine()
    one.run("box", *PROCESSES_50)
    target = {"connect": "docker://box", "docker_host": f"unix://{one.socket}"}
    command = [sys.executable, "-c", _GATHER, json.dumps(target), "4" if sent == "time" else "100"]
    environment = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, preexec_fn=heed_signals, stderr=subprocess.PIPE, text=True
    ) as process:
        until(lambda: any("sleep 77" in line for line in _left_in(one, "box")))
        if sent != "time":
            process.send_signal(getattr(signal, sent))
        errors = process.communicate(timeout=30)[1]
    until(lambda: _left_in(one, "box") == [])
    assert errors.split() == ["interrupted"] or sent in ("SIGKILL", "time"), errors
    assert [path for path in tmp_path.iterdir() if path.name.startswith("hullcheck-")] == []


_GATHER = """
import json, sys
from hullcheck.gather import gather, interrupts
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.recording.probe import Probe
probes = Probe("first", "echo 1"), Probe("slow", "sleep 77 | (sleep 77; cat)")
target, timeout = Target("box", **json.loads(sys.argv[1])), int(sys.argv[2])
with interrupts.at_once(2):
    recording = gather([target], probes, Connection(timeout=timeout))["box"]
assert recording.answers["first"].stdout == "1\\n", recording
assert recording.answers["slow"].status == 124, recording
"""


def test_too_few_processes_are_no_pass(engine: EngineFactory, suite: Project) -> None:
    """Where the container may start no further process, nothing passes."""
    one = engine()
    for limit in (3, 6, 9, 12):
        one.run(f"box{limit}", *HARDENED, "--pids-limit", str(limit))
    run = _audit(suite, one, "box3", "box6", "box9", "box12")
    found = {name: set(_verdicts(run, name).values()) for name in ("box3", "box6", "box9", "box12")}
    assert found["box3"] == found["box6"] == {"error"}
    assert all(each <= {"error", "pass"} for each in found.values()), found
    assert {name: _left_in(one, name) for name in found} == {name: [] for name in found}


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
        left = {name: call("top", name, "args").splitlines()[1:] for name in ("plain", "good")}
        assert {name: [each.strip() for each in lines] for name, lines in left.items()} == {
            name: ["sleep 9999"] for name in left
        }
    finally:
        call("rm", "--all", "--force", "--time", "0")
        call("system", "reset", "--force")
    assert run.results["targets"]["good"]["kind"] == "container"
    assert _verdicts(run, "good") == _all("pass")
    assert _verdicts(run, "plain")["4.1"] == "fail"
