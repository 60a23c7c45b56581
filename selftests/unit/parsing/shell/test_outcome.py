"""Which commands of a health check can fail; where there is a shell, it says how each of them ends."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcheck.parsing.shell.outcome import CANNOT_FAIL, kind_of_check, script_may_fail

HOLLOW = [
    *(
        "true",
        ":",
        "exit 0",
        "exit",
        "",
        "echo ok",
        "/bin/true",
        "exec true",
        "A=1 true",
        "! false",
        "sleep 1",
    ),
    *("curl x || true", "curl x ; true", "curl x; exit 0", "curl x || exit 0", "curl x | cat || :"),
    *("curl -f x >/dev/null 2>&1 || :", "curl x && echo up || echo down", "true && exit 0", "curl x &"),
    *(
        'sh -c "exit 0"',
        'bash -c "curl x || true"',
        "[ 1 = 1 ]",
        "test 1",
        'echo "$(curl x)"',
        "true # curl x",
    ),
    *(
        "set -x; true",
        "set -e; true; curl x || true",
        "curl x\ntrue",
        "curl x ||\ntrue",
        "curl x || true; exit",
    ),
    *("busybox true", "date", "false; true"),
    *("curl x | cat", "curl x 2>&1 | tee -a /dev/null", "curl x | head -n 1", "false | wc -l"),
]
MAY_FAIL = [
    *(
        "cat /tmp/ready",
        "curl x | tee /no/such",
        "curl x | grep ok",
        "tail /no/such",
        "curl x | cat - /no/such",
    ),
    *("curl x", "curl x || exit 1", "curl x || false", "curl x && true", "true && curl x", "curl x; exit $?"),
    *(
        "curl x; exit",
        "set -e; curl x; exit 0",
        "exit 1",
        "curl x || exit 1; exit 0",
        "true; false",
        "! true",
    ),
    *("curl x && exit 0 || exit 1", "! curl x", "echo ok | grep -q no", "redis-cli ping | grep PONG"),
    *(
        "echo >/dev/tcp/127.0.0.1/80",
        "echo>/dev/tcp/127.0.0.1/80",
        ": < /tmp/ready",
        ": > /tmp/x",
        ": ${A:?}",
    ),
    *("test -e /x", '[ -n "$A" ]', "[ 1 = 2 ]", "[ $(x) = 1 ]", "[ `x` ]", "ls /tmp/ready", "env curl x"),
    *(
        "if curl x; then exit 0; else exit 1; fi",
        "while curl x; do true; done",
        "f() { false; }; f",
        "(curl x)",
    ),
    *(
        "{ curl x; }",
        "$CHECK",
        "kill -0 1",
        "pgrep nginx >/dev/null",
        "exec curl x",
        "eval $CHECK",
        ". /check",
    ),
    *(
        'sh -c "curl x"',
        'bash -ec "curl x; exit 0"',
        "bash -o pipefail -c 'curl x | true'",
        "sh /check.sh",
        "sh",
    ),
    *("set -o pipefail; curl x | true", "set -e; curl x | grep y; true", "curl x || exit; true"),
]


@pytest.mark.parametrize("script", HOLLOW)
def test_script_that_cannot_fail(script: str) -> None:
    """Whatever the service does, it ends with 0."""
    assert kind_of_check(["CMD-SHELL", script]) == CANNOT_FAIL


@pytest.mark.parametrize("script", MAY_FAIL)
def test_script_that_may_fail(script: str) -> None:
    """What a program says gets through; so may what is not understood."""
    assert kind_of_check(["CMD-SHELL", script]) == "CMD-SHELL"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (["CMD", "true"], CANNOT_FAIL),
        (["CMD", "kill", "-0", "1"], CANNOT_FAIL),
        (["CMD-SHELL", "test -d /proc/1"], CANNOT_FAIL),
        (["CMD-SHELL", "[ -e / ] && exit 0"], CANNOT_FAIL),
        (["CMD-SHELL", "kill -0 $(cat /run/app.pid)"], "CMD-SHELL"),
        (["CMD-SHELL", "test -e /run/app.pid"], "CMD-SHELL"),
        (["CMD", "/bin/sh", "-c", "exit 0"], CANNOT_FAIL),
        (["CMD", "echo", "a", "||", "b"], CANNOT_FAIL),
        (["CMD", "curl", "x", "||", "true"], "CMD"),  # words, to a program that is no shell
        (["CMD", ":"], "CMD"),  # no such program: it always fails
        (["CMD", "exit", "0"], "CMD"),
        (["CMD"], "CMD"),
        (["CMD-SHELL"], "CMD-SHELL"),
        (["NONE"], "NONE"),
        ([], ""),
        (None, ""),
        ("CMD", "another"),
        (["curl", "x"], "another"),
    ],
)
def test_kinds(test: object, expected: str) -> None:
    """A list of words starts a program without a shell."""
    assert kind_of_check(test) == expected


def test_shell_that_ends_where_a_command_fails() -> None:
    """The image may name another shell, with options."""
    test = ["CMD-SHELL", "curl x; exit 0"]
    assert kind_of_check(test, ["/bin/bash", "-c"]) == CANNOT_FAIL
    assert kind_of_check(test, ["/bin/bash", "-eo", "pipefail", "-c"]) == "CMD-SHELL"
    assert kind_of_check(["CMD-SHELL", "curl x | true"], ["/bin/bash", "-o", "pipefail", "-c"]) == "CMD-SHELL"


_COMMANDS = st.sampled_from(["true", "false", ":", "exit 0", "exit", "exit 3", "nothing", "! true", "set -e"])
_JOINTS = st.sampled_from([" && ", " || ", "; ", "\n", " | ", " & ", " ||\n"])
_SCRIPTS = st.tuples(_COMMANDS, st.lists(st.tuples(_JOINTS, _COMMANDS), max_size=6)).map(
    lambda parts: parts[0] + "".join(map("".join, parts[1]))
)


@settings(max_examples=300, deadline=None, database=None)
@given(_SCRIPTS, st.booleans())
def test_shell_agrees(script: str, ends_on_fault: bool) -> None:
    """What a shell ends with another status than 0 may fail."""
    words = ["sh", *(["-e"] if ends_on_fault else []), "-c", f"nothing() {{ return 1; }}; {script}"]
    done = subprocess.run(words, check=False, capture_output=True)
    assert done.returncode == 0 or script_may_fail(script, words[1:2])
