"""Read Compose files on the auditor's machine, by `docker compose config`.

The command gets only variables of the environment that are named. What is kept has no value of a service's
variables, and no other secret.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hullcheck.compose import command
from hullcheck.compose.command import ComposeError
from hullcheck.compose.source import File, place, read
from hullcheck.compose.translate import Model
from hullcheck.facts.containers.compose import COMPOSE_FILE, ComposeFile
from hullcheck.lazy import regex
from hullcheck.recording import Recording
from hullcheck.recording.backends import COMPOSE
from hullcheck.recording.probe import Answer
from hullcheck.secrets.known import without_known

__all__ = ["ComposeError", "files_of", "recorded"]

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The files that `docker compose` looks for, in order."""
_SERVICE = regex(r"""\b(?:services\.|service ")([\w.-]+?)(?:\.([a-z_]+))?(?=[\s:.\["]|$)""")


def files_of(written: str) -> tuple[list[Path], str]:
    """Return the files in *written*, with overrides, and what stands behind a `?`; raise ComposeError for none.

    Args:
        written: a file or a folder, whatever its name; or several with `+`, and variables as `?env=TAG`.
    """
    path, query = Path(written).expanduser(), ""
    if not os.path.lexists(path):
        written, _, query = written.partition("?")
        path = Path(written).expanduser()
    if path.is_dir():
        found = [path / each for each in NAMES if (path / each).is_file()]
        if not found:
            raise ComposeError(f"{written}: no Compose file is in this folder ({', '.join(NAMES)})")
        return [found[0], *_override(found[0])], query
    if "+" in written and not path.exists():
        named = [Path(each).expanduser() for each in written.split("+") if each]
    else:
        named = [path, *(_override(path) if path.name in NAMES else [])]
    for each in named:
        if not each.exists():
            raise ComposeError(f"{each}: there is no such file")
    return named, query


def _override(file: Path) -> list[Path]:
    stem = file.stem.removesuffix(".override")
    overrides = (file.with_name(f"{stem}.override{suffix}") for suffix in (".yaml", ".yml"))
    return [each for each in overrides if each.is_file()][:1]


def recorded(target: str, written: Path | str) -> Recording:
    """Return a recording of the files in *written*, as `files_of` takes them, or raise ComposeError."""
    paths, query = files_of(str(written))
    environment, folder = command.environment(query), paths[0].parent
    project = read(paths)
    files = project.files
    found = command.available(os.environ.get("PATH", ""))
    if found is None:
        raise ComposeError(
            "Compose files need docker compose 2 or later on this machine: install docker-compose-plugin (packages of"
            " Docker) or docker-compose (Debian)"
        )
    words, reader = found
    try:
        model = Model(command.merged(words, paths, environment), files, folder)
    except ComposeError as error:
        raise ComposeError(_placed(str(error), files)) from None
    for name in (each for file in files for each in file.services):
        if name not in model.top("services"):  # older versions do so with services of a profile
            raise ComposeError(f"{place(files, name)}: docker compose left out the service {name}; update it")
    document = ComposeFile(
        files=[each.shown for each in files[: len(paths)]],
        digests=project.digests(),
        reader=reader,
        services=model.services(),
        networks=model.networks(),
        volumes=model.volumes(),
    )
    text = without_known(msgspec.json.encode(document).decode())
    answer = Answer(COMPOSE_FILE.name, 0, text, "")
    shown = " ".join(f"--file {each.shown}" for each in files[: len(paths)])
    commands = {COMPOSE_FILE.name: f"docker compose {shown} --profile '*' config --format json"}
    return Recording(target, COMPOSE, {answer.name: answer}, commands, gathered=time.time())


def _placed(said: str, files: Sequence[File]) -> str:
    """Return the message of docker compose after file and line of its service."""
    match = _SERVICE.search(said)
    return f"{place(files, match[1], match[2] or '') if match else files[0].shown}: {said}"
