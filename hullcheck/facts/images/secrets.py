"""The secrets of an image: in its configuration, its steps and the names of its files, and its steps without them.

Values of variables, labels and build arguments are never stored, whatever their names are; the state of a switch is.
"""

import json
import re

from hullcheck import secrets
from hullcheck.facts.images.content_names import looks_like_key
from hullcheck.facts.images.steps import SHELL

_KEY_FILE = re.compile(
    r"""(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:\.(?:bak|old|orig|save)|~)? | ssh_host_\w+_key | \.git-credentials
    | [._]netrc | \.pgpass | \.aws/credentials | \.vault-token | \.mylogin\.cnf | \.rediscli_auth | \.passwd-s3fs
    | secring\.gpg | \.gnupg/private-keys-v1\.d/[^/]+\.key | application_default_credentials\.json
    | credentials\.tfrc\.json | \.config/gcloud/(?:access_tokens|credentials)\.db)""",
    re.VERBOSE,
)
_DECLARES = re.compile(rf"(?:{SHELL}#\(nop\) +)?(?:ONBUILD +)?(?:ENV|LABEL|ARG) (?P<rest>.*)", re.DOTALL)
_BUILD_ARGUMENTS = re.compile(
    rf"(?P<before>(?:RUN )?\|\d+ )(?P<arguments>.*?) (?P<command>{SHELL}-\w*c .*)", re.DOTALL
)
_BARE_ARGUMENTS = re.compile(
    r"(?P<before>(?:RUN )?\|\d+ )(?P<arguments>(?:[\w./-]+=\S* )*)(?P<command>.*)", re.DOTALL
)
_COMMAND = re.compile(rf"(?:{SHELL}#\(nop\) +)?(?:CMD|ENTRYPOINT|HEALTHCHECK|SHELL|ONBUILD [A-Z]+) ")
_PLACES = re.compile(
    rf"(?P<before>(?:{SHELL}#\(nop\) +)?(?:ONBUILD +)?(?:VOLUME|WORKDIR) )(?P<rest>.*)", re.DOTALL
)
_NO_WORD = re.compile(r"(?![A-Za-z._#-]+(?![^\s/\[\]\",]))[^\s/\[\]\",]+")
_WORD = r'"(?:\\.|[^"\\])*"'
_LIST = re.compile(rf"\[({_WORD}(?:[\s,]+{_WORD})*)\]")
# Of a value with blanks a word may look like another name: only what cannot be one of its words is kept.
_FIRST = re.compile(r"([A-Za-z_][\w./-]*)=(\S*)")
_FURTHER = re.compile(r"(?<=\s)([A-Z][A-Z_]*)=(?!=)(\S+)")
_SWITCHED = re.compile("true|false|yes|no|on|off|[01]", re.IGNORECASE)


def names_key_file(path: str) -> bool:
    """Whether a file of this name holds a secret, whatever else is true of it."""
    return bool(_KEY_FILE.fullmatch(path))


def may_be_secret_file(path: str) -> bool:
    """Whether a file of this name often holds a secret, and often none."""
    return not names_key_file(path) and looks_like_key(path)


def as_words(text: str) -> str:
    """A step with its command as a line of words, also where the build file has a list."""
    return _LIST.sub(lambda match: _joined(match[1]), text) if _COMMAND.match(text) else text


def _joined(words: str) -> str:
    return secrets.line_of(map(_unquoted, re.findall(_WORD, words)))


def _unquoted(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:  # the builder has its own escapes
        return word[1:-1]


def masked_step(text: str) -> str:
    """A step of a history without secrets, and without the values of what it sets."""
    if declares := _DECLARES.match(text):
        return f"{text[: declares.start('rest')]}{_names(declares['rest'])}"
    if given := _BUILD_ARGUMENTS.match(text) or _BARE_ARGUMENTS.match(text):
        return f"{given['before']}{_names(given['arguments'])} {secrets.masked(given['command'])}"
    if places := _PLACES.fullmatch(text):  # nothing of them is judged
        return f"{places['before']}{_NO_WORD.sub(secrets.HIDDEN, places['rest'])}"
    return secrets.masked(text)


def _names(assignments: str) -> str:
    """`A=b c D=e` as `A=*** D=***`."""
    first = _FIRST.match(assignments)
    if first is None:
        return secrets.masked(assignments.strip().partition(" ")[0])
    given = [first.groups(), *_FURTHER.findall(assignments)]
    return " ".join(f"{name}={_value(value)}" for name, value in given)


def _value(value: str) -> str:
    """Return the value of a switch as it is, and nothing of another."""
    return value if _SWITCHED.fullmatch(value) else secrets.HIDDEN
