"""Variables in a Compose file, and the `.env` file that gives them values.

By https://docs.docker.com/reference/compose-file/interpolation/ and, of the file,
https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/ (Docker's documentation).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from hullcheck import inputs
from hullcheck.compose.written import ComposeError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*", re.ASCII)
_COMMENT = re.compile(r"\s+#.*")
DEPTH = 20  # of defaults within defaults


def of_files(*paths: Path) -> dict[str, str]:
    """The variables that these files set, the last one winning, read as far as no shell is needed for it.

    Raises:
        ComposeError: a file cannot be read, or a line of it is not understood.
    """
    found = dict[str, str]()
    for path in paths:
        try:
            text = inputs.read(path, inputs.MIB).decode("utf-8-sig")
        except OSError as error:
            raise ComposeError(f"{path}:1: cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise ComposeError(f"{path}:1: not UTF-8") from None
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                found.update([_setting(line, f"{path.name}:{number}")])
    return found


def _setting(line: str, place: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if not match:
        raise ComposeError(f"{place}: is not NAME=VALUE; install docker compose to have it read")
    name, value = match.groups()
    quote = value[:1] if value[:1] in "'\"" else ""
    if quote:
        end = value.find(quote, 1)
        rest = value[end + 1 :]
        if end < 0 or "\\" in value or (rest and not _COMMENT.fullmatch(rest)):
            raise ComposeError(f"{place}: its quotes are not understood; install docker compose")
        value = value[1:end]
    else:
        value = _COMMENT.sub("", value)
    if "$" in value and quote != "'":
        raise ComposeError(f"{place}: a variable in a value is not understood; install docker compose")
    return name, value


def of_environment(query: str) -> dict[str, str]:
    """The variables that *query* names, as `env=TAG&env=PORT`, where they are set, and HOME, for which `~` stands too.

    No other: the file may be a stranger's, and what it asks for stands in reports.

    Raises:
        ComposeError: it says anything else.
    """
    named = ["HOME"]
    for key, name in parse_qsl(query, keep_blank_values=True):
        if key != "env" or not _NAME.fullmatch(name):
            raise ComposeError(
                f"{key}={name}: behind the `?` write variables for the file: env=NAME&env=NAME"
            )
        named.append(name)
    return {name: os.environ[name] for name in named if name in os.environ}


def known(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What variables are set to for files in *folder*: by its `.env`, and before that by the *environment*.

    Raises:
        ComposeError: the file is not understood.
    """
    file = folder / ".env"
    return {**(of_files(file) if file.exists() else {}), **environment}


def substituted(text: str, values: Mapping[str, str], depth: int = 0) -> tuple[str, frozenset[str]]:
    """*text* with the values of its variables, and the names of those that have none.

    Raises:
        ValueError: it is not written as Compose wants it, or a variable without a value is required.
    """
    if depth > DEPTH:
        raise ValueError("variables within variables without end")
    result, unset, place = list[str](), set[str](), 0
    while (start := text.find("$", place)) >= 0:
        result.append(text[place:start])
        following = text[start + 1 : start + 2]
        if following == "$":
            result.append("$")
            place = start + 2
            continue
        if following == "{":
            end = _end(text, start + 2)
            value, missing = _braced(text[start + 2 : end], values, depth)
            place = end + 1
        else:
            match = _NAME.match(text, start + 1)
            if not match:  # docker compose leaves it as it is
                result.append("$")
                place = start + 1
                continue
            value, missing = _value(match[0], values)
            place = match.end()
        result.append(value)
        unset |= missing
    return "".join((*result, text[place:])), frozenset(unset)


def names_in(text: str) -> frozenset[str]:
    """The names of all variables in *text*, roughly: what follows `$` or `${`."""
    plain = text.replace("$$", "")
    return frozenset(re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", plain))


def _end(text: str, place: int) -> int:
    depth = 1
    while place < len(text):
        if text.startswith("${", place):
            depth += 1
            place += 1
        elif text[place] == "}":
            depth -= 1
            if not depth:
                return place
        place += 1
    raise ValueError("'${' without its '}'")


def _value(name: str, values: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    return (values[name], frozenset()) if name in values else ("", frozenset((name,)))


def _braced(inner: str, values: Mapping[str, str], depth: int) -> tuple[str, frozenset[str]]:
    match = _NAME.match(inner)
    if not match:
        raise ValueError("'${' without the name of a variable")
    name, rest = match[0], inner[match.end() :]
    if not rest:
        return _value(name, values)
    operator = _OPERATOR.match(rest)
    if not operator:
        raise ValueError(f"${{{name}...}} is not written as Compose wants it")
    other = rest[operator.end() :]
    there = name in values and bool(values[name] or not operator[0].startswith(":"))
    if operator[0].endswith("+"):
        return substituted(other, values, depth + 1) if there else ("", frozenset())
    if there:
        return values[name], frozenset()
    if operator[0].endswith("?"):
        raise ValueError(f"the variable {name} is required and has no value")
    return substituted(other, values, depth + 1)
