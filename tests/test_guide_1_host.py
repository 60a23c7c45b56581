"""The Docker Hardening Guide, section 1: the host, where no control of the CIS benchmark judges the same."""

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
@pytest.mark.severity("medium", "A flaw in a program next to the engine leads to the host of all containers.")
def test_host_serves_containers_alone(
    host_services: HostServices, engine: Later[Engine], daemon: Later[Daemon], policy: Policy
) -> str:
    """The host runs no applications outside of containers.

    A flaw in a web server or database on the host is a flaw in the host of every container. Programs are recognized by
    their executable, not by the name of the process. Other programs that listen are shown for a manual check, or
    compared with the policy.

    Remedy: move the application into a container or to another host; name agents that the host needs in
    `allowed_host_services` of the policy.
    """
    known = [path for path in host_services.applications if not policy.allows_service(posixpath.basename(path))]
    assert not known, f"outside of containers runs {', '.join(known)}"
    strangers = [each for each in host_services.strangers if not policy.allows_service(each.name)]
    found = _listening(strangers)
    if found and policy.allowed_host_services is None:
        raise Manual(
            f"check that the host needs what listens outside of containers: {found};"
            f" then allow it with `allowed_host_services: [{', '.join(each.name for each in strangers)}]` in the policy"
        )
    assert not found, f"outside of containers listen {found}, not on the list of the policy"
    require_processes(engine, daemon)
    return f"outside of containers listen {_listening(host_services.listeners) or 'no programs'}"


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

    What is not installed has no holes and needs no updates. Beside those that the guide names count Alpine, Fedora
    CoreOS, Flatcar, MicroOS, Photon, Talos, Ubuntu Core and Container-Optimized OS. Ubuntu Minimal is known by what
    only its images have: the script unminimize or the excludes of dpkg, and no package ubuntu-standard.

    Remedy: install Ubuntu Minimal, RHEL CoreOS or Bottlerocket (a variant with Docker), or name the ID of the
    distribution in `minimal_distributions` of the policy.
    """
    found = f"the host is {software.name}" + (f" ({software.count} packages)" if software.source else "")
    assert any(map(software.is_a, (UBUNTU_MINIMAL, *MINIMAL, *policy.minimal_distributions))), found
    return found


def _without(kind: str, software: Software, policy: Policy) -> str:
    """Require that the host has no programs of a kind, and return what that rests on."""
    found = software.of_kind(kind, policy.allowed_host_programs)
    assert not found, f"the host has {', '.join(found)}"
    packages = f"{software.count} packages of {software.source}" if software.source else "no list of packages"
    return f"{packages}, and the programs on the path"


@pytest.mark.nist("CM-7", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.4")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.1.no_compilers")
@pytest.mark.severity("low", "Intruders find tools ready for use, but have to get in by another flaw first.")
def test_host_has_no_compilers(software: Software, policy: Policy) -> str:
    """The host has no compilers, assemblers or linkers.

    With them an intruder builds the next attack on the spot. Packages are searched, and the directories where programs
    usually lie.

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

    A browser runs other people's code with the rights of an administrator. Text-mode browsers count too. Packages are
    searched, and the directories where programs usually lie.

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

    Each service that nobody needs is a way in that nobody watches. Enabled and running units count, and programs that
    listen; of timers and path units only your own. Which ones are needed, the policy says.

    Remedy: disable what is not needed (`systemctl disable --now`, with OpenRC `rc-update del`), and name the rest in
    `allowed_host_services` of the policy.
    """
    found = {unit: unit for unit in host_services.units.wanted}
    found |= {each.name: _listening([each]) for each in host_services.listeners}
    if policy.allowed_host_services is None:
        raise Manual(
            f"check that each of these is needed: {', '.join(found.values())};"
            f" then allow them with `allowed_host_services: [{', '.join(found)}]` in the policy"
        )
    strangers = [shown for name, shown in found.items() if not policy.allows_service(name)]
    assert not strangers, f"not on the list of the policy: {', '.join(strangers)}"
    return f"{len(found)} units and programs, each on the list of the policy"


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
@pytest.mark.severity("medium", "Fixed flaws stay open until somebody thinks of the update.")
def test_patching_is_automated(patching: Patching, policy: Policy) -> str:
    """Updates of the host are installed automatically.

    Updates that somebody has to think of come late on some host. A timer of unattended-upgrades or dnf-automatic
    counts if it is enabled and active, installs updates by its settings, and its last run succeeded. Whether another
    agent, such as Ansible, installs updates the host does not show: the policy says it (`patched_by`).

    Remedy: `apt-get install unattended-upgrades`, and set `APT::Periodic::Unattended-Upgrade "1";` in
    /etc/apt/apt.conf.d/20auto-upgrades; with dnf enable dnf-automatic.timer with `apply_updates = yes`; or say by
    `patched_by` in the policy what does it. `patch_days` says how often that has to be.
    """
    if timer := patching.works(policy.patch_days):
        return _timer(timer)
    if policy.patched_by:
        raise NotApplicable(f"the policy says what keeps this host up to date: {policy.patched_by}")
    found = [*(_timer(each) for each in patching.timers if each.installs), *patching.candidates]
    off = "; ".join(map(_timer, patching.timers))
    assert found, f"nothing that installs updates was found{off and f': {off}'}"
    raise Manual(
        f"{'; '.join(found)}. Check that security updates were installed in the last {policy.patch_days} days,"
        " then name what does it in the policy: patched_by: NAME"
    )


def _timer(timer: Timer) -> str:
    state = "" if timer.enabled else ", but not enabled"
    ended = f"ended with {timer.result} on {timer.ended}" if timer.ended else "has not run since the start"
    return f"{timer.name}.timer is active{state}, with {timer.setting}; its service {ended}"


@pytest.mark.nist("RA-5", "SI-5", sp="800-53")
@pytest.mark.nist("4.5.1", "4.5.3", sp="800-190")
@pytest.mark.pci("6.3.1")
@pytest.mark.hipaa("164.308(a)(1)(ii)(A)")
@pytest.mark.guide("1.2.kernel_cve_tracking")
@pytest.mark.severity("medium", "An urgent kernel fix is missed; each container could use the flaw until then.")
def test_kernel_vulnerabilities_are_tracked(running_kernel: RunningKernel, system: System) -> NoReturn:
    """Kernel vulnerabilities are tracked.

    All containers share the kernel: a flaw in it is a way out of each of them. Whether somebody reads the security
    notices cannot be seen on the host, so this needs a manual check.

    Remedy: subscribe to the security notices of the distribution, and record each review.
    """
    raise Manual(
        f"{system.name} runs kernel {running_kernel.release}: check that somebody reads the notices of its flaws"
    )


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

    Judged are Dirty COW and what the kernel reports of processor flaws, such as Spectre and Meltdown. A version number
    alone misleads, because distributions backport fixes. Where the kernel does not know, or mitigates only in part,
    check the notices of the hypervisor or processor.

    Remedy: install the newest kernel and microcode of the distribution, take `mitigations=off` off the kernel's
    command line, and restart the host; with `mitigations=auto,nosmt` where threads of one core must not leak.
    """
    states = {flaw: running_kernel.state(flaw) for flaw in kernel_flaw}
    text = "; ".join(f"{flaw}: {state}" for flaw, state in states.items())
    assert "Vulnerable" not in text, text
    good = ("Not affected", "Mitigation:", "KVM: Mitigation:")
    if _OPEN_IN_PART.search(text) or not all(state.startswith(good) for state in states.values()):
        raise Manual(
            f"{text}; check whether that is enough for this host, by the notices of its hypervisor or processor"
        )
    return text


@pytest.mark.nist("SI-2", sp="800-53")
@pytest.mark.nist("4.5.3", sp="800-190")
@pytest.mark.pci("6.3.3")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.2.reboot_after_kernel_patch")
@pytest.mark.severity("medium", "Kernel flaws whose fix is installed stay open to every container.")
def test_newest_installed_kernel_runs(running_kernel: RunningKernel) -> str:
    """The newest installed kernel is running.

    A kernel that is installed but not running fixes nothing. Live patches do not count, because they fix single flaws.

    Remedy: restart the host, with `live-restore` or one host after the other.
    """
    reason = _restart_reason(running_kernel)
    assert not reason, f"the host has to be restarted: {reason}"
    return f"{running_kernel.release} runs, the newest that is installed"


def _restart_reason(kernel: RunningKernel) -> str:
    """Return why a host has to be restarted for its kernel, or an empty string."""
    if kernel.pending:
        packages = f" for {', '.join(kernel.packages)}" if kernel.packages else ""
        return f"{kernel.pending[0]} demands it{packages}"
    if kernel.restart == "1":
        return "needs-restarting -r demands it"
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

    What `sysctl -w` or a file in /run/sysctl.d sets is gone after a reboot. Of several files the last one by name wins,
    whatever its directory; systemd does not read /etc/sysctl.conf.

    Remedy: write `fs.suid_dumpable = 0` and `kernel.randomize_va_space = 2` into /etc/sysctl.d/99-hardening.conf, and
    run `sysctl --system`. Add `net.ipv4.ip_forward = 0` only where no bridge network is used, as it cuts the containers
    of bridge networks off; elsewhere record `ip_forward_reason` in the policy.
    """
    found = sysctl.at_start(kernel_setting)
    words = f"{found.file} sets it to {found.value}" if found else "no file sets it"
    if kernel_setting == FORWARD and policy.ip_forward_reason:
        return f"{words}, and the engine to 1; the policy says why: {policy.ip_forward_reason}"
    assert found, f"{words}; it is {sysctl.value(kernel_setting)} now"
    assert found.value == SETTINGS[kernel_setting], words
    return words


def _state(sysctl: Sysctl, name: str) -> str:
    """What the kernel has now, and the files that set it."""
    files = [f"{each.file} sets it to {each.value}" for each in sysctl.assignments if each.name == name]
    return f"{name} is {sysctl.value(name)}" + (f" ({', '.join(files)})" if files else "")


def _required(sysctl: Sysctl, name: str) -> str:
    """Require the value that the guide demands now, and return the state."""
    assert sysctl.value(name) == SETTINGS[name], _state(sysctl, name)
    return _state(sysctl, name)


@pytest.mark.nist("AC-4", "CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", "4.5.1", sp="800-190")
@pytest.mark.pci("1.4.2", "2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.ip_forward")
@pytest.mark.severity("low", "Docker needs forwarding and filters it; elsewhere the host joins networks unasked.")
def test_ipv4_forwarding_is_off_or_recorded(
    sysctl: Sysctl,
    networks: tuple[Network, ...],
    engine: Later[Engine],
    daemon: Later[Daemon],
    policy: Policy,
) -> str:
    """IPv4 forwarding is off, or a reason is recorded.

    A host that forwards is a router between all networks that it is in. The guide demands that it does not,
    but the engine needs it for bridge networks and switches it on at every start: your organization has to decide. A
    rootless engine forwards in a network namespace of its own, and needs nothing of the host.

    Remedy: set `net.ipv4.ip_forward = 0` and `"ip-forward": false` where no bridge network is used. Elsewhere write
    `ip_forward_reason` into the policy.
    """
    value = sysctl.value(FORWARD)
    bridges = ", ".join(each.name for each in networks if each.driver == "bridge" and not engine.get().rootless)
    state = _state(sysctl, FORWARD)
    if value == "0":
        require_network(engine, daemon)
        return f"{state}; bridge networks ({bridges}) reach nothing outside" if bridges else state
    assert bridges, f"{state}, and no bridge network of the engine needs it"
    conflict = f"{state}: the guide demands 0, the engine needs 1 for bridge networks ({bridges})"
    if not policy.ip_forward_reason:
        raise Manual(f"{conflict}; check that it may forward, then write `ip_forward_reason: WHY` into the policy")
    require_network(engine, daemon)
    return f"{conflict}; the policy chose that: {policy.ip_forward_reason}"


@pytest.mark.nist("CM-6", "SC-4", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.suid_dumpable")
@pytest.mark.severity("low", "Dumps hold passwords; most systems keep them readable by root alone.")
def test_privileged_programs_leave_no_core_dumps(sysctl: Sysctl) -> str:
    """Privileged programs leave no core dumps (fs.suid_dumpable is 0).

    Such a dump holds what the program read with its rights: passwords, keys, memory of other users.

    Remedy: `sysctl -w fs.suid_dumpable=0`, and the same in a file of /etc/sysctl.d; the package of
    systemd-coredump sets it to 2.
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

    Attackers have to guess where a program's memory lies. Containers use the setting of the host.

    Remedy: `sysctl -w kernel.randomize_va_space=2`, and the same in a file of /etc/sysctl.d; take `norandmaps`
    off the kernel's command line.
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

    Either is enough. Seccomp, which filters system calls, replaces neither: 2.18 and 5.22 judge it. Whether each
    container is confined is judged by 5.2 and 5.3.

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
@pytest.mark.severity("low", "What was done leaves no record, but nobody gains access by that.")
def test_auditd_writes_down_what_docker_does(audit_daemon: AuditDaemon) -> str:
    """The audit daemon records what Docker does.

    The first flaw decides: rules are loaded and auditing is on; the unit is enabled and active; the kernel gives its
    records to that auditd, and lost none; rules on Docker are in the kernel and not in files alone; the log was written
    to on the last day.

    Remedy: `systemctl enable --now auditd`, load the rules with augenrules --load, and raise the backlog (`-b`)
    where records are lost. Those of the start are kept with `audit_backlog_limit=8192` on the kernel's command
    line; `auditctl --reset-lost` begins the count again.
    """
    flaw = recording_flaw(audit_daemon) or rules_flaw(audit_daemon.audit) or log_flaw(audit_daemon)
    assert not flaw, flaw
    return "auditd is enabled and active, has rules on Docker, lost no record, and wrote to its log on the last day"
