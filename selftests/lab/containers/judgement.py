"""What section 5 says of containers of the laboratory.

Most cases are run twice, as a container that runs and as one that was only created: what it will be has to get the
verdict of what it is.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hullcheck.facts import PROBES, Facts
from hullcheck.recording import Recording
from hullcheck.recording.script import render
from selftests.kit.judging import judged

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine


def verdicts(number: str, facts: Facts) -> dict[str, str]:
    """The verdict of a control by subject."""
    return {subject: verdict for subject, (verdict, _) in judged(number, facts).items()}


def reason(number: str, facts: Facts, name: str) -> str:
    """Why a control says what it says of one container."""
    return judged(number, facts)[name][1]


def remove_groups(name: str) -> None:
    """Remove the parent group that the engine made for its containers, and leaves behind."""
    for path in Path("/sys/fs/cgroup").glob(f"*/{name}"):
        path.rmdir()
    with suppress(OSError):
        Path("/sys/fs/cgroup", name).rmdir()  # where there is one hierarchy for all


CALLS = """
    access arch_prctl brk capget capset chdir clock_gettime clock_nanosleep close close_range dup
    dup2 dup3 epoll_create1 epoll_ctl epoll_pwait eventfd2 execve exit exit_group faccessat fchdir fchmod
    fchmodat fchown fchownat fcntl fstat fstatfs futex getcwd getdents getdents64 getegid geteuid getgid
    getpid getppid getrandom gettid gettimeofday getuid ioctl kill lseek lstat madvise mkdirat mknodat
    mmap mprotect munmap nanosleep newfstatat open openat openat2 pipe2 poll ppoll prctl
    prlimit64 read readlink readlinkat rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
    sched_yield select set_robust_list set_tid_address setgid setgroups setresgid setresuid
    setsid setuid sigaltstack stat statfs statx symlinkat sysinfo tgkill time umask uname unlinkat
    wait4 write writev
"""
"""Enough for busybox to sleep."""


def both(engine: Engine, name: str, *options: str, command: tuple[str, ...] = ("sleep", "999")) -> None:
    """The same container twice: one that runs and one that was only created."""
    engine.create(f"{name}-created", *options, command=command)
    engine.run(f"{name}-runs", *options, command=command)


def of_both(found: dict[str, str]) -> dict[str, str | tuple[str, str]]:
    """The verdicts by container, as one where both are the same."""
    names = {name.removesuffix("-runs") for name in found if name.endswith("-runs")}
    pairs = {name: (found[f"{name}-runs"], found[f"{name}-created"]) for name in names}
    return {name: pair[0] if len(set(pair)) == 1 else pair for name, pair in pairs.items()}


def failing(number: str, facts: Facts) -> set[str]:
    """The subjects that fail a control."""
    return {name for name, verdict in verdicts(number, facts).items() if verdict == "fail"}


def recorded(socket_path: Path, *before: str, **environment: str) -> Recording:
    """A recording by the probe script, run by another user or with another environment."""
    script = render(PROBES, docker_host=f"unix://{socket_path}")
    done = subprocess.run(
        [*before, "sh"],
        input=script.encode(),
        capture_output=True,
        check=True,
        env={**os.environ, **environment},
    )
    text = done.stdout.decode("utf-8", "surrogateescape")
    return Recording.from_output(text, PROBES, target="local", backend="local", asked=time.time())


def numbers(*places: int) -> list[str]:
    """Numbers of controls of this section."""
    return [f"5.{place}" for place in places]


def all_verdicts(facts: Facts) -> dict[str, dict[str, str]]:
    """Every verdict of the section."""
    return {f"5.{number}": verdicts(f"5.{number}", facts) for number in range(1, 33)}
