"""summary.md and annotations.txt: what fails, in a CI job; no name of a host is markup, a command or a mention."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, Changes, Finding, Gate
from hullcheck.verdicts import Verdict
from hullcheck.writers.formats import summary
from selftests.kit import audit_pages
from selftests.kit.formats import AUDITS, NAMES, each_audit, empty, found, named, rendered, small, text
from selftests.needs import need

ESCAPES = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


def unescaped(said: str) -> str:
    """As a runner reads it."""
    for code, meant in ESCAPES.items():
        said = said.replace(code, meant)
    return said


def html(audit: Audit) -> str:
    """What GitHub's own converter makes of the summary."""
    need("cmark-gfm")
    extensions = [
        word for name in ("table", "autolink", "strikethrough", "tagfilter") for word in ("-e", name)
    ]
    command = [shutil.which("cmark-gfm") or "", "--unsafe", *extensions]
    done = subprocess.run(command, input=text("summary", audit), capture_output=True, text=True, check=True)
    return done.stdout


@each_audit
def test_summary_has_each_failure(audit: Callable[[], Audit]) -> None:
    """As a line with its target; what passes is a number."""
    made, failing = text("summary", audit()), found(audit(), Verdict.FAIL)
    lines = [each for each in made.splitlines() if each.startswith("- ")]
    assert len(lines) == len(found(audit(), Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED))
    assert f"## What fails ({len(failing):,})" in made or not failing


def test_summary_begins_with_the_number() -> None:
    """Of failed results, of what was not judged, or of nothing: an empty audit is not green."""
    audit = audit_pages.accepted().audit
    verdicts = Counter(each.verdict for each in audit.results)
    number = f"{verdicts[Verdict.FAIL]} failed, {verdicts[Verdict.ERROR]} not judged"
    assert text("summary", audit).startswith(f"# hullcheck: {number}\n")
    assert text("summary", empty()).startswith("# hullcheck: nothing was judged\n")
    passed = small(Finding("container", "a", Verdict.PASS))
    assert text("summary", passed).startswith("# hullcheck: nothing fails\n")
    open_ones = small(Finding("container", "a", Verdict.MANUAL))
    assert text("summary", open_ones).startswith("# hullcheck: nothing is judged\n")
    assert "**Nothing was judged on** `web1`." in text("summary", open_ones)


def test_summary_says_what_a_waiver_says() -> None:
    """Until when, and why."""
    made = text("summary", audit_pages.accepted().audit)
    assert f"accepted until `{audit_pages.WAIVER.last_day}`, because `{audit_pages.WAIVER.reason}`" in made


def test_summary_says_limits_and_changes() -> None:
    """What was not judged, and what is new."""
    audit = small(Finding("container", "a", Verdict.PASS))
    limited = replace(audit, run=replace(audit.run, limits={"container": ("web*",)}, shard="3/20"))
    made = text("summary", replace(limited, since=Changes("before", "", 1, (), (), 3)))
    assert "only `container web*` counted" in made
    assert "shard `3/20`" in made
    assert "Since `before`: 0 new, 0 gone, 3 still there." in made


def test_summary_fits_into_a_mebibyte() -> None:
    """The worst is kept, and the rest is counted."""
    findings = [Finding("container", f"{each:06}" + "ä" * 300, Verdict.FAIL, "x") for each in range(4000)]
    made = rendered("summary", small(*findings, Finding("container", "waived", Verdict.WAIVED)))
    assert len(made.content) <= summary.LARGEST
    kept = len(re.findall("^- ", made.content.decode(), re.M))
    assert made.left_out == f"{4001 - kept:,} findings are left out: a summary has at most 1 MiB"
    assert f"**{made.left_out}. They are in `results.json`.**" in made.content.decode()
    assert "waived`" not in made.content.decode()


@pytest.mark.parametrize("name", ["names", "hostile"])
def test_no_name_is_markup(name: str) -> None:
    """GitHub's converter makes headings, lists, the table and code of it, and nothing else."""
    made = html(AUDITS[name]())
    tags = {*re.findall(r"<\s*/?\s*([a-zA-Z][a-zA-Z0-9-]*)", made)}
    assert tags <= {
        "h1",
        "h2",
        "p",
        "strong",
        "ul",
        "li",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }, tags
    rows = {len(re.findall("<t[hd]", row)) for row in re.findall(r"<tr>(.*?)</tr>", made, re.S)}
    assert rows == {8}


def test_no_target_ends_its_cell() -> None:
    """A bar in a name would begin another one."""
    audit = small(Finding("container", "a", Verdict.PASS))
    named_so = replace(audit, targets=tuple(replace(audit.targets[0], name=each) for each in NAMES))
    made = html(replace(named_so, results=()))
    assert {len(re.findall("<t[hd]", row)) for row in re.findall(r"<tr>(.*?)</tr>", made, re.S)} == {8}
    assert len(re.findall("<tr>", made)) == len(NAMES) + 1
    assert "<code>a ¦ b</code>" in made


def test_every_name_is_code() -> None:
    """In which GitHub looks for no mention and no issue."""
    made = re.sub(r"<code>.*?</code>", "", html(named()), flags=re.S)
    assert not [each for each in ("@admin", "#1", "alert", "e.example", "::", "cmd") if each in made]


# ---- annotations


def test_annotation_is_a_command() -> None:
    """With the number, severity and target as its title, and the inventory as its file."""
    audit = small(Finding("container", "web", Verdict.FAIL, "runs with --privileged"))
    audit = replace(audit, run=replace(audit.run, inventory="inventories/a,b.yml"))
    assert text("annotations", audit) == (
        "::error title=CIS 5.5 (high) on web1,file=inventories/a%2Cb.yml,line=1::"
        "container web runs with --privileged\n"
    )


@pytest.mark.parametrize(
    ("severity", "kind"), [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "notice")]
)
def test_severity_is_the_kind(severity: str, kind: str) -> None:
    """A runner knows three."""
    assert text("annotations", small(Finding("a", "b", Verdict.FAIL), severity=severity)).startswith(
        f"::{kind} "
    )


@each_audit
def test_each_line_is_one_command(audit: Callable[[], Audit]) -> None:
    """Ten of each kind, the worst first, and how many more there are; no name begins or ends a command."""
    lines = text("annotations", audit()).split("\n")
    assert lines.pop() == ""
    more = re.fullmatch(r"([\d,]+) further findings .*", lines[-1]) if lines else None
    commands = lines[: -1 if more else None]
    shape = re.compile(r"::(error|warning|notice) title=[^:,\r\n]*(?:,file=[^:,\r\n]*,line=1)?::[^\r\n]+")
    assert all(shape.fullmatch(each) for each in commands)
    wanted = found(audit(), Verdict.FAIL, Verdict.ERROR)
    assert len(commands) + (int(more[1].replace(",", "")) if more else 0) == len(wanted)
    assert all(
        sum(each.startswith(f"::{kind} ") for each in commands) <= 10
        for kind in ("error", "warning", "notice")
    )
    assert not wanted or commands


BROKEN = tuple(f"web1: CIS 5.5 container c{number}: fail: `x`\n::error::y" for number in range(25))
GATES = (Gate("--fail-on", "new,severity>=high", BROKEN), Gate("--coverage", "95"))


def test_gates_are_told() -> None:
    """Which holds and which is broken, and by what; no name of a host ends a line."""
    gated = replace(small(Finding("container", "a", Verdict.FAIL, "so")), gates=GATES)
    made = text("summary", gated)
    assert (
        "**The gate `--fail-on=new,severity>=high` is broken by 25:**\n\n- ``web1: CIS 5.5 container c0: fail: `x`"
        in made
    )
    assert "\n- and 5 more\n\nThe gate `--coverage=95` holds.\n" in made
    first, *others = text("annotations", gated).splitlines()
    assert first.startswith(
        "::error title=--fail-on=new%2Cseverity>=high is broken::web1: CIS 5.5 container c0: "
    )
    assert first.endswith(" and 24 more")
    assert len(others) == 1
