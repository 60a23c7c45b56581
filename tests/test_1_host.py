"""CIS Docker Benchmark v1.8.0, section 1: the host.

Audit rules count if the kernel has loaded them. A rule that is only in a file is "restart pending".
"""

import re
from datetime import date, timedelta

import pytest

from hullcheck.controls.metadata import marked
from hullcheck.criteria.auditd import require_recorded
from hullcheck.criteria.file_access import controllers, group
from hullcheck.data.releases import KnownReleases, numbers, order
from hullcheck.facts.engine.release import Release, System
from hullcheck.facts.engine.storage import Root, Storage
from hullcheck.facts.host.accounts import Accounts
from hullcheck.facts.host.audit import Audit
from hullcheck.facts.host.file import FileFact
from hullcheck.facts.host.packages import Patching
from hullcheck.facts.registry import Later
from hullcheck.lazy import regex
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError, Manual

_COMMUNITY = "Docker Engine - Community"
_PRE_RELEASE = regex(r"-(alpha|beta|rc|dev|tp)", re.IGNORECASE)

_records_of_configuration = marked(
    pytest.mark.nist("AU-2", "AU-12", "CM-6", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("10.2.1", "10.2.1.7"),
    pytest.mark.hipaa("164.312(b)"),
    pytest.mark.guide("1.4.auditd"),
)
_records_of_programs = marked(
    pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("10.2.1", "10.2.1.2", "10.2.1.7"),
    pytest.mark.hipaa("164.312(b)"),
    pytest.mark.guide("1.4.auditd"),
)
_records_of_control = marked(
    pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("10.2.1", "10.2.1.2"),
    pytest.mark.hipaa("164.312(b)"),
    pytest.mark.guide("1.4.auditd"),
)
_records_of_data = marked(
    pytest.mark.nist("AU-2", "AU-12", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("10.2.1", "10.2.1.7"),
    pytest.mark.hipaa("164.312(b)"),
    pytest.mark.guide("1.4.auditd"),
)


def _recorded(file: FileFact, audit: Audit, *excluding: str) -> str:
    """Return the rules that record each write and attribute change of *file*; fail if there are none."""
    node = file.node
    return require_recorded(audit, node.path, is_directory=node.is_directory, excluding=excluding)


@pytest.mark.cis("1.1.1", level=1)
@pytest.mark.nist("CM-6", "SC-5", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("medium", "One container that writes without limit fills the host's disk and stops everything.")
def test_engine_data_has_a_file_system_of_its_own(storage: Storage) -> str:
    """Docker's data directory has a file system of its own.

    Images, volumes and logs grow without limit. On a shared file system one container can fill the host's disk and stop
    everything. A bind mount from a larger file system still shares its space. With the containerd image store,
    containerd's directory counts too.

    Remedy: mount a file system at the data root (`docker info`: DockerRootDir), with containerd's store
    /var/lib/containerd.
    """
    shared = [f"{root.path} {_shared_space(root)}" for root in storage.roots if not root.is_own]
    assert not shared, "; ".join(shared)
    pools = [f"{root.path} is in the ZFS pool {root.pool}" for root in storage.roots if root.pool]
    if pools:
        raise Manual(f"{'; '.join(pools)}, which the host uses too: check that a quota limits it")
    notes = (f"{each.path} has its own {each.mount.kind}, {each.mount.device}" for each in storage.roots)
    return "; ".join(notes)


def _shared_space(root: Root) -> str:
    """Return with which file system *root* shares its space."""
    mount = root.mount
    if root.host:
        itself = " (mounted from there)" if mount.point == root.path else ""
        return f"is on the file system of {root.host.point}{itself}, device {mount.device}"
    if mount.device == root.above.device:
        return f"is on the file system mounted at {root.above.point}, with other data"
    return f"is the directory {mount.root} of the file system on device {mount.device}"


@pytest.mark.cis("1.1.2", level=1)
@pytest.mark.nist("AC-2", "AC-6", "AC-6(5)", "AC-6(7)", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("7.2.2", "7.2.3", "7.2.4")
@pytest.mark.hipaa("164.308(a)(3)(i)", "164.308(a)(4)(ii)(B)", "164.312(a)(1)")
@pytest.mark.guide("1.3.trusted_users", "5.pci_dss.limit_access", "5.hipaa.least_privilege")
@pytest.mark.severity("high", "Every member of the docker group becomes root with one docker command.")
def test_engine_is_controlled_by_trusted_users(api_socket: FileFact, accounts: Accounts, policy: Policy) -> str:
    """Only trusted users can control the Docker daemon.

    Access to the socket equals root: `docker run -v /:/host` is enough. Members of the socket's group count, also by
    primary group, and users on an access control list. sudo rules do not count.

    Remedy: remove the user from the group (`gpasswd --delete USER docker`) or access control list (`setfacl --remove`),
    or name the user in `trusted_users` of the policy.
    """
    assert not api_socket.node.bits & 0o002, "can be written by every user of the host"
    found = controllers(api_socket, accounts)
    untrusted = [f"{name} ({way})" for name, way in found.items() if name not in policy.trusted_users]
    assert not untrusted, f"can be used by {', '.join(untrusted)}, not in trusted_users of the policy"
    return f"{group(accounts, api_socket.node.gid)}: {', '.join(found) or 'only root'}"


@pytest.mark.cis("1.1.3", level=1)
@_records_of_control
@pytest.mark.severity("low", "A replaced dockerd leaves no trace, but replacing it already takes root.")
def test_daemon_program_is_audited(daemon_program: FileFact, audit: Audit) -> str:
    """An audit rule watches the Docker daemon binary.

    The daemon runs as root. Without a record nobody knows when its program was replaced, or by whom.

    Remedy: add `-w /usr/bin/dockerd -p wa -k docker` (with the program's real path) to /etc/audit/rules.d/docker.rules;
    run `augenrules --load`.
    """
    return _recorded(daemon_program, audit)


@pytest.mark.cis("1.1.4", level=1)
@_records_of_data
@pytest.mark.severity("low", "A socket opened to other users leaves no trace, but opening it already takes root.")
def test_containerd_directory_is_audited(containerd_directory: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd runtime directory.

    Its sockets start and control containers. A watch that is loaded at boot, before the directory exists, covers only
    the directory and not its contents.

    Remedy: load the rule `-w /run/containerd -p wa -k docker` after containerd has started.
    """
    return _recorded(containerd_directory, audit)


_WRITTEN_TO = ("overlay2", "rootfs", "volumes", "io.containerd.snapshotter.v1.overlayfs")


@pytest.mark.cis("1.1.5", level=1)
@_records_of_data
@pytest.mark.severity("low", "Directly changed images leave no trace, but changing them already takes root.")
def test_data_root_is_audited(data_root: FileFact, audit: Audit) -> str:
    """An audit rule watches the Docker data directory.

    Direct changes to images, containers and volumes change what runs. With the containerd image store,
    /var/lib/containerd needs a rule too. Earlier rules may exclude overlay2, rootfs, volumes and containerd's
    overlayfs, where containers write all the time.

    Remedy: add `-w /var/lib/docker -p wa -k docker`, with the data root from `docker info`, to
    /etc/audit/rules.d/docker.rules, with the containerd image store also /var/lib/containerd; run `augenrules --load`.
    """
    root = data_root.node.path
    return _recorded(data_root, audit, *(f"{root}/{each}" for each in _WRITTEN_TO))


@pytest.mark.cis("1.1.6", level=1)
@_records_of_configuration
@pytest.mark.severity("low", "A replaced daemon.json or CA leaves no trace, but replacing it already takes root.")
def test_configuration_directory_is_audited(configuration_directory: FileFact, audit: Audit) -> str:
    """An audit rule watches the Docker configuration directory.

    It holds daemon.json and the certificates that the daemon trusts.

    Remedy: add `-w /etc/docker -p wa -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(configuration_directory, audit)


@pytest.mark.cis("1.1.7", level=2)
@_records_of_configuration
@pytest.mark.severity("low", "An edited unit leaves no trace, but editing it already takes root.")
def test_unit_file_is_audited(unit_file: FileFact, audit: Audit) -> str:
    """An audit rule watches the docker.service unit file.

    It sets the daemon's options and commands that run as root. Without systemd the start script counts.

    Remedy: add `-w /usr/lib/systemd/system/docker.service -p wa -k docker`, with the path from
    `systemctl show -p FragmentPath docker.service`, to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(unit_file, audit)


@pytest.mark.cis("1.1.8", level=2)
@_records_of_control
@pytest.mark.severity("low", "A changed owner or mode leaves no trace, but changing it already takes root.")
def test_containerd_socket_is_audited(containerd_socket: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd socket.

    Anyone who can write to it starts containers without the Docker daemon and its rules.

    Remedy: add `-w /run/containerd/containerd.sock -p wa -k docker` to /etc/audit/rules.d/docker.rules; run
    `augenrules --load`.
    """
    return _recorded(containerd_socket, audit)


@pytest.mark.cis("1.1.9", level=2)
@_records_of_control
@pytest.mark.severity("low", "A changed owner or mode leaves no trace, but changing it already takes root.")
def test_api_socket_is_audited(api_socket: FileFact, audit: Audit) -> str:
    """An audit rule watches the Docker API sockets.

    Access to such a socket equals root. A changed owner or mode opens it. The unit file docker.socket is not meant.

    Remedy: add `-w /run/docker.sock -p wa -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(api_socket, audit)


@pytest.mark.cis("1.1.10", level=2)
@_records_of_configuration
@pytest.mark.severity("low", "Changed start options leave no trace, but changing them already takes root.")
def test_default_file_is_audited(default_file: FileFact, audit: Audit) -> str:
    """An audit rule watches /etc/default/docker.

    Start scripts read the daemon's options from it.

    Remedy: add `-w /etc/default/docker -p wa -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(default_file, audit)


@pytest.mark.cis("1.1.11", level=2)
@_records_of_configuration
@pytest.mark.severity("low", "Switching off a protection leaves no trace, but it already takes root.")
def test_configuration_file_is_audited(configuration_file: FileFact, audit: Audit) -> str:
    """An audit rule watches daemon.json.

    Nearly every protection of Docker can be switched off in this file.

    Remedy: add `-w /etc/docker/daemon.json -p wa -k docker` (or the path of --config-file) to
    /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(configuration_file, audit)


@pytest.mark.cis("1.1.12", level=2)
@_records_of_configuration
@pytest.mark.severity("low", "A replaced runtime leaves no trace, but replacing it already takes root.")
def test_containerd_configuration_is_audited(containerd_configuration: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd configuration file.

    It names the programs that containerd runs as root, and who may connect to it.

    Remedy: add `-w /etc/containerd -p wa -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(containerd_configuration, audit)


@pytest.mark.cis("1.1.13", level=2)
@_records_of_configuration
@pytest.mark.severity("low", "Changed start options leave no trace, but changing them already takes root.")
def test_sysconfig_file_is_audited(sysconfig_file: FileFact, audit: Audit) -> str:
    """An audit rule watches /etc/sysconfig/docker.

    Start scripts read the daemon's options from it.

    Remedy: add `-w /etc/sysconfig/docker -p wa -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(sysconfig_file, audit)


@pytest.mark.cis("1.1.14", level=2)
@_records_of_programs
@pytest.mark.severity("low", "A replaced program leaves no trace, but replacing it already takes root.")
def test_containerd_program_is_audited(containerd_program: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd binary.

    It runs as root and starts every container.

    Remedy: add `-w /usr/bin/containerd -p wa -k docker` (with the program's real path) to
    /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    return _recorded(containerd_program, audit)


@pytest.mark.cis("1.1.15", level=2)
@_records_of_programs
@pytest.mark.severity("low", "A replaced shim leaves no trace, but replacing it already takes root.")
def test_containerd_shim_is_audited(containerd_shim: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd-shim binary.

    It runs as root for each container of an old engine. Not applicable if no container uses it.

    Remedy: add `-w /usr/bin/containerd-shim -p wa -k docker` to /etc/audit/rules.d/docker.rules; run
    `augenrules --load`.
    """
    return _recorded(containerd_shim, audit)


@pytest.mark.cis("1.1.16", level=2)
@_records_of_programs
@pytest.mark.severity("low", "A replaced shim leaves no trace, but replacing it already takes root.")
def test_runc_v1_shim_is_audited(runc_v1_shim: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd-shim-runc-v1 binary.

    It runs as root for each container of an old engine. Not applicable if no container uses it.

    Remedy: add `-w /usr/bin/containerd-shim-runc-v1 -p wa -k docker` to /etc/audit/rules.d/docker.rules; run
    `augenrules --load`.
    """
    return _recorded(runc_v1_shim, audit)


@pytest.mark.cis("1.1.17", level=2)
@_records_of_programs
@pytest.mark.severity("low", "A replaced shim leaves no trace, but replacing it already takes root.")
def test_runc_v2_shim_is_audited(runc_v2_shim: FileFact, audit: Audit) -> str:
    """An audit rule watches the containerd-shim-runc-v2 binary.

    It runs as root for each container.

    Remedy: add `-w /usr/bin/containerd-shim-runc-v2 -p wa -k docker` to /etc/audit/rules.d/docker.rules; run
    `augenrules --load`.
    """
    return _recorded(runc_v2_shim, audit)


@pytest.mark.cis("1.1.18", level=2)
@_records_of_programs
@pytest.mark.severity("low", "A break-out that overwrites runc leaves no trace; other controls make it hard.")
def test_runc_program_is_audited(runc_program: FileFact, audit: Audit) -> str:
    """An audit rule watches the runc binary.

    It runs as root and creates every container. Known break-outs overwrite it from inside a container. Another default
    runtime (`default-runtime`) counts too.

    Remedy: add `-w /usr/bin/runc -p wa -k docker` (with the program's real path) to /etc/audit/rules.d/docker.rules;
    run `augenrules --load`.
    """
    return _recorded(runc_program, audit)


@pytest.mark.cis("1.2.1", level=1)
@pytest.mark.nist("CM-2", "CM-6", "CM-7", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.1", "2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)", "164.308(a)(8)")
@pytest.mark.guide("1.1.cis_linux_benchmark")
@pytest.mark.severity("medium", "Weak settings of the host undo the protections of Docker and containers.")
def test_host_follows_a_hardening_standard(system: System, policy: Policy) -> str:
    """The host is hardened to an operating system standard.

    Weaknesses of the operating system affect every container. An audit of Docker cannot see whether the system is
    hardened, so the policy names the standard and the day of the last assessment.

    Remedy: assess the host, as by its distribution's CIS Benchmark, and record that as `os_hardening` in the policy.
    """
    record = policy.os_hardening
    doubt = (
        f"assess {system.name} against a hardening standard, and record it in the policy:"
        " `os_hardening: {standard: NAME, assessed: YYYY-MM-DD}`"
    )
    if record:
        what = f"{system.name} was assessed against {record.standard} on {record.assessed}"
        last = record.assessed + timedelta(record.valid_days)
        if record.assessed <= system.today <= last:
            return f"{what}; valid until {last}"
        ahead = f"{what} by the policy, which is after this audit: correct the date"
        doubt = ahead if record.assessed > system.today else f"{what}, valid until {last}: assess it again"
    raise Manual(doubt)


@pytest.mark.cis("1.2.2", level=1)
@pytest.mark.nist("SI-2", "SA-22", sp="800-53")
@pytest.mark.nist("4.4.1", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.severity("high", "Known flaws of an old Docker or runc let a container break out to the host.")
def test_engine_release_is_maintained(
    release: Release,
    component_versions: Later[dict[str, str]],
    known_releases: KnownReleases,
    patching: Later[Patching],
    policy: Policy,
) -> str:
    """Docker Engine is a maintained release without serious known flaws.

    A new release makes the vulnerabilities that it fixes public; older lines stay vulnerable. A build of Docker is
    compared with a dated table of releases, which `--releases` replaces. A distribution's build passes if the
    distribution is maintained and its updates are installed automatically, or by `patched_by` of the policy. The
    versions of containerd and runc are only shown.

    Remedy: install the newest Docker Engine, containerd and runc from Docker, or from a distribution that still gets
    updates (`apt-get update && apt-get upgrade`). Then run `systemctl restart containerd docker`.
    """
    flaw, doubt = _release_flaw_and_doubt(release, known_releases)
    assert not flaw, f"{release} {flaw}"
    unpatched = release.is_of_a_distribution and not policy.patched_by
    if not doubt and unpatched and not patching.get().works(policy.patch_days):
        doubt = "no automatic updates were found; if something else installs them, set `patched_by` in the policy"
    if doubt:
        raise Manual(f"{release}: {doubt}. Check that it is maintained and the newest build")
    parts = ", ".join(f"{name} {version}" for name, version in component_versions.get().items())
    return f"{release} is maintained, by the release table of {known_releases.day}; {parts}"


def _release_flaw_and_doubt(release: Release, known: KnownReleases) -> tuple[str, str]:
    """Return why a release is not maintained, and why that is unknown; both are empty if it is maintained."""
    if not re.match(r"\d+\.\d+", release.version):
        raise EvidenceError(f"{release.version!r} is not a version of the engine")
    line, today = known.line(release.version), release.today
    if line and today < line.released:
        raise EvidenceError(
            f"release line {line.name} began on {line.released}, but the clock is at {today}: set the clock"
        )
    if release.is_of_a_distribution:
        end = _end_of_distribution(release, known)
        when = f"on {end}" if end != date.min else f"before {known.day}"
        ended = f"got its last updates {when}" if end and end < today else ""
        return ended, "" if end else "the end of its updates is unknown"
    if release.vendor != _COMMUNITY:
        return "", "the releases that its vendor maintains are unknown"
    if not line and numbers(release.version) > numbers(known.lines[0].name):
        return "", f"it is newer than the release table of {known.day}"
    if not line:
        return "is older than every known release line", ""
    if line.ended and line.ended < today:
        return f"is of release line {line.name}, which ended on {line.ended}", ""
    if line.safe and order(release.version) < order(line.safe):
        return f"has known vulnerabilities, fixed in {line.safe}", ""
    if _PRE_RELEASE.search(release.version):
        return "is a pre-release", ""
    too_old = f"the release table of {known.day} is too old; name a newer one with --releases"
    return "", too_old if today > known.day + timedelta(known.good_for_days) else ""


def _end_of_distribution(release: Release, known: KnownReleases) -> date | None:
    """Return the last day of updates, from os-release or else from the table."""
    try:
        return date.fromisoformat(release.system.get("SUPPORT_END", ""))
    except ValueError:
        return known.end(release.system.get("ID", ""), release.system.get("VERSION_ID", ""))
