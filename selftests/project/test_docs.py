"""The documentation is true: generated pages are fresh, examples work, the schema fits what is written."""

from __future__ import annotations

import argparse
import configparser
import json
import os
import re
import shlex
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hullcheck import cli, facts, inventory
from hullcheck.inventory import load
from hullcheck.recording import FILE_NAME
from hullcheck.results import STALE, STATES
from hullcheck.verdicts import Verdict
from selftests import REPOSITORY
from selftests.corpus.judged import TABLE
from selftests.kit.cases import cases
from selftests.kit.judging import controls, numbers
from selftests.kit.running import Project, Run, hullcheck
from selftests.project import pages
from selftests.project.documentation import control_pages, results_schema

PAGES = [
    *sorted(REPOSITORY.glob("*.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "bench" / "README.md",
]
DEMO = REPOSITORY / "inventories" / "demo"
RECORDINGS = sorted(DEMO.glob(f"*/{FILE_NAME}"))
ANEW = "write it again: python -m selftests.project.pages"
RECORD = "record the demo again: tox -e demo-recordings"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Where the reports of runs go; they are shown as wide as pages are."""
    made = Project(tmp_path_factory.mktemp("docs"), {})
    made.environment["COLUMNS"] = "100"
    return made


def run_pytest(project: Project, *arguments: str, cwd: Path = REPOSITORY) -> Run:
    """Run pytest with the plugin as a user would, in *cwd*."""
    return project.pytest("-p", "hullcheck.plugin", f"--reports={project.folder / 'reports'}", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def demo(project: Project) -> tuple[str, dict[str, Any]]:
    """What the demo prints, and its results."""
    run = run_pytest(project, "-m", "cis", "--inventory=inventories/demo.yml")
    assert run.status == 1, run.output
    return run.output, run.results


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def words(text: str) -> list[str]:
    """A text without its layout."""
    return text.split()


# ---- generated pages


def test_list_of_controls_is_fresh() -> None:
    """docs/controls/ says what the controls, the self-tests and the demo say now, and has no other page."""
    there = {path.name: path.read_text(encoding="utf-8") for path in control_pages.FOLDER.iterdir()}
    made = control_pages.made()
    assert there.keys() == made.keys(), ANEW
    assert not [name for name, text in made.items() if there[name] != text], ANEW


def test_every_control_has_its_remedy_on_a_page() -> None:
    """Under its number, or else its id, which links can name; and no page is wider than a terminal but its tables."""
    text = "".join(path.read_text(encoding="utf-8") for path in control_pages.FOLDER.iterdir())
    for control in controls():
        name = next(iter(numbers(control)), control.__name__.removeprefix("test_"))
        (part,) = re.findall(rf'^<a id="{re.escape(name)}"></a>\n(.*?)(?=^<a id|\Z)', text, re.M | re.S)
        assert re.search(r"^\*\*Remedy:\*\* \S", part, re.M), name
        assert f"- Id: `{control.__name__.removeprefix('test_')}`\n" in part
    assert not [line for line in text.splitlines() if len(line) > 120 and line[0] not in "|#"]


def test_every_probe_has_its_right_on_the_page() -> None:
    """Each once, in order, in one of three words; what asks the engine is not for any user. A lab proves the rest."""
    page = (REPOSITORY / "docs/permissions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page.partition("## What each probe needs")[2], re.M)
    probes = {each.name: each for each in facts.PROBES}
    assert [name for name, _ in rows] == sorted(probes)
    assert {right for _, right in rows} == {"any user", "may use the engine", "root"}
    assert not [name for name, right in rows if right == "any user" and probes[name].asks_engine]


def test_every_control_is_proven() -> None:
    """There is no control that applies to no recorded host and has no case."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    known = {key for key, _, verdict, *_ in rows if verdict in ("pass", "fail", "manual")}
    known |= {case.control for case in cases()}
    for verdicts in control_pages.recorded().values():
        known |= {name.removeprefix("test_") for name, each in verdicts.items() if each != "not applicable"}
    keys = {each: {each.__name__.removeprefix("test_"), *numbers(each)} for each in controls()}
    assert not [each.__name__ for each, names in keys.items() if not names & known]


@pytest.mark.parametrize("page", pages.SHOWN, ids=[path.name for path in pages.SHOWN])
def test_shown_output_is_fresh(page: Path) -> None:
    """A block that begins with a command shows what it prints: the demo, and the help of every command."""
    text = page.read_text(encoding="utf-8")
    assert text == pages.with_output(text), ANEW
    assert "\n$ hullcheck " in text


def test_every_command_shows_its_help() -> None:
    """docs/options.md has them all, in order."""
    shown = re.findall(r"^\$ hullcheck ([a-z-]+) --help$", pages.SHOWN[-1].read_text(encoding="utf-8"), re.M)
    parser = cli.parser()
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    assert set(shown) == set(commands.choices)


def test_readme() -> None:
    """It has the two commands that CI walks, a picture, the table of tools, and whose trademark CIS is."""
    page = REPOSITORY / "README.md"
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 110
    start = "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox -e"
    assert blocks(page, "sh")[-1] == f"{start} cis\n{start} selftest\n"
    assert f"{len(list(controls()))} controls in all" in " ".join(text.split())
    wanted = (
        "](docs/images/audit.png)",
        "docker-bench-security",
        "InSpec",
        "OpenSCAP",
        "Trivy",
        "trademarks",
    )
    assert [each for each in wanted if each not in text] == []


def test_pages_written_by_hand_are_few() -> None:
    """Sixteen pages of docs/, and 2,200 lines with those of the repository: a page that is added replaces another."""
    by_hand = [path for path in (REPOSITORY / "docs").glob("*.md") if path != pages.SHOWN[-1]]
    top = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    assert len(by_hand) <= 16
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (*by_hand, *top)) <= 2200


def test_design_names_the_folders() -> None:
    """Every folder of code has its line in the design or stands in that of the folder around it, and no other has."""
    text = (REPOSITORY / "docs/design.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[a-z_/]+/`(?:, )?)+) \| (.+) \|$", text, re.MULTILINE)
    lines = {name: said for names, said in rows for name in re.findall("`(.+?)/`", names)}
    folders = {path.parent for path in (REPOSITORY / "hullcheck").rglob("*.*") if path.parent.name != "__pycache__"}
    there = {str(each.relative_to(REPOSITORY)) for each in folders} - {"hullcheck"}
    inside = {f"{name}/{each}" for name, said in lines.items() for each in re.findall(r"`([a-z_/]+)/`", said)}
    assert (lines.keys() - {"tests"} | inside) ^ there == set()


# ---- links, commands and files


@cache
def anchors(page: Path) -> set[str]:
    """What a link can name on a page: its headings, as GitHub and the site name them, and anchors of its own."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)">', text))


def test_links_and_names_of_pages() -> None:
    """Links lead to files and headings, environments and files exist, and no page claims what no tool can give."""
    tox = configparser.ConfigParser()
    tox.read(REPOSITORY / "tox.ini")
    known = {name for each in tox.sections() for name in each.removeprefix("testenv:").strip("{}").split(",")}
    made_by_users = {"inventories/fleet.yml", "tests/test_house_rules.py", "tests/test_site.py"}
    below = r"(?<![\w/])(?:docs|tests|selftests|hullcheck|inventories|bench)/[\w./]+\.\w+"
    claims = re.compile(r"cis[- ](certified|compliant|compliance)|fully compliant|guarantees? compliance")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            assert target.exists(), f"{page.name}: {link}"
            assert not anchor or anchor in anchors(target), f"{page.name}: {link}"
        assert set(re.findall(r"tox -e ([a-z-]+)", text)) <= known, page.name
        for name in re.findall(below, text):
            assert name in made_by_users or (REPOSITORY / name).exists(), f"{page.name}: {name}"
        assert not claims.search(text.lower()), page.name
    for path in [*(REPOSITORY / "hullcheck").rglob("*.*"), *(REPOSITORY / "inventories").glob("*.yml")]:
        if path.suffix in (".py", ".sh", ".json", ".yml"):
            named = re.findall(r"\bdocs/[\w-]+\.md", path.read_text(encoding="utf-8"))
            assert [each for each in named if not (REPOSITORY / each).exists()] == [], path


def audits() -> list[str]:
    """The audits in shell blocks of pages, but those that need more than files: docker compose, a key, Ansible."""
    lines = "\n".join(block for page in PAGES for block in blocks(page, "sh")).replace("\\\n", "").splitlines()
    found = {re.split(r"\s+(?:#|\|\||>)", line)[0] for line in lines if line.startswith("hullcheck audit")}
    return sorted(each for each in found if not re.search("--compose|--sign|--show-probes|/ansible/", each))


@pytest.mark.parametrize("line", audits())
def test_audits_of_pages_are_understood(line: str, demo: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    """Each selects controls; no host is contacted for that."""
    for name in ("inventories/fleet.yml", "fleet.yml", "new.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / "inventories/fleet.example.yml", tmp_path / name)
    (tmp_path / "baseline.json").write_text(json.dumps(demo[1]))
    (tmp_path / "compose.yml").write_text("services: {}\n")
    here = re.sub(r"recorded://[^\s']+", f"recorded://{DEMO / 'careless'}", line)
    done = hullcheck(*shlex.split(here)[1:], "--collect-only", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_paths_stand_in_one_word_with_their_options() -> None:
    """pytest would take a path in a word of its own for one of tests: no page, example or message writes it so."""
    options = (
        "--(?:since|inventory|releases|reports|sign|ansible-inventory|ssh-config|ssh-identity-file|html|css"
        "|junitxml|junit-xml|log-file)"
    )
    apart = re.compile(rf"{options}[ \n]+[^\s`]*[./~{{][^\s`]")
    assert apart.search("pytest -m cis --inventory inventories/fleet.yml")
    sources = [
        *(REPOSITORY / "hullcheck").rglob("*.py"),
        *(REPOSITORY / "tests").glob("*.py"),
        REPOSITORY / "tox.ini",
    ]
    examples = [
        *(REPOSITORY / "inventories").glob("*.yml"),
        *(REPOSITORY / "bench").glob("*"),
        *(REPOSITORY / "reports").glob("*.md"),
    ]
    for path in (*PAGES, *sources, *examples):
        found = apart.search(path.read_text(encoding="utf-8")) if path.is_file() else None
        assert not found, f"{path}: {found}"


def test_inventories_of_pages_are_valid(tmp_path: Path) -> None:
    """A block of YAML with targets is a whole inventory."""
    path = tmp_path / "page.yml"
    for block in (block for page in PAGES for block in blocks(page, "yaml") if block.startswith("targets:")):
        path.write_text(block)
        assert load(path).targets


# ---- the demo


def test_demo_shows_both_kinds_of_host(demo: tuple[str, dict[str, Any]]) -> None:
    """The hardened host fails nothing, the careless one much, and all evidence of both could be read."""
    found: dict[str, set[str]] = {"hardened": set(), "careless": set()}
    for result in demo[1]["results"]:
        found[result["target"]].add(result["verdict"])
    unproblematic = {"pass", "manual", "not applicable"}
    assert found == {"hardened": unproblematic, "careless": unproblematic | {"fail"}}


def test_recordings_of_the_demo() -> None:
    """Each has an answer to every question as it is asked today, names neither machine nor person, and is small."""
    assert (len(RECORDINGS), sum(path.stat().st_size for path in RECORDINGS) < 600_000) == (2, True)
    asked, node = {probe.name: probe.command for probe in facts.PROBES}, os.uname().nodename
    for path in RECORDINGS:
        document = json.loads(path.read_text(encoding="ascii"))
        assert document["commands"] == asked, RECORD
        assert {answer["name"] for answer in document["answers"]} == set(asked), RECORD
        text = "\n".join(answer["stdout"] + answer["stderr"] for answer in document["answers"])
        assert not re.search(rf"\b{re.escape(node)}\b", text) or node == "localhost"
        assert not re.search(r"/home/(?!ann)\w|/tmp/hullcheck|PRIVATE KEY|ssh-(ed25519|rsa) ", text)


# ---- adding a control


EXAMPLE_PAGE = REPOSITORY / "docs" / "own-controls.md"


@pytest.fixture
def house_rules(tmp_path: Path) -> Path:
    """The example of docs/own-controls.md as a file, in a repository of its own."""
    example, *_ = blocks(EXAMPLE_PAGE, "python")
    path = tmp_path / "own" / "test_house_rules.py"
    path.parent.mkdir()
    path.write_text(example, encoding="utf-8")
    (path.parent / "pytest.ini").write_text("[pytest]\nstrict = true\n")
    return path


def test_example_control(house_rules: Path, project: Project) -> None:
    """It passes on one host of the demo and fails on the other, with the message that the page shows."""
    hosts = ",".join(f"recorded://{DEMO / name}" for name in ("hardened", "careless"))
    run = run_pytest(project, str(house_rules), "--hosts", hosts, "-m", 'nist(id="CM-8")', cwd=house_rules.parent)
    assert run.status == 1, run.output
    (shown,) = blocks(EXAMPLE_PAGE, "text")
    assert shown.strip() in run.output
    results = run.results
    verdicts = {result["target"]: result["verdict"] for result in results["results"]}
    assert verdicts == {"hardened": "pass", "careless": "fail"}
    assert results["controls"]["container_has_a_chosen_name"]["frameworks"] == {"nist": ["800-53:CM-8"]}


def test_wrong_id_in_an_example(house_rules: Path, project: Project) -> None:
    """An id that markers.ini does not know stops the run with file and line."""
    house_rules.write_text(house_rules.read_text().replace("CM-8", "CM-88"))
    hosts = f"recorded://{DEMO / 'careless'}"
    run = run_pytest(project, str(house_rules), "--hosts", hosts, cwd=house_rules.parent)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert re.search(r"test_house_rules\.py:\d+: .*CM-88", run.output)


# ---- results


def test_schema_is_fresh(demo: tuple[str, dict[str, Any]]) -> None:
    """The schema of the results is what their values say, and what an audit writes."""
    schema = results_schema.schema()
    assert pages.RESULTS_SCHEMA.read_text(encoding="utf-8") == schema, ANEW
    assert not list(jsonschema_rs.validator_for(json.loads(schema)).iter_errors(demo[1]))


def test_pages_know_the_verdicts_and_the_states() -> None:
    """The words for results, and for what became of waivers and attestations."""
    rows = re.findall(r"^\| ([a-z ]+) \|", (REPOSITORY / "docs/results.md").read_text(), re.MULTILINE)
    assert set(rows) >= set(Verdict)
    page = (REPOSITORY / "docs/accept.md").read_text()
    states = set(re.findall(r"^\| (\*\*)?([a-z ]+)(\*\*)? \|", page, re.MULTILINE))
    assert {word for bold, word, _ in states if bold} == set(STALE)
    assert {word for _, word, _ in states} >= set(STATES)


def test_waivers_of_the_page_are_understood(tmp_path: Path) -> None:
    """The example of docs/accept.md says what its comments say, of controls that there are."""
    page = (REPOSITORY / "docs/accept.md").read_text()
    _, example, files = re.findall(r"(?ms)^```yaml\n(.*?)^```", page)
    path = tmp_path / "site.yml"
    path.write_text(f"targets: {{web1: {{connect: 'local://'}}}}\n{example}")
    read = inventory.load(path)
    (waiver, _), (attestation,) = read.waivers, read.attestations
    assert (waiver.record.last_day, waiver.record.subjects) == ("2027-01-31", ("mirror",))
    assert (attestation.record.last_day, attestation.record.person) == ("2027-05-23", "Zoë Ray")
    names = {each.__name__.removeprefix("test_") for each in controls()}
    assert {waiver.record.control, attestation.record.control} <= names
    path.write_text(f"targets: {{web1: {{connect: 'local://'}}}}\n{files}")
    with pytest.raises(inventory.InventoryError) as refused:
        inventory.load(path)
    assert [each.rpartition("/")[2].partition(":")[0] for each in refused.value.faults] == [
        "waivers.yml",
        "attestations.yml",
        "from-saf.json",
    ]
