"""Whether the command of a health check says anything of the service: one that always ends alike does not.

https://docs.docker.com/reference/dockerfile/#healthcheck: status 0 is healthy, any other is not.

It is a check where a command decides its status that may look at the service. One that always fails counts as one,
too: nobody calls that healthy.
"""

from collections.abc import Callable, Sequence

from hullcheck.parsing.shell.commands import UnreadError
from hullcheck.parsing.shell.ends import Reader
from hullcheck.parsing.shell.feeds import SHELLS
from hullcheck.parsing.shell.looks import Cause, Ends, name_of, started, worst

CANNOT_FAIL = "cannot fail"
"""Stands for the kind of a health check that always ends alike."""
NOT_READ = "not read"
"""Stands for the kind of a health check of which it is not known what it looks at."""
TOO_LATE = "too late"
"""Stands for the kind of a health check that says only after more than a day that the service fails."""
KINDS = ("", "NONE", "CMD", "CMD-SHELL", CANNOT_FAIL, NOT_READ, TOO_LATE, "another")
"""What `kind_of_health_check` says; TOO_LATE is told of images alone, the last stands for what no engine runs."""
_INTERVAL, _RETRIES = 30e9, 3  # where nothing is said; the engine counts in nanoseconds
_LONGEST = 86400e9


def kind_of_health_check(check: object, shell: object = None) -> str:
    """Which of the `KINDS` the engine's `Healthcheck` is; *shell* is as for `kind_of_check`."""
    said = check if isinstance(check, dict) else {}
    kind = kind_of_check(said.get("Test"), shell)
    names = ("Interval", "Timeout", "Retries", "StartPeriod")
    waits, ends, retries, starts = (said.get(name) or 0 for name in names)
    longest = max(((waits or _INTERVAL) + ends) * (retries or _RETRIES), starts)
    return TOO_LATE if kind in ("CMD", "CMD-SHELL", NOT_READ) and longest > _LONGEST else kind


def kind_of_check(test: object, shell: object = None) -> str:
    """Which of the `KINDS` a health check is.

    Args:
        test: the engine's `Healthcheck.Test`: NONE, or CMD and words, or CMD-SHELL and a script.
        shell: the words of what the script is given to, where that is not `/bin/sh -c`.
    """
    words = [str(each) for each in test] if isinstance(test, list) else []
    kind = words[0] if words else ""
    if kind not in KINDS[:4] or not isinstance(test, list | None):
        return KINDS[-1]
    if kind not in ("CMD", "CMD-SHELL") or len(words) == 1:
        return kind
    program, *options = [str(each) for each in shell] if shell and isinstance(shell, list) else ["/bin/sh"]
    if kind == "CMD":
        cause = _cause_of_words(words[1:])
    elif name_of(program) in SHELLS:
        cause = cause_of_script(words[1], options)
    else:
        cause = _cause_of_words((program, *options, words[1]))
    return {Cause.NOTHING: CANNOT_FAIL, Cause.UNSURE: NOT_READ}.get(cause, kind)


def _cause_of_words(words: Sequence[str]) -> Cause:
    """What decides how a program ends that is started with these words, without a shell."""
    rest = started(words)
    if not rest or rest[0] in (":", "exit"):  # the two are words of a shell alone
        return Cause.SERVICE
    reader = Reader(())
    reader.is_shell = False
    return _cause(reader, lambda: reader.program(rest, Cause.NOTHING))


def cause_of_script(script: str, options: Sequence[str] = ()) -> Cause:
    """What decides how a script of the shell ends.

    Args:
        options: those of its shell, as `-e`, which ends it where a command fails.
    """
    reader = Reader(options)
    return _cause(reader, lambda: reader.script(script))


def _cause(reader: Reader, read: Callable[[], Ends]) -> Cause:
    try:
        ends = read() | reader.left
    except (UnreadError, RecursionError):
        return Cause.UNSURE
    if not any(good for good, _ in ends):
        return Cause.SERVICE if ends else Cause.UNSURE
    return Cause.NOTHING if all(good for good, _ in ends) else worst(ends)
