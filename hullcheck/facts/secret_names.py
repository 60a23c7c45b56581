"""Names that say that what they name is a secret: of variables, and of files."""

import re

_LAST_WORDS = """
    accesstoken apikey authtoken credential credentials pass passphrase passwd password privatekey pwd
    secret secretkey secrets token
"""
_LAST = frozenset(_LAST_WORDS.split())
_ENDINGS = ("password", "passwd", "passphrase")  # PGPASSWORD is one word
_KEY_WORDS = """
    access account api app auth encryption gpg hmac jwt license master pgp private secret shared signing
    ssh ssl tls
"""
_KEYS = frozenset(_KEY_WORDS.split())
_FILES = re.compile(
    r"id_(rsa|dsa|ecdsa|ed25519)|.*\.(key|p12|pfx|jks|keystore|kdbx)|\.(htpasswd|pgpass|netrc)"
)
_VERSION = re.compile(r"([-_]?v?\d+)+$")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def names_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret: its last words decide, as in `DB_PASSWORD`, `apiKey2`.

    `DB_PASSWORD_FILE`, `TOKEN_LIFETIME` and `SECRET_NAME` only tell something about one.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if words[-3:] == ["secret", "key", "base"]:
        return True
    if words[-1:] == ["key"]:
        return bool(_KEYS.intersection(words[-2:-1]))
    return any(word in _LAST or word.endswith(_ENDINGS) for word in words[-1:])


def names_secret_file(path: str) -> bool:
    """Whether a file of this name holds a secret: a private key, a store of keys, or a name of a secret."""
    name = path.rpartition("/")[2]
    return bool(_FILES.fullmatch(name.lower())) or names_secret(_VERSION.sub("", name.partition(".")[0]))
