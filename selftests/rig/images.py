"""Images without a registry: busybox in two megabytes, and the file system of a whole host."""

import shutil
from pathlib import Path

from selftests.rig import removal
from selftests.rig.shell import LabError, call

BUSYBOX = Path("/usr/bin/busybox")
APPLETS = """
    cat chmod chown cp date echo env false find grep head hostname httpd id ip kill ln ls mkdir mount nc
    nslookup ping ps rm sed sh sleep stat su tail test touch top tr true umount uname vi wc wget
"""
PASSWD = "root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1000:\n"
# The kernel names a process after the script file that it runs, so these two are servers by name alone.
STAND_IN = "#!/bin/sh\ntrap exit TERM\nwhile :; do sleep 1; done\n"
STAND_INS = ("sshd", "dropbear")
# What a host in a container must leave alone: it shares kernel and devices with the machine.
MASKED = """
    audit-rules.service auditd.service console-getty.service dev-hugepages.mount dev-mqueue.mount getty.target
    modprobe@.service sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
    systemd-modules-load.service systemd-sysctl.service systemd-timesyncd.service systemd-udev-trigger.service
    systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket
"""
ENABLED = {
    "multi-user.target.wants": ("ssh.service", "docker.service", "containerd.service"),
    "sockets.target.wants": ("docker.socket",),
}
# The machine's own: keys, addresses, mounts, and units that serve the machine and not a host in a container.
NOT_LENT = ("docker", "fstab", "machine-id", "mtab", "resolv.conf", "systemd/system")
SSHD = "PermitRootLogin prohibit-password\nMaxStartups 200:30:400\n"
PENALTIES = "PerSourcePenalties no\n"  # OpenSSH 9.8 and later would punish the address that all tests come from
DIRECTORIES = """
    dev home mnt opt proc root/.ssh run srv sys tmp usr var/cache var/lib/containerd var/lib/dbus
    var/lib/dpkg/updates var/lib/systemd var/log var/spool var/tmp
"""
HOST_BUSYBOX = "root/bb.tar"
_BASE = "systemd-sysv dbus libpam-systemd openssh-server docker.io iptables procps iproute2 sudo"
SERVERS = "nginx-light redis-server postgresql-17"
RELEASE_PACKAGES = {"bookworm": _BASE, "trixie": f"{_BASE} docker-cli"}


def busybox(archive: Path) -> None:
    """Write an image's file system: busybox, the users root and app (1000), and stand-ins for ssh servers.

    Raises:
        LabError: the machine has no busybox that runs without libraries.
    """
    if not BUSYBOX.exists():
        raise LabError(f"{BUSYBOX} is missing: install busybox-static")
    with removal.temporary(archive.parent) as tree:
        for directory in ("bin", "etc", "proc", "sys", "dev", "tmp", "usr/sbin"):
            (tree / directory).mkdir(parents=True)
        (tree / "tmp").chmod(0o1777)
        shutil.copy(BUSYBOX, tree / "bin/busybox")
        for applet in APPLETS.split():
            (tree / "bin" / applet).symlink_to("busybox")
        for stand_in in STAND_INS:
            write(tree / "bin" / stand_in, STAND_IN, 0o755)
        write(tree / "etc/passwd", PASSWD)
        write(tree / "etc/group", GROUP)
        pack(tree, archive)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write *text* to a new file with *mode*, making the directories on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def pack(tree: Path, archive: Path) -> None:
    """Pack the files below *tree*, owners and all, so that *archive* is whole whenever it is there."""
    tree.chmod(0o755)
    unfinished = archive.with_name(archive.name + ".part")
    call("tar", "--create", "--numeric-owner", "--directory", str(tree), "--file", str(unfinished), ".")
    unfinished.rename(archive)


def host(archive: Path, public_key: str, busybox_archive: Path) -> None:
    """Write a host's file system: /etc after the machine's, an empty /var, a place for its /usr.

    It holds the machine's accounts, so it stays on the machine. Root may log in with *public_key*.
    """
    with removal.temporary(archive.parent) as tree:
        _directories(tree)
        _etc(tree / "etc")
        ssh(tree, public_key)
        _units(tree / "etc/systemd/system")
        shutil.copy(busybox_archive, tree / HOST_BUSYBOX)
        pack(tree, archive)


def release(suite: str, packages: str, archive: Path, public_key: str, busybox_archive: Path) -> None:
    """Write the file system of a whole host with Debian *suite*, its Docker and these *packages*, /usr and all.

    Raises:
        LabError: the packages could not be had, or do not fit together.
    """
    with removal.temporary(archive.parent) as folder:
        tree = folder / "tree"
        bootstrap(suite, tree, f"{RELEASE_PACKAGES[suite]} {packages}")
        ssh(tree, public_key)
        _units(tree / "etc/systemd/system")
        shutil.copy(busybox_archive, tree / HOST_BUSYBOX)
        pack(tree, archive)


def bootstrap(suite: str, tree: Path, packages: str) -> None:
    """Install Debian *suite* with these further *packages* into the directory *tree*, without documentation.

    Raises:
        LabError: the packages could not be had, or do not fit together.
    """
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale")]
    include = f"--include={','.join(packages.split())}"
    late = '--aptopt=Acquire::Check-Valid-Until "false"'
    hasty = "--dpkgopt=force-unsafe-io"  # the disk need not have it before the next power cut
    command = ("mmdebstrap", "--variant=minbase", "--format=directory", include, late, hasty, *left_out)
    call(*command, suite, str(tree), timeout=900)
    (tree / "root/.ssh").mkdir(mode=0o700, exist_ok=True)


def services(archive: Path) -> None:
    """Write a file system of Debian with the servers nginx, redis and PostgreSQL.

    Raises:
        LabError: the packages could not be had.
    """
    with removal.temporary(archive.parent) as folder:
        tree = folder / "tree"
        bootstrap("trixie", tree, SERVERS)
        for large in tree.glob("usr/lib/*/libLLVM*"):  # which only a large query would load
            large.unlink()
        pack(tree, archive)


def _directories(tree: Path) -> None:
    for path in DIRECTORIES.split():
        (tree / path).mkdir(parents=True)
    for path, mode in {"root": 0o700, "root/.ssh": 0o700, "tmp": 0o1777, "var/tmp": 0o1777}.items():
        (tree / path).chmod(mode)
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / name).symlink_to(f"usr/{name}")
    (tree / "var/run").symlink_to("/run")
    (tree / "var/lock").symlink_to("/run/lock")
    shutil.copy("/var/lib/dpkg/status", tree / "var/lib/dpkg/status")


def _etc(etc: Path) -> None:
    call("cp", "--archive", "--one-file-system", "/etc", str(etc))
    keys = [*etc.glob("ssh/ssh_host_*"), *etc.glob("ssh/sshd_config.d/*")]
    for path in [*(etc / name for name in NOT_LENT), *keys]:
        removal.delete(path)
    (etc / "mtab").symlink_to("/proc/self/mounts")
    write(etc / "fstab", "")
    write(etc / "machine-id", "")  # empty, not absent: systemd would take the first start for an installation


def ssh(tree: Path, public_key: str) -> None:
    """Let root into the file system *tree* with *public_key*, and give it keys of its own."""
    call("ssh-keygen", "-q", "-A", "-f", str(tree))
    own = tree / "usr/sbin/sshd"
    server = own if own.exists() else Path("/usr/sbin/sshd")  # lent by the machine
    knows_penalties = b"persourcepenalties" in server.read_bytes()
    write(tree / "etc/ssh/sshd_config.d/lab.conf", SSHD + PENALTIES * knows_penalties)
    write(tree / "root/.ssh/authorized_keys", public_key, 0o600)


def _units(directory: Path) -> None:
    mask(directory, MASKED)
    for target, units in ENABLED.items():
        (directory / target).mkdir(exist_ok=True)
        for unit in units:
            _link(directory / target / unit, f"/usr/lib/systemd/system/{unit}")


def mask(directory: Path, units: str) -> None:
    """Let systemd, whose units lie in *directory*, start none of these."""
    directory.mkdir(parents=True, exist_ok=True)
    for unit in units.split():
        _link(directory / unit, "/dev/null")


def _link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def ssh_config(path: Path, name: str, address: str, key: Path) -> None:
    """Write to *path* how root gets into the host *name* by ssh; what is known of it stays beside that file."""
    lines = {
        "HostName": address,
        "User": "root",
        "IdentityFile": key,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": path.with_name("known_hosts"),
        "StrictHostKeyChecking": "accept-new",
        "LogLevel": "ERROR",
    }
    path.write_text(f"Host {name}\n" + "".join(f"    {key} {value}\n" for key, value in lines.items()))
