"""Probes: named, read-only shell commands, run as one script, and the parser of what the script prints.

The script prints `hullcheck-probe/1 NONCE`, then for each probe

    NONCE begin NAME
    (standard output)
    NONCE status NUMBER
    (standard error)
    NONCE end NAME

and at last `NONCE complete`. The nonce comes from the target's /dev/urandom, so that no name, label or file
of a host can forge a frame; an answer without its end is *cut off* and no evidence.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from hullcheck.recording.probe import MOST, ORDER, UNREADABLE, Answer, Probe, read_script

MAGIC = "hullcheck-probe/1"
PATHS = ("docker_bench_log", "scan_reports")
"""Variables of the script for what a policy names on the target; empty where it names nothing."""
_HEAD = """\
#!/bin/sh
# Asks a Docker host what an audit by hullcheck needs to know. It only reads, and writes only to its standard output:
# the answers as they are, as secret as the host. Run it as root:  (umask 077; sh probe.sh >answer.txt)
"""
_COMMON = ("prologue", "functions", "guard", "epilogue")
_ROOM = 126 * 1024  # bytes of a script: it is one argument of a command, and Linux has 128 KiB for that
_KEPT_OF_ID = 16  # digits of the id of a known image


class ProbeOutputError(Exception):
    """The output of a probe script is not what such a script prints, or is cut off."""


def render(
    probes: Iterable[Probe],
    *,
    docker_host: str | None = None,
    timeout: int = 30,
    known_images: Iterable[str] = (),
    paths: Iterable[tuple[str, str]] = (),
    shown: bool = False,
) -> str:
    """Return the script that runs *probes* one after the other, as ASCII text for a POSIX sh.

    The layers of *known_images* are not read again; *paths* are by name of `PATHS`; a *shown* script has comments.
    """
    variables = dict.fromkeys(PATHS, "") | dict(paths) | ({"DOCKER_HOST": docker_host} if docker_host else {})
    head = f"{_HEAD}limit={timeout}\n"
    head += "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    printed: Callable[[str], str] = str if shown else shortened
    prologue, functions, guard, epilogue = (printed(common(each)) for each in _COMMON)
    questions = "".join(_question(each, printed) for each in probes) or ":"
    rest = f"{prologue}common={_quoted(functions + guard)}\nquestions() {{\n{questions}}}\n{epilogue}"
    rest = rest.replace("@MAGIC@", MAGIC)
    return head + _known(known_images, _ROOM - len(head) - len(rest)) + rest


def common(name: str) -> str:
    """Return the script NAME.sh of `shell/`, which runs on a target with the probes."""
    return read_script(Path(__file__).parent / "shell" / f"{name}.sh")


def shortened(text: str) -> str:
    """Return a script without comments and indentation, as a command has room for 128 KiB."""
    # so no text in a script may have ` # ` in it, or need the blanks at the start of a line
    return re.sub(r"^ *#.*\n| +# [^'\"\n]*$|^ +", "", text, flags=re.MULTILINE)


def _known(images: Iterable[str], room: int) -> str:
    """Return the variable with the known images, as many as fit."""
    most = max(0, room // (_KEPT_OF_ID + 1))
    known = " ".join(each.removeprefix("sha256:")[:_KEPT_OF_ID] for each in islice(images, most))
    return f"export known_images={shlex.quote(known)}\n"


def _question(probe: Probe, printed: Callable[[str], str]) -> str:
    """Return a line of `questions`. Probes of users are not shortened."""
    script = printed(probe.command) if probe.optional or probe.name in ORDER else probe.command
    engine = " engine" if probe.asks_engine else ""
    return f"{'share' if probe.shared else 'ask'} {probe.name} {_quoted(script)}{engine}\n"


def _quoted(text: str) -> str:
    """Return one word for a shell, shorter than by shlex.quote."""
    return "'" + text.replace("'", "'\\''") + "'"


def parse(
    output: str | bytes, *, cut_off: bool = False, most: Mapping[str, int] = MappingProxyType({})
) -> dict[str, Answer]:
    """Return the answers in the *output* of a probe script by name, or raise ProbeOutputError.

    Text before the output and carriage returns are ignored. Of *cut_off* output the complete answers count.
    """
    if isinstance(output, str):
        output = output.encode("utf-8", "surrogateescape")
    head = re.search(rb"^%b ([0-9a-f]{32})(\r?)\n" % re.escape(MAGIC.encode()), output, re.MULTILINE)
    if head is None:
        raise ProbeOutputError("the output is not that of a hullcheck probe script")
    nonce, carriage_return = head.groups()
    body = output[head.end() - 1 :]
    if carriage_return:
        body = body.replace(b"\r\n", b"\n")
    _, *frames = body.split(b"\n%b " % nonce)
    is_whole = frames[-1:] != [] and frames[-1].rstrip(b"\n") == b"complete"
    if not is_whole and not cut_off:
        raise ProbeOutputError("the output of the probe script is cut off")
    answers = dict[str, Answer]()
    for at in range(0, len(frames) - is_whole, 3):
        answer = _answer(frames[at : at + 3], most)
        if answer and answer.name not in answers:
            answers[answer.name] = answer
        elif is_whole:
            raise ProbeOutputError("the output of the probe script is damaged")
    return answers


def _answer(frame: list[bytes], most: Mapping[str, int]) -> Answer | None:
    """Return the answer in the three parts of a frame, or None if they are none."""
    begin, status, end = (*frame, b"", b"")[:3]
    title, _, stdout = begin.partition(b"\n")
    number, _, stderr = status.partition(b"\n")
    match = re.fullmatch(r"begin (\w+) status (\d{1,3}) end \1\n?", _text(b" ".join((title, number, end))), re.ASCII)
    if match is None:
        return None
    limit = most.get(match[1], MOST)
    if len(stdout) + len(stderr) > limit:
        why = f"the answer has more than {limit >> 20} MiB, and was dropped"
        return Answer(match[1], UNREADABLE, "", why)
    return Answer(match[1], int(match[2]), _text(stdout), _text(stderr).rstrip("\n"))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
