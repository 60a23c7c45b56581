"""Files to copy: what is in them stands in the remedies, and what has a condition is left to a person."""

import json
from dataclasses import replace

import pytest

from hullcheck.results import Audit, AuditedTarget, Control, Finding, Result, Run
from hullcheck.results.changes import Change, Changes
from hullcheck.results.fixes import AUDIT_RULES, DAEMON, KERNEL, fixes
from hullcheck.verdicts import Verdict
from hullcheck.writers import audit_page
from hullcheck.writers.audit_page import fix_files
from selftests.kit.audit_pages import demo

RUN = Run("r", "2026-11-25T03:22:57Z", "2026-11-25T03:22:58Z", "0", (), 1)
TARGETS = (
    AuditedTarget("web1", "local://", "host", "1", "os"),
    AuditedTarget("web2", "ssh://b", "host", "1", "os"),
)


def failing(*told: tuple[str, Finding]) -> Audit:
    """A control for each remedy, which fails on the target that the finding names, or on web1."""
    names = [f"c{number}" for number, _ in enumerate(told)]
    controls = tuple(
        Control(name, f"Title {name}.", "high", "", remedy, {"cis": (f"2.{number}",)})
        for number, (name, (remedy, _)) in enumerate(zip(names, told, strict=True))
    )
    results = tuple(
        Result(name, "web1", Verdict.FAIL, "", (finding,))
        for name, (_, finding) in zip(names, told, strict=True)
    )
    return Audit(RUN, TARGETS, controls, results)


WHOLE = Finding("target", "web1", Verdict.FAIL, "it is not so")


def made(*told: tuple[str, Finding]) -> fix_files.FixFile | None:
    """The file of the only fix."""
    (fix,) = fixes(failing(*told))
    return fix_files.file_of(fix)


def test_settings_of_the_daemon_are_one_object() -> None:
    """Each remedy that sets something adds it; what is under one key is there once; a comment may follow."""
    file = made(
        ('set `"icc": false` in daemon.json and restart the daemon; join what has to talk.', WHOLE),
        ('set `"log-opts": {"max-size": "10m"}` in daemon.json, restart the daemon.', WHOLE),
        ('set `"log-opts": {"max-size": "10m"}` in daemon.json, restart the daemon.', WHOLE),
        ("take `debug` out of daemon.json and restart the daemon.", WHOLE),
    )
    assert file is not None
    assert json.loads(file.text) == {"icc": False, "log-opts": {"max-size": "10m"}}
    assert list(fix_files.numbers(file.controls)) == ["CIS 2.0", "CIS 2.1", "CIS 2.2"]
    assert list(fix_files.numbers(file.by_hand)) == ["CIS 2.3"]


@pytest.mark.parametrize(
    "remedy",
    [
        'set `"live-restore": true` in daemon.json and reload the daemon. A swarm node cannot have it.',
        'set `"storage-driver": "overlay2"` in daemon.json, after saving the images and volumes that are to stay.',
        'set `"userns-remap": "default"` in daemon.json. It starts without the images of before.',
        'set `"a": {"b": 1}` in daemon.json, with the numbers that the workloads need, and restart the daemon.',
        'drop the host from daemon.json, or set `"icc": false` in daemon.json.',
    ],
)
def test_setting_with_a_condition_is_left_to_a_person(remedy: str) -> None:
    """What loses data, holds for some hosts alone or is one of two ways is in no file."""
    assert made((remedy, WHOLE)) is None


def test_two_values_of_one_setting_are_left_to_a_person() -> None:
    """Where remedies disagree, none of them is in the file."""
    file = made(
        ('set `"icc": false` in daemon.json.', WHOLE),
        ('set `"log-level": "info"` in daemon.json.', WHOLE),
        ('set `"log-level": "warn"` in daemon.json.', WHOLE),
    )
    assert file is not None
    assert json.loads(file.text) == {"icc": False}
    assert list(fix_files.numbers(file.by_hand)) == ["CIS 2.1", "CIS 2.2"]


RULE = "put `-w /usr/bin/dockerd -p wa -k docker` into a file in /etc/audit/rules.d, with the path at which it is."


def test_audit_rule_has_the_path_that_was_found() -> None:
    """A rule for the file of the finding, not for the example in the remedy; one for each path."""
    file = made(
        (RULE, Finding("file", "/usr/sbin/dockerd", Verdict.FAIL, "no rule covers it")),
        ("put `-w /usr/bin/docker -p rwxa -k docker` into a file in /etc/audit/rules.d.", WHOLE),
    )
    assert file is not None
    assert file.text == (
        "# CIS 2.0\n-w /usr/sbin/dockerd -p wa -k docker\n# CIS 2.1\n-w /usr/bin/docker -p rwxa -k docker"
    )
    assert file.by_hand == []


@pytest.mark.parametrize(
    "finding",
    [
        WHOLE,
        Finding("step", "rule", Verdict.FAIL, "no rule"),
        Finding("file", "/a b", Verdict.FAIL, ""),
        Finding("file", "/a\n-w /b -p r -k x", Verdict.FAIL, ""),
        Finding("file", "relative", Verdict.FAIL, ""),
    ],
)
def test_rule_without_a_plain_path_is_left_to_a_person(finding: Finding) -> None:
    """A path that is not known, or that a rule could not hold, is in no file."""
    assert made((RULE, finding)) is None


def test_kernel_settings_are_lines() -> None:
    """The value that the remedy gives to sysctl."""
    file = made(("`sysctl -w fs.suid_dumpable=0`, and the same in a file of /etc/sysctl.d; it is 2.", WHOLE))
    assert file is not None
    assert file.text == "fs.suid_dumpable = 0"


def test_files_of_the_demo_come_from_its_remedies() -> None:
    """Of the controls there are, each kind has a file; every setting of daemon.json is in the remedy of a failure."""
    audit = demo().audit
    files = {each.kind: fix_files.file_of(each) for each in fixes(audit)}
    daemon, rules, kernel = files[DAEMON], files[AUDIT_RULES], files[KERNEL]
    assert daemon is not None
    assert rules is not None
    assert kernel is None or "=" in kernel.text
    settings = json.loads(daemon.text)
    assert {"icc", "no-new-privileges", "userland-proxy"} <= settings.keys()
    assert not {"live-restore", "userns-remap", "storage-driver"} & settings.keys()
    failed = {each.control for each in audit.results if each.verdict is Verdict.FAIL}
    assert {each.id for each in (*daemon.controls, *daemon.by_hand)} <= failed
    lines = [each for each in rules.text.splitlines() if not each.startswith("#")]
    assert len(lines) == len(set(lines)) > 10


# ---- on the page


def test_summary_says_what_to_fix_first() -> None:
    """The first change stands there with its file, its controls and their remedies; the others can be unfolded."""
    page = demo().page.split('id="fixes"')[1].split("<h2>By severity")[0]
    assert page.count("<details open") == 1
    assert "Settings of the daemon (daemon.json)" in page
    assert "&#34;no-new-privileges&#34;: true" in page
    assert "Not in this file, as somebody has to decide" in page
    assert "takes commands on [::]:2375 (listening) without TLS" in page
    assert "To merge into /etc/docker/daemon.json" in page
    found = fixes(demo().audit)
    files = [each for each in found if fix_files.file_of(each)]
    shown = page.count('class="fix-first"')
    assert shown == 6 + sum(each in files for each in found[6:])
    assert page.count('aria-label="Copy file for ') == len(files) > 1
    assert f"<summary>{len(found) - shown} more changes</summary>" in page
    assert page.split("more changes</summary>")[1].count("<li>") == len(found) - shown


def test_control_that_is_alone_is_called_by_its_remedy() -> None:
    """Its title would be read as a fact: the remedy stands there."""
    audit = failing(("mount a whole file system. Elsewhere, mount two.", WHOLE))
    page = audit_page.render(audit, ()).split('id="fixes"')[1].split("<h2>By severity")[0]
    assert ">Mount a whole file system.</h3>" in page
    assert "Title" not in page
    assert ">CIS 2.0</a>: web1: it is not so" in page


def test_page_says_what_changed_since_the_last_run() -> None:
    """How many findings are new and gone, and which; what is gone is not said as if it were so."""
    new = Change("c0", "web1", "container", "agent", "runs with --privileged")
    gone = Change("c0", "web2", "target", "web2", "icc is true")
    lost = Change("no_such_control", "web2", "file", "<b>/x", "is open")
    since = Changes("20261124T030000Z-0001", "2026-11-24T03:00:00Z", 9, (new,), (gone, lost), 7)
    audit = replace(failing(("mount it.", WHOLE)), since=since)
    page = audit_page.render(audit, ())
    part = page.split('id="since"')[1].split('id="fixes"')[0]
    assert "24 November 2026, 03:00 UTC" in part
    assert "<b>1</b> new, <b>2</b> gone, 7 still fail." in part
    assert "<bdi>agent</bdi></a></b><bdi> runs with --privileged</bdi>" in part
    assert part.count("no longer:") == 2
    assert "<bdi>&lt;b&gt;/x</bdi>" in part
    assert 'id="since"' not in audit_page.render(replace(audit, since=None), ())
    same = replace(since, new=(), gone=())
    assert "7 still fail: nothing has changed." in audit_page.render(replace(audit, since=same), ())
