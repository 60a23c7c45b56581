"""The language of syslog-ng: statements with their brackets, and what a filter takes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Group(NamedTuple):
    """What stands in a pair of brackets."""

    bracket: str
    statements: list["Statement"]


Item = str | Group
Statement = list[Item]

_TOKEN = re.compile(
    r"""(?P<none>[\s,]+|\#[^\n]*|\\\r?\n)"""
    r"""|"(?P<string>(?:\\.|[^"\\])*)"|'(?P<plain>[^']*)'"""
    r"""|(?P<mark>[(){};]|\.\.)|(?P<word>(?:(?!\.\.)[^\s#'"(){};,])+)""",
    re.DOTALL,
)
_CLOSING = {"(": ")", "{": "}"}
_ESCAPED = {"\n": "", **dict.fromkeys("anrtv", " ")}


def parsed(text: str) -> list[Statement]:
    """The statements of a configuration.

    Raises:
        ValueError: its brackets or quotes do not match.
    """
    return _statements(iter(_tokens(text)), "")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise ValueError("a quote does not end")
        place = match.end()
        kind = str(match.lastgroup)
        if kind == "string":
            yield kind, re.sub(r"(?s)\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), match[kind])
        elif kind != "none":
            yield kind, match[kind]


def _statements(tokens: Iterator[tuple[str, str]], closing: str) -> list[Statement]:
    found: list[Statement] = [[]]
    for kind, text in tokens:
        if kind == "mark" and text == closing:
            return [each for each in found if each]
        if kind == "mark" and text in _CLOSING:
            found[-1].append(Group(text, _statements(tokens, _CLOSING[text])))
        elif kind == "mark" and text == ";":
            found.append([])
        elif kind == "mark" and text != "..":
            raise ValueError("a bracket closes nothing")
        else:
            found[-1].append(text)
    if closing:
        raise ValueError("a bracket is not closed")
    return [each for each in found if each]


def keyword(word: Item) -> str:
    """A word in the one spelling that its keyword has in documents; of brackets none."""
    return word.replace("_", "-") if isinstance(word, str) else ""


def calls(statement: Iterable[Item]) -> Iterator[tuple[str, Group]]:
    """The words of a statement that have brackets behind them, with these."""
    last: Item = ""
    for each in statement:
        if isinstance(each, Group) and isinstance(last, str):
            yield keyword(last), each
        last = each


def options(group: Group) -> dict[str, list[str]]:
    """What stands in the brackets of a driver: the words of each option, and under an empty name its own."""
    found: dict[str, list[str]] = {"": []}
    for statement in group.statements:
        followed = [*statement[1:], ""]
        own = (each for each, after in zip(statement, followed, strict=True) if not isinstance(after, Group))
        found[""] += [each for each in own if isinstance(each, str)]
        for name, inner in calls(statement):
            found[name] = words(inner)
    return found


def words(group: Group) -> list[str]:
    """All words in brackets, also in those within."""
    flat = list[str]()
    for each in (item for statement in group.statements for item in statement):
        flat += words(each) if isinstance(each, Group) else [each]
    return flat


# ---- filters

SEVERITIES = ("debug", "info", "notice", "warning", "err", "crit", "alert", "emerg")
_NAMES = {"warn": "warning", "error": "err", "panic": "emerg"}
_NUMBERED = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "security", "console", "solaris-cron"),
    *(f"local{number}" for number in range(8)),
)
Truth = bool | None
"""None is what is not known."""


def both(one: Truth, other: Truth) -> Truth:
    """Whether both are true."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def opposite(one: Truth) -> Truth:
    """Whether it is false."""
    return None if one is None else not one


def either(one: Truth, other: Truth) -> Truth:
    """Whether one of them is true."""
    return opposite(both(opposite(one), opposite(other)))


class Message(NamedTuple):
    """What is known of a message before it comes."""

    facility: str
    severity: str


class Filters:
    """The filters of a configuration, as they take one message: by facility and level, and by nothing else."""

    def __init__(self, named: Mapping[str, Group], message: Message) -> None:
        self._named = named
        self._message = message
        self._known = dict[str, Truth]()

    def takes(self, group: Group | None) -> Truth:
        """Whether what stands in brackets takes it."""
        if group is None or len(group.statements) != 1:
            return None
        taken: Truth = False
        for choice in _parted(group.statements[0], "or"):
            terms: Truth = True
            for term in _parted(choice, "and"):
                terms = both(terms, self._term(term))
            taken = either(taken, terms)
        return taken

    def _term(self, term: Statement) -> Truth:
        match term:
            case ["not", *rest]:
                return opposite(self._term(rest))
            case [Group() as inner]:
                return self.takes(inner)
            case ["filter", Group() as inner]:
                return self._by_name("".join(words(inner)))
            case ["facility", Group() as inner]:
                return _is_among(self._message.facility, words(inner), _NUMBERED)
            case ["level" | "severity" | "priority", Group() as inner]:
                return _is_among(self._message.severity, words(inner), SEVERITIES)
        return None

    def _by_name(self, name: str) -> Truth:
        if name not in self._known:
            self._known[name] = None  # for one that names itself
            self._known[name] = self.takes(self._named.get(name))
        return self._known[name]


def _parted(items: Iterable[Item], word: str) -> list[Statement]:
    parts: list[Statement] = [[]]
    for each in items:
        if each == word:
            parts.append([])
        else:
            parts[-1].append(each)
    return parts


def _is_among(name: str, listed: list[str], order: tuple[str, ...]) -> Truth:
    """Whether a name is in a list, with ranges such as `info .. emerg`; None where it has words that are no names."""
    places = [_place(each, order) for each in " ".join(listed).replace(" .. ", "..").split()]
    return None if None in places else any(order.index(name) in each for each in places if each)


def _place(words_of_range: str, order: tuple[str, ...]) -> range | None:
    """The places of a name or of a range of them."""
    ends = [_NAMES.get(each, each) for each in words_of_range.split("..")]
    if order is _NUMBERED:
        ends = [order[int(each)] if _is_number(each) else each for each in ends]
    if len(ends) > 2 or not set(ends) <= set(order):
        return None
    first, last = sorted((order.index(ends[0]), order.index(ends[-1])))
    return range(first, last + 1)


def _is_number(word: str) -> bool:
    return bool(re.fullmatch("[0-9]+", word)) and int(word) < len(_NUMBERED)
