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
from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType

from hullcheck.recording import shell
from hullcheck.recording.probe import MOST, UNREADABLE, Answer, Probe

MAGIC = "hullcheck-probe/1"

_HEAD = """\
#!/bin/sh
# hullcheck: read-only probes; writes nothing but its standard output. Needs a POSIX sh, dd, od, sleep and tr.
"""
_PROLOGUE, _EPILOGUE = (shell.shortened(shell.shared(each)) for each in ("prologue", "epilogue"))

PATHS = ("docker_bench_log", "scan_reports")
"""Variables of the script for what a policy names on the target; empty where it names nothing."""
_LONGEST_TITLE = 1000  # characters of the lines that frame an answer
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
) -> str:
    """The script that asks *probes*, as ASCII text for a POSIX sh.

    Args:
        docker_host: the engine's address as the docker command takes it; None leaves the target's own choice.
        timeout: seconds for each probe; up to two more may pass until it is ended.
        known_images: ids of images whose layers need not be read again.
        paths: by name of `PATHS`, what of the target the policy names.
    """
    head = _HEAD + _PROLOGUE.replace("@SECONDS@", str(timeout)).replace("@MAGIC@", MAGIC)
    if docker_host:
        head += f"DOCKER_HOST={shlex.quote(docker_host)}\nexport DOCKER_HOST\n"
    variables = dict.fromkeys(PATHS, "") | dict(paths)
    parts = [f"{name}={shlex.quote(path)}\nexport {name}\n" for name, path in variables.items()]
    parts += [f"{name}={_quoted(text)}\n" for name, text in _PARTS.items()]
    parts.append(f'parts="{" ".join(_PARTS)}"\n')
    asked = list(probes)
    host = [each for each in asked if not each.asks_engine]
    engine = [each for each in asked if each.asks_engine]
    engine.sort(
        key=lambda each: each.name != "docker_version"
    )  # without an answer to that, nothing else is asked
    first = max((number for number, each in enumerate(engine, 1) if each.shared), default=0)
    parts.append(_function("ask_host", [each for each in host if not each.aside]))
    parts.append(_function("ask_host_aside", [each for each in host if each.aside]))
    parts.append(_function("ask_first", engine[:first]))
    parts.append(_function("ask_aside", [each for each in engine[first:] if each.aside]))
    parts.append(_function("ask_engine", [each for each in engine[first:] if not each.aside]))
    rest = "".join(parts) + _EPILOGUE
    return head + _known(known_images, _ROOM - len(head) - len(rest)) + rest


def _known(images: Iterable[str], room: int) -> str:
    """The variable with the known images, as far as there is room: what is not in it is read again."""
    most = max(0, room // (_KEPT_OF_ID + 1))
    known = " ".join(each.removeprefix("sha256:")[:_KEPT_OF_ID] for each in islice(images, most))
    return f"known_images={shlex.quote(known)}\nexport known_images\n"


def _function(name: str, probes: Iterable[Probe]) -> str:
    lines = (
        f"  {'share ' * each.shared}answer {each.name} {_quoted(_without_parts(_flat(each.command)))}"
        f"{' engine' * each.asks_engine}\n"
        for each in probes
    )
    return f"{name}() {{\n  :\n{''.join(lines)}}}\n"


def _flat(command: str) -> str:
    """The same without blanks at the start of lines, and what is said of functions beside their names.

    A command to a host has no room for these (shell.shortened), and not for a long name 200 times over.
    """
    shown = re.sub(r"^ +|(?<=\(\) \{) #.*$", "", command, flags=re.MULTILINE)
    return shown.replace("2>/dev/null", "2>$null")


def _quoted(text: str) -> str:
    """One word for a shell, with a character less for each quote than shlex.quote takes."""
    return "'" + text.replace("'", "'\\''") + "'"


def _without_parts(command: str) -> str:
    """The same with the name of each part in its place."""
    for name, text in _PARTS.items():
        command = command.replace(text, f"@{name}@\n", 1)  # the script puts it in once
    return command


_PARTS = {name: _flat(shell.shortened(shell.shared(name))) for name in ("image_store", "data_root")}
"""What several probes have in common: it is sent once, and put into each by the script itself."""


def parse(
    output: str | bytes, *, cut_off: bool = False, most: Mapping[str, int] = MappingProxyType({})
) -> dict[str, Answer]:
    """The answers in the *output* of a probe script, by probe name.

    Text before the first line of the script (a login banner) is passed over; what a terminal makes of line
    ends is undone.

    Args:
        cut_off: whether it may end before the script did; the answers that are complete are given.
        most: by probe name, how many bytes of an answer are read, where that is not `MOST`.

    Raises:
        ProbeOutputError: no probe script printed this, or it ends before the script did.
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
    del body
    if frames and frames[-1].rstrip(b"\n") == b"complete":
        frames.pop()
    elif cut_off:
        frames = _whole(frames)
    else:
        raise ProbeOutputError("the output of the probe script is cut off")
    answers = {}
    for begin, status, end in zip(frames[::3], frames[1::3], frames[2::3], strict=False):
        answer = _answer(begin, status, end, most)
        answers[answer.name] = answer
    if len(frames) != 3 * len(answers):
        raise ProbeOutputError("the output of the probe script is damaged")
    return answers


def _whole(frames: list[bytes]) -> list[bytes]:
    """The parts of answers that came to their end: the last line may itself be cut off."""
    if frames and frames[-1].endswith(b"\n"):
        frames = [*frames[:-1], frames[-1][:-1]]
    elif frames:
        frames = frames[:-1]
    return frames[: len(frames) // 3 * 3]


def _answer(begin: bytes, status: bytes, end: bytes, most: Mapping[str, int]) -> Answer:
    title, _, stdout = begin.partition(b"\n")
    number, _, stderr = status.partition(b"\n")
    words = b" ".join((title, number, end)) if len(title) + len(number) + len(end) < _LONGEST_TITLE else b""
    match = re.fullmatch(r"begin (\w+) status (\d+) end \1", words.decode("utf-8", "replace"))
    if match is None:
        raise ProbeOutputError("the output of the probe script is damaged")
    limit = most.get(match[1], MOST)
    if len(stdout) + len(stderr) > limit:
        return Answer(
            match[1], UNREADABLE, "", f"the answer has more than {limit >> 20} MiB, and was dropped"
        )
    return Answer(match[1], int(match[2]), _text(stdout), _text(stderr))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
