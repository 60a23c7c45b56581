"""The project of a run is that in which the user stands, and nothing of an unpacked bundle is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hullcheck.results import run_files
from selftests import REPOSITORY
from selftests.kit import inside
from selftests.kit.running import PRESENT, Project, clean_environment, containers, hullcheck, info

INSTALLED = ("-p", "hullcheck.plugin")  # as an entry point would: before any conftest.py
CONTROL = """
def test_container_is_not_privileged(container):
    assert not container.host_config.privileged, "runs with --privileged"
"""
SETTINGS = "[pytest]\naddopts = -p evil\npythonpath = .\n"
"""They import `evil`."""
EVIL = "import os\nopen(os.environ['EVIL'], 'w').close()\n"
REFUSED = "for the project, because of a path on the command line; write an option and its path in one word"


@pytest.fixture
def site(tmp_path: Path) -> Project:
    """A user's project, with a recording of a host in it."""
    made = Project(tmp_path / "project", {"test_site.py": CONTROL})
    made.recorded("web1", PRESENT, info(), containers({"Name": "/web", "HostConfig": {"Privileged": True}}))
    return made


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of that project, with an inventory that names the recording, and settings."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    connect = f"recorded://{tmp_path}/project/recordings/web1"
    (folder / "fleet.yml").write_text(f'targets: {{web1: {{connect: "{connect}"}}}}')
    (folder / "evil.py").write_text(EVIL)
    (folder / "pytest.ini").write_text(SETTINGS)
    return folder


def collect(site: Project, *words: str, cwd: Path | None = None) -> tuple[int, bool, str]:
    """Return the status of pytest, whether it ran what lies elsewhere, and what it said."""
    ran = site.folder.parent / "ran"
    variables = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "EVIL": str(ran), **site.environment}
    arguments = [*INSTALLED, "-pno:cacheprovider", "--collect-only", *words]
    done = inside.run(pytest.main, arguments, cwd or site.folder, variables, together=True)
    has_run = ran.exists()
    ran.unlink(missing_ok=True)
    return done.returncode, has_run, done.stdout.decode()


@pytest.mark.parametrize(
    ("words", "is_refused"),
    [
        (["--inventory={elsewhere}/fleet.yml", "--html={elsewhere}/x.html"], False),
        (["--inventory=~/fleet.yml", "--", "tests/test_site.py"], False),
        (["--inventory", "inventories/fleet.yml"], False),
        (["--reports", "{elsewhere}/new"], False),
        (["--inventory", "{elsewhere}/fleet.yml"], True),
        (["--rootdir=.", "--inventory", "{elsewhere}/fleet.yml"], True),
        (["--inventory", "{elsewhere}/.."], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_path_on_the_command_line(site: Project, elsewhere: Path, words: list[str], is_refused: bool) -> None:
    """In one word with its option a path can lead anywhere; in its own it is refused if it leads to other settings."""
    site.write("inventories/fleet.yml", (elsewhere / "fleet.yml").read_text())
    site.environment["HOME"] = str(elsewhere)
    status, ran, said = collect(site, *(each.format(elsewhere=elsewhere) for each in words))
    if is_refused:
        assert (status, said.count(REFUSED)) == (4, 1), said
        assert ran == (f"it has read {elsewhere}/pytest.ini, and may have run code that this names" in said)
    else:
        assert (status, ran, f"rootdir: {site.folder}" in said) == (0, False, True), said


def test_tests_may_lie_anywhere(site: Project, elsewhere: Path) -> None:
    """A path of tests is one, and says which project it is; so do pytest's own options."""
    hosts = f"--hosts=recorded://{site.folder}/recordings/web1"
    for words in (
        [str(site.folder)],
        [f"--config-file={site.folder}/pytest.ini", str(site.folder)],
        [f"--rootdir={site.folder}", f"{site.folder}/tests/test_site.py"],
    ):
        status, _, said = collect(site, hosts, *words, cwd=elsewhere)
        assert (status, f"rootdir: {site.folder}" in said) == (0, True), said


def test_new_folder_with_workers(site: Project, elsewhere: Path) -> None:
    """A folder for reports that the first run makes is none of tests for its workers."""
    new = elsewhere / "some/new"
    run = site.pytest(*INSTALLED, "-n", "2", "--hosts=recorded://recordings/web1", "--reports", str(new))
    assert run.status == 1, run.output
    results = json.loads((new / "latest/results.json").read_text())
    assert [each["verdict"] for each in results["results"]] == ["fail"]
    assert not any(each.startswith("--rootdir") for each in results["run"]["arguments"])


# ---- a bundle that was unpacked


@pytest.fixture
def opened(site: Project) -> Path:
    """A folder like that of a bundle that was unpacked into the project, with code in it."""
    for name in (run_files.MANIFEST, run_files.DIGESTS):
        site.write(f"opened/{name}", "")
    site.write("opened/pytest.ini", SETTINGS)
    for name in ("conftest.py", "evil.py", "test_a.py", "tests/conftest.py", "tests/test_b.py"):
        site.write(f"opened/{name}", EVIL + "\n\ndef test_a():\n    pass\n")
    return site.folder / "opened"


def test_nothing_of_a_bundle_is_run(site: Project, opened: Path) -> None:
    """It is passed by in the project; to stand in it and to name it or a file of it is refused."""
    (opened / "pytest.ini").unlink()
    status, ran, said = collect(site, "--hosts=recorded://recordings/web1", ".")
    assert (status, ran, "1 test collected" in said) == (0, False, True), said
    found = [collect(site, each) for each in ("opened", "opened/tests/test_b.py::test_a")]
    found += [collect(site, cwd=opened), collect(site, "-c", "/dev/null", "tests", cwd=opened)]
    for status, ran, said in found:
        assert (status, ran) == (4, False), said
        assert "is an unpacked bundle, and nothing in it is run; change to" in said


ACCEPTED = ("--inventory=hosts.yml", "--target=a")


@pytest.mark.parametrize(
    "arguments",
    [("explain", "5.5"), ("explain",), ("accept", "5.5", "--reason=so", *ACCEPTED)],
    ids=["one", "all", "accept"],
)
def test_nothing_here_is_run_for_a_word_on_controls(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Without a PATH the controls are those of hullcheck, whatever the current directory would have run."""
    (tmp_path / "tests").mkdir()
    for name in ("evil.py", "conftest.py", "tests/test_evil.py", "tests/conftest.py"):
        (tmp_path / name).write_text(EVIL)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "markers.ini").write_text("[cis\n")
    (tmp_path / "hosts.yml").write_text("targets: {a: {connect: local://}}\n")
    done = hullcheck(*arguments, cwd=tmp_path, EVIL=str(tmp_path / "ran"))
    assert (done.returncode, (tmp_path / "ran").exists()) == (0, False), done.stderr
