"""The words of a command: redirections, what is filled in, and the shells that it starts."""

import pytest

from hullcheck.parsing.shell.looks import Cause
from hullcheck.parsing.shell.outcome import cause_of_script


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("cat < /tmp/ready", Cause.SERVICE),
        ("grep up < /etc/passwd", Cause.NOTHING),
        ("grep up <<< $(service)", Cause.SERVICE),
        ("grep up <<< up", Cause.NOTHING),
        ("echo>/dev/tcp/localhost/80", Cause.SERVICE),
        ("echo 2>&1 >/dev/null", Cause.NOTHING),
        ("diff <(service) /etc/passwd", Cause.SERVICE),
        ("test $(( $(service) + 1 )) -gt 0", Cause.SERVICE),
        ("A=`service`", Cause.SERVICE),
        ("read A < /tmp/state; [ $A = up ]", Cause.SERVICE),
        (". /etc/app.env; [ $A = up ]", Cause.SERVICE),
        ("A=$(service); sh -c '[ $A = up ]'", Cause.SERVICE),
        ("sh -c 'exit 1' || true", Cause.NOTHING),
        ("f() { return 256; }; service; f", Cause.NOTHING),
        ("f() { [ $1 = up ]; }; f $(service)", Cause.SERVICE),
        ("echo exit 0 | sh", Cause.UNSURE),
        ("trap 'exit 0' EXIT; service", Cause.UNSURE),
        ("eval 'service'", Cause.SERVICE),
        ('eval "$A"', Cause.UNSURE),
    ],
)
def test_commands(script: str, cause: Cause) -> None:
    """What a command is given and reads decides what it looks at."""
    assert cause_of_script(script) == cause
