"""Section 1 of the guide on facts made by hand: each control fails on what it names, and passes without it."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.host.software import SOFTWARE
from hullcheck.facts.kernel.running import RunningKernel
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.judging import Verdicts, judged

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()
DAY = 86400
BRIDGE = {"Name": "bridge", "Id": "b", "Driver": "bridge"}


def target(policy: dict[str, Any] | None = None, *, backend: str = "local", **texts: str | Answer) -> Facts:
    """A host with Docker of which the probes said this."""
    said: dict[str, str | Answer] = {
        "engine_presence": "command docker /usr/bin/docker\nprocess 7",
        "docker_info": json.dumps({"ServerVersion": "26.1.5", "SecurityOptions": []}),
        "docker_networks": json.dumps(BRIDGE),
        **texts,
    }
    answers = {
        name: each if isinstance(each, Answer) else Answer(name, 0, each, "") for name, each in said.items()
    }
    recording = Recording("host", backend, answers, gathered=NOW)
    return Facts(recording, Policy.from_mapping(policy or {}))


def only(found: Verdicts) -> tuple[str, str]:
    """The one finding."""
    (finding,) = found.values()
    return finding


# ---- settings of the kernel

RUNNING = {"net/ipv4/ip_forward": "0", "fs/suid_dumpable": "0", "kernel/randomize_va_space": "2"}
FILE = "/etc/sysctl.d/99-hardening.conf"
SET = {
    FILE: ["net.ipv4.ip_forward = 0", "fs.suid_dumpable=0", "kernel/randomize_va_space = 2"],
}


def settings(
    files: dict[str, list[str]] | None = None,
    *,
    chain: str = "-P FORWARD DROP",
    unit: str = "LoadState=loaded",
    systemd: bool = True,
    more: str = "",
    **running: str,
) -> str:
    """What the probe says of such settings."""
    values = RUNNING | {name.replace("__", "/"): value for name, value in running.items()}
    lines = [f"running:/proc/sys/{path}:{value}" for path, value in values.items()]
    lines += ["systemd:", f"unit:{unit}"] if systemd else []
    for path, texts in (SET if files is None else files).items():
        lines += [f"file:{path}", *(f"line:{text}" for text in texts)]
    return "\n".join([*lines, *([f"chain:{chain}"] if chain else []), more])


@pytest.mark.parametrize(
    ("control", "name", "good", "bad"),
    [
        ("privileged_programs_leave_no_core_dumps", "fs__suid_dumpable", ("0",), ("1", "2")),
        ("address_space_is_randomized", "kernel__randomize_va_space", ("2",), ("0", "1")),
    ],
)
def test_running_setting(control: str, name: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    """The kernel that runs decides, whatever files say; without its value there is no verdict."""
    for value in (*good, *bad):
        found = only(judged(control, target(sysctl=settings(**{name: value}))))
        assert found[0] == ("pass" if value in good else "fail")
        assert value in good or found[1].endswith(f" is {value}")
    assert only(judged(control, target(sysctl="systemd:")))[0] == "error"


def persistent(policy: dict[str, Any] | None = None, **options: Any) -> Verdicts:
    """What the control of files says."""
    return judged("kernel_settings_survive_a_reboot", target(policy, sysctl=settings(**options)))


def test_settings_in_a_file() -> None:
    """Each setting has its own finding; one that no file makes fails, and so does another value."""
    assert {verdict for verdict, _ in persistent().values()} == {"pass"}
    found = persistent(files={FILE: SET[FILE][:2]})
    assert found["kernel.randomize_va_space"] == ("fail", "no file sets it; it is 2 now")
    assert found["fs.suid_dumpable"] == ("pass", f"{FILE} sets it to 0")
    assert persistent(files={FILE: ["fs.suid_dumpable = 2"]})["fs.suid_dumpable"] == (
        "fail",
        f"{FILE} sets it to 2",
    )
    assert persistent(files={FILE: ["# fs.suid_dumpable = 0"]})["fs.suid_dumpable"][0] == "fail"


@pytest.mark.parametrize(
    ("files", "value"),
    [
        ({"/usr/lib/sysctl.d/50-coredump.conf": ["fs.suid_dumpable=2"], FILE: ["fs.suid_dumpable=0"]}, "0"),
        ({"/usr/lib/sysctl.d/99-z.conf": ["fs.suid_dumpable=2"], FILE: ["fs.suid_dumpable=0"]}, "2"),
        ({FILE: ["fs.suid_dumpable=0"], "/usr/lib/sysctl.d/99-hardening.conf": ["fs.suid_dumpable=2"]}, "0"),
        ({FILE: [], "/usr/lib/sysctl.d/99-hardening.conf": ["fs.suid_dumpable=0"]}, None),
        ({FILE: ["fs.suid_dumpable=0", "fs.suid_dumpable=2"]}, "2"),
        ({FILE: ["fs.suid_dumpable=0"], "/etc/sysctl.conf": ["fs.suid_dumpable=2"]}, "0"),
        ({FILE: ["-fs.suid_dumpable=0"]}, "0"),
        ({FILE: ["fs.suid_dumpable=0"], "/etc/sysctl.d/99-z.conf": ["fs.*=2"]}, "0"),
        ({FILE: ["fs.suid_*=0"]}, "0"),
        ({FILE: ["fs.suid_dumpable = 0=1"]}, "0=1"),
        ({FILE: ["fs.suid_dumpable=0", "; fs.suid_dumpable=2", "#fs.suid_dumpable=2"]}, "0"),
        ({FILE: ["fs.suid_dumpable=0", "fs.suid_dumpable"]}, "0"),
    ],
)
def test_file_that_wins(files: dict[str, list[str]], value: str | None) -> None:
    """The last file by name wins; one in /etc hides one of its name elsewhere; a pattern gives way to a name."""
    verdict, reason = persistent(files=files)["fs.suid_dumpable"]
    assert (verdict == "pass") == (value == "0")
    assert reason.endswith(f"sets it to {value}") or value is None


def test_sysctl_conf_without_systemd() -> None:
    """Only where systemd does not start the system is /etc/sysctl.conf read, and last."""
    files = {FILE: ["fs.suid_dumpable=0"], "/etc/sysctl.conf": ["fs.suid_dumpable=2"]}
    assert persistent(files=files)["fs.suid_dumpable"][0] == "pass"
    assert persistent(files=files, systemd=False)["fs.suid_dumpable"][0] == "fail"


def test_files_that_are_not_applied() -> None:
    """A masked unit applies nothing; a file that cannot be read may hold anything."""
    assert persistent(unit="LoadState=masked")["fs.suid_dumpable"][0] == "fail"
    assert persistent(unit="LoadState=not-found")["fs.suid_dumpable"][0] == "fail"
    assert persistent(unit="UnitFileState=static")["fs.suid_dumpable"][0] == "error"
    for state in ("UnitFileState=masked", "UnitFileState=masked-runtime"):
        loaded = f"LoadState=loaded\nunit:{state}"
        assert target(sysctl=settings(unit=loaded)).sysctl.obstacle == "systemd-sysctl.service is masked"
    found = persistent(
        files={FILE: SET[FILE], "/etc/sysctl.d/z.conf": []}, more="unread:/etc/sysctl.d/z.conf"
    )
    assert found["fs.suid_dumpable"][0] == "error"
    files = ("/etc/sysctl.d/y.conf", "/etc/sysctl.d/z.conf")
    unread = settings({each: [] for each in files}, more="\n".join(f"unread:{each}" for each in files))
    with pytest.raises(EvidenceError) as raised:
        target(sysctl=unread).sysctl.at_start("fs.suid_dumpable")
    assert str(raised.value) == f"{', '.join(files)} could not be read; are you root?"


def test_value_that_is_not_known() -> None:
    """The reason says which file of the kernel does not tell."""
    found = target(sysctl="running:/proc/sys/fs/suid_dumpable:0:1\nsystemd:").sysctl
    assert found.value("fs.suid_dumpable") == "0:1"
    with pytest.raises(EvidenceError) as raised:
        found.value("kernel.randomize_va_space")
    assert str(raised.value) == "/proc/sys/kernel/randomize_va_space could not be read"


def test_other_name_of_forwarding() -> None:
    """net.ipv4.conf.all.forwarding is the same switch; the later line wins."""
    both = ["net.ipv4.ip_forward=0", "net.ipv4.conf.all.forwarding=1"]
    assert persistent(files={FILE: both})["net.ipv4.ip_forward"][0] == "fail"
    assert persistent(files={FILE: both[::-1]})["net.ipv4.ip_forward"][0] == "pass"
    reason = {"ip_forward_reason": "bridges, OPS-140"}
    assert persistent(reason, files={FILE: both})["net.ipv4.ip_forward"][0] == "pass"


def forwarding(policy: dict[str, Any] | None = None, **options: Any) -> tuple[str, str]:
    """What the control of forwarding says."""
    networks = json.dumps(options.pop("network", BRIDGE))
    info = {"ServerVersion": "26.1.5", "SecurityOptions": options.pop("security", [])}
    facts = target(policy, sysctl=settings(**options), docker_networks=networks, docker_info=json.dumps(info))
    return only(judged("ipv4_forwarding_is_off_or_recorded", facts))


def test_forwarding() -> None:
    """It is off, or a bridge network needs it, the policy says why, and the chain drops the rest."""
    on, why = {"net__ipv4__ip_forward": "1"}, {"ip_forward_reason": "bridges, OPS-140"}
    assert forwarding()[0] == "pass"
    verdict, reason = forwarding(**on)
    assert (verdict, "the guide demands 0, the engine needs 1" in reason) == ("fail", True)
    verdict, reason = forwarding(why, **on)
    assert (verdict, "the policy chose that: bridges, OPS-140" in reason) == ("pass", True)
    assert forwarding(why, chain="-P FORWARD ACCEPT", **on)[0] == "fail"
    assert forwarding(why, chain="", **on)[0] == "error"
    assert forwarding(why, chain="iptables: Permission denied (you must be root).", **on)[0] == "error"
    assert forwarding(why, network=BRIDGE | {"Driver": "host"}, **on)[0] == "fail"
    rootless = ["name=rootless"]
    assert forwarding(security=rootless) == ("pass", "it is 0")
    wanted = ("fail", "it is 1, and no bridge network of the engine needs it")
    assert forwarding(why, security=rootless, **on) == wanted


def test_hosts_alone_are_judged() -> None:
    """A container has no host of its own to judge, and a host without Docker nothing to harden for it."""
    for options in ({"backend": "docker"}, {}):
        with pytest.raises(NotApplicable):
            _ = target(engine_presence="", sysctl=settings(), **options).sysctl


# ---- what installs updates

SUMMARY = f"""---
version:
  config: {int(NOW) - DAY}
  puppet: 8.10.0
application:
  run_mode: agent
resources:
  changed: 0
  failed: 0
  failed_to_restart: 0
  total: 8
time:
  total: 0.009743325
  last_run: {int(NOW) - DAY}
changes:
  total: 0
events:
  failure: 0
  success: 0
  total: 0"""
UNIT = "LoadState=loaded\nUnitFileState={}\nActiveState={}\n"
PUBLIC = "/var/cache/puppet/public/last_run_summary.yaml"
PLAY = ("play", "unreachable=0    failed=0")
CRON = "cron:ansible-pull /etc/cron.d/ansible"
OPTIONS = ("Ansible", "Puppet", "SaltStack")


def unit(name: str, enabled: str = "enabled", active: str = "active", more: str = "") -> str:
    """What systemd says of a unit."""
    lines = f"Id={name}\n{UNIT.format(enabled, active)}{more}".strip().split("\n")
    return "\n".join([*(f"unit:{line}" for line in lines), "unit:"])


def puppet(text: str = SUMMARY, service: str = unit("puppet.service")) -> str:
    """What the probe says of a host with Puppet; the text of a summary as Puppet 8 writes it."""
    lines = [service, f"summary:{PUBLIC}"]
    return "\n".join([*lines, *(f"yaml:{line}" for line in text.split("\n"))])


def salt(job: str = f"{int(NOW) - DAY} 0 1", service: str = unit("salt-minion.service")) -> str:
    """What the probe says of a host with a minion."""
    lines = [service, "salt:/etc/salt/minion", f"highstate:{int(NOW) - DAY}"]
    return "\n".join([*lines, *([f"job:{job}"] if job else [])])


def ansible(*did: str, age: int = DAY, start: str = CRON) -> str:
    """What the probe says of a host with ansible-pull; the words are those of a log of its own."""
    return "\n".join(
        [start, f"log:{int(NOW) - age} /var/log/ansible-pull.log", *(f"did:{each}" for each in did)]
    )


def patched(text: str, **policy: Any) -> Verdicts:
    """What the control of patching says of a host of which the probe said *text*."""
    return judged("patching_is_automated", target(policy, patching=f"clock:{int(NOW)} 5000.00\n{text}"))


def test_one_tool_is_enough() -> None:
    """One that works makes the others not applicable; without any, each of them fails."""
    for name, text in (("Ansible", ansible(*PLAY)), ("Puppet", puppet()), ("SaltStack", salt())):
        found = patched(text)
        assert found[name][0] == "pass", found
        assert {found[each][0] for each in OPTIONS if each != name} == {"not applicable"}
    assert {patched("")[each][0] for each in OPTIONS} == {"fail"}
    found = patched(f"{puppet()}\n{unit('salt-minion.service', 'disabled', 'inactive')}")
    assert (found["Puppet"][0], found["SaltStack"][0]) == ("pass", "not applicable")
    found = patched(puppet(SUMMARY.replace("failed: 0", "failed: 1")))
    assert (found["Puppet"][0], found["SaltStack"][0]) == ("fail", "not applicable")


@pytest.mark.parametrize(
    ("old", "new", "verdict", "words"),
    [
        ("failure: 0", "failure: 2", "fail", "failure 2"),
        ("  failed: 0", "  failed: 1", "fail", "failed 1"),
        ("failed_to_restart: 0", "failed_to_restart: 1", "fail", "failed_to_restart 1"),
        ("failure: 0", "failure: 0\n  noop: 3", "fail", "told of 3 changes"),
        ("run_mode: agent", "run_mode: user", "fail", "puppet apply"),
        (f"last_run: {int(NOW) - DAY}", f"last_run: {int(NOW) - 40 * DAY}", "fail", "more than 30 days ago"),
        (f"last_run: {int(NOW) - DAY}", f"last_run: {int(NOW) + DAY}", "error", "after the audit"),
        (f"last_run: {int(NOW) - DAY}", "last_run: yesterday", "error", "not the summary"),
        (f"last_run: {int(NOW) - DAY}", "last_run: true", "error", "not the summary"),
        ("events:\n  failure: 0", "events:\n  - 0", "error", "not YAML"),
        ("\n  success: 0\n  total: 0", "", "error", "cut off"),
        ("failure: 0", "failure: none", "error", "not the summary"),
        ("time:", "time: [", "error", "not YAML"),
        (SUMMARY, "", "error", "not the summary"),
        (SUMMARY, "- 1", "error", "not the summary"),
    ],
)
def test_run_of_puppet(old: str, new: str, verdict: str, words: str) -> None:
    """A run that failed, was played only, is old or of the future, and a file that is none, never pass."""
    assert old in SUMMARY
    found = patched(puppet(SUMMARY.replace(old, new)))["Puppet"]
    assert (found[0], words in found[1]) == (verdict, True), found


def test_start_of_puppet() -> None:
    """A record is not enough: the agent has to be enabled and to run, and not be locked."""
    for enabled, active in (("disabled", "active"), ("enabled", "inactive"), ("enabled", "failed")):
        found = patched(puppet(service=unit("puppet.service", enabled, active)))["Puppet"]
        assert (found[0], "puppet.service is not on" in found[1]) == ("fail", True)
    lock = "disabled:/var/cache/puppet/state/agent_disabled.lock"
    assert patched(f"{puppet()}\n{lock}")["Puppet"][0] == "fail"
    job = "cron:puppet /etc/cron.d/puppet"
    assert patched(puppet(SUMMARY.replace("agent", "user"), job))["Puppet"][0] == "pass"
    assert patched(unit("puppet.service"))["Puppet"][0] == "fail"
    assert patched(f"{unit('puppet.service')}\nunread:/var/lib/puppet/x")["Puppet"][0] == "error"
    assert patched(puppet(), patch_days=1)["Puppet"][0] == "pass"


def test_jobs_that_cannot_be_seen() -> None:
    """Where crontabs are closed to the auditor, nobody knows whether one starts a tool."""
    closed = "unread:/var/spool/cron/crontabs"
    assert {patched(closed)[name][0] for name in OPTIONS} == {"error"}
    assert patched(f"{puppet()}\n{closed}")["Puppet"][0] == "pass"


@pytest.mark.parametrize(
    ("text", "verdict", "words"),
    [
        (salt(f"{int(NOW) - DAY} 1 1"), "fail", "states that failed"),
        (salt(f"{int(NOW) - DAY} 1 0"), "fail", "states that failed"),
        (salt(f"{int(NOW) - DAY} 0 0"), "error", "no result"),
        (salt(f"{int(NOW) + DAY} 0 1"), "error", "after the audit"),
        (salt(f"{int(NOW) - 31 * DAY} 0 1"), "fail", "more than 30 days"),
        (salt(""), "error", "cache_jobs"),
        (salt("x 0 1"), "error", "not a number"),
        (salt(service=unit("salt-minion.service", "disabled")), "fail", "salt-minion.service is not on"),
        (unit("salt-minion.service"), "fail", "no record of a run"),
    ],
)
def test_run_of_salt(text: str, verdict: str, words: str) -> None:
    """When a highstate began is no proof that it succeeded; a record of its states is."""
    found = patched(text)["SaltStack"]
    assert (found[0], words in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    ("text", "verdict", "words"),
    [
        (ansible("play", "unreachable=0    failed=1"), "fail", "failed=1"),
        (ansible("play", "unreachable=1    failed=0"), "fail", "unreachable=1"),
        (ansible(*PLAY, "play"), "fail", "ends within a play"),
        (ansible(*PLAY, "failed"), "fail", "says failed"),
        (ansible(*PLAY, "nothing"), "fail", "had not changed"),
        (ansible(), "fail", "tells of no play"),
        (ansible(*PLAY, age=-DAY), "error", "after the audit"),
        (ansible(*PLAY, age=31 * DAY), "fail", "more than 30 days"),
        (ansible(*PLAY, start=""), "fail", "nothing starts it"),
        (CRON, "fail", "no record of a run"),
    ],
)
def test_run_of_ansible(text: str, verdict: str, words: str) -> None:
    """The end of its log decides, and a run by hand is no automation."""
    found = patched(text)["Ansible"]
    assert (found[0], words in found[1]) == (verdict, True), found


def test_unit_of_ansible() -> None:
    """How its service ended, systemd knows by the clock since the start of the host."""
    ended = "ExecMainExitTimestampMonotonic=4000000000\nResult={}\nExecMainStatus={}"
    timer, own = unit("ansible-pull.timer"), "own:ansible-pull"
    good = unit("ansible-pull.service", "static", "inactive", ended.format("success", 0))
    bad = unit("ansible-pull.service", "static", "inactive", ended.format("exit-code", 2))
    never = unit("ansible-pull.service", "static", "inactive", "ExecMainExitTimestampMonotonic=0")
    assert patched("\n".join([own, timer, good]))["Ansible"][0] == "pass"
    found = patched("\n".join([own, timer, bad]))["Ansible"]
    assert found == ("fail", "ansible-pull.service ended with exit-code, status 2")
    assert patched("\n".join([own, timer, never]))["Ansible"][0] == "fail"
    assert patched("\n".join([own, good]))["Ansible"][0] == "fail"


def test_unit_of_ansible_that_pipes_into_a_log() -> None:
    """Its status is that of tee(1): of one run the record with a flaw decides, of two runs the later one."""
    ended = "ExecMainExitTimestampMonotonic=4000000000\nResult=success\nExecMainStatus=0"
    service = unit("ansible-pull.service", "static", "inactive", ended)
    lines = ["own:ansible-pull", unit("ansible-pull.timer"), service]
    end = int(NOW) - 5000 + 4000
    good, bad = ("unreachable=0 failed=0", "unreachable=0 failed=1")
    for before, did, verdict in ((1, bad, "fail"), (3600, bad, "pass"), (1, good, "pass")):
        log = f"log:{end - before} /var/log/ansible-pull.log\ndid:{did}"
        assert patched("\n".join([*lines, log]))["Ansible"][0] == verdict


@pytest.mark.parametrize(
    ("enabled", "active", "verdict"),
    [
        *((each, "active", "pass") for each in ("static", "alias", "indirect", "generated")),
        *(("enabled", each, "pass") for each in ("activating", "reloading")),
        ("masked", "active", "fail"),
        ("enabled", "deactivating", "fail"),
    ],
)
def test_unit_that_starts_a_tool(enabled: str, active: str, verdict: str) -> None:
    """It comes with the host, and is not on its way out."""
    assert patched(puppet(service=unit("puppet.service", enabled, active)))["Puppet"][0] == verdict


def test_newest_run_counts() -> None:
    """Of two records the later one decides, whatever their order."""
    old = SUMMARY.replace(f"last_run: {int(NOW) - DAY}", f"last_run: {int(NOW) - 2 * DAY}")
    bad = SUMMARY.replace("failure: 0", "failure: 1")
    for first, second, verdict in ((old, bad, "fail"), (bad, old, "fail")):
        text = puppet(first) + "\n" + puppet(second, "").replace(PUBLIC, "/x")
        assert patched(text)["Puppet"][0] == verdict
    older = ansible("failed", age=2 * DAY, start="")
    for each in ((ansible(*PLAY), older), (older.replace("log /", "log /x/"), ansible(*PLAY))):
        assert patched("\n".join(each))["Ansible"][0] == "pass"


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        (
            puppet(SUMMARY.replace("failure: 0", "failure: 2").replace("  failed: 0", "  failed: 1")),
            "Puppet",
            ("fail", f"its last run did not succeed: failure 2, failed 1 ({PUBLIC})"),
        ),
        (
            puppet(SUMMARY.replace("run_mode: agent", "run_mode: user")),
            "Puppet",
            ("fail", "its last run was one of `puppet apply`, not of the agent"),
        ),
        (
            puppet("time: ["),
            "Puppet",
            ("error", f"{PUBLIC} is not YAML, or is cut off"),
        ),
        (
            f"{puppet()}\ndisabled:/lock",
            "Puppet",
            ("fail", "/lock keeps the agent from running"),
        ),
        (
            salt(f"{int(NOW) - DAY} 1 1"),
            "SaltStack",
            ("fail", "its last highstate has states that failed"),
        ),
        (
            salt(f"{int(NOW) - DAY} 0 0"),
            "SaltStack",
            ("error", "the record of its last highstate has no result of a state"),
        ),
        (
            salt(""),
            "SaltStack",
            (
                "error",
                "a highstate began, but no record says how it ended: set `cache_jobs: True` for the minion",
            ),
        ),
        (
            salt(service=unit("salt-minion.service", "disabled")),
            "SaltStack",
            ("fail", "nothing starts it: salt-minion.service is not on, /etc/salt/minion"),
        ),
        (f"{salt()}\nunread:/x/salt/y", "SaltStack", ("error", "/x/salt/y could not be read; are you root?")),
        (
            f"{CRON}\nunread:/x/ansible/y",
            "Ansible",
            ("error", "/x/ansible/y could not be read; are you root?"),
        ),
        (ansible(), "Ansible", ("fail", "/var/log/ansible-pull.log tells of no play")),
        (ansible(*PLAY, "play"), "Ansible", ("fail", "/var/log/ansible-pull.log ends within a play")),
        (
            ansible(*PLAY, "nothing"),
            "Ansible",
            (
                "fail",
                "/var/log/ansible-pull.log says that nothing was done, as the repository had not changed",
            ),
        ),
        (
            f"own:a\n{unit('a.timer', 'disabled')}\n{unit('a.service', 'static', 'inactive')}",
            "Ansible",
            ("fail", "nothing starts it: a.timer is there, a.service is there"),
        ),
        ("", "Ansible", ("fail", "nothing starts it: no unit, no timer, no cron job")),
    ],
)
def test_what_is_said_of_a_tool(text: str, name: str, found: tuple[str, str]) -> None:
    """The whole reason."""
    assert patched(text)[name] == found


def test_updates_that_are_left() -> None:
    """What unattended-upgrades said of late decides; else a person has to look."""
    day = "2026-06-29 06:12:01,123"
    for line, verdict in (
        ("", "manual"),
        (f"{day} INFO All upgrades installed", "pass"),
        (f"{day} INFO No packages found that can be upgraded unattended", "pass"),
        (f"{day} ERROR Installing the upgrades failed!", "fail"),
        ("2026-05-01 06:12:01,123 INFO All upgrades installed", "manual"),
        ("2026-07-29 06:12:01,123 INFO All upgrades installed", "error"),
    ):
        assert patched(f"unattended:{line}")["security updates"][0] == verdict
    name, ended = (
        "dnf-automatic-install.service",
        "ExecMainExitTimestampMonotonic=4000000000\nResult={}\nExecMainStatus={}",
    )
    for more, verdict in (
        (ended.format("success", 0), "pass"),
        (ended.format("exit-code", 1), "fail"),
        ("ExecMainExitTimestampMonotonic=0", "manual"),
    ):
        assert patched(unit(name, "static", "inactive", more))["security updates"][0] == verdict
    old = patched(
        unit(name, "static", "inactive", ended.format("success", 0).replace("4000000000", "-4000000000000"))
    )
    assert old["security updates"][0] == "manual"
    found = patched(f"unattended:{day} INFO All upgrades installed")["Ansible"]
    assert (found[0], "unattended-upgrades: 2026-06-29" in found[1]) == ("fail", True)


# ---- the kernel

SAFE = {
    "spectre_v1": "Mitigation: barriers",
    "spectre_v2": "Mitigation: Retpolines",
    "meltdown": "Not affected",
}
SPECTRE, MELTDOWN = "Spectre (CVE-2017-5753, CVE-2017-5715)", "Meltdown (CVE-2017-5754)"
COW = "Dirty COW (CVE-2016-5195)"


def kernel(
    release: str = "6.12.43+deb13-amd64",
    flaws: dict[str, str] | None = None,
    *lines: str,
    build: str = "#1 SMP",
) -> str:
    """What the probe says of a kernel."""
    found = [f"flaw:{name}:{state}" for name, state in (SAFE if flaws is None else flaws).items()]
    return "\n".join([f"release:{release}", f"build:{build}", *found, *lines])


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
        ("Mitigation: Clear CPU buffers; SMT vulnerable", "pass"),
        ("Mitigation: PTE Inversion; VMX: vulnerable, SMT disabled", "fail"),
        ("Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT vulnerable", "pass"),
    ):
        assert flaws_of(kernel(flaws=SAFE | {"spectre_v2": state}))[SPECTRE][0] == verdict, state


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


# ---- the distribution and its software

UBUNTU = 'ID=ubuntu\nPRETTY_NAME="Ubuntu 24.04 LTS"'
LITTLE = "source:dpkg 214"


def distribution(os_release: str, *lines: str, **policy: Any) -> Verdicts:
    """What the control of minimal distributions says."""
    facts = target(policy, os_release=os_release, software="\n".join([LITTLE, *lines]))
    return judged("distribution_is_minimal", facts)


@pytest.mark.parametrize(
    ("os_release", "lines", "found"),
    [
        (UBUNTU, ["mark:/usr/local/sbin/unminimize"], "Ubuntu Minimal"),
        (UBUNTU, ["mark:/etc/dpkg/dpkg.cfg.d/excludes"], "Ubuntu Minimal"),
        (UBUNTU, [], ""),
        (UBUNTU, ["mark:/usr/local/sbin/unminimize", "package:ubuntu-standard"], ""),
        ("ID=debian", ["mark:/etc/dpkg/dpkg.cfg.d/excludes"], ""),
        ('ID="rhcos"\nNAME="Red Hat Enterprise Linux CoreOS"', [], "RHEL CoreOS"),
        ('ID="rhel"\nVARIANT_ID=coreos', [], "RHEL CoreOS"),
        ('ID="rhel"', [], ""),
        ('ID="fedora"\nVARIANT_ID=coreos', [], ""),
        ("ID=bottlerocket\nVARIANT_ID=aws-ecs-2", [], "Bottlerocket"),
        ("ID=flatcar", [], ""),
    ],
)
def test_minimal_distribution(os_release: str, lines: list[str], found: str) -> None:
    """One that the guide names passes and makes the others not applicable; any other fails each of them."""
    verdicts = {name: each[0] for name, each in distribution(os_release, *lines).items()}
    rest = "not applicable" if found else "fail"
    names = ("Ubuntu Minimal", "RHEL CoreOS", "Bottlerocket")
    assert verdicts == {name: "pass" if name == found else rest for name in names}


def test_minimal_distribution_of_the_site() -> None:
    """A distribution that the policy names passes under its own name; one without a name is an error."""
    found = distribution("ID=flatcar", minimal_distributions=["flatcar"])
    assert found["flatcar"] == ("pass", "the host is flatcar (214 packages)")
    assert found["Bottlerocket"][0] == "not applicable"
    assert distribution("ID=debian", minimal_distributions=["flatcar"])["Bottlerocket"][0] == "fail"
    with pytest.raises(EvidenceError):
        distribution("NAME=x")


def programs(kind: str, *lines: str, source: str = LITTLE, **policy: Any) -> tuple[str, str]:
    """What the control of compilers or browsers says."""
    facts = target(policy, os_release="ID=debian", software="\n".join([source, *lines]))
    control = {"compiler": "host_has_no_compilers", "browser": "host_has_no_browsers"}[kind]
    return only(judged(control, facts))


@pytest.mark.parametrize(("kind", "name"), [("compiler", "gcc"), ("browser", "lynx")])
def test_programs_of_the_host(kind: str, name: str) -> None:
    """A program or a package of the kind fails, one of the other kind does not; the policy allows by name."""
    other = "browser" if kind == "compiler" else "compiler"
    assert programs(kind) == ("pass", "214 packages of dpkg, and the programs on the path")
    assert programs(kind, f"{kind}:/usr/bin/{name}") == ("fail", f"the host has /usr/bin/{name}")
    assert programs(kind, f"{kind}:package {name}") == ("fail", f"the host has package {name}")
    assert programs(kind, f"{other}:/usr/bin/{name}")[0] == "pass"
    assert programs(kind, f"{kind}:/x:y/{name}") == ("fail", f"the host has /x:y/{name}")
    assert programs(kind, f"{kind}:/usr/bin/{name}", allowed_host_programs=[name])[0] == "pass"
    assert programs(kind, f"{kind}:package {name}", allowed_host_programs=[name])[0] == "pass"
    assert programs(kind, f"{kind}:/usr/bin/{name}", allowed_host_programs=["make"])[0] == "fail"
    assert programs(kind, "unread:/opt/bin")[0] == "error"
    assert programs(kind, "unread:/opt/bin", f"{kind}:/usr/bin/{name}")[0] == "fail"
    assert programs(kind, source="")[1].startswith("no list of packages is known here")
    with pytest.raises(
        EvidenceError, match=r"^the list of packages of dpkg is empty, or was not understood$"
    ):
        programs(kind, source="source:dpkg 0")


# ---- what the host serves


@pytest.mark.needs("make")
def test_programs_beside_the_path_of_the_auditor(tmp_path: Path) -> None:
    """Who comes by ssh has another path than who logs in: the usual directories are looked at in any case."""
    for name in ("grep", "sed"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    said = subprocess.run(
        ["/bin/sh", "-c", SOFTWARE.script],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "compiler:/usr/bin/make" in said.stdout.split("\n")


CONTAINER = "a" * 64
PROCESSES = {1: "0::/init.scope", 50: "0::/system.slice/ssh.service", 60: f"0::/docker/{CONTAINER}"}
SSHD = ["listener:tcp 00000000:0016 900", "owner:900 50", "exe:50 /usr/sbin/sshd"]
HOST = ["auditor:0", "net:tcp", "systemd:", "enabled:ssh.service", "running:getty@tty1.service"]


def served(
    control: str, *lines: str, head: list[str] = HOST, around: str = "", **policy: Any
) -> tuple[str, str]:
    """What a control of services says; `around` is a container in which the whole host is."""
    cgroups = {pid: path.replace("0::", f"0::{around}") for pid, path in PROCESSES.items()}
    status = "".join(f"{pid}/status:Name:\tx\n{pid}/cgroup:{path}\n" for pid, path in cgroups.items())
    return only(judged(control, target(policy, host_services="\n".join([*head, *lines]), processes=status)))


DEDICATED = "host_serves_containers_alone"
AGENT = [
    "listener:tcp6 00000000000000000000000000000000:2382 901",
    "owner:901 50",
    "exe:50 /opt/agent/bin/agent",
]


def test_host_that_serves_containers_alone() -> None:
    """The base system may listen; a known server outside of a container fails, an unknown one is for a person."""
    assert served(DEDICATED, *SSHD) == ("pass", "outside of containers listen sshd (tcp 22)")
    assert served(DEDICATED) == ("pass", "outside of containers listen no programs")
    nginx = "application:50 /usr/sbin/nginx"
    assert served(DEDICATED, *SSHD, nginx) == ("fail", "outside of containers runs /usr/sbin/nginx")
    assert served(DEDICATED, *SSHD, nginx.replace("50", "60"))[0] == "pass"
    assert served(DEDICATED, *SSHD, nginx.replace("50", "99"))[0] == "pass"  # it ended
    assert served(DEDICATED, *SSHD, nginx, allowed_host_services=["nginx"])[0] == "pass"
    found = served(DEDICATED, *AGENT)
    assert (found[0], "agent (tcp 9090)" in found[1]) == ("manual", True)
    assert served(DEDICATED, *AGENT, allowed_host_services=["agent"])[0] == "pass"
    assert served(DEDICATED, *AGENT, allowed_host_services=[])[0] == "fail"
    for path in ("/tmp/sshd", "/home/me/dockerd", "/bin/busybox"):  # a name proves nothing, busybox is all
        assert served(DEDICATED, *SSHD[:2], f"exe:50 {path}")[0] == "manual"
    inside = [line.replace(" 50", " 60").replace("exe:50", "exe:60") for line in AGENT]
    assert served(DEDICATED, *inside)[0] == "pass"


def test_port_on_which_systemd_waits() -> None:
    """What it starts at the first connection is told by the socket unit, and unknown without one."""
    systemd = [SSHD[0], "owner:900 1", "exe:1 /usr/lib/systemd/systemd"]
    for unit, expected in (("ssh.socket", "pass"), ("docker.socket", "pass"), ("cockpit.socket", "manual")):
        found = served(DEDICATED, *systemd, f"socket:S22 {unit}")
        assert (found[0], f"{unit} (tcp 22)" in found[1]) == (expected, True)
    assert served(DEDICATED, *systemd, "socket:D22 ssh.socket")[0] == "manual"  # of another protocol
    assert served(DEDICATED, *SSHD, "socket:S22 ssh.socket") == served(DEDICATED, *SSHD)
    cockpit = "socket:S22 cockpit.socket"
    assert served(DEDICATED, *systemd, cockpit, allowed_host_services=["cockpit.socket"])[0] == "pass"
    assert served(DEDICATED, *systemd, cockpit, allowed_host_services=[])[0] == "fail"


def test_host_that_is_a_container_itself() -> None:
    """A container around the whole host makes none of its processes one of a container."""
    around = f"/docker/{'b' * 64}"
    assert served(DEDICATED, "application:50 /usr/sbin/nginx", around=around)[0] == "fail"
    assert served(DEDICATED, "application:60 /usr/sbin/nginx", around=around)[0] == "pass"


def test_listener_without_a_program() -> None:
    """Root sees all programs, and what has none is the kernel's; another user does not see whose it is."""
    found = served(DEDICATED, SSHD[0])
    assert (found[0], "a program that is not seen (tcp 22)" in found[1]) == ("manual", True)
    assert served(DEDICATED, SSHD[0], head=["auditor:1000", "net:tcp"])[0] == "error"
    assert served(DEDICATED, head=["auditor:1000", "net:tcp"])[0] == "error"
    assert served(DEDICATED, head=["auditor:0"])[0] == "error"


def test_approved_services() -> None:
    """Every unit and every listener has to be on the list; without one a person sees them all."""
    control = "services_of_the_host_are_approved"
    found = served(control, *SSHD)
    assert found == ("manual", "is each of these needed: ssh.service, getty@tty1.service, sshd (tcp 22)?")
    assert served(control, *SSHD, allowed_host_services=["ssh", "getty@.service", "sshd"])[0] == "pass"
    assert served(control, *SSHD, allowed_host_services=["ssh.service", "getty@tty1", "sshd"])[0] == "pass"
    found = served(control, *SSHD, allowed_host_services=["ssh", "sshd"])
    assert found == ("fail", "not on the list of the policy: getty@tty1.service")
    assert served(control, *SSHD, allowed_host_services=["ssh", "getty@"])[1].endswith(
        "policy: sshd (tcp 22)"
    )
    assert served(control, *SSHD, head=["auditor:0", "net:tcp"], allowed_host_services=["sshd"])[0] == "error"


# ---- what confines containers


def confined(security: list[str], selinux: str = "absent", apparmor: str = "absent") -> dict[str, str]:
    """What the control of security modules says of an engine and a kernel, by option."""
    info = json.dumps({"ServerVersion": "26.1.5", "SecurityOptions": security})
    files = {"/sys/fs/selinux/enforce": selinux, "/sys/module/apparmor/parameters/enabled": apparmor}
    lines = (f"{path} absent" if value == "absent" else f"{path}:{value}" for path, value in files.items())
    facts = target(docker_info=info, kernel="\n".join(lines))
    return {name: each[0] for name, each in judged("security_modules_confine_containers", facts).items()}


def test_security_modules() -> None:
    """One of the two is enough, where the kernel has it in force and the engine uses it; seccomp replaces none."""
    seccomp = "name=seccomp,profile=builtin"
    one = {"SELinux": "not applicable", "AppArmor": "pass", "Seccomp": "pass"}
    assert confined([seccomp, "name=apparmor"], apparmor="Y") == one
    assert confined([seccomp, "name=selinux"], selinux="1") == one | {
        "SELinux": "pass",
        "AppArmor": "not applicable",
    }
    none = {"SELinux": "fail", "AppArmor": "fail", "Seccomp": "pass"}
    assert confined([seccomp]) == none
    assert confined([seccomp, "name=apparmor"], apparmor="N") == none
    assert confined([seccomp], apparmor="Y") == none
    assert confined([seccomp, "name=selinux"], selinux="0") == none
    assert confined([seccomp], selinux="1") == none
    for options in ([], ["name=seccomp,profile=unconfined"]):
        assert confined([*options, "name=apparmor"], apparmor="Y") == one | {"Seccomp": "fail"}


# ---- auditd

RULE = "-w /usr/bin/docker -p rwxa -k docker"
RUNC = "-w /usr/sbin/runc -p x -k docker"
LOG = "/var/log/audit/audit.log"
NO_SYSTEMD = "whether auditd is started with the host cannot be told: no systemd answers"
ON = ("enabled 1", "pid 700", "lost 0", "backlog 0", "backlog_limit 8192")


def audited(
    *lines: str,
    status: tuple[str, ...] = ON,
    rules: tuple[str, ...] = (RULE, RUNC),
    files: tuple[str, ...] = (RULE, RUNC),
    unit_of: str = unit("auditd.service", more="MainPID=700"),
    log: tuple[str, ...] = (f"last:{int(NOW) - 60}",),
    more: tuple[str, ...] = (),
) -> Facts:
    """A host with auditd."""
    daemon = "\n".join([unit_of, f"log:{LOG}", *log, *lines])
    kernel_lines = [f"status:{line}" for line in status] + [f"rule:{rule}" for rule in rules or ("No rules",)]
    stored = [f"file:/etc/audit/rules.d/docker.rules:{rule}" for rule in files]
    system = "\n".join(["machine:x86_64", *stored, *kernel_lines, *more])
    return target(audit_daemon=daemon, audit=system)


def steps(**options: Any) -> Verdicts:
    """What the control of auditd says, by step."""
    return judged("auditd_writes_down_what_docker_does", audited(**options))


def test_steps_of_auditd() -> None:
    """Where all is well each step passes."""
    assert {name: each[0] for name, each in steps().items()} == dict.fromkeys(
        ("unit", "kernel", "rules", "losses", "records"), "pass"
    )


@pytest.mark.parametrize(
    ("step", "options", "verdict", "words"),
    [
        ("unit", {"unit_of": unit("auditd.service", "disabled")}, "fail", "auditd.service is disabled"),
        ("unit", {"unit_of": unit("auditd.service", "")}, "fail", "auditd.service is not enabled"),
        ("unit", {"unit_of": unit("auditd.service", active="failed")}, "fail", "auditd.service is failed"),
        ("unit", {"unit_of": "unit:LoadState=not-found"}, "fail", "there is no auditd.service (not-found)"),
        ("unit", {"unit_of": ""}, "error", NO_SYSTEMD),
        ("kernel", {"status": ("enabled 0", *ON[1:])}, "fail", "auditing is off in the kernel (enabled 0)"),
        (
            "kernel",
            {"status": (ON[0], "pid 0", *ON[2:])},
            "fail",
            "no auditd takes the records from the kernel (pid 0)",
        ),
        (
            "kernel",
            {"status": (ON[0], "pid 701", *ON[2:])},
            "fail",
            "the kernel gives its records to process 701, which is not that of the unit (700)",
        ),
        (
            "kernel",
            {"unit_of": unit("auditd.service")},
            "fail",
            "the kernel gives its records to process 700, which is not that of the unit (0)",
        ),
        ("rules", {"rules": ()}, "fail", "no rule in the kernel names a path of Docker or containerd"),
        (
            "rules",
            {"rules": ("-w /etc/passwd -p wa",)},
            "fail",
            "no rule in the kernel names a path of Docker or containerd",
        ),
        ("rules", {"rules": (RULE,)}, "fail", f"in a file and not in the kernel: {RUNC}"),
        (
            "rules",
            {"rules": (RULE.replace("rwxa", "x"), "-w /etc/docker -p wa")},
            "fail",
            f"in a file and not in the kernel: {RULE}, {RUNC}",
        ),
        (
            "rules",
            {"rules": ("-a never,task", RULE, RUNC)},
            "fail",
            "records are kept from the log by '-a never,task'",
        ),
        ("rules", {"files": (RULE, RUNC, "-w /etc/passwd -p wa")}, "pass", ""),
        (
            "losses",
            {"status": (*ON[:2], "lost 3", *ON[3:])},
            "fail",
            "the kernel lost 3 records since its start",
        ),
        (
            "losses",
            {"status": (*ON[:3], "backlog 64", "backlog_limit 64")},
            "fail",
            "64 records wait, of 64 that may",
        ),
        ("losses", {"status": (*ON[:3], "backlog 63", "backlog_limit 64")}, "pass", ""),
        ("losses", {"status": (*ON[:3], "backlog 64", "backlog_limit 0")}, "pass", ""),
        ("losses", {"status": ON[:2]}, "error", "auditctl -s does not say lost"),
        (
            "records",
            {"log": (f"last:{int(NOW) - 2 * DAY}",)},
            "fail",
            f"the last record in {LOG} is of 2026-06-28",
        ),
        ("records", {"log": (f"last:{int(NOW) - DAY}",)}, "pass", ""),
        (
            "records",
            {"log": (f"last:{int(NOW) - DAY - 1}",)},
            "fail",
            f"the last record in {LOG} is of 2026-06-29",
        ),
        ("records", {"log": (f"last:{int(NOW) + 300}",)}, "pass", ""),
        (
            "records",
            {"log": (f"last:{int(NOW) + 301}",)},
            "error",
            f"the last record in {LOG} is of 2026-06-30, after the audit",
        ),
        ("records", {"log": ()}, "error", f"{LOG}: no record is there"),
        ("records", {"log": (f"unread:{LOG}",)}, "error", f"{LOG} could not be read; are you root?"),
        (
            "records",
            {"log": ("write:No", f"last:{int(NOW)}")},
            "error",
            "auditd writes no log on this host (write_logs = no)",
        ),
    ],
)
def test_step_of_auditd(step: str, options: dict[str, Any], verdict: str, words: str) -> None:
    """Each step fails on what it names, and on nothing that is another's."""
    found = steps(**options)
    assert found[step][0] == verdict
    assert verdict == "pass" or found[step][1] == words
    others = {name for name, each in found.items() if each[0] != "pass"} - {step}
    assert not others or (step, others) == ("unit", {"kernel"})


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("/usr/bin/dockerd", "pass"),
        ("/usr/local/sbin/containerd-shim-runc-v2", "pass"),
        ("/sbin/runc", "pass"),
        ("/var/lib/docker", "pass"),
        ("/etc/containerd/config.toml", "pass"),
        ("/run/docker.sock", "pass"),
        ("/etc/default/docker", "pass"),
        ("/usr/lib/systemd/system/docker.service", "pass"),
        ("/etc/systemd/system/docker.service.d/override.conf", "pass"),
        ("/home/alice/docker", "fail"),
        ("/srv/docker-notes/x", "fail"),
        ("/etc/docker-old", "fail"),
        ("/opt/x/runc", "fail"),
        ("/usr/bin/docker-compose-lint", "fail"),
        ("/etc/systemd/system/docker-clean.service", "fail"),
    ],
)
def test_rule_on_a_path_of_docker(path: str, verdict: str) -> None:
    """A rule counts where the parts of Docker are, and not on what is only called so."""
    rule = f"-w {path} -p wa -k x"
    assert steps(rules=(rule,), files=(rule,))["rules"][0] == verdict


def test_auditctl_that_is_not_there() -> None:
    """Without auditctl nothing can be told of the kernel, unless that says itself that auditing is off."""
    facts = target(audit="machine:x86_64\nmissing:", audit_daemon=unit("auditd.service"))
    found = judged("auditd_writes_down_what_docker_does", facts)
    assert {found[step][0] for step in ("kernel", "rules", "losses")} == {"error"}
