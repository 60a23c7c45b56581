"""What keeps a host up to date: ansible-pull, Puppet and unattended-upgrades, by runs that did and that did not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import judge_guest

if TYPE_CHECKING:
    from selftests.rig.hosts.host import Host

HostFactory = Callable[..., "Host"]

LOG = ">>/var/log/ansible-pull.log 2>&1 || true"
PULL = "ansible-pull --url /srv/play --checkout main --inventory localhost, local.yml"
PLAY = """- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
  - copy: {content: done, dest: /tmp/done}
"""
COMMIT = """cd /srv/play
git init --quiet --initial-branch main
git add .
git -c user.name=a -c user.email=a@example.com commit --quiet --message a
"""
# A repository of security updates, in which the one package has the version $1.
PUBLISH = """set -e
cd /srv/trixie-security
control="Package: trifle\nVersion: $1\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: x\n"
printf "$control" >tree/DEBIAN/control
dpkg-deb --build tree trifle.deb >/dev/null
sum() { sha256sum "$1" | cut -d " " -f 1; }
printf "${control}Filename: ./trifle.deb\nSize: $(stat -c %s trifle.deb)\nSHA256: $(sum trifle.deb)\n" >Packages
labels="Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nCodename: trixie-security\n"
labels="${labels}Date: $(date -Ru | sed s/+0000/UTC/)\n"
printf "${labels}SHA256:\n $(sum Packages) $(stat -c %s Packages) Packages\n" >Release
apt-get -qq update
"""
# The same for dnf: a repository in /srv/updates.
BUILD = """set -e
cd /srv
printf "%s\\n" "Name: trifle" "Version: $1" "Release: 1" "Summary: x" "License: x" "BuildArch: noarch" \
  "%description" x "%files" >trifle.spec
rpmbuild --quiet -bb --define "_rpmdir /srv/updates" trifle.spec
createrepo_c --quiet updates
"""
# As Fedora has them: Debian's dnf comes without the program and its units.
AUTOMATIC = {
    "/usr/bin/dnf-automatic": "#!/usr/bin/python3\nimport sys\nfrom dnf.automatic.main import main\n"
    "sys.exit(main(sys.argv[1:]))\n",
    "/etc/systemd/system/dnf-automatic.service": "[Service]\nType=oneshot\n"
    "ExecStart=/usr/bin/dnf-automatic /etc/dnf/automatic.conf --timer\n",
    "/etc/systemd/system/dnf-automatic.timer": "[Timer]\nOnCalendar=06:00\n[Install]\nWantedBy=timers.target\n",
    "/etc/yum.repos.d/updates.repo": "[updates]\nname=updates\nbaseurl=file:///srv/updates\ngpgcheck=0\n",
}
UPDATES = "security updates"


def patched(host: Host, tool: str) -> tuple[str, str]:
    """What the control of patching says of a tool."""
    return judge_guest("patching_is_automated", host)[tool]


@pytest.mark.product("ansible-core 2.19")
def test_ansible_pull(product_host: HostFactory) -> None:
    """By cron with a log: what it does in the end decides, and not that it was started."""
    host = product_host(docker=False)
    host.write("/srv/play/local.yml", PLAY)
    host.exec("sh", "-c", COMMIT)
    host.write("/etc/cron.d/pull", f"0 3 * * * root {PULL} {LOG}\n")
    assert patched(host, "Ansible")[0] != "pass"

    def after(command: str) -> str:
        host.exec("sh", "-c", f"cd; {command} {LOG}")
        return patched(host, "Ansible")[0]

    assert after(PULL) == "pass"
    assert host.exec("cat", "/tmp/done") == "done"
    for ending in (
        PULL.replace("localhost,", "elsewhere,"),
        PULL.replace("local.yml", "other.yml"),
        PULL.replace("/srv/play", "/srv/none"),
        f"{PULL} --unknown",
        f"{PULL} --only-if-changed",
    ):
        assert after(ending) == "fail", ending
        assert after(PULL) == "pass"
    host.write("/srv/play/local.yml", f"{PLAY}  - command: /bin/false\n")
    host.exec("sh", "-c", COMMIT)
    assert after(PULL) == "fail"


@pytest.mark.product("puppet-agent 8.10")
def test_puppet(product_host: HostFactory) -> None:
    """By cron: a manifest that it could apply, and one that it could not."""
    host = product_host(docker=False)
    host.write("/root/site.pp", "file { '/tmp/done': content => 'done' }\n")
    apply = "puppet apply /root/site.pp"
    host.exec("sh", "-c", apply)
    assert patched(host, "Puppet")[0] == "fail"
    host.write("/etc/cron.d/site", f"0 3 * * * root {apply}\n")
    assert patched(host, "Puppet")[0] == "pass"
    assert host.exec("cat", "/tmp/done") == "done"
    host.write("/root/site.pp", "exec { '/bin/false': }\n")
    host.exec("sh", "-c", f"{apply} || true")
    assert "its last run did not succeed" in patched(host, "Puppet")[1]
    host.write("/root/site.pp", "file { '/tmp/done': content => 'done' }\n")
    host.exec("sh", "-c", f"rm /tmp/done; {apply} --noop")
    assert patched(host, "Puppet")[0] == "fail"
    host.exec("sh", "-c", apply)
    assert patched(host, "Puppet")[0] == "pass"


@pytest.fixture
def host(product_host: HostFactory) -> Host:
    """A host whose one source of packages is a repository of security updates, with version 1 of its package."""
    found = product_host(docker=False)
    found.exec("sh", "-c", "rm -rf /etc/apt/sources.list* && mkdir -p /srv/trixie-security/tree/DEBIAN")
    found.write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/trixie-security ./\n")
    publish(found, 1)
    found.exec("apt-get", "-qq", "install", "trifle")
    return found


def publish(host: Host, version: int) -> None:
    """Let there be this version, and the host know of it."""
    host.exec("sh", "-c", PUBLISH, "publish", str(version))


def upgraded(host: Host) -> tuple[int, str]:
    """The version that the host has after a run of unattended-upgrades, and what is said of that."""
    host.exec("sh", "-c", "unattended-upgrade || true")
    version = host.exec("dpkg-query", "--show", "--showformat", "${Version}", "trifle")
    return int(version), patched(host, UPDATES)[0]


@pytest.mark.product("unattended-upgrades 2.12")
def test_unattended_upgrades(host: Host) -> None:
    """An update that it installs, and each way in which it leaves one out."""
    publish(host, 2)
    assert upgraded(host) == (2, "pass")
    own = "/etc/apt/apt.conf.d/99own"
    origins = '#clear Unattended-Upgrade::Origins-Pattern;\nUnattended-Upgrade::Origins-Pattern {"label=Debian";};\n'
    pinned = "Package: *\nPin: release l=Debian-Security\nPin-Priority: 50\n"
    for number, (path, text, verdict) in enumerate(
        (
            (own, 'Unattended-Upgrade::Package-Blacklist {"tri";};\n', "manual"),
            (own, origins, "fail"),
            ("/etc/apt/preferences.d/own", pinned, "manual"),
            ("/etc/apt/preferences.d/own", "Package: trifle\nPin: version 5\nPin-Priority: 1001\n", "manual"),
        ),
        start=3,
    ):
        publish(host, number)
        host.write(path, text)
        assert upgraded(host) == (number - 1, verdict), text
        host.exec("rm", path)
        assert upgraded(host) == (number, "pass")


@pytest.mark.product("unattended-upgrades 2.12")
def test_update_that_does_not_install(host: Host) -> None:
    """A package whose script fails, one that is on hold, and one that is not there."""
    preinst = "/srv/trixie-security/tree/DEBIAN/preinst"
    host.write(preinst, "#!/bin/sh\nexit 1\n", 0o755)
    publish(host, 2)
    assert upgraded(host) == (1, "fail")
    host.exec("rm", preinst)
    host.exec("apt-mark", "hold", "trifle")
    publish(host, 3)
    assert upgraded(host) == (1, "manual")
    host.exec("apt-mark", "unhold", "trifle")
    host.exec("mv", "/srv/trixie-security/trifle.deb", "/srv/trifle.deb")
    assert upgraded(host) == (1, "fail")
    host.exec("mv", "/srv/trifle.deb", "/srv/trixie-security/trifle.deb")
    assert upgraded(host) == (3, "pass")


@pytest.mark.product("dnf 4.23")
def test_dnf_automatic(product_host: HostFactory) -> None:
    """An update that it installs, and each way in which it leaves one out."""
    host = product_host(docker=False, packages="createrepo-c dnf rpm")
    for path, text in AUTOMATIC.items():
        host.write(path, text, 0o755 if "bin" in path else 0o644)
    host.exec("sh", "-c", BUILD, "build", "1")
    host.exec("dnf", "--assumeyes", "--quiet", "install", "trifle")
    host.exec("systemctl", "enable", "--now", "dnf-automatic.timer")

    def updated(version: int) -> tuple[int, str]:
        host.exec("sh", "-c", BUILD, "build", str(version))
        host.exec(
            "sh", "-c", "dnf --quiet clean all; systemctl reset-failed; systemctl start dnf-automatic || true"
        )
        return int(host.exec("rpm", "--query", "--queryformat", "%{VERSION}", "trifle")), patched(
            host, UPDATES
        )[0]

    assert updated(2) == (1, "manual")  # it downloads alone
    host.exec("sed", "-i", "s/^apply_updates = no/apply_updates = yes/", "/etc/dnf/automatic.conf")
    assert updated(3) == (3, "pass")
    repository = "/etc/yum.repos.d/updates.repo"
    for number, line in enumerate(("excludepkgs=\n  tri*", "includepkgs=other"), start=4):
        host.write(repository, f"{AUTOMATIC[repository]}{line}\n")
        assert updated(number) == (number - 1, "manual"), line
        host.write(repository, AUTOMATIC[repository])
        assert updated(number) == (number, "pass")
    host.write(repository, AUTOMATIC[repository].replace("/srv/updates", "/srv/none"))
    assert updated(9) == (5, "manual")  # it passes over what it cannot reach
