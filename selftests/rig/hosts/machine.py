"""Machines with a kernel of their own: Debian in user-mode Linux, where the kernel has to differ from ours.

They have what this machine's kernel may lack: AppArmor, SELinux, control groups v2 with limits, audit. A start
takes about 20 seconds, so they are for the few tests that need such a kernel.
"""

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from selftests.rig import images, processes, removal
from selftests.rig.engines.engine import IMAGE
from selftests.rig.hosts.guest import Guest
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import SYSTEM_PATH, CommandError, LabError, call

TOOLS = ("linux.uml", "mmdebstrap", "mkfs.ext4", "chroot")
MODULES = Path("/usr/lib/uml/modules")
BOOT_LIMIT = 240.0  # seconds; it takes 20 where nothing else runs
MEMORY = "1024M"
PACKAGES = """
    systemd-sysv dbus libpam-systemd openssh-server docker.io docker-cli iptables procps iproute2 kmod
    apparmor auditd dmsetup e2fsprogs selinux-policy-default selinux-basics policycoreutils
"""
MASKED = """
    systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service
    modprobe@.service apparmor.service systemd-sysctl.service getty.target console-getty.service
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount
    dev-mqueue.mount systemd-logind.service systemd-timesyncd.service apt-daily.timer
    apt-daily-upgrade.timer selinux-autorelabel-mark.service
"""
NETWORK = """#!/bin/sh
ip=$(sed -n 's/.*lab.ip=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
ip link set lo up; ip addr add $ip dev vec0; ip link set vec0 up; ip route add default via ${ip%.*}.1
"""
NETWORK_UNIT = """[Unit]
DefaultDependencies=no
Before=network-pre.target ssh.service docker.service
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-net
[Install]
WantedBy=sysinit.target
"""
LOADED = "overlay\nbridge\nbr_netfilter\nveth\niptable_nat\niptable_filter\n"


def obstacle() -> str | None:
    """Why no such machine can be started here, in words; None if nothing stands in the way."""
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=SYSTEM_PATH)]
    if not Path("/dev/net/tun").exists():
        missing.append("/dev/net/tun")
    return f"a machine in user-mode Linux misses {', '.join(missing)} here" if missing else None


def unfit(lab: Laboratory) -> str | None:
    """Why this machine's processor cannot carry one, in words; None if it can.

    A kernel in user mode gives a process at most a page of registers; where the processor has more of them
    (AMX), its first process dies at once.
    """
    argv = ("linux.uml", "mem=64M", "rootfstype=hostfs", "ro", "init=/bin/true", "con=null", "con0=null,fd:2")
    trial = lab.root / lab.name()
    trial.mkdir()
    done = subprocess.run(
        [*argv, "umid=uml", f"uml_dir={trial}"],
        env={"PATH": SYSTEM_PATH},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if b"set fp regs failed" in done.stdout + done.stderr:
        return "the kernel in user mode cannot save the registers of this machine's processor"
    return None


def disk(lab: Laboratory) -> Path:
    """Make the disk that machines start from, and the key with which root logs in.

    Raises:
        LabError: the packages could not be had, or do not fit together.
    """
    archive, image, key = lab.root / "bb.tar", lab.root / "machine.img", _key(lab)
    if not archive.exists():
        images.busybox(archive)
    tree = lab.root / "machine"
    images.bootstrap("trixie", tree, PACKAGES)
    _furnish(tree, key.with_suffix(".pub").read_text(), archive)
    call("truncate", "--size", "3G", str(image))
    call("mkfs.ext4", "-q", "-d", str(tree), str(image), timeout=300)
    removal.delete(tree)
    return image


def _key(lab: Laboratory) -> Path:
    key = lab.root / "machine-key"
    call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "laboratory", "-f", str(key))
    return key


def _furnish(tree: Path, public_key: str, busybox: Path) -> None:
    """What a machine needs beside its packages: modules of its kernel, a way in, an address."""
    call("cp", "--archive", f"{MODULES}/.", str(tree / "usr/lib/modules"))
    for version in MODULES.iterdir():
        call("chroot", str(tree), "depmod", version.name)
    images.ssh(tree, public_key)
    shutil.copy(busybox, tree / images.HOST_BUSYBOX)
    for name in ("etc/fstab", "etc/resolv.conf"):
        images.write(tree / name, "")
    for name in ("iptables", "ip6tables"):  # this kernel has no nf_tables for NAT
        link = tree / "etc/alternatives" / name
        link.unlink(missing_ok=True)
        link.symlink_to(f"/usr/sbin/{name}-legacy")
    images.write(tree / "etc/modules-load.d/lab.conf", LOADED)
    images.write(tree / "etc/docker/daemon.json", '{"selinux-enabled": true}\n')
    images.write(tree / "usr/local/sbin/lab-net", NETWORK, 0o755)
    units = tree / "etc/systemd/system"
    images.mask(units, MASKED)
    images.write(units / "lab-net.service", NETWORK_UNIT)
    call("chroot", str(tree), "systemctl", "enable", "lab-net.service", "auditd.service")


class Machine(Guest):
    """A machine with systemd, sshd, auditd and Docker to everyone who logs in; root does with the key."""

    def __init__(self, lab: Laboratory, image: Path, kernel: Sequence[str], name: str = "") -> None:
        """Start a machine from the disk *image* with these options for its kernel.

        It is called *name*; without one, after its directory.

        Raises:
            LabError: it does not come to an engine that answers.
        """
        self.lab = lab
        self.directory = lab.root / lab.name()
        self.name = name or self.directory.name
        number = _free_number()
        self.address = f"10.219.{number}.2"
        self.directory.mkdir()
        self._join(number)
        self._process = self._start(image, number, kernel)
        self.ssh_config = self.directory / "ssh_config"
        images.ssh_config(self.ssh_config, self.name, self.address, lab.root / "machine-key")
        self._wait()
        self.docker("import", f"/{images.HOST_BUSYBOX}", IMAGE)

    def exec(self, *command: str, stdin: str | bytes = b"", timeout: float = 120) -> str:
        """What *command* prints as root, who has no other way in than ssh.

        Raises:
            CommandError: no login, or the command ended with another status than zero.
        """
        return self.ssh(*command, stdin=stdin, timeout=timeout)

    def down(self) -> None:
        """Turn it off as if the cable were pulled; its disk keeps nothing."""
        processes.end([self._process.pid], 10)
        self._process.wait()
        call("ip", "link", "delete", self._link)
        removal.delete(self.directory)

    @property
    def _link(self) -> str:
        return f"{self.directory.name}t"

    def _join(self, number: int) -> None:
        self.lab.note("link", self._link)
        call("ip", "tuntap", "add", self._link, "mode", "tap")
        call("ip", "address", "add", f"10.219.{number}.1/24", "dev", self._link)
        call("ip", "link", "set", self._link, "up")

    def _start(self, image: Path, number: int, kernel: Sequence[str]) -> subprocess.Popen[bytes]:
        network = f"vec0:transport=tap,ifname={self._link},depth=64,gro=0"
        argv = [
            *("linux.uml", f"mem={MEMORY}", "umid=uml", f"uml_dir={self.directory}"),
            *(f"ubd0={self.directory}/disk.cow,{image}", "root=/dev/ubda", "rw", network),
            *("con=null", "con0=null,fd:2", "con1=null", "net.ifnames=0", "quiet"),
            *(f"systemd.hostname={self.name}", f"lab.ip={self.address}/24", *kernel),
        ]
        memory = {"TMPDIR": "/dev/shm"} if os.access("/dev/shm", os.W_OK) else {}
        with (self.directory / "log").open("wb") as log:
            started = subprocess.Popen(
                argv,
                env={"PATH": SYSTEM_PATH, **memory},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.lab.note_process(started.pid)
        return started

    def _wait(self) -> None:
        deadline = time.monotonic() + BOOT_LIMIT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = (self.directory / "log").read_text(errors="replace").strip().splitlines()[-1:]
                raise LabError(f"machine {self.name} ended: {' '.join(said)}")
            try:
                self.ssh("docker", "version", timeout=20)
                return
            except (CommandError, LabError):
                time.sleep(0.5)
        raise LabError(f"the engine of machine {self.name} does not answer within {BOOT_LIMIT:.0f} seconds")


def _free_number() -> int:
    for number in itertools.count(1):
        if not call("ip", "-4", "route", "show", "root", f"10.219.{number}.0/24"):
            return number
    raise AssertionError  # count has no end
