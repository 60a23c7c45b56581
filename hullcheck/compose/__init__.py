"""Reads Compose files on the auditor's machine: what will be started, before there is a host to ask.

`docker compose config` merges them where it is installed. Where it is not, a single file that needs no merging is read
here (`alone`), and any other is refused. Neither gets a variable of the environment that nobody named. What is kept has
no value that a service is given as a variable, and no other secret.
"""

import json
import os
import re
import time
from pathlib import Path

from hullcheck.compose import alone, command, variables
from hullcheck.compose.places import Written
from hullcheck.compose.translate import Model
from hullcheck.compose.written import ComposeError, File, load
from hullcheck.facts.compose.document import COMPOSE_FILE
from hullcheck.recording import Recording
from hullcheck.recording.backends import COMPOSE
from hullcheck.recording.probe import Answer
from hullcheck.secrets.known import without_known

__all__ = ["ComposeError", "files_of", "recorded"]

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The files that `docker compose` looks for, in this order."""
_SERVICE = re.compile(r"\bservices\.([\w.-]+?)(?:\.([a-z_]+))?(?=[\s:.\[]|$)")


def files_of(written: str) -> list[Path]:
    """The files that *written* means, in the order in which one is laid over another.

    A file, and the override beside it that `docker compose` takes by itself; a folder with such files; or several files
    with `+` between them, and then no other.

    Raises:
        ComposeError: there is none.
    """
    path = Path(written).expanduser()
    if path.is_dir():
        found = [path / each for each in NAMES if (path / each).is_file()]
        if not found:
            raise ComposeError(f"{written}: no Compose file is in this folder ({', '.join(NAMES)})")
        return [found[0], *_override(found[0])]
    if "+" in written and not path.exists():
        named = [Path(each).expanduser() for each in written.split("+") if each]
    else:
        named = [path, *(_override(path) if path.name in NAMES else [])]
    for each in named:
        if not each.is_file():
            raise ComposeError(f"{each}: there is no such file")
    return named


def _override(file: Path) -> list[Path]:
    stem = file.stem.removesuffix(".override")
    for suffix in (".yaml", ".yml"):
        override = file.with_name(f"{stem}.override{suffix}")
        if override.is_file():
            return [override]
    return []


def recorded(target: str, written: Path | str) -> Recording:
    """A recording of what the files of *written* ask for.

    Args:
        written: as `files_of` takes it, and behind a `?` the variables of the environment that count: `env=TAG`.

    Raises:
        ComposeError: they are wrong, or not understood; the message names file and line.
    """
    model, reader, words = _model(str(written))
    document = {
        "files": [each.shown for each in model.written.files],
        "reader": reader,
        "services": model.services(),
        "networks": model.networks(),
    }
    text = without_known(json.dumps(document, sort_keys=True, separators=(",", ":")))
    answer = Answer(COMPOSE_FILE.name, 0, text, "")
    commands = {COMPOSE_FILE.name: words}
    return Recording(target, COMPOSE, {answer.name: answer}, commands, gathered=time.time())


def _model(written: str) -> tuple[Model, str, str]:
    named, _, query = written.partition("?")
    paths, environment = files_of(named), variables.of_environment(query)
    folder = paths[0].parent
    files = [load(each, _shown(each, folder)) for each in paths]
    opened: dict[Path, File] = {each.path.resolve(): each for each in files}

    def opener(path: Path) -> File:
        key = path.resolve()
        if key not in opened:
            opened[key] = load(path, _shown(path, folder))
        return opened[key]

    places = Written(files, opener)
    found = command.available(os.environ.get("PATH", ""))
    if found is None:
        if len(files) > 1:
            raise ComposeError(
                f"{files[1].shown}:1: is laid over {files[0].shown}, which only docker compose can do; install it"
            )
        data, missing = alone.merged(files[0], environment)
        return Model(data, missing, places, folder), "hullcheck", f"(read by hullcheck) {files[0].shown}"
    words, version = found
    try:
        data, missing = command.merged(words, paths, folder, environment)
    except ComposeError as error:
        raise ComposeError(_placed(str(error), places)) from None
    _require_all(data, files)
    shown = " ".join(f"--file {each.shown}" for each in files)
    shown = f"{' '.join(words)} {shown} --profile '*' config --format json"
    return Model(data, missing, places, folder), f"{' '.join(words)} {version}", shown


def _require_all(data: object, files: list[File]) -> None:
    """See that no service was left out, as of a profile by an older version."""
    there = data.get("services") if isinstance(data, dict) else None
    for file in files if not any(each.tagged for each in files) else ():
        for name in file.data.get("services") or {}:
            if name not in (there or {}):
                place = file.place(("services", name))
                raise ComposeError(f"{place}: docker compose left out the service {name}; update it")


def _placed(said: str, places: Written) -> str:
    """What docker compose said, behind the place of the service that it names."""
    match = _SERVICE.search(said)
    way = [each for each in (match[2],) if each] if match else []
    place = places.place(match[1], *way) if match else f"{places.files[0].shown}:1"
    return f"{place}: {said}"


def _shown(path: Path, folder: Path) -> str:
    """The path of a file as messages and findings have it: from here, or else from the folder of the project."""
    for start in (Path.cwd(), folder):
        shown = os.path.relpath(path, start)
        if not shown.startswith(".."):
            return shown
    return os.path.relpath(path, folder)
