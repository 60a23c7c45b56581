"""Settings of the kernel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts.kernel.sysctl import SYSCTL
from hullcheck.verdicts import EvidenceError, NotApplicable
from selftests.kit.facts.hosts import BRIDGE, daemon_processes, only, target
from selftests.kit.judging import Verdicts, judged

RUNNING = {"net/ipv4/ip_forward": "0", "fs/suid_dumpable": "0", "kernel/randomize_va_space": "2"}


FILE = "/etc/sysctl.d/99-hardening.conf"


SET = {
    FILE: ["net.ipv4.ip_forward = 0", "fs.suid_dumpable=0", "kernel/randomize_va_space = 2"],
}


def settings(
    files: dict[str, list[str]] | None = None,
    *,
    chain: str = "-P FORWARD DROP",
    unit: str = "LoadState=loaded\nunit:ExecStart={ path=/usr/lib/systemd/systemd-sysctl }",
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


def test_file_that_the_next_start_does_not_find() -> None:
    """A file in /run sets nothing at the next start; where it sets another value, something may write it again."""
    volatile = "/run/sysctl.d/zz.conf"
    found = persistent(files={volatile: SET[FILE]})
    assert found["fs.suid_dumpable"] == ("fail", "no file sets it; it is 0 now")
    assert persistent(files=SET | {volatile: SET[FILE]})["fs.suid_dumpable"][0] == "pass"
    found = persistent(
        files={"/usr/lib/sysctl.d/zz.conf": SET[FILE], volatile: ["kernel.randomize_va_space=0"]}
    )
    assert found["fs.suid_dumpable"][0] == "pass"
    assert found["kernel.randomize_va_space"][0] == "manual"
    assert volatile in found["kernel.randomize_va_space"][1]


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
        ({FILE: ["fs.suid_*=0", "-fs.suid_dumpable"]}, None),
        ({FILE: ["fs.suid_dumpable=0", "-fs/suid_dumpable"]}, None),
        ({FILE: ["-fs.suid_dumpable", "fs.suid_dumpable=0"]}, "0"),
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
    runs = "ExecStart={ path=/usr/lib/systemd/systemd-sysctl ; }"
    for lines, obstacle in (
        ("ExecStart={ path=/bin/true ; argv[]=/bin/true ; }", "does not run systemd-sysctl"),
        ("ConditionResult=yes", "does not run systemd-sysctl"),
        (runs, ""),
        (
            f"{runs}\nunit:ConditionResult=no\nunit:ConditionTimestamp=Mon 2026-06-29 00:00:00 UTC",
            "was not met",
        ),
        (f"{runs}\nunit:ConditionResult=no\nunit:ConditionTimestamp=", ""),  # not started yet
    ):
        told = target(sysctl=settings(unit=f"LoadState=loaded\nunit:{lines}")).sysctl.obstacle
        assert told.endswith(obstacle)
        assert bool(told) == bool(obstacle)
    found = persistent(
        files={FILE: SET[FILE], "/etc/sysctl.d/z.conf": []}, more="unread:/etc/sysctl.d/z.conf"
    )
    assert found["fs.suid_dumpable"][0] == "error"
    files = ("/etc/sysctl.d/y.conf", "/etc/sysctl.d/z.conf")
    unread = settings({each: [] for each in files}, more="\n".join(f"unread:{each}" for each in files))
    with pytest.raises(EvidenceError) as raised:
        target(sysctl=unread).sysctl.at_start("fs.suid_dumpable")
    assert str(raised.value) == f"{', '.join(files)} could not be read; are you root?"


def test_what_sets_it_after_the_files() -> None:
    """A script or a unit that names a setting may have the last word, so a person has to look."""
    found = persistent(more="later:suid_dumpable /usr/share/apport/apport")
    assert found["kernel.randomize_va_space"][0] == "pass"
    said = f"{FILE} sets it to 0; does /usr/share/apport/apport set it again after that?"
    assert found["fs.suid_dumpable"] == ("manual", said)
    bad = persistent(files={FILE: ["fs.suid_dumpable=2"]}, more="later:suid_dumpable /etc/rc.local")
    assert bad["fs.suid_dumpable"][0] == "fail"


def test_files_that_openrc_does_not_apply() -> None:
    """Its service has to be in a runlevel."""
    found = persistent(systemd=False, more="openrc:")["fs.suid_dumpable"]
    assert found == (
        "fail",
        "the service sysctl is in no runlevel of OpenRC: no file is applied at the start",
    )
    on = persistent(systemd=False, more="openrc:\nrunlevel:/etc/runlevels/boot/sysctl")
    assert on["fs.suid_dumpable"][0] == "pass"


@pytest.mark.parametrize(
    ("files", "enabled", "later"),
    [
        (
            {"share/apport/apport": "echo 2 > /proc/sys/fs/suid_dumpable"},
            "echo enabled",
            ["share/apport/apport"],
        ),
        ({"share/apport/apport": "echo 2 > /proc/sys/fs/suid_dumpable"}, "echo disabled; exit 1", []),
        ({"share/apport/apport": "echo 2 > /proc/sys/fs/suid_dumpable"}, "exit 1", ["share/apport/apport"]),
        ({"rc.local": "sysctl -w fs.suid_dumpable=2", "init.d/x": "# suid_dumpable"}, "", ["rc.local"]),
        ({"rc.local": "sysctl -p /srv/tuning.conf", "init.d/x": "sysctl -q --system"}, "", ["rc.local"]),
        (
            {"rc.d/rc.local": "sysctl -q -ep /srv/tuning.conf", "init.d/x": "sysctl --prefix=x"},
            "",
            ["rc.d/rc.local"],
        ),
        (
            {"tuned/profiles/x/tuned.conf": "[sysctl]\nfs.suid_dumpable=2"},
            "",
            ["tuned/profiles/x/tuned.conf"],
        ),
        (
            {"run/systemd/system/x.d/x.conf": "ExecStartPost=sysctl -p x"},
            "",
            ["run/systemd/system/x.d/x.conf"],
        ),
        (
            {"systemd/system/x.service": "ExecStart=sysctl -w fs.suid_dumpable=2"},
            "",
            ["systemd/system/x.service"],
        ),
    ],
)
def test_what_the_probe_finds(tmp_path: Path, files: dict[str, str], enabled: str, later: list[str]) -> None:
    """Programs that name a setting in a line that is no comment; apport but where systemd says that its unit is off."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    (tmp_path / "running" / "system").mkdir(parents=True)
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\n[ $1 = is-enabled ] || exit 0\n{enabled}\n")
    (tmp_path / "systemctl").chmod(0o755)
    script = SYSCTL.script.replace("/etc/", f"{tmp_path}/").replace("/usr/share/", f"{tmp_path}/share/")
    script = script.replace("/run/systemd/system", f"{tmp_path}/running/system")
    script = script.replace("in /etc /run ", f"in {tmp_path} {tmp_path}/run ")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    found = [line for line in SYSCTL.keep(done.stdout).split("\n") if line.startswith("later:suid")]
    assert found == [f"later:suid_dumpable {tmp_path}/{name}" for name in later]


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
    processes = daemon_processes(options.pop("of_daemon", "net:[1]"))
    texts = {"docker_networks": networks, "docker_info": json.dumps(info), "daemon_processes": processes}
    texts["firewall"] = options.pop("nft", "cni:absent")
    facts = target(policy, sysctl=settings(**options), **texts)
    return only(judged("ipv4_forwarding_is_off_or_recorded", facts))


def test_forwarding_in_another_network() -> None:
    """Where the audit ran in a network of its own, nothing is known of the host's; a rootless engine has its own."""
    on, why = {"net__ipv4__ip_forward": "1"}, {"ip_forward_reason": "bridges, OPS-140"}
    verdict, reason = forwarding(of_daemon="net:[2]")
    assert (verdict, "not run in the network of the engine" in reason) == ("error", True)
    assert forwarding(why, of_daemon="net:[2]", **on)[0] == "error"
    assert forwarding(of_daemon="net:[2]", **on)[0] == "fail"
    assert forwarding(of_daemon="net:[2]", security=["name=rootless"])[0] == "pass"


def test_forwarding() -> None:
    """It is off, or a bridge network needs it, the policy says why, and the chain drops the rest."""
    on, why = {"net__ipv4__ip_forward": "1"}, {"ip_forward_reason": "bridges, OPS-140"}
    assert forwarding()[0] == "pass"
    verdict, reason = forwarding(**on)
    assert (verdict, "the guide demands 0, the engine needs 1" in reason) == ("fail", True)
    verdict, reason = forwarding(why, **on)
    assert (verdict, "the policy chose that: bridges, OPS-140" in reason) == ("pass", True)
    one = {
        "more": "forwards:eth0",
        "net__ipv4__ip_forward": "0",
    }  # ip_forward is 0, and the interface forwards
    assert forwarding(**one)[0] == "fail"
    assert forwarding(why, **one)[0] == "pass"
    assert forwarding(why, chain="-P FORWARD ACCEPT", **one)[0] == "fail"
    assert forwarding(why, chain="-P FORWARD ACCEPT", **on)[0] == "fail"
    assert forwarding(why, chain="", **on)[0] == "error"
    user = "-P FORWARD DROP\nchain:-A FORWARD -j DOCKER-USER\nchain:-A DOCKER-USER -j "
    for chain, expected in (
        ("-P FORWARD DROP\nchain:-A FORWARD -j ACCEPT", "fail"),
        (f"{user}RETURN", "pass"),
        (f"{user}ACCEPT", "fail"),
        (f"{user}REJECT --reject-with icmp-port-unreachable\nchain:-A DOCKER-USER -j ACCEPT", "pass"),
        (f"{user}FORWARD", "pass"),
        ("-P FORWARD DROP\nchain:-A DOCKER-USER -j ACCEPT", "pass"),  # nothing leads there
    ):
        assert forwarding(why, chain=chain, **on)[0] == expected, chain
    assert forwarding(why, chain="iptables: Permission denied (you must be root).", **on)[0] == "error"
    assert forwarding(why, network=BRIDGE | {"Driver": "host"}, **on)[0] == "fail"
    rootless = ["name=rootless"]
    assert forwarding(security=rootless) == ("pass", "ip_forward is 0")
    wanted = ("fail", "ip_forward is 1, and no bridge network of the engine needs it")
    assert forwarding(why, security=rootless, **on) == wanted


def test_hosts_alone_are_judged() -> None:
    """A container has no host of its own to judge, and a host without Docker nothing to harden for it."""
    for options in ({"backend": "docker"}, {}):
        with pytest.raises(NotApplicable):
            _ = target(engine_presence="", sysctl=settings(), **options).sysctl


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("line:net.ipv4.ip_forward = 1", True),
        ("line:net.ipv4.conf.*.forwarding=0", True),
        ("line:-fs.suid_dumpable=0", True),
        ("line:-fs.suid_dumpable", True),
        ("line:net.ipv4.tcp_fastopen_key=geheim", False),
        ("file:/etc/sysctl.d/a.conf", True),
    ],
)
def test_lines_that_set_what_is_judged_are_kept(line: str, kept: bool) -> None:
    """Files hold keys of the network too."""
    assert SYSCTL.keep(line) == (line if kept else "")
