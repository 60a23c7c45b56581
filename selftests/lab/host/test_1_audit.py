"""1.1.3 to 1.1.18 on the real kernel: what a verdict says is what is recorded."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.criteria.auditd import coverage
from hullcheck.facts.auditd.rules import parse
from hullcheck.facts.auditd.start import AtStart
from hullcheck.facts.files.installation import ENGINE_PLACES
from hullcheck.verdicts import EvidenceError
from selftests.kit.judging import facts_inside, facts_of_engine, judged
from selftests.lab.host.kernel import Kernel, ask, audit_of, gap, now, only
from selftests.needs import need
from selftests.rig import audit_rules
from selftests.rig.shell import call
from selftests.rig.state import audit_system
from selftests.rig.state.audit_system import auditctl

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

pytestmark = pytest.mark.lab

RULES_FILE = Path("/etc/audit/rules.d/hullcheck-selftest.rules")
AUDITED = (
    *("1.1.3", "1.1.4", "1.1.5", "1.1.6", "1.1.7", "1.1.8", "1.1.9", "1.1.10", "1.1.11", "1.1.12", "1.1.13"),
    *("1.1.14", "1.1.15", "1.1.16", "1.1.17", "1.1.18"),
)


@pytest.fixture
def kernel(lab: Laboratory) -> Iterator[Kernel]:
    """The machine's audit system, on and without rules, for this test alone."""
    need("auditctl")
    with audit_rules.turn(lab):
        if obstacle := audit_system.obstacle():
            pytest.skip(obstacle)
        with contextlib.closing(Kernel(lab)) as heard:
            yield heard


# ---- rules, and what the kernel makes of them

CALLS = (
    "open,openat,openat2,creat,truncate,ftruncate,unlink,unlinkat,rename,renameat,renameat2",
    "chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat",
    "setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr",
)
FILE_RULES = [
    ["-w {file} -p wa"],
    ["-w {file}"],
    ["-w {file} -p a", "-w {file} -p w"],
    ["-a always,exit -F path={file} -F perm=wa -F key=docker"],
    ["-a always,exit -F dir={file} -F perm=wa"],
    ["-a exit,always -F path={file}"],
    ["-w {folder} -p wa"],
    ["-w {folder}/d/../f -p wa", "-w {file} -p wa"],
    ["-w {folder}/link/f -p wa"],
    ["-w {folder} -p wa", "-a never,exit -F path={file}"],
    ["-w {folder} -p wa", "-a never,exit -F path={folder}"],
    ["-w {file} -p wa", "-a never,exit -F uid=0"],
    ["-a never,exit -F dir={folder}/d", "-w {file} -p wa"],
    ["-a never,exit -F arch=b64 -S adjtimex -F uid=0", "-w {file} -p wa"],
    ["-a never,exit -F path={file} -F perm=r", "-w {file} -p wa"],
    ["-a always,exclude -F msgtype=CWD", "-w {file} -p wa"],
    [
        "-a always,exit -F arch=b64 -F path={file} -F perm=wa",
        "-a always,exit -F arch=b32 -F path={file} -F perm=wa",
    ],
    *(
        [f"-a always,exit -F path={{file}} -F perm=wa -F {limit}"]
        for limit in ("filetype=file", "success=1", "success!=0", "exit>=0", "exit!=-EACCES")
    ),
    *(
        [f"-a never,exit -F {limit}", "-w {file} -p wa"]
        for limit in ("success=0", "success!=1", "exit=-ENOENT", "exit<0")
    ),
    ["-a always,exit -F dir={folder} -F perm=wa -F filetype=file"],
    ["-a never,task -F arch=b64", "-w {file} -p wa"],
    ["-a never,task -F a0!=1", "-w {file} -p wa"],
    # auditctl lists these in a form of its own
    ["-a always,exit -F perm=wa -F path={file}"],
    ["-a always,exit -F perm=wa"],
    ["-a always,exit -F perm=wa -F key=a-b -F path={file}"],
    ["-a always,exit -F key=docker -F perm=wa -F dir={folder}"],
    ["-a never,exit -F path={folder} -F perm=a", "-w {file} -p wa"],
    ["-w {folder}/d/.. -p wa"],
    [
        f"-a always,exit -F arch={arch} -S {each} -F path={{file}}"
        for arch in ("b64", "b32")
        for each in CALLS
    ],
]
LACKING = [
    [],
    ["-w {file} -p r"],
    ["-w {file} -p x"],
    ["-w {file} -p w"],
    ["-w {file} -p a"],
    ["-w {folder}/f-link -p wa"],
    ["-w {folder}/link -p wa"],
    ["-w {folder}/other -p wa"],
    ["-a always,exit -F path={folder} -F perm=wa"],
    ["-a always,exit -F path={file} -F perm=wa -F uid=12345"],
    *(
        [f"-a always,exit -F path={{file}} -F perm=wa -F {limit}"]
        for limit in (
            *("success=0", "success!=1", "exit=-EACCES", "exit=0"),
            *("filetype=dir", "filetype=socket", "filetype!=dir", "filetype!=file"),
        )
    ),
    *(
        [f"-a never,exit -F {limit}", "-w {file} -p wa"]
        for limit in ("success=1", "exit!=0", "filetype=file", "filetype=dir", "filetype=link")
    ),
    ["-a always,exit -F path={file} -F perm=wa -F auid=12345"],
    ["-a always,exit -F path={file} -F perm=wa -F exe=/usr/bin/true"],
    ["-a always,exit -F arch=b64 -S unlink -F path={file}"],
    ["-a never,exit -F path={file}", "-w {file} -p wa"],
    ["-a never,exit -F path={file} -F perm=wa"],
    ["-a never,exit -F perm=wa -F key=docker", "-w {file} -p wa"],
    ["-a never,exit -F perm=a", "-w {folder} -p wa"],
    ["-a never,exit -F path={file} -F perm=wa -F key=docker", "-w {folder} -p wa"],
    ["-a never,exit -F perm=wa -F dir={folder}", "-w {file} -p wa"],
    ["-a never,exit -F path={folder}", "-w {file} -p wa"],
    ["-w {file} -p wa", "-a never,exit -F path={folder}"],
    ["-a never,exit -F path={folder} -F perm=w -F arch=b64", "-w {file} -p wa"],
    ["-a never,exit -F dir={folder}", "-w {file} -p wa"],
    ["-a never,exit -F uid=0", "-w {folder} -p wa"],
    ["-w {file} -p wa", "-A never,exit -F dir={folder}"],
    ["-a never,exit -S all", "-w {file} -p wa"],
    [
        "-a never,exit -F arch=b64 -S openat,fchmodat",
        "-a never,exit -F arch=b64 -S chmod,open",
        "-w {file} -p wa",
    ],
    ["-a never,exit -F dir={folder}/d/..", "-w {file} -p wa"],
    [f"-a always,exit -F arch=b64 -S {CALLS[0]} -F path={{file}}"],
    ["-a always,exclude -F msgtype=PATH", "-w {file} -p wa"],
    ["-a never,exclude -F uid=0", "-w {file} -p wa"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a file, a directory below with a file, and links to all."""
    top = tmp_path / "D"
    (top / "d").mkdir(parents=True)
    for path in (top / "f", top / "other", top / "d" / "g"):
        path.write_text("x")
    (top / "link").symlink_to(top)
    (top / "f-link").symlink_to("f")
    return top


def append(path: Path) -> None:
    """Write to a file."""
    with path.open("a") as file:
        file.write("x")


def write_in_a_child(path: Path) -> None:
    """Have a process that starts now write to a file."""
    subprocess.run(["sh", "-c", f"echo x >> {path}"], check=True)


def put_in_its_place(path: Path) -> None:
    """Let a link to another file have the file's name, and after it a new file."""
    other = path.with_name("new")
    other.symlink_to("other")
    other.rename(path)
    other.write_text("x")
    other.rename(path)


@pytest.mark.parametrize("rules", [*FILE_RULES, *LACKING], ids=" ; ".join)
def test_file_is_recorded_as_the_verdict_says(kernel: Kernel, folder: Path, rules: list[str]) -> None:
    """A gap is seen where, and only where, the kernel itself keeps no record of a way to change the file."""
    file = folder / "f"
    kernel.load(*(rule.format(file=file, folder=folder) for rule in rules))
    found = gap(file)
    ways = (append, write_in_a_child, lambda path: path.chmod(0o600), put_in_its_place)
    recorded = all(kernel.records(lambda way=way: way(file), file) for way in ways)  # type: ignore[misc]
    assert (found == "") is recorded is (rules in FILE_RULES)


@pytest.mark.parametrize(
    ("rules", "recorded"),
    [
        (("-w {file} -p wa", "-w {folder}/link/f -p wa"), True),
        (("-w {file} -p wa", "-w {folder}/link/f -p r"), False),
        (("-w {file} -p wa", "-a never,exit -F dir={folder}"), True),
        (("-w {file} -p wa", "-a never,exit -F dir={folder}", "-a always,exit -F path={folder}"), False),
    ],
    ids=str,
)
def test_file_that_was_replaced(kernel: Kernel, folder: Path, rules: tuple[str, ...], recorded: bool) -> None:
    """A watch goes on with the new file, of several names one alone, and not where its directory is tried first."""
    file = folder / "f"
    kernel.load(*(rule.format(file=file, folder=folder) for rule in rules))
    file.rename(folder / "old")  # the new one is to have another number
    file.write_text("x")
    assert (gap(file) == "") is recorded
    ways = (append, lambda path: path.chmod(0o600), lambda path: path.unlink(missing_ok=True))
    assert all(kernel.records(lambda way=way: way(file), file) for way in ways) is recorded  # type: ignore[misc]


TREE_RULES = [
    ["-w {folder} -p wa"],
    ["-a always,exit -F dir={folder} -F perm=wa"],
    ["-w {folder}/link/d -p wa", "-w {folder} -p wa"],
    ["-w {folder} -p wa", "-a never,exit -F dir={folder}/d"],
]
TREE_LACKING = [
    ["-a always,exit -F path={folder} -F perm=wa"],
    [
        "-a always,exit -F arch=b64 -F path={folder} -F perm=wa",
        "-a always,exit -F arch=b32 -F path={folder} -F perm=wa",
    ],
    ["-w {folder}/link -p wa"],
    ["-w {folder}/d/g -p r"],
    ["-a never,exit -F dir={folder}/d", "-w {folder} -p wa"],
    ["-a never,exit -F path={folder}/d/g", "-w {folder} -p wa"],
]


@pytest.mark.parametrize("rules", [*TREE_RULES, *TREE_LACKING], ids=" ; ".join)
def test_directory_is_recorded_as_the_verdict_says(kernel: Kernel, folder: Path, rules: list[str]) -> None:
    """A directory is covered where what is in it is; auditctl prints a rule on it alone in the same way."""
    below = folder / "d" / "g"
    kernel.load(*(rule.format(folder=folder) for rule in rules))
    recorded = kernel.records(lambda: append(below), below)
    assert (gap(folder) == "") is recorded is (rules in TREE_RULES)


FILES = [
    ["-D", "-w {file} -p wa", "-w {folder} -p wa"],
    ["-w {file} -p wa -k a", "-D", "-w {folder} -p wa"],
    ["-w {file} -p wa -k a", "-w {folder} -p wa -k b", "-D -k a"],
    ["-w {file} -p wa", "-w {folder} -p wa", "-d always,exit -F path={file} -F perm=wa"],
    ["-w {file} -p wa", "-w {folder} -p wa", "-W {file} -p wa"],
    ["-w {folder} -p wa", "whatever", "-w {file} -p wa"],
    ["-i", "-w {folder} -p wa", "whatever", "-w {file} -p wa"],
    ["-c", "-w {folder} -p wa", "whatever", "-w {file} -p wa"],
    ["-a always,exit -F dir={folder} -F perm=wa", "-A never,exit -F path={file} -F uid=7"],
    ["# nothing", "", "-b 8192", "  -w {file} -p wa"],
    ["-w {file} -p wa", "-w {file} -p aw", "-w {folder} -p wa"],
    ["-w {file} -p wa -k a", "-w {file} -p wa -k b", "-w {folder} -p wa"],
    ["-c", "-w {file} -p wa", "-w {file} -p wa", "-w {folder} -p wa"],
    ["-w {folder}/none/x -p wa", "-w {folder} -p wa"],
    ["-w {file} -p wz", "-w {folder} -p wa"],
    ["-w {file}\t-p wa", "-w {folder} -p wa"],
]


@pytest.mark.parametrize("lines", FILES, ids=" ; ".join)
def test_file_is_read_as_auditctl_reads_it(kernel: Kernel, folder: Path, lines: list[str]) -> None:
    """What is worked out of a file of rules is what it leaves in the kernel."""
    texts = [line.format(file=folder / "f", folder=folder) for line in lines]
    file = folder.parent / "x.rules"
    file.write_text("\n".join(texts) + "\n")
    try:
        subprocess.run(["auditctl", "-R", file], capture_output=True, check=False)
        there = [parse(line, {}) for line in auditctl("-l").splitlines() if line != "No rules"]
    finally:
        auditctl("-D")
    kept = (line for line in texts if line.strip() and not line.startswith("#"))
    named = re.findall(r"/\S+", "\n".join(texts))
    expected = AtStart.of(kept, {path: path for path in named if Path(path).parent.is_dir()}).rules
    assert [(each.action, each.path) for each in there if each] == [
        (each.action, each.path) for each in expected
    ]


def test_rule_that_is_older_than_its_directory(kernel: Kernel, folder: Path) -> None:
    """What is loaded before its directory exists covers nothing in it, though it is listed just the same."""
    late, file = folder / "late", folder / "late" / "f"
    kernel.load(f"-w {late} -p wa")
    late.mkdir()
    file.write_text("x")
    before = auditctl("-l")
    assert not kernel.records(lambda: append(file), file)
    assert "watches the directory alone" in gap(late)
    kernel.load(f"-w {late} -p wa")
    assert auditctl("-l") == before
    assert kernel.records(lambda: append(file), file)
    assert gap(late) == ""


def test_rule_on_the_tree_of_a_file(kernel: Kernel, folder: Path) -> None:
    """A rule with dir= on a file covers it until it is replaced, which is told; one with path= stays."""
    file = folder / "f"
    for field, stays in ("dir", False), ("path", True):
        kernel.load(f"-a always,exit -F {field}={file} -F perm=wa")
        audit, fact = audit_of(file)
        assert coverage.gap(audit, fact) == ""
        assert ("which the kernel drops when the file is replaced" in coverage.note(audit, fact)) is not stays
        assert kernel.records(lambda: put_in_its_place(file), file)
        assert kernel.records(lambda: append(file), file) is stays
        assert (gap(file) == "") is stays


def test_rules_whose_order_turns(kernel: Kernel, folder: Path) -> None:
    """When a file is replaced the last rule on it comes first; a rule on the tree around it keeps its place."""
    file = folder / "f"
    for rule, stays in ("-w {file} -p wa", False), ("-w {folder} -p wa", True):
        kernel.load(rule.format(file=file, folder=folder), f"-a never,exit -F path={file}")
        listed = auditctl("-l")
        assert (gap(file) == "") is stays
        assert kernel.records(lambda: append(file), file)
        put_in_its_place(file)
        assert kernel.records(lambda: append(file), file) is stays
        assert auditctl("-l") == listed


def test_rules_without_perl(kernel: Kernel, folder: Path) -> None:
    """Where nothing asks the kernel, a watch of a directory counts, but not in /run."""
    kernel.load(f"-w {folder} -p wa", "-w /run -p wa")
    answer = ask()
    blind = replace(answer, stdout=re.sub(r"(?m)^kernel:.*\n", "", answer.stdout))
    assert gap(folder, answer=blind) == ""
    with pytest.raises(EvidenceError, match="which auditctl does not show"):
        gap(Path("/run"), answer=blind)


def test_file_system_below_a_watch(kernel: Kernel, folder: Path) -> None:
    """A watch covers what was mounted below when it was loaded, which cannot be told afterwards."""
    mounted = folder / "d"
    kernel.load(f"-w {folder} -p wa")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], check=True)
    try:
        (mounted / "f").write_text("x")
        assert not kernel.records(lambda: append(mounted / "f"), mounted / "f")
        with pytest.raises(EvidenceError, match="another file system"):
            gap(mounted / "f")
        kernel.load(f"-w {mounted} -p wa")
        assert kernel.records(lambda: append(mounted / "f"), mounted / "f")
        assert gap(mounted / "f") == ""
    finally:
        subprocess.run(["umount", mounted], check=True)


def test_file_system_over_a_watch(kernel: Kernel, folder: Path) -> None:
    """What is mounted over a directory after its rule was loaded is not watched, and nothing shows that."""
    mounted = folder / "d"
    kernel.load(f"-w {mounted} -p wa")
    audit, fact = audit_of(mounted)
    assert "mounted" not in coverage.note(audit, fact)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], check=True)
    try:
        (mounted / "f").write_text("x")
        assert not kernel.records(lambda: append(mounted / "f"), mounted / "f")
        audit, fact = audit_of(mounted)
        assert coverage.gap(audit, fact) == ""
        assert "holds if the rule was loaded after the file system there was mounted" in coverage.note(
            audit, fact
        )
    finally:
        subprocess.run(["umount", mounted], check=True)


def test_file_over_a_watch(kernel: Kernel, folder: Path) -> None:
    """A file that is mounted over a watched one is not watched, whenever the rule was loaded; in a tree it is."""
    file = folder / "f"
    kernel.load(f"-w {file} -p wa")
    subprocess.run(["mount", "--bind", folder / "other", file], check=True)
    try:
        for rule, watched in (
            ("", False),
            (f"-w {file} -p wa", False),
            (f"-a always,exit -F dir={file} -F perm=wa", True),
            (f"-w {folder} -p wa", True),
        ):
            if rule:
                kernel.load(rule)
            assert kernel.records(lambda: append(file), file) is watched, rule
            assert (gap(file) == "") is watched, rule
    finally:
        subprocess.run(["umount", file], check=True)


def _lost() -> int:
    """How many records the kernel has dropped."""
    return next(int(line.split()[1]) for line in auditctl("-s").splitlines() if line.startswith("lost "))


def test_few_records_may_wait(kernel: Kernel, folder: Path) -> None:
    """Where no process waits for room, some of the records of one change are lost."""
    file = folder / "f"
    kernel.load(f"-w {file} -p wa")
    kernel.set("--backlog_wait_time", "0")
    assert gap(file) == ""
    kernel.set("-b", "1")
    assert "the kernel drops records while more than 1 wait" in gap(file)
    before = _lost()
    try:
        for _ in range(20):
            kernel.records(lambda: append(file), file)
        assert _lost() > before
    finally:
        kernel.set("-b", "8192")
        auditctl("--reset-lost")


def _chmod_of_i386(path: Path, mode: int) -> None:
    """chmod(2) as a 32-bit program makes it, by int 0x80 from this process."""
    low = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40  # MAP_32BIT: the call takes addresses of 32 bits
    memory = mmap.mmap(-1, 4096, low, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    here = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    memory[1024 : 1025 + len(str(path))] = str(path).encode() + b"\0"
    code = b"\x53\xb8\x0f\0\0\0\xbb" + struct.pack("<I", here + 1024) + b"\xb9" + struct.pack("<I", mode)
    memory[: len(code) + 4] = code + b"\xcd\x80\x5b\xc3"  # push rbx; eax 15; int 0x80; pop rbx; ret
    assert ctypes.CFUNCTYPE(ctypes.c_int)(here)() == 0


@pytest.mark.skipif(
    not Path("/proc/sys/abi/vsyscall32").exists(), reason="the kernel runs no 32-bit programs"
)
def test_rule_for_64_bit_programs(kernel: Kernel, folder: Path) -> None:
    """A rule with arch=b64 leaves out what 32-bit programs do; with its twin nothing is left out."""
    file = folder / "f"
    kernel.load(f"-a always,exit -F arch=b64 -F path={file} -F perm=wa")
    assert kernel.records(lambda: file.chmod(0o640), file)
    assert not kernel.records(lambda: _chmod_of_i386(file, 0o600), file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "records programs of b64 alone" in gap(file)
    kernel.add("-a", "always,exit", "-F", "arch=b32", "-F", f"path={file}", "-F", "perm=wa")
    assert kernel.records(lambda: _chmod_of_i386(file, 0o600), file)
    assert gap(file) == ""


def fchmodat2(path: Path) -> None:
    """Change a mode by a system call that few programs use yet."""
    assert ctypes.CDLL(None).syscall(452, -100, str(path).encode(), 0o640, 0) == 0


@pytest.mark.skipif(
    tuple(map(int, os.uname().release.split(".")[:2])) < (6, 6), reason="the kernel does not know the call"
)
def test_call_that_auditctl_does_not_know(kernel: Kernel, folder: Path) -> None:
    """Of a rule with arch auditctl makes a list of calls, and the newest are not in it: that is told."""
    file = folder / "f"
    for arch in ("", "arch=b64", "arch=b32"):
        limit = ("-F", arch) if arch else ()
        kernel.add("-a", "always,exit", *limit, "-F", f"path={file}", "-F", "perm=wa")
        audit, fact = audit_of(file)
        if not arch:
            assert kernel.records(lambda: fchmodat2(file), file)
            assert "fchmodat2" not in coverage.note(audit, fact)
            kernel.load()
    assert coverage.gap(audit, fact) == ""
    assert kernel.records(lambda: fchmodat2(file), file) is ("fchmodat2" not in coverage.note(audit, fact))


def test_processes_without_audit(kernel: Kernel, folder: Path) -> None:
    """`never,task` lets what starts from then on run unaudited: nothing passes."""
    kernel.load(f"-w {folder} -p wa")
    assert gap(folder / "f") == ""
    kernel.add("-a", "never,task")
    append_in_a_child = ["sh", "-c", f"echo x >> {folder / 'f'}"]
    assert not kernel.records(lambda: subprocess.run(append_in_a_child, check=True), folder / "f")
    assert gap(folder / "f") == "changes are kept from the record by '-a never,task'"


def test_processes_of_a_user_without_audit(kernel: Kernel, folder: Path, lab: Laboratory) -> None:
    """`never,task` for one user hides what root does after that user called a program like sudo."""
    if os.statvfs(lab.root).f_flag & os.ST_NOSUID:
        pytest.skip(f"{lab.root} is mounted with nosuid")
    sudo = lab.root / "sudo"
    shutil.copy("/usr/bin/setpriv", sudo)
    os.chown(sudo, 0, 12345)
    sudo.chmod(0o4750)  # for that user alone
    as_user = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    as_root = (sudo, "--reuid=0", "--", "sh", "-c", 'id -u >> "$0"', folder / "f")
    in_between = ("sh", "-c", '"$@"; true', "sh")  # the one that is started by that user
    try:
        for rules, recorded in ((), True), (("-a never,task -F uid=12345",), False):
            kernel.load(f"-w {folder} -p wa", *rules)
            changed = lambda: subprocess.run([*as_user, *in_between, *as_root], check=True)  # noqa: E731
            (folder / "f").write_text("")
            assert kernel.records(changed, folder / "f") is recorded
            assert "0\n" in (folder / "f").read_text()
            assert kernel.records(lambda: write_in_a_child(folder / "f"), folder / "f")
            assert (gap(folder / "f") == "") is recorded
    finally:
        sudo.unlink()


def test_file_systems_without_audit(kernel: Kernel, folder: Path) -> None:
    """`never,filesystem` hides every change on file systems of a type; those of the kernel's own hide none."""
    kernel.load(f"-w {folder} -p wa")
    kernel.add("-a", "never,filesystem", "-F", "fstype=tracefs")
    assert gap(folder / "f") == ""
    assert kernel.records(lambda: (folder / "f").write_text("x"), folder / "f")
    number = int(call("stat", "--file-system", "--format=%t", str(folder)), 16)
    kernel.add("-a", "never,filesystem", "-F", f"fstype={number}")
    assert not kernel.records(lambda: (folder / "f").write_text("y"), folder / "f")
    assert gap(folder / "f").startswith("changes are kept from the record by '-a never,filesystem")


# ---- the controls, on an engine


def test_every_audit_control(kernel: Kernel, engine: EngineFactory) -> None:
    """Each control fails without rules, passes with one on each of its places, and fails when it is off."""
    facts = facts_of_engine(engine().socket, of="1")
    places = {number: list(judged(number, now(facts))) for number in AUDITED}
    without = {number: {each[0] for each in judged(number, now(facts)).values()} for number in AUDITED}
    there = [number for number in AUDITED if "not applicable" not in without[number]]
    # a script stands in for the unit that a machine without systemd lacks; not every engine makes its directory
    missing = {"1.1.6": "/etc/docker", "1.1.7": "/etc/init.d/docker", "1.1.13": "/etc/sysconfig/docker"}
    assert set(AUDITED) - set(there) == {each for each, path in missing.items() if not Path(path).exists()}
    assert all(without[number] == {"fail"} for number in there)
    for number in there:
        kernel.load(*(f"-w {place} -p wa -k docker" for place in places[number]))
        passing = {
            each for each in there if {found[0] for found in judged(each, now(facts)).values()} == {"pass"}
        }
        assert number in passing
        above = {each for each in passing if all(_covered(place, places[number]) for place in places[each])}
        assert passing == above
    kernel.load(*(f"-w {place} -p wa" for number in there for place in places[number][:1]))
    kernel.set("-e", "0")
    reason = "auditing is off in the kernel (enabled 0)"
    assert all(set(judged(number, now(facts)).values()) == {("fail", reason)} for number in there)


def _covered(place: str, watched: list[str]) -> bool:
    return any(place == each or place.startswith(each + "/") for each in watched)


def test_places_are_those_in_use(kernel: Kernel, engine: EngineFactory) -> None:
    """Rules on the usual paths do nothing for an engine that has its socket, file and data elsewhere."""
    one = engine()
    facts = facts_of_engine(one.socket, of="1")
    kernel.load("-w /usr/bin/dockerd -p wa", "-w /etc/docker -p wa", "-w /run/docker.sock -p wa")
    assert only(judged("1.1.3", now(facts)))[0] == "fail"
    assert only(judged("1.1.9", now(facts))) == ("fail", "no rule covers it")
    assert only(judged("1.1.11", now(facts))) == ("fail", "no rule covers it")
    # not every engine makes it
    expected = "pass" if Path("/etc/docker").exists() else "not applicable"
    assert judged("1.1.6", now(facts))["/etc/docker"][0] == expected
    kernel.load(f"-w {one.directory} -p wa")
    for number in ("1.1.5", "1.1.8", "1.1.9", "1.1.11"):
        assert only(judged(number, now(facts)))[0] == "pass"
    assert "a directory above is watched" in only(judged("1.1.11", now(facts)))[1]


def test_noise_of_containers_may_be_left_out(kernel: Kernel, engine: EngineFactory) -> None:
    """Rules that leave out overlay2 and volumes of the data root are accepted; for other directories not."""
    one = engine()
    root, facts = one.data_root, facts_of_engine(one.socket, of="1")
    kernel.load(
        f"-a never,exit -F dir={root}/overlay2", f"-a never,exit -F dir={root}/volumes", f"-w {root} -p wa"
    )
    assert only(judged("1.1.5", now(facts)))[0] == "pass"
    kernel.load(f"-a never,exit -F dir={root}/image", f"-w {root} -p wa")
    assert only(judged("1.1.5", now(facts))) == (
        "fail",
        f"left out by '-a never,exit -S all -F dir={root}/image'",
    )
    kernel.load(f"-a never,exit -F dir={root}", f"-w {root} -p wa")
    assert only(judged("1.1.5", now(facts)))[0] == "fail"


@pytest.mark.skipif(not Path("/usr/bin/runc").is_symlink(), reason="runc is not behind a link here")
def test_rule_on_a_link(kernel: Kernel, engine: EngineFactory) -> None:
    """A rule on /usr/bin/runc does not watch the program where that path is a link."""
    one = engine()
    if one.version.tree:
        pytest.skip("this engine has a runc beside the machine's")
    facts = facts_of_engine(one.socket, of="1")
    kernel.load("-w /usr/bin/runc -p wa")
    (found,) = judged("1.1.18", now(facts)).items()
    expected = "no rule covers it; '-w /usr/bin/runc -p wa' watches a link and not where it leads"
    assert found == (str(Path("/usr/bin/runc").resolve()), ("fail", expected))
    kernel.load(f"-w {found[0]} -p wa")
    assert only(judged("1.1.18", now(facts)))[0] == "pass"


def test_program_in_the_place_of_runc(kernel: Kernel, engine: EngineFactory, tmp_path: Path) -> None:
    """The default runtime of the site makes the containers: a rule on runc alone does not watch it."""
    program = tmp_path / "own-runtime"
    program.write_text('#!/bin/sh\nexec runc "$@"\n')
    program.chmod(0o755)
    one = engine(fresh=True, runtimes={"own": {"path": str(program)}}, default_runtime="own")
    one.run("web")
    facts = facts_of_engine(one.socket, of="1")
    kernel.load(*(f"-w {path} -p wa" for path in judged("1.1.18", facts) if path != str(program)))
    assert judged("1.1.18", now(facts))[str(program)][0] == "fail"
    kernel.load(f"-w {program} -p wa")
    assert judged("1.1.18", now(facts))[str(program)][0] == "pass"


def test_rules_of_files(kernel: Kernel, engine: EngineFactory, lab: Laboratory) -> None:
    """A rule in a file alone is pending; a loaded one in no file is said to be lost at the next start."""
    one = engine()
    facts, rule = facts_of_engine(one.socket, of="1"), f"-w {one.config_path} -p wa -k docker"
    lab.note("tree", str(RULES_FILE))
    RULES_FILE.write_text(f"# docker\n{rule}\n")
    try:
        pending = "no rule covers it; restart pending: a rule in /etc/audit covers it"
        assert only(judged("1.1.11", now(facts))) == ("fail", pending)
        kernel.load(rule)
        nobody = "no auditd takes the records, which go to the kernel's log"
        assert only(judged("1.1.11", now(facts))) == ("pass", f"{rule}; {nobody}")
    finally:
        RULES_FILE.unlink()
    lost = "in no file that the next start loads, so that it is lost then"
    assert only(judged("1.1.11", now(facts))) == ("pass", f"{rule}; {lost}; {nobody}")


def test_who_may_not_ask(kernel: Kernel, engine: EngineFactory) -> None:
    """Without the right to ask, in a container or as a user, it is an error, but not for what is absent."""
    one = engine()
    facts = facts_of_engine(one.socket, of="1")
    kernel.load(f"-w {one.config_path} -p wa")
    for before in (("unshare", "--pid", "--fork"), ("setpriv", "--reuid", "65534", "--clear-groups")):
        blind = now(facts, ask(None, *before))
        assert only(judged("1.1.11", blind))[0] == "error"
        assert only(judged("1.1.13", blind))[0] == "not applicable"


def test_auditctl_is_not_installed(kernel: Kernel, engine: EngineFactory) -> None:
    """Other programs may have loaded rules: an error, unless the kernel itself says that there are none."""
    one = engine()
    facts = facts_of_engine(one.socket, of="1")
    programs = os.pathsep.join(("/usr/bin", "/bin"))
    assert only(judged("1.1.11", now(facts, ask(programs)))) == ("fail", "no rule covers it")
    kernel.load(f"-w {one.config_path} -p wa")
    missing = "auditctl is not installed, so the rules in the kernel are unknown"
    assert only(judged("1.1.11", now(facts, ask(programs)))) == ("error", missing)
    kernel.set("-e", "0")
    off = "auditing is off in the kernel (enabled 0)"
    assert only(judged("1.1.11", now(facts, ask(programs)))) == ("fail", off)


def test_host_with_systemd(kernel: Kernel, lab_host: HostFactory) -> None:
    """The unit is the one that systemd names; its socket unit and its socket are other files."""
    host = lab_host(icc=False, files={"/etc/sysconfig/docker": "# nothing\n"})
    facts = facts_inside(host, of="1")
    found = {number: judged(number, facts) for number in AUDITED}
    assert {each[0] for number in AUDITED for each in found[number].values()} == {
        "error"
    }  # a container may not ask
    unit = "/usr/lib/systemd/system/docker.service"
    assert (list(found["1.1.7"]), list(found["1.1.9"])) == ([unit], ["/run/docker.sock"])
    assert (list(found["1.1.8"]), list(found["1.1.4"])) == (
        ["/run/containerd/containerd.sock"],
        ["/run/containerd"],
    )
    # /usr is the machine's own there, so that a rule of the machine is on the same file
    kernel.load("-w /usr/lib/systemd/system/docker.socket -p wa")
    assert only(judged("1.1.7", now(facts)))[0] == only(judged("1.1.9", now(facts)))[0] == "fail"
    kernel.load("-w /lib/systemd/system/docker.service -p wa", "-w /var/run/docker.sock -p wa")
    assert only(judged("1.1.7", now(facts)))[0] == only(judged("1.1.9", now(facts)))[0] == "pass"
    host.exec("systemctl", "stop", "docker.service", "docker.socket")


def test_unit_at_another_place(lab_host: HostFactory) -> None:
    """FragmentPath is followed to a unit in /etc, through a link to the file itself."""
    source = Path("/usr/lib/systemd/system/docker.service").read_text()
    host = lab_host(docker=False)
    host.write("/srv/units/docker.service", source)
    host.exec("ln", "-s", "/srv/units/docker.service", "/etc/systemd/system/docker.service")
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "restart", "docker.service")
    facts = facts_inside(host, of="1")
    ((_, unit),) = facts.get("unit_file")
    assert unit.node.path == "/srv/units/docker.service"


def test_no_process_for_each_container(engine: EngineFactory) -> None:
    """Shims are looked at together: their number does not change that of the commands."""
    assert " $(readlink" not in ENGINE_PLACES.script.partition("for line in $running")[2].partition("done")[0]
    one = engine()
    one.run("one")
    one.run("two")
    answer = facts_of_engine(one.socket, of="1").recording.answers["engine_places"]
    assert answer.stdout.count("/usr/bin/containerd-shim-runc-v2\n") >= 2
