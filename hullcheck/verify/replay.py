"""Judges the recordings of a bundle again: a run of pytest on them, with the controls of this project."""

import json
import os
import posixpath
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hullcheck import pytest_settings
from hullcheck.controls import shipped
from hullcheck.inventory import yamlfile
from hullcheck.inventory.acceptance import files as acceptance_files
from hullcheck.messages import WrongUse, printable
from hullcheck.results import run_files
from hullcheck.verify import layout, place
from hullcheck.verify.documents import Documents

FOLDER = "HULLCHECK_REPLAY"
"""The variable that tells the run where the recordings are."""
BEGAN = "HULLCHECK_REPLAY_BEGAN"
"""The variable that tells it when the run began whose recordings they are: their age is counted to that."""
ONLY = ".only.json"
"""The file with what is judged, where that is not all that is selected."""
# no environment of Python, no import from the current directory, nothing written
_ISOLATED = ("-E", "-P", "-B")
NO_INVENTORY = ".none.yml"
_UNSET = (*("sign", "profile", "fail-on", "baseline", "coverage", "targets", "severity", "keep", "format"),)
"""Options that settings of the project must not give: targets are named one by one, the severity is in the markers."""
_HOSTS, _REPORTS = ".hosts", ".reports"  # as above, with a dot, which no target begins with
_NO_HOST = "hullcheck.verify.replaying"
_NOT_HERE = (2, 5)  # exit status of pytest: tests that cannot be read, or none that were selected
_LINES = 6


class ReplayError(Exception):
    """The recordings could not be judged again; the message says why."""


def replay(files: Mapping[str, bytes], known: Documents) -> dict[str, bytes]:
    """Judge what *files* record, selected and with the inventory as *known* says; return the files of the new bundle.

    Raises:
        ReplayError: that cannot be done, for a reason that lies in the bundle.
        WrongUse: that cannot be done here.
    """
    with _unpacked(files, known) as folder:
        # where there was none, one that says nothing: that of the project must not count
        inventory = folder / (known.manifest["inventory"] or NO_INVENTORY)
        _refuse_other_files(inventory, files)
        releases = folder / run_files.RELEASES if run_files.RELEASES in files else ""
        command = [
            *(sys.executable, *_ISOLATED, "-m", "pytest", *_project(folder, known)),
            *("-p", _NO_HOST, "-p", "no:cacheprovider", "--maxfail=0"),
            *("-qq", "--tb=no", "-r", "N"),  # what it prints is read only where it fails
            *(
                f"--reports={folder}/{_REPORTS}",
                "--bundle",
                f"--releases={releases}",
                f"--inventory={inventory}",
            ),
            *(f"--{name}=" for name in _UNSET),
            f"@{folder / _HOSTS}",
            *_selected(known),
        ]
        began = str(run_files.began(known.audit.run.id))
        done = subprocess.run(
            command,
            env={**_environment(), FOLDER: str(folder), BEGAN: began},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        made = folder / _REPORTS / f"{run_files.LATEST}.zip"
        if not made.exists():
            raise _failure(done.returncode, done.stdout.decode("utf-8", "replace"))
        return layout.read(made)[0]


def _project(folder: Path, known: Documents) -> list[str]:
    """Return options that select the project in the current directory, and nothing around it."""
    if known.is_of_shipped:
        return [f"--config-file={shipped.SETTINGS}"]
    here = Path.cwd()
    empty = folder / ".pytest.ini"
    empty.write_text("[pytest]\n")
    return [
        f"--config-file={pytest_settings.find(here) or empty}",
        f"--rootdir={here}",
        f"--confcutdir={here}",
    ]


def _environment() -> dict[str, str]:
    """Return the environment without variables that change Python, pytest or hullcheck; xdist's workers inherit it."""
    ours = ("HULLCHECK_", "PYTEST_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "PYTHONSAFEPATH": "1"
    }


@contextmanager
def _unpacked(files: Mapping[str, bytes], known: Documents) -> Iterator[Path]:
    """Unpack the recordings and the inventory into a folder; their names were checked before."""
    with TemporaryDirectory(prefix="hullcheck-") as name:
        folder = Path(name)
        there = layout.recordings(files)
        named = files.keys() & {run_files.RELEASES}
        for file in (*there.values(), *layout.inventory(files), *named):
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[file])
        hosts = {target: f"recorded://{folder / there[target]}" for target in known.results["targets"]}
        # it may be too long for a command line
        (folder / _HOSTS).write_text(f"--hosts={','.join(hosts.values())}\n")
        if not known.manifest["inventory"]:
            targets = {target: {"connect": connect} for target, connect in hosts.items()}
            (folder / NO_INVENTORY).write_text(json.dumps({"targets": targets}))
        if known.partial:
            judged = [f"{each['control']}[{each['target']}]" for each in known.results["results"]]
            (folder / ONLY).write_text(json.dumps(judged))
        yield folder


def _refuse_other_files(inventory: Path, files: Mapping[str, bytes]) -> None:
    """Raise ReplayError if the inventory names a file that is not in the bundle: a device would never end."""
    try:
        content = yamlfile.load(inventory).data
    except yamlfile.YamlError:
        return  # pytest says so
    for name in acceptance_files.named(content if isinstance(content, dict) else {}):
        if f"{run_files.INVENTORY}/{posixpath.normpath(name)}" not in files:
            raise ReplayError(f"{inventory.name}: names {name}, which is not in the bundle")


def _selected(known: Documents) -> list[str]:
    """Return the selection as options; paths have to be of this project."""
    said = known.manifest["selection"]
    # in one word with its option: pytest reads more options from a file where one alone begins with an @
    options = [f"-m={said['markers']}", f"-k={said['keywords']}"]
    options += [f"--deselect={each}" for each in said["deselected"]]
    options += [f"--ignore={each}" for each in said["ignored"]]
    options += [f"--ignore-glob={each}" for each in said["ignored_patterns"]]
    options += ["--runxfail"] * said.get("runxfail", False)
    limits = {"container": "containers", "label": "label", "image": "images"}
    options += [f"--{name}={','.join(said.get(kind, ()))}" for kind, name in limits.items()]
    options.append(f"--max-age={said.get('max_age', '')}")
    if known.is_of_shipped:
        return [*options, *shipped.named()]
    return [*options, "--", *map(_of_this_project, said["paths"])]


def _of_this_project(argument: str) -> str:
    path = Path(argument.partition("::")[0])
    if path.is_absolute() or ".." in path.parts:
        raise ReplayError(f"the run selected {argument}, which leads out of the project")
    place.require_no_bundle(Path.cwd() / path)
    if not (Path.cwd() / path).exists():
        raise WrongUse(f"the run selected {argument}, which is not here; {place.ADVICE}")
    return argument


def _failure(status: int, output: str) -> Exception:
    lines = [line for line in printable(output).splitlines() if line.strip()]
    if status in _NOT_HERE:
        said = next((line for line in lines if line.startswith(("ERROR", "E "))), "")
        return WrongUse(
            f"pytest found no control here that the run selected; {place.ADVICE}" + f" ({said})" * bool(said)
        )
    said = "\n    ".join(lines[-_LINES:])
    return ReplayError(f"pytest ended with status {status} and judged nothing; {place.ADVICE}:\n    {said}")
