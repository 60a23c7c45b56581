"""What is different between two runs, in findings and in answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.cli import main
from hullcheck.drift import PastRun, drift
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from hullcheck.results import Audit, AuditedTarget, Control, Finding, Result, Run
from hullcheck.results.document import document_of
from hullcheck.verdicts import Verdict

CONTAINER = {
    "Id": "1" * 64,
    "Name": "/panel",
    "Created": "2026-11-20T08:00:00.5Z",
    "Started": "2026-11-20T08:00:01.5Z",
    "Pid": 7,
    "HostConfig": {"Privileged": False, "CapAdd": None, "PidsLimit": 100, "Memory": 0},
    "Mounts": [{"Destination": "/data", "RW": True}],
}
AGAIN = {"Id": "2" * 64, "Created": "2026-11-24T10:12:13.5Z", "Started": "2026-11-24T10:12:14.5Z", "Pid": 9}


def container(change: Callable[[Any], None] = lambda document: None, **more: Any) -> str:
    """The answer with one container, changed."""
    document = json.loads(json.dumps(CONTAINER | more))
    change(document)
    return f"{document['Id']}\ncontainer {json.dumps(document)}\n--proc\n12/mountinfo:{document['Pid']} / rw\n"


def past(
    folder: Path, *results: Result, targets: tuple[str, ...] = ("web1",), said: dict[str, str] | None = None
) -> Path:
    """The folder of a run with these results, in which each target *said* this."""
    folder.mkdir(parents=True)
    run = Run(folder.name, "2026-11-25T00:00:00Z", "2026-11-25T00:00:01Z", "1", (), 1)
    control = Control("control", "It holds.", "high", "", "", {"cis": ("5.5",)})
    hosts = tuple(AuditedTarget(each, "local://", "host", "26", "Debian") for each in targets)
    document = document_of(Audit(run, hosts, (control,), results))
    (folder / "results.json").write_text(json.dumps(document))
    for name in targets:
        kept = {probe: Answer(probe, 0, text, "") for probe, text in (said or {}).items()}
        Recording(name, "local", kept, gathered=1.0).save(folder / name)
    return folder


def result(verdict: Verdict, kind: str, subject: str, reason: str, *evidence: str, target: str = "web1") -> Result:
    """A result with one finding."""
    return Result("control", target, verdict, reason, (Finding(kind, subject, verdict, reason),), evidence)


def lines(
    folder: Path, probe: str, before: str, after: str, kind: str = "target", subject: str = "web1"
) -> tuple[str, ...]:
    """Compare two runs in which one finding is new, where the host gave these answers."""
    passed, failed = (result(each, kind, subject, "so", probe) for each in (Verdict.PASS, Verdict.FAIL))
    old = past(folder / "old", passed, said={probe: before})
    new = past(folder / "new", failed, said={probe: after})
    found = drift(PastRun.load(old), PastRun.load(new))
    return found.answers[found.changes.new[0]]


OF_PANEL = ("containers", "container", "panel")
PRIVILEGED = (
    *("- HostConfig.Privileged: false", "+ HostConfig.Privileged: true"),
    *("- Started: 2026-11-20T08:00:01.5Z", "+ Started: 2026-11-24T10:12:14.5Z"),
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (container(), container(lambda each: each["HostConfig"].update(Privileged=True), **AGAIN), PRIVILEGED),
        (
            container(),
            container(lambda each: each["Mounts"].append({"Destination": "/run/docker.sock", "RW": True})),
            ("+ Mounts[run/docker.sock].Destination: /run/docker.sock", "+ Mounts[run/docker.sock].RW: true"),
        ),
        (
            container(lambda each: each["HostConfig"].update(CapAdd=["CHOWN", "KILL"])),
            container(lambda each: each["HostConfig"].update(CapAdd=["CHOWN", "SYS_ADMIN", "MKNOD"])),
            ("- HostConfig.CapAdd: KILL", "+ HostConfig.CapAdd: MKNOD", "+ HostConfig.CapAdd: SYS_ADMIN"),
        ),
        ("\n", container(), ("+ container panel",)),
        (container(), container().replace("--proc", container(Name="/other") + "--proc", 1), ()),
        (
            container(),
            container(lambda each: each["HostConfig"].update(dict.fromkeys("abcdefghijkl", "x" * 200))),
            (*(f"+ HostConfig.{each}: {'x' * 81}..." for each in "abcdefghij"), "and 2 more"),
        ),
    ],
    ids=["created again", "mount", "list", "new", "another", "many"],
)  # fmt: skip
def test_container(before: str, after: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    """The fields of this container, without those that are others after each start."""
    probe, *subject = OF_PANEL
    assert lines(tmp_path, probe, before, after.replace("12/mountinfo", "13/mountinfo"), *subject) == expected


CONFIG = "--files\n{}/config:read|2026-11-{} 09:00:00.1 +0000|/etc/docker/daemon.json\n {}\n--end\n"


@pytest.mark.parametrize(
    ("probe", "kind", "before", "after", "expected"),
    [
        (
            "files",
            "file",
            "--nodes\n81a4:0:0:root:'/proc/9/root/etc/a'\n81a4:0:0:root:/etc/a.d\n--end",
            "--nodes\n81b6:0:0:root:'/proc/10/root/etc/a'\n81b6:0:0:root:/etc/a.d\n--end",
            ("- 81a4:0:0:root:'/etc/a'", "+ 81b6:0:0:root:'/etc/a'"),
        ),
        ("audit", "file", "rule:-w /etc/a -p wa\nrule:-w /etc/a.d\n", "", ("- rule:-w /etc/a -p wa",)),
        ("daemon", "file", "--running\n7/stat:7\n--end\n", "--running\n9/stat:9\n--end\n", ()),
        (
            *("daemon", "target", CONFIG.format(9, 20, '{"icc": false}'), CONFIG.format(7, 24, '{"icc": true}')),
            ("- icc: false", "+ icc: true"),
        ),
        ("firewall", "target", "9/iptables:-N DOCKER-USER", "12/iptables:-N DOCKER-USER", ()),
        ("processes", "target", "7/status:so\n", "9/status:so 1\n", ()),
    ],
)
def test_file_and_target(
    probe: str, kind: str, before: str, after: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    """All lines of an answer, but times and processes; of a file those with its path, and no other that begins so."""
    subject = "/etc/a" if kind == "file" else "web1"
    assert lines(tmp_path, probe, before, after, kind, subject) == expected


def test_recording_that_is_not_there(tmp_path: Path) -> None:
    """Then nothing tells, and the finding is new all the same."""
    old = past(tmp_path / "old", result(Verdict.PASS, "target", "web1", "so", "kernel"))
    new = past(tmp_path / "new", result(Verdict.FAIL, "target", "web1", "so", "kernel"))
    (new / "web1/recording.json").write_text("damaged")
    found = drift(PastRun.load(old), PastRun.load(new))
    assert (len(found.changes.new), found.answers) == (1, {})


def test_new_target(tmp_path: Path) -> None:
    """All of its failures are new, and are not lost for want of something to compare with."""
    old = past(tmp_path / "old", result(Verdict.FAIL, "target", "web1", "so"))
    both = [result(Verdict.FAIL, "target", name, "so", target=name) for name in ("web1", "web2")]
    new = past(tmp_path / "new", *both, targets=("web1", "web2"))
    found = drift(PastRun.load(old), PastRun.load(new))
    assert (found.added, found.removed, found.changes.still) == (("web2",), (), 1)
    (one,) = found.changes.new
    assert (one.target, found.severity(one)) == ("web2", "high")
    back = drift(PastRun.load(new), PastRun.load(old))
    assert (back.added, back.removed, back.changes.new) == ((), ("web2",), ())


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text, Markdown and JSON say the same; the status is 1 where something fails newly."""
    probe, kind, subject = OF_PANEL
    bad = container(lambda each: each["HostConfig"].update(Privileged=True), **AGAIN)
    nasty = replace(result(Verdict.FAIL, kind, subject, "privileged `x` <b>\x1b[31m", probe))
    old = past(tmp_path / "old", result(Verdict.PASS, kind, subject, "", probe), said={probe: container()})
    new = past(tmp_path / "new", nasty, said={probe: bad})
    assert main(["diff", str(old), str(new)]) == 1
    text = capsys.readouterr().out
    assert "\n1 new\n  high      web1, CIS 5.5, container panel: privileged `x` <b>\\x1b[31m\n" in text
    assert "            - HostConfig.Privileged: false\n            + HostConfig.Privileged: true\n" in text
    assert main(["diff", str(old), str(new), "--markdown"]) == 1
    page = capsys.readouterr().out
    assert "# hullcheck: 1 new, 0 gone" in page
    assert "\x1b" not in page
    assert ": privileged `x` `<b>\\x1b[31m`\n" in page
    assert main(["diff", str(old), str(new), "--json"]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["findings"]["new"]
    assert (entry["number"], entry["severity"], tuple(entry["answers"])) == ("CIS 5.5", "high", PRIVILEGED)
    assert main(["diff", str(new), str(old)]) == 0
    assert "\n1 gone\n" in capsys.readouterr().out
    assert main(["diff", str(old), str(tmp_path / "nowhere")]) == 2
