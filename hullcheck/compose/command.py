"""Run `docker compose config` on this machine."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from hullcheck import bounded, inputs, secrets
from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.recording import RecordingError

_SECONDS, _MEMORY = 60, 2 << 30  # programs in Go reserve more addresses than they use
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSION = regex(r"v?([2-9]|[1-9][0-9]+)\.[0-9]+\.[0-9]+\S*")
_UNSET = regex(r'The \\?"([A-Za-z_][A-Za-z0-9_]*)\\?" variable is not set')
_QUOTED = regex(
    r"""(?<=Additional property ).+(?= is not allowed)|(?<=missing a value: ).+"""
    r"""|"(?:\\.|[^"\\])*"?|(?<!\w)'[^']*'?|`[^`]*`?"""
)
_LOCAL_ALONE = dict.fromkeys(("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE"), "false")
"""Files that include others from a registry or repository would have them fetched."""


class ComposeError(RecordingError):
    """A Compose file cannot be judged. The message is one line, with file and line."""


class Merged(Struct, frozen=True):
    """The answer of docker compose."""

    data: Mapping[str, Any]  # the configuration with the values of all variables
    missing: frozenset[str] = frozenset()  # the variables that have no value


def environment(query: str) -> dict[str, str]:
    """Return HOME and the variables in *query*, as `env=TAG&env=PORT`, but no others, which the file could leak."""
    named = ["HOME"]
    for key, name in parse_qsl(query, keep_blank_values=True):
        if key != "env" or not _NAME.fullmatch(name):
            raise ComposeError(f"{key}={name}: behind the `?` write variables for the file: env=NAME&env=NAME")
        named.append(name)
    return {name: os.environ[name] for name in named if name in os.environ}


_PLUGINS = tuple(Path(f"/usr/{each}/docker/cli-plugins") for each in ("local/lib", "local/libexec", "lib", "libexec"))
"""Where the docker command of the system looks for its plugins, after the folder of the user."""


@cache
def available(path: str) -> tuple[tuple[str, ...], str] | None:
    """Return the command, and its name with the version; None without version 2 or later on *path*."""
    for name, *more in (("docker", "compose"), ("docker-compose",)):
        program = shutil.which(name, path=path)
        if program is None:
            continue
        words = _plugin(program) if more else (program,)
        try:
            ended = _run((*words, "version", "--short"), Path("/"), environment(""))
        except bounded.BoundedError:
            continue
        version = ended.output.decode(errors="replace").strip()
        if ended.status == 0 and _VERSION.fullmatch(version):
            return words, " ".join((name, *more, version))
    return None


def _plugin(docker: str) -> tuple[str, ...]:
    """Return the command that `docker compose` runs: by itself it takes half the time."""
    of_user = Path.home() / ".docker/cli-plugins/docker-compose"
    found = [each / "docker-compose" for each in _PLUGINS if os.access(each / "docker-compose", os.X_OK)]
    is_of_system = os.path.dirname(docker) in ("/usr/bin", "/usr/local/bin") and not of_user.exists()
    return (str(found[0]),) if found and is_of_system else (docker, "compose")


def _run(words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> bounded.Ended:
    environment = {**variables, **_LOCAL_ALONE}
    return bounded.run(words, seconds=_SECONDS, memory=_MEMORY, folder=folder, environment=environment)


def merged(words: Sequence[str], files: Sequence[Path], variables: Mapping[str, str]) -> Merged:
    """Return the configuration of *files* with these variables only, and all profiles, or raise ComposeError."""
    named = [word for each in files for word in ("--file", str(each.resolve()))]
    asked = (*words, *named, "--profile", "*", "config", "--format", "json")
    try:
        ended = _run(asked, files[0].parent, variables)
    except bounded.BoundedError as error:
        raise ComposeError(f"`docker compose config` {error}") from None
    if ended.status:
        lines = [each for each in ended.errors.splitlines() if each.strip() and "level=warning" not in each]
        said = " ".join(" ".join(lines).split()) or f"exit status {ended.status}"
        raise ComposeError(printable(secrets.hidden(_without_other_files(said, files))))
    try:
        data = msgspec.convert(inputs.decode(ended.output), type=dict[str, Any])
    except (ValueError, RecursionError):
        raise ComposeError("`docker compose config` printed no configuration") from None
    return Merged(_without_escapes(data), frozenset(_UNSET.findall(ended.errors)))


def _without_other_files(said: str, files: Sequence[Path]) -> str:
    """Return *said* without quotes from other files, which the command reads by `include`, `extends` or `env_file`."""
    texts = [each.read_text(encoding="utf-8", errors="replace") for each in files]

    def shown(quoted: re.Match[str]) -> str:
        words = quoted[0].strip("\"'`")
        return quoted[0] if any(words in each for each in texts) else "(of another file)"

    return _QUOTED.sub(shown, said)


def _without_escapes(value: Any) -> Any:
    """Return *value* with `$` for `$$`: the command writes what Compose can read again."""
    if isinstance(value, dict):
        return {key: _without_escapes(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_escapes(each) for each in value]
    return value.replace("$$", "$") if isinstance(value, str) else value
