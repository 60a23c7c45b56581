"""Formats of secrets, and values that are not secrets in the place of one."""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hullcheck.lazy import regex
from hullcheck.secrets import private_keys


class Format(NamedTuple):
    """The pattern of a kind of secret, with *literals* of which each match has one."""

    kind: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]


def likely_in(text: str, formats: Iterable[Format]) -> Iterator[Format]:
    """Return the formats with a literal in *text*, which is a fast check."""
    return (each for each in formats if any(map(text.__contains__, each.literals)))


_TOKENS = (
    ("an AWS access key", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}"),
    ("a GitLab token", "glpat- glptt- glrt- glcbt- gldt- glft- glsoat- glagent- glimt- gloas-",
        r"gl(?:pat|ptt|rt|cbt|dt|ft|soat|agent|imt|oas)-[\w-]{20,}"),
    ("a Slack token", "xox xapp-", r"xox[abceoprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}"),
    ("a Google key", "AIza ya29. GOCSPX-", r"AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"),
    ("a Stripe key", "k_live_ k_test_ whsec_", r"[rs]k_(?:live|test)_\w{16,}|whsec_[A-Za-z0-9+/]{24,}"),
    ("an npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    ("a PyPI token", "pypi-", r"pypi-[\w-]{50,}"),
    ("a Docker Hub token", "dckr_", r"dckr_(?:pat|oat)_[\w-]{20,}"),
    ("a swarm token", "SWMTKN- SWMKEY-", r"SWM(?:TKN|KEY)-1-[\w+/-]{20,}"),
    ("a SendGrid key", "SG.", r"SG\.[\w-]{22}\.[\w-]{43}"),
    ("a Twilio key", "SK", r"SK[0-9a-f]{32}\b"),
    ("a Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{30,}"),
    ("a Vault token", "hvs. hvb.", r"hv[sb]\.[\w-]{24,}"),
    ("a DigitalOcean token", "doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    ("a Grafana token", "glc_ glsa_", r"gl(?:c|sa)_[\w+/=]{32,}"),
    ("a Tailscale key", "tskey-", r"tskey-[a-z]+-[\w-]{16,}"),
    ("an API key", "sk- gsk xai nvapi", r"sk-(?=[\w-]{0,100}\d)[\w-]{32,}|(?:gsk|xai|nvapi)[_-][\w-]{40,}"),
    ("a signed token", "eyJ", r"eyJ(?:(?![-_]eyJ)[\w-]){10,}\.eyJ[\w-]{10,}\.[\w-]*"),
)  # fmt: skip
_ANYWHERE = (
    ("a Telegram token", ":AA", r"(?<!\d)\d{8,10}:AA[\w-]{33}"),
    ("the address of a webhook", "hooks.slack.com discord",
        r"hooks\.slack\.com/services/[\w/]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"),
    ("a signature of Azure", "sig=", r"[?&]sig=[\w%+/]{30,}"),
    ("a hash of a password", "{SHA {SSHA $apr1 $1$ $5$ $6$ $2a $2b $2x $2y $y$ $gy$ $7$ $argon2",
        r"\{S?SHA\d{0,3}\}[A-Za-z0-9+/]{27,}={0,2}"
        r"|\$\$?(?:apr1|[156])\$\$?(?:rounds=\d+\$\$?)?[./A-Za-z0-9]{1,16}\$\$?[./A-Za-z0-9]{22,}"
        r"|\$\$?2[abxy]\$\$?\d\d\$\$?[./A-Za-z0-9]{53}|\$\$?(?:g?y|7)\$\$?[./A-Za-z0-9$]{50,}"
        r"|\$\$?argon2id?\$\$?v=\d+\$[\w=,$+/]{20,}"),
)  # fmt: skip
_AFTER_BEARER = r"(?P<value>(?=[\w.~+/-]{0,100}\d)[\w.~+/-]{16,}=*)"
_BEARER = ("a token in a header", "earer EARER")
_AFTER_BASIC = r"(?P<value>(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?=[A-Za-z+/]*[0-9=])[A-Za-z0-9+/]{12,}={0,2})"
_BASIC = ("a password in a header", "asic ", rf"\b[Bb]asic +{_AFTER_BASIC}")
_IN_ONE_VALUE = (
    ("a private key", "-----BEGIN LS0tLS1CRUdJTi", private_keys.IN_ONE_VALUE),
    (*_BEARER, rf"(?i:\bBearer\s+){_AFTER_BEARER}"),
    _BASIC,
    ("a password in an address", "//", r"//[^:/\s\"']*:(?P<value>(?!\d+,)[^\s/\"']+)@"),
    ("a token in an address", "://", r"://(?P<value>[A-Za-z0-9_-]{20,}(?=:?@)|[A-Za-z0-9_-]+(?=:x-oauth-basic@))"),
)


def _formats(rows: Iterable[tuple[str, str, str]], before: str = "") -> tuple[Format, ...]:
    return tuple(Format(kind, tuple(of.split()), regex(before + pattern)) for kind, of, pattern in rows)


_OF_TOKENS = _formats(((kind, of, f"(?:{row})") for kind, of, row in _TOKENS), r"(?<![A-Za-z0-9])")
_OF_ONE_VALUE = (*_OF_TOKENS, *_formats((*_IN_ONE_VALUE, *_ANYWHERE)))
ON_ONE_LINE = (*_OF_TOKENS, *_formats((*_ANYWHERE, (*_BEARER, rf"(?i:\bBearer[^\S\n]+){_AFTER_BEARER}"), _BASIC)))
"""How secrets look in an answer: none goes on behind the end of a line or of a string in JSON."""
_BASE64 = regex(r"[A-Za-z0-9+/]{8,}={0,2}")
_LOGIN = regex(r"[^\s:/$]+[:/](?P<secret>[^\s:/]{3,})")

_FOLDERS = """
    app bitnami cache certs? conf config credentials data dev docker etc home keys mnt opt root run secrets? srv ssl
    tls tmp usr var vault workspace
"""
# A reference, a placeholder, a switch, the path of a file that holds the secret, a certificate or a public key.
_PLAIN = rf"""\s*|[*!]+|[xX]{{3,}}|(?i:true|false|yes|no|on|off|none|null|nil|redacted|undefined|[01yn])|(?:en|dis)abled
    |\$?\$\{{\w+(?::?[?+][^}}]*|:?-)?\}}|\$?\$\{{\w+:?[-=](?=[$/])[^}}]*\}}|\$?\$\w+|\$\([^()]*\)
    |\{{\{{.*\}}\}}|<[^<>]*>|%\w+%|%\(\w+\)s|__\w+__|@[\w.]+@|\#(?:\{{.*\}}\#?)?|ENC\(.*\)|encrypted:.*
    |/(?:{"|".join(_FOLDERS.split())})(?:/.*)?|/(?:[a-z][a-z_.-]{{2,}}/)+[\w.-]*
    |(?:~|\.{{1,2}})/[\w./-]+|[\w./-]+\.(?:cer|conf|crt|env|jks|json|key|p12|pem|pfx|properties|sh|ya?ml|txt)
    |-----BEGIN\ [A-Z0-9 ]*(?:CERTIFICATE|PARAMETERS|PUBLIC\ KEY)[A-Z ]*-----.*
    |LS0tLS1CRUdJTi(?:BDRVJU|BQVUJM|BSU0EgUFVC|BESCBQ).*
    |(?:sk-)?(?:ssh-(?:dss|ed25519|rsa)|ecdsa-sha2-nistp\d+)(?:@openssh\.com)?(?:\s+AAAA.*)?
    |\{{|[a-z][a-z0-9+.-]*://.*|arn:aws.*|(?:file:|@)/[\w./-]+|env:[A-Z][A-Z0-9_]*|vault:.*"""
PLAIN = regex(_PLAIN, re.VERBOSE | re.DOTALL)
# In a command the shell puts something else there, or it is a pattern, a format, a call, or an option's own word.
_PATTERN = r"""|["']*(?:[$`\\*(\[<\s=]|\.[*+?]|\{[{%]|[@%]\{|%[sdqvb%(](?!\w)).*"""
_IN_SHELL = rf"""{_PATTERN}|changeit|unused|pass|compat|files|optional|sss
    |[A-Za-z_][\w.]*[(\[].*|(?:process\.env|os\.environ|ENV)\b.*|(?:id|type|env|src|source|target)=.*"""
PLAIN_IN_ADDRESS = regex(_PLAIN + _PATTERN, re.VERBOSE | re.DOTALL)
PLAIN_IN_SHELL = regex(_PLAIN + _IN_SHELL, re.VERBOSE | re.DOTALL)
NUMBER = regex(r"[-+]?\d+(?:\.\d+)?\s?(?:[smhdwMy]|ms|min|sec|days?|hours?|[kKMG]i?B?|%)?")
_KEY_ID = regex(r"(?:0x)?(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{40})")
_RANDOM = regex(r"(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{20,}")
STAND_IN = regex(
    r"(?i:(?:dummy|fake|placeholder|unused|not[-_ ]?(?:a[-_ ]?secret|needed|used))(?:[-_]?(?:secret|key|value))*)"
)
"""A dummy in the place of a key."""


def by_format(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and end of each secret of a known format in a value."""
    for each in likely_in(text, _OF_ONE_VALUE):
        for match in each.pattern.finditer(text):
            value = match.groupdict().get("value")
            if value is None:
                yield each.kind, *match.span()
            elif _is_secret(each.kind, value):
                yield each.kind, *match.span("value")


def _is_secret(kind: str, value: str) -> bool:
    if kind == _BASIC[0]:
        return is_encoded_login(value)
    return not (PLAIN_IN_ADDRESS if kind.endswith("address") else PLAIN_IN_SHELL).fullmatch(value)


def is_login(value: str) -> bool:
    """Return whether a value is a user and a password, also in base64."""
    match = _LOGIN.fullmatch(value)
    return bool(match and not PLAIN_IN_SHELL.fullmatch(match["secret"])) or is_encoded_login(value)


def is_encoded_login(value: str) -> bool:
    """Return whether a value is the base64 of a user and a password."""
    if not _BASE64.fullmatch(value) or len(value) % 4:
        return False
    decoded = base64.b64decode(value)
    return b":" in decoded[1:] and all(32 <= byte < 127 for byte in decoded)


def looks_random(value: str) -> bool:
    """Return whether a value is a long word of letters and digits, and not the id of a key."""
    return _RANDOM.fullmatch(value) is not None and not _KEY_ID.fullmatch(value)
