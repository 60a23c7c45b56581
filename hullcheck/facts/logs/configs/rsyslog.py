"""Configurations of rsyslog, reduced to what it takes and where it sends that."""

import re
from collections.abc import Iterator, Set
from typing import NamedTuple

from hullcheck.facts.logs.configs.routes import (
    NETWORK_SYSLOG,
    SYSLOG,
    Route,
    expanded,
    hosts,
    route,
    uncommented,
)
from hullcheck.facts.logs.journald import FACILITIES, Files, Journal, apart

_INCLUDE = re.compile(
    r"(?mi)^[ \t]*(?:\$IncludeConfig[ \t]+(.+?)|include\([^)\n]*\bfile=\"([^\"]+)\"[^)\n]*\).*?)[ \t]*$"
)
_TRAILING = re.compile(r"(\"[^\"\n]*\"|'[^'\n]*')|(?<=\s)#[^\n]*")
_COMMENT = re.compile(r"(?:^|(?<=\s))/\*.*?\*/", re.DOTALL | re.MULTILINE)  # not the `/*` in a path
_BLOCK = re.compile(r"(ruleset\([^)]*\)\s*)?\{([^{}]*)\}")
_RULE_SET = re.compile(r"\bruleset\([^)]*\bname=\"(\w+)\"[^)]*\)\s*\{([^{}]*)\}")
_CALL = re.compile(r"(?m)^[ \t]*(?:\*\.\*[ \t]+)?call[ \t]+(\w+)[ \t]*$")
"""What hands every message to a rule set; what hands some to one takes none away."""
_DISCARD = re.compile(r"action\([^)]*\btype=\"omdiscard\"[^)]*\)", re.IGNORECASE)
_OFF = re.compile(r"(?i)\b(?:action|input|module)\([^)]*\bconfig\.enabled=(?!\"on\")[^)]*\)")
_OTHER_RULES = re.compile(
    r"(?mis)^[ \t]*\$RuleSet[ \t]+(?!RSYSLOG_DefaultRuleset).*?(?:^[ \t]*\$RuleSet[ \t]+RSYSLOG_Def\w*|\Z)"
)
_OTHER_DEFAULT = re.compile(r"(?mi)^[ \t]*\$DefaultRuleset[ \t]+(?!RSYSLOG_DefaultRuleset)")
_MANY_LINES = re.compile(r"(?i)\b(?:startmsg|endmsg)\.regex=")
"""Lines that are kept until the first of another message comes, which may never be."""
_STOP = re.compile(r"(?m)^(.*?)(?:\bstop|[ \t]~)[ \t]*$")
_NOW_AND_THEN = re.compile(
    r"(?mis)^[ \t]*\$ActionExecOnly(?:WhenPreviousIsSuspended[ \t]+on|(?:EveryNthTime|OnceEveryInterval)[ \t]+[1-9])"
    r".*?(?:^[ \t]*\$ActionExecOnly\w+[ \t]+(?:off|0)\b|\Z)"
)


class _Message(NamedTuple):
    """What decides where a message goes: the names that its program may have, its facility, and the least severity.

    That is info of the engine, which says no more unless it is asked to.
    """

    names: tuple[str, ...]
    facility: str
    severity: str = "info"


_ENGINE = ("dockerd", "docker", "containerd")


def rsyslog(files: Files) -> Iterator[Route]:
    """It takes what is sent to its socket, and what the journal passes on or is read from it.

    What stands in a block, as after an `if` or in a rule set, is of some messages and not of all, unless the condition
    is known to take all of a kind. What `stop` takes out before an output does not come there. What is sent to it is
    told by facility, as `syslog:local0`.
    """
    files, of_journald = apart(files)
    own = {
        path: _COMMENT.sub("", _TRAILING.sub(lambda match: match[1] or "", uncommented(text)))
        for path, text in files.items()
    }
    joined, whole = expanded(own, _INCLUDE)
    joined = re.sub(r"\\\n[ \t]*", "", joined)
    bodies = dict(_RULE_SET.findall(joined))
    joined = _CALL.sub(lambda match: bodies.get(match[1], match[0]), joined)
    for pattern, instead in ((_DISCARD, "stop"), (_OFF, ""), (_NOW_AND_THEN, ""), (_OTHER_RULES, "")):
        joined = pattern.sub(instead, joined)
    elsewhere = bool(_OTHER_DEFAULT.search(joined))
    rules = "" if elsewhere else _unconditional(joined)
    doubt = elsewhere or not whole or bool(_MANY_LINES.search(joined))
    mute = _without_message(joined)
    reads, sent = set[str](), set[str]()
    for message, rule_set, taken in _messages(joined, of_journald):
        reads |= taken
        own_rules = _unconditional(bodies.get(rule_set, "")) if rule_set else rules
        doubt |= bool(rule_set) and rule_set not in bodies
        for part, stopped in _parts(own_rules, message):
            doubt |= stopped is None
            for host in _rsyslog_outputs(part, message, mute):
                sent |= taken if stopped is False else set()
                yield route(taken if stopped is False else (), [host])
    if reads - sent:
        yield route(reads - sent, ())
    if doubt:
        raise ValueError("some messages are stopped, or a file is included that is not read")


def _messages(text: str, of_journald: Files) -> Iterator[tuple[_Message, str, set[str]]]:
    """What it takes: what decides where that goes, the rule set where it has one of its own, and the words for it."""
    inputs = set(_rsyslog_inputs(text, journal=Journal(of_journald)))
    for facility in FACILITIES:
        yield _Message(_ENGINE, facility), "", {f"{each}:{facility}" for each in inputs}
    if not re.search(r"(?i)\bload=\"imfile\"|\$ModLoad\s+imfile\b", text):
        return
    for body in re.findall(r"(?i)\binput\(([^)]*\btype=\"imfile\"[^)]*)\)", text):
        if _MANY_LINES.search(body):
            continue
        options = {key.lower(): value for key, value in re.findall(r"(\w+)=\"([^\"]*)\"", body)}
        words = options.get("facility", "local0"), options.get("severity", "notice")
        message = _Message((options.get("tag", "").strip(":"),), *words)
        yield message, options.get("ruleset", ""), {options.get("file", "")}


def _unconditional(text: str) -> str:
    """A configuration of rsyslog without blocks, and with what follows a condition on the same line as that."""
    text = re.sub(r"\([^()]*\)", lambda match: " ".join(match[0].split()), text)
    text = _CONDITIONAL.sub(_each_with_condition, text)
    while text != (outer := _BLOCK.sub(_stop_of, text)):
        text = outer
    text = re.sub(
        r"(?m)^([ \t]*[\w,*]+\.[\w,*!=;.]+)[ \t]*\n\s*", r"\1 ", text
    )  # a selector alone on its line
    return re.sub(r"\b(then|else)\s+", r"\1 ", text)


_CONDITIONAL = re.compile(r"(?m)^[ \t]*(if\b[^{}\n]*\bthen)\s*\{([^{}]*)\}(?!\s*else\b)")


def _each_with_condition(block: re.Match[str]) -> str:
    return "".join(f"{block[1]} {line.strip()}\n" for line in block[2].splitlines() if line.strip())


def _stop_of(block: re.Match[str]) -> str:
    """What a block of the rules does with messages, if that is an end to them; a rule set is for its own inputs."""
    return " stop\n" if not block[1] and _STOP.search(block[2]) else ""


def _parts(text: str, message: _Message) -> Iterator[tuple[str, bool | None]]:
    """The text up to each `stop`, and whether such a message was stopped before it; None where it may be."""
    place: int = 0
    stopped: bool | None = False
    for match in _STOP.finditer(text):
        condition = match[1].strip()
        if condition == "&":
            condition = next(iter(re.findall(r"(?m)^[ \t]*([^&\s].*)$", text[: match.start()])[-1:]), "")
        if (taken := _takes(condition, message)) is False:
            continue
        yield text[place : match.start()], stopped
        place, stopped = match.end(), taken if stopped is False else stopped
        if condition in ("", "*.*"):
            return
    yield text[place:], stopped


_NAMES = r"\$?(?:programname|app-name|syslogtag)"
_PROPERTY = re.compile(rf":{_NAMES},\s*(isequal|startswith|contains),\s*[\"']([^\"']+)[\"'].*")
_OF_FIREWALL = re.compile(
    r":msg,\s*contains,\s*\"\[UFW "
)  # as its package proposes to stop what the kernel says
_COMPARED = re.compile(rf"{_NAMES}\s*(==|startswith|contains)\s*[\"']([^\"']+)[\"']")
_OF_OTHERS = re.compile(rf"{_NAMES}\s*(?:!=|<>)\s*[\"']([^\"']+)[\"']")
_OF_FACILITY = re.compile(r"\$syslogfacility-text\s*==\s*[\"'](\w+)[\"']")
_OF_SEVERITY = re.compile(r"\$syslogseverity\s*(<=?)\s*[\"']?([1-7])[\"']?")


def _takes(condition: str, message: _Message) -> bool | None:
    """Whether what stops messages under a condition takes such a one; None where that is not known."""
    if not condition:
        return True
    if _OF_FIREWALL.match(condition):
        return False
    if match := _PROPERTY.fullmatch(condition):
        return _is_named(match[1], match[2], message)
    if not condition.startswith((":", "if ", "if(")):
        return _may_select(condition.split(maxsplit=1)[0], message)
    if condition.startswith(":") or re.search(r"\bnot\b|!|<>|\belse\b", condition):
        return None
    verdicts = [_term_takes(each, message) for each in re.split(r"\bor\b", condition)]
    return None if None in verdicts else any(verdicts)


def _term_takes(term: str, message: _Message) -> bool | None:
    """The same of a part of a condition without `or`: one comparison with the name of another is enough."""
    found = [_is_named(how, value, message) for how, value in _COMPARED.findall(term)]
    found += [facility == message.facility for facility in _OF_FACILITY.findall(term)]
    return None if not found else all(found)


def _is_named(how: str, value: str, message: _Message) -> bool:
    name = value.strip("[]:0123456789")  # as a tag has it: dockerd[123]:
    if how == "contains":
        return any(name in each for each in message.names)
    return any(each.startswith(name) if how == "startswith" else each == name for each in message.names)


_SEVERITIES = ("debug", "info", "notice", "warning", "err", "crit", "alert", "emerg")


def _may_select(selector: str, message: _Message) -> bool | None:
    """Whether a selector takes any such message; None where it is none, as the `else` of a condition."""
    if "." not in selector:
        return None
    taken = False
    for part in selector.split(";"):
        facilities, _, priority = part.rpartition(".")
        other = priority.startswith("!") or priority == "=debug" != f"={message.severity}"
        if set(facilities.split(",")) & {"*", message.facility} and not other:
            taken = priority != "none"
    return taken


def _selects(selector: str, message: _Message) -> bool:
    """Whether a selector takes all such messages."""
    taken = False
    lower = _SEVERITIES[: _SEVERITIES.index(message.severity) + 1] if message.severity in _SEVERITIES else ()
    for part in selector.split(";"):
        facilities, _, priority = part.rpartition(".")
        spares_it = priority == "!=debug" and message.severity != "debug"
        if spares_it or not set(facilities.split(",")) & {"*", message.facility}:
            continue
        if priority in ("*", *lower):
            taken = True
        elif priority == "none" or priority.startswith("!"):
            return False
    return taken


def _rsyslog_inputs(text: str, *, journal: Journal) -> Iterator[str]:
    off = re.search(r"(?mi)\bSysSock\.Use=\"off\"|^\s*\$OmitLocalLogging\s+on\b", text)
    by_socket = re.search(r"\bimuxsock\b", text) and journal.passed_on and not off
    if by_socket or (re.search(r"\bimjournal\b", text) and journal.kept):
        yield from (SYSLOG, "journal")
    if re.search(
        r"(?m)^\s*(?:input\(\s*type=\"im(?:udp|p?tcp)\"|\$(?:UDPServerRun|InputTCPServerRun)\b)", text
    ):
        yield NETWORK_SYSLOG


def _without_message(text: str) -> set[str]:
    """The templates of the site in which no text of a message is; the names of those of rsyslog are RSYSLOG_…."""
    bodies = re.findall(r"(?i)\btemplate\(([^)]*\bname=\"([^\"]+)\"[^)]*)\)(?:\s*\{([^}]*)\})?", text)
    found = {name: f"{_NAME.sub('', head, count=1)}{body}" for head, name, body in bodies}
    found |= dict(re.findall(r"(?mi)^[ \t]*\$template[ \t]+(\w+)[ \t]*,(.*)$", text))
    return {name for name, body in found.items() if not _MESSAGE.search(body)}


_NAME = re.compile(r"(?i)\bname=\"[^\"]+\"")
_MESSAGE = re.compile(r"(?i)(?:%|\bname\s*=\s*\")(?:(?:raw)?msg(?:-after-pri)?|jsonmesg)[%:\"]|\$!")
"""The properties with the text of a message: its id (`msgid`) is none."""


_SENT = re.compile(
    r"(?m)^[ \t]*(\S.*?)[ \t]+(?:@@?|:omrelp:)(?:\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)[^\s;]*(?:;[ \t]*(\w+))?"
)


def _rsyslog_outputs(text: str, message: _Message, mute: Set[str]) -> Iterator[str]:
    """The hosts that it sends such messages to, by another template than these."""
    for condition, address, template in _SENT.findall(text):
        if template not in mute and _takes_all(condition, message):
            yield address.strip("[]")
    for condition, body in re.findall(r"(?m)^[ \t]*(.*?)[ \t]*\baction\(([^)]*)\)", text):
        targets = _targets(body)
        if re.search(r"(?i)\baction\.execOnly\w+=\"(?!off|0)", body):
            continue  # when another one failed, or for one message of many
        if mute & {*re.findall(r"(?i)\btemplate=\"([^\"]+)\"", body)}:
            continue
        unconditional = condition == "" or condition.endswith(")")  # the end of the statement above
        if unconditional or _takes_all(condition, message):
            yield from targets


def _targets(action: str) -> list[str]:
    """The hosts that an action sends to: an option `target` has names and addresses, others may have URLs and ports."""
    kind = re.search(r"(?i)\btype=\"(\w+)\"", action)
    option = _TARGETS.get(kind[1].lower()) if kind else None
    found = re.search(rf"(?i)\b{option}=(\[[^\]]*\]|\"[^\"]+\")", action) if option else None
    words = re.findall(r"\"([^\"]+)\"", found[1]) if found else []
    return words if option == "target" else list(hosts(words))


_TARGETS = {
    "omfwd": "target",
    "omrelp": "target",
    "omelasticsearch": "server",
    "omclickhouse": "server",
    "omhttp": "server",
    "omkafka": "broker",
}
"""The option of an output that says where it sends."""


def _takes_all(condition: str, message: _Message) -> bool:
    """Whether a rule is for all such messages: a selector, or comparisons that are known to be true of them."""
    if match := _PROPERTY.fullmatch(condition):
        return _is_surely_named(match[1], match[2], message)
    if not condition.startswith("if"):
        return " " not in condition and _selects(condition, message)
    compared = condition.removeprefix("if").removesuffix("then")
    terms, choices = re.split(r"\band\b", compared), re.split(r"\bor\b", compared)
    if len(choices) > 1:
        return len(terms) == 1 and any(_is_true_of(each, message) for each in choices)
    return all(_is_true_of(each, message) for each in terms)


def _is_true_of(comparison: str, message: _Message) -> bool:
    comparison = comparison.strip()
    if comparison.startswith("(") and comparison.endswith(")"):
        comparison = comparison[1:-1].strip()
    if match := _COMPARED.fullmatch(comparison):
        return _is_surely_named(match[1], match[2], message)
    if match := _OF_OTHERS.fullmatch(comparison):
        return match[1] not in message.names
    if match := _OF_FACILITY.fullmatch(comparison):
        return match[1] == message.facility
    if match := _OF_SEVERITY.fullmatch(comparison):
        least = int(match[2]) - (match[1] == "<")  # counted from emerg, which is 0
        return _selects(f"*.{_SEVERITIES[7 - least]}", message)
    match = re.fullmatch(r"prifilt\([\"']([^\"']+)[\"']\)", comparison)
    return match is not None and _selects(match[1], message)


def _is_surely_named(how: str, value: str, message: _Message) -> bool:
    """Of what several programs write, the engine and its log driver, a name is that of a part."""
    return len(message.names) == 1 and _is_named(how, value, message)
