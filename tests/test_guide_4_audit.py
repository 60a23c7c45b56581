"""Docker Hardening Guide, section 4.2: what auditd records of containers and of the docker command."""

from typing import NoReturn

import pytest

from hullcheck.criteria.auditd import coverage, recording_flaw, require_recorded
from hullcheck.facts.engine.files import Files
from hullcheck.facts.host.audit import Audit, AuditDaemon
from hullcheck.facts.host.presence import Presence
from hullcheck.facts.registry import Later
from hullcheck.verdicts import Manual


@pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("4.2.container_process_audit")
@pytest.mark.severity("low", "Who started a container is unknown, but nobody gains access.")
def test_starts_of_containers_are_recorded(audit_daemon: AuditDaemon, runc_program: Later[Files]) -> NoReturn:
    """An audit rule watches starts of containers.

    runc starts every process of a container, also for `docker exec`: its records show when, and by whom. A rule on
    execve without a path records all programs. Whether the log holds the starts needs a manual check.

    Remedy: add `-w /usr/sbin/runc -p x -k docker` (with the program's real path) or
    `-a always,exit -F arch=b64 -S execve -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    """
    flaw = recording_flaw(audit_daemon)
    assert not flaw, flaw
    programs = [path for path, _ in runc_program.get()]
    assert programs, "runc was not found, so its starts cannot be recorded"
    rules = "; ".join(f"{path}: {require_recorded(audit_daemon.audit, path, 'x')}" for path in programs)
    raise Manual(f"{rules}; check that the last start of a container is in the log: `ausearch -x {programs[0]} -i`")


@pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("4.2.auditctl_docker_client")
@pytest.mark.severity("low", "Who used the docker command is unknown, but nobody gains access.")
def test_docker_command_is_audited(presence: Presence, audit: Audit) -> str:
    """An audit rule watches the docker command (key docker).

    Anyone who uses it acts as root on the host. Rule 1.1.3 records changes of the daemon, this one its use.

    Remedy: add `-w /usr/bin/docker -p rwxa -k docker` to /etc/audit/rules.d/docker.rules; run `augenrules --load`.
    Rules from auditctl alone are lost at reboot.
    """
    found = require_recorded(audit, presence.client, "x")
    (rule,) = coverage(audit.rules, presence.client, "x").by
    assert rule.key == "docker", f"{rule.text!r} has the key {rule.key or '(none)'}, not docker"
    assert not coverage(audit.files, presence.client, "x").flaw, found
    return found
