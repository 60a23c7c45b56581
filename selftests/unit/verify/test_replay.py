"""The run that judges again."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hullcheck import __version__
from hullcheck.bundle import manifest
from hullcheck.results import run_files
from selftests import REPOSITORY
from selftests.kit.bundles import Bundle
from selftests.kit.checks import OWN_TESTS, faults, verify
from selftests.kit.running import PRESENT, Project, clean_environment, containers, info


def test_no_host_is_asked(tmp_path: Path) -> None:
    """The inventory of a bundle names hosts; verifying reads recordings and asks none, whatever the settings say."""
    project = Project(tmp_path)
    trace = project.command("ssh", 'echo asked >>"$trace"; exit 255')
    inventory = project.write("fleet.yml", 'targets: {web1: {connect: "ssh://audit:geheim@web1"}}\n')
    project.command("sshpass", 'echo asked >>"$trace"; exit 255')
    run = project.pytest("-k", "privileged", f"--inventory={inventory}", "--bundle")
    assert run.lines("web1: ")
    traces = [trace, tmp_path / "sshpass.trace"]
    for each in traces:
        each.unlink(missing_ok=True)
    settings = (tmp_path / "pytest.ini").read_text().replace("addopts = ", "addopts = --hosts=ssh://web2 -x ")
    ours = "hullcheck_inventory = fleet.yml\nhullcheck_profile = none\nhullcheck_sign = none\n"
    (tmp_path / "pytest.ini").write_text(settings + ours)
    variables = {"HULLCHECK_PROFILE": "none", "PYTEST_ADDOPTS": "--deselect=tests"}
    done = verify(tmp_path / "reports/latest.zip", cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not any(each.exists() for each in traces)
    assert b"geheim" not in (tmp_path / "reports/latest.zip").read_bytes()


def test_own_controls(own: Project) -> None:
    """They are judged again, other tests are not run or told of; other controls are no tampering."""
    bundle, path = own.folder / "reports/latest.zip", own.folder / "tests/test_own.py"
    left_out = Bundle.read(bundle).document(run_files.MANIFEST)["left_out"]
    assert left_out == {"junit.xml": "it has tests that are no controls"}
    assert (own.folder / "reports/latest/junit.xml").exists()
    done = verify(bundle, cwd=own.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 derived again from 1 recordings" in done.stdout
    assert not (own.folder / "ran").exists()
    path.write_text(OWN_TESTS + "\n")
    done = verify(bundle, cwd=own.folder)
    assert done.returncode == 0
    assert f"made by hullcheck {__version__} with other controls or code (content " in done.stdout
    path.write_text(OWN_TESTS.replace('"hello"', '"good day"'))
    done = verify(bundle, cwd=own.folder)
    assert done.returncode == 3
    assert "web1 somebody_is_greeted: verdict is 'pass', and the recordings give 'fail'" in done.stdout


def test_another_version_is_named(own: Project, tmp_path: Path) -> None:
    """Its version is said; a schema that is not known here is no damage."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    made.edit(run_files.MANIFEST, lambda document: document["made_by"].update(hullcheck="9.1"))
    made.edit(run_files.RESULTS, lambda document: document["run"].update(hullcheck="9.1"))
    done = verify(made.fitting().write(tmp_path / "later.zip"), cwd=own.folder)
    assert "made by hullcheck 9.1, which is not what is here" in done.stdout
    assert done.returncode == 0, done.stdout
    made.edit(run_files.MANIFEST, lambda document: document.update(schema="hullcheck/manifest/2"))
    made.files[run_files.DIGESTS] = manifest.digests(manifest.covered(made.files))
    done = verify(made.write(tmp_path / "later.zip"), cwd=own.folder)
    assert done.returncode == 3
    said = f"is hullcheck/manifest/2, and hullcheck {__version__} reads hullcheck/manifest/1"
    assert f"manifest.json: {said}" in done.stdout


@pytest.mark.parametrize("there", ["", "tests/test_broken.py"])
def test_verified_somewhere_else(own: Project, tmp_path: Path, there: str) -> None:
    """Where the controls are not, nothing is wrong with the bundle: what holds is said, and what to do."""
    project = Project(tmp_path / "elsewhere", {})
    for name in ("conftest.py", "pytest.ini"):
        (project.folder / name).unlink()
    if there:
        project.write(there, "import nothing\n")
    done = verify(own.folder / "reports/latest.zip", cwd=project.folder)
    assert (done.returncode, "WRONG" in done.stdout) == (2, False), done.stdout + done.stderr
    held = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert held == ["layout", "digests", "signature", "documents", "completeness", "reports"]
    (line,) = done.stderr.splitlines()
    assert "verify in the directory of the project whose controls were run" in line


def _trap(folder: Path, ran: Path, *names: str) -> None:
    """Settings, and modules that leave a trace where they are read: what a program imports, or Python itself."""
    for name in ("pytest_html", "ansi2html", "xdist", "evil", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p evil\npythonpath = .\n")


@pytest.mark.parametrize("opened", [False, True], ids=["zip", "opened"])
def test_nothing_beside_a_bundle_is_run(own: Project, tmp_path: Path, opened: bool) -> None:
    """Standing where a bundle was downloaded to: what lies there is no project, though it looks like one."""
    downloads, ran = tmp_path / "downloads", tmp_path / "ran"
    _trap(downloads, ran, "yaml", "jinja2", "sitecustomize", "usercustomize", "conftest", "tests/test_a")
    path = downloads / "bundle.zip"
    path.write_bytes((own.folder / "reports/latest.zip").read_bytes())
    if opened:
        with zipfile.ZipFile(path) as zipped:
            zipped.extractall(downloads / "bundle")
        path = downloads / "bundle"
    command = [Path(sys.executable).with_name("hullcheck"), "verify", path.name]
    done = subprocess.run(command, cwd=downloads, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{path.name} is in the directory of the controls" in done.stderr
    assert "reports: follow from the results" in done.stdout
    assert not ran.exists()


def test_environment_does_not_reach_the_verifying_run(own: Project, tmp_path: Path) -> None:
    """Neither Python nor pytest of that run, nor its workers, do what a variable says."""
    library, ran = tmp_path / "library", tmp_path / "ran"
    _trap(library, ran)
    settings = (own.folder / "pytest.ini").read_text()
    own.write("pytest.ini", settings.replace("addopts = ", "addopts = -n 2 "))
    environment = {
        "PYTHONPATH": f"{library}:{REPOSITORY}",
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTEST_PLUGINS": "evil",
        "PYTEST_ADDOPTS": "-p evil --deselect=tests",
        "HULLCHECK_KEEP": "nonsense",
    }
    bundle = own.folder / "reports/latest.zip"
    done = verify(bundle, cwd=own.folder, new=True, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not ran.exists()
    # an empty entry is the current directory: what lies there may have run already
    done = verify(bundle, cwd=own.folder, new=True, PYTHONPATH=f"{REPOSITORY}:")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "env -u PYTHONPATH hullcheck verify" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "partial"),
    [
        (["-m", "cis", "-x"], "stopping after 1 failures"),
        (["--profile", "first", "--deselect", "tests/test_1_host.py"], ""),
        (["tests/test_5_container_runtime.py::test_container_is_not_privileged[web2]"], ""),
    ],
)
def test_every_selection_is_repeated(tmp_path: Path, arguments: list[str], partial: str) -> None:
    """Whatever a run selected, and however: what it left is verified, and what is taken out of it is missed."""
    project = Project(tmp_path)
    answers = (PRESENT, info(), containers({"Name": "/a", "HostConfig": {}}))
    targets = {name: {"connect": project.recorded(name, *answers)} for name in ("web1", "web2")}
    inventory = {"targets": targets, "profiles": {"first": "cis(level=1)"}}
    path = project.write("fleet.yml", json.dumps(inventory))
    project.pytest(f"--inventory={path}", "--bundle", *arguments)
    done = verify(tmp_path / "reports/latest.zip", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not partial or f"not all that was selected: {partial}" in done.stdout
    if not partial:
        made = Bundle.read(tmp_path / "reports/latest.zip")
        made.edit(run_files.RESULTS, lambda document: document["results"].pop(0))
        done = verify(made.fitting().write(tmp_path / "reports/less.zip"), cwd=tmp_path)
        assert done.returncode == 1
        assert "is nothing, and the recordings give" in done.stdout


def test_run_that_is_interrupted(own: Project) -> None:
    """It is partial, whatever exit status was chosen; a control that was judged is in its reports."""
    own.write("tests/test_own_too.py", OWN_TESTS.replace("somebody", "nobody"))
    conftest = own.folder / "conftest.py"
    text = conftest.read_text()
    ending = "\n\ndef pytest_runtest_teardown(item):\n    'own_too' in item.nodeid and pytest.exit('enough', 7)\n"
    conftest.write_text(f"import pytest\n{text}{ending}")
    run = own.pytest("--hosts", f"recorded://{own.folder}/recordings/web1", "--bundle")
    assert (run.status, set(run.verdicts)) == (7, {"somebody_is_greeted", "nobody_is_greeted"})
    conftest.write_text(f"import pytest\n{text}")
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not all that was selected: the run was interrupted" in done.stdout


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/tmp/test_a.py", 1, "which is outside of the project"),
        ("tests/../../test_a.py", 1, "which is outside of the project"),
        ("not_there.py", 2, "which is not here; verify in the directory of the project"),
    ],
)
def test_selection_leads_nowhere_else(own: Project, tmp_path: Path, path: str, status: int, said: str) -> None:
    """A bundle cannot name tests outside of the project, which would be run."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(paths=[path]))
    done = verify(made.fitting().write(tmp_path / "elsewhere.zip"), cwd=own.folder)
    assert done.returncode == status
    assert f"the run selected {path}, {said}" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("said", "cwd"),
    [
        ({"paths": ["kept/opened/inventory"]}, "."),  # with settings of pytest of its own
        ({"paths": ["."]}, "."),
        ({"markers": "@kept/opened/inventory/more"}, "."),  # a file with more options
        ({}, "kept/opened"),
    ],
)
def test_nothing_of_a_bundle_is_run(own: Project, said: dict[str, Any], cwd: str) -> None:
    """A file of a bundle that lies unpacked in the project can look as it likes: it is no test and no setting."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    trap = b"from pathlib import Path\nPath(%r).write_text('')\n" % str(own.folder / "ran")
    settings = b"[pytest]\naddopts = -p more\npythonpath = .\n"
    for name, content in (("test_more.py", trap), ("more.py", trap), ("pytest.ini", settings)):
        made.files[f"inventory/{name}"] = content
    made.files["inventory/more"] = b"own\n--junitxml=ran\n"
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(said)).fitting()
    for name, content in made.files.items():
        own.write(f"kept/opened/{name}", content.decode("latin-1")).write_bytes(content)
    done = verify(own.folder / "kept/opened", cwd=own.folder / cwd)
    assert done.returncode in (1, 2), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (own.folder / "ran").exists()


@pytest.mark.parametrize("name", ["/dev/zero", "../hosts"])
def test_no_other_file_is_read(made: Bundle, here: None, tmp_path: Path, name: str) -> None:
    """What an inventory names and the bundle has not is not read, nor an inventory that is not in it."""
    changed = made.copy().unsigned()
    changed.files["inventory/demo.yml"] += f"waivers: [{name}]\n".encode()
    assert faults(changed.fitting().write(tmp_path / "other.zip")) == [
        f"demo.yml: names {name}, which is not in the bundle"
    ]
    changed = made.copy().unsigned()
    changed.edit(run_files.MANIFEST, lambda document: document.update(inventory=f"{name}/demo.yml"))
    assert f"{name}/demo.yml: is missing, although manifest.json names it as the inventory" in faults(
        changed.fitting().write(tmp_path / "other.zip")
    )


@pytest.mark.parametrize("change", [{"markers": "a\0b"}, {"paths": "tests"}, {"deselected": [5]}])
def test_selection_is_text(change: dict[str, Any], made: Bundle, here: None, tmp_path: Path) -> None:
    """What cannot be handed to pytest is a fault of the bundle, and no traceback."""
    made = made.copy().unsigned()
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(change))
    (fault,) = faults(made.fitting().write(tmp_path / "odd.zip"))
    assert "damaged" in fault or "judged nothing" in fault
