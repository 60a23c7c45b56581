"""The laboratory itself: engines and hosts are what they are said to be, and nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selftests import REPOSITORY
from selftests.needs import need
from selftests.rig import cleanup, processes, removal
from selftests.rig.engines import readonly
from selftests.rig.shell import CommandError, LabError, call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.pool import Pool
    from selftests.rig.engines.rootless import RootlessEngine
    from selftests.rig.hosts.host import Host, Hub
    from selftests.rig.laboratory import Laboratory

HostFactory = Callable[..., "Host"]
EngineFactory = Callable[..., "Engine"]


@pytest.fixture
def base() -> Iterator[Path]:
    """A place for laboratories of other processes, with a path short enough for sockets."""
    with removal.temporary(Path("/tmp"), "hullcheck-lab-") as folder:
        yield folder


@pytest.mark.lab
@pytest.mark.needs("mount")
def test_laboratories_of_another_pid_namespace_are_let_be(base: Path) -> None:
    """Their owners look dead from there, and may live."""
    (base / f"{os.getpid()}-{processes.born(os.getpid())}").mkdir()
    (base / ".namespace").write_text(os.readlink("/proc/self/ns/pid"))
    code = "import pathlib, sys; from selftests.rig.laboratory import Laboratory; Laboratory(pathlib.Path(sys.argv[1]))"
    there = ["unshare", "--pid", "--fork", "--mount-proc"]
    done = subprocess.run(
        [*there, sys.executable, "-c", code, str(base)], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert "of another PID namespace" in done.stderr
    assert list(base.glob("*-*")), "it was removed"


def test_settings_are_in_force(engine: EngineFactory) -> None:
    """A keyword of the factory is a key of daemon.json, and the daemon obeys it."""
    (bridge,) = engine(icc=False).inspect("bridge")
    assert bridge["Options"]["com.docker.network.bridge.enable_icc"] == "false"


def test_engines_do_not_disturb_each_other(engine: EngineFactory) -> None:
    """Two engines side by side have networks, containers and packet filters of their own."""
    one, two = engine(), engine()
    one.run("web")
    two.run("web")
    two.down()
    assert one.docker("exec", "web", "ping", "-c", "1", "172.17.0.1")
    assert "DOCKER" in one.nsenter("iptables", "-S", "FORWARD")


def test_shared_engine_is_returned_clean(engine: EngineFactory) -> None:
    """What a test left in an engine is gone when the next one asks for it."""
    before = engine(debug=True)
    before.run("web", "--volume", "stuff:/stuff")
    before.docker("network", "create", "inner")
    before.docker("tag", "bb:1", "other:2")
    before.reset()
    assert not before.docker("ps", "--all", "--quiet")
    assert not before.docker("volume", "ls", "--quiet")
    assert "inner" not in before.docker("network", "ls")
    assert before.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split() == ["bb:1"]


def test_server_by_name(engine: EngineFactory) -> None:
    """A process in a container can be called sshd and stay."""
    one = engine()
    one.run("web", command=["sshd"])
    assert "sshd" in one.docker("top", "web", "-eo", "pid,comm").split()


def test_wrong_configuration_is_told(engine: EngineFactory) -> None:
    """An engine that does not start says why."""
    with pytest.raises(LabError, match="nonsense"):
        engine(nonsense=1)


def test_listener(engine: EngineFactory) -> None:
    """Two engines may listen on the same address, each in its own network."""
    one, two = (engine(hosts=["tcp://127.0.0.1:2375"]) for _ in range(2))
    two.run("web")
    assert "web" not in one.nsenter("docker", "--host", "tcp://127.0.0.1:2375", "ps")
    assert "web" in two.nsenter("docker", "--host", "tcp://127.0.0.1:2375", "ps")


def test_host_is_reached_by_ssh(lab_host: HostFactory) -> None:
    """A host runs systemd without a failed unit, lets root in by ssh, and its engine obeys daemon.json."""
    host = lab_host(icc=False)
    assert host.ssh("systemctl", "is-system-running") == "running\n"
    assert host.ssh("hostname") == f"{host.name}\n"
    host.run("web")
    assert host.ssh("docker", "ps", "--format", "{{.Names}}") == "web\n"
    (bridge,) = json.loads(host.ssh("docker", "network", "inspect", "bridge"))
    assert bridge["Options"]["com.docker.network.bridge.enable_icc"] == "false"


def test_users_of_a_host(lab_host: HostFactory) -> None:
    """A user logs in with the key, and asks Docker only as a member of its group or with sudo."""
    host = lab_host()
    for user, rights in {"plain": {}, "member": {"docker": True}, "audit": {"sudo": True}}.items():
        host.add_user(user, **rights)
        assert host.ssh("id", "-un", user=user) == f"{user}\n"
    assert host.ssh("docker", "ps", "--quiet", user="member") == ""
    assert host.ssh("sudo", "docker", "ps", "--quiet", user="audit") == ""
    with pytest.raises(CommandError, match="permission denied"):
        host.ssh("docker", "ps", user="plain")


def test_files_of_a_host(lab_host: HostFactory) -> None:
    """Files are there before the start, can be written later, and below /usr are the host's own if asked."""
    unit = "/usr/lib/systemd/system/docker.service"
    before = Path(unit).stat().st_mode
    host = lab_host(own_usr=True, files={"/etc/audit/rules.d/docker.rules": "-w /usr/bin/dockerd\n"})
    assert "dockerd" in host.ssh("cat", "/etc/audit/rules.d/docker.rules")
    host.write("/opt/a/b.conf", "x\n", 0o640)
    host.exec("chmod", "666", unit)
    assert host.ssh("stat", "-c", "%a", "/opt/a/b.conf", unit).split() == ["640", "666"]
    assert Path(unit).stat().st_mode == before


def test_partition_of_a_host(lab_host: HostFactory) -> None:
    """/var/lib/docker is on a file system of its own, or not, as asked."""
    devices = ("stat", "-c", "%d", "/var/lib", "/var/lib/docker")
    assert len(set(lab_host().ssh(*devices).split())) == 2
    assert len(set(lab_host(own_partition=False).ssh(*devices).split())) == 1


def test_control_groups_of_a_host(lab_host: HostFactory) -> None:
    """A host sees control groups v2 alone if asked."""
    host = lab_host(cgroup2=True)
    assert host.docker("info", "--format", "{{.CgroupVersion}} {{.CgroupDriver}}") == "2 systemd\n"


def test_host_without_engine(lab_host: HostFactory) -> None:
    """A host is usable also where its engine does not start."""
    host = lab_host(nonsense=1, docker=False)
    assert "nonsense" in host.ssh("journalctl", "--unit", "docker", "--no-pager")


def test_distance_of_hosts(lab_host: HostFactory, hub: Hub) -> None:
    """Hosts can be as far away as a test wants, and near again."""
    host = lab_host(docker=False)
    hub.move_away(200)
    try:
        assert 0.4 <= _seconds_to_connect(host) < 1
    finally:
        hub.move_away(0)
    assert _seconds_to_connect(host) < 0.2


def _seconds_to_connect(host: Host) -> float:
    start = time.monotonic()
    socket.create_connection((host.address, 22), timeout=10).close()
    return time.monotonic() - start


def test_rootless_engine(rootless_engine: RootlessEngine) -> None:
    """A rootless engine says so, runs as its user, and its containers too."""
    security = json.loads(rootless_engine.docker("info", "--format", "{{json .SecurityOptions}}"))
    assert "name=rootless" in security
    rootless_engine.run("web", "--publish", "127.0.0.1:8080:80", command=["httpd", "-f"])
    (web,) = rootless_engine.inspect("web")
    owners = {processes.owner(pid) for pid in (rootless_engine.daemon_pid, web["State"]["Pid"])}
    assert owners == {pwd.getpwnam(rootless_engine.user).pw_uid}
    assert "docker0" in rootless_engine.nsenter("ip", "link")


ORPHANED = """
from selftests.rig.engines.engine import Engine
from selftests.rig.laboratory import Laboratory
from pathlib import Path
import os, sys
engine = Engine(Laboratory(Path(sys.argv[1])), {"live-restore": True})
engine.start()
engine.run("web", "--restart", "always", command=["sh", "-c", "trap '' TERM; sleep 1234 & wait"])
engine.run("shared", "--pid", "host", "--network", "host")
if sys.argv[2] == "engine too":
    os.kill(engine.pid, 9)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("also", ["engine lives", "engine too"])
def test_next_laboratory_removes_what_a_killed_one_left(lab: Laboratory, base: Path, also: str) -> None:
    """Engines, containers, mounts and namespaces of a process that was killed are gone at the next start."""
    argv = (sys.executable, "-c", ORPHANED, str(base), also)
    child = subprocess.run(argv, timeout=60, check=False, cwd=REPOSITORY)
    assert child.returncode == -signal.SIGKILL
    (orphaned,) = base.glob("*-*")
    ids, owner = cleanup.container_ids(orphaned), orphaned.name.partition("-")[0]
    assert len(ids) == 2
    cleanup.sweep(base)
    left = [pid for pid in processes.everyone() if any(one in processes.cgroups(pid) for one in ids)]
    assert not left
    assert not [pid for pid in processes.everyone() if processes.mentions(pid, base)]
    assert not removal.mounts(base)
    assert f"hc-{owner}-" not in call("ip", "netns")
    assert not orphaned.exists()


def test_zombie_is_gone() -> None:
    """A process that ended is none that is left, also where nobody has waited for it yet."""
    with subprocess.Popen(["sleep", "9999"]) as child:
        birth = processes.born(child.pid)
        assert birth is not None
        births = {child.pid: birth}
        assert processes.cgroups(child.pid)
        assert not processes.gone(births, 0)
        processes.send(births, signal.SIGKILL)
        assert processes.gone(births, 60)
        assert processes.cgroups(child.pid) == ""


TERMINATED = """
import os, signal, sys, time
from pathlib import Path
from selftests.rig.engines.engine import Engine
from selftests.rig.laboratory import Laboratory
engine = Engine(Laboratory(Path(sys.argv[1])))
engine.start()
engine.run("web")
print(engine.socket.exists(), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""


def test_terminated_process_takes_its_engine_down(lab: Laboratory, base: Path) -> None:
    """SIGTERM ends a process as Ctrl-C does, and its laboratory is gone with it."""
    argv = (sys.executable, "-c", TERMINATED, str(base))
    child = subprocess.run(argv, timeout=60, check=False, capture_output=True, text=True, cwd=REPOSITORY)
    assert child.stdout == "True\n"
    assert "KeyboardInterrupt" in child.stderr
    assert not list(base.glob("*-*"))
    assert not [pid for pid in processes.everyone() if processes.mentions(pid, base)]


@pytest.mark.parametrize(("wish", "status", "word"), [("", 0, "1 skipped"), ("required", 1, "1 error")])
def test_machine_without_laboratory(wish: str, status: int, word: str) -> None:
    """Where no engine can be started its tests are skipped and say why, or fail if they are required."""
    arguments = [
        f"{__file__}::test_settings_are_in_force",
        "-rs",
        "-pno:cacheprovider",
        f"-c{os.devnull}",
        "--import-mode=importlib",
    ]
    arguments += [f"--rootdir={REPOSITORY}", f"--confcutdir={REPOSITORY / 'selftests'}"]
    code = f"import os, pytest; os.geteuid = lambda: 1000; raise SystemExit(pytest.main({arguments}))"
    env = {**os.environ, "HULLCHECK_LAB": wish}
    argv = (sys.executable, "-c", code)
    child = subprocess.run(argv, env=env, check=False, capture_output=True, text=True, cwd=REPOSITORY)
    assert child.returncode == status
    assert word in child.stdout
    assert "which takes root" in child.stdout


def test_conftest_is_light() -> None:
    """Collecting the tests imports neither the Docker SDK nor the laboratory."""
    code = "import sys, selftests.conftest; print({'docker', 'selftests.rig'} & set(sys.modules))"
    assert call(sys.executable, "-c", code, cwd=REPOSITORY) == "set()\n"


def test_live_restore(engine: EngineFactory) -> None:
    """With live-restore containers outlive a restart of the daemon, and without it they do not."""
    states = []
    for live in (True, False):
        one = engine(live_restore=live)
        one.run("web")
        one.restart()
        (web,) = one.inspect("web")
        states.append(web["State"]["Status"])
    assert states == ["running", "exited"]


def test_engine_that_was_configured_anew_is_not_shared(engine: EngineFactory, engines: Pool) -> None:
    """The file and the daemon may be made to differ; such an engine is given to nobody else."""
    one = engine(labels=["a=b"])
    one.configure({"labels": ["c=d"]})
    assert one.docker("info", "--format", "{{json .Labels}}").strip() == '["a=b"]'
    one.reload()
    engines.give_back(one)
    other = engine(labels=["a=b"])
    assert other is not one
    assert other.docker("info", "--format", "{{json .Labels}}").strip() == '["a=b"]'


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file that stands for one of the machine's own; nothing of it may ever be lost."""
    need("root", "mount")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "file").write_text("kept")
    yield folder
    assert (folder / "file").read_text() == "kept"


@contextlib.contextmanager
def left_mount(own: Path, place: Path) -> Iterator[None]:
    """A bind mount of *own* at *place*, as an engine that was killed leaves it."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        call("mount", "--bind", str(own), str(place))
    except CommandError as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    try:
        yield
    finally:
        if removal.mounts(place):
            call("umount", str(place))


def test_removal_refuses_while_something_is_mounted_below(own: Path, tmp_path: Path) -> None:
    """A removal would go through a bind mount of the same file system, and empty what is mounted there."""
    tree = tmp_path / "lab"
    with left_mount(own, tree / "a volume\n"):
        for path in (tree, tree / "a volume\n"):
            with pytest.raises(LabError, match="is mounted: unmount it first"):
                removal.delete(path)
    removal.delete(tree)
    assert not tree.exists()


def test_removal_refuses_what_an_engine_has_mounted_in_a_namespace_of_its_own(
    own: Path, tmp_path: Path
) -> None:
    """A mount that only a process with its own mount namespace sees stops a removal as long as it lives."""
    tree = tmp_path / "lab"
    (tree / "volume").mkdir(parents=True)
    script = 'mount --bind "$0" "$1" && echo mounted && read end'
    argv = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
        str(own),
        str(tree / "volume"),
    ]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == "mounted\n"
        assert not removal.mounts(tree)
        with pytest.raises(LabError, match=f"process {engine.pid} has {tree}/volume mounted: end it"):
            removal.delete(tree)
        engine.communicate("\n")
    removal.delete(tree)
    assert not tree.exists()


def test_detached_mount_is_no_danger(own: Path, tmp_path: Path) -> None:
    """What was detached lazily while it was in use is behind no path any more, and stops no removal."""
    tree = tmp_path / "lab"
    with left_mount(own, tree / "volume"), (tree / "volume/file").open():
        removal.unmount(tree)
        removal.delete(tree)
    assert not tree.exists()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let every `umount` of the laboratory fail until this is undone."""

    def without_umount(*argv: str, **options: Any) -> str:
        if argv[0] == "umount":
            raise CommandError(argv, 32, "", "umount: it is stuck")
        return call(*argv, **options)

    monkeypatch.setattr(removal, "call", without_umount)
    return monkeypatch


def test_failed_unmount_stops_the_removal_of_an_engine(
    engine: EngineFactory, own: Path, stuck: pytest.MonkeyPatch
) -> None:
    """An engine with a mount that stays is neither reset nor removed, and umount's words are told."""
    one = engine(fresh=True)
    one.docker("volume", "create", "left")
    with left_mount(own, one.data_root / "volumes/left/_data"):
        with pytest.raises(LabError, match=r"volumes/left/_data stays mounted.*umount: it is stuck"):
            one.reset()
        assert one.docker("volume", "ls", "--quiet") == "left\n"
    with left_mount(own, one.directory / "other"):
        with pytest.raises(LabError, match=r"other stays mounted.*umount: it is stuck"):
            one.down()
        assert (one.data_root / "volumes/left").is_dir()
        stuck.undo()
        one.down()
    assert not one.directory.exists()


@pytest.mark.parametrize("guarded", [False, True], ids=["engine", "guarded engine"])
def test_engine_meets_a_mount_that_was_left(
    engine: EngineFactory, guarded_engine: EngineFactory, tmp_path: Path, guarded: bool
) -> None:
    """`docker volume rm` removes what is mounted in the folder of a volume, unless the engine is a guarded one.

    The folder stands for one of the machine's own.
    """
    (tmp_path / "file").write_text("kept")
    one = guarded_engine() if guarded else engine(fresh=True)
    one.docker("volume", "create", "left")
    folder = one.data_root / "volumes/left/_data"
    one.nsenter("mount", "--bind", str(tmp_path), str(folder))
    with pytest.raises(CommandError, match="error removing volume path"):
        one.docker("volume", "rm", "left")
    assert (tmp_path / "file").exists() is guarded
    one.nsenter("umount", str(folder))
    one.docker("volume", "rm", "left")


@pytest.mark.parametrize("step", ["reset", "down"])
def test_guarded_engine_ends_with_a_mount_that_was_left(
    guarded_engine: EngineFactory, tmp_path: Path, step: str
) -> None:
    """A folder like one of the machine's own is whole whatever ends an engine in which it is mounted."""
    (tmp_path / "file").write_text("kept")
    bind = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={tmp_path}")
    one = guarded_engine()
    for name in ("bound", "plain"):
        one.docker("volume", "create", *(bind if name == "bound" else ()), name)
    one.run("web", "--volume", "bound:/x", "--volume", f"{tmp_path}:/y")
    for place in ("data/volumes/plain/_data", "other"):
        one.nsenter("mkdir", "-p", str(one.directory / place))
        one.nsenter("mount", "--bind", str(tmp_path), str(one.directory / place))
    with contextlib.suppress(Exception):
        getattr(one, step)()
    one.down()
    assert (tmp_path / "file").read_text() == "kept"
    assert not one.directory.exists()


def test_guarded_engine_can_write_nothing_of_the_machine(
    guarded_engine: EngineFactory, tmp_path: Path
) -> None:
    """Neither in its mount namespace nor in a container can a file of the machine be changed; it is the same file."""
    one = guarded_engine()
    one.run("web", "--privileged", "--volume", "/:/host", "--volume", f"{tmp_path}:/own")
    for place in (tmp_path, Path("/etc"), Path("/usr"), Path("/var/lib"), Path("/run")):
        with pytest.raises(CommandError, match="Read-only file system"):
            one.nsenter("touch", str(place / "hullcheck-selftest"))
    for place in ("/host/etc", "/own"):
        with pytest.raises(CommandError, match="Read-only file system"):
            one.docker("exec", "web", "touch", f"{place}/hullcheck-selftest")
    same = ("stat", "--format", "%d %i", "/etc", "/etc/passwd")
    assert one.nsenter(*same) == call(*same)


@pytest.mark.parametrize("left", [[], ["/gone"]], ids=["gone", "there"])
def test_mount_that_goes_while_a_guarded_engine_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, left: list[str]
) -> None:
    """What another laboratory unmounts meanwhile needs no guard; what stays writable keeps the engine from starting."""

    def mount(*arguments: str) -> None:
        if arguments[-1] == "/gone":
            raise subprocess.CalledProcessError(32, ["mount", *arguments])

    tables = [[("/gone", "ext4"), ("/", "ext4")], [(point, "ext4") for point in (*left, "/")]]
    started: list[str] = []
    monkeypatch.setattr(readonly, "OWN", (tmp_path / "shims",))
    monkeypatch.setattr(readonly, "mounts", lambda: tables.pop(0))
    monkeypatch.setattr(readonly, "_mount", mount)
    monkeypatch.setattr("os.execvp", lambda program, _: started.append(program))
    with pytest.raises(subprocess.CalledProcessError) if left else contextlib.nullcontext():
        readonly.main(str(tmp_path), "dockerd")
    assert started == ([] if left else ["dockerd"])


def test_failed_unmount_keeps_a_laboratory_and_ends_the_rest_of_it(
    lab: Laboratory, base: Path, own: Path, stuck: pytest.MonkeyPatch
) -> None:
    """What a killed process left is warned of where it cannot be removed; its namespaces go all the same."""
    script = (
        "import os, sys, pathlib; from selftests.rig.laboratory import Laboratory\n"
        "lab = Laboratory(pathlib.Path(sys.argv[1])); lab.namespace(lab.name()); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(base)], check=False, cwd=REPOSITORY)
    (orphaned,) = base.glob("*-*")
    owner = orphaned.name.partition("-")[0]
    assert f"hc-{owner}-" in call("ip", "netns")
    with left_mount(own, orphaned / "1/data/volumes/v/_data"):
        (resisting,) = cleanup.sweep(base)
        assert re.search("A laboratory is left: .* is mounted", resisting)
        assert f"hc-{owner}-" not in call("ip", "netns")
        assert orphaned.exists()
        stuck.undo()
        cleanup.sweep(base)
    assert not orphaned.exists()
