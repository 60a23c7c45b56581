"""Secrets in what a host says: found and named by kind, and hidden before anything is stored.

The one place that knows what a secret looks like, for images, services and daemons alike. What `masked` hides
is more than what is found: values with names that only sound like secrets, and long words that look random.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from hullcheck.secrets import values as secret_values
from hullcheck.secrets.beside import is_no_number, is_secret_beside, names_beside
from hullcheck.secrets.known import hide_value, without_known
from hullcheck.secrets.names import (
    names_access_token,
    names_key,
    names_key_of_program,
    names_login,
    names_one_secret,
    names_password_of_service,
    names_secret,
    names_secret_file,
    names_secret_text,
    names_signature_key,
    of_site,
)
from hullcheck.secrets.redact import HIDDEN
from hullcheck.secrets.spelling import written_out
from hullcheck.secrets.structure import named_values
from hullcheck.secrets.ways import HANDED_OVER, IN_FILES, LONGEST, MAYBE, Way, compiled, ways_in

__all__ = [
    "HIDDEN",
    "hidden",
    "in_commands",
    "in_settings",
    "in_value",
    "kinds",
    "kinds_in_file",
    "line_of",
    "masked",
]

# Options that take no value, or none that is secret: `--no-password`, `--with-token`, `--export-secret-keys`.
_TAKES_NONE = re.compile(
    r"-+(?:allow|ask|delete|disabled?|enable|export|force|generate|import|list|no|prompt|receive|recv|refresh|require"
    r"|reset|search|send|show|skip|use|with|without)-"
)
# A label that shows how to run an image: `podman run -e MYSQL_PASSWORD=pass`.
_SHOWS_USE = re.compile(r"\b(?:docker|podman) run\b")
_EXAMPLES = frozenset({"pass", "passwd", "password", "secret", "token"})
_PASSWORD_IN_ADDRESS = re.compile(r"//[^:/@\s\"']*:(?P<value>[^\s/\"']+)@")
_TOKEN_IN_ADDRESS = re.compile(r"://(?P<value>[A-Za-z0-9_-]{20,}(?=:?@)|[A-Za-z0-9_-]+(?=:x-oauth-basic@))")
_BASIC = re.compile(r"\bBasic\s+(?P<value>[A-Za-z0-9+/]{8,}={0,2})")
_NOT_NAMES = frozenset({"PWD", "OLDPWD"})

_UNLIKE_WORDS = re.compile(r"(?![a-z-]*$).{6,}", re.DOTALL)
_LOOKS_RANDOM = re.compile(r"(?<![\w+/.-])(?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{24,}={0,2}(?![\w+/.=-])")
_HASH = re.compile(r"[0-9a-f]{32,}")
_ASSIGNED = compiled(r"(?<![\w.-]){name}(?:=|:\s){value}")
_SOUNDS_SECRET = re.compile("auth|cred|dsn|key|pass|pw|secret|signature|token|^sig$", re.IGNORECASE)
# A single word with letters and digits that is all that a file gets.
_INTO_FILE = re.compile(
    r"""\b(?:echo|printf)(?:\s+-[\w-]{1,80}){0,9}\s+["']?"""
    r"""(?P<value>(?=[^\s\d]{0,60}\d)(?=[^\sA-Za-z]{0,60}[A-Za-z])[^\s"'/=$<>|&;]{8,200})["']?\s*>>?\s*[\w/~.$"']"""
)
_OPENING = re.compile(r"""\\*["']|\$'""")
# Letters and digits, and no host.
_LOOKS_LIKE_ONE = re.compile(
    r"(?!\S*\.[a-z]{2,24}(?::\d{1,5})?(?!\S))(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[^\s/]{6,}"
)
_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x1a\x7f]")
# The whole of a key, or of a password that was made by chance.
_RANDOM_WORDS = re.compile(
    r"\s*+(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])[\w+/-]{16,}={0,2}(?:\s+[\w+/-]{8,}={0,2})*\s*"
)
_COMMENT = re.compile(r"^[ \t]*(?:[#;]|//[ \t]).*|<!--[\s\S]*?-->", re.MULTILINE)
# `default_pw =` without a value, where nsswitch.conf looks for accounts, and what PAM asks for a new password.
_SAYS_NOTHING = re.compile(
    r"^(?:[\w.-]+[ \t]*=[ \t]*|passwd:[ \t]+(?:compat|db|files|ldap|nis|sss|systemd|winbind)\b.*"
    r"|-password[ \t].*\bpam_\w+\.so\b.*)$",
    re.MULTILINE,
)
# Letters of both kinds and digits: a name has few of these.
_LIKE_A_PASSWORD = re.compile(r"(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])\S{6,200}")
_SEVERAL = re.compile(r"(?:passwords|passphrases|tokens)$", re.IGNORECASE)
_REFERS_TO_ONE = "env environment file id key name path ref secretName source target"
_REFERS = frozenset(_REFERS_TO_ONE.split())
_END_OF_WORD = re.compile(r"\s")
_MOST_ELSEWHERE = 1 << 28  # characters to be looked through for secrets that stand elsewhere too


@dataclass(frozen=True)
class _Found:
    """A secret in a text, from *start* to *end*; one that is *cut* goes on to the end of its word."""

    kind: str
    start: int
    end: int
    cut: bool = False


def kinds(text: str) -> list[str]:
    """What secrets *text* holds, in words, each once and without the secret."""
    return list(dict.fromkeys(each.kind for each in _found(text)))


def kinds_in_file(content: bytes) -> list[str] | None:
    """What secrets a file of settings holds, as `kinds`; None where it is for a person to say.

    It may be one secret as a whole, be no text, or have one in a comment, which is often an example.
    """
    text = written_out(_decoded(content))
    if _NO_TEXT.search(text) or _RANDOM_WORDS.fullmatch(text):
        return None
    text = _SAYS_NOTHING.sub("", text)
    said = _COMMENT.sub("", text)
    found = (*_found(said), *(each for way in ways_in(said, IN_FILES) for each in _given(way, said)))
    in_file = (each.kind.removesuffix(" given to a command") for each in found)
    if named := list(dict.fromkeys(in_file)):
        return named
    apart, doubt = _apart(text)
    return apart or (None if doubt or kinds(text) else [])


def _apart(text: str) -> tuple[list[str], bool]:
    """The secrets that stand apart from their names, and whether there may be others.

    Values in a list, and those below a name, are often names themselves: only what is like a password counts.
    """
    lines, found, doubt = text.splitlines(), list[str](), False
    for each in named_values(text):
        own, value = each.names[-1], each.value
        if not each.listed and _may_be_secret(own) and _is_secret(own, value):
            found += [own] if each.is_apart(lines) else []
            continue
        name = next((name for name in reversed(each.names) if _may_be_secret(name)), "")
        if own in _REFERS or not (name and _is_secret(name, value)):
            continue
        if _LIKE_A_PASSWORD.fullmatch(value):
            found.append(name)
        doubt |= each.listed and bool(_SEVERAL.search(own))
    return [f"a value given to {name}" for name in dict.fromkeys(found)], doubt


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def in_value(name: str, value: str) -> list[str]:
    """What secrets a setting of this name holds."""
    if of_site().keeps(name):
        return []
    return [f"a value given to {name}"] if _is_secret(name, value) else kinds(value)


def in_settings(what: str, settings: Iterable[tuple[str, str]]) -> list[str]:
    """The secrets among settings, as `variable DB: a password in an address`; *what* says what they are."""
    return [f"{what} {name}: {kind}" for name, value in settings for kind in in_value(name, value)]


def in_commands(commands: Mapping[str, Iterable[object] | None]) -> list[str]:
    """The secrets among the words of commands, with the names of these."""
    found = {where: kinds(line_of(map(str, words or ()))) for where, words in commands.items()}
    return [f"{where}: {kind}" for where, each in found.items() for kind in each]


def line_of(words: Iterable[str]) -> str:
    """The words of a command as one line, in which a word with blanks has quotes, or its value has."""
    return " ".join(map(_in_quotes, words))


def _in_quotes(word: str) -> str:
    quote = next((each for each in "\"'" if each not in word), "")
    if word and not re.search(r"\s", word):
        return word
    name = re.match(r"[\w.-]+=|", word)
    before = name[0] if name else ""
    return f"{before}{quote}{word.removeprefix(before)}{quote}"


def hidden(text: str) -> str:
    """*text* without the secrets that are found in it."""
    return _without(text, _found(text))


def masked(text: str) -> str:
    """*text* without the secrets in it, and without words that may be some."""
    found = [*_found(text), *_maybe(text)]
    result = _without_others(_without(text, found), {text[each.start : each.end] for each in found})
    result = _without(result, map(_of_match, filter(_sounds_secret, _ASSIGNED.finditer(result))))
    result = _INTO_FILE.sub(hide_value, result)
    result = _LOOKS_RANDOM.sub(lambda match: match[0] if _HASH.fullmatch(match[0]) else HIDDEN, result)
    return without_known(result)


def _without_others(text: str, values: Iterable[str]) -> str:
    """*text* without these secrets where they are used elsewhere too; one like a word may be a word of a command.

    Of very many in a long text only the longest are looked for.
    """
    unlike_words = sorted(filter(_UNLIKE_WORDS.match, values), key=lambda each: (-len(each), each))
    for value in unlike_words[: _MOST_ELSEWHERE // (len(text) + 1) + 1]:
        text = text.replace(value, HIDDEN)
    return text


def _without(text: str, found: Iterable[_Found]) -> str:
    kept, place = list[str](), 0
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if each.end > place:
            kept += [text[place : each.start], HIDDEN]
            place = each.end
            if each.cut:
                place = _end_of_word(text, place)
    return "".join((*kept, text[place:]))


def _found(text: str) -> Iterator[_Found]:
    for kind, start, end in secret_values.by_format(text):
        yield _Found(kind, start, end)
    for start, end, inside in secret_values.encoded_texts(text):
        for kind in kinds(inside):
            yield _Found(f"{kind}, in base64", start, end)
    for match in _PASSWORD_IN_ADDRESS.finditer(text):
        if not secret_values.is_plain_in_shell(match["value"]):
            yield _Found("a password in an address", *match.span("value"))
    for match in _TOKEN_IN_ADDRESS.finditer(text):
        yield _Found("a token in an address", *match.span("value"))
    for match in _BASIC.finditer(text):
        if secret_values.is_encoded_login(match["value"]):
            yield _Found("a password in a header", *match.span("value"))
    for way in ways_in(text, HANDED_OVER):
        yield from _given(way, text)


def _given(way: Way, text: str) -> Iterator[_Found]:
    """What is handed over in this way; not once more in the rest of a word that goes on after what was looked at."""
    place = 0
    while match := way.pattern.search(text, place):
        place = max(match.end(), match.start() + 1)
        if found := _handed_over(match):
            yield found
            if found.cut:
                place = _end_of_word(text, found.end)


def _end_of_word(text: str, place: int) -> int:
    rest = _END_OF_WORD.search(text, place)
    return rest.start() if rest else len(text)


def _handed_over(match: re.Match[str]) -> _Found | None:
    """What was handed over, if it is a secret."""
    given = match.groupdict()
    name, file = given.get("name"), given.get("file")
    if (name is not None and not _may_be_secret(name)) or (file is not None and not names_secret_file(file)):
        return None
    found = _of_match(match)
    value = match.string[found.start : found.end]
    in_address = "://" in value and bool(name and is_secret_beside(name, value))
    plain = secret_values.is_plain_in_shell(value) and not in_address
    if value.startswith("-") or (plain and not _is_hidden(name, value)):
        return None
    if file is not None:
        of_account = (secret_values.is_account(value) and "passwd" in file) or "/pam.d/" in file
        return None if of_account else replace(found, kind="a value written to a file of a secret")
    if name is None:
        return replace(found, kind="a password or key given to a command")
    example = value in _EXAMPLES and _SHOWS_USE.search(
        match.string, max(0, found.start - LONGEST), found.start
    )
    if example or _TAKES_NONE.match(match[0]) or not _is_secret(name, value):
        return None
    return replace(found, kind=f"a value given to {name}")


def _maybe(text: str) -> Iterator[_Found]:
    """What may be a secret, where there often is one; that is nothing to report."""
    for way in ways_in(text, MAYBE):
        place = 0
        while match := way.pattern.search(text, place):
            place = max(match.end(), match.start() + 1)
            found = _of_match(match)
            value = text[found.start : found.end]
            if _LOOKS_LIKE_ONE.match(value) and not secret_values.is_plain_in_shell(value):
                yield found


def _of_match(match: re.Match[str]) -> _Found:
    """Where the value is, without its quotes."""
    start, end = match.span("value")
    value = match["value"]
    opening = _OPENING.match(value)
    closing = value[-1:] in ("'", '"') and value[:-1].rstrip("\\")
    if opening and closing is not False and len(value) > 1:
        return _Found("", start + opening.end(), start + max(len(closing), opening.end()))
    return _Found("", start, end, cut=end - start == LONGEST)


def _may_be_secret(name: str) -> bool:
    site = of_site()
    return site.hides(name) or (_sounds_like_one(name) and not site.keeps(name))


@lru_cache(maxsize=1000)
def _sounds_like_one(name: str) -> bool:
    sounds = names_secret(name) or names_login(name) or names_key(name) or names_beside(name)
    return name not in _NOT_NAMES and sounds


def _is_hidden(name: str | None, value: str) -> bool:
    """Whether the site says so of the name, and there is a value of its own and not another variable's."""
    return bool(name and value.strip()) and not value.startswith("$") and of_site().hides(str(name))


def _is_secret(name: str, value: str) -> bool:
    if _is_hidden(name, value):
        return True
    if not _may_be_secret(name):
        return False
    beside = is_secret_beside(name, value)
    if secret_values.is_plain(value) and not (beside and "://" in value):
        return False
    if names_login(name) and secret_values.is_login(value):
        return True
    if _stands_in(name, value):
        return False
    if names_signature_key(name) and secret_values.is_fingerprint(value):
        return False
    if secret_values.is_number(value):
        return names_one_secret(name) or (bool(beside) and not is_no_number(name))
    if beside is not None:
        return beside
    if re.search(r"\s", value):
        return names_secret_text(name)
    if names_password_of_service(name):
        return not secret_values.is_method(value)
    random = secret_values.looks_random(value, of_key=not names_access_token(name))
    return names_secret(name) or (names_key(name) and random)


def _stands_in(name: str, value: str) -> bool:
    return names_key_of_program(name) and secret_values.is_stand_in(value)


def _sounds_secret(match: re.Match[str]) -> bool:
    found = _of_match(match)
    value = match.string[found.start : found.end]
    harmless = secret_values.is_plain_in_shell(value) or secret_values.is_number(value)
    harmless |= _stands_in(match["name"], value)
    return not harmless and _SOUNDS_SECRET.search(match["name"]) is not None
