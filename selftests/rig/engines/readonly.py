"""Runs a program where it can change nothing of the machine but one folder: a part of an engine's start.

`unshare --mount --propagation private python readonly.py FOLDER PROGRAM…` makes every file system read-only in its own
mount namespace. What is mounted from there, as a volume or into a container, is read-only as well. The kernel's own
file systems below /dev, /proc and /sys stay as they are, and FOLDER stays writable without what is mounted in it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

KERNEL = ("/dev", "/proc", "/sys")
UNCHANGEABLE = {"nsfs", "autofs"}  # namespaces, and places where a look would mount something
# where every engine has the sockets of its shims, those of its plugins, and up to 20.10 a key, wherever it has the rest
OWN = (Path("/run/containerd"), Path("/run/docker"), Path("/etc/docker"))


def main(folder: str, *program: str) -> None:
    """Make all but *folder* read-only, and become *program*."""
    _mount("--bind", folder, folder)
    for own in OWN:
        own.mkdir(mode=0o711, exist_ok=True)
        _mount("-t", "tmpfs", "-o", "mode=711", "tmpfs", str(own))
    for point, kind in mounts():
        if kind not in UNCHANGEABLE and not any(Path(point).is_relative_to(each) for each in (folder, *OWN, *KERNEL)):
            try:
                _mount("-o", "remount,bind,ro", point)
            except subprocess.CalledProcessError:
                if point in dict(mounts()):  # another laboratory's may be gone by now
                    raise
    os.execvp(program[0], program)


def mounts() -> list[tuple[str, str]]:
    """The mount points of this process that can be seen, and the types of what is mounted there."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), left.split()[4])
        found[point] = right.split()[0]  # the last one at a point hides the others
    return list(found.items())


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
