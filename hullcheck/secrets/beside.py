"""Names of which a word is that of a secret only beside certain others, or for certain values.

A `SEED` is for random numbers or a database, an `OTP_SEED` makes the codes of somebody's logins.
"""

import re

from hullcheck.secrets.names import words_of

_OTP = "fa hotp mfa otp totp twofactor"
_BESIDE_WORDS = {
    "seed": f"{_OTP} bip mnemonic nkey recovery secret wallet",
    "salt": "auth cookie encryption hash hashids in jwt nonce password secret session signing token",
    "phrase": "mnemonic recovery secret seed wallet",
    "code": f"{_OTP} access activation alarm backup door pin recovery security unlock",
    "codes": f"{_OTP} backup recovery",
    "community": "snmp",
    "cookie": "erlang",
}
_BESIDE = {word: frozenset(others.split()) for word, others in _BESIDE_WORDS.items()}
_NOT_AS_NUMBERS = frozenset(("salt", "seed"))
"""`PASSWORD_SALT=10` says how often something is done."""
_OTHER_PINS_WORDS = """
    adc busy button buzzer cert certificate cert chip clk clock cs data dc dht dir drdy enable fan gpio hash i2c in io
    irq key led mac miso mosi motor out output input public pull pwm relay reset rst rx scl sda sensor servo spki ssl
    step tls trigger tx uart usb version wake
"""
_OTHER_PINS = frozenset(_OTHER_PINS_WORDS.split())
"""A pin is of a plug, or of what a certificate has to be."""
_PIN = re.compile(r"\d{4,12}")
_DEFAULT_COMMUNITIES = frozenset(("public", "private"))
_SCHEME = r"(?:api-?key|basic|bearer|bot|digest|jwt|key|oauth|splunk|token)"
_HEADER = re.compile(rf"(?:[\w-]+:\s*)?{_SCHEME}[\s:=]+(?P<value>\S{{3,}})", re.IGNORECASE)
_KEY_OF_DSN = re.compile(r"https?://(?P<value>[\w-]+)(?::[\w-]*)?@[\w.-]+(?::\d+)?/.*")
_PLACEHOLDERS = re.compile(
    r"(?i)(?:your|public|my)?[-_]?(?:public)?[-_]?(?:key)?|x+|changeme|example|test|token"
)


def names_beside(name: str) -> bool:
    """Whether a word of the name, beside another, is that of a secret; or it may be one by its value."""
    words = words_of(name)
    return _is_beside(words) or _is_pin(words) or _is_header(words) or _is_dsn(words) or _is_kubeconfig(words)


def is_secret_beside(name: str, value: str) -> bool | None:
    """Whether *value* is a secret for a name that `names_beside` tells; None for a name that it does not."""
    words = words_of(name)
    if _is_dsn(words):
        found = _KEY_OF_DSN.fullmatch(value)
        return True if found and not _PLACEHOLDERS.fullmatch(found["value"]) else None
    if _is_header(words):
        found = _HEADER.fullmatch(value.strip(" \"'"))
        return True if found and not re.match(r"[$<{%]", found["value"]) else None
    if _is_pin(words):
        return _PIN.fullmatch(value) is not None
    if _is_kubeconfig(words):
        return "client-key" in value or re.fullmatch(r"(?=.*\d)[A-Za-z0-9+/]{24,}={0,2}", value) is not None
    if words[-1:] in (["code"], ["codes"]) and _is_beside(words):
        return "recovery" in words or re.search(r"\d", value) is not None
    if _is_beside(words):
        return not (words[-1] == "community" and value in _DEFAULT_COMMUNITIES)
    return None


def is_no_number(name: str) -> bool:
    """Whether what has this name is no secret where it is a number."""
    return bool(_NOT_AS_NUMBERS.intersection(words_of(name)[-1:]))


def _is_beside(words: list[str]) -> bool:
    return bool(words) and bool(_BESIDE.get(words[-1], frozenset()).intersection(words[:-1]))


def _is_pin(words: list[str]) -> bool:
    return words[-1:] == ["pin"] and not _OTHER_PINS.intersection(words)


def _is_header(words: list[str]) -> bool:
    return words[-1:] == ["authorization"] or (
        words[-1:] == ["header"] and bool({"auth", "authorization", "authentication"}.intersection(words))
    )


def _is_dsn(words: list[str]) -> bool:
    return words[-1:] == ["dsn"] or (words[-1:] == ["url"] and "sentry" in words)


def _is_kubeconfig(words: list[str]) -> bool:
    return words[-1:] == ["kubeconfig"] or words[-2:] == ["kube", "config"]
