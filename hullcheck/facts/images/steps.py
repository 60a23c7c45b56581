"""The steps in which an image was made, as its history tells them: instructions, and the commands of a RUN."""

import json
import re
import shlex
from dataclasses import dataclass
from functools import cached_property

# The shell of a RUN as histories show it, up to its last option; what it is given follows without quotes.
SHELL = r"(?:/\S+|(?:ba|da|a|k|z)?sh) (?:[-+]\w*o [a-z]+ |-\S+ ){0,9}"
_CLASSIC = re.compile(rf"{SHELL}#\(nop\) +([A-Z]+)(?: (.*))?", re.DOTALL)
_KEYWORDS = """
    ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER
    VOLUME WORKDIR
"""
_INSTRUCTION = re.compile(rf"({'|'.join(_KEYWORDS.split())})(?: (.*))?", re.DOTALL)
# A step of a build file is an instruction, or what a RUN gave to a shell. Some bases begin with a comment.
TOLD = re.compile(
    rf"#|\|\d+ |(?:.* )?{SHELL}(?:-\w*c |#\(nop\))|(?:{'|'.join(_KEYWORDS.split())})(?: |$)|.*(?:&&|;)",
    re.DOTALL,
)
_BUILDKIT = re.compile(r"(?<!\s)\s*# buildkit$")
_ARGUMENTS = re.compile(rf"\|\d+ (?:.*? (?={SHELL}-\w*c )|(?:[\w./-]+=\S* )*)", re.DOTALL)
_FLAGS = re.compile(r"^(?:--\w[\w-]*(?:=\S*)? +)+")  # of the RUN itself, as in `RUN --mount=...`
_SHORT_SHELL = re.compile(rf"{SHELL}-\w*c (.*)", re.DOTALL)
_BARE_SHELL = re.compile(r"(?:/\S*/)?(?:ba|da|a|k|z)?sh")
_HIDDEN_SCRIPT = "/dev/pipes/"  # where BuildKit puts a script of its own first line; its text is not told
# What an ADD takes from elsewhere, or perhaps: the old builder shows a digest alone, and one for several files.
_FETCHED = re.compile(r"\w+://|git@|[0-9a-f]{64}$|multi:")
_FILLS = ("ADD", "COPY", "RUN")


@dataclass(frozen=True)
class Step:
    """One step of the history of an image.

    Attributes:
        text: the instruction as the builder wrote it down, values masked; empty where nothing is told.
        secrets: what secrets its values held, in words and without them.
        imported: whether it is the import of a file system.
        silent: whether it brought files into the image, and nothing tells how.
    """

    text: str
    secrets: tuple[str, ...] = ()
    imported: bool = False
    silent: bool = False

    @property
    def hidden(self) -> bool:
        """Whether the history does not tell what it did.

        It ran a script of which BuildKit keeps only the name, or it is a container that somebody worked in by
        hand, of which only the shell is kept.
        """
        by_hand = self.keyword == "RUN" and _BARE_SHELL.fullmatch(self.argument)
        return self.silent or _HIDDEN_SCRIPT in self.text or bool(by_hand)

    @property
    def keyword(self) -> str:
        """Its instruction; what names none was run. Empty where nothing is told."""
        return self._parsed[0]

    @property
    def argument(self) -> str:
        """What follows the instruction."""
        return self._parsed[1]

    @property
    def build_arguments(self) -> str:
        """Names and values of the arguments that a RUN has as variables, as `A=1 B=***`."""
        found = _ARGUMENTS.match(self.text.removeprefix("RUN "))
        return found[0].partition(" ")[2] if found else ""

    @property
    def fills(self) -> bool:
        """Whether it may bring files into the image."""
        return self.imported or (self.keyword in _FILLS and not self.is_for_later)

    @property
    def brings_file_system(self) -> bool:
        """Whether it adds something to the root directory that was at hand where it was built."""
        *sources, target = self.argument.split() or [""]
        fetched = any(_FETCHED.match(each) for each in sources)
        return self.keyword == "ADD" and target == "/" and not fetched

    @property
    def files(self) -> tuple[str, ...]:
        """The files that an ADD or COPY names."""
        words = self.argument.split() if self.keyword in ("ADD", "COPY") else ()
        return tuple(word for word in words if not word.startswith("--"))

    @property
    def shown(self) -> str:
        """The instruction on one line, cut, to be found in a build file."""
        before = "ONBUILD" if self.is_for_later else ""
        line = " ".join(f"{before} {self.keyword} {self.argument}".split()) or "(no words)"
        return line if len(line) <= 100 else f"{line[:100]}..."

    @property
    def is_for_later(self) -> bool:
        """Whether it is done in builds from this image alone."""
        return self._parsed[2]

    @cached_property
    def _parsed(self) -> tuple[str, str, bool]:
        text = _BUILDKIT.sub("", self.text.strip())
        match = _CLASSIC.fullmatch(text) or _INSTRUCTION.fullmatch(text)
        later = match is not None and match[1] == "ONBUILD"
        if match and later:
            text = (match[2] or "").strip()
            match = _INSTRUCTION.fullmatch(text)
        keyword, argument = match.groups() if match else ("RUN" if text else "", text)
        if keyword == "RUN":
            argument = _script(argument or "")
        return keyword, (argument or "").strip(), later


def _script(text: str) -> str:
    """What a RUN hands to its shell."""
    text = _ARGUMENTS.sub("", text, count=1) if text.startswith("|") else text
    text = _listed(_FLAGS.sub("", text))
    shell = _SHORT_SHELL.fullmatch(text)
    return shell[1] if shell else text


def _listed(text: str) -> str:
    """The command that *text* is, where it is written as a list: `["apt-get", "update"]`."""
    try:
        words = json.loads(text) if text.startswith("[") else None
    except ValueError:
        words = None
    return shlex.join(map(str, words)) if isinstance(words, list) else text
