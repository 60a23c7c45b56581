"""`--format`: each file is written where it is asked for, lies in the bundle, and is derived again from the results."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.results import Audit, finding_id, run_files
from hullcheck.verdicts import Verdict
from hullcheck.writers.formats import BUNDLED, FORMATS, FormatError, chosen
from hullcheck.writers.formats.status import STATUS
from selftests import REPOSITORY
from selftests.kit import audit_pages
from selftests.kit.bundles import Bundle
from selftests.kit.formats import NAMES, each_audit, found, named, rendered
from selftests.kit.projects import careless, site
from selftests.kit.running import Project, hullcheck

PAGE = REPOSITORY / "docs/formats.md"
each_bundled = pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.is_bundled])


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
    """A run without the option leaves what it always left, and imports no renderer."""
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


@pytest.mark.parametrize("way", ["option", "variable", "ini"])
def test_formats_are_asked_for_in_three_ways(project: Project, hosts: str, way: str) -> None:
    """As all options; blanks and an empty name are passed over, and a name that is there twice counts once."""
    wanted = "sarif, summary,,sarif"
    options = {"option": [f"--format={wanted}"], "ini": ["-o", f"hullcheck_format={wanted}"]}.get(way, [])
    project.environment = {"HULLCHECK_FORMAT": wanted} if way == "variable" else {}
    assert project.pytest(hosts, *options).status == 1
    project.environment = {}
    there = {each.name for each in (project.folder / "reports/latest").iterdir()} & {*run_files.FORMATS}
    assert there == {"results.sarif", "summary.md"}


def test_unknown_format_is_refused(project: Project, hosts: str) -> None:
    """Before a host is asked; the message names what may have been meant."""
    run = project.pytest(hosts, "--format=sarif,summry")
    assert run.status == 4
    assert run.lines("--format summry: did you mean 'summary'?")


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    for name, each in FORMATS.items():
        if each.needs:
            monkeypatch.setitem(sys.modules, each.needs, None)
            with pytest.raises(FormatError, match=rf"install hullcheck\[{each.extra}\]"):
                chosen([name])
        else:
            assert chosen([name, name]) == [each]


def test_files_are_those_of_a_run() -> None:
    """No target may be called like one of them."""
    assert sorted(each.file for each in FORMATS.values()) == sorted(run_files.FORMATS)


# ---- the bundle


@pytest.fixture(scope="module")
def bundle(project: Project, hosts: str) -> Path:
    """A bundle with every format that a bundle can have, of a run with the others, too."""
    run = project.pytest(hosts, "--bundle", f"--format={','.join(FORMATS)}")
    assert run.status == 1, run.output
    return project.folder / "reports/latest.zip"


def test_bundle_has_them_and_verify_derives_them(project: Project, bundle: Path) -> None:
    """What a library packs is beside it: other versions give other bytes."""
    files = Bundle.read(bundle).files
    assert files.keys() >= BUNDLED.keys()
    there = {each.name for each in bundle.resolve().with_suffix("").iterdir()}
    assert there >= {each.file for each in FORMATS.values()}
    assert {each.file for each in FORMATS.values()} - BUNDLED.keys() == {
        each.file for each in FORMATS.values() if each.file not in files
    }
    done = hullcheck("verify", str(bundle), cwd=project.folder)
    assert done.returncode == 0, done.stdout


@each_bundled
def test_verify_finds_one_that_was_changed(project: Project, bundle: Path, tmp_path: Path, name: str) -> None:
    """Though all digests fit."""
    made, file = Bundle.read(bundle).copy(), FORMATS[name].file
    made.files[file] = made.files[file].replace(b"web1", b"web2").replace(b"fail", b"pass") + b"\n"
    done = hullcheck("verify", str(made.fitting().write(tmp_path / "changed.zip")), cwd=project.folder)
    assert done.returncode == 1
    assert f"{file}: is not what follows from results.json" in done.stdout


# ---- what all of them keep


@each_audit
@pytest.mark.parametrize("name", FORMATS)
def test_equal_audits_give_equal_files(audit: Callable[[], Audit], name: str) -> None:
    """Also where names are hostile, or nothing was judged."""
    if FORMATS[name].needs:
        pytest.importorskip(FORMATS[name].needs)
    assert rendered(name, audit()) == rendered(name, audit())


@each_bundled
def test_texts_of_hosts_steer_nothing(name: str) -> None:
    """No control character reaches the file, no lone surrogate, and no name of a host begins a line."""
    content = rendered(name, named()).content
    text = content.decode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e]", text)
    starts = tuple(each.split("\n")[-1] for each in NAMES)
    assert not [each for each in text.split("\n") if each.startswith(starts)]


@pytest.mark.parametrize("name", ["sarif", "oscal", "hdf", "defectdojo", "jsonl", "ocsf"])
def test_texts_in_json_are_printable(name: str) -> None:
    """Not only the file, but what a reader finds in it: many refuse a lone surrogate, and some print what they read."""
    text = rendered(name, named()).content.decode("ascii")
    lines = text.splitlines() if name in ("jsonl", "ocsf") else [text]
    told = json.dumps([json.loads(each) for each in lines], ensure_ascii=False)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\ud800-\udfff]", told.replace("\\n", ""))
    assert r"\\x1b" in told
    assert not re.search(r"(?<!\\)\\u(00[01]|d[89a-f])", told)


def test_findings_have_the_ids_of_the_results() -> None:
    """A result without a finding counts as one of its target."""
    audit = audit_pages.accepted().audit
    ids = [each.id for each in found(audit, *Verdict)]
    assert len(ids) == len(set(ids)) == sum(len(each.findings) for each in audit.results)
    whole = replace(audit, results=tuple(replace(each, findings=()) for each in audit.results))
    (first, *_) = found(whole, *Verdict)
    assert first.id == finding_id(first.control.id, first.result.target, first.finding)
    assert (first.finding.kind, first.verdict) == ("target", audit.results[0].verdict)


# ---- the table of verdicts


def test_status_table_is_that_of_the_page() -> None:
    """docs/formats.md says what the code says, cell by cell."""
    rows = re.findall(
        r"^\| `(pass|fail|error|not applicable|manual|waived|attested)` \| (.+) \|$", PAGE.read_text(), re.M
    )
    said = {
        name: [re.match(r"`([^`]*)`|", cell)[1] or "" for cell in cells.split(" | ")] for name, cells in rows
    }  # type: ignore[index]
    is_now = {
        str(verdict): [
            each.junit,
            each.hdf,
            each.sarif,
            each.oscal,
            f"{each.ocsf[0]} {each.ocsf[1]}",
            each.xccdf,
        ]
        for verdict, each in STATUS.items()
    }
    assert said == is_now


def test_page_names_each_format() -> None:
    """With its file."""
    page = PAGE.read_text().partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| `([a-z0-9.-]+)` \|", page, re.M))
    assert rows == {name: each.file for name, each in FORMATS.items()}
