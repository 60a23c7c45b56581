"""findings.parquet, and the queries of docs/queries.md: each runs, and counts what results.json says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hullcheck.results import Audit
from hullcheck.results.document import audit_of
from hullcheck.verdicts import Verdict
from hullcheck.writers.run_folder import WRITERS
from hullcheck.writers.tables import findings_csv, findings_parquet
from selftests import REPOSITORY
from selftests.kit.audit_pages import WAIVER, accepted
from selftests.kit.projects import careless, site

duckdb = pytest.importorskip("duckdb", reason="the extra `selftest` brings it")
pytest.importorskip("pyarrow", reason="the extra `selftest` brings it")
PAGE = REPOSITORY / "docs" / "queries.md"
RUNS = ("20261101T030000Z-aaaa", "20261108T030000Z-bbbb", "20261115T030000Z-cccc")


def blocks() -> list[tuple[str, str]]:
    """The queries of the page, each with its head."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = zip(("views", *parts[1::2]), parts[::2], strict=True)
    return [
        (name, sql)
        for name, text in named
        for sql in re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]


@cache
def audits() -> tuple[Audit, ...]:
    """Three runs: in the second a container was well, and the third alone has the target that gave no answer."""
    whole = accepted().audit
    dead = next(each.target for each in whole.results if each.target not in ("careless", "hardened"))

    def run(number: int, targets: tuple[str, ...]) -> Audit:
        stamp = RUNS[number]
        finished = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T03:05:00Z"
        return replace(
            whole,
            run=replace(whole.run, id=stamp, finished=finished),
            targets=tuple(each for each in whole.targets if each.name in targets),
            results=tuple(each for each in whole.results if each.target in targets),
        )

    first, second = run(0, ("careless", "hardened")), run(1, ("careless", "hardened"))
    mended = tuple(
        replace(
            each,
            findings=tuple(
                replace(one, verdict=Verdict.PASS) if one.subject == "agent" else one for one in each.findings
            ),
        )
        for each in second.results
    )
    return first, replace(second, results=mended), run(2, ("careless", dead))


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A DuckDB above the folder of these runs, with the views of the page."""
    for audit in audits():
        folder = tmp_path / "reports" / audit.run.id
        folder.mkdir(parents=True)
        (folder / "findings.parquet").write_bytes(findings_parquet.render(audit))
        (folder / "findings.csv").write_text(findings_csv.render(audit))
    (tmp_path / "reports" / "latest").symlink_to(RUNS[-1])
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(dict(blocks())["views"])
        yield connection


def latest() -> list[Any]:
    """The results of the last run of each target."""
    found = {each.target: audit for audit in audits() for each in audit.results}
    return [each for name, audit in found.items() for each in audit.results if each.target == name]


def named(asked: Any, name: str) -> list[dict[str, Any]]:
    """What the query under this head answers."""
    rows = asked.execute(dict(blocks())[name])
    return [dict(zip([each[0] for each in rows.description], row, strict=True)) for row in rows.fetchall()]


@pytest.mark.parametrize(("name", "sql"), blocks()[1:], ids=lambda each: each.partition("\n")[0][:40])
def test_query_runs(asked: Any, name: str, sql: str) -> None:
    """It has an answer on these runs."""
    assert asked.execute(sql).fetchall()


def test_totals_are_those_of_the_results(asked: Any) -> None:
    """Verdict by verdict, and finding by finding."""
    found = {each["verdict"]: each["results"] for each in named(asked, "How many of each verdict")}
    assert found == Counter(str(each.verdict) for each in latest())
    (rows,) = asked.execute("SELECT count(*) FROM latest").fetchone()
    assert rows == sum(len(each.findings) for each in latest())
    for audit in audits():
        document = json.loads(WRITERS["results.json"](audit, ()))
        assert audit_of(document) == audit
        (rows,) = asked.execute("SELECT count(*) FROM findings WHERE run = ?", [audit.run.id]).fetchone()
        assert rows == sum(len(each["findings"]) for each in document["results"])


def test_what_fails_where(asked: Any) -> None:
    """Each control that fails, with all its findings."""
    found = {each["title"]: each["findings"] for each in named(asked, "What fails where")}
    titles = {each.id: each.title for audit in audits() for each in audit.controls}
    wanted = Counter(
        titles[each.control] for each in latest() for one in each.findings if one.verdict is Verdict.FAIL
    )
    assert found == wanted


def test_since_when(asked: Any) -> None:
    """What was well between counts from the last run, all else from the first; of one subject there is one row."""
    rows = named(asked, "Since when it fails")
    days = {(each["subject"] == "agent"): set() for each in rows}
    for each in rows:
        days[each["subject"] == "agent"].add(str(each["since"])[:10])
    assert days[True] == {"2026-11-15"}
    assert "2026-11-01" in days[False]
    assert len(rows) == len(
        {(each["target"], each["number"], each["subject"], each["since"]) for each in rows}
    )


def test_whose_waivers_end(asked: Any) -> None:
    """Who has approved them, and until when."""
    sql = dict(blocks())["Whose waivers end"].replace("current_date + 90", "DATE '9999-12-31'")
    rows = asked.execute(sql).fetchall()
    assert [str(each[0]) for each in rows] == [WAIVER.last_day]


def test_texts_are_plain(asked: Any) -> None:
    """No apostrophe stands before them; what is empty is NULL."""
    (found,) = asked.execute(
        "SELECT count(*) FROM findings WHERE reason LIKE '''=%' OR subject = ''"
    ).fetchone()
    assert found == 0
    (kind,) = asked.execute("SELECT typeof(finished) FROM findings LIMIT 1").fetchone()
    assert kind == "TIMESTAMP WITH TIME ZONE"


def test_written_where_it_is_asked_for(tmp_path: Path) -> None:
    """Not else; without pyarrow the run says what to install, before a host is asked."""
    project = site(tmp_path)
    hosts = f"--hosts={careless(project)}"
    path = tmp_path / "reports/latest/findings.parquet"
    assert project.pytest(hosts).status == 1
    assert not path.exists()
    assert project.pytest(hosts, "--parquet").status == 1
    rows = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()
    assert rows == [(sum(len(each["findings"]) for each in project.pytest(hosts).results["results"]),)]
    (tmp_path / "hide.py").write_text("import sys\nsys.modules['pyarrow'] = None\n")
    project.environment = {"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"}
    run = project.pytest(hosts, "--parquet", "-p", "hide")
    assert run.status == 4
    assert run.lines("--parquet: needs pyarrow; install hullcheck[query]")
