"""Which folders of a host are sensitive."""

from __future__ import annotations

import pytest

from hullcheck.criteria.host_paths import is_of_a_service, is_sensitive
from hullcheck.facts.containers.mounts import HostMount


def seen(kind: str) -> HostMount:
    """A mount of this kind."""
    return HostMount("/x", frozenset(), kind)


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/data/docker/volumes/v/_data", "volume", False),
        ("/data/docker/volumes/v/_data", "bind", True),
        ("/data/docker/volumes/v/_data", "image", False),
        ("/data/docker/overlay2/x", "image", False),
        ("/data/docker/overlay2/x", "volume", True),
        (f"/data/docker/plugins/{'a' * 64}/propagated-mount/v", "volume", False),
        (f"/data/docker/plugins/{'a' * 64}/propagated-mount/v", "bind", True),
        (f"/data/docker/plugins/{'a' * 64}/rootfs/mnt/v", "volume", False),
        ("/data/docker", "image", True),
        ("/data", "bind", True),
        ("/data/other", "bind", False),
        ("/etc", "volume", True),
    ],
)
def test_own_folders_of_the_engine(path: str, kind: str, expected: bool) -> None:
    """A volume or an image may show its own folder of the engine's, and nothing else may."""
    assert is_sensitive(seen(kind), path, "/data/docker") is expected


_SENSITIVE = """
    / /.snapshots/1/snapshot /swapfile /timeshift/snapshots
    /bin /boot/grub /dev/sda /etc/shadow /home /home/deploy /home/deploy/.ssh /home/deploy/.docker/config.json
    /nix/store /opt /opt/cni/bin /opt/nri/plugins /ostree /proc /root /root/.ssh /run /run/crio /run/dbus
    /run/dbus/system_bus_socket /run/docker.sock /run/k3s /run/libvirt/libvirt-sock /run/nri /run/podman
    /run/snapd.socket /run/systemd /run/systemd/private /run/user /run/user/1000 /snap /sys /sysroot /usr/local/bin /var
    /var/backups /var/home/core /var/lib /var/lib/cloud /var/lib/containers/storage /var/lib/dpkg/info
    /var/lib/incus/unix.socket /var/lib/kubelet /var/lib/lxd /var/lib/machines /var/lib/rancher /var/lib/rpm
    /var/lib/sss /var/lib/sudo /var/lib/systemd/linger /var/log /var/log/journal /var/roothome/.ssh
    /var/run/systemd/private /var/snap/lxd/common/lxd/unix.socket /var/spool/cron/crontabs
    /srv/ci/.docker /srv/ci/.docker/config.json /srv/ci/.docker/contexts/meta /srv/deploy/.ssh /srv/deploy/.ssh/id_rsa
"""
_OF_SERVICES = """
    /run/mysqld /run/unknown.sock /var/cache/app /var/lib/mysql /var/run/postgresql
    /var/spool/postfix
"""
_OF_THE_SITE = """
    /.snapshot /data /data/.snapshots
    /home/deploy/app /home/deploy/app/.docker/nginx /home/deploy/app/.env
    /media/x /mnt/x /opt/stacks/app /optional /runner /srv /srv/.sshd
    /srv/app/.docker/config /tmp/x /var/www
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *((each, (True, None)) for each in _SENSITIVE.split()),
        *((each, (False, True)) for each in _OF_SERVICES.split()),
        *((each, (False, False)) for each in _OF_THE_SITE.split()),
    ],
)
def test_what_can_be_done_with_a_path(path: str, expected: tuple[bool, bool | None]) -> None:
    """What commands, configures or tells of the host is sensitive; what a service owns, people have to judge."""
    sensitive, of_a_service = expected
    assert is_sensitive(seen("bind"), path, "/var/lib/docker") is sensitive
    if of_a_service is not None:
        assert is_of_a_service(seen("bind"), path, "/var/lib/docker") is of_a_service
    assert not is_of_a_service(seen("volume"), f"{path}/volumes/x", path)
