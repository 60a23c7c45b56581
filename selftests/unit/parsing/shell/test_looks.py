"""What decides how a command ends."""

import pytest

from hullcheck.parsing.shell.looks import (
    GOOD,
    Cause,
    ends_of,
    of_content,
    of_path,
    of_written,
    output_of,
    started,
)

NOTHING, UNSURE, SERVICE = Cause


@pytest.mark.parametrize(
    ("path", "there", "content", "written"),
    [
        ("/usr/bin/app", NOTHING, NOTHING, UNSURE),
        ("/etc/hostname", NOTHING, NOTHING, UNSURE),
        ("/etc/app/ready", UNSURE, UNSURE, UNSURE),
        ("ready", UNSURE, UNSURE, UNSURE),
        ("/run", NOTHING, SERVICE, UNSURE),
        ("/run/app.pid", SERVICE, SERVICE, UNSURE),
        ("/tmp/ready", SERVICE, SERVICE, NOTHING),
        ("/dev/null", NOTHING, NOTHING, NOTHING),
        ("/dev/tcp/localhost/80", SERVICE, SERVICE, SERVICE),
        ("/proc/1/status", NOTHING, SERVICE, UNSURE),
        ("/proc/1/cmdline", NOTHING, NOTHING, UNSURE),
        ("/proc/net/tcp", SERVICE, SERVICE, UNSURE),
        ("$FILE", SERVICE, SERVICE, UNSURE),
    ],
)
def test_paths(path: str, there: Cause, content: Cause, written: Cause) -> None:
    """What an image brings along is there whatever the service does; what comes and goes may be the service's."""
    assert (of_path(path), of_content(path), of_written(path)) == (there, content, written)


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ("A=1 timeout -s KILL 5 curl x", "curl x"),
        ("env -u A B=1 nice -n 5 curl x", "curl x"),
        ("sudo -u app -n curl x", "curl x"),
        ("command -v curl", "command -v curl"),
        ("exec curl x", "curl x"),
        ("gosu app busybox wget x", "wget x"),
        ("timeout", "timeout"),
        ("chroot /r curl x", "curl x"),
        ("su-exec app curl x", "curl x"),
        ("flock -w 5 /l curl x", "curl x"),
        ("doas -u app curl x", "curl x"),
        ("tini -- curl x", "curl x"),
        ("setpriv --no-new-privs curl x", "curl x"),
        ("command curl x", "curl x"),
        ("xargs -n 1 curl x", "curl x"),
        ("ionice -c 2 -n 7 stdbuf -oL curl x", "curl x"),
        ("A=1", ""),
    ],
)
def test_programs_that_start_others(words: str, rest: str) -> None:
    """They end as what they start."""
    assert started(words.split()) == rest.split()


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        *(
            ("curl x", SERVICE),
            ("nginx --version", None),
            ("kill -0 1", None),
            ("kill -0 7", SERVICE),
            ("ps", None),
        ),
        *(
            ("grep a /etc/passwd", NOTHING),
            ("grep a", NOTHING),
            ("cat", None),
            ("rm /tmp/x", SERVICE),
            ("rm -f /tmp/x", None),
        ),
        *(
            ("ping -c 1 localhost", None),
            ("ping -c 1 8.8.8.8", UNSURE),
            ("ps -C app", SERVICE),
            ("touch /data/x", UNSURE),
        ),
        *(("python -c exit(0)", UNSURE), ("python -c urlopen(x)", SERVICE), ("python app.py", SERVICE)),
        *(("test ! -f /tmp/x", SERVICE), ("test -f /tmp/x -a 1", SERVICE), ("test 1 -lt 2", NOTHING)),
    ],
)
def test_programs(words: str, cause: Cause | None) -> None:
    """One that is not known may look at the service; others look at files, or at nothing, and always end well."""
    ends = ends_of(words.split(), NOTHING, NOTHING)
    assert ends == GOOD if cause is None else {each for _, each in ends} == {cause}


@pytest.mark.parametrize(
    ("words", "good"),
    [
        *((["x"], True), ([""], False), ([], False), (["!", "x"], False), (["!", ""], True)),
        *((["-n", "x"], True), (["-n", ""], False), (["-z", ""], True), (["-z", "x"], False)),
        *(
            (["1", "=", "1"], True),
            (["1", "==", "2"], False),
            (["1", "-eq", "1"], True),
            (["1", "-eq", "2"], False),
        ),
        *(
            (["1", "-le", "1"], True),
            (["1", "-ge", "1"], True),
            (["-d", "/"], True),
            (["!", "-d", "/"], False),
        ),
    ],
)
def test_tests_of_constants(words: list[str], good: bool) -> None:
    """What is compared is written there: it always ends alike."""
    assert ends_of(["test", *words], NOTHING, NOTHING) == frozenset(((good, NOTHING),))
    assert ends_of(["[", *words, "]"], NOTHING, NOTHING) == frozenset(((good, NOTHING),))


def test_tests_that_are_not_worked_out() -> None:
    """Each may end in both ways, and no service decides it."""
    for words in (
        ["1", "-le", "2"],
        ["-le", "-ge", "1"],
        ["1", "!=", "1"],
        ["1", "1", "1"],
        ["$A"],
        ["-n", "$A"],
    ):
        assert ends_of(["test", *words], NOTHING, NOTHING) == {(True, NOTHING), (False, NOTHING)}


def test_code_is_what_follows_the_option() -> None:
    """A name before it says nothing of what the code looks at."""
    assert {each for _, each in ends_of(["python", "http", "-c", "pass"], NOTHING, NOTHING)} == {UNSURE}
    assert {each for _, each in ends_of(["python", "-c", "pass"], NOTHING, SERVICE)} == {SERVICE}
    assert ends_of(["kill", "-s", "0", "1"], NOTHING, NOTHING) == GOOD
    assert {each for _, each in ends_of(["kill", "1", "-0", "7"], NOTHING, NOTHING)} == {SERVICE}


def test_output() -> None:
    """What a program prints of files, of processes, and of what it is given."""
    assert output_of(["cat", "/etc/hostname"], NOTHING, NOTHING) is NOTHING
    assert output_of(["cat"], NOTHING, SERVICE) is SERVICE
    assert output_of(["echo", "$A"], SERVICE, NOTHING) is SERVICE
    assert output_of(["echo"], NOTHING, SERVICE) is NOTHING
    assert output_of(["tee", "/tmp/x"], NOTHING, SERVICE) is SERVICE
    assert output_of(["ps"], NOTHING, NOTHING) is SERVICE
