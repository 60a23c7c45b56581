"""Docker Hardening Guide, section 1: the host, as far as no control of the CIS benchmark judges it."""

import posixpath
from collections.abc import Iterable
from typing import NoReturn

import pytest

from hullcheck.controls import for_each
from hullcheck.criteria.auditd import log_flaw, recording_flaw, rules_flaw
from hullcheck.criteria.judgement import require_network, require_processes
from hullcheck.data.software import MINIMAL, UBUNTU_MINIMAL
from hullcheck.facts.engine.daemon import Daemon
from hullcheck.facts.engine.info import Engine
from hullcheck.facts.engine.models import Network
from hullcheck.facts.engine.release import System
from hullcheck.facts.host.audit import AuditDaemon
from hullcheck.facts.host.packages import Patching, Software, Timer
from hullcheck.facts.host.running_kernel import RunningKernel, order
from hullcheck.facts.host.services import HostServices, Listener
from hullcheck.facts.host.system import FORWARD, SETTINGS, Kernel, Sysctl
from hullcheck.facts.registry import Later
from hullcheck.lazy import regex
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError, Manual, NotApplicable

_OPEN_IN_PART = regex(r"vulnerable|[Uu]nknown|but not|no microcode|IBPB: disabled|IBPB on VMEXIT only")


@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.5.1", "4.5.2", sp="800-190")
@pytest.mark.pci("2.2.3", "2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.1.dedicated_host")
@pytest.mark.severity("medium", "A flaw in another program gives access to the host of all containers.")
def test_host_serves_containers_alone(
    host_services: HostServices, engine: Later[Engine], daemon: Later[Daemon], policy: Policy
) -> str:
    """The host runs no applications outside of containers.

    A flaw in a web server or database on the host endangers every container. Programs are recognized by their
    executable. Other listening programs need a manual check, or are compared with the policy.

    Remedy: move it into a container or to another host; name needed agents in `allowed_host_services` of the policy.
    """
    known = [path for path in host_services.applications if not policy.allows_service(posixpath.basename(path))]
    assert not known, f"runs applications outside of containers: {', '.join(known)}"
    unlisted = [each for each in host_services.added if not policy.allows_service(each.name)]
    found = _listening(unlisted)
    if found and policy.allowed_host_services is None:
        raise Manual(
            f"check that the host needs what listens outside of containers: {found};"
            f" then allow it with `allowed_host_services: [{', '.join(each.name for each in unlisted)}]` in the policy"
        )
    assert not found, f"listens outside of containers, not in allowed_host_services: {found}"
    require_processes(engine, daemon)
    return f"listens outside of containers: {_listening(host_services.listeners) or 'nothing'}"


def _listening(listeners: Iterable[Listener]) -> str:
    return ", ".join(f"{each.name} ({each.protocol} {each.port})" for each in listeners)


@pytest.mark.nist("CM-2", "CM-7", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.1", "2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide(
    "1.1.minimal_distribution",
    "1.1.minimal_distribution.ubuntu_minimal",
    "1.1.minimal_distribution.rhel_coreos",
    "1.1.minimal_distribution.bottlerocket",
)
@pytest.mark.severity("low", "More packages mean more flaws to patch, but none that is open by itself.")
def test_distribution_is_minimal(software: Software, policy: Policy) -> str:
    """The host runs a minimal distribution.

    Software that is not installed has no flaws and needs no updates. Alpine, Fedora CoreOS, Flatcar, MicroOS, Photon,
    Talos, Ubuntu Core and Container-Optimized OS also count. Ubuntu Minimal is recognized by its unminimize script or
    dpkg excludes, without the package ubuntu-standard.

    Remedy: install Ubuntu Minimal, RHEL CoreOS or Bottlerocket (a variant with Docker), or name the ID of the
    distribution in `minimal_distributions` of the policy.
    """
    found = f"runs {software.name}" + (f" ({software.count} packages)" if software.source else "")
    assert any(map(software.is_a, (UBUNTU_MINIMAL, *MINIMAL, *policy.minimal_distributions))), found
    return found


def _without(kind: str, software: Software, policy: Policy) -> str:
    """Return which packages and programs were searched; fail if the host has programs of this kind."""
    found = software.of_kind(kind, policy.allowed_host_programs)
    assert not found, f"has {', '.join(found)}"
    packages = f"{software.count} packages of {software.source} and " if software.source else ""
    return f"none in {packages}the program directories"


@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.1.no_compilers")
@pytest.mark.severity("low", "Intruders find tools, but need another flaw to get in.")
def test_host_has_no_compilers(software: Software, policy: Policy) -> str:
    """The host has no compilers, assemblers or linkers.

    They let an intruder build attacks on the host. Packages and the usual program directories are searched.

    Remedy: remove the packages, or name them in `allowed_host_programs` of the policy.
    """
    return _without("compiler", software, policy)


@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.1.no_browsers")
@pytest.mark.severity("low", "Harm needs an administrator who opens a hostile page on the host.")
def test_host_has_no_browsers(software: Software, policy: Policy) -> str:
    """The host has no web browsers.

    A browser runs other people's code with an administrator's rights. Text-mode browsers count too. Packages and the
    usual program directories are searched.

    Remedy: remove the packages, or name them in `allowed_host_programs` of the policy.
    """
    return _without("browser", software, policy)


@pytest.mark.nist("CM-7", "CM-7(1)", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("1.2.5", "2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.1.no_unneeded_services")
@pytest.mark.severity("medium", "A forgotten service can be attacked by everyone who reaches the host.")
def test_services_of_the_host_are_approved(host_services: HostServices, policy: Policy) -> str:
    """Services of the host are approved.

    Nobody watches a service that nobody needs. Enabled and running units and listening programs count; of timers and
    path units only your own. The policy names the needed ones.

    Remedy: disable unneeded services (`systemctl disable --now`, with OpenRC `rc-update del`), and name the others in
    `allowed_host_services` of the policy.
    """
    found = {unit: unit for unit in host_services.units.wanted}
    found |= {each.name: _listening([each]) for each in host_services.listeners}
    if policy.allowed_host_services is None:
        raise Manual(
            f"check that each of these is needed: {', '.join(found.values())};"
            f" then allow them with `allowed_host_services: [{', '.join(found)}]` in the policy"
        )
    unlisted = [shown for name, shown in found.items() if not policy.allows_service(name)]
    assert not unlisted, f"not in allowed_host_services: {', '.join(unlisted)}"
    return f"{len(found)} units and programs, all in allowed_host_services"


@pytest.mark.nist("CM-2(2)", "SI-2", "SI-2(2)", sp="800-53")
@pytest.mark.nist("4.5.1", "4.5.3", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide(
    "1.2.automated_patching",
    "1.2.automated_patching.ansible",
    "1.2.automated_patching.puppet",
    "1.2.automated_patching.saltstack",
)
@pytest.mark.severity("medium", "Fixed flaws stay open until somebody remembers to update.")
def test_patching_is_automated(patching: Patching, policy: Policy) -> str:
    """Updates of the host are installed automatically.

    Manual updates come late. A timer of unattended-upgrades or dnf-automatic counts if it is enabled and active,
    installs updates by its settings, and its last run succeeded. Name another agent in `patched_by` of the policy.

    Remedy: `apt-get install unattended-upgrades`, and set `APT::Periodic::Unattended-Upgrade "1";` in
    /etc/apt/apt.conf.d/20auto-upgrades; with dnf enable dnf-automatic.timer with `apply_updates = yes`; or set
    `patched_by` in the policy. `patch_days` sets how often updates are due.
    """
    if timer := patching.works(policy.patch_days):
        return _timer(timer)
    if policy.patched_by:
        raise NotApplicable(f"{policy.patched_by} installs the updates, by the policy")
    found = [*(_timer(each) for each in patching.timers if each.installs), *patching.candidates]
    off = "; ".join(map(_timer, patching.timers))
    assert found, f"has no automatic updates{off and f': {off}'}"
    words = f"check that it installed updates in the last {policy.patch_days} days, then set `patched_by` in the policy"
    raise Manual(f"{'; '.join(found)}; {words}")


def _timer(timer: Timer) -> str:
    state = "" if timer.enabled else ", but not enabled"
    ended = f"ended with {timer.result} on {timer.ended}" if timer.ended else "has not run since boot"
    return f"{timer.name}.timer is active{state}, with {timer.setting}; its service {ended}"


@pytest.mark.nist("RA-5", "SI-5", sp="800-53")
@pytest.mark.nist("4.5.1", "4.5.3", sp="800-190")
@pytest.mark.pci("6.3.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(A)")
@pytest.mark.guide("1.2.kernel_cve_tracking")
@pytest.mark.severity("medium", "An urgent kernel fix is missed; each container could use the flaw until then.")
def test_kernel_vulnerabilities_are_tracked(running_kernel: RunningKernel, system: System) -> NoReturn:
    """Kernel vulnerabilities are tracked.

    All containers share the kernel and its flaws. Whether somebody reads the security notices needs a manual check.

    Remedy: subscribe to the security notices of the distribution, and record each review.
    """
    raise Manual(f"{system.name} runs kernel {running_kernel.release}: check that somebody reads its security notices")


@pytest.mark.nist("RA-5", "SI-2", sp="800-53")
@pytest.mark.nist("4.5.3", sp="800-190")
@pytest.mark.pci("6.3.1", "6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide(
    "1.2.kernel_cve_mitigations",
    "1.2.kernel_cve_mitigations.dirty_cow",
    "1.2.kernel_cve_mitigations.spectre",
    "1.2.kernel_cve_mitigations.meltdown",
)
@pytest.mark.severity("high", "A process in any container uses a published flaw to read or take over the host.")
def test_kernel_flaws_are_mitigated(kernel_flaw: tuple[str, ...], running_kernel: RunningKernel) -> str:
    """Known kernel and processor flaws are fixed or mitigated.

    Dirty COW and the kernel's own report on flaws such as Spectre and Meltdown are judged. Version numbers mislead,
    because distributions backport fixes. Unknown and partial mitigations need a manual check.

    Remedy: install the newest kernel and microcode of the distribution, remove `mitigations=off` from the kernel
    command line, and restart the host; use `mitigations=auto,nosmt` if threads of one core must not leak.
    """
    states = {flaw: running_kernel.state(flaw) for flaw in kernel_flaw}
    text = "; ".join(f"{flaw}: {state}" for flaw, state in states.items())
    assert "Vulnerable" not in text, text
    good = ("Not affected", "Mitigation:", "KVM: Mitigation:")
    if _OPEN_IN_PART.search(text) or not all(state.startswith(good) for state in states.values()):
        raise Manual(f"{text}; check by the notices of the hypervisor or processor that this is enough")
    return text


@pytest.mark.nist("SI-2", sp="800-53")
@pytest.mark.nist("4.5.3", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.2.reboot_after_kernel_patch")
@pytest.mark.severity("medium", "Kernel flaws whose fix is installed stay open to every container.")
def test_newest_installed_kernel_runs(running_kernel: RunningKernel) -> str:
    """The newest installed kernel is running.

    An installed kernel fixes nothing until it runs. Live patches do not count, because they fix single flaws.

    Remedy: restart the host, with `live-restore` or one host after the other.
    """
    reason = _restart_reason(running_kernel)
    assert not reason, f"has to be restarted: {reason}"
    return f"runs {running_kernel.release}, the newest installed kernel"


def _restart_reason(kernel: RunningKernel) -> str:
    """Return why the host has to be restarted for its kernel, or an empty string."""
    if kernel.pending:
        packages = f" for {', '.join(kernel.packages)}" if kernel.packages else ""
        return f"{kernel.pending[0]} requires it{packages}"
    if kernel.restart == "1":
        return "needs-restarting -r requires it"
    release, installed = kernel.release, kernel.package_version
    if order(kernel.newest) > order(release):
        return f"{release} runs, and {kernel.newest} is installed"
    if release not in kernel.installed:
        raise EvidenceError(f"{release} runs, which is not installed ({', '.join(kernel.installed)} is)")
    if installed == "unread":
        raise EvidenceError(f"dpkg does not print the version of the package of {release}")
    running = kernel.build.partition("Debian ")[2].split(" ")[0]
    if installed and running and running != installed:
        return f"build {running} of {release} runs, and {installed} is installed"
    if kernel.restart not in ("", "0"):
        raise EvidenceError(f"needs-restarting -r ended with status {kernel.restart}")
    return ""


@pytest.mark.nist("CM-6", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.sysctl_persistent")
@pytest.mark.severity("low", "Settings are lost at the next restart; other controls judge their values now.")
@for_each("setting", tuple(SETTINGS))
def test_kernel_settings_survive_a_reboot(kernel_setting: str, sysctl: Sysctl, policy: Policy) -> str:
    """Kernel hardening settings survive a reboot.

    Settings from `sysctl -w` or /run/sysctl.d are lost at reboot. The last file by name wins, whatever its directory;
    systemd does not read /etc/sysctl.conf.

    Remedy: write `fs.suid_dumpable = 0` and `kernel.randomize_va_space = 2` into /etc/sysctl.d/99-hardening.conf, and
    run `sysctl --system`. Add `net.ipv4.ip_forward = 0` only without bridge networks, whose containers it cuts off;
    otherwise set `ip_forward_reason` in the policy.
    """
    found = sysctl.at_start(kernel_setting)
    words = f"{found.file} sets it to {found.value}" if found else "no file sets it"
    if kernel_setting == FORWARD and policy.ip_forward_reason:
        return f"{words}, and Docker to 1, accepted by the policy: {policy.ip_forward_reason}"
    assert found, f"{words}; it is {sysctl.value(kernel_setting)} now"
    assert found.value == SETTINGS[kernel_setting], words
    return words


def _state(sysctl: Sysctl, name: str) -> str:
    """Return the kernel's current value, and the files that set it."""
    files = [f"{each.file} sets it to {each.value}" for each in sysctl.assignments if each.name == name]
    return f"{name} is {sysctl.value(name)}" + (f" ({', '.join(files)})" if files else "")


def _required(sysctl: Sysctl, name: str) -> str:
    """Require the value that the guide asks for, and return the state."""
    assert sysctl.value(name) == SETTINGS[name], _state(sysctl, name)
    return _state(sysctl, name)


@pytest.mark.nist("AC-4", "CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", "4.5.1", sp="800-190")
@pytest.mark.pci("1.4.2", "2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.ip_forward")
@pytest.mark.severity("low", "Docker needs forwarding and filters it; without Docker the host connects networks.")
def test_ipv4_forwarding_is_off_or_recorded(
    sysctl: Sysctl,
    networks: tuple[Network, ...],
    engine: Later[Engine],
    daemon: Later[Daemon],
    policy: Policy,
) -> str:
    """IPv4 forwarding is off, or a reason is recorded.

    A host that forwards is a router between all its networks. The guide requires it off, but Docker needs it for bridge
    networks and switches it on at every start, so your organization has to decide. Rootless engines do not need it.

    Remedy: set `net.ipv4.ip_forward = 0` and `"ip-forward": false` if no bridge network is used. Otherwise write
    `ip_forward_reason` into the policy.
    """
    value = sysctl.value(FORWARD)
    bridges = ", ".join(each.name for each in networks if each.driver == "bridge" and not engine.get().rootless)
    state = _state(sysctl, FORWARD)
    if value == "0":
        require_network(engine, daemon)
        return f"{state}; bridge networks ({bridges}) cannot reach other networks" if bridges else state
    assert bridges, f"{state}, but no bridge network needs it"
    conflict = f"{state}: the guide requires 0, Docker needs 1 for bridge networks ({bridges})"
    if not policy.ip_forward_reason:
        raise Manual(
            f"{conflict}; check that it may forward packets, then write `ip_forward_reason: WHY` into the policy"
        )
    require_network(engine, daemon)
    return f"{conflict}; accepted by the policy: {policy.ip_forward_reason}"


@pytest.mark.nist("CM-6", "SC-4", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.suid_dumpable")
@pytest.mark.severity("low", "Dumps hold passwords; most systems keep them readable by root alone.")
def test_privileged_programs_leave_no_core_dumps(sysctl: Sysctl) -> str:
    """Privileged programs leave no core dumps (fs.suid_dumpable is 0).

    Such a dump holds what the program could read: passwords, keys, memory of other users.

    Remedy: `sysctl -w fs.suid_dumpable=0`, and the same in a file of /etc/sysctl.d; systemd-coredump sets it to 2.
    """
    return _required(sysctl, "fs.suid_dumpable")


@pytest.mark.nist("SI-16", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.aslr")
@pytest.mark.severity("medium", "Attacks on flaws in memory work at the first try, in every container.")
def test_address_space_is_randomized(sysctl: Sysctl) -> str:
    """Address spaces are random (kernel.randomize_va_space is 2).

    Attackers have to guess where a program's memory is. Containers use the setting of the host.

    Remedy: `sysctl -w kernel.randomize_va_space=2`, and the same in /etc/sysctl.d; boot without `norandmaps`.
    """
    return _required(sysctl, "kernel.randomize_va_space")


@pytest.mark.nist("AC-3(3)", "AC-6", sp="800-53")
@pytest.mark.nist("4.4.3", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.312(a)(1)")
@pytest.mark.guide(
    "1.4.mandatory_access_control",
    "1.4.mandatory_access_control.selinux",
    "1.4.mandatory_access_control.apparmor",
)
@pytest.mark.severity("high", "Without these filters one more flaw leads from any container to the host.")
def test_security_modules_confine_containers(kernel: Kernel, engine: Engine) -> str:
    """AppArmor or SELinux confines containers.

    Either is enough. Seccomp, which filters system calls, replaces neither and is judged by 2.18 and 5.22. Single
    containers are judged by 5.2 and 5.3.

    Remedy: start the kernel with AppArmor, or with SELinux enforcing and `"selinux-enabled": true` in daemon.json.
    """
    mode = "in a mode that enforces nothing" if kernel.apparmor_is_lax else "on"
    states = {"SELinux": kernel.selinux or "off", "AppArmor": mode if kernel.apparmor else "off"}
    used = [name for name in states if name.lower() in engine.security_options]
    in_force = [name for name in used if states[name] in ("enforcing", "on")]
    found = " and ".join(f"{name} is {state}" for name, state in states.items())
    assert in_force, f"{found} in the kernel, and the engine uses {' and '.join(used) or 'neither'}"
    return f"{in_force[0]} is in force, and the engine uses it"


@pytest.mark.nist("AC-6(9)", "AU-2", "AU-12", sp="800-53")
@pytest.mark.nist("4.5.4", sp="800-190")
@pytest.mark.pci("10.2.1", "10.2.1.2")
@pytest.mark.hipaa("164.312(b)")
@pytest.mark.guide("1.4.auditd")
@pytest.mark.severity("low", "Actions leave no record, but nobody gains access.")
def test_auditd_writes_down_what_docker_does(audit_daemon: AuditDaemon) -> str:
    """The audit daemon records what Docker does.

    auditd has to be enabled and active and receive all of the kernel's records, rules on Docker have to be loaded, and
    the log must have an entry of the last day.

    Remedy: `systemctl enable --now auditd`, load the rules with `augenrules --load`, and raise the backlog (`-b`) if
    records are lost; for records at boot, add `audit_backlog_limit=8192` to the kernel command line.
    `auditctl --reset-lost` resets the count.
    """
    flaw = recording_flaw(audit_daemon) or rules_flaw(audit_daemon.audit) or log_flaw(audit_daemon)
    assert not flaw, flaw
    return "auditd is enabled and active, has rules on Docker, lost no record, and wrote to its log on the last day"
