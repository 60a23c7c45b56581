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


def test_output() -> None:
    """What a program prints of files, of processes, and of what it is given."""
    assert output_of(["cat", "/etc/hostname"], NOTHING, NOTHING) is NOTHING
    assert output_of(["cat"], NOTHING, SERVICE) is SERVICE
    assert output_of(["echo", "$A"], SERVICE, NOTHING) is SERVICE
    assert output_of(["echo"], NOTHING, SERVICE) is NOTHING
    assert output_of(["tee", "/tmp/x"], NOTHING, SERVICE) is SERVICE
    assert output_of(["ps"], NOTHING, NOTHING) is SERVICE
