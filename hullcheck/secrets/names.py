"""Names of secrets: of variables, options, labels, fields and files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import lru_cache

from msgspec import Struct

from hullcheck.lazy import regex


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words with which the name of a secret ends; PGPASSWORD and dbpass are one word.
_ENDINGS = """
    accesskey apikeys? appkey authkey authtok cookiesecret creds? credentials? encryptionkey erlangcookie pass
    passphrase passwd passwords? passwort privatekey psk pw pwd secrets? secretkey tokens?
"""
_SECRET = regex(rf".*(?:{'|'.join(_ENDINGS.split())})")
_OTHER = regex(r".*(?:all|ask|band|by|com|en|high|kee|low|multi|old|over|proxy|sur|tres|under)(?:pass|pwd)")
# What is a key of something secret; `SORT_KEY` and `PRIMARY_KEY` are others.
_KEYS = _words("""
    access account admin api app auth bouncer cookie deploy enc encryption jwt lapi license master private secret
    session shared signing ssh ssl tls webhook
""")
_PUBLIC = _words("""
    cache foreign gpg host idempotency partition pgp primary pub public publishable signature site sort verify
""")
# Which of several secrets it is, as in `DB_PASSWORD_PROD`.
_WHICH = _words("""
    admin app backup base current default dev live local main master new old prev previous primary prod production
    readonly ro root rw slave stage staging test v
""")
# What comes first in the name of a switch, as in `--no-password`.
_SWITCHES = _words("""
    allow ask disable disabled enable force generate list max min no num prompt require servers set skip use validate
    with without
""")
_NOT_NAMES = regex(
    r"(?:OLD)?PWD|(?:Load|Import)Credential\w*|(?i:no_?passw?o?r?d?|publickeytoken|.*initial.cluster.token|server_?tokens?)"
)
_FILES = regex(r"id_(rsa|dsa|ecdsa|ed25519)|.*\.(key|p12|pfx|jks|keystore|kdbx)|\.(htpasswd|pgpass|netrc)")
_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class SiteNames(Struct, frozen=True):
    """Names and patterns in the organization's policy, in lower case."""

    hide: tuple[str, ...] = ()  # of secrets, whatever the value is
    keep: tuple[str, ...] = ()  # of what is no secret. A name in both is hidden

    def hides(self, name: str) -> bool:
        """Return whether the policy hides values with this name."""
        return any(fnmatchcase(name.lower(), each) for each in self.hide)

    def keeps(self, name: str) -> bool:
        """Return whether the policy keeps values with this name."""
        return not self.hides(name) and any(fnmatchcase(name.lower(), each) for each in self.keep)


NOTHING_SAID = SiteNames()
# Every target is asked in a thread of its own.
_SITE: ContextVar[SiteNames] = ContextVar("site", default=NOTHING_SAID)


def of_site() -> SiteNames:
    """Return the names of the policy for the target that is being redacted."""
    return _SITE.get()


@contextmanager
def known_to_site(names: SiteNames) -> Iterator[None]:
    """Apply these names to everything that is redacted inside."""
    token = _SITE.set(names)
    try:
        yield
    finally:
        _SITE.reset(token)


@lru_cache(maxsize=1000)
def names_secret(name: str) -> bool:
    """Return whether a name is that of a secret, as `apiKey2` and `DB_PASSWORD_PROD`, but not `DB_PASSWORD_FILE`."""
    words = words_of(name)
    if not words or words[0] in _SWITCHES or _NOT_NAMES.fullmatch(name):
        return False
    if words[-1] in ("key", "keys") and words[-2:-1] != ["api"]:
        return not _KEYS.isdisjoint(words[-2:-1])
    end = "".join(words[-2:])  # APIkey
    return _SECRET.fullmatch(end) is not None and not _OTHER.fullmatch(end)


def names_password(name: str) -> bool:
    """Return whether a name is that of a password, which may be a number."""
    return names_secret(name) and re.search(r"(?:pass\w*|pwd?)$", words_of(name)[-1]) is not None


def names_login(name: str) -> bool:
    """Return whether a name is that of a login, as `NEO4J_AUTH`, or of a method of authentication."""
    return any(word in ("auth", "login") or word.endswith("basicauth") for word in words_of(name)[-1:])


def names_key(name: str) -> bool:
    """Return whether a name is that of a key, an access token or a secret id of Vault, which is secret if random."""
    words = words_of(name)
    public = _PUBLIC.intersection(words) - ({"primary"} if "encryption" in words else set())
    return (words[-1:] in (["key"], ["pat"]) and not public) or ("vault" in words and words[-2:] == ["secret", "id"])


def names_secret_file(path: str) -> bool:
    """Return whether a file is named like a private key, a keystore or a secret."""
    name = path.rpartition("/")[2]
    stem = name.partition(".")[0].rstrip("0123456789").removesuffix("v").rstrip("-_")
    return bool(_FILES.fullmatch(name.lower())) or names_secret(stem)


def words_of(name: str) -> list[str]:
    """Return the words of a name, without a final one such as `prod` or a number."""
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and (words[-1] in _WHICH or words[-3:-1] in (["bouncer", "key"], ["root", "token"])):
        words.pop()
    return words
