"""Which timers and crontabs run docker-bench-security: not all that name it do."""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.looks import started
from hullcheck.parsing.shell.script import read_script
from hullcheck.verdicts import EvidenceError

_TOOL = re.compile(r"docker-bench-security(\.sh)?")
_IMAGE = re.compile(r"(.*/)?docker-bench-security(:[\w.-]+|@sha256:.*)?")
_ENGINES = ("docker", "podman", "nerdctl", "docker-compose")
_STARTS = ("run", "start", "exec", "up")
_WRAPPERS = frozenset(
    (*SHELLS, "timeout", "flock", "ionice", "chronic", "systemd-cat", "systemd-inhibit", "cronic")
)
_HELP = frozenset(("-h", "--help"))
_SCHEDULE = re.compile(r"\s*(?:@[a-z]+|(?:[\w*/,~-]+\s+){4}[\w*/,~-]+)\s+")
_ONCE = re.compile(
    r"\s*(?:@(?:reboot|yearly|annually)\b|(?:[\w*/,~-]+\s+){3}\w+\s+[\w*/,~-]+\s)"
)  # in one month
_ANACRON = re.compile(r"\s*(?:\d+|@\w+)\s+\d+\s+\S+\s+")
_WITH_USER = ("/etc/crontab", "/etc/cron.d/")
_EXECUTED = re.compile(r"path=(.*?) ; argv\[\]=(.*?) ;")


def jobs(timers: str, crontabs: str, programs: str) -> Iterator[dict[str, Any]]:
    """The timers and crontabs that run it.

    Args:
        timers: what systemd says of timers and the services that these start.
        crontabs: `line:FILE:TEXT` for each line, `script:FILE` for each script that cron starts.
        programs: after `program:FILE` the lines of each script that has the name of the tool in it.
    """
    running = _running(programs)

    def runs(command: str) -> bool:
        return _runs(command, lambda path: path in running)

    yield from _timers(timers, runs)
    lines = [line.removeprefix("line:") for line in crontabs.split("\n") if line.startswith("line:")]
    files = [
        file for file, _, text in (each.partition(":") for each in lines) if _line_runs(file, text, runs)
    ]
    scripts = [line.removeprefix("script:") for line in crontabs.split("\n") if line.startswith("script:")]
    for file in dict.fromkeys((*files, *(each for each in scripts if each in running))):
        yield {"Kind": "crontab", "Name": file}


def _running(programs: str) -> frozenset[str]:
    """The scripts that run the tool."""
    texts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in programs.split("\n"):
        if line.startswith("program:"):
            current = texts.setdefault(line.removeprefix("program:"), [])
        elif line.startswith(":"):
            current.append(line[1:])
    return frozenset(path for path, lines in texts.items() if _runs("\n".join(lines), lambda path: False))


def _runs(command: str, is_script: Callable[[str], bool]) -> bool:
    """Whether a command runs the tool, by itself, by a wrapper, as a container, or by a script that does."""
    try:
        calls = read_script(command).calls
    except EvidenceError:
        return False
    for call in calls:
        if call.words[:1] == ("exit",) and not call.guards:
            return False
        if _call_runs(started((call.path or call.words[0], *call.words[1:])), is_script):
            return True
    return False


def _call_runs(words: list[str], is_script: Callable[[str], bool]) -> bool:
    name = posixpath.basename(words[0]) if words else ""
    if name in _ENGINES:
        starts = any(word in _STARTS for word in words[1:])
        return starts and any(_IMAGE.fullmatch(word) for word in words[2:])
    candidates = words if name in _WRAPPERS else words[:1]
    for place, word in enumerate(candidates):
        if _TOOL.fullmatch(posixpath.basename(word)):
            return not _HELP & set(words[place + 1 :])
        if is_script(word):
            return True
    return False


def _timers(text: str, runs: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    units = [[line.partition("=")[::2] for line in block.split("\n")] for block in text.split("\n\n")]
    services = {
        dict(each).get("Id", ""): [text for key, text in each if key == "ExecStart"] for each in units
    }
    for each in map(dict, units):
        commands = services.get(each.get("Unit", ""), [])
        if any(runs(_command(text)) for text in commands):
            state = {"Active": each.get("ActiveState"), "Enabled": each.get("UnitFileState")}
            if each.get("SubState") == "elapsed":  # and it does not fire again
                state["Active"] = "elapsed"
            yield {"Kind": "timer", "Name": each.get("Id", "")} | state


def _command(executed: str) -> str:
    """The command of a service, as systemd shows it."""
    match = _EXECUTED.search(executed)
    return f"{match[1]} {match[2].partition(' ')[2]}" if match else executed


def _line_runs(file: str, text: str, runs: Callable[[str], bool]) -> bool:
    is_anacron = file.endswith("anacrontab")
    if not is_anacron and _ONCE.match(text):
        return False
    match = (_ANACRON if is_anacron else _SCHEDULE).match(text)
    command = text[match.end() :] if match else ""
    if _has_user(file):
        command = re.sub(r"^\S+\s*", "", command)
    if (
        not is_anacron and "/etc/crontabs/" not in file
    ):  # other than busybox cron ends a command at a percent sign
        command = re.split(r"(?<!\\)%", command, maxsplit=1)[0].replace("\\%", "%")
    return runs(command)


def _has_user(file: str) -> bool:
    """Whether the lines of a crontab name a user."""
    return file == _WITH_USER[0] or _WITH_USER[1] in file
