"""The texts of texts.yml, which hold a secret or only look so."""

import re
from base64 import b64encode
from functools import cache
from pathlib import Path

import yaml

PLAIN = "Hunter2secret"
LOGIN = b64encode(f"bob:{PLAIN}".encode()).decode()
PEM = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpIdW50ZXIyc2VjcmV0Cg=="
PART = "a1B2c3D4e5F6g7H8i9J0"
_HEX = "0123456789abcdef" * 4
_PARTS = {
    "HUNTER": PLAIN,
    "{login}": LOGIN,
    "{pem}": PEM,
    "{part}": PART,
    "{hex}": _HEX,
    "{hex40}": _HEX[:40],
}
_REPEATED = re.compile(r"\{([\w./]+)\*(\d+)\}")


@cache
def _texts() -> dict[str, str]:
    text = Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")
    for part, whole in _PARTS.items():
        text = text.replace(part, whole)
    read: dict[str, str] = yaml.safe_load(_REPEATED.sub(lambda match: match[1] * int(match[2]), text))
    return read


def lines(name: str) -> list[str]:
    """Return the cases under this name."""
    return [each.replace("¶", "\n") for each in _texts()[name].splitlines()]


def settings(name: str) -> list[tuple[str, str]]:
    """Return the cases under this name as names and values."""
    return [(each.partition("=")[0], each.partition("=")[2]) for each in lines(name)]


def words(name: str) -> list[str]:
    """Return the words under this name."""
    return _texts()[name].split()
