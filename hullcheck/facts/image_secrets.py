"""Secrets among the words of an image: found and named by kind, and masked before anything is stored.

What is masked is more than what is found: values of variables, labels and build arguments never stay, whatever
their names are, and long words that look random do not either.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hullcheck.facts.image_steps import SHELL
from hullcheck.facts.secret_names import names_secret

HIDDEN = "***"

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END[^-]*-----|$)", re.DOTALL
)
# Formats that say of themselves whose key they are.
_TOKENS = {
    "an AWS access key": r"(?:AKIA|ASIA)[A-Z2-7]{16}",
    "a GitHub token": r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}",
    "a GitLab token": r"gl(?:pat|ptt|rt|cbt)-[\w-]{20,}",
    "a Slack token": r"xox[abeoprs]-[\w-]{10,}",
    "a Google API key": r"AIza[\w-]{35}",
    "a Stripe key": r"[rs]k_live_\w{20,}",
    "an npm token": r"npm_[A-Za-z0-9]{36}",
    "a PyPI token": r"pypi-[\w-]{50,}",
    "a Docker Hub token": r"dckr_(?:pat|oat)_[\w-]{20,}",
    "a SendGrid key": r"SG\.[\w-]{22}\.[\w-]{43}",
    "a Hugging Face token": r"hf_[A-Za-z0-9]{30,}",
    "a Vault token": r"hv[sb]\.[\w-]{24,}",
    "an API key": r"sk-[A-Za-z0-9_-]{32,}",
    "an age key": r"AGE-SECRET-KEY-1[0-9A-Z]+",
    "a signed token": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*",
}
_TOKEN = [(kind, re.compile(rf"(?<![\w-])(?:{pattern})")) for kind, pattern in _TOKENS.items()]

_VALUE = r"""(?P<value>"(?:\\.|[^"\\])*"|'[^']*'|[^\s"';&|,)\]}]+)"""
_OPTIONS = """
    access-key access-token api-key api-token apikey auth-token keypass pass passphrase passwd password
    private-token secret-key storepass token
"""
_OPTION = "|".join(_OPTIONS.split())
_ON_LINE = (
    r"[^;&|\n]{0,200}?"  # what may stand between a command and its option; bounded, for the time it takes
)
_SCHEMES = "Bearer|Basic|Token|token"
# Ways to hand over a secret; each has the group `value`, and `name` where a name decides whether it is one.
_HANDED_OVER = [
    re.compile(pattern)
    for pattern in (
        rf"""(?<![\w$.{{-])(?:-{{1,2}}|/+(?:[\w.-]+/)+:)?["']?(?P<name>[A-Za-z_][\w.-]*)["']?(?:=| = ){_VALUE}""",
        r"""["'](?P<name>[A-Za-z_][\w.-]*)["']\s*:\s*(?P<value>"[^"]*"|'[^']*')""",
        rf"""(?m:^\s*)(?P<name>[A-Za-z_][\w.-]*):[ \t]+{_VALUE}""",
        r"""["'](?P<name>[A-Za-z_][\w.-]*):[ ](?P<value>[^\s"']+)["']""",
        rf"(?<![\w-])--?(?:{_OPTION})\s+{_VALUE}",
        rf"(?i:authorization):\s*(?:{_SCHEMES})\s+{_VALUE}",
        r"""(?<![\w-])(?P<name>[A-Za-z]{1,40}(?:-[A-Za-z]{1,40}){1,8}):\s*(?P<value>[^\s"']+)""",
        rf"\bsshpass\s+-p\s*{_VALUE}",
        rf"\bcurl\b{_ON_LINE}\s(?:-u ?|--user[ =])[^\s:;&|]+:{_VALUE}",
        rf"\bdocker\s+login\b{_ON_LINE}\s-p[ =]?{_VALUE}",
        rf"\bmysql(?:admin|dump)?\b{_ON_LINE}\s-p{_VALUE}",
        rf"\bhtpasswd\s+-\w*b\w*\s+(?:-\w+\s+)*\S+\s+\S+\s+{_VALUE}",
        rf"\buser(?:add|mod)\b{_ON_LINE}\s-p\s+{_VALUE}",
        rf"\bpass(?:in|out)?\s+pass:{_VALUE}",
        rf"\bmachine\s+\S+\s+login\s+\S+\s+password\s+{_VALUE}",
        r"(?i)\b(?:identified by|password)\s+(?P<value>'[^']+')",
        r"""\b(?:echo|printf)\s+(?:-\S+\s+)*["']?[\w.-]+:(?P<value>[^\s"'\\]+)[^|;&]*\|\s*(?:sudo\s+)?chpasswd""",
        r"""\bchpasswd\s*(?:-\S+\s*)*<<<\s*["']?[\w.-]+:(?P<value>[^\s"'\\]+)""",
        r"""\becho\s+(?:-\S+\s+)*(?P<value>"[^"]*"|'[^']*'|\S+)\s*\|\s*(?:sudo\s+)?passwd\s+[^;&]*--stdin""",
    )
]
_PASSWORD_IN_ADDRESS = re.compile(r"://[^:/@\s\"']*:(?P<value>[^\s/@\"']+)@")
_TOKEN_IN_ADDRESS = re.compile(r"://(?P<value>[A-Za-z0-9_-]{20,})@")

# What stands where a secret would: a reference, a placeholder, a switch, or the path of a file that holds it.
_PLAIN = r"""\s*|[*!]+|(?i:true|false|yes|no|on|off|none|null|[01])
    |\$\{[^}]*\}|\$\w+|\{\{.*\}\}|<[^<>]*>|%\w+%
    |/(?:app|cache|certs?|config|data|dev|etc|home|keys|mnt|opt|root|run|secrets|srv|tmp|usr|var|workspace)(?:/.*)?
    |(?:file|env|https?)://.*"""
_NO_SECRET = re.compile(_PLAIN, re.VERBOSE | re.DOTALL)
# In a command the shell puts something else there, or it is a pattern, a format, or the password of public stores.
_NO_SECRET_IN_SHELL = re.compile(_PLAIN + r"""|changeit|["']*[$`\\.*(\[<{%].*""", re.VERBOSE | re.DOTALL)
_SIGNS = re.compile("gpg|pgp", re.IGNORECASE)
_FINGERPRINT = re.compile(r"(?:0x)?[0-9A-Fa-f\s]{8,}")  # public, as the `GPG_KEY` of many an image
_NOT_NAMES = frozenset({"PWD", "OLDPWD"})

_KEY_FILE = re.compile(
    r"(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)|ssh_host_\w+_key|\.(?:git-credentials|netrc|pgpass)|\.aws/credentials)"
)
_MAYBE_FILE = re.compile(
    r"(?:.*/)?(?:.*\.(?:jks|kdbx|key|keystore|p12|pem|pfx)|\.env(?:\.\w+)?|\.htpasswd|\.npmrc|\.pypirc|credentials)"
)

_UNLIKE_WORDS = re.compile(r"(?![a-z-]*$).{6,}", re.DOTALL)
_LOOKS_RANDOM = re.compile(r"(?<![\w+/.-])(?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{24,}={0,2}(?![\w+/.=-])")
_HASH = re.compile(r"[0-9a-f]{32,}")
_DECLARES = re.compile(rf"(?:{SHELL}#\(nop\) +)?(?:ENV|LABEL|ARG) (?P<rest>.*)", re.DOTALL)
_BUILD_ARGUMENTS = re.compile(
    rf"(?P<before>(?:RUN )?\|\d+ )(?P<arguments>.*?) (?P<command>{SHELL}-\w*c .*)", re.DOTALL
)
_BARE_ARGUMENTS = re.compile(
    r"(?P<before>(?:RUN )?\|\d+ )(?P<arguments>(?:[\w./-]+=\S* )*)(?P<command>.*)", re.DOTALL
)
_GIVEN = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w./-]*)=(\S*)")
_SWITCHED = re.compile("true|false|yes|no|on|off|[01]", re.IGNORECASE)


@dataclass(frozen=True)
class _Found:
    """A secret in a text, from *start* to *end*."""

    kind: str
    start: int
    end: int


def kinds(text: str) -> list[str]:
    """What secrets *text* holds, in words, each once and without the secret."""
    return list(dict.fromkeys(each.kind for each in _found(text)))


def in_configuration(config: Mapping[str, Any]) -> list[str]:
    """The secrets of an image's configuration, with where each is."""
    variables = [str(each).partition("=")[::2] for each in config.get("Env") or ()]
    labels = [(str(name), str(value)) for name, value in (config.get("Labels") or {}).items()]
    found = [f"variable {name}: {kind}" for name, value in variables for kind in _of_value(name, value)]
    found += [f"label {name}: {kind}" for name, value in labels for kind in _of_value(name, value)]
    commands = {
        "command": config.get("Cmd"),
        "entry point": config.get("Entrypoint"),
        "health check": (config.get("Healthcheck") or {}).get("Test"),
        "instruction for later builds": config.get("OnBuild"),
    }
    for where, words in commands.items():
        found += [f"{where}: {kind}" for kind in kinds(" ".join(map(str, words or ())))]
    return found


def names_key_file(path: str) -> bool:
    """Whether a file of this name holds a secret, whatever else is true of it."""
    return bool(_KEY_FILE.fullmatch(path))


def may_be_secret_file(path: str) -> bool:
    """Whether a file of this name often holds a secret, and often none."""
    return bool(_MAYBE_FILE.fullmatch(path))


def masked(text: str) -> str:
    """*text* without the secrets in it, and without words that may be some."""
    found = sorted(_found(text), key=lambda each: (each.start, -each.end))
    values = {text[each.start : each.end] for each in found}
    kept, place = list[str](), 0
    for each in found:
        if each.end > place:
            kept += [text[place : each.start], HIDDEN]
            place = each.end
    result = "".join((*kept, text[place:]))
    for value in values:
        if _UNLIKE_WORDS.match(value):  # used elsewhere too; what is like a word may be one of a command
            result = result.replace(value, HIDDEN)
    return _LOOKS_RANDOM.sub(lambda match: match[0] if _HASH.fullmatch(match[0]) else HIDDEN, result)


def masked_step(text: str) -> str:
    """A step of a history without secrets, and without the values of what it sets."""
    if declares := _DECLARES.match(text):
        return f"{text[: declares.start('rest')]}{_names(declares['rest'])}"
    if given := _BUILD_ARGUMENTS.match(text) or _BARE_ARGUMENTS.match(text):
        return f"{given['before']}{_names(given['arguments'])} {masked(given['command'])}"
    return masked(text)


def _names(assignments: str) -> str:
    """`A=b c D=e` as `A=*** D=***`; a switch keeps its value."""
    given = [
        f"{name}={value if _SWITCHED.fullmatch(value) else HIDDEN}"
        for name, value in _GIVEN.findall(assignments)
    ]
    return " ".join(given) or masked(assignments.strip().partition(" ")[0])


def _of_value(name: str, value: str) -> list[str]:
    return [f"a value given to {name}"] if _is_secret(name, value) else kinds(value)


def _found(text: str) -> Iterator[_Found]:
    for match in _PRIVATE_KEY.finditer(text):
        yield _Found("a private key", *match.span())
    for kind, pattern in _TOKEN:
        yield from (_Found(kind, *match.span()) for match in pattern.finditer(text))
    for match in _PASSWORD_IN_ADDRESS.finditer(text):
        if not _NO_SECRET_IN_SHELL.fullmatch(match["value"]):
            yield _Found("a password in an address", *match.span("value"))
    for match in _TOKEN_IN_ADDRESS.finditer(text):
        yield _Found("a token in an address", *match.span("value"))
    for pattern in _HANDED_OVER:
        yield from (found for match in pattern.finditer(text) if (found := _handed_over(match)))


def _handed_over(match: re.Match[str]) -> _Found | None:
    """What was handed over, if it is a secret."""
    start, end = match.span("value")
    value = match["value"]
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        start, end, value = start + 1, end - 1, value[1:-1]
    name = match.groupdict().get("name")
    if name is not None:
        secret = _is_secret(name, value) and not _NO_SECRET_IN_SHELL.fullmatch(value)
        return _Found(f"a value given to {name}", start, end) if secret else None
    nothing = _NO_SECRET_IN_SHELL.fullmatch(value) or value.startswith("-")
    return None if nothing else _Found("a password or key given to a command", start, end)


def _is_secret(name: str, value: str) -> bool:
    if name in _NOT_NAMES or not names_secret(name) or _NO_SECRET.fullmatch(value):
        return False
    return not (_SIGNS.search(name) and _FINGERPRINT.fullmatch(value))
