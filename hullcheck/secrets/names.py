"""Names that say that what they name is a secret: of variables, options, labels and fields, and of files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase

_SECRET_WORDS = """
    accesskey accesstoken activationkey apikey appkey authkey authtok authtoken bearer cred credential credentials creds
    kennwort mnemonic motdepasse pass passcode passe passkey passphrase passw passwd passwort password pincode
    privatekey psk psw pswd pw pwd secret secretkey senha token wachtwoord contrasena
"""
_SECRET = frozenset(_SECRET_WORDS.split())
# PGPASSWORD, dbpass and rootpw are one word; the other words that end so are not of secrets.
_ENDINGS = (
    "apikey",
    "credentials",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwort",
    "pw",
    "pwd",
    "secret",
    "token",
)
_OTHER_WORDS = """
    allpass askpass bandpass bypass compass encompass highpass keepass lowpass multipass oldpwd overpass proxypass
    surpass trespass underpass
"""
_OTHER = frozenset(_OTHER_WORDS.split())
_CLEAR_ENDINGS = ("password", "passwd", "passphrase", "secret", "token", "apikey")
_MANY = frozenset(("apikeys", "passwords", "secrets", "tokens"))
# What a server says of itself, a name that a cluster has, a word of kubectl, where a credential is, how one is checked,
# a public key.
_HARMLESS_WORDS = """
    cipherpsk ecdhepsk importcredential initialclustertoken loadcredential nopassword publickeytoken servertokens
    setcredentials validatepassword verbosepasswords
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
# What is a key of something secret; `SORT_KEY` and `PRIMARY_KEY` are others.
_KEY_WORDS = """
    access account admin aes api app auth cookie crypto deploy enc encrypt encryption fernet gpg hmac hotp ingest
    ingestion integration jwt license master mfa otp pgp preshared private psk recovery rsa seal secret session shared
    signing ssh ssl subscription tls totp unseal wallet webhook
"""
_KEYS = frozenset(_KEY_WORDS.split())
_PUBLIC_WORDS = """
    cache foreign gpg host idempotency minisign partition pgp primary pub public publishable signature signing site
    sort verification verify verifying
"""
_PUBLIC = frozenset(_PUBLIC_WORDS.split())
# Which of several secrets it is, as in `DB_PASSWORD_PROD`.
_WHICH_WORDS = """
    a admin app b backup base blob ci clear content contents current data default dev development encoded env live
    local main master new next old pem plain plaintext preprod prev previous primary prd prod production qa
    raw readonly replica ro root rw secondary slave stage staging stg str string test testing uat val value
"""
_WHICH = frozenset(_WHICH_WORDS.split())
# What is told about a secret, as in `PASSWORD_FILE` and `TOKEN_LIFETIME`.
_ABOUT_WORDS = """
    addr address age alg algo algorithm alias arn attempts aud audience auth authentication backend bucket
    budget cache cert certificate change charset check class cmd command complexity cost count days delimiter
    description dir directory disable disabled docs email enable enabled encoder encoding encryption endpoint
    engine exchange exp expiration expire expires expiry field file files fingerprint folder format generator
    grant group handler hash hasher hashers hashing header headers helper hint history host hostname hours id ids index
    interval introspection iss issuer iterations kind label len length lifetime limit limits link location login
    manager management maps max message method methods min minutes mode module mount ms name names page param parameter
    path paths pattern per policy port prefix prompt protection provider providers public quality query rate ref
    reference regex required require reset retries revocation role roles rotate rotation rounds rule rules scanning
    scheme scope scopes sec seconds separator server service services set sha size source src stdin storage store
    strategy strength subject suffix support template timeout title ttl type types uri url usage user username
    users
    valid validate validation validator validators validity version volume window
"""
_ABOUT = frozenset(_ABOUT_WORDS.split())
_SWITCH_WORDS = "allow client disable enable force host no pam post require skip use with"
_SWITCHES = frozenset(_SWITCH_WORDS.split())
_COUNTED = frozenset(("count", "limit", "max", "min", "num", "total"))
_FILES = re.compile(
    r"id_(rsa|dsa|ecdsa|ed25519)|.*\.(key|p12|pfx|jks|keystore|kdbx)|\.(htpasswd|pgpass|netrc)"
)
_VERSION_BACKWARDS = re.compile(r"(?:\d++v?[-_]?)*+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class SiteNames:
    """Names, or patterns of them, of which a site knows better; in small letters, as any case is meant."""

    hide: tuple[str, ...] = ()
    """Of secrets, whatever the value is."""
    keep: tuple[str, ...] = ()
    """Of what is no secret. A name in both is hidden."""

    def hides(self, name: str) -> bool:
        """Whether the site says that what has this name is a secret."""
        return any(fnmatchcase(name.lower(), each) for each in self.hide)

    def keeps(self, name: str) -> bool:
        """Whether the site says that it is none."""
        return not self.hides(name) and any(fnmatchcase(name.lower(), each) for each in self.keep)


NOTHING_SAID = SiteNames()
# Every target is asked in a thread of its own.
_SITE: ContextVar[SiteNames] = ContextVar("site", default=NOTHING_SAID)


def of_site() -> SiteNames:
    """What the site says of the target whose answer is being redacted."""
    return _SITE.get()


@contextmanager
def known_to_site(names: SiteNames) -> Iterator[None]:
    """For what is redacted inside, the site says this of names."""
    token = _SITE.set(names)
    try:
        yield
    finally:
        _SITE.reset(token)


def names_secret(name: str) -> bool:
    """Whether what has this name is a secret, as `DB_PASSWORD`, `apiKey2`, `dbpass` and `DB_PASSWORD_PROD`.

    `DB_PASSWORD_FILE`, `TOKEN_LIFETIME` and `SECRET_NAME` only tell something about one.
    """
    words = words_of(name)
    if any("".join(words[-count:]) in _HARMLESS for count in (1, 2, 3)):
        return False
    return _ends_in_secret(words) or _ends_in_many(words) or _has_secret_inside(words)


def names_one_secret(name: str) -> bool:
    """Whether it is a secret even where it is a number, as `PASSWORD=1234`; `TOKENS=4096` is none."""
    words = words_of(name)
    return _ends_in_secret(words) and not _COUNTED.intersection(words)


def names_secret_text(name: str) -> bool:
    """Whether it is a secret even where it has blanks; words inside a name may be about a text."""
    return _ends_in_secret(words_of(name))


def names_login(name: str) -> bool:
    """Whether it may be a user with a password, as `NEO4J_AUTH`; or how users are authenticated."""
    return any(word in ("auth", "login") or word.endswith("basicauth") for word in words_of(name)[-1:])


def names_password_of_service(name: str) -> bool:
    """Whether it may be the password of a service, as `REDIS_AUTH`; or how users of that are authenticated."""
    *before, last = words_of(name) or [""]
    return last == "auth" and bool(before) and not _SWITCHES.intersection(before)


def names_key(name: str) -> bool:
    """Whether it is some key, or a personal access token, secret if it looks random; public by its name it is none."""
    words = words_of(name)
    return words[-1:] in (["key"], ["pat"]) and not _PUBLIC.intersection(words)


def names_access_token(name: str) -> bool:
    """Whether it is a personal access token, by its name alone: `GITHUB_PAT`."""
    return words_of(name)[-1:] == ["pat"]


def names_key_of_program(name: str) -> bool:
    """Whether it is a key or a secret that a program wants for itself: with none of them anybody logs in."""
    return words_of(name)[-1:] in (["key"], ["secret"])


def names_signature_key(name: str) -> bool:
    """Whether it is the public key of a signature, as `GPG_KEY` of many an image."""
    return re.search("gpg|pgp", name, re.IGNORECASE) is not None


def names_secret_file(path: str) -> bool:
    """Whether a file of this name holds a secret: a private key, a store of keys, or a name of a secret."""
    name = path.rpartition("/")[2]
    stem = name.partition(".")[0]
    backwards = _VERSION_BACKWARDS.match(stem[::-1])
    version = backwards.end() if backwards else 0
    return bool(_FILES.fullmatch(name.lower())) or names_secret(stem[: len(stem) - version])


def words_of(name: str) -> list[str]:
    """The words of a name, without those at its end that say which of several it is."""
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and words[-1] in _WHICH:
        words.pop()
    return words


def _ends_in_secret(words: list[str]) -> bool:
    if words[-1:] in (["key"], ["keys"]):
        return bool(_KEYS.intersection(words[-2:-1]))
    return any(map(_is_secret, words[-1:])) or "".join(words).endswith(_CLEAR_ENDINGS)


def _ends_in_many(words: list[str]) -> bool:
    return bool(_MANY.intersection(words[-1:]))


def _has_secret_inside(words: list[str]) -> bool:
    """Whether it is that of something, as in `DB_PASSWORD_CUSTOMER`."""
    places = [number for number, word in enumerate(words[:-1]) if word.endswith(_CLEAR_ENDINGS)]
    return bool(places) and not _ABOUT.intersection(words[places[-1] + 1 :])


def _is_secret(word: str) -> bool:
    return word in _SECRET or (word.endswith(_ENDINGS) and word not in _OTHER)
