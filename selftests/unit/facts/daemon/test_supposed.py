"""The daemon with another daemon.json: what follows from file and command line, and what only a restart shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hullcheck.facts import Facts
from hullcheck.facts.daemon.config_file import DAEMON_CONFIGURATION
from hullcheck.facts.daemon.supposed import plain_mirrors, supposing
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.what_if import daemon_json
from selftests.kit.facts.daemons import AFTER, NO_ICC, Host, insecure, options
from selftests.kit.judging import judged


def judge(number: str, document: dict[str, Any], host: Host | None = None, **policy: Any) -> tuple[str, str]:
    """Verdict and reason of a control with this file, where it is judged as `hullcheck what-if` does."""
    made = suppose((host or Host()).recording(), document)
    (found,) = judged(number, Facts(made, Policy(**policy))).values()
    return found


def suppose(recording: Recording, document: dict[str, Any]) -> Recording:
    """The recording with the file, as the command makes it."""
    before = Facts(recording, Policy()).get("daemon").files.config.values()
    differs = daemon_json._differing(before, document)
    return daemon_json._with(recording, "new.json", document, differs)


LIMITS = {name: {"Name": name, "Soft": 1024, "Hard": 4096} for name in ("nofile", "nproc")}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("2.3", {"log-level": "info"}, {"log-level": "debug"}),
    ("2.3", {}, {"debug": True}),
    ("2.4", {"iptables": True}, {"iptables": False}),
    ("2.5", {"insecure-registries": ["127.0.0.1:5000"]}, {"insecure-registries": ["reg.example:5000"]}),
    ("2.5", {"registry-mirrors": []}, {"registry-mirrors": ["http://mirror.example"]}),
    ("2.6", {"storage-driver": "overlay2"}, {"storage-driver": "aufs"}),
    ("2.7", {}, {"storage-driver": "devicemapper"}),
    ("2.9", {"default-ulimits": LIMITS}, {"default-ulimits": {}}),
    ("2.10", {"userns-remap": "default"}, {"userns-remap": ""}),
    ("2.11", {}, {"cgroup-parent": "/mine"}),
    ("2.12", {}, {"storage-opts": ["dm.basesize=20G"]}),
    ("2.15", {"no-new-privileges": True}, {}),
    ("2.16", {"live-restore": True}, {}),
    ("2.17", {"userland-proxy": False}, {}),
    ("2.18", {"seccomp-profile": "builtin"}, {"seccomp-profile": "unconfined"}),
    ("2.19", {}, {"experimental": True}),
]


@pytest.mark.parametrize(("number", "good", "bad"), CASES)
def test_what_the_file_decides(number: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    """It passes with the one file and fails with the other, whatever the running daemon reports."""
    running = {
        "Debug": True,
        "LiveRestoreEnabled": False,
        "ExperimentalBuild": True,
        **insecure(bad_example=False),
    }
    careless = Host(
        document='{"debug": true, "experimental": true}', info=running, version={"Experimental": True}
    )
    hardened = Host(
        info={"LiveRestoreEnabled": True, **options("seccomp,profile=builtin", "no-new-privileges")}
    )
    for host in (careless, hardened):
        assert judge(number, good, host)[0] == "pass", judge(number, good, host)
        assert judge(number, bad, host)[0] == "fail", judge(number, bad, host)


def test_reason_says_that_it_is_supposed() -> None:
    """Nobody takes it for an answer of a host."""
    reason = "no-new-privileges is true (new.json, supposed)"
    assert judge("2.15", {"no-new-privileges": True}) == ("pass", reason)


def test_command_line_stays() -> None:
    """What is on it is in force after a restart, too, as long as the file does not name it."""
    assert judge("2.17", {}, Host(flags=("--userland-proxy=false",)))[0] == "pass"
    assert judge("2.17", {}, Host(flags=("--userland-proxy=true",)))[0] == "fail"


def test_packet_filter_is_not_known() -> None:
    """The rules of the old daemon prove nothing: a pass would rest on them. A file that changes nothing keeps it."""
    open_bridge = {"com.docker.network.bridge.enable_icc": "true"}
    assert judge("2.2", {"icc": True}, Host(bridge=open_bridge))[0] == "fail"
    verdict, reason = judge("2.2", {"icc": False}, Host(bridge=open_bridge))
    assert (verdict, "only the restarted daemon shows" in reason) == ("error", True)
    same = Host(document='{"icc": false}', bridge=NO_ICC)
    assert judge("2.2", {"icc": False}, same)[0] == "pass"
    assert judge("2.2", {"icc": False, "debug": True}, same)[0] == "pass"
    for more in ({"bip": "10.9.0.1/24"}, {"iptables": False}, {"userns-remap": "default"}, {"bridge": "br0"}):
        assert judge("2.2", {"icc": False, **more}, same)[0] == "error", more


@pytest.mark.parametrize(
    ("number", "host", "document"),
    [
        ("2.2", Host(), {"icc": True, "bridge": "none"}),
        ("2.6", Host(document='{"storage-driver": "aufs"}', info={"Driver": "aufs"}), {}),
        ("2.6", Host(), {"data-root": "/data"}),
        ("2.6", Host(), {"userns-remap": "default"}),
        ("2.6", Host(changed=AFTER), {}),
        ("2.19", Host(), {"features": {"containerd-snapshotter": True}}),
        ("2.19", Host(document='{"features": {}}'), {}),
        ("2.5", Host(flags=("--registry-mirror=http://m.example",)), {}),
    ],
)
def test_what_only_a_restart_shows(number: str, host: Host, document: dict[str, Any]) -> None:
    """An error, and never a pass: what the daemon chooses by itself, or what is not recorded."""
    assert judge(number, document, host)[0] == "error"


def test_kernel_without_seccomp() -> None:
    """No file gives it filters."""
    host = Host(info={"SecurityOptions": []})
    assert judge("2.18", {"seccomp-profile": "builtin"}, host)[0] == "fail"


def test_profile_that_was_not_read() -> None:
    """The file of another profile is not on the recording: a person has to look at it."""
    verdict, reason = judge(
        "2.18", {"seccomp-profile": "/etc/other.json"}, seccomp_profiles=("/etc/other.json",)
    )
    assert (verdict, "could not be read" in reason) == ("manual", True)


def test_audit_has_no_such_line() -> None:
    """Whatever a host writes into its file or its answer: it is redacted before, and nothing is supposed."""
    lines = 'supposed:{"name": "x", "document": {"icc": false}}'
    for document in ("{}\n" + lines, lines):
        recording = Host(document=document).recording()
        assert "supposed" not in recording.answers["daemon_configuration"].stdout
    answer = Host().recording().answers["daemon_configuration"]
    assert "supposed" not in DAEMON_CONFIGURATION.keep(f"{answer.stdout}\n{lines}")


@pytest.mark.parametrize("sealed", [False, True])
def test_form_of_the_recording(sealed: bool) -> None:
    """Answers that say where they end do so with the file, too."""
    recording = Host().recording()
    if sealed:
        answers = {name: each.sealed() for name, each in recording.answers.items()}
        recording = replace(recording, answers=answers, sealed=True)
    made = supposing(recording, "new.json", {"icc": True})
    assert Facts(made, Policy()).get("daemon").setting("icc").source == "new.json, supposed"
    assert Facts(recording, Policy()).get("daemon").setting("icc").source == "network bridge"


def test_mirrors() -> None:
    """Those in plain HTTP, without a password."""
    named = ["https://a.example", "http://u:p@b.example:81/x", 7]
    assert plain_mirrors(named) == ["http://b.example:81"]
    assert plain_mirrors(None) == []


# ---- the file


def test_same_settings(tmp_path: Path) -> None:
    """A file with the same settings differs in nothing; one whose value is not kept may differ."""
    document = {"icc": False, "labels": ["a=b"]}
    Host(document=json.dumps(document)).recording().save(tmp_path / "h")
    (tmp_path / "new.json").write_text(json.dumps(document))
    made = daemon_json.suppose(tmp_path / "new.json", {"h": tmp_path / "h"})
    assert (made.differs, made.beyond) == ({"h": ("labels",)}, [])


def test_daemon_that_would_not_start(tmp_path: Path) -> None:
    """A setting that is on the command line too is said, and nothing is judged; of runtimes both count."""
    Host(flags=("--icc=false", "--runtimes=a=b")).recording().save(tmp_path / "h")
    (tmp_path / "new.json").write_text('{"icc": false, "runtimes": {}}')
    Host().recording().save(tmp_path / "other")
    both = {"h": tmp_path / "h", "other": tmp_path / "other"}
    made = daemon_json.suppose(tmp_path / "new.json", both)
    assert (made.refused, [*made.recordings]) == ({"h": ("icc",)}, ["other"])
    (tmp_path / "new.json").write_text('{"runtimes": {}}')
    assert daemon_json.suppose(tmp_path / "new.json", {"h": tmp_path / "h"}).refused == {}
