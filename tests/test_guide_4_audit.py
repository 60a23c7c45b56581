"""Docker Hardening Guide, section 4.2: what auditd records of containers and of the docker command."""

import pytest

from hullcheck.controls import for_each
from hullcheck.criteria.auditd import last_start, rule_of_starts, step_flaw
from hullcheck.criteria.auditd.rules import blocking, is_blind, limits_flaw
from hullcheck.facts.auditd import Audit
from hullcheck.facts.auditd.daemon import START_STEPS, AuditDaemon
from hullcheck.facts.auditd.rules import Rule
from hullcheck.facts.containers import Container
from hullcheck.facts.files.installation import Places
from hullcheck.facts.registry import Later
from hullcheck.facts.subjects import Subjects
from hullcheck.parsing.times import DAY, day
from hullcheck.verdicts import Manual

_STARTING = 60  # seconds that may lie between the last call of runc and the time that the engine writes down


@pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("4.2.container_process_audit")
@pytest.mark.severity("medium")
@for_each("step", START_STEPS)
def test_starts_of_containers_are_recorded(
    step: str,
    audit_daemon: AuditDaemon,
    places: Later[Places],
    container: Later[Subjects[Container]],
) -> str | None:
    """auditd records each start of the container runtime, and its log shows the last one.

    Every process of a container, that of `docker exec` too, is started by runc: its record says when, and by
    whom. A rule on execve without a path records all programs; one on runc alone the starts. A record that is
    older than the container that was started last proves nothing of today.

    Remedy: put `-w /usr/sbin/runc -p x -k docker`, with the path at which runc really is, or `-a always,exit -F
    arch=b64 -S execve -k docker` into a file in /etc/audit/rules.d, and load it with augenrules --load.
    """
    if step == "daemon":
        flaw = step_flaw(audit_daemon, "unit") or step_flaw(audit_daemon, "kernel")
        assert not flaw, flaw
        return None
    programs = [path for path, _ in places.get().runc_program()]
    if step == "rule":
        _require_open(audit_daemon.audit)
        audit = audit_daemon.audit
        rules = {path: rule_of_starts(_seeing(audit, path), path) for path in programs}
        missing = [path for path, rule in rules.items() if rule is None]
        assert programs, "there is no runc whose starts could be recorded"
        assert not missing, f"no rule in the kernel records each start of {', '.join(missing)}"
        return ", ".join(dict.fromkeys(rule.text for rule in rules.values() if rule))
    return _require_record(audit_daemon, programs, container)


def _seeing(audit: Audit, program: str) -> tuple[Rule, ...]:
    """The rules in the kernel without those that watch what lies below a mount over the program."""
    return tuple(rule for rule in audit.loaded.rules if not is_blind(rule, program, audit.mounts))


def _require_open(audit: Audit) -> None:
    """Fails where a rule or a limit keeps records from being made, whatever the others say."""
    too_few = limits_flaw(audit)
    assert not too_few, too_few
    hidden = blocking(audit.loaded.rules)
    assert not hidden, f"records are kept from the log by {hidden!r}"


def _require_record(
    audit_daemon: AuditDaemon, programs: list[str], containers: Later[Subjects[Container]]
) -> str:
    """A record of the container that was started last, or of one later; without containers one of the last day."""
    found = last_start(audit_daemon, programs)
    if found is None:
        raise Manual(
            f"no start of {', '.join(programs)} is in {audit_daemon.log}: start a container, and look again"
        )
    starts = {name: each.configuration.started or 0.0 for name, each in containers.get()}
    newest = max(starts, key=starts.__getitem__, default="")
    said = f"last record of a start: {day(found.time)}, key {found.key}"
    if not starts.get(newest):
        if found.time < audit_daemon.now - DAY:
            raise Manual(f"{said}; no container is there that was started since: start one, and look again")
    elif found.time < starts[newest] - _STARTING:
        raise Manual(
            f"{said}; {newest} was started after it, on {day(starts[newest])}, and is not in the log:"
            " was the rule loaded later? Start a container, and look again"
        )
    return said


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
    _require_open(audit)
    elsewhere = audit.links.get(docker_client, "")
    assert not elsewhere, f"{docker_client} is a link to {elsewhere}: a rule on it watches the link alone"
    rule = rule_of_starts(audit.loaded.rules, docker_client)
    kept = rule_of_starts(audit.files, docker_client)
    pending = f"; restart pending: {kept.text!r} is in a file" if kept else ""
    assert rule, f"no rule in the kernel records each use of {docker_client}{pending}"
    assert rule.key == "docker", f"{rule.text!r} has the key {rule.key or 'of nobody'}, not docker"
    assert kept, (
        f"{rule.text!r} is in no file of /etc/audit that the next start loads, so that it is lost then"
    )
    assert not audit.goes_off, "a file of /etc/audit switches auditing off at the next start (-e 0)"
    return rule.text
