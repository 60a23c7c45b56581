"""Asks `docker compose config` on this machine for the merged configuration, if the command is here."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hullcheck import inputs, secrets
from hullcheck.compose import variables
from hullcheck.compose.written import ComposeError

_SECONDS = 60
_VERSION = re.compile(r"v?([2-9]|[1-9][0-9]+)\.[0-9]+\.[0-9]+\S*")
_UNSET = re.compile(r'The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set')
_QUOTED = re.compile(
    r"""(?<=Additional property ).+(?= is not allowed)|(?<=missing a value: ).+"""
    r"""|"(?:\\.|[^"\\])*"?|(?<!\w)'[^']*'?|`[^`]*`?"""
)
_LOCAL_ALONE = dict.fromkeys(("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE"), "false")
"""Files that include others from a registry or repository would have them fetched."""


@cache
def available(path: str) -> tuple[tuple[str, ...], str] | None:
    """The words of the command and its version; None where there is none of version 2 or newer on *path*."""
    for words in (("docker", "compose"), ("docker-compose",)):
        program = shutil.which(words[0], path=path)
        if program is None:
            continue
        try:
            done = _run((*words, "version", "--short"), Path("/"), variables.of_environment(""))
        except (OSError, subprocess.SubprocessError):
            continue
        version = done.stdout.decode(errors="replace").strip()
        if done.returncode == 0 and _VERSION.fullmatch(version):
            return words, version
    return None


def _run(
    words: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        words,
        executable=shutil.which(words[0]),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        env={**environment, **_LOCAL_ALONE},
        check=False,
    )


def merged(
    words: Sequence[str], files: Sequence[Path], folder: Path, environment: Mapping[str, str]
) -> tuple[Any, frozenset[str]]:
    """What the command makes of *files*, services of all profiles included, and the variables without a value.

    Args:
        environment: all that the command gets of it, for the files can ask for its values.

    Raises:
        ComposeError: it refuses them; the message is its own.
    """
    named = [word for each in files for word in ("--file", str(each.resolve()))]
    command = (*words, *named, "--profile", "*", "config", "--format", "json")
    try:
        done = _run(command, folder, environment)
    except (OSError, subprocess.SubprocessError) as error:
        raise ComposeError(f"`{' '.join(words)} config` did not answer: {type(error).__name__}") from None
    said = done.stderr.decode(errors="replace")
    if done.returncode:
        lines = [each for each in said.splitlines() if each.strip() and "level=warning" not in each]
        if not lines:
            raise ComposeError(f"exit status {done.returncode}")
        raise ComposeError(secrets.hidden(_without_other_files(" ".join(lines[-1].split()), files)))
    try:
        document = inputs.decode(done.stdout)
    except ValueError:
        raise ComposeError(f"`{' '.join(words)} config` printed no JSON") from None
    if not isinstance(document, dict):
        raise ComposeError(f"`{' '.join(words)} config` printed no configuration")
    return _without_escapes(document), frozenset(_UNSET.findall(said))


def _without_other_files(said: str, files: Sequence[Path]) -> str:
    """What the command *said*, without what it quotes of other files than *files*.

    It reads each file that these name with `include`, `extends` or `env_file`: /etc/shadow, too, where root asks it.
    """
    texts = [each.read_text(encoding="utf-8", errors="replace") for each in files]

    def shown(quoted: re.Match[str]) -> str:
        words = quoted[0].strip("\"'`")
        return quoted[0] if any(words in each for each in texts) else "(of another file)"

    return _QUOTED.sub(shown, said)


def _without_escapes(value: Any) -> Any:
    """*value* with `$` for `$$`: the command writes what Compose can read again."""
    if isinstance(value, dict):
        return {key: _without_escapes(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_escapes(each) for each in value]
    return value.replace("$$", "$") if isinstance(value, str) else value
