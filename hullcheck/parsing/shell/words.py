"""The words, operators and here-documents of a shell's script."""

import re
import shlex
from collections.abc import Iterator

_HEREDOC = re.compile(r"(?<!<)<<-?[ \t]*([\"']?)(?P<end>[A-Za-z_]\w*)\1")
_INTO_SHELL = re.compile(r"(?:^|[\s;&|/])(?:ba|da|a|k|z)?sh(?:\s+-\S*)*\s*$")
_INTO_FILE = re.compile(r"(?<![\w./-])(?:cat|tee)\b")
_NEAR = 200  # letters
_PIECE = re.compile(
    r"""(?P<space>(?:[ \t\r]|\\\r?\n)+)
    |(?P<end>\([ \t]*\)|&&|\|\||;;|(?!&>)[;&|()\n`])
    |'(?P<single>[^']*)'
    |\\(?P<escaped>.)
    |(?P<bare>(?:[<>]&|&>|[^\s;&|()`'"\\])+)
    |(?P<stray>.)""",
    re.DOTALL | re.VERBOSE,
)
_SUBSTITUTION = re.compile(r"\\.|\$\(|`([^`]*)`", re.DOTALL)
_CASE = re.compile(r"(?<!\S)case\s")
_COMMENT = re.compile(r"#[^\n]*")


def tokens(script: str) -> Iterator[tuple[str, str]]:
    """The words of *script* without quotes, its operators, and before a word the scripts inside its quotes."""
    position, word, closed = 0, None, True
    while position < len(script):
        comment = _COMMENT.match(script, position) if word is None else None
        end = _end(script, position + 1, '"') if closed and script[position] == '"' else 0
        closed = closed and (end > 0 or script[position] != '"')  # from there on quotes say nothing
        if comment:
            position = comment.end()
        elif end:
            quoted = script[position + 1 : end - 1]
            yield from (("inner", each) for each in _substitutions(quoted))
            word = (word or "") + re.sub(r"\\([\"\\$`])", r"\1", quoted)
            position = end
        elif match := _PIECE.match(script, position):
            position = match.end()
            if match.lastgroup in ("space", "end"):
                if word is not None:
                    yield "word", word
                word = None
                if match.lastgroup == "end":
                    yield "end", match[0]
            elif match.lastgroup != "stray":
                word = (word or "") + match[str(match.lastgroup)]
    if word is not None:
        yield "word", word


def unquoted(text: str) -> str:
    """*text* without quotes where all of it is one quoted word, and as it is where not."""
    words = [word for kind, word in tokens(text) if kind != "inner"]
    return words[0] if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(words) == 1 else text


def _end(script: str, position: int, closing: str) -> int:
    """Where the quotes or brackets in which *position* is are closed; 0 where they are not."""
    open_ones = [closing]
    while position < len(script):
        letter = script[position]
        if letter == open_ones[-1]:
            open_ones.pop()
            if not open_ones:
                return position + 1
        elif letter == "\\":
            position += 1
        elif open_ones[-1] == '"':
            if script.startswith("$(", position):
                open_ones.append(")")
                position += 1
        elif letter in ('"', "("):
            open_ones.append(letter.replace("(", ")"))
        elif letter == "'":
            position = max(script.find("'", position + 1), position)
        position += 1
    return 0


def _substitutions(quoted: str) -> Iterator[str]:
    """The scripts that a shell runs to fill in double quotes."""
    position = 0
    while match := _SUBSTITUTION.search(quoted, position):
        position = match.end()
        if match[0] == "$(":
            position = _end(quoted, match.end(), ")") or len(quoted) + 1
            script = quoted[match.end() : position - 1]
            if _CASE.search(script):  # its brackets close nothing: all that follows may be of it
                script, position = quoted[match.end() :], len(quoted)
            yield script
        elif match[1] is not None:
            yield match[1]


def without_heredocs(script: str) -> tuple[str, list[tuple[str, str]]]:
    """*script* without the texts that it writes to files or programs, and these; a shell is given its as by -c."""
    lines = script.split("\n")
    last = {line.strip(): number for number, line in enumerate(lines)}
    kept, texts, number = list[str](), list[tuple[str, str]](), 0
    while number < len(lines):
        line, given, place = lines[number], list[str](), 0
        number += 1
        for match in _HEREDOC.finditer(line):
            if last.get(match["end"], -1) < number:
                continue
            end = next(each for each in range(number, len(lines)) if lines[each].strip() == match["end"])
            text = "\n".join(lines[number:end])
            number = end + 1
            reader = _reader_of(line, match.start())
            if reader != "sh":
                texts.append((reader, text))
            scripts = [] if match[1] or reader == "sh" else [f"$({each})" for each in _substitutions(text)]
            words = ["-c", shlex.quote(text)] if reader == "sh" else scripts
            given += [line[place : match.start()], " ".join(words)]
            place = match.end()
        kept.append("".join((*given, line[place:])))
    return "\n".join(kept), texts


def _reader_of(line: str, end: int) -> str:
    """Who reads the here-document at *end* of the line: a shell, a file or another program."""
    before = line[max(end - _NEAR, 0) : end]
    if _INTO_SHELL.search(before):
        return "sh"
    return "cat" if _INTO_FILE.search(before + line[end : end + _NEAR]) else "<<"
