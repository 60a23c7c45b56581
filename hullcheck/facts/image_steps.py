"""The steps in which an image was made, as its history tells them: instructions, and the commands of a RUN."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

# The shell of a RUN as histories show it, up to its last option; what it is given follows without quotes.
SHELL = r"(?:/\S+|(?:ba|da|a|k|z)?sh) (?:-\S+ |pipefail |errexit )*"
_CLASSIC = re.compile(rf"{SHELL}#\(nop\) +([A-Z]+)(?: (.*))?", re.DOTALL)
_KEYWORDS = """
    ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER
    VOLUME WORKDIR
"""
_INSTRUCTION = re.compile(rf"({'|'.join(_KEYWORDS.split())})(?: (.*))?", re.DOTALL)
_BUILDKIT = re.compile(r"\s*# buildkit$")
_ARGUMENTS = re.compile(rf"\|\d+ (?:.*? (?={SHELL}-\w*c )|(?:[\w./-]+=\S* )*)", re.DOTALL)
_FLAGS = re.compile(r"^(?:--\w[\w-]*(?:=\S*)? +)+")  # of the RUN itself, as in `RUN --mount=...`
_SHORT_SHELL = re.compile(rf"{SHELL}-\w*c (.*)", re.DOTALL)
_HIDDEN_SCRIPT = "/dev/pipes/"  # where BuildKit puts a script of its own first line; its text is not told
_FILLS = ("ADD", "COPY", "RUN")

_HEREDOC = re.compile(r"(?<!<)<<-?[ \t]*([\"']?)(?P<end>[A-Za-z_]\w*)\1")
_INTO_SHELL = re.compile(r"(?:^|[\s;&|/])(?:ba|da|a|k|z)?sh(?:\s+-\S*)*\s*$")
_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r]|\\\r?\n)+)
    |(?P<comment>\#[^\n]*)
    |(?P<end>[;&|()\n`]+)
    |(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s;&|()`'"\\])+)
    |(?P<stray>.)""",
    re.DOTALL | re.VERBOSE,
)
_QUOTED = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# Words of the shell before a command, and programs that start another one.
_BEFORE_WORDS = "! { if then else elif do while until time exec eval command sudo env nice nohup xargs"
_BEFORE = frozenset(_BEFORE_WORDS.split())
SHELLS = frozenset(("ash", "bash", "dash", "ksh", "sh", "zsh"))

Command = tuple[str, ...]
"""A command of a shell: its program, without the folder, and the words after it."""


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
        by_hand = self.keyword == "RUN" and all(
            len(each) == 1 and each[0] in SHELLS for each in self.commands
        )
        return self.silent or _HIDDEN_SCRIPT in self.text or (by_hand and bool(self.commands))

    @property
    def keyword(self) -> str:
        """Its instruction; what names none was run. Empty where nothing is told."""
        return self._parsed[0]

    @property
    def argument(self) -> str:
        """What follows the instruction."""
        return self._parsed[1]

    @property
    def fills(self) -> bool:
        """Whether it may bring files into the image."""
        return self.imported or self.keyword in _FILLS

    @property
    def brings_file_system(self) -> bool:
        """Whether it adds something to the root directory that was at hand where it was built."""
        *sources, target = self.argument.split() or [""]
        return self.keyword == "ADD" and target == "/" and not any("://" in each for each in sources)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that an ADD or COPY names."""
        words = self.argument.split() if self.keyword in ("ADD", "COPY") else ()
        return tuple(word for word in words if not word.startswith("--"))

    @property
    def shown(self) -> str:
        """The instruction on one line, cut, to be found in a build file."""
        line = " ".join(f"{self.keyword} {self.argument}".split()) or "(no words)"
        return line if len(line) <= 100 else f"{line[:100]}..."

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """The commands of a RUN, one after the other."""
        return tuple(_commands(self.argument)) if self.keyword == "RUN" else ()

    @cached_property
    def _parsed(self) -> tuple[str, str]:
        text = _BUILDKIT.sub("", self.text.strip())
        match = _CLASSIC.fullmatch(text) or _INSTRUCTION.fullmatch(text)
        keyword, argument = match.groups() if match else ("RUN" if text else "", text)
        if keyword == "RUN":
            argument = _script(argument or "")
        return keyword, (argument or "").strip()


def _script(text: str) -> str:
    """What a RUN hands to its shell."""
    text = _ARGUMENTS.sub("", text, count=1) if text.startswith("|") else text
    text = _FLAGS.sub("", text)
    shell = _SHORT_SHELL.fullmatch(text)
    if shell is None:
        return text
    quoted = _QUOTED.fullmatch(shell[1])  # some builders keep the quotes of the build file
    return _unquoted(quoted) if quoted else str(shell[1])


def _commands(script: str) -> Iterator[Command]:
    """The commands of a shell's script, those that it hands to another shell too."""
    words = list[str]()
    for match in _TOKEN.finditer(_without_heredocs(script) + "\n"):
        if match.lastgroup == "word":
            words.append(_QUOTED.sub(_unquoted, match[0]))
        elif match.lastgroup == "end":
            yield from _command(words)
            words = []


def _command(words: list[str]) -> Iterator[Command]:
    """The command of these words, without what stands before it."""
    rest = list(words)
    while rest and (rest[0] in _BEFORE or _ASSIGNMENT.match(rest[0])):
        before = rest.pop(0)
        while before in _BEFORE and rest and rest[0].startswith("-"):
            rest.pop(0)
    if not rest:
        return
    program = rest[0].rpartition("/")[2]
    script = _script_of_shell(rest) if program in SHELLS else None
    if script is None:
        yield (program, *rest[1:])
    else:
        yield from _commands(script)


def _script_of_shell(words: list[str]) -> str | None:
    """What `sh -c` is given; None where it is given a file."""
    for number, word in enumerate(words[1:-1], start=1):
        if re.fullmatch(r"-\w*c", word):
            return words[number + 1]
    return None


def _unquoted(match: re.Match[str]) -> str:
    single, double, escaped = match.groups()
    if single is not None:
        return str(single)
    return re.sub(r"\\([\"\\$`])", r"\1", double) if double is not None else str(escaped)


def _without_heredocs(script: str) -> str:
    """*script* without the texts that it writes to files or programs; those that a shell reads stay."""
    lines = script.split("\n")
    last = {line.strip(): number for number, line in enumerate(lines)}
    kept, waiting = list[str](), list[tuple[str, bool]]()
    for number, line in enumerate(lines):
        if not waiting:
            found = [match for match in _HEREDOC.finditer(line) if last.get(match["end"], 0) > number]
            waiting = [(match["end"], bool(_INTO_SHELL.search(line[: match.start()]))) for match in found]
            kept.append(_HEREDOC.sub("", line) if found else line)
        elif line.strip() == waiting[0][0]:
            waiting.pop(0)
        elif waiting[0][1]:
            kept.append(line)
    return "\n".join(kept)
