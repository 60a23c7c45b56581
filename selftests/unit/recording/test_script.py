"""The probe script and its parser: complete answers or none, whatever a host says in them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from hullcheck import facts
from hullcheck.gather.transport import command_for
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import MAGIC, ProbeOutputError, parse, render
from hullcheck.recording.shell import shared, shortened

NONCE = "0123456789abcdef" * 2
SHELLS = (("dash",), ("busybox", "sh"), ("bash", "--posix"), ("mksh",))

each_shell = pytest.mark.parametrize(
    "shell",
    [pytest.param(each, id=" ".join(each), marks=pytest.mark.needs(each[0])) for each in SHELLS],
)


def _run(shell: Sequence[str], script: str) -> str:
    command = [*shell, "-c", script]  # in a process group of its own, or other scripts send it their seconds
    done = subprocess.run(command, capture_output=True, check=True, timeout=60, start_new_session=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def _frame(name: str, stdout: str = "", status: int = 0, stderr: str = "") -> str:
    return f"{NONCE} begin {name}\n{stdout}\n{NONCE} status {status}\n{stderr}\n{NONCE} end {name}\n"


def _output(*frames: str) -> str:
    return f"{MAGIC} {NONCE}\n{''.join(frames)}{NONCE} complete\n"


@each_shell
def test_answers_come_back_as_they_were(shell: Sequence[str]) -> None:
    """Output, status and standard error of each probe, in any POSIX shell."""
    probes = (
        Probe("plain", "echo out; echo err >&2; exit 3"),
        Probe("empty", "exit 0"),
        Probe("no_line_end", "printf a"),
        Probe("many_line_ends", r"printf 'a\n\n\n'"),
        Probe("bytes", r"printf '\000\377\033[2J\r\n'"),
        Probe("reads_input", "cat"),
        Probe("missing", "no-such-command"),
    )
    answers = parse(_run(shell, render(probes)))
    assert answers["plain"] == Answer("plain", 3, "out\n", "err")
    assert answers["empty"] == Answer("empty", 0, "", "")
    assert answers["no_line_end"].stdout == "a"
    assert answers["many_line_ends"].stdout == "a\n\n\n"
    assert answers["bytes"].stdout == "\0\udcff\x1b[2J\r\n"
    assert answers["reads_input"].stdout == ""
    assert answers["missing"].status == 127


@each_shell
def test_probes_are_understood(shell: Sequence[str]) -> None:
    """Any POSIX shell can read the script of each probe."""
    for probe in facts.PROBES:
        subprocess.run([*shell, "-n", "-c", probe.script], check=True)


HELPERS = (
    *("awk", "cat", "cut", "find", "getent", "grep", "head", "ls", "readlink", "sed", "sort", "stat", "tail"),
    *("tr", "xargs"),
)


@pytest.mark.parametrize("how", ["exit 1", "exit 0", "kill -KILL $$", "exec sleep 60"])
@pytest.mark.parametrize("helper", HELPERS)
def test_program_that_does_not_work(tmp_path: Path, helper: str, how: str) -> None:
    """A probe that names a program which fails, says nothing or does not end, is not asked; the others are."""
    needed = {"tr": b"no nonce", "cat": b"no answer"}  # by the script itself
    if helper in needed and "sleep" in how:
        pytest.skip("the script itself waits for it")
    stub = tmp_path / helper
    stub.write_text(f"#!/bin/sh\n{how}\n")
    stub.chmod(0o755)
    probes = (Probe("one", f"echo 1 | {helper}; exit 0"), Probe("other", f"echo on # {helper}s, un{helper}"))
    script = render(probes, timeout=1 if "sleep" in how else 30)
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        check=helper not in needed,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        start_new_session=True,
    )
    if helper in needed:
        assert needed[helper] in done.stderr
        return
    answers = parse(done.stdout)
    assert answers["one"] == Answer("one", 127, "", f"{helper} is missing on the target, or does not work")
    assert answers["other"].stdout == "on\n"


def test_programs_of_probes_are_tried() -> None:
    """What POSIX has of the programs that probes name is tried before they are asked, but for what ends them itself."""
    posix = {*HELPERS, *("comm", "expr", "fold", "join", "nl", "paste", "tee", "uniq", "wc")}
    named = {word for probe in facts.PROBES for word in re.findall(r"[\w-]+", probe.script)}
    assert named & posix <= set(HELPERS) | {"comm"}  # a file of /proc is called comm


@each_shell
def test_probe_out_of_time(shell: Sequence[str]) -> None:
    """A probe that hangs is stopped; the next one is asked."""
    answers = parse(
        _run(shell, render((Probe("hangs", "exec sleep 60"), Probe("next", "echo on")), timeout=1))
    )
    assert answers["hangs"].status == 124
    assert "did not end: sleep" in answers["hangs"].stderr.splitlines()
    assert answers["next"].stdout == "on\n"


@each_shell
def test_program_that_hangs(shell: Sequence[str], tmp_path: Path) -> None:
    """It is named, and not what waits for it; a third question is not asked, unless the program usually works."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "slowctl").write_text(f"#!/bin/sh\nread -r line <{tmp_path}/pipe\n")
    (tmp_path / "slowctl").chmod(0o755)
    hanging = f"PATH={tmp_path}:$PATH; echo on >&2; slowctl | while read -r line; do :; done | sort"
    probes = [Probe(f"a{number}", hanging) for number in range(3)]
    probes += [Probe(f"b{number}", "echo begin; tail -f /dev/null") for number in range(3)]
    probes += [Probe("c", "echo slowctls unslowctl slowctl-c /etc/slowctl/a slowctl.c")]
    answers = parse(_run(shell, render(probes, timeout=1)))
    assert {each.status for name, each in answers.items() if name != "c"} == {124}
    for each in (answers["a0"], answers["a1"]):
        assert {"on", "did not end: slowctl"} < set(each.stderr.splitlines())
    assert answers["a2"] == Answer("a2", 124, "", "not asked: slowctl did not end in two other questions")
    assert answers["b2"].stdout == "begin\n"
    assert "did not end: tail" in answers["b2"].stderr.splitlines()
    assert answers["c"].status == 0


def test_engine_that_hangs_is_asked_once() -> None:
    """Where docker_version, asked first, is out of time no other question goes to the engine; others go on."""
    hanging = "docker() { exec sleep 60; }; docker ps"
    probes = [Probe(name, hanging) for name in ("docker_info", "docker_version", "places")]
    answers = parse(_run(("dash",), render((*probes, Probe("other", "echo on")), timeout=1)))
    assert [answers[probe.name].status for probe in probes] == [124] * 3
    assert all("not asked" in answers[name].stderr for name in ("docker_info", "places"))
    assert not Probe("endpoint", "docker context inspect").asks_engine
    assert answers["other"].stdout == "on\n"


def test_probes_that_ask_the_engine() -> None:
    """No other is passed over where the engine hangs, whatever its words and comments name."""
    asking = """
        container_files containers docker_info docker_networks docker_services docker_version engine_places
        image_contents images neighbours swarm
    """
    assert {probe.name for probe in facts.PROBES if probe.asks_engine} == set(asking.split())


@each_shell
def test_two_time_outs_of_the_engine_are_enough(shell: Sequence[str]) -> None:
    """An engine that hangs after its version costs two questions of a row their time, and the rest is not asked."""
    hanging = "docker() { exec sleep 60; }; docker ps"
    probes = [
        Probe("docker_version", "docker() { echo 1; }; docker version"),
        Probe("docker_info", hanging, shared=True),
        *(Probe(f"engine_{number}", hanging) for number in range(3)),
        *(Probe(f"aside_{number}", hanging, aside=True) for number in range(3)),
        Probe("host", "echo on"),
    ]
    answers = parse(_run(shell, render(probes, timeout=1)))
    asked = {name for name, each in answers.items() if "not asked" not in each.stderr}
    assert asked == {"docker_version", "docker_info", "engine_0", "aside_0", "host"}
    assert {each.status for name, each in answers.items() if name not in asked} == {124}
    assert answers["host"].stdout == "on\n"


def test_slow_question_costs_no_other() -> None:
    """A docker probe that is out of time, while the engine gave its version, leaves the others."""
    probes = (Probe("docker_version", "echo 1"), Probe("docker_x", "sleep 60"), Probe("docker_y", "echo y"))
    answers = parse(_run(("dash",), render(probes, timeout=1)))
    assert (answers["docker_x"].status, answers["docker_y"].stdout) == (124, "y\n")


# Stands for process 1 of a container, which waits for nobody: what is left without its parent becomes its child.
# A probe that writes a line to 9 says that it has come to the point at which it is to be ended.
_PROCESS_1 = """
import ctypes, json, os, signal, subprocess, sys
shell, script, how = json.loads(sys.argv[1])
PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # where our own starter has us ignore them
    signal.signal(number, signal.SIG_DFL)
held = ["held"] if how == "hang up" else []
points, point = os.pipe()
os.dup2(point, 9)
process = subprocess.Popen(
    [*shell, "-c", script, "hullcheck", *held], start_new_session=True, pass_fds=[9],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
process.stdin.write(b"hold\\n" if held else b"")
(process.stdin.flush if held else process.stdin.close)()
os.close(point)
os.close(9)
output = b""
if how != "wait":
    for _ in range(script.count(">&9")):
        os.read(points, 1)
if how.startswith("SIG"):
    process.send_signal(getattr(signal, how))
elif how == "hang up":
    process.stdin.close()
elif how == "do not listen":
    process.stdout.close()
if how != "do not listen":
    output += process.stdout.read()
process.wait()
left = []
for number in filter(str.isdecimal, os.listdir("/proc")):
    try:
        stat = open(f"/proc/{number}/stat").read()
    except OSError:
        continue
    if stat.rpartition(")")[2].split()[1] == str(os.getpid()):
        left.append(stat[:40])
print(json.dumps([output.decode("latin-1"), left]))
"""


def _as_process_1(
    shell: Sequence[str],
    probes: Sequence[Probe],
    how: str = "wait",
    timeout: int = 1,
    program: Sequence[str] | None = None,
) -> Any:
    """What a script printed, and the processes that it left; its probes run in the same *shell*, or in *program*."""
    words = " ".join(each for each in program or shell if each != "--posix")
    script = render(probes, timeout=timeout).replace("/bin/sh -c", f"{words} -c")
    argument = json.dumps([shell, script, how])
    command = [*_alone(), sys.executable, "-c", _PROCESS_1, argument]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


@cache
def _alone() -> tuple[str, ...]:
    """What starts a command as process 1, where that is allowed: a script that ends something looks at all there is."""
    unshare = ("unshare", "--pid", "--fork", "--mount-proc")
    may = shutil.which("unshare") and not subprocess.run([*unshare, "true"], capture_output=True).returncode
    return unshare if may else ()


@each_shell
def test_no_process_is_left(shell: Sequence[str]) -> None:
    """Whatever a probe does, and whether its time is over: process 1 has nobody to wait for."""
    scripts = [
        "echo on; echo err >&2",
        "sleep 60",
        "exec sleep 60",
        "sleep 60 | cat",
        "(sleep 60; echo) | (cat; :)",
        "x=$(sleep 60; echo); echo $x",
        "echo a | while read -r x; do sleep 60; done",
        "sh -c 'sh -c \"sleep 60; :\"; :' | cat; :",
        "while :; do sleep 0.05; done | cat",
        "trap '' TERM HUP INT; sleep 60; sleep 60",
        "sleep 60 & sleep 60; wait",
        "while :; do :; done",
    ]
    with ThreadPoolExecutor(len(scripts)) as pool:
        asked = [(Probe("one", script), Probe("next", "echo on")) for script in scripts]
        found = dict(zip(scripts, pool.map(partial(_as_process_1, shell), asked), strict=True))
    assert {script: left for script, (_, left) in found.items() if left} == {}
    answers = {script: parse(output) for script, (output, _) in found.items()}
    assert [each["one"].status for each in answers.values()] == [0, *[124] * (len(scripts) - 1)]
    assert {each["next"].stdout for each in answers.values()} == {"on\n"}


@each_shell
def test_no_process_is_left_by_one_that_is_ended(shell: Sequence[str]) -> None:
    """A signal, or an auditor who is gone: what runs is ended, the rest not asked, and what was answered sent."""
    probes = (
        Probe("first", "echo 1"),
        Probe("host", "echo >&9; sleep 60 | (sleep 60; cat)"),
        Probe("docker_version", "docker() { echo >&9; sleep 60; }; docker version"),
        Probe("docker_x", "docker() { echo >&9; sleep 60; }; docker x", aside=True),
        Probe("last", "echo 2"),
    )
    ways = ("SIGTERM", "SIGHUP", "SIGINT", "hang up", "do not listen")
    with ThreadPoolExecutor(len(ways)) as pool:
        calls = [
            pool.submit(_as_process_1, shell, probes, how, 2 if how == "do not listen" else 60)
            for how in ways
        ]
        found = dict(zip(ways, (each.result() for each in calls), strict=True))
    assert {how: left for how, (_, left) in found.items() if left} == {}
    del found["do not listen"]
    for how, (output, _) in found.items():
        answers = parse(output)
        assert answers["first"].stdout == "1\n", how
        assert {answers[each.name].status for each in probes[1:]} == {124}, how
        assert "not asked" in answers["last"].stderr, how


@each_shell
@pytest.mark.parametrize(
    ("script", "how"), [("echo 1", "wait"), ("sleep 60", "wait"), ("sleep 60", "hang up")], ids=" ".join
)
def test_ignored_signals(shell: Sequence[str], script: str, how: str) -> None:
    """A script whose starter has it ignore the signals that end programs comes to its end all the same."""
    deaf = ("sh", "-c", 'trap "" TERM HUP INT USR1 USR2; exec "$@"', "deaf", *shell)
    probes = (Probe("one", f"echo >&9; {script}"), Probe("two", "echo 2"))
    output, left = _as_process_1(deaf, probes, how, 60 if how == "hang up" else 1, shell)
    answers = parse(output)
    assert left == []
    assert answers["one"].status == (0 if script == "echo 1" else 124)
    assert ("not asked" in answers["two"].stderr) == (how == "hang up")


@each_shell
def test_probe_that_another_killed(shell: Sequence[str]) -> None:
    """Its number may be another's once it was waited for; here each number always is somebody's."""
    everyone = '[ "$1" = -0 ] && [ "$2" != "${asking-}" ]'
    taken = f'kill() {{ if {everyone}; then return 0; fi; command kill "$@"; }}\n'
    script = render((Probe("one", "kill -KILL $PPID"), Probe("two", "echo 2")), timeout=1)
    answers = parse(_run(shell, taken + script))
    assert (answers["one"].status, answers["two"].stdout) == (137, "2\n")


def test_timeout_of_the_target_is_not_used(tmp_path: Path) -> None:
    """A timeout(1) that runs nothing and says that all is well is no answer to anything."""
    lying = tmp_path / "timeout"
    lying.write_text("#!/bin/sh\n")
    lying.chmod(0o755)
    script = render((Probe("one", "echo on"),))
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["dash", "-c", script], capture_output=True, check=True, env=environment)
    assert parse(done.stdout.decode())["one"].stdout == "on\n"


@each_shell
def test_clock_changes_no_exit_status(shell: Sequence[str]) -> None:
    """A second that ends as a probe does is not taken for its end; here the clock runs three hundred times as fast."""
    script = render([Probe(f"n{number}", "exit 3") for number in range(60)], timeout=100_000)
    answers = parse(_run(shell, script.replace("sleep 1 &", "sleep 0.003 &")))
    assert {each.status for each in answers.values()} == {3}


def test_login_that_prints_without_a_line_end() -> None:
    """What a login leaves on its last line does not touch the first line of the script."""
    script = "printf '\\033]0;title\\007'\n" + render((Probe("one", "echo on"),))
    assert parse(_run(("dash",), script))["one"].stdout == "on\n"


@each_shell
def test_long_answer_waits_for_nobody(shell: Sequence[str]) -> None:
    """The host is asked while the engine is; what it says meanwhile costs no probe its time."""
    slow = "docker() { sleep 2; }; docker ps"
    probes = (Probe("docker_x", slow), Probe("docker_y", slow), Probe("long", "yes | head -c 3000000"))
    answers = parse(_run(shell, render(probes, timeout=3)))  # less than both take together
    assert [each.status for each in answers.values()] == [0, 0, 0]
    assert len(answers["long"].stdout) == 3_000_000


@each_shell
def test_engine_and_host_are_asked_two_things_at_a_time(shell: Sequence[str], tmp_path: Path) -> None:
    """A question aside waits for the shared answer and for no other: here each one ends when it meets its like."""

    def wait(mine: str, other: str) -> str:
        return f"touch {tmp_path}/{mine}; until [ -e {tmp_path}/{other} ]; do sleep 0.05; done"

    def meet(mine: str, other: str) -> str:
        return f"docker() {{ {wait(mine, other)}; }}; docker ps; echo $docker_info"

    probes = (
        Probe("docker_info", "docker() { echo of all; }; docker info", shared=True),
        Probe("docker_x", meet("x", "y")),
        Probe("docker_y", meet("y", "x"), aside=True),
        Probe("host_a", wait("a", "b")),
        Probe("host_b", wait("b", "a"), aside=True),
    )
    answers = parse(_run(shell, render(probes, timeout=10))).values()
    assert {answer.name: (answer.status, answer.stdout) for answer in answers} == {
        **dict.fromkeys(("docker_info", "docker_x", "docker_y"), (0, "of all\n")),
        **dict.fromkeys(("host_a", "host_b"), (0, "")),
    }


@each_shell
@pytest.mark.parametrize(
    ("script", "heard"),
    [
        ('printf \'{"a":"$x `y` \\\\"}\\n\\nb\'', '<{"a":"$x `y` \\"}\n\nb>'),
        ("printf a; exit 1", "<>"),
        ("echo; printf x; head -c 100000 /dev/zero | tr '\\0' x", "<>"),
    ],
    ids=["any text", "failed", "too long"],
)
def test_shared_answer(shell: Sequence[str], script: str, heard: str) -> None:
    """What a shared probe was answered is in the environment of the next, if it succeeded and fits."""
    probes = (Probe("first", script, shared=True), Probe("next", 'printf "<%s>" "$first"'))
    answers = parse(_run(shell, render(probes)))
    assert answers["next"].stdout == heard
    assert (
        answers["first"].stdout == subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout
    )


@each_shell
def test_part_of_several_probes(shell: Sequence[str], tmp_path: Path) -> None:
    """It is sent once and is in each of them."""
    asked = shortened(f"echo 1\n{shared('data_root')}echo $root")
    probes = (Probe("one", asked), Probe("two", asked))
    script = render(probes)
    assert (script.count("{{.DockerRootDir}}"), script.count("@data_root@")) == (1, 2)
    (tmp_path / "docker").write_text("#!/bin/sh\necho /x\n")
    (tmp_path / "docker").chmod(0o755)
    answers = parse(_run(shell, f"PATH={tmp_path}:$PATH\n{script}"))
    assert [answers[each].stdout for each in ("one", "two")] == ["1\n/x\n"] * 2


def _is_quoted(script: str) -> bool:
    """Whether a script ends within quotes."""
    quote, before, is_comment = "", "\n", False
    letters = iter(script)
    for each in letters:
        if is_comment:
            is_comment = each != "\n"
        elif each == quote:
            quote = ""
        elif each == "\\" and quote != "'":
            next(letters)
        elif not quote and each in "'\"":
            quote = each
        else:
            is_comment = each == "#" and not quote and before.isspace()
        before = each
    return bool(quote)


def _indented(script: str) -> float:
    return sum(len(each) - len(each.lstrip(" ")) for each in script.splitlines())


def _without_comment(before: str, line: str) -> str:
    """A line of a script, without line ends; empty where it is a comment."""
    comment = re.search(r"(?:^| ) *#(?:$| [^'\"]*$)|^ *#", line)
    if comment is None:
        return line
    code = line[: comment.start()]
    assert not _is_quoted(f"{before}{code}"), line
    return code


def test_comments_do_not_travel() -> None:
    """They are no part of a text in a script; what a user wrote is sent as it is.

    What is left is indented half as far.
    """
    sent = [each for each in facts.PROBES if each.sent and each.sent != each.script]
    assert len(sent) > 10
    for probe in sent:
        kept = list[str]()
        before = ""
        for line in probe.script.splitlines():
            code = _without_comment(before, line)
            kept += [code] if code or not line else []
            before += f"{line}\n"
        assert [each.lstrip(" ") for each in kept] == [each.lstrip(" ") for each in probe.sent.splitlines()]
        assert _indented(probe.sent) == _indented("\n".join(kept)) / 2
    (own,) = parse(_run(("dash",), render((Probe("own", "cat <<END\n# text\nEND"),)))).values()
    assert own.stdout == "# text\n"


@each_shell
def test_command_line_survives_every_shell(shell: Sequence[str]) -> None:
    """The script is the same after a trip through quotes, and needs no more room in it."""
    script = "printf '%s\\n' \"it's $((1 + 1)) {a,b} `echo x` !\" '\\t\t'\n"
    assert _run(shell, command_for(script)) == _run(shell, script)
    assert command_for("'" * 1000).count("'") == 2


def test_docker_host_is_quoted() -> None:
    """An address is data, whatever it holds."""
    probe = Probe("host", 'printf "%s" "$DOCKER_HOST"')
    address = "unix:///tmp/it's $(here)/s"
    assert parse(_run(("dash",), render((probe,), docker_host=address)))["host"].stdout == address


def test_banner_before_and_line_ends_of_a_terminal() -> None:
    """What a login prints first is passed over; a carriage return that a terminal adds is taken away."""
    output = _output(_frame("one", "a\nb"))
    expected = {"one": Answer("one", 0, "a\nb", "")}
    assert parse("Welcome!\n" + output) == expected
    assert parse("Welcome!\r\n" + output.replace("\n", "\r\n")) == expected


def test_forged_frames_are_text() -> None:
    """Without the nonce nothing in an answer is a frame."""
    other = NONCE.replace("0", "9")
    forged = f"{other} status 0\n\n{other} end one\n{other} complete\n{MAGIC} {other}"
    assert parse(_output(_frame("one", forged, 1, forged)))["one"] == Answer("one", 1, forged, forged)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("", "not that of a hullcheck probe script"),
        ("This account is currently not available.\n", "not that of a hullcheck probe script"),
        (_output(_frame("one"))[:-2], "cut off"),
        (f"{MAGIC} {NONCE}\n{_frame('one')}", "cut off"),
        (f"{MAGIC} {NONCE}\n", "cut off"),
        (_output(_frame("one").replace("end one", "end two")), "damaged"),
        (_output(_frame("one"), _frame("one")), "damaged"),
        (_output(_frame("one") + f"{NONCE} begin two\n"), "damaged"),
        (_output(_frame("one").replace("status 0", "status x")), "damaged"),
    ],
)
def test_what_is_no_answer(output: str, said: str) -> None:
    """Output that is cut off, damaged or of something else gives no answer at all."""
    with pytest.raises(ProbeOutputError, match=said):
        parse(output)


def test_ten_megabytes() -> None:
    """A host that says a lot is read in a moment."""
    text = "x" * 10_000_000 + f"\n{NONCE}\n" + "\n" * 100_000
    assert parse(_output(_frame("one", text)))["one"].stdout == text
