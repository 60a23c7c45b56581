"""Mounts over files of the daemon: which of them may be newer than its start."""

import pytest

from hullcheck.parsing.proc.covers import is_covered
from hullcheck.parsing.proc.mountinfo import parse

ROOT = "20 1 8:1 / / rw - ext4 /dev/sda1 rw"
RUN = "21 20 0:5 / /run rw - tmpfs tmpfs rw"
FILE = "30 20 8:1 /srv/daemon.json /etc/docker/daemon.json rw - ext4 /dev/sda1 rw"
FOLDER = "31 20 8:1 /srv/docker /etc/docker rw - ext4 /dev/sda1 rw"
SELF = "40 20 8:1 /var/lib/docker /var/lib/docker rw - ext4 /dev/sda1 rw"
PARTITION = "41 20 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw"
CONTAINER = "42 20 0:60 / /var/lib/docker/overlay2/ab/merged rw - overlay overlay rw"
OTHERS = "43 20 0:61 / /home/u/.local/share/docker/overlay2/ab/merged rw - overlay overlay rw"


@pytest.mark.parametrize(
    ("lines", "covered"),
    [
        ((ROOT, RUN), False),
        ((ROOT, FILE, RUN), False),
        ((ROOT, RUN, FILE), True),
        ((ROOT, FOLDER, SELF, RUN), False),
        ((ROOT, SELF, FOLDER, RUN), True),
        ((ROOT, PARTITION, FILE, RUN), False),
        ((ROOT, PARTITION, FILE, CONTAINER), False),
        ((ROOT, PARTITION, CONTAINER, FILE, RUN), True),
        ((ROOT, OTHERS, FILE, RUN), False),
        ((ROOT, FOLDER, SELF, FILE, RUN), True),
    ],
)
def test_order_of_mounts(lines: tuple[str, ...], covered: bool) -> None:
    """One behind what the daemon mounts while it runs, or the last of all, may be newer."""
    assert is_covered("/etc/docker/daemon.json", parse(lines), "/var/lib/docker") is covered


def test_path_beside_a_mount() -> None:
    """Only what lies at or above a path covers it."""
    assert not is_covered("/etc/docker-old/daemon.json", parse((ROOT, SELF, FOLDER)), "/var/lib/docker")
