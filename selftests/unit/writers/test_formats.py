"""`--format`: what is written if it is asked for, how names are escaped, and what the limits of readers leave out."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zipfile import ZipFile

import pytest

from hullcheck.results import Audit, Finding, run_files
from hullcheck.verdicts import Verdict, worst
from hullcheck.writers import html as html_writer
from hullcheck.writers import tables
from hullcheck.writers.entries import STATUS
from hullcheck.writers.formats import BUNDLED, FORMATS, FormatError, chosen, sarif, summary
from selftests import REPOSITORY
from selftests.kit.bundles import Bundle
from selftests.kit.projects import careless, site
from selftests.kit.running import Project, hullcheck
from selftests.needs import need
from selftests.unit.writers.formats import AUDITS, NAMES, each_audit, found, named, rendered, small, text

PAGE = REPOSITORY / "docs/formats.md"
each_bundled = pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if not each.needs])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A site with a careless host."""
    return site(tmp_path_factory.mktemp("formats"))


@pytest.fixture(scope="module")
def hosts(project: Project) -> str:
    """The option that names the host."""
    return f"--hosts={careless(project)}"


# ---- the option


def test_nothing_is_written_unless_it_is_asked_for(project: Project, hosts: str) -> None:
    """A run without the option leaves none of the files, and imports no renderer."""
    assert project.pytest(hosts).status == 1
    assert not {each.name for each in (project.folder / "reports/latest").iterdir()} & {*run_files.FORMATS}
    code = (
        "import sys, hullcheck.plugin.reporting;"
        "print([each for each in sys.modules if each.startswith('hullcheck.writers.formats.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_unknown_format_is_refused(project: Project, hosts: str) -> None:
    """Before a host is asked; the message names what may have been meant."""
    run = project.pytest(hosts, "--format=sarif,summry")
    assert run.status == 4
    assert run.lines("--format summry: did you mean 'summary'?")


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(FormatError, match=r"needs xlsxwriter; install hullcheck\[xlsx\]"):
        chosen(["xlsx"])
    assert chosen(["sarif", "sarif"]) == [FORMATS["sarif"]]


def test_page_names_each_format() -> None:
    """docs/formats.md has each format with its file, and what each verdict is called."""
    page = PAGE.read_text()
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| `([a-z0-9.-]+)` \|", page.partition("\n## ")[0], re.M))
    assert rows == {name: each.file for name, each in FORMATS.items()}
    assert sorted(rows.values()) == sorted(run_files.FORMATS)
    for verdict, status in STATUS.items():
        (row,) = re.findall(rf"^\| `{verdict}` \| (.+) \|$", page, re.M)
        _, hdf, _, oscal, ocsf, _ = row.split(" | ")
        assert hdf.startswith(f"`{status.hdf}`")
        assert oscal.startswith(f"`{status.oscal}`" if status.oscal else "an observation, no finding")
        assert ocsf.startswith(f"`{status.ocsf[0]} {status.ocsf[1]}`")


# ---- the bundle


@pytest.fixture(scope="module")
def bundle(project: Project, hosts: str) -> Path:
    """A bundle of a run with every format."""
    pytest.importorskip("xlsxwriter")
    run = project.pytest(hosts, "--bundle", f"--format=,{', '.join(FORMATS)}")
    assert run.status == 1, run.output
    return project.folder / "reports/latest.zip"


def test_bundle_has_them_and_verify_derives_them(project: Project, bundle: Path) -> None:
    """What a library packs is beside the bundle: other versions give other bytes."""
    files = Bundle.read(bundle).files
    assert files.keys() & {*run_files.FORMATS} == BUNDLED.keys()
    assert {each.name for each in bundle.resolve().with_suffix("").iterdir()} >= {*run_files.FORMATS}
    done = hullcheck("verify", str(bundle), cwd=project.folder)
    assert done.returncode == 0, done.stdout


@each_bundled
def test_verify_finds_one_that_was_changed(project: Project, bundle: Path, tmp_path: Path, name: str) -> None:
    """Though all digests fit."""
    made, file = Bundle.read(bundle).copy(), FORMATS[name].file
    made.files[file] = made.files[file].replace(b"web1", b"web2")
    done = hullcheck("verify", str(made.fitting().write(tmp_path / "changed.zip")), cwd=project.folder)
    assert done.returncode == 1
    assert f"{file}: is not what follows from results.json" in done.stdout


# ---- names of hosts


@each_bundled
def test_names_of_hosts_steer_nothing(name: str) -> None:
    """No control character, no lone surrogate; no name begins a line. In JSON that holds for each text, too."""
    whole = text(name, named())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e]", whole)
    starts = tuple(each.split("\n")[-1] for each in NAMES)
    assert not [each for each in whole.split("\n") if each.startswith(starts)]
    if not FORMATS[name].file.endswith((".md", ".prom")):
        lines = whole.splitlines() if FORMATS[name].file.endswith(".jsonl") else [whole]
        told = json.dumps([json.loads(each) for each in lines], ensure_ascii=False)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\ud800-\udfff]", told.replace("\\n", ""))
        assert r"\\x1b" in told


def html(audit: Audit) -> str:
    """What GitHub's own converter makes of the summary."""
    need("cmark-gfm")
    extensions = [
        word for name in ("table", "autolink", "strikethrough", "tagfilter") for word in ("-e", name)
    ]
    command = [shutil.which("cmark-gfm") or "", "--unsafe", *extensions]
    done = subprocess.run(command, input=text("summary", audit), capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", ["names", "hostile"])
def test_no_name_is_markup(name: str) -> None:
    """GitHub's converter makes headings, lists, the table and code of the summary, and no mention or link."""
    made = html(AUDITS[name]())
    tags = {*re.findall(r"<\s*/?\s*([a-zA-Z][a-zA-Z0-9-]*)", made)}
    assert tags <= {
        *["h1", "h2", "p", "strong", "ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td"]
    }
    rows = {len(re.findall("<t[hd]", row)) for row in re.findall(r"<tr>(.*?)</tr>", made, re.S)}
    assert rows == {8}
    plain = re.sub(r"<code>.*?</code>", "", made, flags=re.S)
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
    cells = list[str](["", "", "", ""])
    html_writer.pytest_html_results_table_header(cells)
    assert len(cells) == 6


@each_audit
def test_promtool_reads_the_metrics(audit: Callable[[], Audit]) -> None:
    """And has nothing against names, types and help."""
    need("promtool")
    command = [shutil.which("promtool") or "", "check", "metrics"]
    done = subprocess.run(
        command, input=text("prometheus", audit()), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- what all audits keep


@each_audit
@pytest.mark.parametrize("name", ["jsonl", "ocsf", "oscal", "hdf", "sarif", "defectdojo"])
def test_each_finding_is_there_once(audit: Callable[[], Audit], name: str) -> None:
    """By its stable id, in the order of the results; some formats have what is not well alone."""
    verdicts = (Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED)
    wanted = [each.id for each in found(audit(), *(verdicts if name in ("sarif", "defectdojo") else Verdict))]
    whole = text(name, audit())
    ids = re.findall(
        r'"(?:finding|uid|value|resource_id|hullcheckFinding/v1|unique_id_from_tool)": "([0-9a-f]{32})"',
        whole,
    )
    assert ids == wanted


def values(part: Any, key: str) -> Iterator[Any]:
    """All values under this key, however deep."""
    if isinstance(part, dict):
        yield from (each for name, each in part.items() if name == key)
        yield from (each for inner in part.values() for each in values(inner, key))
    if isinstance(part, list):
        yield from (each for inner in part for each in values(inner, key))


@each_audit
def test_oscal_names_what_is_there(audit: Callable[[], Audit]) -> None:
    """Each UUID once; observations, risks and targets by theirs; texts have the form that the standard asks for."""
    whole = json.loads(text("oscal", audit()))
    uuids = list(values(whole, "uuid"))
    assert len(uuids) == len(set(uuids))
    for key in ("observation-uuid", "risk-uuid", "subject-uuid"):
        assert {*values(whole, key)} <= set(uuids)
    states = Counter(each["status"]["state"] for each in values(whole, "target"))
    assert states == Counter(each for r in audit().results if (each := STATUS[r.verdict].oscal))
    assert all(re.fullmatch(r"\S(.*\S)?", each["value"]) for some in values(whole, "props") for each in some)
    for key in ("target-id", "objective-id", "control-id"):
        assert all(re.fullmatch(r"[^\W\d][\w.\-]*", each) for each in values(whole, key))


@pytest.mark.parametrize(
    ("number", "said"), [("800-53:AC-6", "ac-6"), ("800-53:AC-6(10)", "ac-6.10"), ("800-190:4.4.3", "")]
)
def test_oscal_controls_are_those_of_the_catalog(number: str, said: str) -> None:
    """Written as there; if there is none, all of the plan were reviewed."""
    (selected,) = values(
        json.loads(text("oscal", small(frameworks={"nist": (number,)}))), "control-selections"
    )
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


@pytest.mark.parametrize(
    "verdicts",
    list(combinations_with_replacement(Verdict, 2)),
    ids=lambda each: "-".join(each).replace(" ", ""),
)
def test_hdf_status_is_that_of_the_worst_finding(verdicts: tuple[Verdict, ...]) -> None:
    """Neither a pass nor a waiver hides another finding from Heimdall."""
    audit = small(*(Finding("container", f"c{at}", each) for at, each in enumerate(verdicts)))
    (control,) = json.loads(text("hdf", audit))["profiles"][0]["controls"]
    assert heimdall(control) == HEIMDALL[worst(verdicts)]


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
    assert said in [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]


def test_most_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would be too large for GitHub has fewer results, the worst of them."""
    monkeypatch.setattr(sarif, "LARGEST", 100_000)
    numbers = random.Random(3)
    noise = [f"{numbers.getrandbits(2000):0500x}" for _ in range(600)]
    audit = small(
        *(Finding("container", each, Verdict.WAIVED) for each in noise),
        Finding("container", "worst", Verdict.FAIL),
    )
    made = rendered("sarif", audit)
    assert len(gzip.compress(made)) < 100_000
    results = json.loads(made)["runs"][0]["results"]
    assert 50 < len(results) < 600
    assert [each["properties"]["verdict"] for each in results].count("fail") == 1


def test_tags_have_each_framework() -> None:
    """However many ids one of them has; `security` is first, for without it GitHub ignores the score."""
    many = {"cis": tuple(f"5.{each}" for each in range(40)), "nist": ("800-53:AC-6",), "pci": ("2.2.6",)}
    (run,) = json.loads(text("sarif", small(frameworks=many)))["runs"]
    tags = run["tool"]["driver"]["rules"][0]["properties"]["tags"]
    assert len(tags) == 20
    assert tags[:4] == ["security", "cis:5.0", "nist:800-53:AC-6", "pci:2.2.6"]


def test_summary_fits_into_a_mebibyte() -> None:
    """The worst is kept, and the rest is counted."""
    findings = [Finding("container", f"{each:06}" + "ä" * 300, Verdict.FAIL, "x") for each in range(4000)]
    audit = small(*findings, Finding("container", "waived", Verdict.WAIVED))
    made, left_out = text("summary", audit), FORMATS["summary"].render(audit).left_out
    assert len(made.encode()) <= summary.LARGEST
    kept = len(re.findall("^- ", made, re.M))
    assert left_out == f"{4001 - kept:,} findings are left out: a summary has at most 1 MiB"
    assert f"**{left_out}. They are in `results.json`.**" in made
    assert "waived`" not in made


def test_spreadsheet_has_texts_alone() -> None:
    """The rows are those of findings.csv; no cell is a formula, a link, a number, or longer than a reader takes."""
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    audit = small(*named().results[0].findings, Finding("file", "x", Verdict.FAIL, "\U0001f433" * 40_000))
    whole = rendered("xlsx", audit)
    rows = list(openpyxl.load_workbook(io.BytesIO(whole))["Findings"].iter_rows())
    assert {cell.data_type for row in rows for cell in row if cell.value} <= {"s", "inlineStr"}
    assert tuple(cell.value for cell in rows[0]) == tables.FINDINGS
    assert [row[-1].value for row in rows[1:]] == [row[-1] for row in tables.finding_rows(audit)]
    assert [rows[at][8].value for at in (5, 6, 8)] == [
        NAMES[4],
        r"esc \x1b[31m red",
        r"lone \udc80 surrogate",
    ]
    assert len(rows[-1][10].value.encode("utf-16-le")) // 2 <= 32_767
    assert rows[-1][10].value.endswith("[…]")
    with ZipFile(io.BytesIO(whole)) as packed:
        content = b"".join(packed.read(each) for each in packed.namelist())
    assert b"<f>" not in content
    assert b"hyperlink" not in content
    assert rendered("xlsx", audit) == whole


def test_spreadsheet_has_waivers_and_requirements() -> None:
    """A sheet each."""
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", AUDITS["a site"]())))
    assert [(sheet.title, sheet.max_row) for sheet in book] == [
        ("Findings", 22),
        ("Requirements", 4),
        ("Waivers", 3),
        ("Attestations", 2),
    ]
