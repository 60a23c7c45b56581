"""The commands of a shell's script, as far as they are known without running it."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from hullcheck.parsing.shell import feeds, looks
from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.words import tokens, without_heredocs
from hullcheck.verdicts import EvidenceError

Command = tuple[str, ...]
"""A command of a shell: its program, without the folder, and the words after it."""
ASSIGNS = "="
"""Stands for the program where a value is given to a variable."""

_GIVE_TO_SHELL = ("su", "runuser")  # they take -c as a shell does, before or after a user
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_GIVES_SCRIPT = re.compile(r"-(?=[A-Za-z]*c)[A-Za-z]*")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
# Words of the shell before a command, and programs that start another one.
_BEFORE_WORDS = "exec command sudo env nice nohup xargs"
_BEFORE = frozenset(_BEFORE_WORDS.split())
_CLOSES = {"fi": "if", "esac": "case", "}": "{", "done": "while"}
_TESTS = frozenset(("[", "]]", "[[", "test", "false", "command"))
_ONLY_SAY = ("echo", "printf")
_TOO_DEEP = "a step of its history is nested too deep to be read"
_MOST_CALLS = 10_000
_MOST_OPEN = 200  # constructs of the shell in one another
_DEEPEST, _MOST = 10, 1000  # scripts in scripts, and all of them: an image may be made to be slow to judge


@dataclass(frozen=True)
class Guard:
    """What a command depends on: a branch, the body of a function, or that the command before failed.

    Attributes:
        kind: the word of the shell.
        number: of the command before, for `||`; of the branch, for the others.
    """

    kind: str
    number: int


@dataclass(frozen=True)
class Call:
    """A command where it stands in its script.

    Attributes:
        guards: what it depends on.
        path: the program as it was named, with the folder.
        end: the operator behind it, where it stands in no construct of the shell; else empty.
    """

    words: Command
    guards: frozenset[Guard] = frozenset()
    path: str = ""
    end: str = ""


@dataclass(frozen=True)
class Script:
    """What a script does, as far as its words tell.

    Attributes:
        calls: its commands, one after the other; those that it hands to another shell too.
        texts: the here-documents that no shell reads, each after `cat` where it is written to a file.
        functions: the names of those that it defines.
        untold: the interpreters that it gives something to run of which it is not told what it is.
    """

    calls: tuple[Call, ...]
    texts: tuple[Command, ...]
    functions: frozenset[str]
    untold: tuple[str, ...] = ()


def read_script(text: str) -> Script:
    """The script with this text.

    Raises:
        EvidenceError: one of its words is nested too deep to be read.
    """
    reader = _Reader()
    try:
        reader.read(text, ())
    except RecursionError:
        raise EvidenceError(_TOO_DEEP) from None
    untold = tuple(dict.fromkeys(reader.untold))
    return Script(tuple(reader.calls), tuple(reader.texts), frozenset(reader.functions), untold)


@dataclass
class _Frame:
    """A construct of the shell that is open.

    Attributes:
        own: the branch of it that is read now.
        chain: what the rest of a chain of `&&` and `||` depends on.
        words: those of the command in which it is opened, as `$( )` is.
        goes_on: whether a line that ends here does not end the chain.
        piped: what comes by a pipe to the command that is read now; None where nothing does.
        pattern: whether the pattern of a branch of `case` is read, and no command.
    """

    kind: str
    own: tuple[Guard, ...] = ()
    chain: tuple[Guard, ...] = ()
    words: list[str] = field(default_factory=list)
    goes_on: bool = False
    piped: str | None = None
    pattern: bool = False


@dataclass
class _Reader:
    """What was read of a script."""

    calls: list[Call] = field(default_factory=list)
    texts: list[Command] = field(default_factory=list)
    functions: dict[str, Guard] = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)
    decoded: bool = False
    numbers: Iterator[int] = field(default_factory=count)
    depth: int = 0
    scripts: int = 0

    def read(self, script: str, guards: tuple[Guard, ...]) -> None:
        """Read *script*, which runs where *guards* hold."""
        if self.depth == _DEEPEST or self.scripts == _MOST:
            self.texts.append((ASSIGNS, script))
            return
        self.depth += 1
        self.scripts += 1
        self._read(script, guards)
        self.depth -= 1

    def _read(self, script: str, guards: tuple[Guard, ...]) -> None:
        plain, texts = without_heredocs(script)
        self.texts += texts
        self.untold += [reader for reader, text in texts if reader == "<<" and feeds.hides(text)]
        frames = [_Frame("", guards)]
        words = list[str]()
        for kind, text in tokens(plain):
            if kind == "word":
                words.append(text)
            elif kind == "inner":
                words = self._open(words, frames)
                self.read(text, _guards(frames))
            else:
                words = self._operator(text, words, frames)
        self._finish(words, frames)

    def _operator(self, operator: str, words: list[str], frames: list[_Frame]) -> list[str]:
        """Take an operator after *words*; returns the words of the command that goes on after it."""
        if operator[0] == "(" and operator[-1] == ")":
            if not words:
                return words
            self._finish(words[:-1], frames)
            self._define(words[-1], frames)
        elif operator == "(" and frames[-1].pattern:
            return words
        elif operator == "(" or (operator == "`" and not _is_open("`", frames)):
            if operator == "(" and words and not words[-1].endswith(("$", "<", ">", "=")):
                self._finish(words, frames)
                words = []
            piped = None if words else frames[-1].piped
            words = self._open(words, frames)
            _enter(_Frame(operator, words=words, piped=piped), frames)
        elif operator == "\n" and not words and frames[-1].goes_on:
            return []
        else:
            self._finish(words, frames)
            if frames[-1].pattern:
                frames[-1].pattern = operator != ")"
                return []
            if self.calls and len(frames) == 1:
                self.calls[-1] = replace(self.calls[-1], end=operator)
            if operator == ")":
                return _close("(", frames)
            if operator == "`":
                return [*_close("`", frames), "$"]  # what it prints is put there
            tests = bool(self.calls) and self.calls[-1].words[0] in _TESTS
            self._chain(operator, frames[-1], tests=tests)
            frames[-1].piped = feeds.printed(words) if operator == "|" else None
        return []

    def _chain(self, operator: str, top: _Frame, *, tests: bool) -> None:
        """What the command after *operator* depends on; *tests* is whether the one before is a test."""
        top.goes_on = operator in ("&&", "||", "|")
        if operator == "||":
            top.chain = (Guard("||", len(self.calls) - 1),)
        elif operator == "&&" and tests:
            top.chain = (self._guard("&&"),)
        elif operator not in ("&&", "|") or (top.chain and top.chain[0].kind == "||" and operator == "&&"):
            top.chain = ()
        if operator == ";;" and top.kind == "case":
            top.own, top.pattern = (self._guard("case"),), True

    def _guard(self, kind: str) -> Guard:
        return Guard(kind, next(self.numbers))

    def _define(self, name: str, frames: list[_Frame]) -> None:
        """A function of this name, whose body follows."""
        self.functions[name] = self._guard("function")
        frames[-1].chain = (self.functions[name],)
        frames[-1].goes_on = True

    def _finish(self, words: list[str], frames: list[_Frame]) -> None:
        """The end of a command of these words."""
        piped, frames[-1].piped = frames[-1].piped, None
        rest = self._open(words, frames)
        if frames[-1].pattern:
            rest = []
        if not rest:
            frames[-1].piped = piped
        if rest and rest[0] in ("for", "select"):
            _enter(_Frame("while"), frames)
            self.calls.append(Call(tuple(rest), frozenset(_guards(frames))))
        else:
            self._command(rest, _guards(frames), piped)

    def _open(self, words: list[str], frames: list[_Frame]) -> list[str]:
        """Open and close what the first of these words do; returns the rest."""
        rest = deque(words)
        while rest:
            word, top = rest[0], frames[-1]
            if word in ("if", "{", "while", "until"):
                _enter(_Frame(word if word != "until" else "while"), frames)
            elif word in ("then", "elif", "else") and top.kind == "if":
                top.own, top.chain = (self._guard("if"),), ()
            elif word == "case" and "in" in rest:
                _enter(_Frame(word, (self._guard(word),), pattern=True), frames)
                while rest[0] != "in":
                    rest.popleft()
            elif word in _CLOSES:
                _close(_CLOSES[word], frames)
            elif word == "function" and len(rest) > 1:
                self._define(rest[1], frames)
                rest.popleft()
            elif word not in ("!", "do", "time"):
                break
            rest.popleft()
        return list(rest)

    def _command(self, words: list[str], guards: tuple[Guard, ...], piped: str | None) -> None:
        """The command of these words, without what stands before it; *piped* is what it can read."""
        earlier = self.calls[-1].words if self.calls else ()
        waiting = deque(words)
        while waiting and (waiting[0] in _BEFORE or _ASSIGNMENT.match(waiting[0])):
            before = waiting.popleft()
            if assignment := _ASSIGNMENT.match(before):
                self.assigned[assignment[1]] = assignment[2]
                self.calls.append(Call((ASSIGNS, assignment[2]), frozenset(guards)))
            elif before == "command" and waiting and waiting[0] in ("-v", "-V"):
                waiting.appendleft(before)  # it only looks for one
                break
            while before in _BEFORE and waiting and waiting[0].startswith("-"):
                if looks.takes_value(before, waiting.popleft()) and waiting:
                    waiting.popleft()
            if before == "xargs":
                waiting.append("$")  # what it reads is put there
        rest = list(waiting)
        if not rest:
            return
        if (name := _VARIABLE.fullmatch(rest[0])) and "$" not in self.assigned.get(name[1], "$"):
            rest[:1] = self.assigned[name[1]].split() or rest[:1]
        self._note_untold(rest, earlier)
        if rest[0] == "eval":
            self.read(" ".join(rest[1:]), guards)
            return
        place, script = _script_of_shell(rest)
        if place:
            self.calls.append(Call((_name(rest[0]), *rest[1:place]), frozenset(guards), rest[0]))
        if given := feeds.handed(rest, piped, earlier):
            self._run(rest[0], *given, guards)
        if script:
            self.read(script, guards)
        if rest[0] in self.functions:
            self._call(self.functions[rest[0]], guards)

    def _note_untold(self, words: list[str], before: Command) -> None:
        """Note an interpreter that runs what is made, decoded or fetched by the script itself."""
        script = " ".join(words[1:]) if words[0] == "eval" else _script_of_shell(words)[1]
        made = feeds.is_filled_in(script, before) if script else words[0] == "$" and feeds.prints_text(before)
        self.decoded |= feeds.decodes((_name(words[0]), *words[1:]))
        runs_file = self.decoded and (
            _name(words[0]) in (*SHELLS, ".", "source") or words[0][:1] in ("/", ".", "$")
        )
        if made or runs_file or feeds.hides_code(words):
            self.untold.append(_name(words[0]))

    def _run(self, program: str, is_shell: bool, text: str, guards: tuple[Guard, ...]) -> None:
        """What an interpreter runs that was given this text."""
        if is_shell:
            self.read(text, guards)
        else:
            self.texts.append(("<<", text))
        if not feeds.is_told(text) if is_shell else text == feeds.UNTOLD or feeds.hides(text):
            self.untold.append(_name(program))

    def _call(self, function: Guard, guards: tuple[Guard, ...]) -> None:
        """Do what stands in the body of a function."""
        body = [call for call in self.calls if function in call.guards]
        if len(self.calls) + len(body) > _MOST_CALLS:
            raise EvidenceError(_TOO_DEEP)
        self.calls += [replace(call, guards=call.guards - {function} | set(guards)) for call in body]


def _enter(frame: _Frame, frames: list[_Frame]) -> None:
    """Open a construct in those that are open.

    Raises:
        EvidenceError: there are too many of them.
    """
    if len(frames) == _MOST_OPEN:
        raise EvidenceError(_TOO_DEEP)
    frames.append(frame)


def _guards(frames: list[_Frame]) -> tuple[Guard, ...]:
    return tuple(guard for frame in frames for guard in (*frame.own, *frame.chain))


def _close(kind: str, frames: list[_Frame]) -> list[str]:
    """Close the innermost construct of this kind, and what is left open in it; the words that go on after it.

    A bracket that closes none ends the pattern of a `case`.
    """
    for number in range(len(frames) - 1, 0, -1):
        if frames[number].kind == "case" and kind == "(":
            break
        if frames[number].kind == kind:
            words = frames[number].words
            del frames[number:]
            frames[-1].goes_on = False
            return words
    return []


def _is_open(kind: str, frames: list[_Frame]) -> bool:
    return any(frame.kind == kind for frame in frames)


def _name(program: str) -> str:
    """A program without its folder."""
    return program if " " in program else program.rpartition("/")[2]


def _script_of_shell(words: list[str]) -> tuple[int, str]:
    """How many words stand before the shell that is given a script, as by `sh -c`, and the script.

    Where there is none these are all the words. A history does not show quotes: all that follows is of it.
    """
    given = [place for place in range(1, len(words) - 1) if _GIVES_SCRIPT.fullmatch(words[place])]
    last = given[-1] if given and words[0] not in _ONLY_SAY else 0
    for number, word in enumerate(words[:last]):
        name = _name(word)
        if name not in SHELLS and name not in _GIVE_TO_SHELL:
            continue
        for place in range(number + 1, len(words) - 1):
            if _GIVES_SCRIPT.fullmatch(words[place]):
                return number, " ".join(words[place + 1 :])
            is_option = words[place][0:1] in ("-", "+") or re.fullmatch(r"[-+]\w*[oO]", words[place - 1])
            if name in SHELLS and not is_option:
                break
    return len(words), ""
