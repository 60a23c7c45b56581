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
CONTROL = "container_is_not_privileged"
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
    control = Control(results[0].control, "It holds.", "high", "", "", {"cis": ("5.5",)})
    hosts = tuple(AuditedTarget(each, "local://", "host", "26", "Debian") for each in targets)
    document = document_of(Audit(run, hosts, (control,), results))
    (folder / "results.json").write_text(json.dumps(document))
    for name in targets:
        kept = {probe: Answer(probe, 0, text, "") for probe, text in (said or {}).items()}
        Recording(name, "local", kept, gathered=1.0).save(folder / name)
    return folder


def result(
    verdict: Verdict, kind: str, subject: str, reason: str, *evidence: str, target: str = "web1", control: str = CONTROL
) -> Result:
    """A result with one finding."""
    return Result(control, target, verdict, reason, (Finding(kind, subject, verdict, reason),), evidence)


PRIVILEGED = "- HostConfig.Privileged: false", "+ HostConfig.Privileged: true"
MORE = "has mode 666, more than 644"
NODES = "--nodes\n{0}:0:0:root:'/proc/{1}/root/etc/a'\n{0}:0:0:root:/etc/a.d\n--end"
PORT = "{}/net/tcp6:   0: 00000000000000000000000000000000:0948 00000000000000000000000000000000:0000 0A 0:0 0:0 0 {} 1"
COMPOSE = json.dumps({"services": {"panel": {"Inspect": CONTAINER}}})
TLS = "remote_api_asks_for_client_certificates"


def privileged(value: object) -> str:
    """The answer with a container that is privileged in this way, created again."""
    return container(lambda each: each["HostConfig"].update(Privileged=value), **AGAIN)


@pytest.mark.parametrize(
    ("control", "kind", "reason", "probe", "before", "after", "expected"),
    [
        (CONTROL, "container", "is privileged", "containers", container(), privileged(True), PRIVILEGED),
        (CONTROL, "container", "so", "containers", "\n", privileged(True), PRIVILEGED[1:]),
        (CONTROL, "container", "so", "containers", container(), container(Name="/other"), PRIVILEGED[:1]),
        (CONTROL, "container", "so", "compose_file", "", COMPOSE, ("+ HostConfig.Privileged: false",)),
        (CONTROL, "container", "so", "containers", "\n", privileged("x" * 99), (f"{PRIVILEGED[1][:-4]}{'x' * 72}...",)),
        (
            *("default_file_is_written_by_root_alone", "file", MORE, "files"),
            *(NODES.format("81a4", 9), NODES.format("81b6", 10)),
            ("- 81a4:0:0:root:'/etc/a'", "+ 81b6:0:0:root:'/etc/a'"),
        ),
        (TLS, "target", "on [::]:2376", "daemon", PORT.format(9, 77), PORT.format(10, 99), ()),
        ("own_rule", "target", "banner file missing", "own", "", "banner missing\n", ()),
        ("own_rule", "target", "banner file missing", "own", "", "banner file missing\n", ("+ banner file missing",)),
    ],
    ids=["field", "new", "gone", "compose", "long", "file", "same port", "own, few", "own"],
)  # fmt: skip
def test_lines_that_decided_differ(
    control: str, kind: str, reason: str, probe: str, before: str, after: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    """What decided in one of the runs alone, whatever the numbers of processes; of a file the lines with its path."""
    subject = {"file": "/etc/a", "container": "panel"}.get(kind, "web1")
    results = [result(each, kind, subject, reason, probe, control=control) for each in (Verdict.PASS, Verdict.FAIL)]
    old = past(tmp_path / "old", results[0], said={probe: before})
    new = past(tmp_path / "new", results[1], said={probe: after})
    found = drift(PastRun.load(old), PastRun.load(new))
    assert found.answers[found.changes.new[0]] == expected


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
    probe, kind, subject = "containers", "container", "panel"
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


def test_explain_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`explain --run` has the findings of a control, the worst first, each with the lines that decided it."""
    fine, bad = (Finding("container", *each) for each in (("old", Verdict.PASS), ("panel", Verdict.FAIL, "so \x1b")))
    both = Result(CONTROL, "web1", Verdict.FAIL, "so", (fine, bad, *[fine] * 19), ("containers",))
    run = past(tmp_path / "run", both, said={"containers": container()})
    assert main(["explain", "5.5", "--run", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = "web1: fail", "  fail: container panel: so \\x1b", "    containers: HostConfig.Privileged: false"
    assert (*lines[:4], lines[-1]) == (*first, "  pass: container old", "  and 1 more")
    (run / "web1/recording.json").write_text("damaged")
    assert main(["explain", "5.5", "--run", str(run)]) == 0
    assert f"no evidence: {run}/web1 has no recording that can be read" in capsys.readouterr().out
    assert main(["explain", "5.6", "--run", str(run)]) == 2
    assert "this run did not judge container_mounts_no_sensitive_host_path" in capsys.readouterr().err
