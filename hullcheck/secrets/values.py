"""Values that are secrets by their format, and values that stand where a secret would and are none."""

import base64
import re
from collections.abc import Iterator

from hullcheck.secrets import private_keys

_TOKENS = {
    "an AWS access key": r"(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}",
    "a GitLab token": r"gl(?:pat|ptt|rt|cbt|dt|ft|soat|agent|imt|oas)-[\w-]{20,}",
    "a Slack token": r"xox[abceoprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}",
    "a Google key": r"AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}",
    "a Stripe key": r"[rs]k_(?:live|test)_\w{16,}|whsec_[A-Za-z0-9+/]{24,}",
    "an npm token": r"npm_[A-Za-z0-9]{36}",
    "a PyPI token": r"pypi-[\w-]{50,}",
    "a RubyGems token": r"rubygems_[0-9a-f]{48}",
    "a Docker Hub token": r"dckr_(?:pat|oat)_[\w-]{20,}",
    "a swarm token": r"SWM(?:TKN|KEY)-1-[\w+/-]{20,}",
    "a SendGrid key": r"SG\.[\w-]{22}\.[\w-]{43}",
    "a Twilio key": r"SK[0-9a-f]{32}\b",
    "a Hugging Face token": r"hf_[A-Za-z0-9]{30,}",
    "a Vault token": r"hv[sb]\.[\w-]{24,}",
    "a Terraform token": r"\w{14}\.atlasv1\.[\w-]{60,}",
    "a DigitalOcean token": r"do[opr]_v1_[0-9a-f]{64}",
    "a Databricks token": r"dapi[0-9a-f]{32}\b",
    "a Grafana token": r"gl(?:c|sa)_[\w+/=]{32,}",
    "a Sentry token": r"sntry[su]_[\w+/=]{32,}",
    "a Shopify token": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "an Atlassian token": r"AT[AC]TT3[\w=-]{50,}",
    "a Tailscale key": r"tskey-[a-z]+-[\w-]{16,}",
    "an API key": r"sk-(?=[\w-]{0,100}\d)[\w-]{32,}|(?:gsk|xai|nvapi)[_-][\w-]{40,}",
    "an age key": r"AGE-SECRET-KEY-1[0-9A-Z]+",
    "a signed token": r"eyJ(?:(?![-_]eyJ)[\w-]){10,}\.eyJ[\w-]{10,}\.[\w-]*",
}
_ANYWHERE = {
    "a Telegram token": r"(?<!\d)\d{8,10}:AA[\w-]{33}",
    "the address of a webhook": r"hooks\.slack\.com/services/[\w/]{20,}"
    r"|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}|\.webhook\.office\.com/webhookb2/[\w/@-]{20,}",
    "a signature of Azure": r"[?&]sig=[\w%+/]{30,}",
    "a hash of a password": r"\{S?SHA\d{0,3}\}[A-Za-z0-9+/]{27,}={0,2}"
    r"|\$\$?(?:apr1|[156])\$\$?(?:rounds=\d+\$\$?)?[./A-Za-z0-9]{1,16}\$\$?[./A-Za-z0-9]{22,}"
    r"|\$\$?2[abxy]\$\$?\d\d\$\$?[./A-Za-z0-9]{53}|\$\$?(?:g?y|7)\$\$?[./A-Za-z0-9$]{50,}"
    r"|\$\$?argon2id?\$\$?v=\d+\$[\w=,$+/]{20,}",
}
_AFTER_BEARER = r"(?P<value>(?=[\w.~+/-]{0,100}\d)[\w.~+/-]{16,}=*)"
_IN_ONE_VALUE = {
    "a private key": private_keys.IN_ONE_VALUE,
    "a token in a header": rf"(?i:\bBearer\s+){_AFTER_BEARER}",
}
_TOKEN_FORMATS = [(kind, re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})")) for kind, pattern in _TOKENS.items()]
_OTHER_FORMATS = [(kind, re.compile(pattern)) for kind, pattern in (_IN_ONE_VALUE | _ANYWHERE).items()]
_ANY_TOKEN = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_TOKENS.values())})")
ON_ONE_LINE = (
    _ANY_TOKEN,
    *map(re.compile, _ANYWHERE.values()),
    re.compile(rf"(?i:\bBearer[^\S\n]+){_AFTER_BEARER}"),
)
"""The same in an answer: without their kinds, and none goes on behind the end of a line or of a string in JSON."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_BLOB = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/]{24,}={0,2}(?![\w+/=-])")
_TELLING = re.compile("auth|cred|key|pass|pw|secret|token|://", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[^\t\n\r -~]")
_LOGIN = re.compile(r"[^\s:/$]+[:/](?P<secret>[^\s:/]{3,})")

_FOLDERS = """
    app bitnami cache certs? conf config credentials data dev docker etc home keys mnt opt root run secrets? srv ssl
    tls tmp usr var vault workspace
"""
# A reference, a placeholder, a switch, or the path of a file that holds the secret.
_PLAIN = rf"""\s*|[*!]+|[xX]{{3,}}|(?i:true|false|yes|no|on|off|none|null|nil|redacted|undefined|[01yn])|(?:en|dis)abled
    |\$?\$\{{\w+(?::?[?+][^}}]*|:?-)?\}}|\$?\$\{{\w+:?[-=](?=[$/])[^}}]*\}}|\$?\$\w+|\$\([^()]*\)
    |\{{\{{.*\}}\}}|<[^<>]*>|%\w+%|%\(\w+\)s|__\w+__|@[\w.]+@|\#(?:\{{.*\}}\#?)?|ENC\(.*\)|encrypted:.*
    |/(?:{"|".join(_FOLDERS.split())})(?:/.*)?|/(?:[a-z][a-z_.-]{{2,}}/)+[\w.-]*
    |(?:~|\.{{1,2}})/[\w./-]+|[\w./-]+\.(?:cer|conf|crt|env|jks|json|key|p12|pem|pfx|properties|sh|ya?ml|txt)
    |\{{|[a-z][a-z0-9+.-]*://.*|arn:aws.*|(?:file:|@)/[\w./-]+|env:[A-Z][A-Z0-9_]*|vault:.*"""
_NO_SECRET = re.compile(_PLAIN, re.VERBOSE | re.DOTALL)
# In a command the shell puts something else there, or it is a pattern, a format, a call, or an option's own word.
_IN_SHELL = r"""|changeit|unused|pass|["']*(?:[$`\\*(\[<\s=]|\.[*+?]|\{[{%]|[@%]\{|%[sdqvb%(](?!\w)).*
    |[A-Za-z_][\w.]*[(\[].*|(?:process\.env|os\.environ|ENV)\b.*|(?:id|type|env|src|source|target)=.*"""
_NO_SECRET_IN_SHELL = re.compile(_PLAIN + _IN_SHELL, re.VERBOSE | re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?\s?(?:[smhdwMy]|ms|min|sec|days?|hours?|[kKMG]i?B?|%)?")
_KEY_ID = re.compile(r"(?:0x)?(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{40})")
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{20,}")
_STAND_IN = re.compile(
    r"(?i:(?:dummy|fake|placeholder|unused|not[-_ ]?(?:a[-_ ]?secret|needed|used))(?:[-_]?(?:secret|key|value))*)"
)


def by_format(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind, start and end of each secret that says of itself what it is, in a value by itself."""
    for kind, pattern in (*(_TOKEN_FORMATS if _ANY_TOKEN.search(text) else ()), *_OTHER_FORMATS):
        for match in pattern.finditer(text):
            yield kind, *match.span("value" if "value" in pattern.groupindex else 0)


def encoded_texts(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of each text in base64, and the text."""
    for match in _BLOB.finditer(text):
        try:
            inside = base64.b64decode(match[0], validate=True).decode()
        except ValueError:
            continue
        if _TELLING.search(inside) and not _UNPRINTABLE.search(inside):
            yield *match.span(), inside


def is_plain(value: str) -> bool:
    """Return whether *value* stands where a secret would, and is none."""
    return _NO_SECRET.fullmatch(value) is not None


def is_plain_in_shell(value: str) -> bool:
    """Return the same of a word in a command."""
    return _NO_SECRET_IN_SHELL.fullmatch(value) is not None


def is_stand_in(value: str) -> bool:
    """Return whether it says of itself that it is given in the place of a key, as to a build that needs none."""
    return _STAND_IN.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Return whether it is a number or a time, as `3600` and `24h`."""
    return _NUMBER.fullmatch(value) is not None


def is_login(value: str) -> bool:
    """Return whether it is a user and a password, also in base64."""
    match = _LOGIN.fullmatch(value)
    return bool(match and not is_plain_in_shell(match["secret"])) or is_encoded_login(value)


def is_encoded_login(value: str) -> bool:
    """Return whether it is the base64 of a user and a password, as a header has it."""
    if not _BASE64.fullmatch(value) or len(value) % 4:
        return False
    decoded = base64.b64decode(value)
    return b":" in decoded[1:] and all(32 <= byte < 127 for byte in decoded)


def looks_random(value: str) -> bool:
    """Return whether it is one long word of letters and digits, and not the id of a public key."""
    return _RANDOM.fullmatch(value) is not None and not _KEY_ID.fullmatch(value)
