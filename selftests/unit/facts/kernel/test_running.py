"""The kernel that runs, and its flaws."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hullcheck.facts.kernel.running import RUNNING_KERNEL, RunningKernel
from hullcheck.secrets.redact import DROPPED
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts.hosts import SAFE, kernel, only, target
from selftests.kit.judging import Verdicts, judged

SPECTRE, MELTDOWN = "Spectre (CVE-2017-5753, CVE-2017-5715)", "Meltdown (CVE-2017-5754)"


OSTREE = ["installed:6.12.43+deb13-amd64", "booted:/ostree/boot.1/x/a/0"]
"""What the probe says of a host whose system is a deployment of ostree."""
COW = "Dirty COW (CVE-2016-5195)"


def flaws_of(text: str) -> Verdicts:
    """What the control of known flaws says."""
    return judged("kernel_flaws_are_mitigated", target(running_kernel=text))


def test_flaws_of_processors() -> None:
    """Every flaw that the kernel knows is judged by what it says now; what it does not say is an error."""
    assert {verdict for verdict, _ in flaws_of(kernel()).values()} == {"pass"}
    found = flaws_of(kernel(flaws=SAFE | {"spectre_v2": "Vulnerable", "mds": "Vulnerable: no microcode"}))
    assert {name: each[0] for name, each in found.items()} == {
        COW: "pass",
        SPECTRE: "fail",
        MELTDOWN: "pass",
        "mds": "fail",
    }
    assert found["mds"][1] == "mds: Vulnerable: no microcode"
    assert flaws_of(kernel(flaws=SAFE | {"meltdown": ""}))[MELTDOWN][0] == "error"
    verdict, reason = flaws_of(kernel(flaws=SAFE | {"srbds": "Unknown: Dependent on hypervisor status"}))[
        "srbds"
    ]
    assert (verdict, reason.startswith("srbds: Unknown: Dependent on hypervisor status; ")) == (
        "manual",
        True,
    )
    halves = {"spectre_v1": "Unknown: x", "spectre_v2": "Vulnerable"}
    assert flaws_of(kernel(flaws=SAFE | halves))[SPECTRE][0] == "fail"
    assert flaws_of(kernel(flaws={"spectre_v1": "Not affected"}))[SPECTRE][0] == "error"
    assert flaws_of(kernel(flaws=SAFE | {"itlb_multihit": "KVM: Vulnerable"}))["itlb_multihit"][0] == "fail"
    assert flaws_of(kernel(flaws={}))[MELTDOWN][0] == "error"
    for state, verdict in (
        ("Mitigation: Enhanced IBRS; RSB filling; BHI: Vulnerable, KVM: SW loop", "fail"),
        ("Mitigation: Enhanced IBRS; PBRSB-eIBRS: Vulnerable", "fail"),
        ("Mitigation: Enhanced IBRS; PBRSB-eIBRS: SW sequence; BHI: BHI_DIS_S", "pass"),
        ("Mitigation: Retpolines; IBPB: disabled; STIBP: disabled; RSB filling", "fail"),
        ("Mitigation: Vulnerable, KVM: Not affected", "fail"),
        ("Mitigation: safe RET, no microcode", "fail"),
        ("Mitigation: AVX disabled, no microcode", "pass"),
        ("Mitigation: Safe RET", "pass"),
        ("Mitigation: Enhanced IBRS; BHI: Vulnerabl", "fail"),
        ("Mitigation: Clear CPU buffers; SMT vulnerabl", "manual"),
        ("KVM: Mitigation: VMX disabled", "pass"),
        ("Mitigation: CSV2, but not BHB", "fail"),
        ("Mitigation: CSV2, BHB", "pass"),
        ("Mitigation: Clear CPU buffers: VM", "fail"),
        ("Mitigation: Clear CPU buffers: user/kernel boundary", "pass"),
        ("Mitigation: Retpolines; IBPB: conditional; STIBP: disabled; RSB filling", "pass"),
        ("Mitigation: Clear CPU buffers; SMT vulnerable", "manual"),
        ("Mitigation: Clear CPU buffers; SMT Host state unknown", "manual"),
        ("Mitigation: Clear CPU buffers; SMT disabled", "pass"),
        ("Mitigation: PTE Inversion; VMX: vulnerable, SMT disabled", "fail"),
        ("Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT vulnerable", "manual"),
    ):
        assert flaws_of(kernel(flaws=SAFE | {"spectre_v2": state}))[SPECTRE][0] == verdict, state
    srso = "spec_rstack_overflow"  # enough on the newest processors of AMD alone
    assert flaws_of(kernel(flaws=SAFE | {srso: "Mitigation: IBPB on VMEXIT only"}))[srso][0] == "manual"
    assert flaws_of(kernel(flaws=SAFE | {srso: "Mitigation: IBPB"}))[srso][0] == "pass"
    assert flaws_of(kernel(flaws=SAFE | {"vmscape": "Mitigation: IBPB on VMEXIT"}))["vmscape"][0] == "pass"


@pytest.mark.parametrize(
    ("flaws", "why"),
    [
        (
            {},
            "/sys/devices/system/cpu/vulnerabilities is not there or could not be read: the kernel does not tell",
        ),
        ({"mds": "Not affected"}, "the kernel does not tell of meltdown: there is no such file"),
        ({"meltdown": ""}, "the kernel does not tell of meltdown: there is no such file"),
    ],
)
def test_flaw_of_which_the_kernel_does_not_tell(flaws: dict[str, str], why: str) -> None:
    """The reason says what is missing."""
    with pytest.raises(EvidenceError) as raised:
        target(running_kernel=kernel(flaws=flaws)).running_kernel.state("meltdown")
    assert str(raised.value) == why


def test_all_that_is_read_of_a_kernel() -> None:
    """What is not told is empty; releases are in their order, by their numbers."""
    assert target(running_kernel="release:6.12.1-x").running_kernel == RunningKernel("6.12.1-x", "", {}, ())
    lines = ["installed:6.9.1-x", "installed:6.12.1-x", "installed:x86", "installed:6.12.1-x"]
    lines += ["pending:/p", "package:b", "patch:k", "version:1", "restart:0"]
    found = target(running_kernel=kernel("6.12.1-x", {"mds": "Mitigation: a: b"}, *lines)).running_kernel
    installed = ("x86", "6.9.1-x", "6.12.1-x")
    assert found == RunningKernel(
        "6.12.1-x", "#1 SMP", {"mds": "Mitigation: a: b"}, installed, ("/p",), ("b",), ("k",), "1", "0"
    )


@pytest.mark.parametrize(
    ("release", "verdict"),
    [
        ("4.8.3", "pass"),
        ("4.8.2", "error"),
        ("4.7.9", "pass"),
        ("4.4.26", "pass"),
        ("4.4.25", "error"),
        ("4.9.0-1-amd64", "pass"),
        ("4.5.7", "error"),
        ("3.10.0-1160.el7.x86_64", "pass"),
        ("3.10.0-327.36.3.el7.x86_64", "pass"),
        ("3.10.0-327.36.2.el7.x86_64", "fail"),
        ("4.4.0-45-generic", "pass"),
        ("4.4.0-42-generic", "fail"),
        ("2.6.32-573.el6", "error"),
    ],
)
def test_fix_of_dirty_cow(release: str, verdict: str) -> None:
    """The upstream number, or that of the distribution that carried the fix back, decides; else nobody knows."""
    assert flaws_of(kernel(release))[COW][0] == verdict


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        (["installed:6.12.43+deb13-amd64"], "pass", "the newest that is installed"),
        (["installed:6.12.9+deb13-amd64", "installed:6.12.43+deb13-amd64"], "pass", ""),
        (["installed:6.12.43+deb13-cloud-amd64", "installed:6.12.43+deb13-amd64"], "pass", ""),
        (
            ["installed:6.12.43+deb13-amd64", "installed:6.12.48+deb13-amd64"],
            "fail",
            "6.12.48+deb13-amd64 is",
        ),
        (
            ["installed:6.12.43+deb13-amd64", "pending:/run/reboot-required", "package:libc6"],
            "fail",
            "for libc6",
        ),
        (["installed:6.12.43+deb13-amd64", "restart:1"], "fail", "needs-restarting"),
        (["installed:6.12.43+deb13-amd64", "restart:0"], "pass", ""),
        (["installed:6.12.43+deb13-amd64", "restart:2"], "error", "status 2"),
        (["installed:6.12.43+deb13-amd64", "version:6.12.43-2"], "fail", "build 6.12.43-1 of"),
        (["installed:6.12.43+deb13-amd64", "version:6.12.43-1", "patch:kpatch_1"], "pass", "kpatch_1"),
        (["installed:6.12.9+deb13-amd64"], "error", "which is not installed"),
        ([], "error", "comes from elsewhere"),
        (["container:none"], "error", "comes from elsewhere"),
        (["container:lxc"], "not applicable", "the machine around this container (lxc)"),
        (["installed:6.12.43+deb13-amd64", "container:lxc"], "pass", ""),
        ([*OSTREE, "entry:2 /ostree/boot.1/x/a/0"], "pass", ""),
        (
            [*OSTREE, "entry:10 /ostree/boot.0/x/b/0", "entry:9 /ostree/boot.1/x/a/0"],
            "fail",
            "boot.0/x/b/0 is",
        ),
        ([*OSTREE, "entry:1 /ostree/boot.0/x/b/0", "entry:2 /ostree/boot.1/x/a/0"], "pass", ""),
        (OSTREE, "error", "the deployments of ostree in /boot/loader/entries could not be read"),
        ([*OSTREE, "pending:/run/ostree/staged-deployment"], "fail", "staged-deployment demands it"),
        (["installed:6.12.43+deb13-amd64", "update:UPDATE_STATUS_IDLE"], "pass", ""),
        (
            ["installed:6.12.43+deb13-amd64", "update:unread"],
            "error",
            "whether an update waits for a restart",
        ),
        (["installed:6.12.43+deb13-amd64", "version:unread"], "error", "dpkg does not tell the version"),
        (
            ["installed:6.12.43+deb13-amd64", "update:UPDATE_STATUS_UPDATED_NEED_REBOOT"],
            "fail",
            "an update lies in the other partition",
        ),
    ],
)
def test_kernel_that_runs(lines: list[str], verdict: str, words: str) -> None:
    """The newest that is installed has to run, in the build that is installed, with no restart pending."""
    text = kernel(
        "6.12.43+deb13-amd64", None, *lines, build="#1 SMP PREEMPT_DYNAMIC Debian 6.12.43-1 (2026-05-01)"
    )
    found = only(judged("newest_installed_kernel_runs", target(running_kernel=text)))
    assert (found[0], words in found[1]) == (verdict, True), found


def test_backports_of_debian() -> None:
    """The number of the package stands behind that of the release of Debian."""
    for newest, verdict in (("21", "pass"), ("22", "fail"), ("9", "pass")):
        running, other = "6.1.0-0.deb11.21-amd64", f"6.1.0-0.deb11.{newest}-amd64"
        text = kernel(running, None, f"installed:{running}", f"installed:{other}")
        assert only(judged("newest_installed_kernel_runs", target(running_kernel=text)))[0] == verdict


@pytest.mark.parametrize(
    ("running", "other", "verdict"),
    [
        ("6.12.43+deb13-amd64", "6.12.43+deb13+1-amd64", "fail"),
        ("6.12.43+deb13+1-amd64", "6.12.43+deb13-amd64", "pass"),
        ("6.9.1-arch1-1", "6.9.1-arch1-2", "fail"),
        ("6.6.31+rpt-rpi-v8", "6.6.31+rpt-rpi-2712", "pass"),
        # Oracle has two lines of kernels side by side
        ("5.14.0-503.el9.x86_64", "5.15.0-300.el9uek.x86_64", "pass"),
        ("5.14.0-503.el9.x86_64", "5.14.0-570.el9.x86_64", "fail"),
        ("5.15.0-200.el9uek.x86_64", "5.15.0-300.el9uek.x86_64", "fail"),
    ],
)
def test_numbers_behind_a_word(running: str, other: str, verdict: str) -> None:
    """They count, but for those of a flavour."""
    text = kernel(running, None, f"installed:{running}", f"installed:{other}")
    assert only(judged("newest_installed_kernel_runs", target(running_kernel=text)))[0] == verdict


@pytest.mark.parametrize(
    ("default", "mounted", "pending"),
    [
        ("ID 9 gen 1 top level 2 path @/.snapshots/5/snapshot", "/@/.snapshots/4/snapshot", True),
        ("ID 9 gen 1 top level 2 path @/.snapshots/4/snapshot", "/@/.snapshots/4/snapshot", False),
        ("ID 5 (FS_TREE)", "/@", False),
        ("ID 9 gen 1 top level 2 path @/.snapshots/5/snapshot", "/", False),
    ],
)
def test_snapshot_of_the_next_start(tmp_path: Path, default: str, mounted: str, pending: bool) -> None:
    """What was installed lies in another one there, so that no newer kernel is seen."""
    (tmp_path / "btrfs").write_text(
        f"#!/bin/sh\n[ \"$1 $2 $3\" = 'subvolume get-default /' ] && echo '{default}'\n"
    )
    (tmp_path / "btrfs").chmod(0o755)
    table = tmp_path / "mountinfo"
    table.write_text(f"25 1 0:22 {mounted} / rw,relatime - btrfs /dev/vda3 rw,subvol={mounted}\n")
    script = RUNNING_KERNEL.script.replace("/proc/self/mountinfo", str(table))
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    found = RUNNING_KERNEL.keep(done.stdout).split("\n")
    assert ("pending:/@/.snapshots/5/snapshot" in found) is pending
    assert "update:unread" not in found
    (tmp_path / "btrfs").write_text("#!/bin/sh\nexit 1\n")  # as for whoever is not root
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert ("update:unread" in RUNNING_KERNEL.keep(done.stdout).split("\n")) is (".snapshots/" in mounted)


def test_kernel_that_does_not_say_its_release() -> None:
    """Nonsense in the place of a release is an error."""
    for text in ("release:\nbuild:", "build:", "installed:6.1"):
        with pytest.raises(EvidenceError, match=r"^uname -r says '', which is no release of a kernel$"):
            _ = target(running_kernel=text).running_kernel


def test_tracking_is_for_a_person() -> None:
    """The control shows which kernel of which system somebody has to follow."""
    system = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"'
    found = only(
        judged("kernel_vulnerabilities_are_tracked", target(os_release=system, running_kernel=kernel()))
    )
    assert found == (
        "manual",
        "Debian GNU/Linux 13 (trixie) runs kernel 6.12.43+deb13-amd64: who reads its notices, and when last?",
    )


def test_flaw_that_was_dropped() -> None:
    """A line that could not be kept may have named a flaw, so that none is judged."""
    with pytest.raises(EvidenceError, match="may have named a flaw"):
        flaws_of(f"release:6.12.0\nflaw:meltdown:Not affected\n{DROPPED}")
