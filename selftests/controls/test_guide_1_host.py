"""Section 1 of the guide on facts made by hand: each control fails on what it names, and passes without it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.host.packages import PACKAGES
from hullcheck.policy import Policy
from hullcheck.verdicts import EvidenceError
from selftests.kit.facts import answer
from selftests.kit.facts.daemons import Host
from selftests.kit.facts.engines import engine_text
from selftests.kit.facts.hosts import NOW, only, target, unit
from selftests.kit.judging import Verdicts, judged
from selftests.needs import need
from selftests.unit.criteria.test_auditd import answer_of

# ---- the distribution and its software


UBUNTU = 'ID=ubuntu\nPRETTY_NAME="Ubuntu 24.04 LTS"'


LITTLE = "source:dpkg 214"


def with_software(os_release: str, *lines: str, **policy: Any) -> Facts:
    """A host of this distribution, with this software."""
    files = "\n".join(f"/etc/os-release:{line}" for line in os_release.split("\n"))
    return target(policy, host={"files": files}, packages={"software": "\n".join(lines)})


def distribution(os_release: str, *lines: str, **policy: Any) -> Verdicts:
    """What the control of minimal distributions says."""
    return judged("distribution_is_minimal", with_software(os_release, LITTLE, *lines, **policy))


@pytest.mark.parametrize(
    ("os_release", "lines", "found"),
    [
        (UBUNTU, ["mark:/usr/local/sbin/unminimize"], "Ubuntu Minimal"),
        (UBUNTU, [], ""),
        (UBUNTU, ["mark:/usr/local/sbin/unminimize", "package:ubuntu-standard"], ""),
        ("ID=debian", ["mark:/etc/dpkg/dpkg.cfg.d/excludes"], ""),
        ('ID="rhcos"\nNAME="Red Hat Enterprise Linux CoreOS"', [], "RHEL CoreOS"),
        ('ID="rhel"\nVARIANT_ID=coreos', [], "RHEL CoreOS"),
        ('ID="fedora"\nVARIANT_ID=coreos', [], "Fedora CoreOS"),
        ("ID=bottlerocket\nVARIANT_ID=aws-ecs-2", [], "Bottlerocket"),
        ("ID=alpine\nVERSION_ID=3.24.1", [], "Alpine"),
    ],
)
def test_minimal_distribution(os_release: str, lines: list[str], found: str) -> None:
    """One that is made for containers passes and makes those that the guide names not applicable; others fail."""
    verdicts = {name: each[0] for name, each in distribution(os_release, *lines).items()}
    rest = "not applicable" if found else "fail"
    names = {"Ubuntu Minimal", "RHEL CoreOS", "Bottlerocket"} | ({found} if found else set())
    assert verdicts == {name: "pass" if name == found else rest for name in names}


def test_minimal_distribution_of_the_site() -> None:
    """A distribution that the policy names passes under its own name; one without a name is an error."""
    found = distribution("ID=flatcar", minimal_distributions=["flatcar"])
    assert found["flatcar"] == ("pass", "the host is flatcar (214 packages)")
    assert distribution("ID=debian", minimal_distributions=["flatcar"])["Bottlerocket"][0] == "fail"
    with pytest.raises(EvidenceError):
        distribution("NAME=x")


def programs(kind: str, *lines: str, source: str = LITTLE, **policy: Any) -> tuple[str, str]:
    """What the control of compilers or browsers says."""
    facts = with_software("ID=debian", source, *lines, **policy)
    control = {"compiler": "host_has_no_compilers", "browser": "host_has_no_browsers"}[kind]
    return only(judged(control, facts))


@pytest.mark.parametrize(
    ("lines", "allowed", "expected"),
    [
        ([], [], "pass"),
        (["/usr/bin/{}"], [], "the host has /usr/bin/{}"),
        (["package:{}"], [], "the host has package {}"),
        (["/usr/bin/bash"], [], "pass"),
        (["/usr/bin/{}", "package:{}"], ["gcc", "lynx"], "pass"),
        (["/usr/bin/{}"], ["make"], "the host has /usr/bin/{}"),
        (["unread:/opt/bin"], [], "error"),
        (["unread:/opt/bin", "/usr/bin/{}"], [], "the host has /usr/bin/{}"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), [("compiler", "gcc"), ("browser", "lynx")])
def test_programs_of_the_host(
    kind: str, name: str, lines: list[str], allowed: list[str], expected: str
) -> None:
    """A program or a package of the kind fails; the policy allows by name."""
    found = programs(kind, *(each.format(name) for each in lines), allowed_host_programs=allowed)
    assert expected.format(name) in found


def test_list_of_packages() -> None:
    """One that is not known is said, and one that is empty was not understood."""
    assert programs("compiler", "/usr/bin/lynx") == (
        "pass",
        "214 packages of dpkg, and the programs on the path",
    )
    assert programs("compiler", source="")[1].startswith("no list of packages")
    with pytest.raises(
        EvidenceError, match=r"^the list of packages of dpkg is empty, or was not understood$"
    ):
        programs("compiler", source="source:dpkg 0")


# ---- updates


def timer(name: str) -> str:
    """A timer that runs, whose service did well."""
    ended = {"Result": "success", "ExecMainExitTimestamp": "Mon 2026-06-29 06:12:33 UTC"}
    return unit(f"{name}.timer") + unit(f"{name}.service", "static", "inactive", **ended)


APT, DNF = timer("apt-daily-upgrade"), timer("dnf-automatic")
ON = 'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'


@pytest.mark.parametrize(
    ("updates", "units", "expected", "words"),
    [
        (ON, APT, "pass", "Unattended-Upgrade=1; its service ended with success on 2026-06-29"),
        ("", APT, "fail", "apt-daily-upgrade.timer is active, with APT::Periodic::Unattended-Upgrade=0"),
        (ON.replace('Upgrade "1"', 'Upgrade "0"'), APT, "fail", "Unattended-Upgrade=0"),
        (ON + 'APT::Periodic::Enable "0";', APT, "fail", "Unattended-Upgrade=0"),
        (ON, APT.replace("=enabled", "=disabled"), "manual", "is active, but not enabled"),
        (ON, APT.replace("=active", "=inactive"), "fail", "nothing that installs updates was found"),
        (ON, APT.replace("Result=success", "Result=exit-code"), "manual", "with exit-code on"),
        (ON, APT.replace("2026-06-29", "2026-05-01"), "manual", "in the policy: patched_by: NAME"),
        (ON, APT.replace("2026-06-29", "2026-07-29"), "manual", "in the policy: patched_by: NAME"),
        ("/etc/cron.d/pull\nunread:/var/spool/cron", "", "manual", "/etc/cron.d/pull. Check that"),
        (ON, APT.replace("Mon 2026-06-29 06:12:33 UTC", ""), "manual", "has not run since the start"),
        ("/etc/dnf/automatic.conf:apply_updates = yes", DNF, "pass", "with apply_updates=yes"),
        ("/etc/dnf/automatic.conf:apply_updates = no", DNF, "fail", "with apply_updates=no"),
        ("/etc/cron.d/pull", timer("puppet"), "manual", "/etc/cron.d/pull. Check that"),
    ],
)
def test_patching(updates: str, units: str, expected: str, words: str) -> None:
    """A timer passes that is on, whose program installs updates, and whose last run succeeded."""
    facts = target(packages={"updates": updates}, units={"show": units})
    verdict, reason = only(judged("patching_is_automated", facts))
    assert (verdict, words in reason) == (expected, True), reason


def test_patching_that_cannot_be_seen() -> None:
    """Tables of cron that are hidden are an error if nothing else was found, and no subject if the policy speaks."""
    said: dict[str, Any] = {"packages": {"updates": "unread:/var/spool/cron"}, "units": {}}
    assert only(judged("patching_is_automated", target(**said)))[0] == "error"
    named = target({"patched_by": "Chef"}, **said)
    assert only(judged("patching_is_automated", named))[0] == "not applicable"


# ---- what the host serves


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=" ".join)
def test_programs_in_usual_folders(shell: tuple[str, ...], tmp_path: Path) -> None:
    """A name may tell machine and version; what lies deeper, is no program or is called a little like one is none."""
    need(shell[0])
    names = {"gnu/bin/x86_64-linux-gnu-gcc-12", "cuda/bin/nvcc", "google/chrome/chrome", "gnu/bin/ld.gold"}
    for each in (*names, "gnu/bin/protoc-gen-go", "gnu/bin/ld.so", "gnu/bin/make-cert", "a/b/c/d/gcc"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_text("")
        (tmp_path / each).chmod(0o755)
    (tmp_path / "gnu/bin/clang").write_text("")  # not to be run
    script = PACKAGES.script.replace("/opt/", f"{tmp_path}/")
    said = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=False)
    lines = said.stdout.split("\n")
    assert {line.removeprefix(f"{tmp_path}/") for line in lines if str(tmp_path) in line} == names


CONTAINER = "a" * 64


PROCESSES = {1: "/init.scope", 50: "/system.slice/ssh.service", 60: f"/docker/{CONTAINER}"}


def program(pid: int, path: str) -> str:
    """The line of the processes that says what a process runs."""
    return f"{pid}/exe:{path}"


SSHD = ["listener:tcp 00000000:0016 900", "owner:900 50", program(50, "/usr/sbin/sshd")]
SYSTEMD = {"systemd": "enabled:ssh.service enabled -\nrunning:getty@tty1.service loaded active running x"}


def served(
    control: str,
    *lines: str,
    net: str = "net:tcp",
    auditor: int = 0,
    units: dict[str, str] = SYSTEMD,
    around: str = "",
    **policy: Any,
) -> tuple[str, str]:
    """What a control of services says; `around` is a container in which the whole host is."""
    shown = [f"{pid}/status:Name:\tx\n{pid}/cgroup::{around}{path}" for pid, path in PROCESSES.items()]
    shown += [line for line in lines if "/exe:" in line]
    listeners = [net, *(line for line in lines if "/exe:" not in line)]
    parts = {"processes": "\n".join(shown), "listeners": "\n".join(listeners)}
    facts = target(policy, host={"auditor": str(auditor)}, units=units, processes=parts)
    return only(judged(control, facts))


DEDICATED = "host_serves_containers_alone"


AGENT = [
    "listener:tcp6 00000000000000000000000000000000:2382 901",
    "owner:901 50",
    program(50, "/opt/agent/bin/agent"),
]


NGINX = program(50, "/usr/sbin/nginx")


@pytest.mark.parametrize(
    ("lines", "allowed", "expected"),
    [
        (SSHD, None, ("pass", "outside of containers listen sshd (tcp 22)")),
        ([], None, ("pass", "outside of containers listen no programs")),
        ([NGINX], None, ("fail", "outside of containers runs /usr/sbin/nginx")),
        ([*SSHD, program(60, "/usr/sbin/nginx")], None, ("pass", "")),
        ([*SSHD, NGINX], ["nginx"], ("pass", "")),
        (AGENT, None, ("manual", "agent (tcp 9090)")),
        (AGENT, ["agent"], ("pass", "")),
        (AGENT, [], ("fail", "agent (tcp 9090)")),
        ([line.replace(" 50", " 60") for line in AGENT], None, ("pass", "")),
        # a name proves nothing, and busybox is all
        ([*SSHD[:2], program(50, "/tmp/sshd")], None, ("manual", "sshd")),
        ([*SSHD[:2], program(50, "/bin/busybox")], None, ("manual", "busybox")),
    ],
)
def test_host_that_serves_containers_alone(
    lines: list[str], allowed: list[str] | None, expected: tuple[str, str]
) -> None:
    """The base system may listen; a known server outside of a container fails, an unknown one is for a person."""
    policy = {} if allowed is None else {"allowed_host_services": allowed}
    found = served(DEDICATED, *lines, **policy)  # type: ignore[arg-type]
    assert (found[0], expected[1] in found[1]) == (expected[0], True), found


def test_engine_that_is_not_seen() -> None:
    """An engine that answers and is not seen shows that the host is not seen either."""
    parts = {"processes": "1/status:Name:\tx\n1/cgroup::/", "listeners": "net:tcp"}
    found = judged(DEDICATED, target(units=SYSTEMD, processes=parts, daemon=""))
    assert only(found)[0] == "error"


@pytest.mark.parametrize(
    ("kind", "unit", "expected"),
    [
        ("Stream", "ssh.socket", "pass"),
        ("Stream", "docker.socket", "pass"),
        ("Stream", "cockpit.socket", "manual"),
        ("Datagram", "ssh.socket", "manual"),  # of another protocol
    ],
)
def test_port_on_which_systemd_waits(kind: str, unit: str, expected: str) -> None:
    """What it starts at the first connection is told by the socket unit, and unknown without one."""
    systemd = [SSHD[0], "owner:900 1", program(1, "/usr/lib/systemd/systemd")]
    units = {"systemd": f"socket:[::]:22 {kind} {unit} ssh.service"}
    found = served(DEDICATED, *systemd, units=units)
    assert (found[0], f"{unit} (tcp 22)" in found[1]) == (expected, kind == "Stream")
    assert served(DEDICATED, *SSHD, units=units) == served(DEDICATED, *SSHD)


def test_host_that_is_a_container_itself() -> None:
    """A container around the whole host makes none of its processes one of a container."""
    around = f"/docker/{'b' * 64}"
    assert served(DEDICATED, program(50, "/usr/sbin/nginx"), around=around)[0] == "fail"
    assert served(DEDICATED, program(60, "/usr/sbin/nginx"), around=around)[0] == "pass"


def test_listener_without_a_program() -> None:
    """Root sees all programs, and what has none is the kernel's; another user does not see whose it is."""
    found = served(DEDICATED, SSHD[0])
    assert (found[0], "a program that is not seen (tcp 22)" in found[1]) == ("manual", True)
    assert served(DEDICATED, SSHD[0], auditor=1000)[0] == "error"
    assert served(DEDICATED, auditor=1000)[0] == "error"
    assert served(DEDICATED, net="")[0] == "error"


APPROVED = "services_of_the_host_are_approved"
OPENRC = {"openrc": "enabled:docker\nenabled:sshd\nrunning:sshd"}


@pytest.mark.parametrize(
    ("allowed", "units", "expected"),
    [
        (["ssh", "getty@.service", "sshd"], SYSTEMD, ("pass", "3 units and programs")),
        (["ssh.service", "getty@tty1", "sshd"], SYSTEMD, ("pass", "")),
        (["ssh", "sshd"], SYSTEMD, ("fail", "not on the list of the policy: getty@tty1.service")),
        (["ssh", "getty@"], SYSTEMD, ("fail", "not on the list of the policy: sshd (tcp 22)")),
        (["sshd"], {}, ("error", "")),
        (["sshd", "docker"], OPENRC, ("pass", "")),
        (["sshd"], OPENRC, ("fail", "not on the list of the policy: docker")),
    ],
)
def test_approved_services(allowed: list[str], units: dict[str, str], expected: tuple[str, str]) -> None:
    """Every unit and every listener has to be on the list."""
    found = served(APPROVED, *SSHD, units=units, allowed_host_services=allowed)
    assert (found[0], expected[1] in found[1]) == (expected[0], True), found


def test_services_that_nobody_approved() -> None:
    """A person sees them all, with the line of the policy that allows them."""
    names = "ssh.service, getty@tty1.service, sshd"
    found, reason = served(APPROVED, *SSHD)
    assert (found, reason.startswith(f"check that each of these is needed: {names} (tcp 22);")) == (
        "manual",
        True,
    )
    assert f"`allowed_host_services: [{names}]`" in reason


# ---- what confines containers


def confined(security: list[str], selinux: str = "absent", apparmor: str = "absent") -> dict[str, str]:
    """What the control of security modules says of an engine and a kernel, by option."""
    files = {"/sys/fs/selinux/enforce": selinux, "/sys/module/apparmor/parameters/enabled": apparmor}
    lines = (f"absent:{path}" if value == "absent" else f"{path}:{value}" for path, value in files.items())
    facts = target(engine=engine_text({"SecurityOptions": security}), host={"files": "\n".join(lines)})
    return {name: each[0] for name, each in judged("security_modules_confine_containers", facts).items()}


SECCOMP, LAX = "name=seccomp,profile=builtin", "Y\n/sys/module/apparmor/parameters/mode"


@pytest.mark.parametrize(
    ("options", "kernel", "expected"),
    [
        ([SECCOMP, "name=apparmor"], {"apparmor": "Y"}, ("not applicable", "pass", "pass")),
        ([SECCOMP, "name=selinux"], {"selinux": "1"}, ("pass", "not applicable", "pass")),
        ([SECCOMP], {"apparmor": "Y", "selinux": "1"}, ("fail", "fail", "pass")),
        ([SECCOMP, "name=apparmor"], {"apparmor": "N"}, ("fail", "fail", "pass")),
        ([SECCOMP, "name=apparmor"], {"apparmor": f"{LAX}:complain"}, ("fail", "fail", "pass")),
        ([SECCOMP, "name=selinux"], {"selinux": "0"}, ("fail", "fail", "pass")),
        (["name=apparmor"], {"apparmor": "Y"}, ("not applicable", "pass", "fail")),
        (["name=seccomp,profile=unconfined", "name=apparmor"], {"apparmor": "Y"}, ("not applicable", "pass", "fail")),
        (["name=seccomp,profile=/p.json", "name=apparmor"], {"apparmor": "Y"}, ("not applicable", "pass", "error")),
    ],
)  # fmt: skip
def test_security_modules(options: list[str], kernel: dict[str, str], expected: tuple[str, ...]) -> None:
    """One of the two is enough, where the kernel has it in force and the engine uses it; seccomp replaces none."""
    found = confined(options, **kernel)
    assert (found["SELinux"], found["AppArmor"], found["Seccomp"]) == expected


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}', "pass"),
        ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}', "fail"),
        ("", "error"),
    ],
)
def test_profile_of_the_site(profile: str, expected: str) -> None:
    """A filter that is there and lets everything through confines nothing; one that is not seen is no proof."""
    info = {"SecurityOptions": ["name=seccomp,profile=/p.json", "name=apparmor"]}
    host = Host(document='{"seccomp-profile": "/p.json"}', profile=profile, info=info)
    own = {"presence": "command docker /usr/bin/docker", "files": "/sys/module/apparmor/parameters/enabled:Y"}
    recording = host.recording()
    facts = Facts(replace(recording, answers=recording.answers | {"host": answer("host", **own)}), Policy())
    assert judged("security_modules_confine_containers", facts)["Seccomp"][0] == expected


# ---- auditd


RULE = "-w /usr/bin/docker -p rwxa -k docker"
RUNC = "-w /usr/sbin/runc -p x -k docker"
ON = ("enabled 1", "pid 700", "lost 0")


def audited(
    *,
    status: tuple[str, ...] = ON,
    rules: tuple[str, ...] = (RULE, RUNC),
    files: tuple[str, ...] = (RULE, RUNC),
    active: str = "active",
) -> Facts:
    """Return a host with auditd."""
    said = answer_of(*rules, files=files, status=status)
    log = f"log:/var/log/audit/audit.log\nlast:{int(NOW) - 60}"
    shown = unit("auditd.service", active=active, MainPID=700)
    return target(units={"show": shown}, audit={**said, "log": log})


def test_steps_of_auditd() -> None:
    """Where all is well each step passes."""
    found = judged("auditd_writes_down_what_docker_does", audited())
    assert {verdict for verdict, _ in found.values()} == {"pass"}
    found = judged("auditd_writes_down_what_docker_does", audited(rules=("-a never,task", RULE)))
    assert {step for step, (verdict, _) in found.items() if verdict == "fail"} == {"rules"}
