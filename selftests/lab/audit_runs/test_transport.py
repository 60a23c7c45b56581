"""Real targets: the same verdicts over every way to them, and the reason where there is no way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hullcheck import cli
from selftests.kit.running import Project, Run, clean_environment, heed_signals
from selftests.needs import need
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.hosts.sshd import SshServer
    from selftests.rig.laboratory import Laboratory

pytestmark = pytest.mark.lab

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

# Controls that ask the engine; some of other sections are for a person to answer, whatever the host says.
OF_THE_ENGINE = ("tests/test_2_daemon.py", "tests/test_5_container_runtime.py")


@pytest.fixture
def sshd(lab: Laboratory) -> Iterator[SshServer]:
    """An ssh server of this machine."""
    need("sshd", "ssh", "ssh-keygen")
    from selftests.rig.hosts.sshd import SshServer

    server = SshServer(lab, _free_port())
    yield server
    server.down()


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    """The project's own controls, in a project of their own."""
    return Project(tmp_path / "suite")


def _call(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _audit(project: Project, targets: dict[str, dict[str, Any]], *arguments: str, marks: str = "cis") -> Run:
    inventory = project.write("inventory.yml", json.dumps({"targets": targets}))
    return project.pytest("-m", marks, f"--inventory={inventory}", *arguments)


def _gathered_in(run: Run) -> float:
    """How many seconds gathering took, without what pytest itself takes on a busy machine."""
    (line,) = run.lines("gathered ")
    return float(line.split()[-2])


def _by_target(run: Run) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for each in run.results["results"]:
        found.setdefault(each["target"], {})[each["control"]] = f"{each['verdict']}: {each['reason']}"
    return found


def _same(verdicts: dict[str, dict[str, str]]) -> None:
    """Every target has the verdicts of the first, reasons too."""
    first, *others = verdicts.items()
    for name, other in others:
        assert other == first[1], f"{name} differs from {first[0]}"


def _variety(guarded: Engine) -> None:
    """Containers on which verdicts differ."""
    guarded.run("web", "--read-only", "--memory", "64m", "--publish", "127.0.0.1:8081:80")
    guarded.run("db", "--privileged", "--volume", "/etc:/host")
    guarded.create("idle", "--cap-add", "SYS_ADMIN", "--network", "host")


def test_same_verdicts_over_every_way(
    guarded_engine: EngineFactory, sshd: SshServer, suite: Project, tmp_path: Path
) -> None:
    """local, ssh, paramiko, the carried probe script and recordings of each agree, and ssh logs in once."""
    one = guarded_engine()
    _variety(one)
    address = f"unix://{one.socket}"
    live = {
        "here": {"connect": "local://", "docker_host": address},
        "openssh": {"connect": f"ssh://box?ssh_config={sshd.config}", "docker_host": address},
        "paramiko": {"connect": f"paramiko://box?ssh_config={sshd.config}", "docker_host": address},
        "sudo": {"connect": "local://?sudo=true", "docker_host": address},
    }
    verdicts = {"here": _by_target(_audit(suite, {"here": live["here"]}))["here"]}
    del live["here"]
    before = sshd.logins
    verdicts |= _by_target(_audit(suite, live))
    assert sshd.logins - before == 2  # one by ssh, one by paramiko
    first = suite.folder / "reports/latest"
    recorded = {f"again-{name}": {"connect": f"recorded://{first}/{name}"} for name in live}
    script = tmp_path / "probe.sh"
    for shell in ("dash", "busybox sh", "bash"):
        name = shell.split()[0]
        script.write_text(_probe_script("--docker-host", address))
        answer = subprocess.run([*shell.split(), str(script)], capture_output=True, check=True).stdout
        (tmp_path / f"{name}.txt").write_bytes(b"Welcome to box\n" + answer)
        recorded[f"carried-{name}"] = {"connect": f"recorded://{tmp_path}/{name}.txt"}
    verdicts |= _by_target(_audit(suite, recorded))
    _same(verdicts)
    words = {each.partition(":")[0] for each in verdicts["here"].values()}
    assert {"pass", "fail"} <= words


def _probe_script(*arguments: str) -> str:
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert cli.main(["probe-script", *arguments]) == 0
    return printed.getvalue()


def test_whole_host_by_ssh_sudo_and_from_its_own_engine(lab_host: HostFactory, suite: Project) -> None:
    """root, a user with sudo, and docker:// of the container that the host is, see the same host.

    A member of the group docker may not read all, and gets error for that; a user with neither sees nothing.
    """
    host = lab_host()
    host.run("web", "--privileged")
    for name in ("admin", "member", "nobody2"):
        host.add_user(name, sudo=name == "admin", docker=name == "member")
    way = f"{host.name}?ssh_config={host.ssh_config}"
    hub = f"unix://{host.hub.engine.socket}"
    run = _audit(
        suite,
        {
            "root": {"connect": f"ssh://{way}"},
            "admin": {"connect": f"ssh://admin@{way}&sudo=true"},
            "inside": {"connect": f"docker://{host.name}", "docker_host": hub},
            "member": {"connect": f"ssh://member@{way}"},
            "other": {"connect": f"ssh://nobody2@{way}"},
            "refused": {"connect": f"ssh://member@{way}&sudo=true"},
        },
    )
    found = _by_target(run)
    refused, other, member = (found.pop(name) for name in ("refused", "other", "member"))
    _same(found)
    assert {name: each["kind"] for name, each in run.results["targets"].items()}["inside"] == "host"
    assert {each.partition(":")[0] for each in refused.values()} == {"error"}
    assert all("sudo: a password is required" in each or "terminal" in each for each in refused.values())
    assert {each.partition(":")[0] for each in other.values()} <= {
        "error",
        "fail",
        "not applicable",
        "manual",
    }
    differing = {name: each for name, each in member.items() if each != found["root"][name]}
    assert differing
    assert {each.partition(":")[0] for each in differing.values()} <= {
        "error",
        "fail",
        "not applicable",
        "manual",
    }
    journal = host.exec("journalctl", "--boot", "--unit", "ssh", "--output", "cat")
    logins = [line for line in journal.splitlines() if "Accepted publickey" in line]
    assert len(logins) == 5, journal


@pytest.mark.parametrize("shell", ["bash", "fish", "tcsh"])
def test_login_shell_and_what_it_prints(lab_host: HostFactory, suite: Project, shell: str) -> None:
    """A login shell of another kind, and one that greets, give the verdicts of any other."""
    need(shell)
    host = lab_host()
    host.add_user("odd", sudo=True)
    host.exec("usermod", "--shell", f"/usr/bin/{shell}", "odd")
    for name in (".bashrc", ".cshrc", ".config/fish/config.fish"):
        host.write(f"/home/odd/{name}", "echo 'Welcome!'\n")
    way = f"{host.name}?ssh_config={host.ssh_config}"
    found = _by_target(
        _audit(
            suite,
            {
                "root": {"connect": f"ssh://{way}"},
                "odd": {"connect": f"ssh://odd@{way}&sudo=true"},
                "odd-paramiko": {"connect": f"paramiko://odd@{way}&sudo=true"},
            },
        )
    )
    _same(found)


@pytest.fixture
def silence() -> Iterator[int]:
    """A port on which somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_targets_that_cannot_be_audited(
    engine: EngineFactory, sshd: SshServer, suite: Project, silence: int
) -> None:
    """Each has its reason with every control, in time; the one that can be audited is judged."""
    address = f"unix://{engine().socket}"
    strange = sshd.write_config("strange", UserKnownHostsFile="/dev/null")
    other_key = sshd.folder / "other"
    _call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other_key))
    wrong_key = sshd.write_config("wrong_key", IdentityFile=other_key)
    reasons = {
        "closed": (f"ssh://127.0.0.1:{_free_port()}", "Connection refused"),
        "silent": (f"ssh://127.0.0.1:{silence}?timeout=2", "timed out"),
        "mute": (f"paramiko://127.0.0.1:{silence}?timeout=2", "could not be audited: "),
        "strange": (f"ssh://box?ssh_config={strange}", "Host key verification failed"),
        "wrong": (f"ssh://box?ssh_config={wrong_key}", "Permission denied"),
        "paramiko": (f"paramiko://box?ssh_config={wrong_key}", "Authentication failed"),
        "unknown": ("ssh://no-such-host.invalid", "Could not resolve hostname"),
        "container": ("docker://no-such-container", "No such container"),
    }
    targets = {name: {"connect": connect, "docker_host": address} for name, (connect, _) in reasons.items()}
    run = _audit(suite, {**targets, "good": {"connect": "local://", "docker_host": address}})
    found = _by_target(run)
    good = found.pop("good")
    assert not any(each.startswith("error: local:// could not be audited") for each in good.values())
    for name, (_, reason) in reasons.items():
        assert {each.partition(":")[0] for each in found[name].values()} == {"error"}, name
        assert all(reason in each for each in found[name].values()), found[name].popitem()
        assert len(run.lines(f"not audited: {name}: ")) == 1
    assert _gathered_in(run) < 40
    assert "Traceback" not in run.output


@pytest.mark.timed
@pytest.mark.needs("ssh")
def test_time_out_of_a_target_that_hangs(suite: Project, silence: int) -> None:
    """Whatever hangs, the run goes on after --target-timeout."""
    run = _audit(
        suite,
        {
            "ssh": {"connect": f"ssh://127.0.0.1:{silence}?timeout=60"},
            "paramiko": {"connect": f"paramiko://127.0.0.1:{silence}?timeout=60"},
        },
        "--target-timeout=3",
    )
    assert _gathered_in(run) < 3 + 5 + 3 + 1  # to end in order, and for a backend to notice its own time-out
    assert all("no answer within 3 s" in reason for reason in run.reasons), run.reasons


@pytest.mark.timed
def test_engine_that_does_not_answer(engine: EngineFactory, suite: Project) -> None:
    """A daemon that was stopped costs one probe's time-out, and every control about it says so."""
    one = engine(fresh=True)
    one.run("web")
    os.kill(one.pid, signal.SIGSTOP)
    try:
        targets = {"box": {"connect": "local://", "docker_host": f"unix://{one.socket}"}}
        run = _audit(suite, targets, "--probe-timeout=10", *OF_THE_ENGINE)
    finally:
        os.kill(one.pid, signal.SIGCONT)
    assert set(run.verdicts.values()) == {"error"}, run.verdicts
    assert all("answer" in reason for reason in run.reasons), run.reasons
    assert _gathered_in(run) < 2 * 10


def test_engine_that_is_down(engine: EngineFactory, suite: Project) -> None:
    """Where the docker command is there and no daemon answers, everything is error."""
    one = engine(fresh=True)
    one.stop()
    targets = {"box": {"connect": "local://", "docker_host": f"unix://{one.socket}"}}
    run = _audit(suite, targets, *OF_THE_ENGINE)
    assert set(run.verdicts.values()) == {"error"}, run.verdicts


def test_missing_docker_command(suite: Project, tmp_path: Path) -> None:
    """Signs of an engine without the docker command to ask it are an error, not "no Docker here"."""
    script = _probe_script().replace("command -v $name", "false").replace("[ -S ", "[ -d /proc ] || [ -S ")
    answer = tmp_path / "box.txt"
    answer.write_bytes(subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True).stdout)
    run = suite.pytest("-m", "cis", "--hosts", f"recorded://{answer}", *OF_THE_ENGINE)
    assert any("docker command is missing" in reason for reason in run.reasons)
    assert set(run.verdicts.values()) == {"error"}


def test_engine_that_hangs_after_its_first_answer(engine: EngineFactory, suite: Project) -> None:
    """It costs the questions to the engine, and neither the host's nor the time of all of them."""
    one = engine(fresh=True)
    real = shutil.which("docker")
    stop = f'case "$1" in version) {real} "$@"; kill -STOP {one.pid}; exit 0;; esac'
    suite.command("docker", f'{stop}\nexec {real} "$@"')
    suite.command("curl", "exit 1")
    targets = {"box": {"connect": "local://", "docker_host": f"unix://{one.socket}"}}
    try:
        run = _audit(suite, targets, "--probe-timeout=6", marks="cis")
    finally:
        os.kill(one.pid, signal.SIGCONT)
    assert _gathered_in(run) < 40
    answers = json.loads((run.folder / "reports/latest/box/recording.json").read_text())["answers"]
    status = {each["name"]: each["status"] for each in answers}
    assert (status["accounts"], status["host"]) == (0, 0)
    assert status["engine"] == status["containers"] == 124
    assert any("not asked" in each["stderr"] for each in answers)
    of_the_engine = run.verdicts["container_is_not_privileged"], run.verdicts["container_root_is_read_only"]
    assert set(of_the_engine) == {"error"}


def test_slow_probe_spoils_its_own_controls_alone(engine: EngineFactory, suite: Project) -> None:
    """A probe that is out of time is an error of the controls that need it, and of no other."""
    one = engine()
    one.run("web")
    suite.command(
        "docker", f'case "$1" in image|images) exec sleep 60;; esac\nexec {shutil.which("docker")} "$@"'
    )
    targets = {"box": {"connect": "local://", "docker_host": f"unix://{one.socket}"}}
    verdicts = _audit(suite, targets, "--probe-timeout=10", *OF_THE_ENGINE).verdicts
    assert verdicts["container_is_not_privileged"] == "pass"
    assert "error" in verdicts.values()


def test_host_without_docker(engine: EngineFactory, suite: Project, tmp_path: Path) -> None:
    """Without any sign of Docker everything is not applicable, and the run is not green."""
    one = engine()
    one.run("bare")
    answer = tmp_path / "bare.txt"
    answer.write_text(one.docker("exec", "--interactive", "bare", "sh", stdin=_probe_script()))
    run = suite.pytest("-m", "cis", "--hosts", f"recorded://{answer}")
    assert set(run.verdicts.values()) <= {"not applicable", "manual"}, run.verdicts
    assert run.status == 1
    assert run.lines("No control was judged")


def test_interrupted_run_ends_its_ssh(suite: Project, silence: int) -> None:
    """After Ctrl-C no ssh of ours is left behind."""
    project = suite
    trace = project.command("ssh", "echo $$ >$trace; exec sleep 600")
    environment = {**clean_environment(), "PATH": f"{project.folder}/bin:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(Path(cli.__file__).parents[1])
    import sys

    command = [sys.executable, "-m", "pytest", "-m", "cis", "--hosts", "ssh://web1"]
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=environment,
        preexec_fn=heed_signals,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        until(lambda: trace.exists() and trace.read_text().strip() != "")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    until(lambda: not Path(f"/proc/{trace.read_text().strip()}").exists())


def test_many_targets_at_a_time(suite: Project, sshd: SshServer, engine: EngineFactory) -> None:
    """Twenty targets take about the time of one, and each logs in once."""
    address = f"unix://{engine().socket}"
    targets = {
        f"t{number}": {"connect": f"ssh://box?ssh_config={sshd.config}", "docker_host": address}
        for number in range(8)
    }
    run = _audit(suite, targets, "-n", "2", marks='cis(id="5.5")')
    assert len(run.results["results"]) == 8
    assert sshd.logins == 8
    _same(_by_target(run))


def _host_keys(run: Run, *targets: str) -> list[str]:
    documents = (run.folder / "reports/latest" / each / "recording.json" for each in targets)
    return [json.loads(each.read_text())["host_key"] for each in documents]


def _fingerprint(server: SshServer) -> str:
    command = ["ssh-keygen", "-l", "-f", str(server.folder / "host_key.pub")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]


def test_recording_knows_the_key_of_the_server(sshd: SshServer, suite: Project) -> None:
    """The fingerprint is that of the connection that gathered, and asking for it takes no second one."""
    other = sshd.write_config("other", KnownHostsCommand="/bin/true")
    targets = {
        "openssh": {"connect": f"ssh://box?ssh_config={sshd.config}"},
        "paramiko": {"connect": f"paramiko://box?ssh_config={sshd.config}"},
        "own-command": {"connect": f"ssh://box?ssh_config={other}"},
        "here": {"connect": "local://"},
    }
    before = sshd.logins
    run = _audit(suite, targets, "-k", "privileged")
    assert sshd.logins - before == 3
    key = _fingerprint(sshd)
    assert _host_keys(run, *targets) == [key, key, "unknown", ""]


def test_server_with_another_key_is_still_refused(sshd: SshServer, suite: Project) -> None:
    """That the fingerprint is asked for makes no key known that is not."""
    empty = sshd.write_config("empty", UserKnownHostsFile="/dev/null")
    run = _audit(suite, {"box": {"connect": f"ssh://box?ssh_config={empty}"}}, "-k", "privileged")
    assert "Host key verification failed" in run.output
    assert _host_keys(run, "box") == [""]


def test_bundle_knows_machine_and_engine(engine: EngineFactory, suite: Project) -> None:
    """The ids are those that machine and engine give themselves."""
    one = engine()
    targets = {"here": {"connect": "local://", "docker_host": f"unix://{one.socket}"}}
    run = _audit(suite, targets, "-k", "privileged", "--bundle")
    with zipfile.ZipFile(run.folder / "reports/latest.zip") as made:
        said = json.loads(made.read("manifest.json"))["targets"]["here"]
    command = ["docker", "--host", f"unix://{one.socket}", "info", "--format", "{{.ID}}"]
    wanted = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert said["engine_id"] == wanted
    there = Path("/etc/machine-id")
    assert said["machine_id"] == (there.read_text().strip() if there.exists() else "unknown")
