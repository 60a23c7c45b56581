"""The program of a running daemon, and the one that lies in its place."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from selftests.kit.judging import facts_of_engine, facts_of_guest, judged
from selftests.lab import lacking
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]


def audit(number: str, engine: Engine) -> tuple[str, str]:
    """Verdict and reason on a running engine."""
    (found,) = judged(number, facts_of_engine(engine.socket, of=number)).values()
    return found


def test_directory_of_the_file_that_was_swapped(engine: EngineFactory, tmp_path: Path) -> None:
    """The file at the path is not the one that the daemon has read, though it is older than the daemon."""
    place, other = tmp_path / "docker", tmp_path / "other"
    for folder in (place, other):
        folder.mkdir()
        (folder / "daemon.json").write_text('{"userland-proxy": false}')
    one = engine(fresh=True)
    one.stop()
    one.config_path = place / "daemon.json"
    one.start()
    assert audit("2.17", one)[0] == "pass"
    (place / "beside").touch()
    assert audit("2.17", one)[0] == "pass"
    place.rename(tmp_path / "old")
    other.rename(place)
    assert audit("2.17", one)[0] == "error"


@pytest.mark.parametrize("whole", [True, False], ids=["directory", "file"])
def test_file_over_which_another_was_mounted(
    guarded_engine: EngineFactory, tmp_path: Path, whole: bool
) -> None:
    """What is mounted over a file, or its directory, after the start is not what the daemon has read."""
    one = guarded_engine()
    place, other = one.directory / "etc", one.directory / "other"
    for folder in (place, other):
        folder.mkdir()
        (folder / "daemon.json").write_text('{"userland-proxy": false}')
    one.stop()
    one.config_path = place / "daemon.json"
    one.start()
    assert audit("2.17", one)[0] == "pass"
    name = "." if whole else "daemon.json"
    command = ["nsenter", f"--target={one.pid}", "--mount", "mount", "--bind", other / name, place / name]
    subprocess.run(command, check=True)
    found, reason = audit("2.17", one)
    assert (found, "mounted" in reason) == ("error", True), reason


@pytest.mark.parametrize(
    ("group", "value"), [("proxies", False), ("any", "F"), ("any", 2), ("any", None), ("any", [])]
)
def test_switch_that_a_group_turns_off(engine: EngineFactory, group: str, value: object) -> None:
    """A value in a group is read as a text, and one that says neither on nor off turns off."""
    one = engine(**{group: {"iptables": value}})
    assert "DOCKER" not in one.nsenter("iptables", "-S")
    assert audit("2.4", one)[0] == "fail"


@pytest.mark.parametrize("flag", ["-r", "--restart"])
def test_option_that_the_help_does_not_name(engine: EngineFactory, flag: str) -> None:
    """It takes no value, so what is next to it is an option too."""
    one = engine(flags=[flag, "--iptables=false"])
    assert "DOCKER" not in one.nsenter("iptables", "-S")
    assert audit("2.4", one)[0] == "fail"


def test_log_that_was_removed(engine: EngineFactory) -> None:
    """2.3: a file that was rotated away goes on to be written, and nobody can read it."""
    one = engine(fresh=True)
    assert audit("2.3", one)[0] == "pass"
    rotated = one.log.rename(one.log.with_suffix(".1"))
    assert audit("2.3", one)[0] == "pass"
    rotated.unlink()
    found, reason = audit("2.3", one)
    assert (found, reason.endswith("(deleted)")) == ("fail", True), reason


def test_journal_that_keeps_nothing(lab_host: Callable[..., Host]) -> None:
    """2.3: what the daemon says to the journal is lost where journald keeps less, and no syslog gets it."""
    host = lab_host()

    def found(**instead: str | None) -> str:
        facts = lacking.facts_of_guest(host, instead, of="2.3") if instead else facts_of_guest(host, of="2.3")
        ((verdict, _),) = judged("2.3", facts).values()
        return verdict

    settings = "/etc/systemd/journald.conf.d/zz.conf"
    for lines, expected in {
        "Storage=volatile": "pass",
        "Storage=none\nForwardToSyslog=yes": "pass",
        "Storage=none\nForwardToSyslog=no": "fail",
        "MaxLevelStore=warning\nForwardToSyslog=no": "fail",
    }.items():
        host.exec("mkdir", "-p", str(Path(settings).parent))
        host.write(settings, f"[Journal]\n{lines}\n")
        host.exec("systemctl", "restart", "systemd-journald")
        assert (found(), found(**{"systemd-analyze": None})) == (expected, expected), lines
    host.write(settings, "[Journal]\n")
    assert found() == "pass"
    for script in (None, lacking.FAILS, lacking.SILENT):
        assert found(systemctl=script) == "error"


SETTINGS = ("2.3", "2.4", "2.9", "2.11", "2.12", "2.17")
"""Controls of settings that the engine does not report."""
ULIMITS = {name: {"Name": name, "Soft": 1024, "Hard": 2048} for name in ("nofile", "nproc")}


def settings_of(facts: Facts) -> dict[str, str]:
    """The verdicts on them."""
    return {number: next(iter(judged(number, facts).values()))[0] for number in SETTINGS}


def test_settings_after_a_reload(engine: EngineFactory) -> None:
    """The daemon writes all that it goes on with into its log: what the new file says of the rest is pending."""
    before = {"userland-proxy": False, "default-ulimits": ULIMITS, "live-restore": True}
    one = engine(fresh=True, userland_proxy=False, default_ulimits=ULIMITS)
    one.configure(before)
    assert settings_of(facts_of_engine(one.socket, of="2"))["2.4"] == "error"
    reload(one)
    assert settings_of(facts_of_engine(one.socket, of="2")) == dict.fromkeys(SETTINGS, "pass")
    one.configure({"live-restore": True, "iptables": False, "log-level": "warn"})
    for each in (reload, lambda _: None):
        each(one)
        facts = facts_of_engine(one.socket, of="2")
        assert settings_of(facts) == dict.fromkeys(SETTINGS, "pass")
        (found,) = judged("2.17", facts).values()
        assert found[1].startswith(
            "userland-proxy is false (the daemon's log of its last reload); restart pending"
        )
    one.restart()
    one.configure(before)  # what an earlier process wrote into this log is not what this one goes on with
    assert set(settings_of(facts_of_engine(one.socket, of="2")).values()) == {"fail", "error"}


def reload(engine: Engine) -> None:
    """Let the daemon read its file again, and wait for its word."""
    told = engine.log.read_text().count("Reloaded configuration")
    engine.reload()
    until(lambda: engine.log.read_text().count("Reloaded configuration") > told, "it does not reload", 10)


def test_reload_in_the_journal(lab_host: Callable[..., Host]) -> None:
    """What a unit's daemon wrote is in the journal, and what it logs there for a container is another's word."""
    host = lab_host(userland_proxy=False)
    text = host.exec("cat", "/etc/docker/daemon.json")
    host.write("/etc/docker/daemon.json", text)
    assert next(iter(judged("2.4", facts_of_guest(host, of="2.4")).values()))[0] == "error"
    host.exec("systemctl", "reload", "docker")
    for number in ("2.4", "2.17"):
        (found,) = judged(number, facts_of_guest(host, of=number)).values()
        assert found[0] == "pass", found
    told = host.exec("journalctl", "--output=cat", "--grep=Reloaded configuration").strip().splitlines()[-1]
    forged = told.replace("{", '{\\"userland-proxy\\":true,', 1)
    host.docker("run", "--log-driver=journald", "bb:1", "echo", forged)
    assert host.exec("journalctl", "--output=cat", "--grep=Reloaded configuration").strip().endswith(forged)
    (found,) = judged("2.17", facts_of_guest(host, of="2.17")).values()
    assert found[0] == "pass", found
