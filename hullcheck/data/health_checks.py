"""The kinds of health checks, and the commands that cannot fail."""

ALWAYS_SUCCEED = ("true", "/bin/true", "/usr/bin/true", ":", "exit 0")
"""Commands that always succeed, alone or after the last `||`."""
CANNOT_FAIL = "cannot fail"
KINDS = ("", "NONE", "CMD", "CMD-SHELL", CANNOT_FAIL, "another")
"""What `kind_of_check` returns; the last one is for checks that no engine runs."""


def kind_of_check(test: object) -> str:
    """Return the kind of a health check by its `Healthcheck.Test`: NONE, CMD with words, CMD-SHELL with a script."""
    words = [str(each) for each in test] if isinstance(test, list) else []
    kind = words[0] if words else ""
    if kind not in KINDS[:4] or not isinstance(test, list | None):
        return KINDS[-1]
    script = words[-1] if "-c" in words else " ".join(words[1:])
    last = script.rpartition("||")[2].strip(" \t\n;\"'")
    return CANNOT_FAIL if last in ALWAYS_SUCCEED else kind
