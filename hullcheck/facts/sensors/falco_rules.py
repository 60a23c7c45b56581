"""Which of Falco's rules are on: as their files have it, and as options and the configuration switch them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

_FALSE = ("false", "no", "off", "n")
_OPTION = re.compile(r"^-([DTt])(?:=|\n)?(.+)$", re.MULTILINE)
_SELECTION = re.compile(
    r"^(?:-o|--option)(?:=|\n)?rules\[\d*\]\.(enable|disable)\.(rule|tag)=(.*)$", re.MULTILINE
)
_NEVER = re.compile(
    r"^\s*[\"'>|(]*\s*(?:and\s+)?\(*(?:never_true|evt\.num\s*<\s*[01])\b|\band\s+\(*(?:never_true|evt\.num\s*<)"
)
"""What of a condition keeps a rule from ever being met."""
_GOES_ON = re.compile(r"\s*(?:-\s*)?[\[{]|[^-#:]*(?:never_true|evt\.num *<)")
"""A line of an item that may go on in those that follow."""
_WAYS = ("append", "replace")
"""What stands in `override` behind the name of a part, and is no value of it."""
_ORDER = "DTt"
_PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""From the gravest; the configuration names the last one of which rules are loaded."""


class Rule(NamedTuple):
    """A rule of a file: whether that says that it is on, and its tags; None where it does not say so in one line."""

    path: str
    name: str
    enabled: bool | None
    tags: list[str] | None
    priority: str = ""


class Switch(NamedTuple):
    """What switches rules: whose name holds a text (`part`), whose name is one (`rule`), or that have a tag."""

    enables: bool
    by: str
    of: str

    def hits(self, name: str, tags: list[str] | None) -> bool | None:
        """Whether it is about a rule; None where its tags are not known."""
        if self.by == "tag":
            return None if tags is None else self.of in tags
        if self.by == "part":
            return self.of in name
        return re.fullmatch(re.escape(self.of).replace(r"\*", ".*"), name) is not None


UNREAD = ""
"""Instead of the name of a rule: an item that may be about any."""


def in_file(path: str, lines: Iterable[str]) -> list[Rule]:
    """The rules in the lines of a file that begin an item, or hold what decides; or in all its lines."""
    lines = list(lines)
    if any(map(_GOES_ON.match, lines)):
        return _in_document(path, "\n".join(lines))
    found, depth = list[Rule](), -1
    for line in lines:
        begins = line.lstrip().startswith("-")
        here = len(line) - len(line.lstrip())
        depth = here if begins and depth < 0 else depth
        if begins and here > depth:  # an item of a list in a rule
            continue
        if begins:
            found.append(Rule(path, "", None, None))
        key, _, value = line.strip().removeprefix("-").strip().partition(":")
        key, word = key.strip("\"' "), value.partition(" #")[0].strip().strip("\"'")
        if found and key == "rule":
            found[-1] = found[-1]._replace(name=word, tags=found[-1].tags or [])
        elif word in _WAYS:
            continue
        elif found and key == "enabled":
            found[-1] = found[-1]._replace(enabled=word.lower() not in _FALSE)
        elif found and key == "condition" and _NEVER.search(value):
            found[-1] = found[-1]._replace(enabled=False)
        elif found and key == "priority":
            found[-1] = found[-1]._replace(priority=word)
        elif found and key == "tags":
            listed = re.fullmatch(r"\[(.*)\]", word)
            found[-1] = found[-1]._replace(tags=re.findall(r"[^\s,\"']+", listed[1]) if listed else None)
    return [each for each in found if each.name]


def _in_document(path: str, text: str) -> list[Rule]:
    """The rules in the whole text of a file."""
    import yaml  # only where there is a Falco

    try:
        items = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return [Rule(path, UNREAD, None, None)]
    found = []
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and "rule" in item:
            off = item.get("enabled") is False or _NEVER.search(str(item.get("condition", "")))
            tags, priority = item.get("tags") or [], str(item.get("priority") or "")
            on = False if off else item.get("enabled")
            found.append(Rule(path, str(item["rule"]), on, list(map(str, tags)), priority))
    return found


def by_options(arguments: str) -> list[Switch]:
    """What the command line switches, in the order in which Falco does it; one argument stands in a line."""
    options = sorted(_OPTION.findall(arguments), key=lambda each: _ORDER.index(each[0]))
    switches = [_BY_OPTION[letter](text) for letter, text in options]
    if any(letter == "t" for letter, _ in options):  # then no other rule is on
        first = next(place for place, (letter, _) in enumerate(options) if letter == "t")
        switches.insert(first, Switch(False, "rule", "*"))
    return switches


_BY_OPTION: Mapping[str, Any] = {
    "D": lambda text: Switch(False, "part", text),
    "T": lambda text: Switch(False, "tag", text),
    "t": lambda text: Switch(True, "tag", text),
}


def selected(arguments: str) -> list[dict[str, dict[str, str]]]:
    """What the command line adds to `rules` of the configuration."""
    return [{act: {by: of}} for act, by, of in _SELECTION.findall(arguments)]


def by_configuration(rules: Any) -> Iterator[Switch]:
    """What `rules` of a configuration switches; what is no such list switches nothing."""
    for each in rules if isinstance(rules, list) else ():
        for act, wanted in each.items() if isinstance(each, dict) else ():
            for by, of in wanted.items() if isinstance(wanted, dict) else ():
                if act in ("enable", "disable") and by in ("rule", "tag"):
                    yield Switch(act == "enable", by, str(of))


def _is_loaded(priority: str, least: str) -> bool | None:
    """Whether rules of this priority are loaded; None where one limits them and it cannot be told."""
    last = _PRIORITIES.index(least) if least in _PRIORITIES else len(_PRIORITIES) - 1
    if last == len(_PRIORITIES) - 1:
        return True
    return _PRIORITIES.index(priority) <= last if priority in _PRIORITIES else None


def _priority(written: str) -> str:
    return {"informational": "info"}.get(written.lower(), written.lower())


def states(rules: Iterable[Rule], switches: Iterable[Switch], least: str = "") -> dict[str, bool | None]:
    """Of each rule by its name whether it is on; None where that cannot be told, as of all where an item is UNREAD.

    Args:
        least: the least priority of which rules are loaded; empty for all.
    """
    found, tags, priorities = dict[str, bool | None](), dict[str, list[str] | None](), dict[str, str]()
    for rule in rules:
        found[rule.name] = found.get(rule.name, True) if rule.enabled is None else rule.enabled
        tags[rule.name] = tags.get(rule.name) or rule.tags
        priorities[rule.name] = rule.priority or priorities.get(rule.name, "")
    for switch in switches:
        for name, before in found.items():
            hit = switch.hits(name, tags[name])
            if hit or (hit is None and before is not switch.enables):
                found[name] = switch.enables if hit else None
    if UNREAD in found:
        return dict.fromkeys(found)
    return {
        name: state and _is_loaded(_priority(priorities[name]), _priority(least))
        for name, state in found.items()
    }
