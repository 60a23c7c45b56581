"""Configurations of rsyslog, reduced to what it takes and where it sends that."""

import re
from collections.abc import Iterator, Mapping

from hullcheck.facts.logs.routes import Route, expanded, route, uncommented

Files = Mapping[str, str]

_INCLUDE = re.compile(
    r"(?mi)^[ \t]*(?:\$IncludeConfig[ \t]+(.+?)|include\([^)\n]*\bfile=\"([^\"]+)\"[^)\n]*\).*?)[ \t]*$"
)
_COMMENT = re.compile(r"(?:^|(?<=\s))/\*.*?\*/", re.DOTALL | re.MULTILINE)  # not the `/*` in a path
_BLOCK = re.compile(r"(ruleset\([^)]*\)\s*)?\{([^{}]*)\}")
_DISCARD = re.compile(r"action\([^)]*\btype=\"omdiscard\"[^)]*\)", re.IGNORECASE)
_STOP = re.compile(r"(?m)^(.*?)(?:\bstop|[ \t]~)[ \t]*$")
_NOW_AND_THEN = re.compile(
    r"(?mis)^[ \t]*\$ActionExecOnly(?:WhenPreviousIsSuspended[ \t]+on|(?:EveryNthTime|OnceEveryInterval)[ \t]+[1-9])"
    r".*?(?:^[ \t]*\$ActionExecOnly\w+[ \t]+(?:off|0)\b|\Z)"
)
_FORWARDING = re.compile(r"(?mi)^[ \t]*(#?)[ \t]*ForwardToSyslog[ \t]*=[ \t]*(\w+)")
OF_DAEMON = "syslog:daemon"
"""What others send to its socket under the facility daemon, as the engine's driver does by default."""


def rsyslog(files: Files) -> Iterator[Route]:
    """It takes what is sent to its socket, and what the journal passes on or is read from it.

    What stands in a block, as after an `if` or in a rule set, is of some messages and not of all. What `stop` takes
    out before an output does not come there.
    """
    of_journald = {path: text for path, text in files.items() if "/journald.conf" in path}
    own = {
        path: _COMMENT.sub("", uncommented(text)) for path, text in files.items() if path not in of_journald
    }
    joined, whole = expanded(own, _INCLUDE)
    text = _NOW_AND_THEN.sub("", _DISCARD.sub("stop", joined))
    reads = frozenset(_rsyslog_inputs(text, passed_on=_journal_is_passed_on(of_journald)))
    of_files = frozenset(each for each in reads if each.startswith("/"))
    doubt, sending = not whole, False
    for part, stopped in _parts(_unconditional(text)):
        doubt |= stopped is None
        for host, every in _rsyslog_outputs(part):
            sending = True
            taken = reads if every else {OF_DAEMON if each == "syslog" else each for each in reads}
            yield route(taken if stopped is False else of_files, [host])
    if not sending:
        yield route(reads, ())
    if doubt:
        raise ValueError("some messages are stopped, or a file is included that is not read")


def _journal_is_passed_on(files: Files) -> bool:
    """Whether journald gives what it has to the socket of syslog; the comment in its own file tells the default."""
    by_name = {
        path.rpartition("/")[2]: text for path, text in files.items() if ".d/" in path
    }  # the last one hides
    main = [text for path, text in files.items() if ".d/" not in path]
    texts = (*main, *(text for _, text in sorted(by_name.items())))
    found = [match.groups() for text in texts for match in _FORWARDING.finditer(text)]
    values = [value for mark, value in found if not mark] or [value for _, value in found]
    return not values or values[-1].lower() in ("yes", "true", "on", "1", "y", "t")


def _unconditional(text: str) -> str:
    """A configuration of rsyslog without blocks, and with what follows a condition on the same line as that."""
    while text != (outer := _BLOCK.sub(_stop_of, text)):
        text = outer
    text = re.sub(
        r"(?m)^([ \t]*[\w,*]+\.[\w,*!=;.]+)[ \t]*\n\s*", r"\1 ", text
    )  # a selector alone on its line
    return re.sub(r"\b(then|else)\s+", r"\1 ", text)


def _stop_of(block: re.Match[str]) -> str:
    """What a block of the rules does with messages, if that is an end to them; a rule set is for its own inputs."""
    return " stop\n" if not block[1] and _STOP.search(block[2]) else ""


def _parts(text: str) -> Iterator[tuple[str, bool | None]]:
    """The text up to each `stop`, and whether what the engine says was stopped before it; None where it may be."""
    place: int = 0
    stopped: bool | None = False
    for match in _STOP.finditer(text):
        condition = match[1].strip()
        if condition == "&":
            condition = next(iter(re.findall(r"(?m)^[ \t]*([^&\s].*)$", text[: match.start()])[-1:]), "")
        if (taken := _takes_engine(condition)) is False:
            continue
        yield text[place : match.start()], stopped
        place, stopped = match.end(), taken if stopped is False else stopped
        if condition in ("", "*.*"):
            return
    yield text[place:], stopped


_ENGINE = ("dockerd", "docker", "containerd")
_NAMES = r"\$?(?:programname|app-name)"
_PROPERTY = re.compile(rf":{_NAMES},\s*(isequal|startswith|contains),\s*[\"']([^\"']+)[\"'].*")
_COMPARED = re.compile(rf"{_NAMES}\s*(==|startswith|contains)\s*[\"']([^\"']+)[\"']")
_OF_FACILITY = re.compile(r"\$syslogfacility-text\s*==\s*[\"'](\w+)[\"']")


def _takes_engine(condition: str) -> bool | None:
    """Whether what stops messages under a condition takes some of the engine's; None where that is not known."""
    if not condition:
        return True
    if match := _PROPERTY.fullmatch(condition):
        return _names_engine(match[1], match[2])
    if not condition.startswith((":", "if ", "if(")):
        return _may_take_daemon(condition.split(maxsplit=1)[0])
    if condition.startswith(":") or re.search(r"\bnot\b|!|<>|\belse\b", condition):
        return None
    terms = re.split(r"\bor\b", condition)
    verdicts = [_term_takes_engine(each) for each in terms]
    return None if None in verdicts else any(verdicts)


def _term_takes_engine(term: str) -> bool | None:
    """The same of a part of a condition without `or`: one comparison with the name of another is enough."""
    found = [_names_engine(*each) for each in _COMPARED.findall(term)]
    found += [facility == "daemon" for facility in _OF_FACILITY.findall(term)]
    return None if not found else all(found)


def _names_engine(how: str, name: str) -> bool:
    if how == "contains":
        return any(name in each for each in _ENGINE)
    return any(each.startswith(name) if how == "startswith" else each == name for each in _ENGINE)


def _may_take_daemon(selector: str) -> bool:
    """Whether a selector takes any message that the engine may write."""
    taken = False
    for part in selector.split(";"):
        facilities, _, priority = part.rpartition(".")
        if set(facilities.split(",")) & {"*", "daemon"} and not priority.startswith(("!", "=debug")):
            taken = priority != "none"
    return taken


def _takes_daemon(selector: str) -> bool:
    """Whether a selector takes all that the engine says: its facility is daemon, and info the least that it says."""
    taken = False
    for part in selector.split(";"):
        facilities, _, priority = part.rpartition(".")
        named = set(facilities.split(","))
        if named & {"*", "daemon"} and priority in ("*", "info", "debug"):
            taken = True
        elif named & {"*", "daemon", "syslog", "user"} and (priority == "none" or priority.startswith("!")):
            return False
    return taken


def _rsyslog_inputs(text: str, *, passed_on: bool) -> Iterator[str]:
    off = re.search(r"(?mi)\bSysSock\.Use=\"off\"|^\s*\$OmitLocalLogging\s+on\b", text)
    if re.search(r"\bimjournal\b", text) or (re.search(r"\bimuxsock\b", text) and passed_on and not off):
        yield from ("syslog", "journal")
    if re.search(
        r"(?m)^\s*(?:input\(\s*type=\"im(?:udp|p?tcp)\"|\$(?:UDPServerRun|InputTCPServerRun)\b)", text
    ):
        yield "syslog"
    yield from re.findall(r"(?i)type=\"imfile\"[^)]*?\bfile=\"([^\"]+)\"", text)


_USUALLY_LEFT_OUT = frozenset(("auth", "authpriv", "cron", "ftp", "kern", "lpr", "mail", "news", "uucp"))


def _takes_every(selector: str) -> bool:
    """Whether a selector that takes the engine's messages takes those of other facilities too."""
    parts = [part.rpartition(".") for part in selector.split(";")]
    out = {each for facilities, _, priority in parts if priority == "none" for each in facilities.split(",")}
    return selector.startswith("*.") and out <= _USUALLY_LEFT_OUT


def _rsyslog_outputs(text: str) -> Iterator[tuple[str, bool]]:
    """The hosts that it sends to, and whether that is done with every facility."""
    for rule, address in re.findall(
        r"^\s*(\S+)\s+@@?(?:\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)", text, re.MULTILINE
    ):
        if _takes_daemon(rule):
            yield address.strip("[]"), _takes_every(rule)
    for rule, body in re.findall(r"(?m)^[ \t]*(\S*)[ \t]*action\(([^)]*)\)", text):
        targets = re.search(r"(?i)\btarget=(\[[^\]]*\]|\"[^\"]+\")", body)
        if not targets or not re.search(r"(?i)\btype=\"om(?:fwd|relp)\"", body):
            continue
        if re.search(r"(?i)\baction\.execOnly\w+=\"(?!off|0)", body):
            continue  # when another one failed, or for one message of many
        everything = rule == "" or rule.endswith(")")  # the end of the statement above
        if everything or _takes_daemon(rule):
            for target in re.findall(r"\"([^\"]+)\"", targets[1]):
                yield target, everything or _takes_every(rule)
