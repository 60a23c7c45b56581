"""The kernel that runs, and its flaws."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.hosts import SAFE, kernel, only, target
from selftests.kit.judging import Verdicts, judged

SPECTRE, MELTDOWN = "Spectre (CVE-2017-5753, CVE-2017-5715)", "Meltdown (CVE-2017-5754)"
COW = "Dirty COW (CVE-2016-5195)"


def flaws_of(said: dict[str, Mapping[str, str]]) -> Verdicts:
    """Judge the control of known flaws."""
    return judged("kernel_flaws_are_mitigated", target(None, **said))


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("Not affected", "pass"),
        ("Mitigation: Retpolines; IBPB: conditional; STIBP: disabled; RSB filling", "pass"),
        ("KVM: Mitigation: VMX disabled", "pass"),
        ("Vulnerable: no microcode", "fail"),
        ("Mitigation: Enhanced IBRS; RSB filling; BHI: Vulnerable, KVM: SW loop", "fail"),
        ("Unknown: Dependent on hypervisor status", "manual"),
        ("Mitigation: Clear CPU buffers; SMT vulnerable", "manual"),
        ("Mitigation: CSV2, but not BHB", "manual"),
        ("Mitigation: IBPB on VMEXIT only", "manual"),
        ("", "error"),
    ],
)
def test_flaw_of_a_processor(state: str, verdict: str) -> None:
    """What the kernel reports decides; a flaw that is open in part is left to a person."""
    found = flaws_of(kernel(flaws=SAFE | {"spectre_v2": state}))
    assert {name: each[0] for name, each in found.items()} == {
        COW: "pass", SPECTRE: verdict, MELTDOWN: "pass",
    }  # fmt: skip


@pytest.mark.parametrize(("release", "verdict"), [("4.9.0-1", "pass"), ("3.10.0-1160.el7.x86_64", "manual")])
def test_fix_of_dirty_cow(release: str, verdict: str) -> None:
    """Every release since 4.9 has it; whether a distribution carried it back is not known."""
    assert flaws_of(kernel(release))[COW][0] == verdict


INSTALLED = "installed:6.12.43+deb13-amd64"


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        ([INSTALLED, "restart:0", "version:6.12.43-1"], "pass", "the newest that is installed"),
        ([INSTALLED, "installed:6.12.9+deb13-amd64", "installed:6.12.43+deb13-cloud-amd64"], "pass", ""),
        ([INSTALLED, "installed:6.12.48+deb13-amd64"], "fail", "6.12.48+deb13-amd64 is"),
        ([INSTALLED, "pending:/run/reboot-required"], "fail", "demands it for libc6"),
        ([INSTALLED, "restart:1"], "fail", "needs-restarting"),
        ([INSTALLED, "restart:2"], "error", "status 2"),
        ([INSTALLED, "version:6.12.43-2"], "fail", "build 6.12.43-1 of"),
        ([INSTALLED, "version:unread"], "error", "dpkg does not print the version"),
        (["installed:6.12.9+deb13-amd64"], "error", "which is not installed"),
        (["container:none"], "error", "comes from elsewhere"),
        (["container:lxc"], "not applicable", "the machine around this container (lxc)"),
    ],
)
def test_kernel_that_runs(lines: list[str], verdict: str, words: str) -> None:
    """The newest that is installed has to run, in the build that is installed, with no restart pending."""
    build = "#1 SMP PREEMPT_DYNAMIC Debian 6.12.43-1 (2026-05-01)"
    text = kernel("6.12.43+deb13-amd64", SAFE, *lines, build=build, more="/run/reboot-required.pkgs:libc6")
    found = only(judged("newest_installed_kernel_runs", target(None, **text)))
    assert (found[0], words in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("running", "other", "verdict"),
    [
        ("6.1.0-0.deb11.21-amd64", "6.1.0-0.deb11.22-amd64", "fail"),
        ("6.12.43+deb13-amd64", "6.12.43+deb13+1-amd64", "fail"),
        ("6.9.1-arch1-1", "6.9.1-arch1-2", "fail"),
        ("6.6.31+rpt-rpi-v8", "6.6.31+rpt-rpi-2712", "pass"),
    ],
)
def test_order_of_releases(running: str, other: str, verdict: str) -> None:
    """Numbers behind a word count, but for those of a flavour."""
    text = kernel(running, SAFE, f"installed:{running}", f"installed:{other}")
    assert only(judged("newest_installed_kernel_runs", target(None, **text)))[0] == verdict


def test_kernel_that_does_not_say_its_release() -> None:
    """Nonsense in the place of a release is an error."""
    with pytest.raises(EvidenceError, match=r"^/proc/sys/kernel/osrelease has '', which is no release"):
        _ = target(None, **kernel("")).running_kernel


def test_tracking_is_for_a_person() -> None:
    """The control shows which kernel somebody has to follow."""
    verdict, reason = only(judged("kernel_vulnerabilities_are_tracked", target(None, **kernel())))
    assert (verdict, "runs kernel 6.12.43+deb13-amd64: check" in reason) == ("manual", True)
