"""What self-tests change on the machine is put back, whether they end or are killed."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selftests import REPOSITORY
from selftests.needs import need
from selftests.rig import audit_rules, processes
from selftests.rig.shell import LabError, call
from selftests.rig.state import audit_system, machine_state
from selftests.rig.state.machine_state import MachineState

if TYPE_CHECKING:
    from selftests.rig.laboratory import Laboratory

ACCOUNTS = ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")
FOLDERS = ("/dev", "/etc", "/opt", "/run", "/usr/local/bin", "/var/lib")
BACKUPS = ("/etc/.pwd.lock", *(f"/etc/{name}-" for name in ACCOUNTS))  # which useradd leaves behind
VOLATILE = (
    "random/",
    "ns_last_pid",
    "-nr",
    "-state",
    "pty/nr",
    "quota/",
    "conntrack_count",
    "/conf/hc",
    "/neigh/hc",
)


def snapshot() -> dict[str, Any]:
    """The machine as far as self-tests may change it, and nothing of a laboratory that lives."""
    links = [link.split(": ")[1].partition("@")[0] for link in call("ip", "-o", "link").splitlines()]
    every = (path for folder in FOLDERS for path in _paths(folder) if path not in BACKUPS)
    files = [path for path in every if not path.startswith("/dev/pts/")]  # terminals of others come and go
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    modules = Path("/proc/modules")
    return {
        "audit": json.loads(audit_system.settings()),
        "audit rules": audit_system.auditctl("-l"),
        "settings": {path: text for path in _paths("/proc/sys") if (text := _setting(path)) is not None},
        "accounts": {name: (Path("/etc") / name).read_text() for name in ACCOUNTS},
        "files": dict.fromkeys(files, True),
        "links": {name: True for name in links if not _of_the_living(name)},
        "mounts": dict.fromkeys(mounts, True),
        "modules": [line.split()[0] for line in modules.read_text().splitlines()] if modules.exists() else [],
    }


def _paths(folder: str) -> list[str]:
    return [os.path.join(path, name) for path, below, files in os.walk(folder) for name in (*below, *files)]


def _setting(path: str) -> str | None:
    """What a setting is; None for what the kernel changes by itself, or shows to nobody."""
    if any(word in path for word in VOLATILE):
        return None
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return None


def _of_the_living(name: str) -> bool:
    """Whether a network device belongs to a laboratory whose process lives."""
    return name.startswith("hc-") and Path("/proc", name.split("-")[1]).exists()


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is other in *after* than in *before*, by name."""
    found = []
    for kind in before:
        old, new = before[kind], after[kind]
        if kind == "mounts":  # those of other laboratories go meanwhile, and come in namespaces of their own
            found += [f"{kind} {point}" for point in sorted(new.keys() - old)]
        elif isinstance(old, dict):
            found += [f"{kind} {name}" for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        elif old != new:
            found.append(f"{kind}: {old!r} became {new!r}")
    return found


TESTS = (
    *("rig/test_rig.py::test_host_is_reached_by_ssh", "rig/test_rig.py::test_rootless_engine"),
    *(
        "host/test_1_data_root.py::test_data_root_of_remapped_users",
        "host/test_1_users.py::test_users_of_the_socket",
    ),
    *("host/test_1_audit.py::test_every_audit_control", "host/test_1_audit.py::test_rules_of_files"),
)
INSIDE = f"""
import json, subprocess, sys, time
from selftests.lab.rig import test_rig_restores as here
before = here.snapshot()
options = ["-q", "-rs", "-pno:cacheprovider", *("selftests/lab/" + each for each in {TESTS})]
tests = subprocess.Popen([sys.executable, "-m", "pytest", *options], stdout=2)
try:
    while tests.poll() is None and (sys.argv[1] == "ended" or "No rules" in here.audit_system.auditctl("-l")):
        time.sleep(0.02)
finally:
    tests.kill()
    tests.wait()
killed = here.snapshot()
swept = subprocess.run([sys.executable, "-m", "selftests.rig"], stdout=2)
found = [here.changes(before, each) for each in (killed, here.snapshot())]
print(json.dumps([tests.returncode, swept.returncode, *found]))
"""
PRIVATE = """
set -e
mount -t tmpfs tmpfs /run
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/work" /etc
mount --bind "$1/base" /tmp/hullcheck-lab
shift
exec "$@"
"""


@pytest.mark.parametrize("end", ["ended", "killed"])
def test_machine_is_as_it_was(lab: Laboratory, end: str) -> None:
    """A run of tests that start engines and hosts, add users and load audit rules leaves the machine as it was.

    Where it is killed meanwhile, `python -m selftests.rig` puts back what it left. The run has folders for
    laboratories, /run and a copy of /etc of its own, so that other runs do not disturb this one.
    """
    need("auditctl")
    place = lab.root / f"inside-{end}"
    for name in ("base", "etc", "work"):
        (place / name).mkdir(parents=True)
    with audit_rules.turn(lab):
        if reason := audit_system.obstacle():
            pytest.skip(reason)
        rules = audit_rules.Rules(lab)
        try:
            for setting in (("-b", "321"), ("-r", "9999"), ("-e", "1")):  # unlike those of any test
                rules.set(*setting)
            others = _loans(lab)
            run = (*("unshare", "--mount", "--propagation", "private"), "sh", "-c", PRIVATE, "sh", str(place))
            argv = (*run, sys.executable, "-c", INSIDE, end)
            whole = {name: value for name, value in os.environ.items() if name != "HULLCHECK_PART"}
            done = subprocess.run(
                argv, env=whole, stdout=subprocess.PIPE, check=True, cwd=REPOSITORY, timeout=500
            )
        finally:
            rules.close()
    status, swept, *found = json.loads(done.stdout)
    killed, after = ({change for change in each if change not in others | _loans(lab)} for each in found)
    assert (status, swept) == (0 if end == "ended" else -9, 0)
    assert not after
    assert not killed or end == "killed"
    if end == "killed":
        assert {each.split()[0] for each in killed} >= {"accounts", "audit", "files", "links"}


def _loans(lab: Laboratory) -> set[str]:
    """What other laboratories may put back at any time."""
    with lab.machine._loans() as loans:
        return {f"settings {loan.name}" for loan in loans if loan.kind == "setting"}


def me(word: str = "") -> str:
    """A holder whose process lives, this one."""
    return f"{os.getpid()}-{processes.born(os.getpid())} {word}".strip()


DEAD = f"{os.getpid()}-1"


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    """A file that stands for a setting of the kernel."""
    (tmp_path / "setting").write_text("128\n")
    return tmp_path / "setting"


def test_last_holder_puts_back(tmp_path: Path, setting: Path) -> None:
    """What several changed is as it was before the first of them when the last has given it back."""
    state = MachineState(tmp_path)
    for holder in (me("one"), me("two")):
        state.borrow(holder, "setting", str(setting))
        setting.write_text("1024\n")
    state.give_back(me("one"))
    assert setting.read_text() == "1024\n"
    state.give_back(me("two"))
    assert setting.read_text() == "128\n"


def test_who_comes_next_puts_back_what_the_dead_changed(tmp_path: Path, setting: Path) -> None:
    """A process that was killed keeps nobody, and the state before it counts, not what it left."""
    state = MachineState(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine_state, "_lives", lambda _: True)
        state.borrow(DEAD, "setting", str(setting))
    setting.write_text("1024\n")
    state.borrow(me(), "setting", str(setting))
    assert setting.read_text() == "128\n"
    setting.write_text("2048\n")
    state.give_back(me())
    assert setting.read_text() == "128\n"


def test_after_a_restart_of_the_machine(
    tmp_path: Path, setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the kernel knew is left alone, as it is that of another start; a file is removed all the same."""
    state, made = MachineState(tmp_path), tmp_path / "made"
    state.borrow(me(), "setting", str(setting))
    state.borrow(me(), "absent", str(made))
    state.borrow(me(), "absent", str(setting))
    setting.write_text("1024\n")
    made.mkdir()
    monkeypatch.setattr(machine_state, "_boot", lambda: "another")
    state.give_back(me())
    assert setting.read_text() == "1024\n"
    assert not made.exists()


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
    assert {path.relative_to(place).as_posix() for path in place.rglob("*")} == {
        *("listening", "listening/s", "full", "full/file"),
    }


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


def test_what_cannot_be_put_back_is_told_and_tried_again(tmp_path: Path, setting: Path) -> None:
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


ON = "enabled 1\nfailure 1\npid 0\nrate_limit 0\nbacklog_limit 64\nloginuid_immutable 0 unlocked\n"


@pytest.mark.parametrize(
    ("status", "rules", "reason"),
    [
        (ON, "No rules\n", None),
        (ON, "-w /etc/passwd -p wa\n", "this machine has audit rules of its own"),
        (ON.replace("pid 0", "pid 77"), "No rules\n", "an audit daemon of this machine runs (process 77)"),
        (
            ON.replace("enabled 1", "enabled 2"),
            "No rules\n",
            "the audit settings of this machine are locked until its next start (enabled 2)",
        ),
    ],
)
def test_audit_system_that_is_in_use(
    monkeypatch: pytest.MonkeyPatch, status: str, rules: str, reason: str | None
) -> None:
    """Where the machine audits for itself no test changes that, and the reason is told."""
    asked = []

    def auditctl(*arguments: str) -> str:
        asked.append(arguments)
        return {("-s",): status, ("-l",): rules}[arguments]

    monkeypatch.setattr(audit_system, "auditctl", auditctl)
    assert audit_system.obstacle() == reason
    if reason:
        with pytest.raises(LabError, match=re.escape(reason)):
            audit_rules.Rules(None)  # type: ignore[arg-type]
    assert set(asked) == {("-s",), ("-l",)}


def test_settings_that_somebody_locked_or_took_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set where an audit daemon came meanwhile, and where it cannot be any more that is told."""
    changed = []
    now = {"enabled": "1", "pid": "77", "backlog_limit": "8192"}
    monkeypatch.setattr(audit_system, "status", lambda: now)
    monkeypatch.setattr(audit_system, "auditctl", lambda *arguments: changed.append(arguments))
    before = '{"backlog_limit": "64", "enabled": "0"}'
    audit_system.restore(before)
    assert not changed
    now["pid"] = "0"
    audit_system.restore(before)
    assert changed == [("-b", "64"), ("-e", "0")]
    now["enabled"] = "2"
    with pytest.raises(LabError, match="the audit settings are locked until the next start"):
        audit_system.restore(before)
