"""The files for the shell: changes.sh, and what it names."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from hullcheck.remedies import host_files
from hullcheck.remedies.plan import KERNEL, LIMITS, RIGHTS, RULES, SETTINGS, Plan
from hullcheck.remedies.words import comment, quoted
from hullcheck.results import sentences
from hullcheck.results.failures import Failure

HERE = Path(__file__).parent
APPLY, RESTART, MERGE, CHANGES = "apply.sh", "restart.sh", "merge.py", "changes.sh"
DAEMON_FILE, SETTINGS_FILE = "daemon.json", "daemon-settings.json"
RULES_FILE, KERNEL_FILE, SOCKET_FILE = "docker.rules", "sysctl.conf", "docker.socket.conf"


def files(plan: Plan) -> Mapping[str, str]:
    """The files by name, beside those of a playbook."""
    found = {
        APPLY: (HERE / "shell" / APPLY).read_text(encoding="utf-8"),
        CHANGES: changes(plan),
    }
    if plan.daemon:
        found[SETTINGS_FILE] = plan.daemon.settings
        found[MERGE] = (HERE / MERGE).read_text(encoding="utf-8")
        if plan.daemon.merged:
            found[DAEMON_FILE] = plan.daemon.merged
    if plan.daemon or plan.socket:
        found[RESTART] = (HERE / "shell" / RESTART).read_text(encoding="utf-8")
    if plan.rules:
        found[RULES_FILE] = plan.rules.text
    if plan.kernel:
        found[KERNEL_FILE] = kernel_file(plan.kernel)
    if plan.socket:
        found[SOCKET_FILE] = plan.socket
    return found


def kernel_file(values: Mapping[str, str]) -> str:
    """A file of sysctl.d."""
    return "".join(f"{name} = {value}\n" for name, value in values.items())


def changes(plan: Plan) -> str:
    """The changes, a line each, for `apply.sh`."""
    head = [
        f"# What is changed on {comment(plan.target)}; apply.sh reads it. A line that is taken out is not done.",
        f"saves {quoted(plan.run)}",
    ]
    # rights first: no file is written where others can write
    parts = (_rights(plan), _daemon(plan), _rules(plan), _kernel(plan), _socket(plan), _limits(plan))
    return "\n".join((*head, *(line for part in parts for line in part))) + "\n"


def _daemon(plan: Plan) -> Iterator[str]:
    daemon = plan.daemon
    if daemon is None:
        return
    yield from _heading(SETTINGS, plan)
    if daemon.merged:
        there = "there" if daemon.there else "absent"
        yield f"daemon_json {DAEMON_FILE} {quoted(daemon.path)} {plan.gathered} {there}"
    else:
        yield f"merge {SETTINGS_FILE} {quoted(daemon.path)}"


def _rules(plan: Plan) -> Iterator[str]:
    if plan.rules:
        yield from _heading(RULES, plan)
        yield f"file {RULES_FILE} {host_files.RULES_FILE} 640"
        yield "run augenrules --load"


def _kernel(plan: Plan) -> Iterator[str]:
    if plan.kernel:
        yield from _heading(KERNEL, plan)
        yield f"file {KERNEL_FILE} {host_files.KERNEL_FILE} 644"
        yield from (f"kernel {quoted(name)} {quoted(value)}" for name, value in plan.kernel.items())


def _socket(plan: Plan) -> Iterator[str]:
    if plan.socket:
        yield from ("", "# the socket of the API, when systemd makes it again")
        yield f"file {SOCKET_FILE} {host_files.SOCKET_FILE} 644"
        yield "run systemctl daemon-reload"


def _rights(plan: Plan) -> Iterator[str]:
    if plan.rights:
        yield from _heading(RIGHTS, plan)
    for each in plan.rights:
        yield (
            f"owner {quoted(each.owner)} {quoted(each.path)}"
            if each.owner
            else f"mode {quoted(each.mode)} {quoted(each.path)}"
        )


def _limits(plan: Plan) -> Iterator[str]:
    if plan.limits:
        yield from _heading(LIMITS, plan)
    for each in plan.limits:
        words = (each.container, each.option, each.value, each.shown, *each.more)
        yield " ".join(("update", *map(quoted, words)))


def _heading(part: str, plan: Plan) -> tuple[str, str]:
    return "", f"# {part}: {', '.join(numbers(plan.mended[part]))}"


def numbers(failures: Iterable[Failure]) -> Iterator[str]:
    """The numbers of their controls, or their ids where they have none, each once."""
    found = (sentences.number(each.control) or comment(each.control.id) for each in failures)
    return iter(dict.fromkeys(found))
