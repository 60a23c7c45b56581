"""Secrets in answers: find their kinds, and hide them before anything is stored. `masked` also hides likely secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from hullcheck.lazy import regex
from hullcheck.secrets import names, options, values
from hullcheck.secrets.redact import HIDDEN as HIDDEN

_UNLIKE_WORDS = regex(r"(?![a-z-]*$).{6,}", re.DOTALL)
_LOOKS_RANDOM = regex(r"(?<![\w+/.-])(?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{24,}={0,2}(?![\w+/.=-])")
_HASH = regex(r"[0-9a-f]{32,}")
_SOUNDS_SECRET = regex("auth|cred|dsn|key|pass|pw|secret|signature|token|^sig$", re.IGNORECASE)
# A word with letters of both kinds and digits: few words of a command have all of them.
_LIKE_A_PASSWORD = regex(r"(?<![\w/.$@{-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w!#%^&*+-]{8,200}+(?![\w/.(])")
_OPENING = regex(r"""\\*["']|\$'""")
_NO_TEXT = regex(r"[\0-\x08\x0e-\x1a\x7f]")
# The whole of a key, or of a password that was made by chance.
_RANDOM_WORDS = regex(r"\s*+(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])[\w+/-]{16,}={0,2}(?:\s+[\w+/-]{8,}={0,2})*\s*")
_COMMENT = regex(r"^[ \t]*(?:[#;]|//[ \t]).*|<!--[\s\S]*?-->", re.MULTILINE)
_END_OF_WORD = regex(r"\s")
_MOST_ELSEWHERE = 1 << 28  # characters to be looked through for secrets that stand elsewhere too


class _Found(Struct, frozen=True):
    """A secret in a text, from *start* to *end*, or to the end of the word if *cut*."""

    kind: str
    start: int
    end: int
    cut: bool = False


def kinds(text: str) -> list[str]:
    """Return the kinds of secrets in *text*, each once."""
    return list(dict.fromkeys(each.kind for each in _found(text)))


def kinds_in_file(content: bytes) -> list[str] | None:
    """Return the kinds of secrets in a file of settings, or None if it needs a manual check."""
    text = content.decode("utf-8-sig", "replace")
    if _NO_TEXT.search(text) or _RANDOM_WORDS.fullmatch(text):
        return None
    doubt = kinds(text) or any(
        _SOUNDS_SECRET.search(each) and _LIKE_A_PASSWORD.search(each) for each in text.splitlines()
    )
    return kinds(_COMMENT.sub("", text)) or (None if doubt else [])


def in_value(name: str, value: str) -> list[str]:
    """Return the kinds of secrets in a setting."""
    if names.of_site().keeps(name):
        return []
    return [f"a value given to {name}"] if _is_secret(name, value) else kinds(value)


def in_settings(what: str, settings: Iterable[tuple[str, str]]) -> list[str]:
    """Return the secrets in settings, as `variable DB: a password in an address`."""
    return [f"{what} {name}: {kind}" for name, value in settings for kind in in_value(name, value)]


def in_commands(commands: Mapping[str, Iterable[object] | None]) -> list[str]:
    """Return the secrets in commands, with the commands' names."""
    found = {where: kinds(line_of(map(str, words or ()))) for where, words in commands.items()}
    return [f"{where}: {kind}" for where, each in found.items() for kind in each]


def line_of(words: Iterable[str]) -> str:
    """Return the words of a command as one line, with quotes around blanks."""
    return " ".join(map(_in_quotes, words))


def _in_quotes(word: str) -> str:
    quote = next((each for each in "\"'" if each not in word), "")
    if word and not re.search(r"\s", word):
        return word
    name = re.match(r"[\w.-]+=|", word)
    before = name[0] if name else ""
    return f"{before}{quote}{word.removeprefix(before)}{quote}"


def hidden(text: str) -> str:
    """Return *text* with its secrets hidden."""
    return _without(text, _found(text))


def masked(text: str) -> str:
    """Return *text* with its secrets and likely secrets hidden."""
    found = _found(text)
    result = _without_others(_without(text, found), {text[each.start : each.end] for each in found})
    named = options.SECRETS[0].pattern.finditer(result)
    result = _without(result, map(_of_match, filter(_sounds_secret, named)))
    result = _LIKE_A_PASSWORD.sub(HIDDEN, result)
    return _LOOKS_RANDOM.sub(lambda match: match[0] if _HASH.fullmatch(match[0]) else HIDDEN, result)


def _without_others(text: str, secrets: Iterable[str]) -> str:
    """Return *text* with these secrets hidden everywhere; of very many only the longest."""
    unlike_words = sorted(filter(_UNLIKE_WORDS.match, secrets), key=lambda each: (-len(each), each))
    for value in unlike_words[: _MOST_ELSEWHERE // (len(text) + 1) + 1]:
        text = text.replace(value, HIDDEN)
    return text


def _without(text: str, found: Iterable[_Found]) -> str:
    kept, place = list[str](), 0
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if each.end > place:
            kept += [text[place : each.start], HIDDEN]
            place = _end_of_word(text, each.end) if each.cut else each.end
    return "".join((*kept, text[place:]))


def _found(text: str) -> tuple[_Found, ...]:
    return _found_for(text, names.of_site())


@lru_cache(maxsize=1000)  # containers have the variables of their image
def _found_for(text: str, site: names.SiteNames) -> tuple[_Found, ...]:
    found = {(start, end): _Found(kind, start, end) for kind, start, end in values.by_format(text)}
    for format in values.likely_in(text.lower(), options.SECRETS):
        for each, match in _matches(format.pattern, text):
            if kind := _handed_over(match, text[each.start : each.end]):
                found.setdefault((each.start, each.end), _Found(kind, each.start, each.end, each.cut))
    return tuple(found.values())


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[_Found, re.Match[str]]]:
    """Yield the matches, but not in the rest of a word that was cut."""
    place = 0
    while match := pattern.search(text, place):
        place = max(match.end(), match.start() + 1)
        found = _of_match(match)
        yield found, match
        if found.cut:
            place = _end_of_word(text, found.end)


def _end_of_word(text: str, place: int) -> int:
    rest = _END_OF_WORD.search(text, place)
    return rest.start() if rest else len(text)


def _handed_over(match: re.Match[str], value: str) -> str:
    """Return the kind of secret, or an empty string."""
    name = match.groupdict().get("name")
    plain = value.startswith("-") or values.PLAIN_IN_SHELL.fullmatch(value)
    if name is None:
        return "" if plain else "a password or key given to a command"
    hides = names.of_site().hides(name) and not value.startswith("-")
    return f"a value given to {name}" if (hides or not plain) and _is_secret(name, value) else ""


def _of_match(match: re.Match[str]) -> _Found:
    start, end = match.span("value")
    value = match["value"]
    opening = _OPENING.match(value)
    closing = value[-1:] in ("'", '"') and value[:-1].rstrip("\\")
    if opening and closing is not False and len(value) > 1:
        return _Found("", start + opening.end(), start + max(len(closing), opening.end()))
    return _Found("", start, end, cut=end - start == options.LONGEST)


def _is_secret(name: str, value: str) -> bool:
    site = names.of_site()
    if site.hides(name):
        return bool(value.strip()) and not value.startswith("$")
    if site.keeps(name) or values.PLAIN.fullmatch(value) or _stands_in(name, value):
        return False
    if names.names_login(name):
        return values.is_login(value)
    if values.NUMBER.fullmatch(value):
        return names.names_password(name)
    return names.names_secret(name) or (names.names_key(name) and values.looks_random(value))


def _stands_in(name: str, value: str) -> bool:
    return names.words_of(name)[-1:] in (["key"], ["secret"]) and bool(values.STAND_IN.fullmatch(value))


def _sounds_secret(match: re.Match[str]) -> bool:
    name, found = match["name"], _of_match(match)
    value = match.string[found.start : found.end]
    harmless = values.PLAIN_IN_SHELL.fullmatch(value) or values.NUMBER.fullmatch(value) or _stands_in(name, value)
    return not harmless and bool(_SOUNDS_SECRET.search(name))
