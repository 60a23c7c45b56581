"""Which timers and crontabs run docker-bench-security: not all that name it do."""

import posixpath
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.looks import started
from hullcheck.parsing.shell.script import read_script
from hullcheck.parsing.systemctl import at_boot
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
_SETS = re.compile(r"\s*(\w+)\s*=\s*(.*)")
_ELSEWHERE = re.compile(
    r"""\bDOCKER_HOST=["']?(?:tcp|ssh|https?)://(?!127\.|localhost|\[::1\])|\bDOCKER_CONTEXT=["']?(?!default\b)\w"""
    r"""|\bdocker\s+(?:-\S+\s+)*?(?:-H\s*|--host[= ])["']?(?:tcp|ssh)://(?!127\.|localhost|\[::1\])"""
)
"""What makes the tool, or its container, ask an engine on another host."""
_UNKNOWN = re.compile(r"[$`*~]")
_OF_SYSTEMD = re.compile("2[0-4][0-9]")
"""The statuses of systemd's own, as where a folder (EXIT_CHDIR) or a program (EXIT_EXEC) is missing."""
_WITH_USER = ("/etc/crontab", "/etc/cron.d/")
_EXECUTED = re.compile(r"path=(.*?) ; argv\[\]=(.*?) ;")


def jobs(timers: str, crontabs: str, programs: str, *, sees_all: bool = False) -> Iterator[dict[str, Any]]:
    """The timers and crontabs that run it, or are to run it.

    Args:
        timers: what systemd says of timers and the services that these start.
        crontabs: `line:FILE:TEXT` for each line, `script:FILE` for each script that cron starts.
        programs: after `program:FILE` the lines of each script that has the name of the tool in it, and `there:FILE`
            for each file of the tool that the jobs may name.
        sees_all: whether a file that is not said to be there is not.
    """
    told = map(posixpath.normpath, re.findall(r"^there:(.+)$", programs, re.MULTILINE))
    there = frozenset(told) if sees_all else None
    scripts = _scripts(programs, there)
    yield from _timers(timers, _Tool(scripts, there))
    found = dict[str, str]()
    for file, fault in _of_tables(crontabs, _Tool(scripts, there)):
        found[file] = min(found.get(file, fault), fault)  # none is the least
    for file in re.findall("^script:(.*)$", crontabs, re.MULTILINE):
        if file in scripts:
            found.setdefault(file, scripts[file])
    for file, fault in found.items():
        yield {"Kind": "crontab", "Name": file} | ({"Fault": fault} if fault else {})


@dataclass(frozen=True)
class _Tool:
    """Where the tool is found.

    Attributes:
        scripts: those that run it, and why that is in vain.
        there: its files; None where it is not known which ones there are.
    """

    scripts: Mapping[str, str]
    there: frozenset[str] | None

    def fault_of(self, command: str, folder: str = "", surroundings: str = "") -> str | None:
        """Why it is in vain that a command runs the tool, empty where it is not; None where it does not run it.

        It may be run by itself, by a wrapper, as a container, or by a script that does.

        Args:
            folder: in which the command is started; empty where that is unknown.
            surroundings: the variables with which it is started.
        """
        try:
            calls = read_script(command).calls
        except EvidenceError:
            return None
        for call in calls:
            if call.words[:1] == ("exit",) and not call.guards:
                return None
            if call.words[:1] == ("cd",):
                folder = "" if _UNKNOWN.search(call.words[-1]) else posixpath.join(folder, call.words[-1])
            named = _named(started((call.path or call.words[0], *call.words[1:])), self.scripts)
            if named is not None:
                elsewhere = _ELSEWHERE.search(f"{surroundings}\n{command}")
                fault = "asks another engine than that of this host" if elsewhere else ""
                return fault or (
                    self.scripts[named] if named in self.scripts else self._missing(folder, named)
                )
        return None

    def _missing(self, folder: str, named: str) -> str:
        file = posixpath.normpath(posixpath.join(folder, named))
        if self.there is None or not named or not file.startswith("/"):
            return ""
        return "" if file in self.there else f"names {file}, which is not there"


def _scripts(programs: str, there: frozenset[str] | None) -> dict[str, str]:
    """The scripts that run the tool, and why that is in vain."""
    texts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in programs.split("\n"):
        if line.startswith("program:"):
            current = texts.setdefault(line.removeprefix("program:"), [])
        elif line.startswith(":"):
            current.append(line[1:])
    tool = _Tool({}, there)
    faults = {path: tool.fault_of("\n".join(lines)) for path, lines in texts.items()}
    return {path: fault for path, fault in faults.items() if fault is not None}


def _named(words: list[str], scripts: Container[str]) -> str | None:
    """The file of the tool, or the script, that a command runs; empty for an image, None where it runs neither.

    What a shell is given lies in the folder in which it is; what has no folder in its name lies on the path.
    """
    name = posixpath.basename(words[0]) if words else ""
    if name in _ENGINES:
        starts = any(word in _STARTS for word in words[1:])
        return "" if starts and any(_IMAGE.fullmatch(word) for word in words[2:]) else None
    candidates = words if name in _WRAPPERS else words[:1]
    for place, word in enumerate(candidates):
        if _TOOL.fullmatch(posixpath.basename(word)):
            if _HELP & set(words[place + 1 :]):
                return None
            return word if "/" in word or name in SHELLS else ""
        if word in scripts:
            return word
    return None


def _timers(text: str, tool: _Tool) -> Iterator[dict[str, Any]]:
    units = [[line.partition("=")[::2] for line in block.split("\n")] for block in text.split("\n\n")]
    services = {dict(each).get("Id", ""): each for each in units}
    for each in map(dict, units):
        service = services.get(each.get("Unit", ""), [])
        about = dict(service)
        folder = about.get("WorkingDirectory", "").lstrip("!")
        commands = [_command(value) for key, value in service if key == "ExecStart"]
        faults = [tool.fault_of(command, folder, about.get("Environment", "")) for command in commands]
        known = [fault for fault in faults if fault is not None]
        if not known:
            continue
        state = {"Active": each.get("ActiveState"), "Enabled": at_boot(each)}
        if each.get("SubState") == "elapsed":  # and it does not fire again
            state["Active"] = "elapsed"
        fault = min(known) or _not_started(about)
        yield {"Kind": "timer", "Name": each.get("Id", "")} | state | ({"Fault": fault} if fault else {})


def _not_started(service: Mapping[str, str]) -> str:
    """Why systemd did not start a service when it was last due; empty where it did, or was not due yet."""
    name, status = service.get("Id", ""), service.get("ExecMainStatus", "")
    asked = service.get("ConditionTimestampMonotonic", "0") not in ("", "0")
    if (asked and service.get("ConditionResult") == "no") or service.get("Result") == "exec-condition":
        return f"was last due when a condition of {name} was not met"
    if service.get("Result") == "exit-code" and _OF_SYSTEMD.fullmatch(status):
        return f"fired last when systemd could not start {name} (status {status})"
    return ""


def _command(executed: str) -> str:
    """The command of a service, as systemd shows it."""
    match = _EXECUTED.search(executed)
    return f"{match[1]} {match[2].partition(' ')[2]}" if match else executed


def _of_tables(crontabs: str, tool: _Tool) -> Iterator[tuple[str, str]]:
    """The crontabs with a line that runs the tool, and why that is in vain."""
    variables: dict[str, str] = {}
    for line in crontabs.split("\n"):
        if not line.startswith("line:"):
            continue
        file, _, text = line.removeprefix("line:").partition(":")
        if set_here := _SETS.fullmatch(text):  # for the lines that follow
            variables[file] = f"{variables.get(file, '')}\n{set_here[1]}={set_here[2]}"
            continue
        command = _command_of_line(file, text)
        fault = tool.fault_of(command, "", variables.get(file, "")) if command else None
        if fault is not None:
            yield file, fault


def _command_of_line(file: str, text: str) -> str:
    """The command in a line of a crontab; empty where it is hardly ever started."""
    is_anacron = file.endswith("anacrontab")
    if not is_anacron and _ONCE.match(text):
        return ""
    match = (_ANACRON if is_anacron else _SCHEDULE).match(text)
    command = text[match.end() :] if match else ""
    if _has_user(file):
        command = re.sub(r"^\S+\s*", "", command)
    if (
        not is_anacron and "/etc/crontabs/" not in file
    ):  # other than busybox cron ends a command at a percent sign
        command = re.split(r"(?<!\\)%", command, maxsplit=1)[0].replace("\\%", "%")
    return command


def _has_user(file: str) -> bool:
    """Whether the lines of a crontab name a user."""
    return file == _WITH_USER[0] or _WITH_USER[1] in file
