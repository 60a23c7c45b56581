"""Real targets: the same verdicts over every way to them, and the reason where there is no way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hullcheck import cli
from selftests import REPOSITORY
from selftests.kit.running import Project, Run, clean_environment, heed_signals
from selftests.needs import need
from selftests.rig.shell import call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.hosts.sshd import SshServer
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]
ByTarget = dict[str, dict[str, str]]

# Controls that ask the engine; some of other sections need a manual check, whatever the host says.
OF_THE_ENGINE = ("tests/test_2_daemon.py", "tests/test_5_container_runtime.py")
PRIVILEGED = "container_is_not_privileged"
CHANGED = "find / -xdev -newer /run/before -not -path '/proc/*' -not -path '/sys/*' -not -path '/run/*' -type f"


@pytest.fixture
def sshd(lab: Laboratory) -> Iterator[SshServer]:
    """An ssh server of this machine."""
    need("sshd", "ssh", "ssh-keygen")
    from selftests.rig.hosts.sshd import SshServer

    server = SshServer(lab, _free_port())
    yield server
    server.down()


@pytest.fixture
def silence() -> Iterator[int]:
    """A port on which somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def audit(project: Project, targets: dict[str, dict[str, Any]], *arguments: str, marks: str = "cis") -> Run:
    """Audit these targets, as an inventory names them."""
    inventory = project.write("inventory.yml", json.dumps({"targets": targets}))
    return project.pytest("-m", marks, f"--inventory={inventory}", *arguments, timeout=300)


def by_target(run: Run) -> ByTarget:
    """Return verdict and reason by target and control."""
    found: ByTarget = {}
    for each in run.results["results"]:
        found.setdefault(each["target"], {})[each["control"]] = f"{each['verdict']}: {each['reason']}"
    return found


def same(found: ByTarget) -> None:
    """Require that every target has the verdicts of the first, reasons too."""
    first, *others = found.items()
    for name, other in others:
        assert other == first[1], f"{name} differs from {first[0]}"


def words(found: dict[str, str]) -> set[str]:
    """Return the verdicts without their reasons."""
    return {each.partition(":")[0] for each in found.values()}


def answers_of(run: Run, target: str) -> dict[str, Any]:
    """Return the recording of a target."""
    document: dict[str, Any] = json.loads((run.folder / f"reports/latest/{target}/recording.json").read_text())
    return document


def probe_script(*arguments: str) -> str:
    """Return what `hullcheck probe-script` prints."""
    printed = StringIO()
    with redirect_stdout(printed):
        assert cli.main(["probe-script", *arguments]) == 0
    return printed.getvalue()


# ---- ways


def test_every_way(engine: EngineFactory, sshd: SshServer, suite: Project, tmp_path: Path) -> None:
    """local, ssh, paramiko, sudo, the carried script and recordings agree; ssh logs in once, and the key is known."""
    one = engine(guarded=True)
    one.run("web", "--read-only", "--memory", "64m", "--publish", "127.0.0.1:8081:80")
    one.run("db", "--privileged", "--volume", "/etc:/host")
    one.create("idle", "--cap-add", "SYS_ADMIN", "--network", "host")
    address = f"unix://{one.socket}"
    other = sshd.write_config("other", KnownHostsCommand="/bin/true")
    ways = {
        "here": "local://",
        "openssh": f"ssh://box?ssh_config={sshd.config}",
        "own-command": f"ssh://box?ssh_config={other}",
        "paramiko": f"paramiko://box?ssh_config={sshd.config}",
        "sudo": "local://?sudo=true",
    }
    run = audit(suite, {name: {"connect": way, "docker_host": address} for name, way in ways.items()}, "-n", "2")
    assert sshd.logins == 3
    command = ["ssh-keygen", "-l", "-f", str(sshd.folder / "host_key.pub")]
    key = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]
    assert [answers_of(run, name)["host_key"] for name in ways] == ["", key, "unknown", key, ""]
    found = by_target(run)
    recorded = {f"again-{name}": {"connect": f"recorded://{suite.folder}/reports/latest/{name}"} for name in ways}
    for shell in ("dash", "busybox sh", "bash"):
        name = shell.split()[0]
        said = subprocess.run(shell.split(), input=probe_script("--docker-host", address).encode(), capture_output=True)
        (tmp_path / f"{name}.txt").write_bytes(b"Welcome to box\n" + said.stdout)
        recorded[f"carried-{name}"] = {"connect": f"recorded://{tmp_path}/{name}.txt"}
    found |= by_target(audit(suite, recorded))
    same(found)
    assert {"pass", "fail"} <= words(found["here"])


def test_whole_host(lab_host: HostFactory, suite: Project) -> None:
    """root, a user with sudo and any login shell, and docker:// see the same host, of which nothing is changed.

    A member of the group docker may not read all, and gets error for that; a user with neither sees nothing.
    """
    host = lab_host()
    host.run("web", "--privileged")
    shells = {f"of-{shell}": shell for shell in ("bash", "fish", "tcsh") if shutil.which(shell)}
    for name in ("admin", "member", "nobody2", *shells):
        host.add_user(name, sudo=name in ("admin", *shells), docker=name == "member")
    for name, shell in shells.items():
        host.exec("usermod", "--shell", f"/usr/bin/{shell}", name)
        for file in (".bashrc", ".cshrc", ".config/fish/config.fish"):
            host.write(f"/home/{name}/{file}", "echo 'Welcome!'\n")
    way = f"{host.name}?ssh_config={host.ssh_config}"
    hub = f"unix://{host.hub.engine.socket}"
    host.exec("touch", "/run/before")
    run = audit(
        suite,
        {
            "root": {"connect": f"ssh://{way}"},
            "admin": {"connect": f"ssh://admin@{way}&sudo=true"},
            "inside": {"connect": f"docker://{host.name}", "docker_host": hub},
            **{name: {"connect": f"ssh://{name}@{way}&sudo=true"} for name in shells},
            "paramiko": {"connect": f"paramiko://of-bash@{way}&sudo=true"},
            "member": {"connect": f"ssh://member@{way}"},
            "other": {"connect": f"ssh://nobody2@{way}"},
            "refused": {"connect": f"ssh://member@{way}&sudo=true"},
        },
    )
    # a login and sudo leave their traces, as ever
    traces = (
        "/var/log/",
        "/var/lib/systemd/",
        "/var/lib/docker/",
        "/var/lib/sudo/",
        "fish/",
        ".sudo_as_admin",
    )
    changed = [path for path in host.exec("sh", "-c", CHANGED).split() if not any(each in path for each in traces)]
    assert changed == []
    found = by_target(run)
    refused, other, member = (found.pop(name) for name in ("refused", "other", "member"))
    same(found)
    assert run.results["targets"]["inside"]["kind"] == "host"
    assert words(refused) == {"error"}
    assert all("sudo: a password is required" in each or "terminal" in each for each in refused.values())
    less = {"error", "fail", "not applicable", "manual"}
    assert words(other) <= less
    differing = {name: each for name, each in member.items() if each != found["root"][name]}
    assert differing
    assert words(differing) <= less


# ---- no way


def test_targets_that_cannot_be_audited(engine: EngineFactory, sshd: SshServer, suite: Project, silence: int) -> None:
    """Each has its reason with every control, in time; the one that can be audited is judged."""
    address = f"unix://{engine().socket}"
    strange = sshd.write_config("strange", UserKnownHostsFile="/dev/null")
    other_key = sshd.folder / "other"
    call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other_key))
    wrong_key = sshd.write_config("wrong_key", IdentityFile=other_key)
    reasons = {
        "closed": (f"ssh://127.0.0.1:{_free_port()}", "Connection refused"),
        "silent": (f"ssh://127.0.0.1:{silence}?timeout=2", "timed out"),
        "mute": (f"paramiko://127.0.0.1:{silence}?timeout=2", "could not be audited: "),
        "late": (f"ssh://127.0.0.1:{silence}?timeout=60", "no answer within 30 s"),
        "strange": (f"ssh://box?ssh_config={strange}", "Host key verification failed"),
        "wrong": (f"ssh://box?ssh_config={wrong_key}", "Permission denied"),
        "paramiko": (f"paramiko://box?ssh_config={wrong_key}", "Authentication failed"),
        "unknown": ("ssh://no-such-host.invalid", "Could not resolve hostname"),
        "container": ("docker://no-such-container", "No such container"),
    }
    targets = {name: {"connect": connect, "docker_host": address} for name, (connect, _) in reasons.items()}
    good = {"connect": "local://", "docker_host": address}
    run = audit(suite, {**targets, "good": good}, "--target-timeout=30", "--all")
    found = by_target(run)
    assert not [each for each in found.pop("good").values() if "could not be audited" in each]
    for name, (_, reason) in reasons.items():
        assert words(found[name]) == {"error"}, name
        assert all(reason in each for each in found[name].values()), found[name].popitem()
        assert len(run.lines(f"not audited: {name}: ")) == 1
    assert answers_of(run, "strange")["host_key"] == ""
    assert "Traceback" not in run.output


def test_engine_that_is_stopped(engine: EngineFactory, suite: Project) -> None:
    """Where no daemon answers, or it stops when it is asked, its controls are errors, and no others."""
    one = engine()
    one.run("web")
    suite.command("curl", f'kill -STOP {one.pid}; exec {shutil.which("curl")} "$@"')
    targets = {"box": {"connect": "local://", "docker_host": f"unix://{one.socket}"}}
    try:
        hanging = audit(suite, targets, "--probe-timeout=6")
        status = {each["name"]: each["status"] for each in answers_of(hanging, "box")["answers"]}
    finally:
        os.kill(one.pid, signal.SIGCONT)
    assert (status["accounts"], status["host"]) == (0, 0)
    assert status["engine"] == status["containers"] == 124
    assert "not asked" in json.dumps(answers_of(hanging, "box"))
    assert {hanging.verdicts[PRIVILEGED], hanging.verdicts["container_root_is_read_only"]} == {"error"}
    one.stop()
    assert set(audit(suite, targets, *OF_THE_ENGINE).verdicts.values()) == {"error"}


def test_host_without_docker(engine: EngineFactory, suite: Project, tmp_path: Path) -> None:
    """Without any sign of Docker nothing applies, and the run is not green; signs without the command are an error."""
    one = engine()
    one.run("bare")
    signs = probe_script().replace("command -v $name", "false").replace("[ -S ", "[ -d /proc ] || [ -S ")
    (tmp_path / "signs.txt").write_text(call("sh", stdin=signs))
    run = suite.pytest("-m", "cis", "--hosts", f"recorded://{tmp_path}/signs.txt", *OF_THE_ENGINE)
    assert any("docker command is missing" in reason for reason in run.reasons)
    assert set(run.verdicts.values()) == {"error"}
    (tmp_path / "bare.txt").write_text(one.docker("exec", "--interactive", "bare", "sh", stdin=probe_script()))
    run = suite.pytest("-m", "cis", "--hosts", f"recorded://{tmp_path}/bare.txt")
    assert set(run.verdicts.values()) <= {"not applicable", "manual"}, run.verdicts
    assert run.status == 1
    assert run.lines("No control was judged")


def test_interrupted_run_ends_its_ssh(suite: Project, lab: Laboratory) -> None:
    """After Ctrl-C no ssh of ours is left behind."""
    trace = suite.command("ssh", "echo $$ >$trace; exec sleep 600")
    environment = {
        **clean_environment(),
        "PATH": f"{suite.folder}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-m", "pytest", "-m", "cis", "--hosts", "ssh://web1"]
    with subprocess.Popen(
        command, cwd=suite.folder, env=environment, preexec_fn=heed_signals, stdout=subprocess.PIPE
    ) as process:
        until(lambda: trace.exists() and trace.read_text().strip() != "")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    until(lambda: not Path(f"/proc/{trace.read_text().strip()}").exists())


# ---- containers as targets

JUDGED = {
    "4.1": "container_user_is_not_root",
    "5.4": "container_capabilities_are_needed",
    "5.7": "container_runs_no_ssh_server",
    "5.13": "container_root_is_read_only",
    "5.22": "container_has_a_seccomp_filter",
    "5.26": "container_gains_no_privileges",
    "5.32": "container_cannot_reach_an_engine_socket",
}
"""The controls that can be judged from inside, by their CIS numbers."""
TIGHT = "--cap-drop ALL --read-only --security-opt no-new-privileges"
# Options and command of a container, and the controls that fail, or the verdict of all.
CONTAINERS: dict[str, tuple[str, str, str]] = {
    "good": (f"--user 1000 {TIGHT}", "sleep 9999", ""),
    "root": (TIGHT, "sleep 9999", "4.1"),
    "capable": (f"--user 1000 {TIGHT} --cap-add SYS_PTRACE", "sleep 9999", "5.4"),
    "server": (f"--user 1000 {TIGHT}", "sshd", "5.7"),
    "writable": (f"--user 1000 {TIGHT.replace('--read-only', '')}", "sleep 9999", "5.13"),
    "unfiltered": (f"--user 1000 {TIGHT} --security-opt seccomp=unconfined", "sleep 9999", "5.22"),
    "gaining": ("--user 1000 --cap-drop ALL --read-only", "sleep 9999", "5.26"),
    "socket": (f"--user 1000 {TIGHT} --volume {{socket}}:/tmp/some/where:ro", "sleep 9999", "5.32"),
    "folder": (f"--user 1000 {TIGHT} --volume {{folder}}:/srv:ro", "sleep 9999", "5.32"),
    "plain": ("", "sleep 9999", "4.1 5.4 5.13 5.26"),
    "host-pid": ("--pid host", "sleep 9999", "error"),
    "joined-pid": ("--pid container:base --privileged", "sleep 9999", "error"),
    "few": (f"--user 1000 {TIGHT} --pids-limit 3", "sleep 9999", "error"),
}


def left_in(engine: Engine, name: str) -> list[str]:
    """Return the processes of a container but its own, zombies too."""
    lines = engine.docker("top", name, "-eo", "pid,stat,args").splitlines()[1:]
    return [line for line in lines if line.split()[2:] != ["sleep", "9999"]]


def test_containers(engine: EngineFactory, suite: Project) -> None:
    """Each control sees its own flaw, in process 1 and not in the auditor, and nothing is left in the container."""
    one = engine()
    one.run("base")
    for name, (options, command, _) in CONTAINERS.items():
        given = options.format(socket=one.socket, folder=one.directory)
        one.run(name, *given.split(), command=command.split())
    one.create("idle")
    ways = {name: name for name in (*CONTAINERS, "idle")} | {"plain": "1000@plain", "good": "root@good"}
    address = f"unix://{one.socket}"
    run = audit(suite, {name: {"connect": f"docker://{way}", "docker_host": address} for name, way in ways.items()})
    for name, (_, _, bad) in CONTAINERS.items():
        verdicts = {number: run.verdicts[f"{control}@{name}"] for number, control in JUDGED.items()}
        expected = dict.fromkeys(JUDGED, "error" if bad == "error" else "pass")
        assert verdicts == expected | {key: "fail" for key in bad.split() if key != "error"}, name
    found = by_target(run)
    assert all("is not running" in each for each in found["idle"].values())
    assert run.results["targets"]["good"] == {
        "connect": "docker://root@good",
        "kind": "container",
        "engine": "",
        "os": "",
        "scores": {profile: {"passed": 7, "judged": 7} for profile in ("baseline", "cis")},
    }
    others = {control: each for control, each in found["good"].items() if control not in JUDGED.values()}
    assert words(others) <= {"not applicable", "manual"}
    quiet = [name for name in CONTAINERS if name not in ("server", "host-pid", "joined-pid")]
    until(lambda: {name: left_in(one, name) for name in quiet} == {name: [] for name in quiet})
    assert {one.docker("diff", name) for name in ("plain", "good", "root", "few")} == {""}  # without mount points


GATHER = """
import json, sys
from hullcheck.gather import arriving, processes
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.recording.probe import Probe
probes = Probe("first", "echo 1"), Probe("slow", "sleep 77 | (sleep 77; cat)")
target, timeout = Target("box", **json.loads(sys.argv[1])), int(sys.argv[2])
with processes.ended_at_once(2):
    (recording,) = arriving([target], probes, Connection(timeout=timeout))
assert recording.answers["first"].stdout == "1\\n", recording
assert recording.answers["slow"].status == 124, recording
"""


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGKILL", "time"])
def test_audit_that_is_ended_leaves_no_process(engine: EngineFactory, sent: str, tmp_path: Path) -> None:
    """Whatever ends the auditor, or the time of the target: what runs in the container is ended, and in order."""
    one = engine()
    one.run("box", "--read-only", "--cap-drop", "ALL", "--pids-limit", "50", "--user", "1000:1000")
    target = {"connect": "docker://box", "docker_host": f"unix://{one.socket}"}
    command = [sys.executable, "-c", GATHER, json.dumps(target), "4" if sent == "time" else "100"]
    environment = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, preexec_fn=heed_signals, stderr=subprocess.PIPE, text=True
    ) as process:
        until(lambda: any("sleep 77" in line for line in left_in(one, "box")))
        if sent != "time":
            process.send_signal(getattr(signal, sent))
        errors = process.communicate(timeout=30)[1]
    until(lambda: left_in(one, "box") == [], limit=60)
    assert errors.split() == ["stopping..."] or sent in ("SIGKILL", "time"), errors
    assert [path for path in tmp_path.iterdir() if path.name.startswith("hullcheck-")] == []
