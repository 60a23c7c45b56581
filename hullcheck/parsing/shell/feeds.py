"""What a shell or another interpreter is given to run by a pipe, a here-string or a substitution."""

import re
from collections.abc import Sequence

SHELLS = frozenset(("ash", "bash", "dash", "ksh", "sh", "zsh"))
UNTOLD = "$"
"""Stands for a text that is made when the script runs."""

_STARTER_WORDS = (
    "busybox chroot command doas env exec gosu nice nohup setsid su-exec sudo time timeout toybox"
)
_STARTERS = frozenset(_STARTER_WORDS.split())
_OTHERS = re.compile(r"(?:python|pypy|perl|ruby|node|nodejs|php|lua|Rscript|tclsh|osascript|pwsh)[0-9.]*")
_HAS_SCRIPT = {
    True: re.compile(r"-[A-Za-z]*c[A-Za-z]*"),
    False: re.compile(r"-[A-Za-z]*[cEempr]|--(?:eval|run|version)|-V"),
}
_STDIN = frozenset(("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
_TEXT_WORDS = """
    awk aws base32 base64 basenc bunzip2 bzcat cat curl cut dd echo fetch gpg gunzip gzip head openssl perl printf
    python python3 rev sed tac tail tar tr unxz unzip uudecode wget xxd xz xzcat zcat zstd zstdcat
"""
_TEXTS = frozenset(_TEXT_WORDS.split())
"""They print what they are given, or what lies elsewhere; others print the settings of an environment."""
_DECODERS = {
    **dict.fromkeys(("base32", "base64", "basenc"), re.compile(r"-[a-z]*[dD][a-z]*|--decode")),
    "openssl": re.compile("-d|-decrypt"),
    "xxd": re.compile("-[a-z]*r[a-z]*"),
    "uudecode": re.compile(".*"),
}
_OPAQUE = re.compile(
    r"""\b(?:exec\w*|eval|compile|\w*decode\w*|decompress|fromhex|unhexlify|unpack|urlopen|urllib|requests|system
    |subprocess|popen|child_process|spawn\w*|shell_exec|passthru|\w*download\w*|install\w*|urlretrieve)\b""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?!n|\\|\"|')")


_FORMATS = {"%s": "", "%b": "", r"%s\n": "\n", r"%b\n": "\n"}
"""Those of printf(1) that print its words as they are, and what they print between these."""


def printed(words: Sequence[str]) -> str:
    """What a command prints, where that is told."""
    if words[:1] not in (["echo"], ["printf"]) or any(re.match(r"\d?[<>]", word) for word in words):
        return UNTOLD
    rest = [*words[1:]]
    while rest and re.fullmatch("-[neE]+|--", rest[0]):
        del rest[0]
    if words[0] == "printf" and rest:
        between = _FORMATS.get(rest[0])
        if between is None and "%" in rest[0]:
            return UNTOLD
        rest = rest[:1] if between is None else [between.join(rest[1:])]
    text = " ".join(rest)
    return UNTOLD if _ESCAPE.search(text) else text.replace(r"\n", "\n")


def is_told(text: str) -> bool:
    """Whether all of a text is told that a shell is given."""
    return not re.search(r"\$|`", text)


def handed(words: Sequence[str], piped: str | None, before: Sequence[str]) -> tuple[bool, str] | None:
    """What an interpreter reads that these words start: whether it is a shell, and the text; None where it reads none.

    Args:
        piped: what comes by a pipe; None where nothing does.
        before: the command that stands before it, or inside of it.
    """
    place = _interpreter(words)
    if place is None:
        return None
    name, rest = words[place].rpartition("/")[2], [*words[place + 1 :]]
    is_shell = name in SHELLS or name in (".", "source")
    if "<<<" in rest:
        return is_shell, " ".join(rest[rest.index("<<<") + 1 :]) or UNTOLD
    if rest[-1:] == ["<"]:  # it was in brackets
        return (is_shell, UNTOLD) if prints_text(before) else None
    if any(_HAS_SCRIPT[is_shell].fullmatch(word) for word in rest):
        return None
    operands = [word for word in rest[: _end_of_options(rest)] if word[:1] not in ("-", "+") or word == "-"]
    reads = not operands and name not in (".", "source")
    return (
        (is_shell, piped)
        if piped is not None and (reads or (operands[:1] and operands[0] in _STDIN))
        else None
    )


def _interpreter(words: Sequence[str]) -> int | None:
    for place, word in enumerate(words):
        name = word.rpartition("/")[2]
        if name in SHELLS or _OTHERS.fullmatch(name) or (place == 0 and name in (".", "source")):
            return place
        if place == 0 and name not in _STARTERS:
            return None
    return None


def _end_of_options(words: Sequence[str]) -> int:
    return next((place for place, word in enumerate(words) if word in ("--", "-s")), len(words))


def prints_text(command: Sequence[str]) -> bool:
    """Whether what a command prints may be anything: a file, a download, or what it decodes."""
    return bool(command) and command[0] in _TEXTS


def is_filled_in(script: str, before: Sequence[str]) -> bool:
    """Whether a script is made when it runs, of a variable or of what a command prints.

    Args:
        before: the last command of what was in the place of a lonely `$`.
    """
    text = script.strip().strip("\"'")
    if text == UNTOLD:
        return prints_text(before)
    if re.match(r"\$\(|`", text):
        return not _TEXTS.isdisjoint(re.findall(r"[\w.-]+", text))
    return bool(re.fullmatch(r"\$\{?\w+\}?", text))


def decodes(command: Sequence[str]) -> bool:
    """Whether it makes another text of what it is given."""
    option = _DECODERS.get(command[0])
    return option is not None and any(map(option.fullmatch, command[1:] or ("",)))


def hides_code(command: Sequence[str]) -> bool:
    """Whether an interpreter is given a program that starts others, or makes or fetches what it runs."""
    place = _interpreter(command)
    if place is None or command[place].rpartition("/")[2] in SHELLS:
        return False
    given = [at for at, word in enumerate(command) if at > place and re.fullmatch("-[A-Za-z]*[ceEr]", word)]
    return bool(given) and hides(" ".join(command[given[0] + 1 :]))


def hides(code: str) -> bool:
    """Whether a program in another language than that of the shell starts others, or makes or fetches what it runs."""
    return bool(_OPAQUE.search(code))
