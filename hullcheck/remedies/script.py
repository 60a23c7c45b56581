"""The files of a plan for the shell: changes.sh, its files, and a playbook that copies and runs them."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from msgspec import Struct, field

from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.remedies import containers
from hullcheck.remedies.containers import Override, Started
from hullcheck.remedies.merge import written
from hullcheck.remedies.plan import KERNEL_FILE, DaemonSettings, KernelSetting, Plan, Rights, Rule, is_plain_path
from hullcheck.results import grouped, sentences
from hullcheck.results.failures import Failure

HERE = Path(__file__).parent
APPLY, RESTART, MERGE, CHANGES = "apply.sh", "restart.sh", "merge.py", "changes.sh"
SETTINGS, RULES, KERNEL, SOCKET = "daemon-settings.json", "docker.rules", "sysctl.conf", "docker.socket.conf"
RULES_FILE = "/etc/audit/rules.d/50-hullcheck-docker.rules"
SOCKET_FILE = "/etc/systemd/system/docker.socket.d/zz-hullcheck.conf"  # the last one counts
README = "README.md"
PLAYBOOK, PLACE = "playbook.yml", "/var/lib/hullcheck/remedy"  # where it copies the files
_AUDITD = "install auditd (`apt-get install auditd` or `dnf install audit`)"
_HOST = regex(r"(?!(?:all|ungrouped)$)[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHELL_NAME = regex(r"[\w@%+=:,./-]+", re.ASCII)
_MARKDOWN = regex(r"([\\`*_\[\]#|<>~&])")

NAMES = frozenset((APPLY, RESTART, MERGE, CHANGES, SETTINGS, RULES, KERNEL, SOCKET, README, PLAYBOOK))
OVERRIDES = "compose.*.yml"
"""All files that `hullcheck remedy` writes."""


class Part(Struct, frozen=True):
    """Changes of one kind."""

    title: str
    how: str  # the explanation for README.md
    fixed: tuple[Failure, ...]  # the failures that it fixes
    lines: tuple[str, ...] = ()  # the lines of changes.sh
    files: Mapping[str, str] = field(default_factory=dict)  # the files that the lines need, by name


def parts(plan: Plan) -> Iterator[Part]:
    """Yield the parts of a plan; permissions come first, because no file is written where others can write."""
    if plan.of(Rights):
        yield _rights(plan)
    if daemon := plan.daemon:
        names = ", ".join(f"`{each}`" for each in (*daemon.put, *daemon.without))
        yield Part(
            "Settings of the engine",
            f"{names}: `apply.sh` merges `{SETTINGS}` with {code(daemon.path)}, with python3 or jq, and keeps other"
            " settings and their order.",
            plan.fixed(DaemonSettings),
            (" ".join(("merge", SETTINGS, quoted(daemon.path), *map(quoted, daemon.without))),),
            {
                SETTINGS: written(daemon.put),
                MERGE: (HERE / MERGE).read_text(encoding="utf-8"),
                RESTART: _shell(RESTART),
            },
        )
    if rules := plan.of(Rule):
        off = " Auditing is off in the kernel, and `-e 1` switches it on." if any(each.off for each in rules) else ""
        yield Part(
            "Audit rules",
            f"`{RULES}` becomes `{RULES_FILE}`, and `augenrules --load` loads it.{off} Run it again after each boot"
            " for rules below /run. Locked rules (`auditctl -s` shows `enabled 2`) need a reboot."
            f" If augenrules is missing, first {_AUDITD}.",
            plan.fixed(Rule),
            (f"file {RULES} {RULES_FILE} 640", "run augenrules --load"),
            {RULES: rules_file(rules)},
        )
    if kernel := dict.fromkeys(plan.of(KernelSetting)):
        now = (f"kernel {quoted(each.name)} {quoted(each.value)}" for each in kernel)
        yield Part(
            "Settings of the kernel",
            f"`{KERNEL}` becomes `{KERNEL_FILE}`, and its settings take effect at once.",
            plan.fixed(KernelSetting),
            (f"file {KERNEL} {KERNEL_FILE} 644", *now),
            {KERNEL: "".join(f"{each.name} = {each.value}\n" for each in kernel)},
        )
    yield from _of_containers(plan)


def _of_containers(plan: Plan) -> Iterator[Part]:
    """Yield limits that take effect at once, overrides for docker compose, and what only a new start changes."""
    changes = [(failure, each) for failure, each in plan.changes if isinstance(each, Started)]
    now = [(failure, each) for failure, each in changes if each.update]
    composed = [(failure, each) for failure, each in changes if each.project]
    others = [(failure, each) for failure, each in changes if not (each.project or each.update)]
    if now:
        yield Part(
            "Limits of containers",
            "These take effect at once, and stay with the container. Also write them where you create it: in a unit or"
            f" a script, say.{_notes(each for _, each in now)}",
            tuple(failure for failure, _ in now),
            tuple(f"update {quoted(each.name)} {each.update}" for _, each in now),
        )
    for made in containers.overrides([each for _, each in composed]):
        named = [(failure, each.project, each.update) for failure, each in composed]
        fixed = (failure for failure, of, update in named if of and of.project == made.project.project and not update)
        yield Part(
            f"Containers of the project {code(made.project.project)}",
            f"`{made.name}` changes how docker compose (2.24.4 or later) starts them, and keeps their limits. Read it,"
            " delete what you do not want, and start them again, first where nobody depends on them. What a container"
            f" has written outside of volumes is lost then.\n\n```sh\n{_compose(made)}\n```",
            tuple(fixed),
            files={made.name: made.text},
        )
    if others:
        yield Part(
            "Containers to create again",
            "No file does this: change the command or unit that starts the container, remove it and create it again,"
            " first where nobody depends on it. What it has written outside of volumes is lost then.\n\n"
            + "\n".join(_again(others)),
            tuple(failure for failure, _ in others),
        )


def _notes(changes: Iterable[Started]) -> str:
    """Return from what the numbers come."""
    notes = dict.fromkeys(f"- {code(each.name)}: {each.note}" for each in changes if each.note)
    return "\n\nThe numbers are twice what the kernel counted:\n\n" + "\n".join(notes) if notes else ""


def _compose(override: Override) -> str:
    """Return the command that starts a project with an override."""
    files = [each for each in override.project.files if is_plain_path(each)] or ["COMPOSE-FILE"]
    named = " ".join(f"-f {quoted(each)}" for each in (*files, override.name))
    folder = override.project.folder
    if is_plain_path(folder) and folder != files[0].rpartition("/")[0]:
        named = f"--project-directory {quoted(folder)} {named}"
    return f"docker compose -p {override.project.project} {named} up -d"


def _again(changes: Iterable[tuple[Failure, Started]]) -> Iterator[str]:
    """Yield a line for each container or swarm service to start again."""
    for name, alike in grouped((each for _, each in changes), lambda each: each.name).items():
        if service := alike[0].container.service:
            yield f"- {code(name)}: {code(f'docker service update {containers.of_service(alike)} {service.name}')}"
            continue
        add, drop = containers.again(alike)
        parts = [("add", add), ("leave out", drop)]
        words = "; ".join(f"{word} {', '.join(map(code, found))}" for word, found in parts if found)
        yield f"- {code(name)}: {words}"


def _rights(plan: Plan) -> Part:
    """Return owners and modes: directories before their files, and owners before modes."""
    rights = {(each.path, each.word == "mode", f"{each.word} {quoted(each.value)} ") for each in plan.of(Rights)}
    lines = [f"{line}{quoted(path)}" for path, _, line in sorted(rights) if path]
    how = (
        "Permissions are removed, and none is added. A path that is now a link, or that others can change, stays as it"
        " is."
    )
    files = dict[str, str]()
    if plan.socket:
        lines += [f"file {SOCKET} {SOCKET_FILE} 644", "run systemctl daemon-reload"]
        how += f" Without `{SOCKET_FILE}` systemd would create the socket with the old permissions."
        settings = "".join(f"{name}={value}\n" for name, value in plan.socket.items())
        files = {SOCKET: f"[Socket]\n{settings}", RESTART: _shell(RESTART)}
    return Part("Owners and modes of files", how, plan.fixed(Rights), tuple(lines), files)


def rules_file(rules: Iterable[Rule]) -> str:
    """Return the file of audit rules; rules below /run, which is empty at boot, come last."""
    lines = {each.line: each.off for each in rules}
    late = [each for each in lines if "=/run/" in each]
    first = ["-e 1"] if any(lines.values()) else []
    found = (*first, *(each for each in lines if each not in late), *(["-c", *late] if late else []))
    return "".join(f"{each}\n" for each in found)


def files(plan: Plan) -> dict[str, str]:
    """Return the files by name, except README.md and the playbook."""
    made = [*parts(plan)]
    found = {APPLY: _shell(APPLY), CHANGES: changes(plan)} if any(each.lines for each in made) else {}
    for part in made:
        found |= part.files
    return found


def changes(plan: Plan) -> str:
    """Return the changes for `apply.sh`, a line each, below the controls that they fix."""
    lines = [
        f"# Changes on {comment(plan.target)}, for apply.sh. Delete the lines that you do not want.",
        f"saves {quoted(plan.run)}",
        *[f"needs augenrules {quoted(_AUDITD)}"] * bool(plan.of(Rule)),
    ]
    for part in parts(plan):
        names = (sentences.number(each.control) or comment(each.control.id) for each in part.fixed)
        if part.lines:
            lines += ["", f"# {part.title}: {', '.join(dict.fromkeys(names))}", *part.lines]
    return "\n".join((*lines, ""))


def _shell(name: str) -> str:
    return (HERE / "shell" / name).read_text(encoding="utf-8")


def playbook(plan: Plan) -> str:
    """Return the playbook for Ansible; the only text from a host is a plain target name."""
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
    hosts = named if _HOST.fullmatch(plan.target) else "{{ host }}"  # else `-e host=NAME` is needed
    name = "Fix what hullcheck found"
    play = {"name": name, "hosts": hosts, "become": True, "gather_facts": False, "tasks": tasks}
    head = f"# For {comment(plan.target)}, see README.md: ansible-playbook -i INVENTORY {PLAYBOOK} -e todo=check\n"
    return head + yaml.safe_dump([play], sort_keys=False, width=1000, explicit_start=True)


def quoted(word: str) -> str:
    """Return *word* quoted for a shell's command line, or raise ValueError if a script cannot hold it."""
    if "\n" in word or "\0" in word or printable(word) != word:
        raise ValueError(f"a script cannot hold {word!r}")
    return word if _SHELL_NAME.fullmatch(word) else shlex.quote(word)


def comment(text: str) -> str:
    """Return *text* as one line of a comment."""
    return printable(text).replace("\n", " ")


def prose(text: str) -> str:
    """Return *text* as plain words of Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", comment(text))


def marked(text: str) -> str:
    """Return *text* as words of Markdown, in which code stays code."""
    return "".join(each if at % 2 else prose(each) for at, each in enumerate(re.split("(`[^`]+`)", comment(text))))


def code(text: str) -> str:
    """Return *text* as code of Markdown, on one line."""
    return sentences.as_code(comment(text))
