"""Names that say that what they name is a secret: of variables, options, labels and fields, and of files."""

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
    """Names, or patterns of them, of which a site knows better; in small letters, as any case is meant."""

    hide: tuple[str, ...] = ()  # of secrets, whatever the value is
    keep: tuple[str, ...] = ()  # of what is no secret. A name in both is hidden

    def hides(self, name: str) -> bool:
        """Return whether the site says that what has this name is a secret."""
        return any(fnmatchcase(name.lower(), each) for each in self.hide)

    def keeps(self, name: str) -> bool:
        """Return whether the site says that it is none."""
        return not self.hides(name) and any(fnmatchcase(name.lower(), each) for each in self.keep)


NOTHING_SAID = SiteNames()
# Every target is asked in a thread of its own.
_SITE: ContextVar[SiteNames] = ContextVar("site", default=NOTHING_SAID)


def of_site() -> SiteNames:
    """Return what the site says of the target whose answer is being redacted."""
    return _SITE.get()


@contextmanager
def known_to_site(names: SiteNames) -> Iterator[None]:
    """For what is redacted inside, the site says this of names."""
    token = _SITE.set(names)
    try:
        yield
    finally:
        _SITE.reset(token)


@lru_cache(maxsize=1000)
def names_secret(name: str) -> bool:
    """Return whether a name is that of a secret, as `DB_PASSWORD`, `apiKey2`, `dbpass` and `DB_PASSWORD_PROD`.

    `DB_PASSWORD_FILE`, `TOKEN_LIFETIME` and `SECRET_NAME` only tell something about one.
    """
    words = words_of(name)
    if not words or words[0] in _SWITCHES or _NOT_NAMES.fullmatch(name):
        return False
    if words[-1] in ("key", "keys") and words[-2:-1] != ["api"]:
        return not _KEYS.isdisjoint(words[-2:-1])
    end = "".join(words[-2:])  # APIkey
    return _SECRET.fullmatch(end) is not None and not _OTHER.fullmatch(end)


def names_password(name: str) -> bool:
    """Return whether it is a password, which may be a number."""
    return names_secret(name) and re.search(r"(?:pass\w*|pwd?)$", words_of(name)[-1]) is not None


def names_login(name: str) -> bool:
    """Return whether it may be a user with a password, as `NEO4J_AUTH`; or how users are authenticated."""
    return any(word in ("auth", "login") or word.endswith("basicauth") for word in words_of(name)[-1:])


def names_key(name: str) -> bool:
    """Return whether it is some key, a personal access token, or the secret id of Vault: secret if it looks random."""
    words = words_of(name)
    public = _PUBLIC.intersection(words) - ({"primary"} if "encryption" in words else set())
    return (words[-1:] in (["key"], ["pat"]) and not public) or ("vault" in words and words[-2:] == ["secret", "id"])


def names_secret_file(path: str) -> bool:
    """Return whether a file of this name holds a secret: a private key, a store of keys, or a name of a secret."""
    name = path.rpartition("/")[2]
    stem = name.partition(".")[0].rstrip("0123456789").removesuffix("v").rstrip("-_")
    return bool(_FILES.fullmatch(name.lower())) or names_secret(stem)


def words_of(name: str) -> list[str]:
    """Return the words of a name, without those at its end that say which of several it is, as in BOUNCER_KEY_nginx."""
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and (words[-1] in _WHICH or words[-3:-1] in (["bouncer", "key"], ["root", "token"])):
        words.pop()
    return words
