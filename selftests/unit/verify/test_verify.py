"""`hullcheck verify`: a bundle as it was made is verified, and whatever is changed of it is found and named."""

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hullcheck import __version__, cli
from hullcheck.bundle import archive, manifest
from hullcheck.recording.packing import packed, unpacked
from hullcheck.recording.probe import Answer
from hullcheck.results import run_files
from hullcheck.verify import Step, replay
from hullcheck.verify.check import check
from selftests import REPOSITORY
from selftests.kit.bundles import WHO, Bundle, make_key, run_demo, signing
from selftests.kit.running import PRESENT, Project, clean_environment, containers, info
from selftests.kit.tamperings import RECORDINGS, TAMPERINGS, Tamper
from selftests.needs import need, obstacle

SEED = 20261125


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bundle of the demo hosts is and, where the machine can sign, its key, another one and who may sign."""
    path: Path = tmp_path_factory.mktemp("verify")
    run = run_demo(path, *signing(path))
    assert run.status == 1, run.output
    if not obstacle("ssh-keygen"):
        make_key(path, "stranger")
    return path


@pytest.fixture(scope="module")
def made(folder: Path) -> Bundle:
    """The bundle of the demo hosts, signed where the machine can sign."""
    return Bundle.read(folder / "reports/latest.zip")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the directory of the controls; recordings that were judged once are not judged again."""
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr(replay, "replay", _judged_once)


_REPLAY = replay.replay
_known: dict[str, dict[str, bytes]] = {}


def _judged_once(files: dict[str, bytes], known: Any) -> dict[str, bytes]:
    """As `replay`; what it depends on are these files and these parts of the manifest, and the results if partial."""
    used = [files[name] for name in sorted(files) if name.endswith(".gz") or name.startswith("inventory/")]
    said = [known.manifest[key] for key in ("selection", "inventory")] + [list(known.results["targets"])]
    said += [known.results["results"]] * bool(known.partial)
    key = manifest.digest(b"\0".join([*used, json.dumps(said).encode()]))
    if key not in _known:
        _known[key] = _REPLAY(files, known)
    return _known[key]


def faults(path: Path, allowed: Path | None = None) -> list[str]:
    """Everything that is found wrong."""
    return [fault for step in check(path, allowed) for fault in step.faults]


def steps(path: Path, allowed: Path | None = None) -> dict[str, Step]:
    """What each step says."""
    return {step.name: step for step in check(path, allowed)}


# ---- a bundle as it was made


@pytest.mark.needs("ssh-keygen")
def test_bundle_as_it_was_made(folder: Path, made: Bundle, here: None, tmp_path: Path) -> None:
    """It is verified, signed or not, as a zip and unpacked, with signers and without."""
    path = folder / "reports/latest.zip"
    found = steps(path, folder / "allowed_signers")
    assert [step.faults for step in found.values()] == [()] * 8
    assert f"holds; by {WHO} with the key SHA256:" in found["signature"].said
    assert found["verdicts"].said == "236 derived again from 2 recordings, all the same"
    assert "whose owner was not asked for" in steps(path)["signature"].said
    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(tmp_path / "unpacked")
    assert faults(tmp_path / "unpacked", folder / "allowed_signers") == []
    unsigned = made.copy().unsigned().write(tmp_path / "unsigned.zip")
    assert faults(unsigned) == []
    assert "not who made them" in steps(unsigned)["signature"].said
    assert faults(unsigned, folder / "allowed_signers") == [
        "manifest-sha256.txt.sig: is missing; the bundle is not signed"
    ]


def test_forger_of_these_tests_forges_well(made: Bundle, here: None, tmp_path: Path) -> None:
    """A bundle that is taken apart and made anew without a change is verified: what is found below is the change."""
    again = made.copy().unsigned()
    for name in (run_files.RESULTS, run_files.POLICY):
        again.edit(name, lambda document: None)
    assert faults(again.fitting().write(tmp_path / "again.zip")) == []


# ---- two hundred tamperings


def _cases() -> Iterator[tuple[Tamper, int]]:
    for tamper, times in TAMPERINGS.items():
        yield from ((tamper, number) for number in range(times))


def test_there_are_enough_tamperings() -> None:
    """Two hundred and more."""
    assert len(list(_cases())) >= 200


@pytest.mark.parametrize(
    ("tamper", "number"), [pytest.param(*each, id=f"{each[0].__name__}-{each[1]}") for each in _cases()]
)
def test_tampering_is_found_and_named(
    tamper: Tamper, number: int, folder: Path, made: Bundle, here: None, tmp_path: Path
) -> None:
    """What was changed is found, and named where it is not the zip itself that is broken."""
    rng = random.Random(f"{SEED} {tamper.__name__} {number}")
    changed, named = tamper(rng, made.copy(), folder)
    path = tmp_path / "bundle.zip"
    path.write_bytes(changed if isinstance(changed, bytes) else archive.pack(changed.files))
    signed = run_files.SIGNATURE in (changed if isinstance(changed, Bundle) else made).files
    found = faults(path, folder / "allowed_signers" if signed else None)
    assert found
    assert any(named in fault for fault in found), found


# ---- the run that judges again


def test_no_host_is_asked(folder: Path, tmp_path: Path) -> None:
    """The inventory of a bundle names hosts; verifying reads recordings and asks none, whatever the settings say."""
    project = Project(tmp_path)
    trace = project.command("ssh", 'echo asked >>"$trace"; exit 255')
    inventory = project.write("fleet.yml", 'targets: {web1: {connect: "ssh://audit:geheim@web1"}}\n')
    project.command("sshpass", 'echo asked >>"$trace"; exit 255')
    run = project.pytest("-k", "privileged", f"--inventory={inventory}", "--bundle")
    assert run.lines("not audited: web1")
    traces = [trace, tmp_path / "sshpass.trace"]
    for each in traces:
        each.unlink(missing_ok=True)
    settings = (tmp_path / "pytest.ini").read_text()
    settings = settings.replace("addopts = ", "addopts = --hosts=ssh://web2 -x ")
    ours = "hullcheck_inventory = fleet.yml\nhullcheck_profile = none\nhullcheck_sign = none\n"
    (tmp_path / "pytest.ini").write_text(settings + ours)
    done = verify(
        tmp_path / "reports/latest.zip",
        cwd=tmp_path,
        HULLCHECK_PROFILE="none",
        PYTEST_ADDOPTS="--deselect=tests",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not any(each.exists() for each in traces)
    assert b"geheim" not in (tmp_path / "reports/latest.zip").read_bytes()


def verify(
    path: Path, *arguments: str, cwd: Path = REPOSITORY, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `hullcheck verify`, with commands of *cwd* before all others."""
    code = "import sys; from hullcheck.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, "verify", str(path), *arguments],
        cwd=cwd,
        env={
            **clean_environment(),
            "PYTHONPATH": str(REPOSITORY),
            "PATH": f"{cwd}/bin:{os.environ['PATH']}",
            **environment,
        },
        capture_output=True,
        text=True,
    )


OWN = """
from hullcheck.facts.registry import fact
from hullcheck.recording.probe import Probe

MOTD = Probe("motd", "cat /etc/motd")


@fact(MOTD)
def motd(recording):
    return recording.text(MOTD)
"""
OWN_TESTS = """
from pathlib import Path


def test_somebody_is_greeted(motd):
    \"\"\"Somebody is greeted.\"\"\"
    assert "hello" in motd


def test_is_no_control():
    Path("ran").write_text("")
    assert False
"""


@pytest.fixture
def own(tmp_path: Path) -> Project:
    """A project with a control of its own over a probe of its own, and a test that is no control."""
    project = Project(tmp_path / "own", {"test_own.py": OWN_TESTS})
    project.write("conftest.py", (REPOSITORY / "conftest.py").read_text() + OWN)
    hosts = project.recorded("web1", Answer("motd", 0, "hello\n", ""))
    assert project.pytest("--hosts", hosts, "--bundle").verdicts == {"somebody_is_greeted": "pass"}
    (project.folder / "ran").unlink()
    return project


def test_own_controls_and_other_tests(own: Project) -> None:
    """Controls of a user's repository are judged again; what is no control does not run."""
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 derived again from 1 recordings" in done.stdout
    assert not (own.folder / "ran").exists()


def test_other_controls_are_not_called_tampering(own: Project) -> None:
    """Where the controls have changed since, that is said; differences then have a status of their own."""
    path = own.folder / "tests/test_own.py"
    path.write_text(OWN_TESTS + "\n")
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 0
    assert f"made by hullcheck {__version__} with other controls or code (content " in done.stdout
    path.write_text(OWN_TESTS.replace('"hello"', '"good day"'))
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 3
    assert "web1 somebody_is_greeted: the bundle says pass, the recording says fail" in done.stdout


def test_another_version_is_named(own: Project, tmp_path: Path) -> None:
    """Its version is said; a schema that is not known here is no damage."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    made.edit(run_files.MANIFEST, lambda document: document["made_by"].update(hullcheck="9.1"))
    made.edit(run_files.RESULTS, lambda document: document["run"].update(hullcheck="9.1"))
    path = made.fitting().write(tmp_path / "later.zip")
    done = verify(path, cwd=own.folder)
    assert "made by hullcheck 9.1, which is not what is here" in done.stdout
    assert done.returncode == 0, done.stdout
    made.edit(run_files.MANIFEST, lambda document: document.update(schema="hullcheck/manifest/2"))
    made.files[run_files.DIGESTS] = manifest.digests(manifest.covered(made.files))
    done = verify(made.write(path), cwd=own.folder)
    assert done.returncode == 3
    assert (
        f"manifest.json: is hullcheck/manifest/2, and hullcheck {__version__} reads hullcheck/manifest/1"
        in done.stdout
    )


@pytest.mark.parametrize(
    ("key", "value"), [("user", {"name": "ann", "uid": 1}), ("machine", "elsewhere")], ids=["user", "machine"]
)
def test_results_and_manifest_name_one_person_and_machine(
    own: Project, tmp_path: Path, key: str, value: object
) -> None:
    """Results that somebody else is said to have made than the manifest says are a fault."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    made.edit(run_files.RESULTS, lambda document: document["run"].update({key: value}))
    done = verify(made.fitting().write(tmp_path / "other.zip"), cwd=own.folder)
    assert done.returncode == 1
    assert f"results.json: run.{key} is not what manifest.json says" in done.stdout


WRONG_PLACE = "verify in the directory of the project whose controls were run"


@pytest.mark.parametrize("there", ["", "pytest.ini", "tests/test_other.py", "tests/test_broken.py"])
def test_verified_somewhere_else(own: Project, tmp_path: Path, there: str) -> None:
    """Where the controls are not, nothing is wrong with the bundle: what holds is said, and what to do."""
    project = Project(tmp_path / "elsewhere", {})
    for name in ("conftest.py", "pytest.ini"):
        (project.folder / name).unlink()
    if there:
        project.write(
            there, "[pytest]\n" if there == "pytest.ini" else "import nothing\n" * ("broken" in there)
        )
    done = verify(own.folder / "reports/latest.zip", cwd=project.folder)
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (2, False), (
        done.stdout + done.stderr
    )
    held = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert held == ["layout", "digests", "signature", "documents", "completeness", "reports"]
    assert "WRONG" not in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("hullcheck: ")
    assert WRONG_PLACE in line


MODULES = ("pytest_html", "yaml", "ansi2html", "sitecustomize", "usercustomize", "xdist", "jinja2", "evil")
"""What is imported by some program that judges, or by Python itself, where it is there."""


def _trap(folder: Path, ran: Path) -> None:
    """Modules and settings that leave a trace where they are read."""
    trap = f"open({str(ran)!r}, 'w').close()\n"
    for name in (*MODULES, "conftest", "tests/test_a"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(trap)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p evil\npythonpath = .\n")


@pytest.mark.parametrize("how", ["command", "python -c", "opened"])
def test_nothing_beside_a_bundle_is_run(own: Project, tmp_path: Path, how: str) -> None:
    """Standing where a bundle was downloaded to: what lies there is no project, though it looks like one."""
    downloads, ran = tmp_path / "downloads", tmp_path / "ran"
    _trap(downloads, ran)
    path = downloads / "bundle.zip"
    path.write_bytes((own.folder / "reports/latest.zip").read_bytes())
    if how == "opened":
        with zipfile.ZipFile(path) as zipped:
            zipped.extractall(downloads / "bundle")
        path = downloads / "bundle"
    done = verify(path, cwd=downloads)
    if how == "command":
        command = [Path(sys.executable).with_name("hullcheck"), "verify", path.name]
        done = subprocess.run(command, cwd=downloads, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{path.name} lies in the directory of the controls" in done.stderr
    assert "reports: follow from the results" in done.stdout
    assert not ran.exists()


def test_nothing_around_the_project_is_run(own: Project, tmp_path: Path) -> None:
    """A project below the bundle, without settings of its own, does not get those of the folder around it."""
    downloads, ran = tmp_path / "downloads", tmp_path / "ran"
    _trap(downloads, ran)
    path = downloads / "bundle.zip"
    path.write_bytes((own.folder / "reports/latest.zip").read_bytes())
    here = downloads / "own"
    own.folder.rename(here)
    (here / "pytest.ini").unlink()
    done = verify(path, cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not ran.exists()


@pytest.mark.parametrize("workers", [False, True])
def test_environment_does_not_reach_the_verifying_run(own: Project, tmp_path: Path, workers: bool) -> None:
    """Neither Python nor pytest of that run, nor its workers, do what a variable says."""
    library, ran = tmp_path / "library", tmp_path / "ran"
    _trap(library, ran)
    for name in (
        "yaml",
        "jinja2",
        "sitecustomize",
        "usercustomize",
    ):  # `hullcheck` itself is told by the user
        (library / f"{name}.py").unlink()
    if workers:
        settings = (own.folder / "pytest.ini").read_text()
        own.write("pytest.ini", settings.replace("addopts = ", "addopts = -n 2 "))
    environment = {
        "PYTHONPATH": f"{library}:{REPOSITORY}",
        "PYTHONSTARTUP": f"{library}/evil.py",
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTEST_PLUGINS": "evil",
        "PYTEST_ADDOPTS": "-p evil --deselect=tests",
        "HULLCHECK_STRICT_WAIVERS": "nonsense",
    }
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not ran.exists()


@pytest.mark.parametrize("entry", ["", ".", "{}", "reports"])
def test_command_that_imports_from_here_is_refused(own: Project, entry: str) -> None:
    """An empty entry of PYTHONPATH is the current directory: what lies there may have run already."""
    path = f"{REPOSITORY}:{entry.format(own.folder)}"
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder, PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "env -u PYTHONPATH hullcheck verify" in done.stderr


@pytest.mark.parametrize("name", ["hosts", "reports", "none.yml", "pytest.ini"])
def test_target_may_have_any_name(own: Project, name: str) -> None:
    """Also that of a file which judging again needs."""
    own.recorded(name, Answer("motd", 0, "hello\n", ""))
    own.pytest("--hosts", f"recorded://{own.folder}/recordings/{name}", "--bundle")
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_junit_with_other_tests_is_left_out(own: Project) -> None:
    """They cannot be judged again, and so nobody could say that they are right."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    assert run_files.JUNIT not in made.files
    assert made.document(run_files.MANIFEST)["left_out"] == {"junit.xml": "it has tests that are no controls"}
    assert (own.folder / "reports/latest/junit.xml").exists()
    own.pytest("-k", "somebody", "--hosts", f"recorded://{own.folder}/recordings/web1", "--bundle")
    assert run_files.JUNIT in Bundle.read(own.folder / "reports/latest.zip").files


@pytest.mark.parametrize(
    "arguments",
    [
        ["-k", "privileged and web1"],
        ["tests/test_2_daemon.py", "-n", "2"],
        ["-m", "cis", "-x"],
        ["-m", "cis", "--lf"],
        ["--profile", "first", "--deselect", "tests/test_1_host.py"],
        ["tests/test_5_container_runtime.py::test_container_is_not_privileged[web2]"],
    ],
)
def test_every_selection_is_repeated(tmp_path: Path, arguments: list[str]) -> None:
    """Whatever a run selected, and however: what it left is verified, and what is taken out of it is missed."""
    project = Project(tmp_path)
    targets = {
        name: {
            "connect": project.recorded(name, PRESENT, info(), containers({"Name": "/a", "HostConfig": {}}))
        }
        for name in ("web1", "web2")
    }
    inventory = {"targets": targets, "profiles": {"first": "cis(level=1)"}}
    path = project.write("fleet.yml", json.dumps(inventory))
    project.pytest(f"--inventory={path}", "--bundle", *arguments)
    done = verify(tmp_path / "reports/latest.zip", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    made = Bundle.read(tmp_path / "reports/latest.zip")
    partial = {"-x": "stopping after 1 failures", "--lf": "--lf was given"}.get(arguments[-1])
    if partial:
        assert f"not all that was selected: {partial}" in done.stdout
        return
    made.edit(run_files.RESULTS, lambda document: document["results"].pop(0))
    done = verify(made.fitting().write(tmp_path / "reports/less.zip"), cwd=tmp_path)
    assert done.returncode == 1
    assert "the bundle has no result, the recording says" in done.stdout


def test_run_that_waived_nothing(own: Project) -> None:
    """What --runxfail showed is derived again, and not with the waivers that it passed over."""
    hosts = own.recorded("web1", Answer("motd", 0, "good day\n", ""))
    inventory = {
        "targets": {"web1": {"connect": hosts}},
        "waivers": {"somebody_is_greeted": {"justification": "the greeter is ill"}},
    }
    fleet = own.write("fleet.yml", json.dumps(inventory))
    for more, verdict in (([], "waived"), (["--runxfail"], "fail")):
        run = own.pytest(f"--inventory={fleet}", "--bundle", *more)
        assert run.verdicts == {"somebody_is_greeted": verdict}
        done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
        assert done.returncode == 0, done.stdout + done.stderr


def test_junit_as_the_settings_have_it(own: Project) -> None:
    """Settings of the project that change junit.xml are those of judging again, too."""
    path = own.folder / "pytest.ini"
    path.write_text(path.read_text() + "junit_suite_name = docker\njunit_logging = all\n")
    own.pytest("-k", "somebody", "--hosts", f"recorded://{own.folder}/recordings/web1", "--bundle")
    assert "docker" in Bundle.read(own.folder / "reports/latest.zip").files[run_files.JUNIT].decode()
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("hook", "ends", "status"),
    [
        ("pytest_runtest_setup", "pytest.exit('enough', 7)", 7),
        ("pytest_runtest_teardown", "pytest.exit('enough', 2)", 2),
    ],
)
def test_run_that_is_interrupted(own: Project, hook: str, ends: str, status: int) -> None:
    """It is partial, whatever exit status was chosen; a test that had not ended is in none of its reports."""
    own.write("tests/test_own_too.py", OWN_TESTS.replace("somebody", "nobody"))
    conftest = own.folder / "conftest.py"
    code = f"\n\ndef {hook}(item):\n    'own_too' in item.nodeid and {ends}\n"
    conftest.write_text(f"import pytest\n{conftest.read_text()}{code}")
    run = own.pytest("--hosts", f"recorded://{own.folder}/recordings/web1", "--bundle")
    assert (run.status, run.verdicts) == (status, {"somebody_is_greeted": "pass"})
    conftest.write_text(conftest.read_text().removesuffix(code))
    done = verify(own.folder / "reports/latest.zip", cwd=own.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not all that was selected: the run was interrupted" in done.stdout


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("../elsewhere/test_a.py", 1, "which leads out of the project"),
        ("/tmp/test_a.py", 1, "which leads out of the project"),
        ("tests/../../test_a.py", 1, "which leads out of the project"),
        (
            "not_there.py",
            2,
            "which is not here; verify in the directory of the project whose controls were run",
        ),
    ],
)
def test_selection_leads_nowhere_else(
    own: Project, tmp_path: Path, path: str, status: int, said: str
) -> None:
    """A bundle cannot name tests outside of the project, which would be run."""
    made = Bundle.read(own.folder / "reports/latest.zip")
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(paths=[path]))
    done = verify(made.fitting().write(tmp_path / "elsewhere.zip"), cwd=own.folder)
    assert done.returncode == status
    assert f"the run selected {path}, {said}" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("said", "cwd"),
    [
        ({"paths": ["kept/opened/inventory/test_more.py"]}, "."),
        ({"paths": ["kept/opened/inventory"]}, "."),  # with settings of pytest of its own
        ({"paths": ["."]}, "."),
        ({"markers": "@kept/opened/inventory/more"}, "."),  # a file with more options
        ({"keywords": "@kept/opened/inventory/more"}, "."),
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


@pytest.mark.parametrize("name", ["/dev/zero", "../hosts", "more.yml"])
def test_no_other_file_is_read(made: Bundle, here: None, tmp_path: Path, name: str) -> None:
    """What an inventory names and the bundle has not is not read, wherever it is."""
    made = made.copy().unsigned()
    made.files["inventory/demo.yml"] += f"waivers: [{name}]\n".encode()
    assert faults(made.fitting().write(tmp_path / "other.zip")) == [
        f"demo.yml: names {name}, which is not in the bundle"
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"markers": "a\0b"},
        {"markers": ["cis"]},
        {"keywords": "\ud800"},
        {"partial": 5},
        {"paths": "tests"},
        {"paths": [5]},
        {"deselected": None},
    ],
)
def test_selection_is_text(change: dict[str, Any], made: Bundle, here: None, tmp_path: Path) -> None:
    """What cannot be handed to pytest is a fault of the bundle, and no traceback."""
    made = made.copy().unsigned()
    made.edit(run_files.MANIFEST, lambda document: document["selection"].update(change))
    (fault,) = faults(made.fitting().write(tmp_path / "odd.zip"))
    assert fault.startswith("manifest.json or results.json: damaged")


# ---- what is no bundle


@pytest.mark.parametrize("name", ["not-there.zip", "empty", "reports/latest"])
def test_wrong_use(own: Project, name: str) -> None:
    """No such file, a folder that is none, the folder of a run: one line, and status 2."""
    (own.folder / "empty").mkdir()
    done = verify(Path(name), cwd=own.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"hullcheck: {name}: ")
    done = verify(Path("reports/latest.zip"), "--allowed-signers", "nobody", cwd=own.folder)
    assert (done.returncode, done.stderr) == (
        2,
        "hullcheck: --allowed-signers nobody: there is no such file\n",
    )


def test_zip_that_claims_too_much(made: Bundle, tmp_path: Path, here: None) -> None:
    """A small file that unpacks to a large one is not unpacked."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("results.json", b"\0" * 10_000_000)
    path = tmp_path / "bomb.zip"
    path.write_bytes(stream.getvalue())
    assert faults(path) == [
        "bomb.zip: damaged: its entries claim to be larger than it is",
        *(
            f"{name}: is missing"
            for name in ("manifest.json", "manifest-sha256.txt", "results.json", "policy.json")
        ),
    ]


def test_recording_that_unpacks_too_far(
    made: Bundle, monkeypatch: pytest.MonkeyPatch, here: None, tmp_path: Path
) -> None:
    """Nor is a recording unpacked further than any recording goes."""
    monkeypatch.setattr("hullcheck.recording.LARGEST", 100_000)
    found = faults(made.copy().unsigned().write(tmp_path / "large.zip"))
    assert f"{RECORDINGS[0]}: damaged: it is cut off, too large, or goes on after its end" in found


def test_folder_with_links(made: Bundle, tmp_path: Path, here: None) -> None:
    """Links and empty folders are named, and links are not followed."""
    for name, content in made.copy().unsigned().files.items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "unpacked/junit.xml").rename(tmp_path / "junit.xml")
    (tmp_path / "unpacked/junit.xml").symlink_to(tmp_path / "junit.xml")
    (tmp_path / "unpacked/web").mkdir()
    (tmp_path / "unpacked/etc").symlink_to("/etc")
    found = faults(tmp_path / "unpacked")
    assert {
        "junit.xml: a link or something else than a file",
        "etc: a link or something else than a file",
    } <= {*found}
    assert "web: an empty folder" in found


# ---- never a traceback

_NONSENSE = (None, True, 0, -1, 1.5, "", "x", "\x1b[2J", [], [0], {}, {"a": 1}, "9" * 5000, [[[]]])


def _damage(rng: random.Random, value: Any) -> Any:
    """*value* with one part of it, however deep, replaced, taken out or added."""
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.1:
        return rng.choice(_NONSENSE)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    if rng.random() < 0.15:
        del value[key]
    elif rng.random() < 0.1 and isinstance(value, dict):
        value["more"] = rng.choice(_NONSENSE)
    else:
        value[key] = _damage(rng, value[key])
    return value


@pytest.mark.parametrize("number", range(80))
def test_never_a_traceback(
    number: int, made: Bundle, here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a bundle holds that fits together, what is said of it is a line, and no control character."""
    rng = random.Random(f"{SEED} {number}")
    forged = made.copy()
    name = rng.choice(
        [
            run_files.MANIFEST,
            run_files.RESULTS,
            run_files.POLICY,
            run_files.STATEMENT,
            *RECORDINGS,
            "junit.xml",
        ]
    )
    if name == run_files.STATEMENT:
        need("ssh-keygen")
    if name.endswith(".gz"):
        document = _damage(rng, json.loads(unpacked(forged.files[name])))
        forged.files[name] = packed(json.dumps(document, indent=1).encode() + b"\n")
    elif name == "junit.xml":
        forged.files[name] = rng.choice(
            [b"", b"<a/>", b"<testsuites/>", forged.files[name][:-9], b"\xff" * 9]
        )
    else:
        forged.files[name] = manifest.canonical(_damage(rng, forged.document(name)))
    if name != run_files.STATEMENT:
        forged.unsigned()
    try:
        forged.fitting()
    except (AttributeError, TypeError):  # the manifest is no object any more
        forged.files[run_files.DIGESTS] = manifest.digests(manifest.covered(forged.files))
    if name == run_files.RESULTS:
        forged.files[name] = json.dumps(forged.document(name), separators=(",\n", ": ")).encode() + b"\n"
        forged.fitting()
    status = cli.main(["verify", str(forged.write(tmp_path / "bundle.zip"))])
    said = capsys.readouterr().out
    free = name.endswith(".gz") or (name == run_files.MANIFEST and _free(forged) == _free(made))
    assert status in ((0, 1, 3) if free else (1, 3)), said
    assert "\x1b" not in said


def _free(made: Bundle) -> Any:
    """The manifest without what nothing but a signature can show: who it was, and with which Python."""
    document = made.document(run_files.MANIFEST)
    for part, key in (
        ("run", "user"),
        ("made_by", "python"),
        ("made_by", "pytest"),
    ):
        if isinstance(document, dict) and isinstance(document.get(part), dict):
            document[part].pop(key, None)
    return document
