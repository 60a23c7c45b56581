"""The audit system of the machine's kernel, for one test at a time: what it was set to is put back.

Rules and settings are the machine's and not a namespace's. So nobody may change them where they are in use: where
rules are loaded, where a daemon takes the records, and where the settings are locked until the next start.
"""

import contextlib
import fcntl
import json
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from selftests.rig.shell import CommandError, LabError, call

if TYPE_CHECKING:
    from selftests.rig.laboratory import Laboratory

LOCK = ".audit"
SETTINGS = {
    "failure": "-f",
    "rate_limit": "-r",
    "backlog_limit": "-b",
    "backlog_wait_time": "--backlog_wait_time",
    "enabled": "-e",
}
NO_RULES = "No rules"
LIMITS = {"-p": "perm", "-k": "key"}


def auditctl(*arguments: str) -> str:
    """What auditctl prints.

    Raises:
        CommandError: it failed.
    """
    return call("auditctl", *arguments)


def obstacle() -> str | None:
    """Why the audit system of this machine may not be changed, in words; None if nothing stands in the way."""
    try:
        now, listed = status(), auditctl("-l").strip()
    except LabError as error:
        return f"audit rules cannot be loaded here: {error}"
    if now["enabled"] == "2":
        return "the audit settings of this machine are locked until its next start (enabled 2)"
    if now["pid"] != "0":
        return f"an audit daemon of this machine runs (process {now['pid']})"
    return None if listed == NO_RULES else "this machine has audit rules of its own"


@contextlib.contextmanager
def turn(lab: "Laboratory") -> Iterator[None]:
    """Wait until no other test uses the audit system; what a test that was killed left in it is put back first."""
    with (lab.root.parent / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lab.machine.settle()
        yield


class Rules:
    """The audit system in the hands of one test, which has its `turn`."""

    def __init__(self, lab: "Laboratory") -> None:
        """Write down how it is set.

        Raises:
            LabError: it may not be changed here.
        """
        if reason := obstacle():
            raise LabError(reason)
        self._machine, self._holder = lab.machine, f"{lab.holder} audit"
        self._machine.borrow(self._holder, "audit", "settings")

    def set(self, *arguments: str) -> None:
        """Change a setting, as `auditctl` takes it."""
        auditctl(*arguments)

    def add(self, *rule: str) -> None:
        """Load a rule, as `auditctl` takes it."""
        self._machine.borrow(self._holder, "audit rule", shlex.join(rule))
        auditctl(*rule)

    def clear(self) -> None:
        """Take every rule of this test away."""
        self._machine.give_back(self._holder, "audit rule")

    def close(self) -> None:
        """Put everything back.

        Raises:
            LabError: something does not go.
        """
        self._machine.give_back(self._holder)
        if (listed := auditctl("-l").strip()) != NO_RULES:
            raise LabError(
                f"audit rules of a self-test are left, take them away with `auditctl -D`: {listed}"
            )


def status() -> dict[str, str]:
    """What the kernel says of its audit system: each setting and its value."""
    return dict(re.findall(r"(?m)^(\w+) (\w+)", auditctl("-s")))


def settings() -> str:
    """The settings of now, to be put back."""
    now = status()
    return json.dumps({name: now[name] for name in SETTINGS if name in now})


def restore(before: str) -> None:
    """Put the settings back to what they were *before*; an audit daemon that runs by now has its own.

    Raises:
        LabError: somebody locked them meanwhile.
    """
    now = status()
    for name, value in json.loads(before).items():
        if now["pid"] == "0" and now[name] != value:
            if now["enabled"] == "2":
                raise LabError(
                    f"the audit settings are locked until the next start and {name} cannot be {value}"
                )
            auditctl(SETTINGS[name], value)


def forget(rule: str) -> None:
    """Take one rule away, if it is there still."""
    how, *rest = shlex.split(rule)
    forms = [("-d", *rest)]
    if how == "-w":  # auditctl looks whether there is a directory, which may be another thing by now
        path, *limits = rest
        fields = {"perm": "rwxa"} | {
            LIMITS[name]: value for name, value in zip(limits[::2], limits[1::2], strict=True)
        }
        last = [word for field in fields.items() for word in ("-F", "=".join(field))]
        forms = [("-d", "always,exit", "-F", f"{kind}={path.rstrip('/')}", *last) for kind in ("path", "dir")]
    for form in forms:
        with contextlib.suppress(CommandError):  # the kernel drops a rule together with what it is on
            auditctl(*form)
