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

from hullcheck import bundle, yamlfile
from hullcheck.acceptance import files as acceptance_files
from hullcheck.text import printable
from hullcheck.verify import layout
from hullcheck.verify.documents import Documents

FOLDER = "HULLCHECK_REPLAY"
"""The variable that tells the run where the recordings are."""
ONLY = "only.json"
"""The file with what is judged, where that is not all that is selected."""
_HOSTS = "hosts"
_NO_HOST = "hullcheck.verify.replaying"
_ELSEWHERE = (4, 5)  # exit status of pytest: wrong use, or nothing selected
_LINES = 6


class ReplayError(Exception):
    """The recordings could not be judged again; the message says why."""


def replay(files: Mapping[str, bytes], known: Documents) -> dict[str, bytes]:
    """Judge what *files* record, selected and with the inventory as *known* says; the files of the bundle of that.

    Raises:
        ReplayError: that cannot be done, here or at all.
    """
    _refuse_bundle(Path.cwd())
    with _unpacked(files, known) as folder:
        _refuse_other_files(_inventory(folder, known), files)
        command = [
            *(sys.executable, "-m", "pytest", "-p", _NO_HOST, "-p", "no:cacheprovider", "--maxfail=0"),
            *("-qq", "--tb=no", "-r", "N"),  # what it prints is read only where it fails
            *(
                f"--reports={folder}/reports",
                "--bundle",
                "--sign=",
                "--profile=",
                f"--inventory={_inventory(folder, known)}",
            ),
            f"@{folder / _HOSTS}",
            *_selected(known),
        ]
        environment = {name: value for name, value in os.environ.items() if not _ours(name)}
        done = subprocess.run(
            command,
            env={**environment, FOLDER: str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        made = folder / "reports/latest.zip"
        if not made.exists():
            raise ReplayError(_why(done.returncode, done.stdout.decode("utf-8", "replace")))
        return layout.read(made)[0]


def _ours(name: str) -> bool:
    """Whether a variable would change what a run of pytest does."""
    return name.startswith(("HULLCHECK_", "PYTEST_"))


@contextmanager
def _unpacked(files: Mapping[str, bytes], known: Documents) -> Iterator[Path]:
    """A folder with the recordings and the inventory, whose names were found to be safe."""
    with TemporaryDirectory(prefix="hullcheck-") as name:
        folder = Path(name)
        there = layout.recordings(files)
        for file in (*there.values(), *layout.inventory(files)):
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[file])
        hosts = {target: f"recorded://{folder / there[target]}" for target in known.results["targets"]}
        (folder / _HOSTS).write_text(
            f"--hosts={','.join(hosts.values())}\n"
        )  # it may be too long for a command line
        if not known.manifest["inventory"]:
            targets = {target: {"connect": connect} for target, connect in hosts.items()}
            (folder / "none.yml").write_text(json.dumps({"targets": targets}))
        if known.partial:
            judged = [f"{each['control']}[{each['target']}]" for each in known.results["results"]]
            (folder / ONLY).write_text(json.dumps(judged))
        yield folder


def _inventory(folder: Path, known: Documents) -> Path:
    """Where there was none, one that says nothing: that of the project must not count."""
    return folder / (known.manifest["inventory"] or "none.yml")


def _refuse_other_files(inventory: Path, files: Mapping[str, bytes]) -> None:
    """What the inventory names has to be in the bundle, for it is read: a device would never end."""
    try:
        content = yamlfile.load(inventory).data
    except yamlfile.YamlError:
        return  # pytest says so
    for name in acceptance_files.named(content if isinstance(content, dict) else {}):
        if f"{bundle.INVENTORY}/{posixpath.normpath(name)}" not in files:
            raise ReplayError(f"{inventory.name}: names {name}, which is not in the bundle")


def _selected(known: Documents) -> list[str]:
    """The selection as options; what it names is of this project, or is refused."""
    said = known.manifest["selection"]
    # in one word with its option: pytest reads more options from a file where one alone begins with an @
    options = [f"-m={said['markers']}", f"-k={said['keywords']}"]
    options += [f"--deselect={each}" for each in said["deselected"]]
    options += [f"--ignore={each}" for each in said["ignored"]]
    options += [f"--ignore-glob={each}" for each in said["ignored_patterns"]]
    options += ["--runxfail"] * said.get("runxfail", False)
    return [*options, "--", *map(_of_this_project, said["paths"])]


def _of_this_project(argument: str) -> str:
    path = Path(argument.partition("::")[0])
    here = Path.cwd()
    inside = not path.is_absolute() and ".." not in path.parts and (here / path).exists()
    if not inside:
        raise ReplayError(f"the run selected {argument}, which is not here; verify where the controls are")
    _refuse_bundle(here / path)
    return argument


def _refuse_bundle(path: Path) -> None:
    """What lies in an unpacked bundle is not of this project, and pytest would run it."""
    around = next((each for each in (path, *path.parents) if bundle.is_bundle(each)), None)
    if around is not None:
        raise ReplayError(f"nothing in {around} is run, for it is a bundle; verify where the controls are")


def _why(status: int, output: str) -> str:
    lines = [line for line in printable(output).splitlines() if line.strip()][-_LINES:]
    said = "\n    ".join(lines)
    hint = "; verify in the directory of the project whose controls were run" if status in _ELSEWHERE else ""
    return f"pytest ended with status {status} and judged nothing{hint}:\n    {said}"
