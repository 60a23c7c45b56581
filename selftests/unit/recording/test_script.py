"""The probe script and its parser: complete answers or none, whatever a host says in them."""

import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hullcheck import facts
from hullcheck.gather.transport import command_for
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import MAGIC, ProbeOutputError, common, parse, render, shortened

NONCE = "0123456789abcdef" * 2
SHELLS = (("dash",), ("busybox", "sh"), ("bash", "--posix"), ("mksh",))

all_shells = pytest.mark.needs(*(each[0] for each in SHELLS))
each_shell = pytest.mark.parametrize(
    "shell", [pytest.param(each, id=" ".join(each), marks=pytest.mark.needs(each[0])) for each in SHELLS]
)


def _run(shell: Sequence[str], script: str) -> str:
    command = [*shell, "-c", script]  # in a process group of its own, or other scripts send it their seconds
    done = subprocess.run(command, capture_output=True, check=True, timeout=60, start_new_session=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def _frame(name: str, stdout: str = "", status: int = 0, stderr: str = "") -> str:
    return f"{NONCE} begin {name}\n{stdout}\n{NONCE} status {status}\n{stderr}\n{NONCE} end {name}\n"


def _output(*frames: str) -> str:
    return f"{MAGIC} {NONCE}\n{''.join(frames)}{NONCE} complete\n"


def test_script_needs_no_fact() -> None:
    """A host can be asked before the facts are imported, and is asked the same."""
    code = "import sys, hullcheck.gather as _\nfrom hullcheck.recording import probe, script"
    code += "\nprint(script.render(map(probe.Probe.from_file, probe.ORDER)), 'hullcheck.facts' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert printed == f"{render(facts.PROBES)} False\n"


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


@each_shell
def test_question_out_of_time(shell: Sequence[str]) -> None:
    """It is stopped, and what it said until then is kept; the next one is asked."""
    probes = (Probe("hangs", "echo on; echo err >&2; sleep 60 | cat"), Probe("next", "echo on"))
    answers = parse(_run(shell, render(probes, timeout=1)))
    assert (answers["hangs"].status, answers["hangs"].stdout) == (124, "on\n")
    assert {"err", "did not end"} <= set(answers["hangs"].stderr.splitlines())
    assert answers["next"] == Answer("next", 0, "on\n", "")


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (["engine", "images", "swarm"], {"engine", "host"}),
        (["images", "swarm", "containers"], {"images", "swarm", "host"}),
    ],
)
def test_engine_that_hangs(names: list[str], asked: set[str]) -> None:
    """Once what others need, or two questions, got no answer from it, it is asked no more; the host is."""
    probes = [*(Probe(name, "exec sleep 60") for name in names), Probe("host", "echo on")]
    answers = parse(_run(("dash",), render(probes, timeout=1)))
    assert {name for name, each in answers.items() if "not asked: the engine" not in each.stderr} == asked
    assert [each.status for each in answers.values()] == [124, 124, 124, 0]


def _ended(shell: Sequence[str], probes: Sequence[Probe], how: str = "wait", timeout: int = 1) -> Any:
    """What a script printed, and how many processes it left; with another *how* it is ended when a probe is `on`."""
    words = " ".join(each for each in shell[-2:] if each not in ("--posix", "deaf"))
    script = render(probes, timeout=timeout).replace("/bin/sh -c", f"{words} -c")
    mark = f"MARK={uuid.uuid4()}"
    held = ["held"] if how == "hang up" else []
    process = subprocess.Popen(
        ["env", mark, *shell, "-c", script, "hullcheck", *held],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"hold\n" if held else b"")
    (process.stdin.flush if held else process.stdin.close)()
    output = b""
    while how != "wait" and not output.endswith(b"\non\n"):
        output += process.stdout.readline()
    if how.startswith("SIG"):
        process.send_signal(getattr(signal, how))
        process.wait()
    elif how == "hang up":
        process.stdin.close()
    elif how == "do not listen":
        process.stdout.close()
    output += b"" if process.stdout.closed else process.stdout.read()
    process.wait()
    end = time.monotonic() + 8
    while (left := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.1)
    return output.decode("latin-1"), left


def _marked(mark: str) -> int:
    """How many processes have this in their environment."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            count += mark.encode() in path.read_bytes()
    return count


def _each(cases: Iterable[Any], run: Callable[..., Any]) -> dict[Any, Any]:
    """What *run* gives for every shell and case: they are waited for at the same time."""
    pairs = [(shell, case) for case in cases for shell in SHELLS]
    with ThreadPoolExecutor(len(pairs)) as pool:
        return dict(zip(pairs, pool.map(lambda pair: run(*pair), pairs), strict=True))


@all_shells
def test_no_process_is_left() -> None:
    """Whatever a question does, and whether its time is over."""
    scripts = (
        "echo on; echo err >&2",
        "(sleep 60; echo) | (cat; :)",
        "x=$(sleep 60; echo); echo $x",
        "trap '' TERM HUP INT; sleep 60; sleep 60",
        "sleep 60 & sleep 60; wait",
        "while :; do :; done",
    )
    found = _each(scripts, lambda shell, script: _ended(shell, (Probe("one", script), Probe("next", "echo on"))))
    for case, (output, left) in found.items():
        answers = parse(output)
        status = 0 if case[1] == scripts[0] else 124
        assert (left, answers["one"].status, answers["next"].stdout) == (0, status, "on\n"), case


LIMITS = {"SIGTERM": 60, "SIGHUP": 60, "SIGINT": 60, "hang up": 60, "do not listen": 1, "SIGKILL": 60}


@all_shells
def test_no_process_is_left_by_one_that_is_ended() -> None:
    """A signal, or an auditor who is gone: what runs is ended, the rest not asked, and what was answered sent."""
    hanging = Probe("second", "echo; echo on; sleep 60 | (sleep 60; cat)")
    probes = (Probe("first", "echo 1"), hanging, Probe("last", "echo 2"))

    def ended(shell: Sequence[str], how: str) -> Any:
        return _ended(shell, probes[:2] if how == "SIGKILL" else probes, how, LIMITS[how])

    for case, (output, left) in _each(LIMITS, ended).items():
        assert left == 0, case
        if case[1] not in ("do not listen", "SIGKILL"):
            answers = parse(output)
            assert answers["first"].stdout == "1\n", case
            assert answers["second"].stderr.endswith("did not end"), case
            assert "not asked" in answers["last"].stderr, case


@all_shells
def test_ignored_signals() -> None:
    """A script whose starter has it ignore the signals that end programs comes to its end all the same."""
    deaf = ("sh", "-c", 'trap "" TERM HUP INT USR1 USR2; exec "$@"', "deaf")
    probes = (Probe("one", "echo; echo on; sleep 60"), Probe("two", "echo 2"))
    limits = {"wait": 1, "hang up": 60}
    for case, (output, left) in _each(
        limits, lambda *each: _ended((*deaf, *each[0]), probes, each[1], limits[each[1]])
    ).items():
        answers = parse(output)
        assert (left, answers["one"].status) == (0, 124), case
        assert ("not asked" in answers["two"].stderr) == (case[1] == "hang up"), case


@pytest.mark.parametrize(("program", "said"), [("setsid", "needs setsid"), ("tr", "no nonce")])
def test_program_that_the_script_needs(tmp_path: Path, program: str, said: str) -> None:
    """Without it, or where it does not work, nothing is asked."""
    for each in ("od", "tr", "sleep", "grep", "setsid"):
        if each != "setsid" or program != "setsid":
            (tmp_path / each).symlink_to(shutil.which("true" if each == program else each) or "")
    script = re.sub(r"(?m)^PATH=\$PATH.*$", f"PATH={tmp_path}", render((Probe("one", "echo on"),)))
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert said in done.stderr.decode()


def test_login_that_prints_without_a_line_end() -> None:
    """What a login leaves on its last line does not touch the first line of the script."""
    script = "printf '\\033]0;title\\007'\n" + render((Probe("one", "echo on"),))
    assert parse(_run(("dash",), script))["one"].stdout == "on\n"


@each_shell
def test_shared_answer(shell: Sequence[str]) -> None:
    """What the engine said is in the environment of the questions after it, as far as there is room."""
    text = '{"DockerRootDir":"/$x `y`","a":"b"}\\n\\n'
    engine = Probe("engine", f"printf '{text}'; head -c 100000 /dev/zero | tr '\\0' x")
    answers = parse(_run(shell, render((engine, Probe("next", 'printf "%s\\n" "$data_root" "$engine"')))))
    said = answers["engine"].stdout
    assert said.startswith('{"DockerRootDir":"/$x `y`","a":"b"}\n\nxx')
    assert answers["next"].stdout == f"/$x `y`\n{said[:100_000]}\n"


def _parsed(script: str) -> list[str]:
    """A script as bash understands it, whose texts may be indented in another way."""
    function = f"one() {{\n{script}\n}}\ndeclare -f one"
    done = subprocess.run(["bash", "-c", function], capture_output=True, check=True, text=True)
    return [line.lstrip() for line in done.stdout.splitlines()]


@pytest.mark.needs("bash")
def test_comments_do_not_travel() -> None:
    """They are shown to people and are no part of a text in a script; what a user wrote is sent as it is."""
    scripts = [*(each.script for each in facts.PROBES), *map(common, ("prologue", "functions", "guard", "epilogue"))]
    for script in scripts:
        assert _parsed(shortened(script)) == _parsed(script)
    assert len(re.findall(r"\n *# ", render(facts.PROBES, shown=True))) > 10
    assert len(re.findall(r"\n *# ", render(facts.PROBES))) == 2
    (own,) = parse(_run(("dash",), render((Probe("own", "cat <<END\n# text\nEND"),)))).values()
    assert own.stdout == "# text\n"


def test_script_fits_one_argument() -> None:
    """Known images fill the room that the questions leave, and no more."""
    known = [f"sha256:{number:064x}" for number in range(20_000)]
    assert 120 << 10 < len(render(facts.PROBES, known_images=known)) < 127 << 10


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
        (_output(_frame("one"))[:-2], "cut off"),
        (f"{MAGIC} {NONCE}\n{_frame('one')}", "cut off"),
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
