"""The laboratory leaves nothing on the machine and can destroy nothing of it; hosts and engines are as asked."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selftests import REPOSITORY
from selftests.needs import need
from selftests.rig import audit_rules, audit_system, cleanup, machine_state, processes, removal
from selftests.rig.engines import versions
from selftests.rig.machine_state import MachineState
from selftests.rig.shell import CommandError, LabError, call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.engines.versions import EngineVersion
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]


# ---- nothing is left

ACCOUNTS = ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")
FOLDERS = ("/dev", "/etc", "/opt", "/run", "/usr/local/bin", "/var/lib")
BACKUPS = ("/etc/.pwd.lock", *(f"/etc/{name}-" for name in ACCOUNTS))  # which useradd leaves behind
VOLATILE = re.compile("random/|ns_last_pid|-nr|-state|pty/nr|quota/|conntrack_count|/(conf|neigh)/hc")


def snapshot() -> dict[str, dict[str, Any]]:
    """Return the machine as far as self-tests may change it, and nothing of a laboratory that lives."""
    links = [line.split(": ")[1].partition("@")[0] for line in call("ip", "-o", "link").splitlines()]
    files = [path for folder in FOLDERS for path in _paths(folder) if not path.startswith("/dev/pts/")]
    return {
        "audit": {"settings": audit_system.settings(), "rules": audit_system.auditctl("-l")},
        "settings": {path: text for path in _paths("/proc/sys") if (text := _setting(path)) is not None},
        "accounts": {name: (Path("/etc") / name).read_text() for name in ACCOUNTS},
        "files": {path: True for path in files if path not in BACKUPS},
        "links": {name: True for name in links if not _lives(name)},
        "namespaces": {name: True for name in call("ip", "netns").split() if name[:3] == "hc-" and not _lives(name)},
        "mounts": {line.split()[4]: True for line in Path("/proc/self/mountinfo").read_text().splitlines()},
    }


def _paths(folder: str) -> list[str]:
    return [os.path.join(path, name) for path, below, files in os.walk(folder) for name in (*below, *files)]


def _setting(path: str) -> str | None:
    """Return a setting, or None for what the kernel changes by itself, or shows to nobody."""
    with contextlib.suppress(OSError):
        return None if VOLATILE.search(path) else Path(path).read_text(errors="replace")
    return None


def _lives(name: str) -> bool:
    """Return whether a network device or namespace belongs to a laboratory whose process lives."""
    return name.startswith("hc-") and Path("/proc", name.split("-")[1]).exists()


def changes(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """Return what is other in *after* than in *before*, by name; mounts of other laboratories may go meanwhile."""
    return [
        f"{kind} {name}"
        for kind, old in before.items()
        for name in sorted({*old, *after[kind]} if kind != "mounts" else after[kind].keys() - old)
        if old.get(name) != after[kind].get(name)
    ]


# With what a run changes on the machine: engines, a host, audit rules, kernel settings and the user of a remapping.
LEAVING = """
import contextlib, os, signal, sys, time
from pathlib import Path
from selftests.rig import audit_rules
from selftests.rig.engines.engine import Engine
from selftests.rig.hosts.host import Host, Hub
from selftests.rig.laboratory import Laboratory
lab = Laboratory()
engine = Engine(lab, {"live-restore": True})
for one in (engine, Engine(lab, {"userns-remap": "default"})):
    one.start()
engine.run("web", "--restart", "always", command=["sh", "-c", "trap '' TERM; sleep 1234 & wait"])
engine.run("shared", "--pid", "host", "--network", "host")
engine.nsenter("mount", "-t", "tmpfs", "left", str(engine.data_root / "volumes"))
hub = Hub(lab)
Host(hub).wait(docker=False)
lab.change_setting("/proc/sys/fs/suid_dumpable", "2")
with contextlib.closing(audit_rules.Rules(lab)) as rules:
    rules.set("-b", "4321")
    rules.add("-w", "/etc/hostname", "-p", "wa")
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    time.sleep(60)
"""
INSIDE = """
import json, subprocess, sys
from selftests.lab import test_rig as here
before = here.snapshot()
left = subprocess.run([sys.executable, "-c", here.LEAVING, sys.argv[1]], stdout=2).returncode
ended = here.snapshot()
swept = subprocess.run([sys.executable, "-m", "selftests.rig"], stdout=2).returncode
print(json.dumps([left, swept, here.changes(before, ended), here.changes(before, here.snapshot())]))
"""
PRIVATE = """
set -e
mount -t tmpfs tmpfs /run
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work" /etc
mount --bind "$1/base" /tmp/hullcheck-lab
shift
exec "$@"
"""


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGKILL"])
@pytest.mark.needs("auditctl")
def test_machine_is_as_it_was(lab: Laboratory, sent: str) -> None:
    """Ctrl-C and SIGTERM leave nothing; what a killed process left is put back by `python -m selftests.rig`.

    The process has folders for laboratories, /run and a copy of /etc of its own, so that others do not disturb it.
    """
    place = lab.root / f"inside-{sent}"
    for name in ("base", "etc", "work"):
        (place / name).mkdir(parents=True)
    with audit_rules.turn(lab):
        if reason := audit_system.obstacle():
            pytest.skip(reason)
        others = _loans(lab)
        run = ("unshare", "--mount", "--propagation", "private", "sh", "-c", PRIVATE, "sh", str(place))
        argv = (*run, sys.executable, "-c", INSIDE, sent)
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, cwd=REPOSITORY, timeout=500)
    status, swept, *found = json.loads(done.stdout)
    ended, after = ({change for change in each if change not in others | _loans(lab)} for each in found)
    assert (status, swept) == (-9 if sent == "SIGKILL" else -2, 0)  # as Python ends after KeyboardInterrupt
    assert not after
    if sent == "SIGKILL":
        assert {each.split()[0] for each in ended} >= {"audit", "files", "links"}  # others may hold settings
    else:
        assert not ended


def _loans(lab: Laboratory) -> set[str]:
    """Return what other laboratories may put back at any time."""
    with lab.machine._loans() as loans:
        return {f"settings {loan.name}" for loan in loans if loan.kind == "setting"}


@pytest.fixture
def base() -> Iterator[Path]:
    """A place for laboratories of other processes, with a path short enough for sockets."""
    with removal.temporary(Path("/tmp"), "hullcheck-lab-") as folder:
        yield folder


@pytest.mark.lab
@pytest.mark.needs("mount")
def test_laboratories_of_another_pid_namespace_are_left_alone(base: Path) -> None:
    """Their owners look dead from there, and may live."""
    (base / f"{os.getpid()}-{processes.born(os.getpid())}").mkdir()
    (base / ".namespace").write_text(os.readlink("/proc/self/ns/pid"))
    code = "import pathlib, sys; from selftests.rig.laboratory import Laboratory; Laboratory(pathlib.Path(sys.argv[1]))"
    argv = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code, str(base)]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True)
    assert "of another PID namespace" in done.stderr
    assert list(base.glob("*-*")), "it was removed"


# ---- what is written down before it is changed


def me(word: str = "") -> str:
    """Return a holder whose process lives, this one."""
    return f"{os.getpid()}-{processes.born(os.getpid())} {word}".strip()


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    """A file that stands for a setting of the kernel."""
    (tmp_path / "setting").write_text("128\n")
    return tmp_path / "setting"


def test_last_holder_puts_back(tmp_path: Path, setting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thing is as it was before its first holder when the last has given it back; the dead hold nothing."""
    state = MachineState(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(machine_state, "_lives", lambda _: True)
        state.borrow(f"{os.getpid()}-1", "setting", str(setting))
    setting.write_text("1024\n")
    state.borrow(me("one"), "setting", str(setting))
    assert setting.read_text() == "128\n"
    state.borrow(me("two"), "setting", str(setting))
    setting.write_text("2048\n")
    state.give_back(me("one"))
    assert setting.read_text() == "2048\n"
    state.give_back(me("two"))
    assert setting.read_text() == "128\n"


def test_after_a_restart_of_the_machine(tmp_path: Path, setting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the kernel knew is left alone, as it is that of another start; a file is removed all the same."""
    state, made = MachineState(tmp_path), tmp_path / "made"
    state.borrow(me(), "setting", str(setting))
    state.borrow(me(), "absent", str(made))
    state.borrow(me(), "absent", str(setting))
    setting.write_text("1024\n")
    made.mkdir()
    monkeypatch.setattr(machine_state, "_boot", lambda: "another")
    state.give_back(me())
    assert (setting.read_text(), made.exists()) == ("1024\n", False)


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    """Where engines left empty folders and deserted sockets these go, and all that serves or holds something stays."""
    place = tmp_path / "run"
    state = MachineState(tmp_path)
    state.borrow(me(), "absent", str(place))
    for name in ("empty/deep", "listening", "deserted", "full"):
        (place / name).mkdir(parents=True)
    (place / "full/file").write_text("x")
    live, dead = (socket.socket(socket.AF_UNIX) for _ in range(2))
    live.bind(str(place / "listening/s"))
    live.listen()
    dead.bind(str(place / "deserted/s"))
    dead.close()
    state.give_back(me())
    live.close()
    left = {path.relative_to(place).as_posix() for path in place.rglob("*")}
    assert left == {"listening", "listening/s", "full", "full/file"}


@pytest.mark.parametrize("has_engine", [True, False])
def test_key_that_an_engine_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_engine: bool) -> None:
    """It goes with its folder, unless an engine of the machine came meanwhile, and has taken it for its own."""
    monkeypatch.setattr(machine_state, "_machine_has_engine", lambda: has_engine)
    state, key = MachineState(tmp_path), tmp_path / "docker/key.json"
    state.borrow(me(), "absent", str(key.parent))
    state.borrow(me(), "key", str(key))
    key.parent.mkdir()
    key.write_text("{}")
    state.give_back(me())
    assert key.parent.exists() == key.exists() == has_engine


def test_what_cannot_be_put_back_is_tried_again(tmp_path: Path, setting: Path) -> None:
    """Nothing that resists is forgotten, and it keeps nothing else from being put back."""
    state, other = MachineState(tmp_path), tmp_path / "other"
    other.write_text("1")
    for path in (other, setting):
        state.borrow(me(), "setting", str(path))
    other.write_text("2")
    setting.unlink()
    with pytest.raises(LabError, match=r"the machine is not as it was: setting .*/setting: .*No such file"):
        state.give_back(me())
    assert other.read_text() == "1"
    setting.write_text("1024\n")
    state.settle()
    assert setting.read_text() == "128\n"


ON = "enabled 1\nfailure 1\npid 0\nrate_limit 0\nbacklog_limit 64\n"
IN_USE = [
    (ON, "No rules\n", ""),
    (ON, "-w /etc/passwd -p wa\n", "this machine has audit rules of its own"),
    (ON.replace("pid 0", "pid 77"), "No rules\n", "an audit daemon of this machine runs (process 77)"),
    (ON.replace("enabled 1", "enabled 2"), "No rules\n", "the audit settings of this machine are locked"),
]


@pytest.mark.parametrize(("status", "rules", "reason"), IN_USE)
def test_audit_system_that_is_in_use(monkeypatch: pytest.MonkeyPatch, status: str, rules: str, reason: str) -> None:
    """Where the machine audits for itself nothing is changed, and the reason is told."""
    asked = []

    def auditctl(*arguments: str) -> str:
        asked.append(arguments)
        return {("-s",): status, ("-l",): rules}.get(arguments, "")

    monkeypatch.setattr(audit_system, "auditctl", auditctl)
    assert (audit_system.obstacle() or "").startswith(reason)
    if reason:
        with pytest.raises(LabError, match=re.escape(reason)):
            audit_rules.Rules(None)  # type: ignore[arg-type]
    assert set(asked) == {("-s",), ("-l",)}
    with pytest.raises(LabError, match="locked") if "enabled 2" in status else contextlib.nullcontext():
        audit_system.restore('{"backlog_limit": "32"}')
    assert (("-b", "32") in asked) == ("enabled 1" in status and "pid 0" in status)


# ---- nothing of the machine can be destroyed


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


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let every `umount` of the laboratory fail until this is undone."""

    def without_umount(*argv: str, **options: Any) -> str:
        if argv[0] == "umount":
            raise CommandError(argv, 32, "", "umount: it is stuck")
        return call(*argv, **options)

    monkeypatch.setattr(removal, "call", without_umount)
    return monkeypatch


def test_removal_refuses_while_something_is_mounted(own: Path, tmp_path: Path) -> None:
    """A removal would go through a bind mount of the same file system, also one of another mount namespace."""
    tree = tmp_path / "lab"
    with left_mount(own, tree / "a volume\n"):
        for path in (tree, tree / "a volume\n"):
            with pytest.raises(LabError, match="is mounted: unmount it first"):
                removal.delete(path)
    (tree / "volume").mkdir()
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
        with pytest.raises(LabError, match=f"process {engine.pid} has {tree}/volume mounted: end it"):
            removal.delete(tree)
        engine.communicate("\n")
    with left_mount(own, tree / "volume"), (tree / "volume/file").open():
        removal.unmount(tree)  # lazily, as it is in use: no path leads there any more
        removal.delete(tree)
    assert not tree.exists()


def test_failed_unmount(engine: EngineFactory, base: Path, own: Path, stuck: pytest.MonkeyPatch) -> None:
    """An engine with a mount that stays is not removed; nor is a laboratory, of which the rest goes all the same."""
    one = engine()
    with left_mount(own, one.directory / "other"):
        with pytest.raises(LabError, match=r"other stays mounted.*umount: it is stuck"):
            one.down()
        assert one.data_root.is_dir()
        script = (
            "import os, sys, pathlib; from selftests.rig.laboratory import Laboratory\n"
            "lab = Laboratory(pathlib.Path(sys.argv[1])); lab.namespace(lab.name()); os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", script, str(base)], check=False, cwd=REPOSITORY)
        (orphaned,) = base.glob("*-*")
        with left_mount(own, orphaned / "1/data/volumes/v/_data"):
            (resisting,) = cleanup.sweep(base)
            assert re.search("A laboratory is left: .* is mounted", resisting)
            assert f"hc-{orphaned.name.partition('-')[0]}-" not in call("ip", "netns")
            assert orphaned.exists()
            stuck.undo()
            cleanup.sweep(base)
        assert not orphaned.exists()
        one.down()
    assert not one.directory.exists()


def test_guarded_engine(engine: EngineFactory, own: Path) -> None:
    """It can change nothing of the machine, whatever is mounted in it, and whatever ends it; the files are the same."""
    bind = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={own}")
    one = engine(guarded=True)
    for name in ("bound", "plain"):
        one.docker("volume", "create", *(bind if name == "bound" else ()), name)
    one.run("web", "--privileged", "--volume", "/:/host", "--volume", "bound:/x", "--volume", f"{own}:/y")
    for place in ("data/volumes/plain/_data", "other"):
        one.nsenter("mkdir", "-p", str(one.directory / place))
        one.nsenter("mount", "--bind", str(own), str(one.directory / place))
    for folder in (own, Path("/etc"), Path("/usr"), Path("/var/lib"), Path("/run")):
        with pytest.raises(CommandError, match="Read-only file system"):
            one.nsenter("touch", str(folder / "hullcheck-selftest"))
    for place in ("/host/etc", "/x", "/y"):
        with pytest.raises(CommandError, match="Read-only file system"):
            one.docker("exec", "web", "touch", f"{place}/hullcheck-selftest")
    same = ("stat", "--format", "%d %i", "/etc", "/etc/passwd")
    assert one.nsenter(*same) == call(*same)
    with pytest.raises(CommandError, match="error removing volume path"):
        one.docker("volume", "rm", "plain")
    one.down()
    assert not one.directory.exists()


# ---- versions, and machines without a laboratory


@pytest.mark.needs("dpkg-deb", "apt-get")
@pytest.mark.usefixtures("lab")
def test_programs_of_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They take the place of those of the newest engine of Debian; another name is refused."""

    def chosen(name: str) -> EngineVersion:
        monkeypatch.setenv(versions.VARIABLE, name)
        return versions.chosen.__wrapped__()

    with pytest.raises(LabError, match=r"HULLCHECK_ENGINE is one of 20.10, 26.1, 28.5 or the path"):
        chosen("20.11")
    with pytest.raises(LabError, match="has no dockerd that runs"):
        chosen(str(tmp_path))
    (tmp_path / "dockerd").write_text("#!/bin/sh\necho Docker version 99.1.2, build 3\n")
    (tmp_path / "dockerd").chmod(0o755)
    found = chosen(str(tmp_path))
    assert found.tree is not None
    try:
        assert found.version == "99.1.2"
        assert (found.tree / "usr/bin/docker").stat().st_size > 1_000_000
    finally:
        removal.delete(found.tree)


@pytest.mark.parametrize(("wish", "status", "word"), [("", 0, "1 skipped"), ("required", 1, "1 error")])
def test_machine_without_laboratory(wish: str, status: int, word: str) -> None:
    """Where no engine can be started its tests are skipped and say why, or fail if they are required."""
    arguments = [
        f"{__file__}::test_guarded_engine",
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
    code = "import sys, selftests.conftest; print({'docker', 'selftests.rig'} & set(sys.modules))"
    assert call(sys.executable, "-c", code, cwd=REPOSITORY) == "set()\n"  # collecting starts no laboratory
