"""The build steps in the history of an image. Values that they set are never stored, except for switches."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from hullcheck import secrets
from hullcheck.lazy import regex

# The shell of a RUN as histories show it, up to its last option; what it is given follows without quotes.
_SHELL = r"(?:/\S+|(?:ba|da|a|k|z)?sh) (?:[-+]\w*o [a-z]+ |-\S+ ){0,9}"
_CLASSIC = regex(rf"{_SHELL}#\(nop\) +([A-Z]+)(?: (.*))?", re.DOTALL)
_KEYWORDS = """
    ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR
""".strip()
_INSTRUCTION = regex(rf"({_KEYWORDS})(?: (.*))?", re.DOTALL)
# A step of a build file is an instruction, or what a RUN gave to a shell. Some bases begin with a comment.
_OF_BUILD_FILE = regex(rf"#|\|\d+ |(?:.* )?{_SHELL}(?:-\w*c |#\(nop\))|(?:{_KEYWORDS})(?: |$)|.*(?:&&|;)", re.DOTALL)
_BUILDKIT = regex(r"(?<!\s)\s*# buildkit$")
_ARGUMENTS = regex(  # of a RUN, before its command: `|2 A=1 B=2 /bin/sh -c x`
    rf"(?P<before>(?:RUN )?\|\d+ )(?P<given>.*? (?={_SHELL}-\w*c )|(?:[\w./-]+=\S* )*)(?P<command>.*)", re.DOTALL
)
_SHELL_COMMAND = regex(rf"{_SHELL}-\w*c (.*)", re.DOTALL)
_HIDDEN_SCRIPT = "/dev/pipes/"  # where BuildKit puts a script of its own first line; its text is not in the history
# What an ADD takes from elsewhere, or perhaps: the old builder shows a digest alone, and one for several files.
_FETCHED = regex(r"\w+://|git@|[0-9a-f]{64}$|multi:")
_FILLS = ("ADD", "COPY", "RUN")
IMPORTED, MERGED = "imported from ", "merge sha256:"
"""How comments of histories begin: of an import, and of all layers in one, which the steps before it made."""
_DECLARES = regex(rf"(?:{_SHELL}#\(nop\) +)?(?:ONBUILD +)?(?:ENV|LABEL|ARG) (?P<rest>.*)", re.DOTALL)
_COMMAND = regex(rf"(?:{_SHELL}#\(nop\) +)?(?:CMD|ENTRYPOINT|HEALTHCHECK|SHELL|ONBUILD [A-Z]+) ")
_WORD = r'"(?:\\.|[^"\\])*"'
_LIST = regex(rf"\[({_WORD}(?:[\s,]+{_WORD})*)\]")
# Of a value with blanks a word may look like another name: only what cannot be one of its words is kept.
_FIRST = regex(r"([A-Za-z_][\w./-]*)=(\S*)")
_FURTHER = regex(r"(?<=\s)([A-Z][A-Z_]*)=(?!=)(\S+)")
_SWITCHED = regex("true|false|yes|no|on|off|[01]", re.IGNORECASE)


class Step(Struct, frozen=True, omit_defaults=True, dict=True):
    """A step in the history of an image."""

    created_by: str | None = None  # the instruction as the builder wrote it; stored without values and secrets
    comment: str | None = None  # stored is how that of an import or a merge begins
    empty_layer: bool = False
    secrets: tuple[str, ...] = ()  # the kinds of secrets that its words held before they were stored
    silent: bool = False  # whether it brought files into the image, and the history does not say how

    def without_secrets(self) -> "Step":
        """Return the step as it is stored."""
        comment = (self.comment or "").lower()  # podman has small letters, and writes an ADD beside it
        origin = next((each for each in (IMPORTED, MERGED) if comment.startswith(each)), "")
        text = "" if origin == IMPORTED else as_words((self.created_by or "").strip())
        return Step(masked_step(text), origin, self.empty_layer, tuple(secrets.kinds(text)))

    @property
    def builder(self) -> str | None:
        """The name of a builder without a build file, often empty, or None for a step of a build file."""
        text = self.created_by or ""
        return None if _OF_BUILD_FILE.match(text) else text.partition(" ")[0]

    @property
    def hidden(self) -> bool:
        """Whether the history does not show the command, as for a script of BuildKit."""
        return self.silent or _HIDDEN_SCRIPT in (self.created_by or "")

    @property
    def keyword(self) -> str:
        """The instruction, RUN if none is named, or an empty string for a step without words."""
        return self._parsed[0]

    @property
    def argument(self) -> str:
        return self._parsed[1]

    @property
    def is_for_later(self) -> bool:
        """Whether the step is done only in builds from this image."""
        return self._parsed[2]

    @property
    def build_arguments(self) -> str:
        """The build arguments of a RUN, as `A=1 B=***`."""
        found = _ARGUMENTS.fullmatch(self.created_by or "")
        return found["given"] if found else ""

    @property
    def fills(self) -> bool:
        """Whether the step may add files to the image."""
        return self.comment == IMPORTED or (self.keyword in _FILLS and not self.is_for_later)

    @property
    def brings_file_system(self) -> bool:
        """Whether the step adds a local file or archive to the root directory."""
        *sources, target = self.argument.split() or [""]
        fetched = any(_FETCHED.match(each) for each in sources)
        return self.keyword == "ADD" and target == "/" and not fetched

    @property
    def files(self) -> tuple[str, ...]:
        """The files in an ADD or COPY."""
        words = self.argument.split() if self.keyword in ("ADD", "COPY") else ()
        return tuple(word for word in words if not word.startswith("--"))

    @property
    def shown(self) -> str:
        """The instruction on one line, shortened."""
        before = "ONBUILD" if self.is_for_later else ""
        line = " ".join(f"{before} {self.keyword} {self.argument}".split()) or "(no words)"
        return line if len(line) <= 100 else f"{line[:100]}..."

    @cached_property
    def _parsed(self) -> tuple[str, str, bool]:
        text = _BUILDKIT.sub("", (self.created_by or "").strip())
        match = _CLASSIC.fullmatch(text) or _INSTRUCTION.fullmatch(text)
        later = match is not None and match[1] == "ONBUILD"
        if match and later:
            text = (match[2] or "").strip()
            match = _INSTRUCTION.fullmatch(text)
        keyword, argument = match.groups() if match else ("RUN" if text else "", text)
        argument = argument or ""
        if keyword == "RUN":
            given = _ARGUMENTS.fullmatch(argument)
            argument = given["command"] if given else argument
            shell = _SHELL_COMMAND.fullmatch(argument)
            argument = shell[1] if shell else argument
        return keyword, argument.strip(), later


def steps_of(history: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps of a history. The first ones may be a base by a builder without a build file, as Jib or KIWI."""
    filling = [each for each in history if not each.empty_layer]
    base = [*takewhile(lambda each: each.builder == filling[0].builder, filling)]
    of_base = len(base) if len(base) < len(filling) else 0  # without a step on top it is no base
    for each in history:
        is_known = each.comment or each.empty_layer or each.builder is None or of_base > 0
        of_base -= not each.empty_layer
        yield replace(each, silent=not is_known)


def as_words(text: str) -> str:
    """Return a step with its command as a line of words, also if the build file has a list."""
    if not _COMMAND.match(text):
        return text
    return _LIST.sub(lambda match: secrets.line_of(map(_unquoted, re.findall(_WORD, match[1]))), text)


def _unquoted(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:  # the builder has its own escapes
        return word[1:-1]


def masked_step(text: str) -> str:
    """Return a step without secrets, and without the values that it sets."""
    if declares := _DECLARES.match(text):
        return f"{text[: declares.start('rest')]}{_names(declares['rest'])}"
    if given := _ARGUMENTS.fullmatch(text):
        return f"{given['before']}{_names(given['given'])} {secrets.masked(given['command'])}"
    return secrets.masked(text)


def _names(assignments: str) -> str:
    """Return `A=b c D=e` as `A=*** D=***`; of a switch, its state stays."""
    first = _FIRST.match(assignments)
    if first is None:
        return secrets.masked(assignments.strip().partition(" ")[0])
    given = [first.groups(), *_FURTHER.findall(assignments)]
    return " ".join(f"{name}={value if _SWITCHED.fullmatch(value) else secrets.HIDDEN}" for name, value in given)
