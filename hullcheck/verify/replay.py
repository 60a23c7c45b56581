"""Judge the recordings of a bundle again: run pytest on them with the controls of this project.

This module is also a plugin in that run.
"""

import json
import os
import posixpath
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hullcheck import pytest_settings, unpacked
from hullcheck.controls import shipped
from hullcheck.gates import FAIL_ON, MIN_JUDGED, NEW
from hullcheck.inventory import yamlfile
from hullcheck.inventory.acceptance import files as acceptance_files
from hullcheck.messages import WrongUse, printable
from hullcheck.results import run_files
from hullcheck.verify import layout
from hullcheck.verify.documents import Documents, Selection

_FOLDER, _BEGAN = "HULLCHECK_REPLAY", "HULLCHECK_REPLAY_BEGAN"
"""Variables with the folder of the recordings, and the time of the first run."""
# no environment of Python, no import from the current directory, nothing written
_ISOLATED = ("-E", "-P", "-B")
_UNSET = ("sign", "profile", "since", "targets", "severity", "keep", "format")
"""Options that settings of the project must not give: targets are named one by one, the severity is in the markers."""
# with a dot, which no target begins with; the last one has what is judged, where that is not all that is selected
_HOSTS, _REPORTS, _NO_INVENTORY, _ONLY = ".hosts", ".reports", ".none.yml", ".only.json"
_NOT_HERE = (2, 5)  # exit status of pytest: tests that cannot be read, or none that were selected
_LINES = 6
# one of these is where tests are
_SIGNS = ("tests", "conftest.py", "pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_ADVICE = "verify in the directory of the project whose controls were run"


class ReplayError(Exception):
    """The recordings could not be judged again; the message has the reason."""


def replay(files: Mapping[str, bytes], known: Documents) -> dict[str, bytes]:
    """Judge the recordings among *files* with the selection of *known*, and return the files of the new bundle.

    Raise ReplayError for a reason in the bundle, and WrongUse if it cannot be done here.
    """
    with TemporaryDirectory(prefix="hullcheck-") as name:
        folder = Path(name)
        _unpack(folder, files, known)
        # without one, an empty one: that of the project must not count
        inventory = folder / (known.inventory or _NO_INVENTORY)
        _refuse_other_files(inventory, known.inventory, files)
        # gates on `new` cannot be derived
        asked = {each.option: each.asked for each in known.audit.gates if NEW not in each.asked}
        releases = folder / run_files.RELEASES if run_files.RELEASES in files else ""
        command = [
            *(sys.executable, *_ISOLATED, "-m", "pytest", *_project(folder, known.selection)),
            *("-p", __name__, "-p", "no:cacheprovider", "--maxfail=0"),
            *("-qq", "--tb=no", "-r", "N"),  # its output is read only if it fails
            *(f"--reports={folder}/{_REPORTS}", "--bundle"),
            *(f"--releases={releases}", f"--inventory={inventory}"),
            *(f"--{name}=" for name in _UNSET),
            *(f"{option}={asked.get(option, '')}" for option in (FAIL_ON, MIN_JUDGED)),
            f"@{folder / _HOSTS}",
            *_selected(known.selection),
        ]
        ours = ("HULLCHECK_", "PYTEST_", "PYTHON")  # workers of xdist inherit the environment
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        began = str(run_files.began(known.audit.run.id))
        done = subprocess.run(
            command,
            env=environment | {"PYTHONSAFEPATH": "1", _FOLDER: str(folder), _BEGAN: began},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        made = folder / _REPORTS / f"{run_files.LATEST}.zip"
        if not made.exists():
            raise _failure(done.returncode, done.stdout.decode("utf-8", "replace"))
        return layout.read(made)[0]


def _project(folder: Path, selection: Selection) -> list[str]:
    """Return options that select only the project in the current directory."""
    if selection.shipped:
        return [f"--config-file={shipped.SETTINGS}"]
    here = Path.cwd()
    empty = folder / ".pytest.ini"
    empty.write_text("[pytest]\n")
    settings = pytest_settings.find(here) or empty
    return [f"--config-file={settings}", f"--rootdir={here}", f"--confcutdir={here}"]


def _unpack(folder: Path, files: Mapping[str, bytes], known: Documents) -> None:
    """Unpack the recordings and the inventory into *folder*; their names have been checked."""
    there = layout.recordings(files)
    for file in (*there.values(), *layout.inventory(files), *(files.keys() & {run_files.RELEASES})):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[file])
    hosts = {target: f"recorded://{folder / there[target]}" for target in known.results["targets"]}
    # it may be too long for a command line
    (folder / _HOSTS).write_text(f"--hosts={','.join(hosts.values())}\n")
    if not known.inventory:
        targets = {target: {"connect": connect} for target, connect in hosts.items()}
        (folder / _NO_INVENTORY).write_text(json.dumps({"targets": targets}))
    if known.selection.partial:
        judged = [f"{each['control']}[{each['target']}]" for each in known.results["results"]]
        (folder / _ONLY).write_text(json.dumps(judged))


def _refuse_other_files(inventory: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Raise ReplayError if the inventory, or a file that it names, is not in the bundle: it may be a device."""
    if name and name not in files:
        raise ReplayError(f"{name}: is missing, although {run_files.MANIFEST} names it as the inventory")
    try:
        content = yamlfile.load(inventory).data
    except yamlfile.YamlError:
        return  # pytest says so
    for each in acceptance_files.named(content if isinstance(content, dict) else {}):
        if f"{run_files.INVENTORY}/{posixpath.normpath(each)}" not in files:
            raise ReplayError(f"{inventory.name}: names {each}, which is not in the bundle")


def _selected(said: Selection) -> list[str]:
    """Return the selection as options; paths have to be in this project."""
    # in one word with its option: pytest reads more options from a file where one alone begins with an @
    options = [
        *(f"-m={said.markers}", f"-k={said.keywords}", f"--max-age={said.max_age}"),
        *(f"--deselect={each}" for each in said.deselected),
        *(f"--ignore={each}" for each in said.ignored),
        *(f"--ignore-glob={each}" for each in said.ignored_patterns),
        *["--runxfail"] * said.runxfail,
        *(f"--containers={','.join(said.container)}", f"--label={','.join(said.label)}"),
        f"--images={','.join(said.image)}",
    ]
    if said.shipped:
        return [*options, *shipped.named()]
    return [*options, "--", *map(_of_this_project, said.paths)]


def _of_this_project(argument: str) -> str:
    path = Path(argument.partition("::")[0])
    if path.is_absolute() or ".." in path.parts:
        raise ReplayError(f"the run selected {argument}, which is outside of the project")
    require_no_bundle(Path.cwd() / path)
    if not (Path.cwd() / path).exists():
        raise WrongUse(f"the run selected {argument}, which is not here; {_ADVICE}")
    return argument


def _failure(status: int, output: str) -> Exception:
    lines = [line for line in printable(output).splitlines() if line.strip()]
    if status in _NOT_HERE:
        said = next((f" ({line})" for line in lines if line.startswith(("ERROR", "E "))), "")
        return WrongUse(f"pytest found no control here that the run selected; {_ADVICE}{said}")
    said = "\n    ".join(lines[-_LINES:])
    return ReplayError(f"pytest ended with status {status} and judged nothing; {_ADVICE}:\n    {said}")


# ---- the controls are the user's own, and did not come with the bundle


def require_controls(path: Path) -> None:
    """Raise WrongUse if there are no controls here, or they may have come with the bundle at *path*."""
    here = Path.cwd()
    require_no_bundle(here)
    if here in (Path(os.path.abspath(path)).parent, path.resolve().parent):
        raise WrongUse(
            f"{path.name} is in the directory of the controls, and files next to a bundle may have come with it;"
            " move the bundle to a folder of its own, and verify it from here"
        )
    if not any((here / sign).exists() for sign in _SIGNS):
        raise WrongUse(f"{here}: there are no controls to judge the recordings with; {_ADVICE}")


def require_no_bundle(path: Path) -> None:
    """Raise WrongUse if *path* is in an unpacked bundle."""
    around = unpacked.bundle_around(path)
    if around is not None:
        raise WrongUse(f"{around} is an unpacked bundle, and nothing in it is run; {_ADVICE}")


def require_own_imports(path: Path) -> None:
    """Raise WrongUse if Python may import from the current directory, or from next to the bundle at *path*."""
    own = Path(__file__).resolve().parents[2]
    foreign = {Path.cwd(), path.resolve(), path.resolve().parent} - {own}
    for entry in sys.path:
        if Path(entry).resolve() in foreign:
            raise WrongUse(
                f"Python imports from {Path(entry).resolve()}, where others may have put files, because of"
                " PYTHONPATH or how it was started; run `env -u PYTHONPATH hullcheck verify BUNDLE`"
            )


# ---- the plugin: only controls run, because other tests of the project may contact hosts


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Stop unless all targets are recordings of the bundle; judge the age of evidence at the time of the first run."""
    from hullcheck.plugin.session import session_of  # late: only the run needs the plugin

    session = session_of(config)
    session.began = float(os.environ[_BEGAN])
    wanted = f"recorded://{os.environ[_FOLDER]}/"
    others = [each.name for each in session.targets if not each.connect.startswith(wanted)]
    if others:
        raise pytest.UsageError(f"{', '.join(others)}: not a recording of the bundle, so the run stops")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that are not controls, and what an interrupted run did not judge."""
    from hullcheck.plugin.collecting import is_control

    path = Path(os.environ[_FOLDER]) / _ONLY
    only = set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
    kept, left = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        wanted = is_control(item) and (only is None or item.name.removeprefix("test_") in only)
        (kept if wanted else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)
