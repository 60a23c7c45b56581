"""The audit system of the machine's kernel: what it is set to, and how that is put back."""

import contextlib
import json
import re
import shlex

from selftests.rig.shell import CommandError, LabError, call

NO_RULES = "No rules"
SETTINGS = {
    "failure": "-f",
    "rate_limit": "-r",
    "backlog_limit": "-b",
    "backlog_wait_time": "--backlog_wait_time",
    "enabled": "-e",
}
LIMITS = {"-p": "perm", "-k": "key"}


def auditctl(*arguments: str) -> str:
    """Return what auditctl prints.

    Raises:
        CommandError: it failed.
    """
    return call("auditctl", *arguments)


def status() -> dict[str, str]:
    """Return the state of the kernel's audit system: each setting and its value."""
    return dict(re.findall(r"(?m)^(\w+) (\w+)", auditctl("-s")))


def obstacle() -> str | None:
    """Return why the audit system of this machine may not be changed; None if nothing stands in the way."""
    try:
        now, listed = status(), auditctl("-l").strip()
    except LabError as error:
        return f"audit rules cannot be loaded here: {error}"
    if now["enabled"] == "2":
        return "the audit settings of this machine are locked until its next start (enabled 2)"
    if now["pid"] != "0":
        return f"an audit daemon of this machine runs (process {now['pid']})"
    return None if listed == NO_RULES else "this machine has audit rules of its own"


def settings() -> str:
    """Return the settings, to be put back."""
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
                raise LabError(f"the audit settings are locked until the next start and {name} cannot be {value}")
            auditctl(SETTINGS[name], value)


def forget(rule: str) -> None:
    """Take a rule away, if it is there still."""
    how, *rest = shlex.split(rule)
    forms = [("-d", *rest)]
    if how == "-w":  # auditctl looks whether there is a folder, which may be another thing by now
        path, *limits = rest
        given = {LIMITS[name]: value for name, value in zip(limits[::2], limits[1::2], strict=True)}
        fields = [word for field in ({"perm": "rwxa"} | given).items() for word in ("-F", "=".join(field))]
        forms = [("-d", "always,exit", "-F", f"{kind}={path.rstrip('/')}", *fields) for kind in ("path", "dir")]
    for form in forms:
        with contextlib.suppress(CommandError):  # the kernel drops a rule together with what it is on
            auditctl(*form)
