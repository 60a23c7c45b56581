"""Whether the command of a health check can fail at all: one that cannot says nothing of what it checks.

https://docs.docker.com/reference/dockerfile/#healthcheck: status 0 is healthy, any other is not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from hullcheck.parsing.shell.script import SHELLS
from hullcheck.parsing.shell.words import tokens

CANNOT_FAIL = "cannot fail"
"""Stands for the kind of a health check whose command cannot fail."""
KINDS = ("", "NONE", "CMD", "CMD-SHELL", CANNOT_FAIL, "another")
"""What `kind_of_check` says; the last stands for what no engine runs."""

_GOOD, _BAD = frozenset((True,)), frozenset((False,))
_ANY = _GOOD | _BAD
_IDLE_WORDS = ": true echo printf date pwd uname id whoami hostname sleep arch nproc uptime"
_ALWAYS = frozenset(_IDLE_WORDS.split())
"""They look at nothing of a service. Where one is missing, the check fails always, and nobody calls that healthy."""
_ALONE = frozenset(("env", "printenv", "ls", "ps"))
"""The same where they are told nothing to look at."""
_FILTERS = frozenset(("cat", "head", "nl", "rev", "tac", "tail", "tee", "wc"))
"""They pass on, or count, what the program before them in a pipe says, and end well whatever that is."""
_PASS_ON = frozenset(("busybox", "toybox", "env", "exec", "command", "builtin", "nohup", "tini", "--", "-"))
"""They run what follows, and end as it does."""
_OTHER_WORDS = """
    if then else elif fi case esac for select while until do done { } function time [[ ]] ((
    eval . source trap kill return break continue alias shift wait xargs
"""
_NOT_READ = frozenset(_OTHER_WORDS.split())
_REDIRECTS = re.compile(r"(\d*|&)(?:>>?|<)(.*)", re.DOTALL)
_HARMLESS = re.compile(r"&\d|/dev/(?:null|stdout|stderr|fd/[12])|/proc/(?:1|self)/fd/[12]")
_NO_FILE = re.compile(rf"-.*|\d+|{_HARMLESS.pattern}", re.DOTALL)
_GIVES_SCRIPT = re.compile(r"-[A-Za-z]*c[A-Za-z]*")
_ALWAYS_THERE = ("/", "/proc", "/proc/1", "/proc/self", "/sys", "/dev")
_DEMANDS = re.compile(r"\$\{\w+:?\?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=.*", re.DOTALL)
_ENDS_ON_FAULT = re.compile(r"-[A-Za-z]*e[A-Za-z]*|errexit")


def kind_of_check(test: object, shell: object = None) -> str:
    """Which of the `KINDS` a health check is.

    Args:
        test: the engine's `Healthcheck.Test`: NONE, or CMD and words, or CMD-SHELL and a script.
        shell: the words of the shell that the script is given to, where it is not `/bin/sh -c`.
    """
    words = [str(each) for each in test] if isinstance(test, list) else []
    kind = words[0] if words else ""
    if kind not in KINDS[:4] or not isinstance(test, list | None):
        return KINDS[-1]
    options = [str(each) for each in shell[1:]] if isinstance(shell, list) else []
    if kind == "CMD":
        return kind if _may_fail(words[1:]) else CANNOT_FAIL
    script = words[1] if kind == "CMD-SHELL" and len(words) > 1 else None
    if script is None or script_may_fail(script, options):
        return kind
    return CANNOT_FAIL


def _may_fail(words: Sequence[str]) -> bool:
    """Whether a program with these words, without a shell, can end with another status than 0."""
    rest = _program(words)
    return (
        not rest or rest[0] in (":", "exit") or _statuses(rest) != _GOOD
    )  # the two are words of a shell alone


def script_may_fail(script: str, options: Sequence[str] = ()) -> bool:
    """Whether a script of the shell can end with another status than 0; what is not understood can.

    Args:
        options: those of its shell, as `-e`, which ends it where a command fails.
    """
    state = _State()
    state.obey(options)
    words, operator = list[str](), ";"
    for kind, text in tokens(script):
        if kind == "inner":
            continue  # what is put into a word does not decide how the command with it ends
        if kind == "word":
            words.append(text)
        elif text not in ("&&", "||", ";", "\n", "|", "&"):
            return True
        else:
            if words:
                state.take(operator, words, text)
                operator, words = text, []
            elif operator not in ("&&", "||", "|") or text != "\n":
                operator = text
    if words:
        state.take(operator, words, ";")
    return state.unknown or not (state.status | state.ends) <= _GOOD


@dataclass
class _State:
    """How a script may have gone until here.

    Attributes:
        status: what the last command may have said; empty where this is never reached.
        ends: what the script may have ended with before.
        piped: what commands of the pipe that is read may have said.
        unknown: whether a command is not understood.
    """

    ends_on_fault: bool = False
    fails_in_pipe: bool = False
    status: frozenset[bool] = _GOOD
    ends: frozenset[bool] = field(default_factory=frozenset)
    piped: frozenset[bool] = field(default_factory=frozenset)
    unknown: bool = False

    def take(self, before: str, words: Sequence[str], after: str) -> None:
        """Take the command that stands between these two operators."""
        inverted = words[0] == "!"
        rest = [*words[inverted:]]
        if not rest or rest[0] in (*_NOT_READ, "!") or rest[0].startswith("$"):
            self.unknown = True
            return
        self.unknown |= inverted and before == "|"  # no shell takes it
        if after == "&":
            self.unknown |= before not in (";", "\n", "&")  # all of the chain is left to itself
            self.status = _GOOD
            return
        if rest[0] == "set":
            self.obey(rest[1:])
        status = self._last(before) if rest == ["exit"] else _statuses(_program(rest))
        if after == "|":
            self.piped |= status
            self.unknown |= before in ("&&", "||") or inverted
            return
        if before == "|" and self.fails_in_pipe:
            status = status | self.piped
        self.piped = frozenset()
        status = frozenset(not each for each in status) if inverted else status
        leaves = rest[0] == "exit" and before != "|"
        self._end(before, status, leaves=leaves, guarded=inverted or after in ("&&", "||"))

    def _last(self, before: str) -> frozenset[bool]:
        """What the command before this operator may have said, where that one follows."""
        return {"&&": _GOOD, "||": _BAD, "|": _ANY}.get(before, self.status)

    def _end(self, before: str, status: frozenset[bool], *, leaves: bool, guarded: bool) -> None:
        """A command ended with one of these, where it ran at all."""
        runs = {"&&": True in self.status, "||": False in self.status}.get(before, bool(self.status))
        skipped = {"&&": self.status & _BAD, "||": self.status & _GOOD}.get(before, frozenset())
        if not runs:
            return
        if leaves:
            self.ends |= status
            status = frozenset()
        elif self.ends_on_fault and not guarded:
            self.ends |= status & _BAD
            status = status & _GOOD
        self.status = skipped | status

    def obey(self, options: Sequence[str]) -> None:
        """Note what these options of a shell, or of its `set`, change."""
        self.ends_on_fault |= any(_ENDS_ON_FAULT.fullmatch(each) for each in options)
        self.fails_in_pipe |= "pipefail" in options


def _program(words: Sequence[str]) -> list[str]:
    """A command without what is set before it and without programs that only start it."""
    rest = [*words]
    while rest and _ASSIGNMENT.match(rest[0]):
        del rest[0]
    while len(rest) > 1 and rest[0].rpartition("/")[2] in _PASS_ON:
        del rest[0]
        while rest and _ASSIGNMENT.match(rest[0]):
            del rest[0]
    return rest


def _statuses(words: Sequence[str]) -> frozenset[bool]:
    """Whether a command without operators may end well, and whether it may not."""
    plain = _without_redirects(words)
    if plain is None or any(_DEMANDS.search(each) for each in words):
        return _ANY
    if not plain:
        return _GOOD
    name, rest = plain[0].rpartition("/")[2], plain[1:]
    if name in SHELLS:
        return _of_shell(rest)
    if name == "exit":
        return _GOOD if rest in (["0"], ["00"]) else _ANY
    if name == "kill" and [*rest] in (["-0", "1"], ["-s", "0", "1"]):
        return _GOOD  # process 1 is there as long as the container is
    if name in ("[", "test"):
        return _GOOD if _is_constant(rest) else _ANY
    if name == "set" or name in _ALWAYS or (name in _ALONE and not rest):
        return _GOOD
    if name in _FILTERS and all(map(_NO_FILE.fullmatch, rest)):
        return _GOOD
    return _BAD if name == "false" else _ANY


def _of_shell(words: Sequence[str]) -> frozenset[bool]:
    """How a shell with these words may end, as `-c SCRIPT`."""
    options = [*takewhile(lambda each: each.startswith(("-", "+")) or each in ("pipefail", "errexit"), words)]
    script = words[len(options) : len(options) + 1]
    if not script or not any(_GIVES_SCRIPT.fullmatch(each) for each in options):
        return _ANY
    return _ANY if script_may_fail(script[0], options) else _GOOD


def _without_redirects(words: Sequence[str]) -> list[str] | None:
    """A command without its redirections; None where one may fail, as a connection by /dev/tcp does."""
    plain, rest = list[str](), [*words]
    while rest:
        word = rest.pop(0)
        match = _REDIRECTS.fullmatch(word)
        if match is None and not re.search("[<>]", word):
            plain.append(word)
            continue
        place = match and (match[2] or (rest.pop(0) if rest else ""))
        if not (place and _HARMLESS.fullmatch(place)):
            return None
    return plain


def _is_constant(words: Sequence[str]) -> bool:
    """Whether a test compares what is written there, and holds: `[ 1 ]`, `[ 1 = 1 ]`."""
    rest = [each for each in words if each != "]"]
    if any(sign in each for each in rest for sign in "$`*?"):
        return False
    if len(rest) == 2 and rest[0] in ("-d", "-e", "-r", "-x") and rest[1] in _ALWAYS_THERE:
        return True
    if len(rest) == 3 and rest[1] in ("=", "==", "-eq", "-le", "-ge"):
        return rest[0] == rest[2]
    return len(rest) == 1 and bool(rest[0])
