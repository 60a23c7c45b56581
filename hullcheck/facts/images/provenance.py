"""The secrets in what BuildKit attests of a build: SLSA provenance, which it stores beside the image.

With `--provenance=mode=max` that holds the build file, the build arguments and every command, also of stages of which
nothing else is left in the image (https://docs.docker.com/build/metadata/attestations/slsa-provenance/).
"""

import base64
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from hullcheck import secrets

_CONTINUED = re.compile(r"\\[ \t]*\r?\n")


def is_provenance(predicate_type: object) -> bool:
    """Whether an in-toto statement of this type tells how something was built."""
    return str(predicate_type).startswith("https://slsa.dev/provenance/")


def secrets_in(statement: Mapping[str, Any]) -> list[str]:
    """The secrets that a statement holds, in words and without them, with where each is.

    Where a part of it is differs by version, but each looks the same in all of them.
    """
    found = dict[str, None]()
    waiting = deque([statement.get("predicate")])
    while waiting:
        value = waiting.popleft()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            found |= dict.fromkeys(f"provenance: {each}" for each in _in_object(value))
            waiting.extend(value.values())
    return list(found)


def _in_object(document: Mapping[str, Any]) -> Iterator[str]:
    arguments, variables, text = (document.get(name) for name in ("args", "env", "data"))
    if isinstance(arguments, dict):
        given = ((name.removeprefix("build-arg:"), str(value)) for name, value in arguments.items())
        yield from secrets.in_settings("build argument", given)
    elif isinstance(arguments, list):
        yield from secrets.in_commands({"command": arguments})
    if isinstance(variables, list):
        settings = (str(each).partition("=")[::2] for each in variables)
        yield from secrets.in_settings("variable", settings)
    if isinstance(text, str):
        for line in _CONTINUED.sub(" ", _decoded(text)).splitlines():
            yield from (f"{kind} in the build file" for kind in secrets.kinds(line))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode(errors="replace")
    except ValueError:
        return text
