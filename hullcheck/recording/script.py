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

from hullcheck.recording.probe import MOST, Answer, Probe

MAGIC = "hullcheck-probe/1"

_PROLOGUE = r"""#!/bin/sh
# hullcheck: read-only probes; writes nothing but its standard output. Needs a POSIX sh, dd, od, sleep and tr.
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
LC_ALL=C
export PATH LC_ALL
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d " \n")
[ "${#nonce}" -eq 32 ] || { echo "no nonce: od, tr or /dev/urandom is missing" >&2; exit 1; }
command -v sleep >/dev/null || { echo "no clock: sleep is missing" >&2; exit 1; }

# The clock sends SIGURG, which does nothing to a process that did not ask for it, to the process group every second.
# Each probe has a shell that counts the seconds, ends the probe when there are too many, and waits for it. Once the
# holder has ended, what runs is ended and nothing is asked any more. Its starter may have the script ignore any signal
# but SIGKILL, so the holder has no child that this would leave, and the clock ends without a signal, if a second later.
clock() {
  trap 'kill "$!" 2>/dev/null' TERM
  while kill -0 "$$" 2>/dev/null && kill -0 "$asking" 2>/dev/null; do
    kill -URG 0
    sleep 1 &
    wait "$!" || wait "$!"
  done 2>/dev/null
  kill -0 "$$" 2>/dev/null || { kill -KILL "$holder" 2>/dev/null; kill -URG 0; }
}
running() { kill -0 "$$" 2>/dev/null && kill -0 "$holder" 2>/dev/null; }
stop() {
  [ -n "$holder" ] || return 0
  kill -KILL "$holder" 2>/dev/null
  wait "$holder" 2>/dev/null
  holder=""
  kill -URG 0
}
hold() {  # ends when the standard input does, where its first line says that it is kept open
  read -r word && [ "$word" = hold ] || exec sleep 2147483647
  read -r word
  kill "$$"
}

# A process is ended after those below it, when each has been waited for by its own parent: what outlives its parent
# becomes a child of process 1, and in a container that may wait for nobody. So the parent is stopped while they end,
# and goes on for the moment in which it waits for them.
halt() {  # PID: stops it, and returns when it stands still
  kill -STOP "$1" 2>/dev/null
  turns=0
  while { read -r line <"/proc/$1/stat"; } 2>/dev/null && [ "$turns" -lt 1000 ]; do
    case ${line##*)} in " T"* | " t"* | " Z"*) break ;; esac
    turns=$((turns + 1))
  done
}
below() {  # PID: $below has the processes that it started and has not waited for
  below=""
  for folder in /proc/[0-9]*; do
    { read -r line <"$folder/stat"; } 2>/dev/null || continue
    set -- "$1" ${line##*)}
    [ "$3" != "$1" ] || below="$below ${folder#/proc/}"
  done
}
end() {  # PID: ends it and all below it
  halt "$1"
  below "$1"
  while [ -n "$below" ] && [ "$rounds" -lt 300 ]; do
    rounds=$((rounds + 1))
    set -- "$1" $below
    for each in $below; do end "$each"; done
    kill -CONT "$1" 2>/dev/null
    turns=0
    while [ -d "/proc/$2" ] && [ "$turns" -lt 1000 ]; do turns=$((turns + 1)); done
    halt "$1"
    below "$1"
  done
  kill -KILL "$1" 2>/dev/null
}
said() { printf "\n%s %d" "$nonce" "$1" >&2; }
watch() {  # SCRIPT: runs it; behind its errors it says how it ended, or 124 where it was ended
  seconds=0
  trap 'seconds=$((seconds + 1))' URG
  { /bin/sh -c "$1" 3>&-; said $?; } &
  while running && [ "$seconds" -le @SECONDS@ ]; do
    before=$seconds
    wait "$!" 2>/dev/null
    [ "$seconds" -ne "$before" ] || return 0  # no second woke it: the probe ended, and its number may be another's
  done
  kill -0 "$!" 2>/dev/null || return 0
  rounds=0
  end "$!"
  { wait "$!" || wait "$!"; } 2>/dev/null
  said 124
}

line_feed="
"
late=0
answer() {  # NAME SCRIPT [engine]
  printf "%s begin %s\n" "$nonce" "$1"
  if ! running; then
    status=124 message="not asked: the audit was ended before"
  elif [ "$late" -gt 1 ] && [ "$3" = engine ]; then
    status=124 message="not asked: the engine did not answer other questions in time"
  else
    { message=$(watch "$2" 2>&1 1>&3 </dev/null); } 3>&1
    case $message in *"$line_feed$nonce "*) status=${message##*"$nonce "} ;; *) status=137 ;; esac
    message=${message%%"$line_feed$nonce "*}
    while [ "$message" != "${message%"$line_feed"}" ]; do message=${message%"$line_feed"}; done
    [ "$3 $status" != "engine 124" ] || late=$((late + 1))
    [ "$1 $status" != "docker_version 124" ] || late=2
  fi
  printf "\n%s status %d\n%s\n%s end %s\n" "$nonce" "$status" "$message" "$nonce" "$1"
}
share() {  # answer ...: as that; the probes after it find in the variable of its name what was answered
  frame=$("$@"; echo .)
  printf "%s" "${frame%.}"
  case $4$frame in engine*"$line_feed$nonce status 124$line_feed"*) late=$((late + 1)) ;; esac
  case $frame in *"$line_feed$nonce status 0$line_feed"*) ;; *) return 0 ;; esac
  frame=${frame%%"$line_feed$nonce status "*}
  [ ${#frame} -gt 100000 ] || export "$2=${frame#*"$line_feed"}"
}
printf "\n%s %s\n" "@MAGIC@" "$nonce"
"""

# The host is asked while the engine works, and the engine two things at a time. What is said beside waits in dd(1),
# whose buffer of 16 MiB is written when it is full or complete, so that no probe's time runs out while it waits for a
# reader.
_EPILOGUE = r"""later() { dd ibs=65536 obs=16777216 2>/dev/null; }
ask() { ask_host | later | { ask_first; ask_aside | later | { ask_engine; cat; }; cat; }; }
if [ "$1" = held ]; then exec 5<&0 </dev/null; else exec 5</dev/null; fi
hold <&5 >/dev/null 2>&1 &
holder=$!
exec 5<&-
trap stop HUP INT TERM
ask &
asking=$!
clock &
clock=$!
wait "$asking"
while kill -0 "$asking" 2>/dev/null; do wait "$asking"; done
trap "" HUP INT TERM
stop
kill "$clock" 2>/dev/null
wait
printf "%s complete\n" "$nonce"
"""

PATHS = ("docker_bench_log", "scan_reports")
"""Variables of the script for what a policy names on the target; empty where it names nothing."""
_LONGEST_TITLE = 1000  # characters of the lines that frame an answer
_MOST_KNOWN = 2000  # images: the script is one argument of a command, and Linux has room there for 128 KiB
UNREADABLE = 65  # EX_DATAERR of sysexits.h: the status of an answer that was dropped


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
    parts = [_PROLOGUE.replace("@SECONDS@", str(timeout)).replace("@MAGIC@", MAGIC)]
    if docker_host:
        parts.append(f"DOCKER_HOST={shlex.quote(docker_host)}\nexport DOCKER_HOST\n")
    known = " ".join(each.removeprefix("sha256:")[:16] for each in islice(known_images, _MOST_KNOWN))
    parts.append(f"known_images={shlex.quote(known)}\nexport known_images\n")
    variables = dict.fromkeys(PATHS, "") | dict(paths)
    parts += [f"{name}={shlex.quote(path)}\nexport {name}\n" for name, path in variables.items()]
    asked = list(probes)
    engine = [each for each in asked if each.asks_engine]
    first = max((number for number, each in enumerate(engine, 1) if each.shared), default=0)
    parts.append(_function("ask_host", [each for each in asked if not each.asks_engine]))
    parts.append(_function("ask_first", engine[:first]))
    parts.append(_function("ask_aside", [each for each in engine[first:] if each.aside]))
    parts.append(_function("ask_engine", [each for each in engine[first:] if not each.aside]))
    return "".join(parts) + _EPILOGUE


def _function(name: str, probes: Iterable[Probe]) -> str:
    lines = (
        f"  {'share ' * each.shared}answer {each.name} {shlex.quote(each.script.strip())}"
        f"{' engine' * each.asks_engine}\n"
        for each in probes
    )
    return f"{name}() {{\n  :\n{''.join(lines)}}}\n"


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
