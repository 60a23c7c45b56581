"""Hide secrets that are known by their form alone, in everything that is stored.

No pattern reaches across the end of a line or a JSON string, where other evidence begins. A private key on several
lines is replaced by a line `CUT`, and an answer with one is not read.
"""

import re

from hullcheck.lazy import regex
from hullcheck.secrets.private_keys import without_keys
from hullcheck.secrets.redact import HIDDEN
from hullcheck.secrets.values import ON_ONE_LINE, PLAIN_IN_ADDRESS, PLAIN_IN_SHELL, likely_in

_ADDRESS = regex(r"""(?:https)?://[^\s"']*""")
_PASSWORD = regex(r"://[^:/]*:")
_TOKEN = regex(
    r"://(?P<value>[A-Za-z0-9_-]{20,}(?=:?@)|[A-Za-z0-9_-]+(?=:x-oauth-basic@)"
    r"|(?<=https://)(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{6,}(?=@))"
)
_QUERY = regex(r"(?<=\?)(?:[^\\<>|`;&]|&(?!&)|\\u0026)+")


def without_known(text: str) -> str:
    """Return *text* without secrets of a known form: tokens, keys, logins, and queries in addresses."""
    text = without_keys(text)
    for each in likely_in(text, ON_ONE_LINE):
        text = each.pattern.sub(_hidden, text)
    return _ADDRESS.sub(_shown, text)


def _hidden(match: re.Match[str]) -> str:
    """Return the match with its group `value`, or all of it, hidden, but not a reference to a secret."""
    start, end = match.span("value" if "value" in match.re.groupindex else 0)
    if PLAIN_IN_SHELL.fullmatch(match.string[start:end]):
        return match[0]
    return match[0][: start - match.start()] + HIDDEN + match[0][end - match.start() :]


def _shown(address: re.Match[str]) -> str:
    text = _without_login(_TOKEN.sub(_hidden, address[0]))
    query = text.find("?", text.find("://"))
    return text if query < 0 else text[:query] + _QUERY.sub(HIDDEN, text[query:])


def _without_login(address: str) -> str:
    """Return *address* without the text between the colon after the user and the last `@`."""
    last = address.rfind("@")
    user = _PASSWORD.search(address, 0, last) if last > 0 else None
    password = address[user.end() : last].rstrip("@") if user else ""
    if user is None or not password or PLAIN_IN_ADDRESS.fullmatch(password):
        return address
    return address[: user.end()] + HIDDEN + address[user.end() + len(password) :]
