"""A bare machine: a container with Debian, Python's venv and git, in which the README's commands have to work.

`python -m selftests.rig.bare`, as root, makes one and takes that walk in it, as root without capabilities and as a
plain user. It shares the machine's network, from which pip has to get its packages.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from selftests import REPOSITORY
from selftests.rig import images
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import SYSTEM_PATH, call

PACKAGES = "python3-venv git ca-certificates"
USER_ID = "54321"  # no user of the machine has it: the laboratory ends all that runs as one of its own
HOMES = {"root": "/root", "plain": "/home/plain"}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
SETTINGS = ("PIP_", "SSL_CERT_", *PROXIES, *map(str.lower, PROXIES))
# The mounts are in a namespace of their own, and gone with its last process.
CONTAINER = """
set -e
tree=$1 user=$2; shift 2
mount -t proc proc "$tree/proc"
mount -t tmpfs tmpfs "$tree/run"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$tree/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
exec chroot "$tree" setpriv --reuid "$user" --regid "$user" --init-groups --bounding-set=-all --inh-caps=-all -- "$@"
"""
# Nothing that a self-test could use and the README does not ask for, and a clean checkout that is the user's alone.
BARE = """
set -ex
test "$(id -un)" = "$USER"
test "$(sed -n 's/^Cap\\(Bnd\\|Eff\\):.//p' /proc/self/status | sort -u)" = 0000000000000000
test -z "$(git status --short; find .git/objects -type f -links +1)"
test -z "$(for each in docker ssh busybox auditctl ip ps tox pytest; do command -v $each; done)"
python3 -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)'
"""
SET_UP = "python3 -m venv .venv && .venv/bin/pip install --quiet tox"
# Whoever installs the package has the controls, wherever he stands.
INSTALL = (
    "python3 -m venv /tmp/installed && /tmp/installed/bin/pip install --quiet . && cd /tmp"
    " && /tmp/installed/bin/hullcheck audit --demo"
)
SHOWN = 60  # lines of what went wrong
# By command: the exit status, what is in its output, and what is not.
WALK = {
    BARE: (0, "", "Traceback"),
    SET_UP: (0, "", "Traceback"),
    ".venv/bin/tox -e cis": (1, "No control was judged", "evaluation failed"),
    ".venv/bin/tox -e demo": (0, "A demonstration ends with status 0", "evaluation failed"),
    INSTALL: (0, "A demonstration ends with status 0", "Traceback"),
}
# The self-tests, by user: root, who has no capability here, runs those of the project's own files alone. Left out is
# what takes long and is the same on every machine: the project's conventions, and what finds damage.
SELFTESTS = {
    "root": "-k 'project and not (conventions or nightly)'",
    "plain": "-k 'not (conventions or nightly or tampering)'",
}


def machine(tree: Path) -> None:
    """Make the file system of a bare machine in *tree*, with this checkout in the home of each user.

    Raises:
        LabError: the packages could not be had.
    """
    images.bootstrap("trixie", tree, PACKAGES)
    call("chroot", str(tree), "useradd", "--create-home", "--uid", USER_ID, "plain")
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", tree / "etc" / name)
    for name, value in _settings().items():
        if Path(value).is_file():
            shutil.copy(value, tree / "srv" / name)
    for user, home in HOMES.items():
        checkout = f"{tree}{home}/hullcheck"  # without hard links: their owner is changed
        call("git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), checkout)
        call("chroot", str(tree), "chown", "--recursive", f"{user}:", f"{home}/hullcheck")


def run(tree: Path, user: str, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in the checkout of this user; both outputs are in `stdout`."""
    environment = {"PATH": SYSTEM_PATH, "HOME": HOMES[user], "USER": user, "LC_ALL": "C.UTF-8"}
    environment |= {name: f"/srv/{name}" if Path(each).is_file() else each for name, each in _settings().items()}
    alone = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--ipc",
        "--uts",
        "--propagation",
        "private",
    ]
    return subprocess.run(
        [*alone, "sh", "-c", CONTAINER, "sh", str(tree), user, "sh", "-c", f"cd ~/hullcheck && {command}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )


def _settings() -> dict[str, str]:
    """How this machine's pip gets its packages."""
    return {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}


def walk(tree: Path, user: str) -> bool:
    """Whether all commands do what they promise to this user; what they say instead is printed."""
    sound = True
    # as in .ci/run: what fails on a busy machine is tried once more, and has to pass then
    selftest = f".venv/bin/tox -e selftest -- -q {SELFTESTS[user]}"
    last_failed = f"{selftest} || {selftest} --last-failed -n 0"
    steps = WALK | {last_failed: (0, "which this machine lacks", "INTERNALERROR")}
    for command, (status, said, unsaid) in steps.items():
        start = time.monotonic()
        done = run(tree, user, command)
        good = done.returncode == status and said in done.stdout and unsaid not in done.stdout
        lines = done.stdout.splitlines()
        last = [] if good else lines[-SHOWN:]
        counted = [line for line in lines if line.startswith("=====") or " passed" in line][-1:]
        verdict = "as promised" if good else "NOT as promised"
        took = f"{time.monotonic() - start:.0f} s"
        words = " ".join(command.split())
        print(f"bare machine, {user}: {words}: status {done.returncode}, {verdict}, {took}", end="")
        print("", *counted, *last, sep="\n", flush=True)
        sound = sound and good
    return sound


def main() -> int:
    """Take the walk as every user; gives for how many of them something is not as promised."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has what runs beside it ignore
    lab = Laboratory()
    try:
        tree = lab.root / "bare"
        machine(tree)
        return sum(not walk(tree, user) for user in HOMES)
    finally:
        lab.close()


if __name__ == "__main__":
    sys.exit(main())
