"""The Docker Hardening Guide, sections 4 and 5: operations, where no control of the CIS benchmark judges the same."""

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.accounts import Accounts
from hullcheck.facts.audit import Audit
from hullcheck.facts.audit_daemon import AuditDaemon, key_of, of_start
from hullcheck.facts.encryption import DataAtRest
from hullcheck.facts.files import FileFact
from hullcheck.facts.moments import day
from hullcheck.facts.mounts import is_below
from hullcheck.verdicts import Manual


@pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("4.2.container_process_audit")
@pytest.mark.severity("medium")
def test_starts_of_containers_are_recorded(
    start_step: str, audit_daemon: AuditDaemon, facts: Facts
) -> str | None:
    """auditd runs, a rule in the kernel records each start of the container runtime, and the log shows one.

    Every process of a container, that of `docker exec` too, is started by runc: its record says when, and by
    whom. A rule on execve without a path records all programs; one on runc alone the starts.

    Remedy: put `-w /usr/sbin/runc -p x -k docker`, with the path at which runc really is, or `-a always,exit -F
    arch=b64 -S execve -k docker` into a file in /etc/audit/rules.d, and load it with augenrules --load.
    """
    if start_step == "daemon":
        flaw = audit_daemon.flaw("unit") or audit_daemon.flaw("kernel")
        assert not flaw, flaw
        return None
    programs = [path for path, _ in facts.places.runc_program()]
    if start_step == "rule":
        rules = {path: of_start(audit_daemon.audit.loaded.rules, path) for path in programs}
        missing = [path for path, rule in rules.items() if rule is None]
        assert programs, "there is no runc whose starts could be recorded"
        assert not missing, f"no rule in the kernel records each start of {', '.join(missing)}"
        return ", ".join(dict.fromkeys(rule.text for rule in rules.values() if rule))
    found = audit_daemon.last_start(programs)
    if found is None:
        raise Manual(
            f"no start of {', '.join(programs)} is in {audit_daemon.log}: start a container, and look again"
        )
    return f"last record of a start: {day(found[0])}, key {found[1]}"


@pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("4.2.auditctl_docker_client")
@pytest.mark.severity("medium")
def test_docker_command_is_audited(docker_client: str, audit: Audit) -> str:
    """Each use of the docker command is recorded under the key docker, now and after a restart.

    Who uses it acts as root on the host. The rule on the daemon's program (1.1.3) tells who changes it, this one
    who gives it commands.

    Remedy: put `-w /usr/bin/docker -p rwxa -k docker` into a file in /etc/audit/rules.d, and load it with
    augenrules --load; what auditctl loads alone is gone after a restart.
    """
    assert audit.loaded.enabled, "auditing is off in the kernel (enabled 0)"
    elsewhere = audit.leads_to(docker_client)
    assert not elsewhere, f"{docker_client} is a link to {elsewhere}: a rule on it watches the link alone"
    rule = of_start(audit.loaded.rules, docker_client)
    kept = of_start(audit.files, docker_client)
    pending = f"; restart pending: {kept.text!r} is in a file" if kept else ""
    assert rule, f"no rule in the kernel records each use of {docker_client}{pending}"
    assert key_of(rule) == "docker", f"{rule.text!r} has the key {key_of(rule) or 'of nobody'}, not docker"
    assert kept, f"{rule.text!r} is in no file of /etc/audit, so that it is lost at the next start"
    return rule.text


@pytest.mark.nist("AC-2", "AC-3", "AC-6", sp="800-53")
@pytest.mark.nist("4.3.1", "4.5.4", sp="800-190")
@pytest.mark.pci("7.2.1", "7.2.2", "7.2.4", "7.3.1")
@pytest.mark.hipaa("164.308(a)(4)(ii)(B)", "164.312(a)(1)")
@pytest.mark.guide("5.pci_dss.limit_access")
@pytest.mark.severity("medium")
def test_access_to_the_engine_is_reviewed(api_socket: FileFact, accounts: Accounts) -> None:
    """Somebody reviewed within six months who may control the engine.

    Whether those who may are trusted, and whether the sockets are closed to all others, is judged by 1.1.2, 3.15,
    3.16 and 2.8. That the list of the trusted is still right only a person can say.

    Remedy: go through the users below, take away what nobody needs, and record the day.
    """
    found = accounts.controllers(api_socket)
    who = ", ".join(f"{name} ({way})" for name, way in found.items()) or "nobody but root"
    raise Manual(f"may control the engine: {who}; was that reviewed within six months, and by whom?")


@pytest.mark.nist("SC-12", "SC-28", "SC-28(1)", sp="800-53")
@pytest.mark.nist("4.3.2", sp="800-190")
@pytest.mark.pci("3.5.1", "3.5.1.2", "3.6.1")
@pytest.mark.hipaa("164.312(a)(2)(iv)")
@pytest.mark.guide("5.pci_dss.encrypt_at_rest")
@pytest.mark.severity("medium")
def test_data_at_rest_is_encrypted(data_at_rest: DataAtRest) -> None:
    """Sensitive data in the engine's directories and volumes is encrypted, and its keys lie elsewhere.

    Shown is what the kernel encrypts below each file system. Disks that encrypt by themselves, those of a
    provider, and what applications encrypt cannot be seen from here; and what dm-crypt encrypts is plain to
    everybody on a running host, so that a standard may ask for more.

    Remedy: keep the data root and volumes on dm-crypt with a key that is not on this host, or encrypt in the
    application.
    """
    found = "; ".join(f"{path} lies {about}" for path, about in data_at_rest.places)
    raise Manual(f"{found}: is what is sensitive there encrypted, and where are the keys?")


@pytest.mark.nist("AU-2", "AU-6", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.1")
@pytest.mark.hipaa("164.312(b)", "164.308(a)(1)(ii)(D)")
@pytest.mark.guide("5.hipaa.audit_data_access")
@pytest.mark.severity("medium")
def test_access_to_data_is_audited(data_root: FileFact, audit: Audit) -> None:
    """Who reads or changes health data is recorded, and somebody goes through the records.

    Which directories and volumes hold such data, and who reads the records, is for a person to say; shown is
    which rules record accesses in the data root, where volumes lie.

    Remedy: put a rule `-w DIRECTORY -p rwa -k data` for each volume with such data into a file in
    /etc/audit/rules.d, and record each review of the log.
    """
    assert audit.loaded.enabled, "auditing is off in the kernel (enabled 0): no access is recorded"
    root = data_root.node.path
    rules = [rule for rule in audit.loaded.rules if rule.action == "always" and rule.path]
    near = [rule for rule in rules if rule.is_about(root) or is_below(rule.path, root)]
    reads = [rule.text for rule in near if "r" in rule.permissions]
    writes = [rule.text for rule in near if "r" not in rule.permissions]
    raise Manual(
        f"reads in {root}: {', '.join(reads) or 'no rule'}; writes alone: {', '.join(writes) or 'no rule'}; is that"
        " all health data, and who goes through the records?"
    )
