"""`--format`: what is written if it is asked for, how names are escaped, and what the limits of readers leave out.

test_snapshots.py has the files themselves.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zipfile import ZipFile

import pytest

from hullcheck.messages import WrongUse
from hullcheck.results import Audit, Finding, run_files
from hullcheck.verdicts import Verdict, worst
from hullcheck.writers import html as html_writer
from hullcheck.writers import tables
from hullcheck.writers.entries import STATUS, entries
from hullcheck.writers.formats import BUNDLED, FORMATS, chosen, sarif
from selftests import REPOSITORY
from selftests.kit.audit_pages import NAMES, demo, hostile, named, small
from selftests.kit.bundles import Bundle
from selftests.kit.projects import careless, site
from selftests.kit.running import Project, hullcheck
from selftests.needs import need

PAGE = REPOSITORY / "docs/results.md"
each_bundled = pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if not each.needs])


def text(name: str, audit: Audit) -> str:
    """The file of this format, as UTF-8."""
    return b"".join(FORMATS[name].render(audit).parts).decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A site with a careless host."""
    return site(tmp_path_factory.mktemp("formats"))


@pytest.fixture(scope="module")
def hosts(project: Project) -> str:
    """The option that names the host."""
    return f"--hosts={careless(project)}"


# ---- the option


def test_option(project: Project, hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name stops the run before a host is asked; a missing library is named with its extra."""
    assert project.pytest(hosts).status == 1
    assert not {each.name for each in (project.folder / "reports/latest").iterdir()} & {*run_files.FORMATS.values()}
    run = project.pytest(hosts, "--format=sarif,summry")
    assert run.status == 4
    assert run.lines("--format summry: did you mean 'summary'?")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(WrongUse, match=r"needs xlsxwriter; install hullcheck\[xlsx\]"):
        chosen(["xlsx"])
    assert chosen(["sarif", "sarif"]) == [FORMATS["sarif"]]


def test_page_names_each_format() -> None:
    """docs/results.md has each format with its file, and what each verdict is called."""
    page = PAGE.read_text()
    table = page.partition("\n| format |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| `([a-z0-9.-]+)` \|", table, re.M))
    assert rows == {name: each.file for name, each in FORMATS.items()}
    for verdict, status in STATUS.items():
        (row,) = re.findall(rf"^\| `{verdict}` \| (.+) \|$", page, re.M)
        _, hdf, _, oscal, ocsf = row.split(" | ")
        assert hdf.startswith(f"`{status.hdf}`")
        assert oscal.startswith(f"`{status.oscal}`" if status.oscal else "an observation, no finding")
        assert ocsf.startswith(f"`{status.ocsf[0]} {status.ocsf[1]}`")


def test_bundle_has_them_and_verify_derives_them(project: Project, hosts: str, tmp_path: Path) -> None:
    """What a library packs is beside the bundle: other versions give other bytes. A change is found."""
    pytest.importorskip("xlsxwriter")
    run = project.pytest(hosts, "--bundle", f"--format=,{', '.join(FORMATS)}")
    assert run.status == 1, run.output
    bundle = project.folder / "reports/latest.zip"
    made = Bundle.read(bundle)
    assert made.files.keys() & {*run_files.FORMATS.values()} == BUNDLED.keys()
    assert {each.name for each in bundle.resolve().with_suffix("").iterdir()} >= {*run_files.FORMATS.values()}
    done = hullcheck("verify", str(bundle), cwd=project.folder)
    assert done.returncode == 0, done.stdout
    for file in BUNDLED:
        made.files[file] = made.files[file].replace(b"web1", b"web2")
    done = hullcheck("verify", str(made.fitting().write(tmp_path / "changed.zip")), cwd=project.folder)
    assert done.returncode == 1
    assert {*re.findall(r"(\S+): is not what follows from results.json", done.stdout)} == BUNDLED.keys()


# ---- names of hosts


@each_bundled
def test_names_of_hosts_steer_nothing(name: str) -> None:
    """No control character, no lone surrogate; no name begins a line. In JSON that holds for each text, too."""
    whole = text(name, named())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e]", whole)
    starts = tuple(each.split("\n")[-1] for each in NAMES)
    assert not [each for each in whole.split("\n") if each.startswith(starts)]
    if not FORMATS[name].file.endswith((".md", ".prom", ".txt")):
        lines = whole.splitlines() if FORMATS[name].file.endswith(".jsonl") else [whole]
        told = json.dumps([json.loads(each) for each in lines], ensure_ascii=False)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\ud800-\udfff]", told.replace("\\n", ""))
        assert r"\\x1b" in told


@pytest.mark.parametrize("audit", [named(), hostile().audit], ids=["names", "hostile"])
def test_no_name_is_markup(audit: Audit) -> None:
    """GitHub's converter makes headings, lists, the table and code of the summary, and no mention or link."""
    need("cmark-gfm")
    extensions = [word for name in ("table", "autolink", "strikethrough", "tagfilter") for word in ("-e", name)]
    command = [shutil.which("cmark-gfm") or "", "--unsafe", *extensions]
    done = subprocess.run(command, input=text("summary", audit), capture_output=True, text=True, check=True)
    tags = {*re.findall(r"<\s*/?\s*([a-zA-Z][a-zA-Z0-9-]*)", done.stdout)}
    assert not tags - {
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
    }
    rows = {len(re.findall("<t[hd]", row)) for row in re.findall(r"<tr>(.*?)</tr>", done.stdout, re.S)}
    assert rows == {8}
    plain = re.sub(r"<code>.*?</code>", "", done.stdout, flags=re.S)
    assert not [each for each in ("@admin", "#1", "alert", "e.example", "::", "cmd") if each in plain]


def test_row_of_report_html_is_text() -> None:
    """Whatever a host is called, and pytest-html writes cells as they are."""
    audit = named()
    carried = SimpleNamespace(control=audit.controls[0], result=audit.results[0])
    for report in (SimpleNamespace(nodeid="<b>", hullcheck=carried), SimpleNamespace(nodeid="<b>")):
        cells = ["<td>Failed</td>", "<td><b></td>", "<td>1 ms</td>", "<td></td>"]
        html_writer.pytest_html_results_table_row(cast(pytest.TestReport, report), cells)
        assert len(cells) == 6
        assert {*re.findall(r"<(\w+)", "".join(cells))} <= {"td", "span", "br"}


def test_promtool_reads_the_metrics() -> None:
    """And has nothing against names, types and help."""
    need("promtool")
    command = [shutil.which("promtool") or "", "check", "metrics"]
    metrics = text("prometheus", hostile().audit)
    done = subprocess.run(command, input=metrics, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- what all audits keep


@pytest.mark.parametrize("name", ["jsonl", "ocsf", "oscal", "hdf", "sarif", "defectdojo"])
def test_each_finding_is_there_once(name: str) -> None:
    """By its stable id, in the order of the results; some formats have what is not well alone."""
    verdicts = (Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED) if name in ("sarif", "defectdojo") else Verdict
    keys = "finding|uid|value|resource_id|hullcheckFinding/v1|unique_id_from_tool"
    ids = re.findall(rf'"(?:{keys})": "([0-9a-f]{{32}})"', text(name, demo().audit))
    assert ids == [each.id for each in entries(demo().audit) if each.verdict in verdicts]


def values(part: Any, key: str) -> Iterator[Any]:
    """All values under this key, however deep."""
    if isinstance(part, dict):
        yield from (each for name, each in part.items() if name == key)
        yield from (each for inner in part.values() for each in values(inner, key))
    if isinstance(part, list):
        yield from (each for inner in part for each in values(inner, key))


@pytest.mark.parametrize("audit", [lambda: demo().audit, named], ids=["demo", "names"])
def test_oscal_names_what_is_there(audit: Any) -> None:
    """Each UUID once; observations, risks and targets by theirs; texts have the form that the standard asks for."""
    whole = json.loads(text("oscal", audit()))
    uuids = list(values(whole, "uuid"))
    assert len(uuids) == len(set(uuids))
    for key in ("observation-uuid", "risk-uuid", "subject-uuid"):
        assert {*values(whole, key)} <= set(uuids)
    assert all(re.fullmatch(r"\S(.*\S)?", each["value"]) for some in values(whole, "props") for each in some)
    for key in ("target-id", "objective-id", "control-id"):
        assert all(re.fullmatch(r"[^\W\d][\w.\-]*", each) for each in values(whole, key))


@pytest.mark.parametrize(
    ("number", "said"), [("800-53:AC-6", "ac-6"), ("800-53:AC-6(10)", "ac-6.10"), ("800-190:4.4.3", "")]
)
def test_oscal_controls_are_those_of_the_catalog(number: str, said: str) -> None:
    """Written as there; if there is none, all of the plan were reviewed."""
    whole = json.loads(text("oscal", small(frameworks={"nist": (number,)})))
    (selected,) = values(whole, "control-selections")
    assert selected == [{"include-controls": [{"control-id": said}]} if said else {"include-all": {}}]


HEIMDALL = {
    **dict.fromkeys((Verdict.PASS, Verdict.ATTESTED), "Passed"),
    **dict.fromkeys((Verdict.NOT_APPLICABLE, Verdict.WAIVED), "Not Applicable"),
    Verdict.FAIL: "Failed",
    Verdict.ERROR: "Profile Error",
    Verdict.MANUAL: "Not Reviewed",
}


def heimdall(control: dict[str, Any]) -> str:
    """The status of a control as inspecjs works it out, in its order."""
    statuses = ["error" if each.get("backtrace") else each["status"] for each in control["results"]]
    if "error" in statuses or not statuses:
        return "Profile Error"
    if control.get("waiver_data", {}).get("skipped_due_to_waiver") or control["impact"] == 0:
        return "Not Applicable"
    if "failed" in statuses:
        return "Failed"
    return "Passed" if "passed" in statuses else "Not Reviewed"


def test_hdf_status_is_that_of_the_worst_finding() -> None:
    """Neither a pass nor a waiver hides another finding from Heimdall."""
    for verdicts in combinations_with_replacement(Verdict, 2):
        audit = small(*(Finding("container", f"c{at}", each) for at, each in enumerate(verdicts)))
        (control,) = json.loads(text("hdf", audit))["profiles"][0]["controls"]
        assert heimdall(control) == HEIMDALL[worst(verdicts)], verdicts


# ---- limits of readers


def test_most_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """SARIF keeps the worst; how many are left out is said in the log, and to the user."""
    monkeypatch.setattr(sarif, "MOST_RESULTS", 20)
    waived = [Finding("container", f"p{each}", Verdict.WAIVED) for each in range(20)]
    failing = [Finding("container", f"f{each}", Verdict.FAIL) for each in range(7)]
    audit = small(*waived, *failing)
    (run,) = json.loads(text("sarif", audit))["runs"]
    assert Counter(each["properties"]["verdict"] for each in run["results"]) == {"fail": 7, "waived": 13}
    said = FORMATS["sarif"].render(audit).left_out
    assert said.startswith("7 of 27 results were left out, because GitHub takes no more; 0 of them fail")
    assert run["properties"]["leftOut"] == said


def test_tags_have_each_framework() -> None:
    """However many ids one of them has; `security` is first, for without it GitHub ignores the score."""
    many = {"cis": tuple(f"5.{each}" for each in range(40)), "nist": ("800-53:AC-6",), "pci": ("2.2.6",)}
    (run,) = json.loads(text("sarif", small(frameworks=many)))["runs"]
    tags = run["tool"]["driver"]["rules"][0]["properties"]["tags"]
    assert len(tags) == 20
    assert tags[:4] == ["security", "cis:5.0", "nist:800-53:AC-6", "pci:2.2.6"]


def test_summary_fits_into_a_mebibyte() -> None:
    """The worst is kept, and the rest is counted."""
    findings = [Finding("container", f"{each:06}" + "ä" * 300, Verdict.FAIL, "x") for each in range(1500)]
    audit = small(*findings, Finding("container", "waived", Verdict.WAIVED))
    made = text("summary", audit)
    assert len(made.encode()) <= 1 << 20
    assert len(re.findall("^- ", made, re.M)) == 1000
    assert "## What fails (1,500 findings)" in made
    assert "**501 findings are left out: a summary has at most 1,000. They are in `results.json`.**" in made
    assert "waived`" not in made


def test_spreadsheet_has_texts_alone() -> None:
    """The rows are those of findings.csv; no cell is a formula, a link, a number, or longer than a reader takes."""
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    audit = small(*named().results[0].findings, Finding("file", "x", Verdict.FAIL, "\U0001f433" * 40_000))
    whole = b"".join(FORMATS["xlsx"].render(audit).parts)
    book = openpyxl.load_workbook(io.BytesIO(whole))
    rows = list(book["Findings"].iter_rows())
    assert {cell.data_type for row in rows for cell in row if cell.value} <= {"s", "inlineStr"}
    assert tuple(cell.value for cell in rows[0]) == tables.FINDINGS
    assert [row[-1].value for row in rows[1:]] == [row[-1] for row in tables.finding_rows(audit)]
    assert [rows[at][8].value for at in (5, 6)] == [NAMES[4], r"esc \x1b[31m red"]
    assert len(rows[-1][10].value.encode("utf-16-le")) // 2 <= 32_767
    with ZipFile(io.BytesIO(whole)) as packed:
        content = b"".join(packed.read(each) for each in packed.namelist())
    assert not [each for each in (b"<f>", b"hyperlink") if each in content]
    assert book.sheetnames == ["Findings", "Requirements", "Waivers", "Attestations"]
