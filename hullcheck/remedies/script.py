"""The files of a plan for the shell: changes.sh, what it names, and a playbook that copies and runs them."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from msgspec import Struct, field

from hullcheck.lazy import regex
from hullcheck.messages import printable
from hullcheck.remedies.merge import written
from hullcheck.remedies.plan import KERNEL_FILE, DaemonSettings, KernelSetting, Limit, Options, Plan, Rights, Rule
from hullcheck.results import sentences
from hullcheck.results.failures import Failure

HERE = Path(__file__).parent
APPLY, RESTART, MERGE, CHANGES = "apply.sh", "restart.sh", "merge.py", "changes.sh"
SETTINGS, RULES, KERNEL, SOCKET = "daemon-settings.json", "docker.rules", "sysctl.conf", "docker.socket.conf"
RULES_FILE = "/etc/audit/rules.d/50-hullcheck-docker.rules"
SOCKET_FILE = "/etc/systemd/system/docker.socket.d/zz-hullcheck.conf"  # the last one counts
PLAYBOOK, PLACE = "playbook.yml", "/var/lib/hullcheck/remedy"  # where it copies the files
_AUDITD = "install auditd (`apt-get install auditd` or `dnf install audit`)"
_HOST = regex(r"(?!(?:all|ungrouped)$)[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHELL_NAME = regex(r"[\w@%+=:,./-]+", re.ASCII)
_MARKDOWN = regex(r"([\\`*_{}\[\]()#+!|<>~&-])")


class Part(Struct, frozen=True):
    """Changes of one kind."""

    title: str
    how: str  # what is done, for README.md
    mended: tuple[Failure, ...]  # the failures that it fixes
    lines: tuple[str, ...] = ()  # what changes.sh has of it
    files: Mapping[str, str] = field(default_factory=dict)  # what these lines name, by name


def parts(plan: Plan) -> Iterator[Part]:
    """Yield the parts of a plan. Rights come first, as no file is written where others can write."""
    if plan.of(Rights):
        yield _rights(plan)
    if daemon := plan.daemon:
        names = ", ".join(f"`{each}`" for each in (*daemon.put, *daemon.without))
        yield Part(
            "Settings of the engine",
            f"{names}: `apply.sh` merges `{SETTINGS}` with {code(daemon.path)}, by python3 or jq; other settings, and"
            " their order, stay.",
            plan.mended(DaemonSettings),
            (" ".join(("merge", SETTINGS, quoted(daemon.path), *map(quoted, daemon.without))),),
            {
                SETTINGS: written(daemon.put),
                MERGE: (HERE / MERGE).read_text(encoding="utf-8"),
                RESTART: _shell(RESTART),
            },
        )
    if rules := plan.of(Rule):
        off = " Auditing is off in the kernel: `-e 1` switches it on." if any(each.off for each in rules) else ""
        yield Part(
            "Audit rules",
            f"`{RULES}` becomes `{RULES_FILE}`, and `augenrules --load` loads it.{off} Run that once more after a start"
            " of the host for rules of what lies in /run. Rules that are locked (`auditctl -s` says `enabled 2`) can be"
            f" changed by a restart of the host only. Where augenrules is missing, first {_AUDITD}.",
            plan.mended(Rule),
            (f"file {RULES} {RULES_FILE} 640", "run augenrules --load"),
            {RULES: rules_file(rules)},
        )
    if kernel := dict.fromkeys(plan.of(KernelSetting)):
        now = (f"kernel {quoted(each.name)} {quoted(each.value)}" for each in kernel)
        yield Part(
            "Settings of the kernel",
            f"`{KERNEL}` becomes `{KERNEL_FILE}`, and the same is set at once.",
            plan.mended(KernelSetting),
            (f"file {KERNEL} {KERNEL_FILE} 644", *now),
            {KERNEL: "".join(f"{each.name} = {each.value}\n" for each in kernel)},
        )
    if limits := plan.of(Limit):
        yield Part(
            "Limits of containers",
            "The engine changes these at once, and they stay with the container. Write the same where you create it: a"
            " Compose file, a unit, a script.",
            plan.mended(Limit),
            tuple(f"update {quoted(each.container)} {each.options}" for each in limits),
        )
    if options := plan.options:
        again = "\n".join(f"- {code(each.container)}: {_words(each)}" for each in options)
        yield Part(
            "Containers to create again",
            "No file does this: change the command, Compose file or unit that starts the container, remove the"
            f" container, and create it again, first where nobody depends on it.\n\n{again}",
            plan.mended(Options),
        )


def _rights(plan: Plan) -> Part:
    """Return the changes of owners and modes: directories first, and owners before modes."""
    rights = {(each.path, each.word == "mode", f"{each.word} {quoted(each.value)} ") for each in plan.of(Rights)}
    lines = [f"{line}{quoted(path)}" for path, _, line in sorted(rights) if path]
    how = (
        "Of modes, rights are taken away and none is added. A path that has become a link, or on whose way others can"
        " write, is left as it is."
    )
    files = dict[str, str]()
    if plan.socket:
        lines += [f"file {SOCKET} {SOCKET_FILE} 644", "run systemctl daemon-reload"]
        how += f" Without `{SOCKET_FILE}` systemd would make the socket with the old rights again."
        settings = "".join(f"{name}={value}\n" for name, value in plan.socket.items())
        files = {SOCKET: f"[Socket]\n{settings}", RESTART: _shell(RESTART)}
    return Part("Owners and modes of files", how, plan.mended(Rights), tuple(lines), files)


def _words(options: Options) -> str:
    parts = [("add", options.add), ("leave out", options.drop)]
    return "; ".join(f"{word} {', '.join(f'`{each}`' for each in found)}" for word, found in parts if found)


def rules_file(rules: Iterable[Rule]) -> str:
    """Return the file of audit rules. Those for /run come last, as its files are missing at the start."""
    lines = {each.line: each.off for each in rules}
    late = [each for each in lines if "=/run/" in each]
    first = ["-e 1"] if any(lines.values()) else []
    found = (*first, *(each for each in lines if each not in late), *(["-c", *late] if late else []))
    return "".join(f"{each}\n" for each in found)


def files(plan: Plan) -> dict[str, str]:
    """Return the files by name, but for README.md and the playbook."""
    found = {APPLY: _shell(APPLY), CHANGES: changes(plan)}
    for part in parts(plan):
        found |= part.files
    return found


def changes(plan: Plan) -> str:
    """Return the changes for `apply.sh`, a line each, below the controls that they fix."""
    lines = [
        f"# What is changed on {comment(plan.target)}; apply.sh reads it. A line that is taken out is not done.",
        f"saves {quoted(plan.run)}",
        *[f"needs augenrules {quoted(_AUDITD)}"] * bool(plan.of(Rule)),
    ]
    for part in parts(plan):
        names = (sentences.number(each.control) or comment(each.control.id) for each in part.mended)
        if part.lines:
            lines += ["", f"# {part.title}: {', '.join(dict.fromkeys(names))}", *part.lines]
    return "\n".join((*lines, ""))


def _shell(name: str) -> str:
    return (HERE / "shell" / name).read_text(encoding="utf-8")


def playbook(plan: Plan) -> str:
    """Return the playbook for Ansible, with no text of a host except a plain target name."""
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
    name = "Fix what hullcheck found"
    play = {"name": name, "hosts": hosts, "become": True, "gather_facts": False, "tasks": tasks}
    head = f"# For {comment(plan.target)}, see README.md: ansible-playbook -i INVENTORY {PLAYBOOK} -e todo=check\n"
    return head + yaml.safe_dump([play], sort_keys=False, width=1000, explicit_start=True)


def quoted(word: str) -> str:
    """Return *word* quoted for a shell, or raise ValueError if a script cannot hold it."""
    if "\n" in word or "\0" in word or printable(word) != word:
        raise ValueError(f"{word!r} cannot stand in a script")
    return word if _SHELL_NAME.fullmatch(word) else shlex.quote(word)


def comment(text: str) -> str:
    """Return *text* as one line of a comment."""
    return printable(text).replace("\n", " ")


def prose(text: str) -> str:
    """Return *text* as plain words of Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", comment(text))


def code(text: str) -> str:
    """Return *text* as code of Markdown, on one line."""
    line = comment(text)
    ticks = "`" * (1 + max((len(each) for each in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"
