"""How scripts end, as a shell says it: where the service that they look at is up, and where it is not."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcheck.parsing.shell.looks import Cause
from hullcheck.parsing.shell.outcome import CANNOT_FAIL, NOT_READ, cause_of_script, kind_of_check

_SIMPLE = st.sampled_from(
    [
        "true",
        "false",
        ":",
        "exit 0",
        "exit",
        "exit 3",
        "service",
        "! service",
        "! true",
        "set -e",
        "A=$(service)",
        "exit $?",
        '[ "$(service && echo up)" = up ]',
        "service | cat",
        "echo up | grep -q up",
        "sh -c 'exit 1'",
        "[ $? = 0 ]",
    ]
)
_JOINTS = st.sampled_from([" && ", " || ", "; ", "\n", " | ", " ||\n"])


def _called(script: str) -> str:
    """A function of its own name, which is longer than those within: one that calls itself would never end."""
    name = f"f{len(script)}"
    return f"{name}() {{ {script}; }}; {name}"


def _held(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Scripts of commands that are joined, and held together."""
    joined = st.tuples(inner, st.lists(st.tuples(_JOINTS, inner), max_size=3)).map(
        lambda parts: parts[0] + "".join(map("".join, parts[1]))
    )
    return st.one_of(
        joined,
        joined.map(lambda script: f"( {script} )"),
        joined.map(lambda script: f"{{ {script}; }}"),
        st.tuples(joined, joined, joined).map(lambda parts: "if {}; then {}; else {}; fi".format(*parts)),
        st.tuples(joined, joined).map(lambda parts: "if {}; then {}; fi".format(*parts)),
        joined.map(lambda script: f"for i in 1 2; do {script}; done"),
        joined.map(_called),
        joined.map(lambda script: f"case x in y) true;; *) {script};; esac"),
    )


@settings(max_examples=300, deadline=None, database=None)
@given(_held(st.recursive(_SIMPLE, _held, max_leaves=5)), st.booleans())
def test_shell_agrees(script: str, ends_on_fault: bool) -> None:
    """What a shell ends otherwise where the service is down looks at the service."""
    options = ["-e"] if ends_on_fault else []
    ends = {
        subprocess.run(
            ["sh", *options, "-c", f"service() {{ return {status}; }}; {script}"],
            check=False,
            capture_output=True,
            timeout=60,
        ).returncode
        == 0
        for status in (0, 1)
    }
    found = kind_of_check(["CMD-SHELL", script], ["sh", *options, "-c"])
    assert len(ends) == 1 or found != CANNOT_FAIL


@pytest.mark.parametrize(
    "script",
    [
        *(
            "(" * 3000,
            "$(" * 3000,
            "if true; then " * 500,
            "f() { " * 500,
            "case x in " * 500,
            '"$(' * 300,
            "`" * 2001,
        ),
        *(
            "if curl x",
            "curl x )",
            "{ curl x",
            "for i in 1; do curl x",
            "case x in y) curl x",
            "curl x &&& y",
        ),
        *("set -e; f() { curl x; }; f", "curl x | f() { true; }", "if true; then set -e; fi; curl x; true"),
        "set -e; { curl x; true; } || exit 1",
    ],
)
def test_script_that_is_not_whole(script: str) -> None:
    """What is left open, nested too deep, or ends differently by where it stands, is not read."""
    assert kind_of_check(["CMD-SHELL", script]) == NOT_READ


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("A=$(service); (A=1); [ $A = up ]", Cause.SERVICE),
        ("A=ok; [ $A = up ]", Cause.NOTHING),
        ("service & wait", Cause.NOTHING),
        ("until service; do sleep 1; done", Cause.SERVICE),
        ("for i in $(service); do [ $i = up ]; done", Cause.SERVICE),
        ("case $(service) in up) ;; *) exit 1;; esac", Cause.SERVICE),
        ("if [ -f /etc/app.conf ]; then exit 0; else exit 1; fi", Cause.UNSURE),
        ("service || true; cat /etc/app.conf", Cause.UNSURE),
    ],
)
def test_what_decides(script: str, cause: Cause) -> None:
    """What a command depends on is handed on by conditions, variables and loops."""
    assert cause_of_script(script) == cause
