"""Commands of this machine, run to their end."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(Exception):
    """Something in the laboratory did not work; the message says what was done and what came back."""


class CommandError(LabError):
    """A command ended with a status other than zero."""

    def __init__(self, argv: tuple[str, ...], status: int, stdout: str, stderr: str) -> None:
        """Keep the answer apart from the message, for who wants to look at it."""
        super().__init__(f"{shlex.join(argv)} ended with status {status}: {(stderr or stdout).strip()}")
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


def environment(**more: str) -> dict[str, str]:
    """An environment that says nothing of the caller's: no proxies, no Docker context, one language."""
    return {"PATH": SYSTEM_PATH, "HOME": os.environ.get("HOME", "/root"), "LC_ALL": "C.UTF-8", **more}


def call(
    *argv: str,
    stdin: str | bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 120,
) -> str:
    """Run *argv* and give what it printed on its standard output.

    Raises:
        CommandError: it ended with another status than zero.
        LabError: it could not be started, or took longer than *timeout* seconds.
    """
    data = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        done = subprocess.run(
            argv,
            input=data,
            capture_output=True,
            env=env or environment(),
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{shlex.join(argv)}: {error}") from error
    stdout, stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if done.returncode:
        raise CommandError(argv, done.returncode, stdout, stderr)
    return stdout
