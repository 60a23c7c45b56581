"""The Docker Hardening Guide, section 1: the host, where no control of the CIS benchmark judges the same."""

import pytest

from hullcheck.facts.networks import Network
from hullcheck.facts.sysctl import FORWARD, GUIDE, Sysctl
from hullcheck.policy import Policy


@pytest.mark.nist("CM-6", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.sysctl_persistent")
@pytest.mark.severity("low")
def test_kernel_settings_survive_a_reboot(kernel_setting: str, sysctl: Sysctl, policy: Policy) -> str:
    """The settings of the kernel that the guide demands are in files that the next start applies.

    What `sysctl -w` set is gone after a reboot. The file that is read last wins: by its name, whatever its
    directory; systemd does not read /etc/sysctl.conf, other systems read it last.

    Remedy: write `fs.suid_dumpable = 0`, `kernel.randomize_va_space = 2` and `net.ipv4.ip_forward = 0` into
    /etc/sysctl.d/99-hardening.conf, and run `sysctl --system`.
    """
    found = sysctl.at_start(kernel_setting)
    if kernel_setting == FORWARD and policy.ip_forward_reason:
        what = f"{found.file} sets it to {found.value}" if found else "no file sets it"
        return f"{what}, and the engine to 1; the policy says why: {policy.ip_forward_reason}"
    assert not sysctl.applied, f"{sysctl.applied}: no file is applied at the start"
    assert found, f"no file sets it; it is {sysctl.value(kernel_setting)} now"
    assert found.value == GUIDE[kernel_setting], f"{found.file} sets it to {found.value}"
    return f"{found.file} sets it to {found.value}"


@pytest.mark.nist("AC-4", "CM-7", "SC-7", sp="800-53")
@pytest.mark.nist("4.4.2", "4.5.1", sp="800-190")
@pytest.mark.pci("1.4.2", "2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.ip_forward")
@pytest.mark.severity("medium")
def test_ipv4_forwarding_is_off_or_recorded(
    sysctl: Sysctl, networks: tuple[Network, ...], policy: Policy
) -> str:
    """The host forwards no IPv4, or only for bridge networks, by a recorded decision and with a closed chain.

    A host that forwards is a router between all networks that it is in. The guide demands that it does not,
    but the engine needs it for bridge networks and switches it on at every start: the site has to decide.

    Remedy: set `net.ipv4.ip_forward = 0` and `"ip-forward": false` where no bridge network is used, or record
    `ip_forward_reason` in the policy and let `iptables -P FORWARD DROP` close the rest.
    """
    value = sysctl.value(FORWARD)
    bridges = [each.name for each in networks if each.driver == "bridge"]
    if value == "0":
        return "it is 0" + (
            f"; bridge networks ({', '.join(bridges)}) reach nothing outside" if bridges else ""
        )
    conflict = f"it is {value}: the guide demands 0, the engine needs 1 for bridge networks"
    assert bridges, f"it is {value}, and the engine has no bridge network that needs it"
    assert policy.ip_forward_reason, (
        f"{conflict} ({', '.join(bridges)}); the policy records no ip_forward_reason"
    )
    dropped = sysctl.forward_policy
    assert dropped == "DROP", (
        f"{conflict}, as the policy chose; but the policy of the chain FORWARD is {dropped}"
    )
    return f"{conflict}; the policy chose that: {policy.ip_forward_reason}; the chain FORWARD drops the rest"


@pytest.mark.nist("CM-6", "SC-4", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.suid_dumpable")
@pytest.mark.severity("medium")
def test_privileged_programs_leave_no_core_dumps(sysctl: Sysctl) -> None:
    """Programs that change their rights leave no core dumps (fs.suid_dumpable is 0).

    Such a dump holds what the program read with its rights: passwords, keys, the memory of others.

    Remedy: `sysctl -w fs.suid_dumpable=0`, and the same in a file of /etc/sysctl.d; the package of
    systemd-coredump sets it to 2.
    """
    value = sysctl.value("fs.suid_dumpable")
    assert value == "0", f"fs.suid_dumpable is {value}"


@pytest.mark.nist("SI-16", sp="800-53")
@pytest.mark.nist("4.5.1", sp="800-190")
@pytest.mark.pci("2.2.6")
@pytest.mark.hipaa("164.308(a)(1)(ii)(B)")
@pytest.mark.guide("1.4.aslr")
@pytest.mark.severity("medium")
def test_address_space_is_randomized(sysctl: Sysctl) -> None:
    """The addresses of programs are random, those of the heap too (kernel.randomize_va_space is 2).

    Who finds a hole in a program has to guess where its memory lies. Containers have the host's setting.

    Remedy: `sysctl -w kernel.randomize_va_space=2`, and the same in a file of /etc/sysctl.d; take `norandmaps`
    off the kernel's command line.
    """
    value = sysctl.value("kernel.randomize_va_space")
    assert value == "2", f"kernel.randomize_va_space is {value}"
