"""Secrets in what a host says: found and named by kind, and hidden before anything is stored.

The one place that knows what a secret looks like, for images, services and daemons alike. What `masked` hides
is more than what is found: values with names that only sound like secrets, and long words that look random.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from hullcheck.secrets import values as secret_values
from hullcheck.secrets.known import hide_value
from hullcheck.secrets.names import (
    names_key,
    names_login,
    names_one_secret,
    names_secret,
    names_secret_text,
    names_signature_key,
    of_site,
)
from hullcheck.secrets.redact import HIDDEN

__all__ = ["HIDDEN", "hidden", "in_commands", "in_settings", "in_value", "kinds", "line_of", "masked"]

# Bounded, for the time that it takes to look at each place of a long text.
_NAME = r"(?P<name>[A-Za-z_][\w.-]{0,200})"
_MOST = 300
_BARE = rf"""(?:[^\s"';&|,)\]}}]|,(?![\w.-]{{1,40}}[=:]|[\s"']|$)){{1,{_MOST}}}"""
_VALUE = rf"""(?=(?P<value>\\+"[^"\\]*\\+"|"(?:\\.|[^"\\])*"|\$?'[^']*'|{_BARE}))"""
_AT = r"(?:(?<![\w./-])|(?<=bin/))"  # a command, and no part of a path
_LINE = r"""(?=[\s"'\\,])[^;&|\n]{0,200}?"""  # the rest of a command
_LOGINS = r"(?:az|buildah|cf|crane|docker|helm registry|nerdctl|oras|podman|skopeo) login"
_INTO = r"--password-stdin|--stdin\b|--with-token|\bsudo -S\b|--passphrase-fd\b|\bvault login|\bsmbpasswd|\bpasswd\b"
# An option of one dash may also be a letter and its value, as in `-pHunter2secret`.
_ONE_DASH = (
    r"(?i:(?:key|store)?pass(?:wd|word|phrase)?|secret|token"
    r"|(?:access|api|auth|private|secret)[_-]?(?:key|token))"
)
_SCHEMES = "Bearer|Basic|Token|token"
# Ways to hand over a secret. A blank is any gap between the words of a command, also where these are a list;
# words in braces stand for the above. Where there is a name, it decides.
_WAYS = [
    r"(?<![\w$.{-])(?:-[DP](?=[a-z])|--?)?{name}\\*[\"']?(?:[:?+]?=|\s[:?+]?=\s){value}",
    r"(?<=')-{0,2}{name}=(?P<value>[^']+)(?=')",
    r"(?<=\")-{0,2}{name}=(?P<value>[^\"\\]+)(?=\")",
    r"(?<![\w-])--{name} {value}",
    r"(?<![\w-])-(?P<name>{one_dash}) {value}",
    r"(?<![\w$.-]){name}\\*[\"']\s*:\s*{value}",
    r"(?<![\w$.-]){name}:\s*(?=(?P<value>\\*[\"'][^\"'\\]+\\*[\"']))",
    r"(?:^|[{,\"'\n]|\\n)[ \t]{0,80}{name}:[ \t]+(?P<value>[^\s\"'\\,}]+)",
    r"(?<![\w-])(?P<name>[A-Za-z]{1,40}(?:-[A-Za-z]{1,40}){1,8}):\s*(?P<value>[^\s\"'\\]+)",
    r"\bdefine\(\s*\\*[\"']{name}\\*[\"'],\s*{value}",
    r"\[\\*[\"']{name}\\*[\"']\]\s*=\s*{value}",
    r"<{name}>(?P<value>[^<>]+)</",
    r"(?i:authorization)\\*[\"']?\s*:\s*\\*[\"']?(?:{schemes})\s+{value}",
    r"\$\{{name}:?[-=](?P<value>[^$}/][^}]*)\}",
    r"\b(?:config|configure|kv put|set)(?: -\S+| set)* (?:[\w./:@-]{0,200}[/:])?{name} {value}",
    r"\b(?:requirepass|masterauth|primaryauth) {value}",
    r"{at}(?:redis|valkey|keydb)-(?:cli|benchmark){line} -a {value}",
    r"\bsshpass -p\s*{value}",
    r"{at}(?:curl|http|https|ab){line} (?:-[Uua] ?|--(?:user|proxy-user|auth)[ =])[\"']?[^\s:;&|\"']+:{value}",
    r"{at}{logins}{line} -p[ =]?{value}",
    r"{at}(?:mysql|mariadb)(?:-?(?:admin|dump))?{line} -p{value}",
    r"{at}(?:mysql|mariadb)-?admin{line} password {value}",
    r"{at}(?:mongo\w*|cqlsh|pymongo){line} -p {value}",
    r"{at}(?:kadmin|ldap\w+){line} -w {value}",
    r"{at}(?:ldappasswd|slappasswd){line} -s {value}",
    r"{at}ssh-keygen{line} -N {value}",
    r"{at}rclone{line} (?:\w{0,40}(?:key|pass|token)|obscure) {value}",
    r"\bhttp-basic\.\S+ \S+ {value}",  # of composer and poetry
    r"\b(?:authtoken|reset-admin-password) {value}",
    r"\bnet user \S+ {value}",
    r"{at}(?:sqlcmd|bcp|zip|unzip){line} -P {value}",
    r"{at}7z[ar]?{line} -p{value}",
    r"{at}smbclient{line} -U [^\s%]+%{value}",
    r"{at}(?:plink|pscp|psftp){line} -pw {value}",
    r"{at}lftp{line} -u [^\s,]+,{value}",
    r"{at}sqlplus{line} [\w.]+/(?P<value>[^@\s/]+)@",
    r"\brabbitmqctl (?:add_user|change_password) \S+ {value}",
    r"\bmc (?:alias|config host) (?:set|add) \S+ \S+ \S+ {value}",
    r"\bvault login {value}",
    r"\bhtpasswd -\w*b\w* (?:-\w+ )*\S+ \S+ {value}",
    r"{at}user(?:add|mod){line} -p {value}",
    r"{at}openssl enc{line} -k {value}",
    r"\bpass(?:in|out)? pass:{value}",
    r"\bmachine \S+ login \S+ password {value}",
    r"/[\w.-]{0,40}pass[\w.-]{0,40} password {value}",  # an answer for debconf
    r"(?i:\bidentified (?:with \S+ )?(?:by|as)|\bpassword)(?:\s+|\s*\(\s*)(?P<value>'[^']+')",
    r"(?i:\bidentified by)\s+\\*(?P<value>\"[^\"\\]+)\\*\"",
    r"(?:=|;)[^;=\s\"']*;\s*(?i:pwd)\s*=\s*{value}",
    r"\bjdbc:oracle:thin:\w+/(?P<value>[^@\s]+)@",
    r"(?<![\w/])\w+:(?P<value>[^\s\"'@/]{1,300})@(?:tcp|unix)\(",
    r"\b(?:echo|printf)(?: -\S+)* [\"']?[\w.-]+:(?P<value>[^\s\"'\\|]+)[^|;&]{0,1000}\|\s*(?:sudo )?chpasswd",
    r"\bchpasswd\s*(?:-\S+\s*)*<<<\s*[\"']?[\w.-]+:(?P<value>[^\s\"'\\]+)",
    r"\bchpasswd[^\n]{0,200}<<-?\s*[\"']?\w+[\"']?[^\n]{0,200}\n\s*[\w.-]+:(?P<value>\S+)",
    r"\b(?:echo|printf)(?: -\S+)* {value}[^|;&]{0,1000}\|\s*[^;&|]{0,100}?(?:{into}|\bkinit\b)",
    r"(?:{into}|\bkinit\b|\bvncpasswd\b)[^;&|\n]{0,100}?<<<\s*{value}",
    r"[\w.-]:(?P<value>[^\s:\"']+)[\"']?\s*>>?\s*\S{0,200}(?:htpasswd|pgpass)\b",
]
_END_OF_WORD = r"""["'\\]*(?:\s|,|\\\n)+"""
_PARTS = {"at": _AT, "into": _INTO, "logins": _LOGINS, "one_dash": _ONE_DASH, "schemes": _SCHEMES}
_GAP = rf"""{_END_OF_WORD}["'\\]*"""


def _compiled(way: str) -> re.Pattern[str]:
    way = way.replace(r"[ \t]", r"[\x20\t]").replace("[ =]", r"[\s=]").replace(" ?", r"\s?")
    for word, pattern in _PARTS.items():
        way = way.replace(f"{{{word}}}", pattern)
    way = way.replace(" {value}", f"{_END_OF_WORD}{{value}}").replace(" ", _GAP)
    for word, pattern in (("line", _LINE), ("name", _NAME), ("value", _VALUE)):
        way = way.replace(f"{{{word}}}", pattern)
    return re.compile(way)


_HANDED_OVER = list(map(_compiled, _WAYS))
# Options that take no value, or none that is secret: `--no-password`, `--with-token`, `--export-secret-keys`.
_TAKES_NONE = re.compile(
    r"-+(?:allow|ask|delete|disabled?|enable|export|force|generate|import|list|no|prompt|receive|recv|refresh|require"
    r"|reset|search|send|show|skip|use|with|without)-"
)
# A label that shows how to run an image: `podman run -e MYSQL_PASSWORD=pass`.
_SHOWS_USE = re.compile(r"\b(?:docker|podman) run\b")
_EXAMPLES = frozenset({"pass", "passwd", "password", "secret", "token"})
_PASSWORD_IN_ADDRESS = re.compile(r"//[^:/@\s\"']*:(?P<value>[^\s/\"']+)@")
_TOKEN_IN_ADDRESS = re.compile(
    r"://(?P<value>[A-Za-z0-9_-]{20,}(?=:?@)|[A-Za-z0-9_-]{1,300}(?=:x-oauth-basic@))"
)
_LOGIN_IN_ADDRESS = re.compile(r"://[^:/@\s\"']{0,300}:(?P<value>[^\s\"']{0,500}[^\s\"'@])@")
_BASIC = re.compile(r"\bBasic\s+(?P<value>[A-Za-z0-9+/]{8,}={0,2})")
_NOT_NAMES = frozenset({"PWD", "OLDPWD"})

_UNLIKE_WORDS = re.compile(r"(?![a-z-]*$).{6,}", re.DOTALL)
_LOOKS_RANDOM = re.compile(r"(?<![\w+/.-])(?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{24,}={0,2}(?![\w+/.=-])")
_HASH = re.compile(r"[0-9a-f]{32,}")
_ASSIGNED = re.compile(rf"(?<![\w.-]){_NAME}(?:=|:\s){_VALUE}")
_SOUNDS_SECRET = re.compile("auth|cred|dsn|key|pass|pw|secret|signature|token|^sig$", re.IGNORECASE)
# A single word with letters and digits that is all that a file gets.
_INTO_FILE = re.compile(
    r"""\b(?:echo|printf)(?:\s+-[\w-]+)*\s+["']?"""
    r"""(?P<value>(?=[^\s\d]{0,60}\d)(?=[^\sA-Za-z]{0,60}[A-Za-z])[^\s"'/=$<>|&;]{8,200})["']?\s*>>?\s*[\w/~.$"']"""
)
_REST_OF_WORD = re.compile(r"\S*")


@dataclass(frozen=True)
class _Found:
    """A secret in a text, from *start* to *end*."""

    kind: str
    start: int
    end: int


def kinds(text: str) -> list[str]:
    """What secrets *text* holds, in words, each once and without the secret."""
    return list(dict.fromkeys(each.kind for each in _found(text)))


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
    found = list(_found(text))
    result = _without(text, found)
    for value in {text[each.start : each.end] for each in found}:
        if _UNLIKE_WORDS.match(value):  # used elsewhere too; what is like a word may be one of a command
            result = result.replace(value, HIDDEN)
    sounding = (_Found("", *_inner(match)) for match in _ASSIGNED.finditer(result) if _sounds_secret(match))
    result = _without(result, sounding)
    result = _INTO_FILE.sub(hide_value, result)
    return _LOOKS_RANDOM.sub(lambda match: match[0] if _HASH.fullmatch(match[0]) else HIDDEN, result)


def _without(text: str, found: Iterable[_Found]) -> str:
    kept, place = list[str](), 0
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if each.end > place:
            kept += [text[place : each.start], HIDDEN]
            place = each.end
    return "".join((*kept, text[place:]))


def _found(text: str) -> Iterator[_Found]:
    for kind, pattern in secret_values.FORMATS:
        for match in pattern.finditer(text):
            yield _Found(kind, *match.span("value" if "value" in pattern.groupindex else 0))
    for match in _PASSWORD_IN_ADDRESS.finditer(text):
        if not secret_values.is_plain_in_shell(match["value"]):
            yield _Found("a password in an address", *match.span("value"))
    for match in _TOKEN_IN_ADDRESS.finditer(text):
        yield _Found("a token in an address", *match.span("value"))
    for match in _BASIC.finditer(text):
        if secret_values.is_encoded_login(match["value"]):
            yield _Found("a password in a header", *match.span("value"))
    for pattern in _HANDED_OVER:
        yield from (found for match in pattern.finditer(text) if (found := _handed_over(match)))


def _handed_over(match: re.Match[str]) -> _Found | None:
    """What was handed over, if it is a secret."""
    name = match.groupdict().get("name")
    if name is not None and not _may_be_secret(name):
        return None
    start, end = _inner(match)
    value = match.string[start:end]
    if value.startswith("-") or (secret_values.is_plain_in_shell(value) and not _is_hidden(name, value)):
        return None
    if name is None:
        return _Found("a password or key given to a command", start, end)
    example = value in _EXAMPLES and _SHOWS_USE.search(match.string, max(0, start - _MOST), start)
    if example or _TAKES_NONE.match(match[0]) or not _is_secret(name, value):
        return None
    return _Found(f"a value given to {name}", start, end)


def _inner(match: re.Match[str]) -> tuple[int, int]:
    """Where the value is, without its quotes."""
    start, end = match.span("value")
    value = match["value"]
    opening = re.match(r"""\\*["']|\$'""", value)
    closing = re.search(r"""\\*["']$""", value)
    if opening and closing and len(value) > 1:
        return start + opening.end(), end - len(closing[0])
    rest = _REST_OF_WORD.match(match.string, end) if end - start == _MOST else None
    return start, rest.end() if rest else end


def _may_be_secret(name: str) -> bool:
    site = of_site()
    return site.hides(name) or (_sounds_like_one(name) and not site.keeps(name))


@lru_cache(maxsize=1000)
def _sounds_like_one(name: str) -> bool:
    return name not in _NOT_NAMES and (names_secret(name) or names_login(name) or names_key(name))


def _is_hidden(name: str | None, value: str) -> bool:
    """Whether the site says so of the name, and there is a value of its own and not another variable's."""
    return bool(name and value.strip()) and not value.startswith("$") and of_site().hides(str(name))


def _is_secret(name: str, value: str) -> bool:
    if _is_hidden(name, value):
        return True
    if not _may_be_secret(name) or secret_values.is_plain(value):
        return False
    if names_login(name) and secret_values.is_login(value):
        return True
    if names_signature_key(name) and secret_values.is_fingerprint(value):
        return False
    if secret_values.is_number(value):
        return names_one_secret(name)
    if re.search(r"\s", value):
        return names_secret_text(name)
    return names_secret(name) or (names_key(name) and secret_values.looks_random(value))


def _sounds_secret(match: re.Match[str]) -> bool:
    start, end = _inner(match)
    value = match.string[start:end]
    harmless = secret_values.is_plain_in_shell(value) or secret_values.is_number(value)
    return not harmless and _SOUNDS_SECRET.search(match["name"]) is not None
