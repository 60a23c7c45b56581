"""The project of a run is that in which the user stands: no file beside an input is read or imported."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hullcheck.plugin import project
from hullcheck.results import run_files
from selftests import REPOSITORY
from selftests.kit import forked
from selftests.kit.running import (
    PRESENT,
    Project,
    clean_environment,
    containers,
    hullcheck,
    info,
    start_hullcheck,
)

INSTALLED = ("-p", "hullcheck.plugin")  # as an entry point would: before any conftest.py
CONTROL = """
def test_container_is_not_privileged(container):
    assert not container.host_config.privileged, "runs with --privileged"
"""
OF_PYTEST = ("--junitxml", "--junit-xml", "--log-file", "--basetemp", "--ignore")
"""Options with a path that pytest knows when it looks for its settings."""

_INI = "addopts = -p evil\npythonpath = .\n"
_TOML = 'addopts = ["-p", "evil"]\npythonpath = ["."]\n'
SETTINGS = {
    "pytest.toml": f"[pytest]\n{_TOML}",
    ".pytest.toml": f"[pytest]\n{_TOML}",
    "pytest.ini": f"[pytest]\n{_INI}",
    ".pytest.ini": f"[pytest]\n{_INI}",
    "pyproject.toml": f"[tool.pytest.ini_options]\n{_TOML}",
    "tox.ini": f"[pytest]\n{_INI}",
    "setup.cfg": f"[tool:pytest]\n{_INI}",
    "conftest.py": "import evil\n",
}
"""What pytest may find beside a path, and what of it imports `evil`."""
EVIL = "import os\nopen(os.environ['EVIL'], 'w').close()\n"


@pytest.fixture
def site(tmp_path: Path) -> Project:
    """A user's project, with a recording of a host in it."""
    made = Project(tmp_path / "project", {"test_site.py": CONTROL})
    made.recorded("web1", PRESENT, info(), containers({"Name": "/web", "HostConfig": {"Privileged": True}}))
    return made


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of that project, with an inventory that names the recording."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    connect = f"recorded://{tmp_path}/project/recordings/web1"
    (folder / "fleet.yml").write_text(f'targets: {{web1: {{connect: "{connect}"}}}}')
    (folder / "evil.py").write_text(EVIL)
    (folder / "reports").mkdir()
    return folder


def each(site: Project, lines: list[list[str]], *, cwd: Path | None = None) -> list[tuple[int, bool, str]]:
    """The status of pytest for each command line, whether it ran what lies elsewhere, and what it said."""
    always = [*INSTALLED, "-p", "no:cacheprovider", "--collect-only"]
    ran = site.folder.parent / "ran"
    variables = {**clean_environment(), "PYTHONPATH": str(REPOSITORY), "EVIL": str(ran), **site.environment}
    found = []
    for line in lines:
        done = forked.run(
            forked.PYTEST, [*always, *line], cwd or site.folder, variables, together=True, safe_path=True
        )
        found.append((done.returncode, ran.exists(), done.stdout.decode()))
        ran.unlink(missing_ok=True)
    return found


# ---- a path of an option


@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_beside_a_path_is_run(site: Project, elsewhere: Path, name: str) -> None:
    """In one word with its option a path can lead anywhere; in a word of its own it is refused, whatever was read."""
    (elsewhere / name).write_text(SETTINGS[name])
    path = f"{elsewhere}/fleet.yml"
    options = project.WITH_A_PATH
    joined = [f"{option}={path}" for option in (*options, *OF_PYTEST)]
    of_pytest = [word for option in OF_PYTEST for word in (option, path)]
    *found, (_, ran, said) = each(site, [[option, path] for option in options] + [joined, of_pytest])
    assert (found.pop()[1], ran, f"rootdir: {site.folder}" in said) == (False, False, True), said
    for option, (status, _, said) in zip(options, found, strict=True):
        assert status == 4, said
        (line,) = [line for line in said.splitlines() if "in one word" in line]
        assert line.startswith(f"ERROR: {option} {path}: write {option}={path}, in one word: ")
        read = f"it has read the settings in {elsewhere}/{name}, and may have run code that they name"
        assert (read in line) == (name != "conftest.py")
    if name == "conftest.py":
        assert not any(ran for _, ran, _ in found)


def test_root_alone_says_no_settings(site: Project, elsewhere: Path) -> None:
    """`--rootdir` does not choose the settings: those beside a path are read, and refused, all the same."""
    (elsewhere / "pytest.ini").write_text(SETTINGS["pytest.ini"])
    path = f"{elsewhere}/fleet.yml"
    lines = [[f"--rootdir={site.folder}", option, path] for option in project.WITH_A_PATH]
    for status, _, said in each(site, [*lines, ["-n2", "--rootdir=.", "--inventory", path]]):
        assert (status, said.count("in one word: ")) == (4, 1), said
    site.environment["PYTEST_ADDOPTS"] = "--rootdir=."
    found = each(site, [["--inventory", path], ["--sudo-user", path], [f"--inventory={path}"]])
    assert [status for status, _, _ in found] == [4, 4, 0], found
    (elsewhere / "pytest.ini").unlink()
    ((status, _, said),) = each(site, [["--inventory", path]])  # the settings of the project are passed by
    assert (status, said.count("in one word: ")) == (4, 1), said


def test_path_that_leads_nowhere_else(site: Project, elsewhere: Path) -> None:
    """In two words a path may lie in the project, or not be there yet: the settings stay the user's."""
    (site.folder / "inventories").mkdir()
    site.write("inventories/fleet.yml", (elsewhere / "fleet.yml").read_text())
    lines = [["--inventory", "inventories/fleet.yml"], ["--reports", f"{elsewhere}/new"]]
    for status, _, said in each(site, lines):
        assert (status, f"rootdir: {site.folder}" in said) == (0, True), said
    site.write("inventories/pytest.ini", SETTINGS["pytest.ini"])
    site.write("inventories/evil.py", EVIL)
    ((status, _, said),) = each(site, [lines[0]])
    assert (status, said.count("in one word: ")) == (4, 1), said


def test_folder_around_the_project_is_elsewhere(site: Project, elsewhere: Path) -> None:
    """A path in a folder above passes by the settings of the project, also where that folder has none."""
    for option in ("--inventory", "--reports"):
        ((status, _, said),) = each(site, [[option, str(elsewhere.parent)]])
        assert (status, said.count("in one word: ")) == (4, 1), said
    (site.folder / "pytest.ini").unlink()
    found = each(site, [["--inventory", f"{elsewhere}/fleet.yml"], [f"--inventory={elsewhere}/fleet.yml"]])
    assert [status for status, _, _ in found] == [4, 0], found


def test_words_of_the_environment_and_of_files(site: Project, elsewhere: Path) -> None:
    """They are looked at as those of the command line are."""
    site.write("options", f"--inventory\n{elsewhere}/fleet.yml\n")
    ((status, _, said),) = each(site, [["@options"]])
    assert (status, said.count("in one word: ")) == (4, 1), said
    site.environment["PYTEST_ADDOPTS"] = f"--inventory {elsewhere}/fleet.yml"
    ((status, _, said),) = each(site, [[]])
    assert (status, f"write --inventory={elsewhere}/fleet.yml, in one word" in said) == (4, True), said
    site.environment["PYTEST_ADDOPTS"] = f"--inventory={elsewhere}/fleet.yml"
    ((status, _, said),) = each(site, [["-m", "not cis", "--", "tests/test_site.py"]])
    assert (status, "1 test collected" in said) == (0, True), said


def test_home_in_one_word(site: Project, elsewhere: Path) -> None:
    """`~` behind an equals sign, which shells leave as it is, is the home of the user."""
    site.environment["HOME"] = str(elsewhere)
    ((status, _, said),) = each(site, [["--inventory=~/fleet.yml", "--reports=~/reports"]])
    assert (status, "1 test collected" in said) == (0, True), said


def test_every_option_with_a_path_is_known() -> None:
    """Of hullcheck and of the plugins that it brings: what `--help` calls a path, or what the name calls one."""
    quiet = ("-p", "no:pytest_cov", "--help")  # which may be there to measure these tests
    done = forked.run(forked.PYTEST, [*INSTALLED, *quiet], REPOSITORY, clean_environment())
    said = done.stdout.decode()
    text = said[: said.index("Environment variables:")]
    options = re.findall(r"^  (?:-\w, )?(--[a-z-]+)=(\S+)", text, re.MULTILINE)
    named = re.compile(r"path|PATH|[^o]file|dir|KEY|config")
    paths = {option for option, metavar in options if named.search(f"{option} {metavar}")} | {
        "--ansible-inventory"
    }
    of_pytest = {"--config-file", "--rootdir", "--confcutdir", "--debug", "--ignore-glob", *OF_PYTEST}
    of_logs = {option for option in paths if option.startswith("--log-file-")}  # its level, its format
    assert paths - of_pytest - of_logs == set(project.WITH_A_PATH)


def test_other_option_that_leads_elsewhere(site: Project, elsewhere: Path) -> None:
    """What pytest took for the project because of any other option is refused, too."""
    (elsewhere / "pytest.ini").write_text("[pytest]\n")
    (site.folder / "web1").mkdir()
    (site.folder / "web1/pytest.ini").write_text("[pytest]\n")
    for line in (["--sudo-user", str(elsewhere)], ["--hosts", "web1"]):
        ((status, _, said),) = each(site, [line])
        assert status == 4, said
        assert "for the project, because of a path on the command line; write an option and its path" in said
        assert "pytest.ini, and may have run code that they name" in said


def test_tests_may_lie_anywhere(site: Project, elsewhere: Path) -> None:
    """A path of tests is one, and says which project it is; so do pytest's own options."""
    hosts = f"--hosts=recorded://{site.folder}/recordings/web1"
    lines = [[hosts, str(site.folder)], [hosts, f"--config-file={site.folder}/pytest.ini", str(site.folder)]]
    lines += [[hosts, f"--rootdir={site.folder}", f"{site.folder}/tests/test_site.py"]]
    for status, _, said in each(site, lines, cwd=elsewhere):
        assert (status, f"rootdir: {site.folder}" in said) == (0, True), said


@pytest.mark.parametrize("said", ["option", "two words", "environment", "pytest's environment", "ini"])
def test_new_folder_with_workers(site: Project, elsewhere: Path, said: str) -> None:
    """A folder for reports that the first run makes is none of tests for its workers."""
    new = elsewhere / "some/new"
    if said == "ini":
        settings = (site.folder / "pytest.ini").read_text()
        site.write("pytest.ini", settings.replace("= reports", f"= {new}"))
    if said == "environment":
        site.environment["HULLCHECK_REPORTS"] = str(new)
    if said == "pytest's environment":
        site.environment["PYTEST_ADDOPTS"] = f"--reports {new}"
    more = {"option": [f"--reports={new}"], "two words": ["--reports", str(new)]}.get(said, [])
    run = site.pytest(*INSTALLED, "-n", "2", "--hosts=recorded://recordings/web1", *more)
    assert run.status == 1, run.output
    results = json.loads((new / "latest/results.json").read_text())
    assert [each["verdict"] for each in results["results"]] == ["fail"]
    assert not any(each.startswith("--rootdir") for each in results["run"]["arguments"])
    assert not (site.folder / "reports").exists()


def test_environments_name_their_settings() -> None:
    """Whatever path follows `--` of `tox -e cis`, pytest reads its settings from here."""
    commands = [
        line.removeprefix("commands = ")
        for line in (REPOSITORY / "tox.ini").read_text().splitlines()
        if line.startswith("commands = pytest")
    ]
    assert len(commands) >= 2
    for command in commands:
        (named,) = [word for word in command.split() if word.startswith("--config-file=")]
        assert (REPOSITORY / named.partition("=")[2]).is_file()


# ---- a bundle that was unpacked


@pytest.fixture
def opened(site: Project) -> Path:
    """A folder like that of a bundle that was unpacked into the project, with code in it."""
    folder = site.folder / "opened"
    for name in (run_files.MANIFEST, run_files.DIGESTS, "tests/__init__.py"):
        site.write(f"opened/{name}", "")
    for name in ("conftest.py", "test_a.py", "tests/conftest.py", "tests/test_b.py"):
        site.write(f"opened/{name}", EVIL + "\n\ndef test_a():\n    pass\n")
    return folder


def test_bundle_in_the_project_is_passed_by(site: Project, opened: Path) -> None:
    """Its tests are not collected, and its conftest.py is not imported."""
    hosts = "--hosts=recorded://recordings/web1"
    ((status, ran, said),) = each(site, [[hosts, "."]])
    assert (status, ran, "1 test collected" in said) == (0, False, True), said


def test_bundle_is_no_place_of_tests(site: Project, opened: Path) -> None:
    """Standing in it, naming a file of it, or where pytest would import its conftest.py at once: refused."""
    lines = [["opened"], ["opened/tests/test_b.py::test_a"], ["--", "opened/test_a.py"]]
    found = each(site, lines) + each(site, [[], ["-c", "/dev/null", "tests"]], cwd=opened)
    opened.rename(site.folder / "tests/test-bundle")
    found += each(site, [[], ["tests"]])
    for status, ran, said in found:
        assert (status, ran) == (4, False), said
        assert "is an unpacked bundle, and nothing in it is run; change to" in said


def test_controls_of_a_bundle_are_not_listed(site: Project, opened: Path) -> None:
    """`hullcheck controls` imports tests, and none of a bundle, whose settings are not read either."""
    site.write("opened/pytest.ini", SETTINGS["pytest.ini"])
    site.write("opened/evil.py", EVIL)
    for cwd, arguments in ((site.folder, ["opened"]), (opened, ["tests"])):
        done = hullcheck("controls", *arguments, cwd=cwd, EVIL=str(site.folder.parent / "ran"))
        assert done.returncode == 2, done.stdout
        assert "is an unpacked bundle" in done.stderr
    assert not (site.folder.parent / "ran").exists()


def test_controls_are_not_sought_beside_other_files(site: Project, elsewhere: Path) -> None:
    """`hullcheck controls` imports from paths of tests, and from nothing beside another file."""
    (elsewhere / "pytest.ini").write_text(SETTINGS["pytest.ini"])
    done = hullcheck("controls", str(elsewhere / "fleet.yml"), cwd=site.folder, EVIL=str(site.folder / "ran"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{elsewhere}/fleet.yml: no file of tests; " in done.stderr
    assert not (site.folder / "ran").exists()


def test_controls_import_nothing_from_here(site: Project) -> None:
    """A module of the current directory takes no other's place."""
    site.write("yaml.py", EVIL)
    site.write("pytest_html.py", EVIL)
    (site.folder / "conftest.py").unlink()
    done = start_hullcheck("controls", "tests", cwd=site.folder, EVIL=str(site.folder / "ran"))
    assert done.returncode == 0, done.stderr
    assert not (site.folder / "ran").exists()


ACCEPTED = ("--inventory=hosts.yml", "--target=a")


@pytest.mark.parametrize("unpacked", [False, True], ids=["folder", "bundle"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "5.5"),
        ("controls",),
        ("coverage", "--framework=cis"),
        ("waive", "5.5", "--reason=so", *ACCEPTED),
        ("attest", "5.5", "--statement=so", "--by=Ann", "--valid-for=1d", *ACCEPTED),
    ],
    ids=["explain", "controls", "coverage", "waive", "attest"],
)
def test_nothing_here_is_run_for_a_word_on_controls(
    tmp_path: Path, arguments: tuple[str, ...], unpacked: bool
) -> None:
    """Without a PATH the controls are those that come with hullcheck, whatever the current directory would have run."""
    for name, text in {
        **SETTINGS,
        "evil.py": EVIL,
        "tests/test_evil.py": EVIL,
        "tests/conftest.py": EVIL,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "markers.ini").write_text("[cis\n")
    (tmp_path / "hosts.yml").write_text("targets: {a: {connect: local://}}\n")
    for name in (run_files.MANIFEST, run_files.DIGESTS) * unpacked:
        (tmp_path / name).touch()
    done = hullcheck(*arguments, cwd=tmp_path, EVIL=str(tmp_path / "ran"))
    assert (done.returncode, (tmp_path / "ran").exists()) == (0, False), done.stderr
