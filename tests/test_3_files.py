"""CIS Docker Benchmark v1.8.0, section 3: the files of the Docker daemon.

The files that the running daemon uses are judged, wherever they are. Symbolic links are followed. The directories in
the path count too: anyone who can change one can replace the file. In rootless mode the engine's user may own the
files.
"""

import pytest

from hullcheck.controls.metadata import marked
from hullcheck.criteria.file_access import foreign_owners, leads_to, permissions_beyond
from hullcheck.facts.host.file import FileFact
from hullcheck.policy import Policy

_protects_configuration = marked(
    pytest.mark.nist("AC-3", "AC-6", "CM-5", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("2.2.6", "7.3.1"),
    pytest.mark.hipaa("164.312(a)(1)"),
)
_protects_tls = marked(
    pytest.mark.nist("AC-3", "AC-6", "SC-12", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("2.2.6", "7.3.1"),
    pytest.mark.hipaa("164.312(a)(1)"),
)
_protects_tls_key = marked(
    pytest.mark.nist("AC-3", "AC-6", "IA-5", "SC-12", sp="800-53"),
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("2.2.6", "7.3.1"),
    pytest.mark.hipaa("164.312(a)(1)"),
    pytest.mark.guide("2.3.tlskey"),
)
_limits_access = marked(
    pytest.mark.nist("4.5.4", sp="800-190"),
    pytest.mark.pci("7.2.2", "7.3.1"),
    pytest.mark.hipaa("164.312(a)(1)", "164.308(a)(4)(ii)(B)"),
)


def _belongs_to_root(file: FileFact, *groups: str) -> str:
    """Return owner and group of *file*; fail unless they, and the owners in its path, are root or of *groups*."""
    foreign = foreign_owners(file, groups)
    assert not foreign, foreign
    return f"owner {file.node.uid}:{file.node.gid}{leads_to(file)}"


def _closed_to_others(file: FileFact, allowed: int) -> str:
    """Return the mode of *file*; fail if others may do more than *allowed*."""
    beyond = permissions_beyond(file, allowed)
    assert not beyond, beyond
    return f"mode {file.node.bits:03o}{leads_to(file)}"


def _allowed(unit_file: FileFact) -> int:
    """Return the mode for a file of a unit; directories and scripts have to be executable."""
    return 0o755 if unit_file.is_directory or unit_file.is_run else 0o644


@pytest.mark.cis("3.1", level=1)
@_protects_configuration
@pytest.mark.severity("high", "The owner of one of these files runs anything as root at the next start.")
def test_service_unit_belongs_to_root(service_unit_file: FileFact) -> str:
    """The docker.service unit and its files are owned by root.

    systemd runs the commands in these files as root, so their owner becomes root at the next start. Drop-ins,
    environment files and programs of the unit count too; without systemd, `/etc/init.d/docker` and its settings.

    Remedy: `chown root:root FILE` for the file, drop-in, link or directory that is named.
    """
    return _belongs_to_root(service_unit_file)


@pytest.mark.cis("3.2", level=1)
@_protects_configuration
@pytest.mark.severity("high", "A user who can write to one of these files runs anything as root at the next start.")
def test_service_unit_is_written_by_root_alone(service_unit_file: FileFact) -> str:
    """Only root can write to the docker.service unit and its files.

    A drop-in with another ExecStart runs as root at the next start. Drop-ins, environment files and programs of the
    unit count too; without systemd, `/etc/init.d/docker` and its settings.

    Remedy: `chmod go-w FILE`; no mode above 644, or above 755 for a directory or a script.
    """
    return _closed_to_others(service_unit_file, _allowed(service_unit_file))


@pytest.mark.cis("3.3", level=1)
@_protects_configuration
@pytest.mark.severity("high", "The owner can open the API to everyone at the next start, and so become root.")
def test_socket_unit_belongs_to_root(socket_unit_file: FileFact) -> str:
    """The docker.socket unit is owned by root.

    It sets where the daemon listens and who may connect, so its owner can open the API to everyone. Drop-ins count too.

    Remedy: `chown root:root FILE` for the file, drop-in, link or directory that is named.
    """
    return _belongs_to_root(socket_unit_file)


@pytest.mark.cis("3.4", level=1)
@_protects_configuration
@pytest.mark.severity("high", "A user who can write to it opens the API to everyone, and so becomes root.")
def test_socket_unit_is_written_by_root_alone(socket_unit_file: FileFact) -> str:
    """Only root can write to the docker.socket unit.

    An added ListenStream opens a port to the API without any login. Drop-ins count too.

    Remedy: `chmod go-w FILE`; no mode above 644; `chmod go-w` for a directory in its path too.
    """
    return _closed_to_others(socket_unit_file, _allowed(socket_unit_file))


@pytest.mark.cis("3.5", level=1)
@_protects_configuration
@pytest.mark.severity("high", "The owner can install a daemon.json that makes them root at the next start.")
def test_configuration_directory_belongs_to_root(configuration_directory: FileFact) -> str:
    """The Docker configuration directory is owned by root.

    The owner of a directory can replace every file in it, whoever owns the file.

    Remedy: `chown root:root /etc/docker`, or the directory of the file of --config-file.
    """
    return _belongs_to_root(configuration_directory)


@pytest.mark.cis("3.6", level=1)
@_protects_configuration
@pytest.mark.severity("high", "A user who can write here can install a daemon.json that makes them root.")
def test_configuration_directory_is_written_by_root_alone(configuration_directory: FileFact) -> str:
    """Only root can write to the Docker configuration directory.

    Anyone who can write there can replace daemon.json or a registry's CA.

    Remedy: `chmod go-w /etc/docker`, or the directory of the file of --config-file; no mode above 755.
    """
    return _closed_to_others(configuration_directory, 0o755)


@pytest.mark.cis("3.7", level=1)
@pytest.mark.nist("AC-3", "AC-6", "CM-5", "SC-12", sp="800-53")
@pytest.mark.nist("4.2.1", "4.5.4", sp="800-190")
@pytest.mark.pci("2.2.6", "7.3.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "The owner can pose as the registry, if they also control the network path.")
def test_registry_certificates_belong_to_root(registry_certificate: FileFact) -> str:
    """Registry certificates and keys are owned by root.

    The owner of a registry's CA file decides which server this host accepts as that registry.

    Remedy: `chown -R root:root /etc/docker/certs.d`.
    """
    return _belongs_to_root(registry_certificate)


@pytest.mark.cis("3.8", level=1)
@pytest.mark.nist("AC-3", "AC-6", "CM-5", "SC-12", sp="800-53")
@pytest.mark.nist("4.2.1", "4.5.4", sp="800-190")
@pytest.mark.pci("2.2.6", "7.3.1")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.severity("medium", "Other users can pose as the registry, if they also control the network path.")
def test_registry_certificates_are_read_only(registry_certificate: FileFact) -> str:
    """Registry certificates are read-only, and only root can read keys.

    Anyone who can change a CA file can pose as the registry, and anyone who can read a private key can log in as this
    host. Certificates are written once, so even their owner needs no write permission. Keys are files named `*.key`.

    Remedy: `chmod 444 FILE` for each file below /etc/docker/certs.d, 400 for a key, and 755 for a directory.
    """
    file = registry_certificate
    return _closed_to_others(file, 0o755 if file.is_directory else 0o400 if file.holds_key else 0o444)


@pytest.mark.cis("3.9", level=1)
@_protects_tls
@pytest.mark.guide("2.3.tlscacert")
@pytest.mark.severity("high", "The owner adds a CA, signs a client certificate, and is root through the API.")
def test_tls_ca_certificate_belongs_to_root(tls_ca: FileFact) -> str:
    """The TLS CA certificate is owned by root.

    Its owner can add another CA, and sign client certificates that the daemon accepts.

    Remedy: `chown root:root FILE` for the file that `tlscacert` names.
    """
    return _belongs_to_root(tls_ca)


@pytest.mark.cis("3.10", level=1)
@_protects_tls
@pytest.mark.guide("2.3.tlscacert")
@pytest.mark.severity(
    "high", "A user who can write to it adds a CA for their own clients, and is root through the API."
)
def test_tls_ca_certificate_is_read_only(tls_ca: FileFact) -> str:
    """The TLS CA certificate is read-only.

    Anyone who can change it can make the daemon accept their own clients. Nobody needs to write it again.

    Remedy: `chmod 444 FILE` for the file of `tlscacert`, without a key in it; `chmod go-w` for a directory in its path.
    """
    return _closed_to_others(tls_ca, 0o444)


@pytest.mark.cis("3.11", level=1)
@_protects_tls
@pytest.mark.guide("2.3.tlscert")
@pytest.mark.severity("medium", "The owner can cut off all clients, and get them used to certificate warnings.")
def test_tls_certificate_belongs_to_root(tls_certificate: FileFact) -> str:
    """The daemon's TLS certificate is owned by root.

    Its owner can replace it, and clients get used to ignoring warnings.

    Remedy: `chown root:root FILE` for the file that `tlscert` names.
    """
    return _belongs_to_root(tls_certificate)


@pytest.mark.cis("3.12", level=1)
@_protects_tls
@pytest.mark.guide("2.3.tlscert")
@pytest.mark.severity("medium", "A user who can write to it cuts off all clients, and gets them used to warnings.")
def test_tls_certificate_is_read_only(tls_certificate: FileFact) -> str:
    """The daemon's TLS certificate is read-only.

    With another certificate clients cannot connect, or connect to someone else. Nobody needs to write it again.

    Remedy: `chmod 444 FILE` for the file of `tlscert`, 400 with a key in it; `chmod go-w` for directories above.
    """
    return _closed_to_others(tls_certificate, 0o444)


@pytest.mark.cis("3.13", level=1)
@_protects_tls_key
@pytest.mark.severity("high", "The owner can pose as the daemon on the network and read what clients send.")
def test_tls_key_belongs_to_root(tls_key: FileFact) -> str:
    """The daemon's TLS key is owned by root.

    Its owner can always read it, and pose as the daemon to every client.

    Remedy: `chown root:root FILE` for the file that `tlskey` names; make a new key if somebody else may have read it.
    """
    return _belongs_to_root(tls_key)


@pytest.mark.cis("3.14", level=1)
@_protects_tls_key
@pytest.mark.severity("high", "A user who can read it poses as the daemon and reads what clients send.")
def test_tls_key_is_read_by_root_alone(tls_key: FileFact) -> str:
    """Only root can read the daemon's TLS key.

    Anyone who can read it can pose as the daemon to every client, and receive their commands and secrets.

    Remedy: `chmod 400 FILE` for the file that `tlskey` names; make a new key if others could read it.
    """
    return _closed_to_others(tls_key, 0o400)


@pytest.mark.cis("3.15", level=1)
@pytest.mark.nist("AC-2", "AC-3", "AC-6", "AC-6(5)", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("7.2.1", "7.2.2", "7.3.1")
@pytest.mark.hipaa("164.312(a)(1)", "164.308(a)(4)(ii)(B)")
@pytest.mark.guide("1.3.socket_access", "1.3.docker_group", "5.pci_dss.limit_access", "5.hipaa.least_privilege")
@pytest.mark.severity("high", "The other owner, or any member of the group, becomes root with one command.")
def test_api_sockets_belong_to_root_and_the_docker_group(api_socket: FileFact, policy: Policy) -> str:
    """API sockets are owned by root and the docker group.

    Access to the socket equals root. Another owner or group gives root to others, even if it is configured.

    Remedy: `chown root:docker SOCKET`; set SocketGroup in docker.socket, or `group` in daemon.json, for the next start.
    Name another chosen group in `socket_groups` of the policy.
    """
    ownership = _belongs_to_root(api_socket, *policy.socket_groups)
    owner, group = api_socket.next_owner, api_socket.next_group
    coming = [f"owner {owner}"] if owner not in ("", "root", str(api_socket.node.uid)) else []
    coming += [f"group {group}"] if group not in ("", api_socket.node.group) else []
    pending = f"; restart pending: its unit sets {', '.join(coming)}" if coming else ""
    return f"{ownership}, group {api_socket.node.group}{pending}"


@pytest.mark.cis("3.16", level=1)
@pytest.mark.nist("AC-3", "AC-6", "AC-6(5)", "AC-6(10)", sp="800-53")
@_limits_access
@pytest.mark.guide("1.3.socket_access", "5.pci_dss.limit_access", "5.hipaa.least_privilege")
@pytest.mark.severity("critical", "Any user or process on the host that sees the socket becomes root at once.")
def test_api_sockets_are_closed_to_others(api_socket: FileFact) -> str:
    """API sockets are closed to all but their owner and group.

    Access to the socket equals root. Mode 606 or an access control list gives it away just as 666 does.

    Remedy: `chmod 660 SOCKET` and `setfacl -b SOCKET`; set SocketMode=0660 in docker.socket for the next start.
    """
    mode, bits = _closed_to_others(api_socket, 0o660), api_socket.next_mode
    return mode + (f"; restart pending: its unit sets mode {bits:03o}" if bits & ~0o660 else "")


@pytest.mark.cis("3.17", level=2)
@_protects_configuration
@pytest.mark.guide("2.2.daemon_json", "5.cis.daemon_json")
@pytest.mark.severity("high", "The owner decides how the daemon starts next, and so becomes root.")
def test_configuration_file_belongs_to_root(configuration_file: FileFact) -> str:
    """The file daemon.json is owned by root.

    Its owner decides how the daemon starts next: with an open port, or without any protection.

    Remedy: `chown root:root FILE` for /etc/docker/daemon.json, its link target, or the file of --config-file.
    """
    return _belongs_to_root(configuration_file)


@pytest.mark.cis("3.18", level=2)
@_protects_configuration
@pytest.mark.guide("2.2.daemon_json", "5.cis.daemon_json")
@pytest.mark.severity("high", "A user who can write to it decides how the daemon starts next, and becomes root.")
def test_configuration_file_is_written_by_root_alone(configuration_file: FileFact) -> str:
    """Only root can write to daemon.json.

    Anyone who can write to it decides how the daemon starts next: with an open port, or without any protection.

    Remedy: `chmod 644 FILE` for daemon.json or the file of --config-file; `chmod go-w` for a directory in its path.
    """
    return _closed_to_others(configuration_file, 0o644)


@pytest.mark.cis("3.19", level=2)
@_protects_configuration
@pytest.mark.severity("medium", "The owner becomes root at the next start, but only if a start script reads the file.")
def test_default_file_belongs_to_root(default_file: FileFact) -> str:
    """The file /etc/default/docker is owned by root.

    On Debian and related systems it can set options and variables of the daemon, so its owner decides them.

    Remedy: `chown root:root /etc/default/docker`.
    """
    return _belongs_to_root(default_file)


@pytest.mark.cis("3.20", level=2)
@_protects_configuration
@pytest.mark.severity("medium", "Writers become root at the next start, but only if a start script reads the file.")
def test_default_file_is_written_by_root_alone(default_file: FileFact) -> str:
    """Only root can write to /etc/default/docker.

    On Debian and related systems it can set options and variables of the daemon.

    Remedy: `chmod 644 /etc/default/docker`.
    """
    return _closed_to_others(default_file, 0o644)


@pytest.mark.cis("3.21", level=2)
@_protects_configuration
@pytest.mark.severity("medium", "Writers become root at the next start, but only if a start script reads the file.")
def test_sysconfig_file_is_written_by_root_alone(sysconfig_file: FileFact) -> str:
    """Only root can write to /etc/sysconfig/docker.

    On Red Hat and related systems it can set options and variables of the daemon.

    Remedy: `chmod 644 /etc/sysconfig/docker`.
    """
    return _closed_to_others(sysconfig_file, 0o644)


@pytest.mark.cis("3.22", level=2)
@_protects_configuration
@pytest.mark.severity("medium", "The owner becomes root at the next start, but only if a start script reads the file.")
def test_sysconfig_file_belongs_to_root(sysconfig_file: FileFact) -> str:
    """The file /etc/sysconfig/docker is owned by root.

    On Red Hat and related systems it can set options and variables of the daemon, so its owner decides them.

    Remedy: `chown root:root /etc/sysconfig/docker`.
    """
    return _belongs_to_root(sysconfig_file)


@pytest.mark.cis("3.23", level=1)
@pytest.mark.nist("AC-3", "AC-6", "AC-6(5)", sp="800-53")
@_limits_access
@pytest.mark.severity("high", "The other owner, or any member of the group, starts containers as root.")
def test_containerd_socket_belongs_to_root(containerd_socket: FileFact) -> str:
    """The containerd socket is owned by root.

    containerd runs containers as root for anyone who can connect, without the Docker daemon and its rules.

    Remedy: `chown root:root SOCKET`, and restart containerd with [grpc] uid and gid 0 in its configuration.
    """
    return _belongs_to_root(containerd_socket)


@pytest.mark.cis("3.24", level=1)
@pytest.mark.nist("AC-3", "AC-6", "AC-6(5)", sp="800-53")
@_limits_access
@pytest.mark.severity("critical", "Any user or process on the host that sees the socket becomes root at once.")
def test_containerd_socket_is_closed_to_others(containerd_socket: FileFact) -> str:
    """The containerd socket is closed to all but its owner and group.

    Anyone who can connect starts containers with every right, without the Docker daemon, its log and its plugins.

    Remedy: `chmod 660 SOCKET` and `setfacl -b SOCKET`.
    """
    return _closed_to_others(containerd_socket, 0o660)
