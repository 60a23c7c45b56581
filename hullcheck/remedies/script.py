"""The files for the shell: changes.sh, what it names, and a playbook that copies and runs them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from hullcheck.lazy import regex
from hullcheck.remedies.changes import (
    KERNEL_FILE,
    Change,
    DaemonSettings,
    FileRights,
    KernelSetting,
    Limit,
    Rule,
)
from hullcheck.remedies.merge import written
from hullcheck.remedies.plan import Plan
from hullcheck.remedies.words import comment, quoted
from hullcheck.results import sentences
from hullcheck.results.failures import Failure

HERE = Path(__file__).parent
APPLY, RESTART, MERGE, CHANGES = "apply.sh", "restart.sh", "merge.py", "changes.sh"
SETTINGS, RULES, KERNEL, SOCKET = "daemon-settings.json", "docker.rules", "sysctl.conf", "docker.socket.conf"
RULES_FILE = "/etc/audit/rules.d/50-hullcheck-docker.rules"
SOCKET_FILE = "/etc/systemd/system/docker.socket.d/zz-hullcheck.conf"  # the last one counts
PLAYBOOK, PLACE = "playbook.yml", "/var/lib/hullcheck/remedy"
"""The playbook, and the folder on the host to which it copies the files."""
_HOST = regex(r"(?!(?:all|ungrouped)$)[A-Za-z0-9][A-Za-z0-9_.-]*")


def files(plan: Plan) -> Mapping[str, str]:
    """Return the files by name, but for the playbook."""
    daemon, rules, kernel, socket = plan.daemon, plan.of(Rule), plan.of(KernelSetting), plan.socket
    found = {APPLY: _shell(APPLY), CHANGES: changes(plan)}
    if daemon:
        found |= {SETTINGS: written(daemon.put), MERGE: (HERE / MERGE).read_text(encoding="utf-8")}
    if daemon or socket:
        found[RESTART] = _shell(RESTART)
    if rules:
        found[RULES] = rules_file(rules)
    if kernel:
        found[KERNEL] = "".join(dict.fromkeys(f"{each.name} = {each.value}\n" for each in kernel))
    if socket:
        found[SOCKET] = "".join(("[Socket]\n", *(f"{name}={value}\n" for name, value in socket.items())))
    return found


def _shell(name: str) -> str:
    return (HERE / "shell" / name).read_text(encoding="utf-8")


def rules_file(rules: Iterable[Rule]) -> str:
    """Return the file of audit rules.

    What lies in /run is not there when the host starts, and must not keep other rules away.
    """
    lines = {each.line: each.off for each in rules}
    late = [each for each in lines if "=/run/" in each]
    first = ["-e 1"] if any(lines.values()) else []
    found = (*first, *(each for each in lines if each not in late), *(["-c", *late] if late else []))
    return "".join(f"{each}\n" for each in found)


def changes(plan: Plan) -> str:
    """Return the changes, a line each, for `apply.sh`."""
    head = [
        f"# What is changed on {comment(plan.target)}; apply.sh reads it. A line that is taken out is not done.",
        f"saves {quoted(plan.run)}",
    ]
    return "\n".join((*head, *_changes(plan))) + "\n"


def _changes(plan: Plan) -> Iterator[str]:
    """Yield the lines; those of rights first, as no file is written where others can write."""
    yield from _heading("owners and modes", plan, FileRights)
    for right in plan.rights:
        word, value = ("owner", right.owner) if right.owner else ("mode", right.mode)
        yield f"{word} {quoted(value)} {quoted(right.path)}"
    yield from _heading("daemon.json", plan, DaemonSettings)
    if daemon := plan.daemon:
        yield " ".join(("merge", SETTINGS, quoted(daemon.path), *map(quoted, daemon.without)))
    if heading := [*_heading("audit rules", plan, Rule)]:
        yield from (*heading, f"file {RULES} {RULES_FILE} 640", "run augenrules --load")
    if heading := [*_heading("settings of the kernel", plan, KernelSetting)]:
        yield from (*heading, f"file {KERNEL} {KERNEL_FILE} 644")
    for setting in dict.fromkeys(plan.of(KernelSetting)):
        yield f"kernel {quoted(setting.name)} {quoted(setting.value)}"
    if plan.socket:
        yield from ("", "# the socket of the API, when systemd makes it again")
        yield from (f"file {SOCKET} {SOCKET_FILE} 644", "run systemctl daemon-reload")
    yield from _heading("limits of containers", plan, Limit)
    for limit in plan.of(Limit):
        words = (limit.container, limit.option, limit.value, limit.shown, *limit.more)
        yield " ".join(("update", *map(quoted, words)))


def _heading(title: str, plan: Plan, kind: type[Change]) -> Iterator[str]:
    if mended := plan.mended(kind):
        yield from ("", f"# {title}: {', '.join(_numbers(mended))}")


def _numbers(failures: Iterable[Failure]) -> Iterator[str]:
    """Return the numbers of their controls, or the ids of those that have none, each once."""
    found = (sentences.number(each.control) or comment(each.control.id) for each in failures)
    return iter(dict.fromkeys(found))


def playbook(plan: Plan) -> str:
    """Return the playbook for Ansible; nothing in it was written by a host but a plain name of the target."""
    folder = {"path": PLACE, "state": "directory", "owner": "root", "group": "root", "mode": "0700"}
    copy = {"src": "{{ item }}", "dest": f"{PLACE}/", "mode": "0600"}
    todo = "{{ todo | default('check') }}"
    tasks = [
        {"name": "Make a folder for apply.sh", "ansible.builtin.file": folder},
        {"name": "Copy apply.sh and its files", "ansible.builtin.copy": copy, "loop": list(files(plan))},
        {
            "name": "Run apply.sh",
            "ansible.builtin.command": {"argv": ["sh", f"{PLACE}/{APPLY}", todo]},
            "register": "done",
            "changed_when": "todo | default('check') != 'check'",
        },
        {"name": "Show what it said", "ansible.builtin.debug": {"var": "done.stdout_lines"}},
    ]
    named = f"{{{{ host | default('{plan.target}') }}}}"
    hosts = named if _HOST.fullmatch(plan.target) else "{{ host }}"  # else who runs it has to name one
    play = {
        "name": "Mend what hullcheck found",
        "hosts": hosts,
        "become": True,
        "gather_facts": False,
        "tasks": tasks,
    }
    head = f"# For {comment(plan.target)}, see README.md: ansible-playbook -i INVENTORY {PLAYBOOK} -e todo=check\n"
    return head + yaml.safe_dump([play], sort_keys=False, width=1000, explicit_start=True)
