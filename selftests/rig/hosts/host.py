"""Whole hosts: systemd, sshd and a Docker engine in a privileged container, reached by ssh from the machine.

The hosts of a laboratory live in one engine, their hub, whose network is joined to the machine's by a link of
its own. A host has its own /etc and /var and is lent the machine's /usr; kernel, control group versions and
kernel settings it shares with the machine.
"""

import fcntl
import io
import json
import socket
import tarfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import IO

from selftests.rig import images
from selftests.rig.engines import versions
from selftests.rig.engines.engine import IMAGE, Engine
from selftests.rig.hosts.guest import Guest
from selftests.rig.laboratory import Laboratory
from selftests.rig.machine_state import SETTINGS_OF_HOSTS
from selftests.rig.shell import CommandError, LabError, call
from selftests.rig.waiting import until

HOST_IMAGE = "host:1"
SYSTEMD = "/usr/lib/systemd/systemd"
BOOT_LIMIT = 60.0  # seconds; it takes two, and many at once take longer
STARTING = ("initializing", "starting", "offline", "unknown")


class Hub:
    """The engine that hosts live in, and the way to them."""

    def __init__(self, lab: Laboratory) -> None:
        """Start the engine, join its network to the machine's, and make the image of a host."""
        self.lab = lab
        self._tree = versions.chosen().tree
        for setting in SETTINGS_OF_HOSTS:
            lab.change_setting(setting)
        self._slot, self._lock = _free_slot(lab.root.parent)
        self.subnet = f"10.217.{4 * self._slot}"
        self.key = lab.root / "key"
        self.engine = Engine(lab, {"bip": f"{self.subnet}.1/22"}, version=versions.own())
        self._count = 0
        self._images: dict[tuple[str, str], str] = {}
        self._volumes: set[str] = set()
        self._join()
        self.engine.start()
        self.engine.nsenter("iptables", "-I", "DOCKER-USER", "-i", "eth0", "-o", "docker0", "-j", "ACCEPT")
        self._bring_image()

    def name(self) -> str:
        """The name of a new host: h1, h2 and so on."""
        self._count += 1
        return f"h{self._count}"

    def image_of(self, release: str, packages: str = "") -> str:
        """The image of a host with this release of Debian and these *packages*, made when it is first asked for.

        Raises:
            LabError: its packages could not be had.
        """
        asked = (release, packages)
        if asked not in self._images:
            self._images[asked] = f"host:{release}-{len(self._images)}"
            archive = self.lab.root / f"{release}.tar"
            public_key = self.key.with_suffix(".pub").read_text()
            images.release(release, packages, archive, public_key, self.lab.root / "bb.tar")
            self.engine.import_image(archive, self._images[asked])
            archive.unlink()
        return self._images[asked]

    @property
    def usr(self) -> str:
        """The volume with /usr of every host: the machine's, with the files of another engine laid over it."""
        if self._tree is None:
            return "/usr:/usr:ro"
        if "usr" not in self._volumes:
            self.make_overlay("usr")
            self._volumes.add("usr")
        return "usr:/usr:ro"

    def make_overlay(self, name: str, *options: str) -> None:
        """Make a volume of which the lower layers are what `usr` shows."""
        lower = f"{self._tree}/usr:/usr" if self._tree else "/usr"
        overlay = ",".join((f"o=lowerdir={lower}", *options))
        words = ("--opt", "type=overlay", "--opt", "device=overlay", "--opt", overlay)
        self.engine.docker("volume", "create", "--driver", "local", *words, name)

    def down(self) -> None:
        """Remove every host and the hub itself."""
        self.engine.down()
        self._lock.close()

    def _join(self) -> None:
        """Lay a link between the machine and the hub, and tell each the way to the other's addresses."""
        link, inside = self.lab.name(), self.engine.netns
        here, there = self._link_address(1), self._link_address(2)
        self.lab.note("link", link)
        call("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", inside)
        call("ip", "address", "add", f"{here}/30", "dev", link)
        call("ip", "link", "set", link, "up")
        call("ip", "-n", inside, "address", "add", f"{there}/30", "dev", "eth0")
        call("ip", "-n", inside, "link", "set", "eth0", "up")
        # no default route: a host that thinks the world in reach waits for it
        call("ip", "-n", inside, "route", "add", "10.0.0.0/8", "via", here)
        call("ip", "route", "add", f"{self.subnet}.0/22", "via", there)

    def _link_address(self, end: int) -> str:
        return f"10.216.0.{4 * self._slot + end}"

    def _bring_image(self) -> None:
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "laboratory", "-f", str(self.key))
        archive = self.lab.root / "host.tar"
        images.host(archive, self.key.with_suffix(".pub").read_text(), self.lab.root / "bb.tar")
        self.engine.import_image(archive, HOST_IMAGE)


class Host(Guest):
    """A host in the hub: a machine with systemd, sshd and Docker to everyone who logs in."""

    def __init__(
        self,
        hub: Hub,
        settings: Mapping[str, object] | None = None,
        *,
        files: Mapping[str, str] | None = None,
        own_partition: bool = True,
        own_usr: bool = False,
        release: str = "",
        packages: str = "",
        name: str = "",
    ) -> None:
        """Start a host, called *name* if it is given; `wait` for it.

        *settings* are its daemon.json and *files* further files by path, in place before it starts. Without
        *own_partition* /var/lib/docker lies on the root file system; with *own_usr* files below /usr may be changed,
        and the machine's stay as they are. A *release* of Debian, such as bookworm, is installed in full, with further
        *packages*, instead of lending the machine's own.
        """
        self.hub = hub
        self.name = name or hub.name()
        self.directory = hub.engine.directory / "hosts" / self.name
        self.directory.mkdir(parents=True, exist_ok=True)
        usr = () if release else ("--volume", self._own_usr() if own_usr else hub.usr)
        data = ("--volume", "/var/lib/docker") if own_partition else ()
        image = hub.image_of(release, packages) if release else HOST_IMAGE
        self.id = self._create(*usr, *data, image=image)
        self._put(_files(settings or {}, files or {}, own_partition))
        hub.engine.docker("start", self.name)
        self.address = self._address()
        self.ssh_config = self.directory / "ssh_config"
        images.ssh_config(self.ssh_config, self.name, self.address, hub.key)

    def wait(self, *, docker: bool = True) -> None:
        """Wait until the host is up, lets in by ssh and, if *docker*, has an engine with the image bb:1.

        Raises:
            LabError: it does not come to that in a minute.
        """
        until(lambda: _greets(self.address), f"sshd of host {self.name} does not answer", BOOT_LIMIT)
        until(lambda: self.state not in STARTING, f"host {self.name} does not finish its start", BOOT_LIMIT)
        if docker:
            until(self._has_engine, f"the engine of host {self.name} does not answer", BOOT_LIMIT)
            self.docker("import", f"/{images.HOST_BUSYBOX}", IMAGE)

    @property
    def state(self) -> str:
        """What systemd says of the host: running, degraded, starting."""
        try:
            return self.exec("systemctl", "is-system-running").strip()
        except CommandError as error:  # every state but running ends with another status than zero
            return error.stdout.strip()

    def exec(self, *command: str, stdin: str | bytes = b"", timeout: float = 120) -> str:
        """What *command* prints as root of the host.

        Raises:
            CommandError: it ended with another status than zero.
        """
        argv = ("exec", "--interactive", self.name, *command)
        return self.hub.engine.docker(*argv, stdin=stdin, timeout=timeout)

    def add_user(self, name: str, *, docker: bool = False, sudo: bool = False) -> None:
        """Add a user who may log in with the laboratory's key, into the group docker or with sudo if asked.

        `ssh -F ssh_config name@host` is the way in; sudo asks no password.
        """
        groups = ("--groups", "docker") if docker else ()
        self.exec("useradd", "--create-home", "--shell", "/bin/sh", *groups, name)
        self.exec("install", "-d", "-o", name, "-g", name, "-m", "700", f"/home/{name}/.ssh")
        keys = f"/home/{name}/.ssh/authorized_keys"
        self.exec("install", "-o", name, "-g", name, "-m", "600", "/root/.ssh/authorized_keys", keys)
        if sudo:
            self.write(f"/etc/sudoers.d/{name}", f"{name} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)

    def down(self) -> None:
        """Remove the host; harmless if that was done before."""
        self.hub.engine.docker("rm", "--force", "--volumes", self.name)

    def _create(self, *options: str, image: str) -> str:
        itself = ("--hostname", self.name, "--env", "container=docker")
        rights = ("--privileged", "--cgroupns", "private")
        volatile = ("--tmpfs", "/run", "--tmpfs", "/run/lock")
        all_options = (*itself, *rights, *volatile, *options)
        return self.hub.engine.create(self.name, *all_options, image=image, command=[SYSTEMD])

    def _own_usr(self) -> str:
        """Make a volume that shows the machine's /usr and keeps changes of it to itself."""
        upper, work = self.directory / "usr", self.directory / "work"
        upper.mkdir()
        work.mkdir()
        volume = f"{self.name}-usr"
        self.hub.make_overlay(volume, f"upperdir={upper},workdir={work}")
        return f"{volume}:/usr"

    def _put(self, files: Mapping[str, str]) -> None:
        """Place *files* in the container that has not started yet."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, text in files.items():
                member = tarfile.TarInfo(path.lstrip("/"))
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        if files:
            self.hub.engine.docker("cp", "-", f"{self.name}:/", stdin=archive.getvalue())

    def _address(self) -> str:
        (document,) = self.hub.engine.inspect(self.name)
        address: str = document["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        if not address:
            raise LabError(f"host {self.name} ended at once: {self.hub.engine.docker('logs', self.name)}")
        return address

    def _has_engine(self) -> bool:
        try:
            self.docker("version")
        except CommandError:
            return False
        return True


def _files(settings: Mapping[str, object], files: Mapping[str, str], own_partition: bool) -> dict[str, str]:
    # overlay2 does not lie on another overlay, which the root of a container is
    driver = {} if own_partition else {"storage-driver": "vfs"}
    complete = {**versions.chosen().docker_store, **driver, **settings}
    daemon = {"/etc/docker/daemon.json": json.dumps(complete, indent=2) + "\n"} if complete else {}
    return {**daemon, **files}


def _free_slot(base: Path) -> tuple[int, IO[str]]:
    """A number that no other laboratory of the machine has, kept as long as the file is open.

    Raises:
        LabError: all are taken.
    """
    for slot in range(64):
        lock = (base / f".slot-{slot}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if not call("ip", "-4", "route", "show", "root", f"10.217.{4 * slot}.0/22"):
            return slot, lock
        lock.close()
    raise LabError("no addresses are left for hosts: 64 laboratories run on this machine")


def _greets(address: str) -> bool:
    """Whether an ssh server is at *address*."""
    try:
        with closing(socket.create_connection((address, 22), timeout=2)) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
