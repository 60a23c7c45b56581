"""Builds the hosts of the corpus on real engines, asks them, and stores what they answered.

`tox -e corpus`, or as root `python -m selftests.corpus.record [HOST...]`.
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from hullcheck.gather import arriving
from hullcheck.gather.transport import Connection
from hullcheck.inventory import Target
from hullcheck.policy import Policy
from hullcheck.recording import Recording, packed
from selftests.corpus.description import Description, descriptions
from selftests.corpus.judged import BUILT, RECORDINGS
from selftests.corpus.script import script
from selftests.kit.judging import probes_of
from selftests.rig import laboratory, removal
from selftests.rig.engines import versions
from selftests.rig.hosts import machine
from selftests.rig.hosts.guest import Guest
from selftests.rig.hosts.host import Host, Hub
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import CommandError, LabError

# Debian's release for each engine. That of 28.5 itself wants control groups v2, where the laboratory has no
# controllers: its engine is installed on the one before.
RELEASES = {"20.10": "bookworm", "26.1": "trixie", "28.5": "trixie"}
PACKAGES = "acl dbus-user-session e2fsprogs openssl rootlesskit slirp4netns uidmap"
RUNC = "/usr/sbin/runc"
# Bind mounts by which the container that is a host would show files of the machine.
UNBIND = """
umount /etc/resolv.conf /etc/hostname /etc/hosts
hostname >/etc/hostname
: >/etc/resolv.conf
mount --make-rshared /
"""

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
dpkg --install --force-breaks --force-depends --force-confold /root/packages/* && rm -r /root/packages
"""
# A frozen process cannot be ended, and holds up the end of its host.
THAW = "docker ps --quiet --filter status=paused | xargs --no-run-if-empty docker unpause"


class Builder:
    """Builds hosts in one laboratory."""

    def __init__(self, lab: Laboratory, hub: Hub | None = None) -> None:
        """Prepare nothing yet: a hub and the disk of machines are made when they are first needed."""
        self.lab = lab
        self.hub = cache(lambda: hub or Hub(lab))
        self.disk = cache(lambda: machine.disk(lab))

    @contextmanager
    def host(self, description: Description) -> Iterator[Guest]:
        """Start a host and make it what *description* says; it is gone afterwards."""
        guest = self._machine(description) if description.kernel else self._container(description)
        try:
            guest.exec("sh", "-e", stdin=script(description), timeout=900)
            yield guest
        finally:
            with contextlib.suppress(CommandError):  # as where its engine does not answer
                guest.exec("sh", "-c", THAW)
            guest.down()

    def _container(self, description: Description) -> Host:
        host = Host(
            self.hub(),
            release=RELEASES[description.engine],
            packages=PACKAGES,
            own_partition=False,
            name=description.name,
        )
        host.wait()
        host.exec("sh", "-c", UNBIND)
        if description.engine == "20.10":  # it gives privileged containers more than root has here
            host.exec("mv", RUNC, f"{RUNC}.real")
            host.write(RUNC, versions.runc_with_own_capabilities(f"{RUNC}.real"), 0o755)
        if description.engine == "28.5":
            _install(host, versions.packages_of(description.engine))
        return host

    def _machine(self, description: Description) -> machine.Machine:
        if description.engine != "26.1":
            raise LabError(f"{description.name}: machines with a kernel of their own have engine 26.1")
        options = (f"security={description.kernel}", "selinux=1", "enforcing=0")
        return machine.Machine(self.lab, self.disk(), options, description.name)


def _install(host: Host, packages: Sequence[Path]) -> None:
    """Install packages of another release; what they depend on is there, though under other versions."""
    host.exec("mkdir", "/root/packages")
    for each in packages:
        host.hub.engine.docker("cp", str(each), f"{host.name}:/root/packages")
    host.exec("sh", "-c", INSTALL)


def record(guest: Guest, description: Description) -> Recording:
    """Ask a host over ssh, as an audit does."""
    policy = Policy.from_mapping(description.policy)
    target = Target(
        description.name,
        f"ssh://root@{description.name}",
        docker_host=description.docker_host or None,
        paths=tuple(policy.paths.items()),
    )
    connection = Connection(ssh_config=str(guest.ssh_config), timeout=300)
    (recording,) = arriving([target], probes_of(description.asks), connection, probe_timeout=120)
    if recording.failure:
        raise LabError(f"{description.name}: {recording.failure}")
    return recording


def store(recording: Recording) -> Path:
    """Store a recording without the scripts, which are those of the day; equal recordings give equal bytes."""
    path = RECORDINGS / f"{recording.target}.json.gz"
    with removal.temporary() as folder:
        saved = replace(recording, commands={}, host_key="").save(folder)
        path.write_bytes(packed(saved.read_bytes()))
    return path


def main(names: Sequence[str]) -> None:
    """Record these hosts, or all."""
    known = descriptions()
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"no such host: {', '.join(unknown)}; known are {', '.join(known)}")
    if reason := laboratory.obstacle():
        raise SystemExit(f"the corpus is recorded from real hosts: {reason}")
    lab, failed = laboratory.Laboratory(), []
    try:
        builder = Builder(lab)
        for name in names or known:
            try:
                _record_one(builder, known[name])
            except LabError as error:
                failed.append(name)
                print(f"{name}: {error}", file=sys.stderr, flush=True)
    finally:
        lab.close()
    if failed:
        raise SystemExit(f"not recorded: {' '.join(failed)}")


def _record_one(builder: Builder, description: Description) -> None:
    began = time.monotonic()
    with builder.host(description) as guest:
        recording = record(guest, description)
    path = store(recording)
    built = json.loads(BUILT.read_text()) | {description.name: description.digest}
    BUILT.write_text(json.dumps(built, indent=0, sort_keys=True) + "\n")
    print(f"{description.name}: {path.stat().st_size} bytes, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
