"""Time for what others wrote grows with its length alone: nobody can keep an audit busy with a name, a value or a file.

Every fragment with which a pattern may begin is repeated, alone and with every other one behind it, and so is what may
come between. Python's `re` goes back to where it was, so that a pattern may take quadratic or exponential time.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product

import pytest

import hullcheck
from hullcheck import secrets
from hullcheck.data.health_checks import kind_of_check
from hullcheck.facts.host.audit import AUDIT, parse
from hullcheck.facts.images import package_steps
from hullcheck.facts.images import steps as image_steps
from hullcheck.facts.images.steps import Step
from hullcheck.lazy import _Pattern
from hullcheck.messages import hide_passwords, printable
from hullcheck.secrets import options
from hullcheck.secrets.known import without_known
from hullcheck.secrets.names import names_secret_file

_FLOOR = 0.004  # seconds, below which a ratio says nothing
_PUNCTUATION = ("", *"a1 \n=\"'\\|;,/:@-{", "a=", "a1b2c3d4 ", "$(")
_HEADS = (
    "password=", "pass=x ", "--password ", "://a:", "https://a", "?a=b&://",
    "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaaaaa-", "PuTTY-User-Key-File-3",
    "LS0tLS1CRUdJTiBQUklWQVRF", "Private-Lines: 1", "${A:-", "echo ", "printf -", "echo a|", "set ",
    "curl -u", "mysql ", "docker login ", "htpasswd -b", "chpasswd <<", "chpasswd -",
    "jdbc:oracle:thin:a/", "smbclient -U ", "s/PASSWORD/", "Cookie: a=", "Bearer ", "Basic ", "send ",
    "login -p ", "<password>", "$1$a$", "$y$a", "sk-", "111111111", "-k a",
    "! ", "sudo ", "A=b ", "su ", "sh -o ", "sh -c ", "f() { ", "case a in ",
    "apt-get ", "&& ", "if ",
    "do ", "<<E\n",
)  # fmt: skip


def _linear(function: Callable[[str], object], text: str, size: int, most: float = 8, *, after: str = "") -> None:
    """Require that *after* and four times the text takes less than *most* times as long."""

    def seconds(length: int) -> float:
        whole = after + (text * (length // len(text) + 1))[:length] + "x"
        begin = time.process_time()
        function(whole)
        return time.process_time() - begin

    # once more, where a collection of garbage took the time; and with more, as what is looked for may have an end
    for length in (size, size, 4 * size, 4 * size):
        large = seconds(4 * length)
        if large < _FLOOR:
            return
        small = seconds(length)
        if large < most * small:
            return
    pytest.fail(f"{text!r}: {length} characters take {small:.3f} s, four times as many {large:.3f} s")


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "kinds": secrets.kinds,
    "value": lambda text: secrets.in_value("GPG_KEY", text),
    "name": lambda text: secrets.in_value(text, "x1"),
    "line": lambda text: secrets.line_of([text, text]),
    "step": lambda text: image_steps.masked_step(image_steps.as_words(text)),
    "declared": lambda text: image_steps.masked_step(f"ENV A={text}"),
    "arguments": lambda text: image_steps.masked_step(f"|1 a={text}"),
    "list": lambda text: image_steps.as_words(f"CMD [{text}"),
    "known": without_known,
    "addresses": hide_passwords,
    "printable": printable,
    "file": names_secret_file,
    "audit": lambda text: AUDIT.keep(f"--kernel\nrule:{text}\n--end"),
    "rule": lambda text: parse(text, {}),
    "update": lambda text: package_steps.updates_alone(Step(f"RUN {text}")),
    "switches": lambda text: list(package_steps.switches(Step(f"RUN {text}"))),
    "health check": lambda text: kind_of_check(["CMD-SHELL", text]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_fragments(name: str) -> None:
    """A text of one fragment, or of a fragment and a mark, again and again."""
    for head, mark in product(_HEADS, ("", ",", " a;")):
        _linear(FUNCTIONS[name], head + mark, 400)
    for mark in _PUNCTUATION[1:]:
        _linear(FUNCTIONS[name], mark, 400)
    for head, mark in product(_HEADS, (" ", "a", ",", "\\", "-a ")):
        _linear(FUNCTIONS[name], mark, 400, after=head)


@pytest.mark.parametrize(
    "text", ["a" * 40 + "z", "0x1" * 20 + "z", "1" * 60 + "z", " -k a" * 30 + " x", "-a " * 40, "a -b " * 30]
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_text_takes_for_ever(name: str, text: str) -> None:
    """What is short ends at once."""
    begin = time.process_time()
    FUNCTIONS[name](text)
    assert time.process_time() - begin < 2


def _patterns() -> Iterator[re.Pattern[str]]:
    """Every pattern of the library, and those in its lists."""
    for module in pkgutil.walk_packages(hullcheck.__path__, "hullcheck."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                each = value if isinstance(value, list | tuple) else (value,)
                yield from (
                    one for one in each if isinstance(one, re.Pattern | _Pattern) and isinstance(one.pattern, str)
                )
    yield from (each.pattern for each in options.SECRETS)


def _begin(pattern: str) -> str:
    """Letters with which a text may begin that *pattern* finds."""
    words = re.findall(
        r"(?<![\\\[(?<!:=A-Za-z-])[A-Za-z][A-Za-z -]{1,20}", re.sub(r"\[[^\]]*\]|\\.|\{[^}]*\}", "", pattern)
    )
    return words[0] if words else "a"


def test_every_pattern() -> None:
    """With its own first word, again and again, and each mark behind it; most are never looked for inside of a text."""
    for pattern in dict.fromkeys(_patterns()):
        begin = _begin(pattern.pattern)
        for mark in _PUNCTUATION:
            _linear(pattern.fullmatch, begin + mark, 500)
            _linear(pattern.match, begin + mark, 500)
    for each in options.SECRETS:
        for mark in _PUNCTUATION:
            _linear(each.pattern.findall, _begin(each.pattern.pattern) + mark, 500)
