"""The commands of a shell's script one by one: what is filled into their words, and how each of them may end."""

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.looks import (
    GOOD,
    Cause,
    Ends,
    either,
    ends_of,
    joined,
    name_of,
    of_content,
    of_path,
    of_written,
    output_of,
    started,
    without_assignments,
    worst,
)

_REDIRECTION = re.compile(r"(\d*|&)(<<<|>>?|<>?)&?(.*)", re.DOTALL)
_JOINED = re.compile(r"([\w./-]*[a-z])((?:>>?|<).+)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{?(?:#?(\w+)|([?]))")
_GIVES_SCRIPT = re.compile(r"-[A-Za-z]*c[A-Za-z]*")
_ENDS_ON_FAULT = re.compile(r"-[A-Za-z]*e[A-Za-z]*|errexit")
_NOT_READ = frozenset(("trap", "let", "coproc", "select"))


class UnreadError(Exception):
    """The script has words that are not read."""


class Commands(ABC):
    """Reads a script of the shell, and how it may end.

    Attributes:
        left: how it may have ended before its last command.
        last: how the command before may have ended.
        looked: what decides what was printed.
        piped: what decides what can be read.
        within: what decides whether the commands that are read now are run at all.
        unknown: what decides the variables that are set elsewhere.
        variables: what decides those that the script sets.
        opened: what decides whether the descriptors are open that `exec` opened.
        defined: how many functions were defined.
        depth: in how many constructs the commands stand that are read now.
        functions: how each of its functions may end, leave the script, and what decides what it prints.
        runs: whether the commands that are read now are run at all.
        is_shell: whether a shell runs them.
        fed: whether what is read comes from the script.
        tests: whether the commands are a condition, after which a shell with `-e` goes on.
        finds_itself: whether what was printed lists the processes, with that which looks for one.
    """

    def __init__(self, options: Sequence[str]) -> None:
        self.pieces = deque[tuple[str, str]]()
        self.left: Ends = frozenset()
        self.returned: Ends = frozenset()
        self.last: Ends = GOOD
        self.looked = self.piped = self.within = Cause.NOTHING
        self.unknown = Cause.NOTHING
        self.variables = dict[str, Cause]()
        self.opened = dict[str, Cause]()
        self.defined = self.depth = 0
        self.functions = dict[str, tuple[Ends, Ends, Cause]]()
        self.runs, self.is_shell = True, True
        self.fed = self.tests = self.in_quotes = self.finds_itself = False
        self.in_function = self.ends_on_fault = self.fails_in_pipe = False
        self._obey(options)

    def _obey(self, options: Sequence[str]) -> None:
        """Note what these options of a shell, or of its `set`, change."""
        self.ends_on_fault |= any(_ENDS_ON_FAULT.fullmatch(each) for each in options)
        self.fails_in_pipe |= "pipefail" in options

    @abstractmethod
    def script(self, text: str) -> Ends:
        """How this script may end, that is read in the place of what is left of another one."""

    @abstractmethod
    def _list(self, closing: Sequence[str]) -> Ends:
        """How the commands end that stand before one of these pieces, which is left there."""

    @abstractmethod
    def _define(self, name: str) -> Ends:
        """A function of this name, whose body follows."""

    def _apart(self, read: Callable[[], Ends]) -> Ends:
        """What is read so in a shell of its own, which ends where it leaves."""
        left, self.left = self.left, frozenset()
        options = self.ends_on_fault, self.fails_in_pipe
        defined = self.defined
        ends = read() | self.left
        if defined != self.defined:  # what is defined there is not known here
            raise UnreadError
        self.left, (self.ends_on_fault, self.fails_in_pipe) = left, options
        return ends

    def _filled_in(self, read: Callable[[], Ends]) -> tuple[Cause, Ends]:
        """What decides what a script prints, of which the output is put into a word; and how it ends."""
        looked, self.looked = self.looked, Cause.NOTHING
        last = self.last
        ends = self._apart(read)
        found, self.looked, self.last = max(self.looked, worst(ends)), looked, last
        return found, ends

    # ---- the next pieces

    @property
    def _next(self) -> str:
        """The next word or operator; an operator has a blank before it."""
        if not self.pieces:
            return ""
        kind, text = self.pieces[0]
        return text.strip() if kind == "word" else f" {text}" if kind == "end" else " inner"

    def _take(self, expected: str) -> None:
        if self._next != expected:
            raise UnreadError
        self.pieces.popleft()

    def _skip(self) -> None:
        while self._next in (" ;", " \n"):
            self.pieces.popleft()

    # ---- the words of a command

    def _words(self, stop: str | None = None) -> tuple[list[str], Cause, Ends | None]:
        """The words up to the next operator, what decides what is filled into them, and how the last of that ends."""
        words, given, filled = list[str](), Cause.NOTHING, None
        while self.pieces:
            kind, text = self.pieces[0]
            tests = words[:1] == ["[["] and "]]" not in words
            if kind == "word":
                if text == stop:
                    break
                self.pieces.popleft()
                words.append(text)
                given = max(given, self._of_variables(text))
                continue
            found = self._filling(kind, text, words)
            if found:
                given, filled = max(given, found[0]), found[1]
            elif tests:
                self.pieces.popleft()
                words.append(text)
            else:
                break
        return words, given, filled

    def _filling(self, kind: str, text: str, words: list[str]) -> tuple[Cause, Ends] | None:
        """What is filled in here, into the last of *words*; None where nothing is."""
        if kind == "inner":
            self.pieces.popleft()
            return self._filled_in(lambda: self.script(text))
        if text == "`" and not self.in_quotes:
            return self._between_quotes(words)
        if text != "(" or not words or words[-1][-1:] not in ("$", "<", ">"):
            return None
        self.pieces.popleft()
        if words[-1][-1:] == "$" and self._next == " (":
            return self._calculated()
        found = self._filled_in(lambda: self._list((" )",)))
        self._take(" )")
        if words[-1] in ("<", ">"):
            words[-1] = "$"
        return found

    def _between_quotes(self, words: list[str]) -> tuple[Cause, Ends]:
        self.pieces.popleft()
        self.in_quotes = True
        found = self._filled_in(lambda: self._list((" `",)))
        self.in_quotes = False
        self._take(" `")
        if words and words[-1][-1:] == "=":
            words[-1] += "$"
        else:
            words.append("$")
        return found

    def _calculated(self) -> tuple[Cause, Ends]:
        """What decides the number that is calculated here."""
        self.pieces.popleft()
        cause, words = self.unknown, [""]
        while self._next != " )":
            if not self.pieces:
                raise UnreadError
            kind, text = self.pieces[0]
            if found := self._filling(kind, text, words):
                cause = max(cause, found[0])
                continue
            if kind != "word":
                raise UnreadError
            self.pieces.popleft()
            words = [text]
            names = re.findall(r"[A-Za-z_]\w*", text)
            cause = max((cause, *(self.variables.get(name, self.unknown) for name in names)))
        self._take(" )")
        self._take(" )")
        return cause, GOOD

    def _of_variables(self, word: str) -> Cause:
        """What decides the variables in a word."""
        causes = (
            worst(self.last) if match[2] else self.variables.get(match[1], self.unknown)
            for match in _VARIABLE.finditer(word)
        )
        return max(causes, default=Cause.NOTHING)

    def _redirected(self, words: Sequence[str], given: Cause) -> tuple[list[str], Ends]:
        """A command without its redirections, and how these may end it; what it reads is noted."""
        plain, cause, numbers = list[str](), Cause.NOTHING, list[str]()
        rest = deque(part for word in words for part in _parts(word))
        while rest:
            word = rest.popleft()
            match = _REDIRECTION.fullmatch(word)
            given_script = bool(plain) and bool(_GIVES_SCRIPT.fullmatch(plain[-1]))
            if match is None or given_script or re.search(r"[<>\s]", match[3]):  # such a word was in quotes
                plain.append(word)
                continue
            numbers.append(match[1])
            place = match[3] or (rest.popleft() if rest else "")
            if match[2] == "<<<":
                self.piped = given
            elif match[2] == "<":
                self.piped = max(self.piped, self.opened.get(place, of_content(place)))
                cause = max(cause, self.opened.get(place, of_path(place)))
            else:
                cause = max(cause, self.opened.get(place, of_written(place)))
            self.fed |= match[2][0] == "<"
        if plain == ["exec"]:
            self.opened |= dict.fromkeys(numbers, cause)
        return plain, frozenset(((False, cause),)) if cause else frozenset()

    # ---- what a command does

    def _simple(self) -> Ends:
        """How a command ends that is a program with words, or sets variables."""
        words, given, filled = self._words()
        if len(words) == 1 and self._next in (" ()", " ( )"):
            return self._define(words[0])
        if not words or self._next in (" (", " ()"):
            raise UnreadError
        piped, fed = self.piped, self.fed
        plain, broken = self._redirected(words, given)
        rest = without_assignments(plain)
        for each in plain[: len(plain) - len(rest)]:
            name = each.partition("=")[0].rstrip("+")
            self.variables[name] = max(given, self.within, self.variables.get(name, given))
        if rest:
            given = max(given, self.piped) if "xargs" in rest else given
            words = started(rest)
            state = self.program(words, given) if words else either(Cause.UNSURE)
        else:
            state = GOOD if filled is None else filled
        self.piped, self.fed = piped, fed
        return state | broken

    def program(self, words: Sequence[str], given: Cause) -> Ends:
        """How a command ends with these words, of which what is filled in is decided by *given*."""
        name = name_of(words[0])
        if name in SHELLS or name in ("su", "runuser"):
            return self._shell(words[1:], given)
        if words[0] in _NOT_READ:
            raise UnreadError
        if words[0] in ("exit", "return"):
            return self._leave(words, given)
        if words[0] in ("break", "continue"):
            return GOOD
        if words[0] == "set":
            before = self.ends_on_fault
            self._obey(words[1:])
            if self.depth and self.ends_on_fault != before:  # when that is so is not known
                raise UnreadError
        if words[0] == "eval":
            if given or any("$" in word for word in words):
                raise UnreadError
            return self.script(" ".join(words[1:]))
        if words[0] in (".", "source"):
            self.unknown = Cause.SERVICE
        if words[0] == "read":
            self.variables |= dict.fromkeys(words[1:], self.piped)
        if words[0] in self.functions:
            if self.ends_on_fault:  # where it is called decides whether a fault in it ends the script
                raise UnreadError
            ends, left, looked = self.functions[words[0]]
            self.left |= joined(left, max(self.within, given))
            self.looked = max(self.looked, looked)
            return joined(ends, given)
        self.looked = max(self.looked, output_of(words, given, self.piped))
        return either(Cause.UNSURE) if self._finds_itself(name, words) else ends_of(words, given, self.piped)

    def _finds_itself(self, name: str, words: Sequence[str]) -> bool:
        """Whether it looks for a process by words that stand in its own command, or in that of its shell."""
        if name == "ps":
            self.finds_itself = "-C" not in words
        if name in ("grep", "egrep", "fgrep"):
            if any(re.fullmatch("-[a-zA-Z]*v[a-zA-Z]*", word) for word in words):
                self.finds_itself = False
            return self.finds_itself and not any("[" in word for word in words)
        by_command = any(re.fullmatch("-[a-zA-Z]*f[a-zA-Z]*|--full", word) for word in words)
        return (
            self.is_shell
            and name in ("pgrep", "pkill")
            and by_command
            and not any("[" in word for word in words)
        )

    def _leave(self, words: Sequence[str], given: Cause) -> Ends:
        """Note how the script, or a function of it, ends here."""
        status = words[1] if len(words) > 1 else "$?"
        ends = self.last if status == "$?" else either(given)
        if status.isdecimal():
            ends = frozenset(((int(status) % 256 == 0, Cause.NOTHING),))
        ends = joined(ends, self.within)
        if words[0] == "return" and self.in_function:
            self.returned |= ends
        else:
            self.left |= ends
        return frozenset()

    def _shell(self, words: Sequence[str], given: Cause) -> Ends:
        """How a shell ends with these words, as `-c SCRIPT`."""
        place = next((n for n, word in enumerate(words) if _GIVES_SCRIPT.fullmatch(word)), len(words))
        if place + 1 < len(words):
            other = type(self)(words[: place + 1])
            other.variables, other.unknown, other.opened = self.variables, self.unknown, self.opened
            ends = other.script(words[place + 1]) | other.left
            self.looked = max(self.looked, other.looked)
            return joined(ends, given) if given else ends
        if any(not word.startswith("-") for word in words):
            self.looked = Cause.SERVICE
            return either(Cause.SERVICE)  # a script in a file
        if self.fed:
            raise UnreadError
        return GOOD


def _parts(word: str) -> list[str]:
    """A word, and a redirection that stands at its end."""
    match = _JOINED.fullmatch(word)
    return [match[1], match[2]] if match else [word]
