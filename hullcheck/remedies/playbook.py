"""The playbook for Ansible: it does what apply.sh does, and nothing that it is given by a host is a template."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from hullcheck.messages import printable
from hullcheck.remedies import host_files, script
from hullcheck.remedies.plan import KERNEL, LIMITS, RIGHTS, RULES, SETTINGS, Plan
from hullcheck.remedies.words import comment

NAME = "playbook.yml"
PLACE = "/var/lib/hullcheck/remedy"
"""The folder on the host to which files of ours go."""
_HOST = re.compile(r"(?!(?:all|ungrouped)$)[A-Za-z0-9][A-Za-z0-9_.-]*")
_LOAD, _RESTART = "Load the audit rules", "Restart the engine"
_Task = Mapping[str, Any]


class _Unsafe(str):
    """A text of a host, which Ansible takes as it is."""


class _Dumper(yaml.SafeDumper):
    """Writes it with its tag."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


_Dumper.add_representer(
    _Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'")
)


def playbook(plan: Plan) -> str:
    """The playbook for one target."""
    play = {
        "name": "Mend what hullcheck found",
        "hosts": _hosts(plan.target),
        "become": True,
        "gather_facts": True,
        "gather_subset": ["!all", "!min", "python"],
        "force_handlers": True,
        "tasks": [
            *_bring(plan),
            *_daemon(plan),
            *_rules(plan),
            *_kernel(plan),
            *_socket(plan),
            *_rights(plan),
            *_limits(plan),
        ],
        "handlers": list(_handlers(plan)),
    }
    head = (
        f"# For {comment(plan.target)}, see README.md: ansible-playbook -i INVENTORY --check --diff {NAME}\n"
        "# To go back, on the host: sh " + f"{PLACE}/{script.APPLY} back\n"
    )
    text = yaml.dump([play], Dumper=_Dumper, sort_keys=False, width=1000, explicit_start=True)
    return head + text


def _hosts(target: str) -> str:
    """The host of this name, or another one that is named when the playbook is run."""
    named = f"{{{{ host | default('{target}') }}}}"
    return named if _HOST.fullmatch(target) else "{{ host }}"


def _unsafe(text: str) -> _Unsafe:
    if printable(text) != text or "\n" in text:
        raise ValueError(f"{text!r} cannot stand in a playbook")
    return _Unsafe(text)


def _bring(plan: Plan) -> Iterator[_Task]:
    """Our files, to keep what is there, to restart the engine, and for the way back."""
    files = [each for each in (script.APPLY, script.CHANGES, script.RESTART) if each in script.files(plan)]
    yield {
        "name": "Make a folder for the way back",
        "ansible.builtin.file": {
            "path": PLACE,
            "state": "directory",
            "owner": "root",
            "group": "root",
            "mode": "0700",
        },
    }
    yield {
        "name": "Copy what leads back",
        "ansible.builtin.copy": {"src": "{{ item }}", "dest": f"{PLACE}/", "mode": "0600"},
        "loop": files,
    }
    yield {
        "name": "Keep what is there",
        "ansible.builtin.command": {
            "argv": ["sh", f"{PLACE}/{script.APPLY}", "save"],
            "creates": _unsafe(f"/var/backups/hullcheck/{plan.run}/.saved"),
        },
    }


def _daemon(plan: Plan) -> Iterator[_Task]:
    daemon = plan.daemon
    if daemon is None:
        return
    path = _unsafe(daemon.path)
    yield {
        "name": "Look for the file of the engine's settings",
        "ansible.builtin.stat": {"path": path, "follow": False},
        "register": "settings_file",
        "failed_when": "settings_file.stat.islnk | default(false)",
    }
    yield {
        "name": "Merge the settings of the engine",
        "ansible.builtin.command": {
            "argv": [
                "{{ ansible_facts.python.executable }}",
                "-I",
                "-c",
                "{{ lookup('ansible.builtin.file', '" + script.MERGE + "') | string }}",
                "/dev/stdin",
                "{{ settings_file.stat.exists | ternary(settings_path, '/dev/null') }}",
            ],
            "stdin": "{{ lookup('ansible.builtin.file', '" + script.SETTINGS_FILE + "') | string }}",
        },
        "vars": {"settings_path": path},
        "register": "merged",
        "changed_when": False,
        "check_mode": False,
    }
    yield {
        "name": "Ask whether the engine can check its settings",
        "ansible.builtin.command": {"argv": ["dockerd", "--help"]},
        "register": "dockerd_help",
        "changed_when": False,
        "check_mode": False,
    }
    yield {
        "name": f"Set the settings of the engine: {_numbers(plan, SETTINGS)}",
        "ansible.builtin.copy": {
            "content": "{{ merged.stdout | string }}\n",
            "dest": path,
            "owner": "root",
            "group": "root",
            "mode": "0644",
            "validate": "{{ ('--validate' in dockerd_help.stdout)"
            " | ternary('dockerd --validate --config-file=%s', omit) }}",
        },
        "notify": _RESTART,
    }


def _file(what: str, plan: Plan, part: str, name: str, path: str, mode: str) -> dict[str, Any]:
    said = f": {_numbers(plan, part)}" if part else ""
    copy = {"src": name, "dest": path, "owner": "root", "group": "root", "mode": mode}
    return {"name": f"{what}{said}", "ansible.builtin.copy": copy}


def _rules(plan: Plan) -> Iterator[_Task]:
    if plan.rules:
        task = _file("Write audit rules", plan, RULES, script.RULES_FILE, host_files.RULES_FILE, "0640")
        yield {**task, "notify": _LOAD}


def _kernel(plan: Plan) -> Iterator[_Task]:
    if not plan.kernel:
        return
    name = "Write settings of the kernel for the next start"
    yield _file(name, plan, KERNEL, script.KERNEL_FILE, host_files.KERNEL_FILE, "0644")
    yield {
        "name": "Ask for the settings of now",
        "ansible.builtin.command": {"argv": ["sysctl", "-n", "{{ item.name }}"]},
        "loop": [{"name": name, "value": value} for name, value in plan.kernel.items()],
        "register": "kernel",
        "changed_when": False,
        "check_mode": False,
    }
    yield {
        "name": "Set them now",
        "ansible.builtin.command": {"argv": ["sysctl", "-w", "{{ item.item.name }}={{ item.item.value }}"]},
        "loop": "{{ kernel.results }}",
        "loop_control": {"label": "{{ item.item.name }}"},
        "when": "item.stdout != item.item.value",
    }


def _socket(plan: Plan) -> Iterator[_Task]:
    if not plan.socket:
        return
    yield {
        "name": "Make a folder for the drop-in of docker.socket",
        "ansible.builtin.file": {
            "path": host_files.SOCKET_FILE.rpartition("/")[0],
            "state": "directory",
            "owner": "root",
            "group": "root",
            "mode": "0755",
        },
    }
    name = "Say which rights systemd gives the socket"
    yield {
        **_file(name, plan, "", script.SOCKET_FILE, host_files.SOCKET_FILE, "0644"),
        "notify": _RESTART,
    }


def _rights(plan: Plan) -> Iterator[_Task]:
    if not plan.rights:
        return
    changes: dict[str, dict[str, str]] = {}
    for each in plan.rights:
        owner, _, group = each.owner.partition(":")
        change = changes.setdefault(each.path, {"path": _unsafe(each.path)})
        if owner:
            change |= {"owner": owner, "group": group}
        else:
            change["mode"] = f"{change['mode']},{each.mode}" if "mode" in change else each.mode
    paths = [_unsafe(each) for each in changes]
    yield {
        "name": "Look whether these paths have no link in them",
        "ansible.builtin.command": {"argv": ["readlink", "-e", "--", *paths]},
        "vars": {"paths": paths},
        "register": "real",
        "changed_when": False,
        "check_mode": False,
        "failed_when": "real.stdout_lines != paths",
    }
    given = {name: f"{{{{ item.{name} | default(omit) }}}}" for name in ("owner", "group", "mode")}
    yield {
        "name": f"Set owners and modes: {_numbers(plan, RIGHTS)}",
        "ansible.builtin.file": {"path": "{{ item.path }}", "follow": False, **given},
        "loop": list(changes.values()),
        "loop_control": {"label": "{{ item.path }}"},
    }


def _limits(plan: Plan) -> Iterator[_Task]:
    if not plan.limits:
        return
    limits = [
        {
            **vars(each),
            "container": _unsafe(each.container),
            "shown": _unsafe(each.shown),
            "more": list(each.more),
        }
        for each in plan.limits
    ]
    asked = [
        "docker",
        "inspect",
        "--type",
        "container",
        "--format",
        "{{ item.shown }}",
        "--",
        "{{ item.container }}",
    ]
    yield {
        "name": "Ask for the limits of containers",
        "ansible.builtin.command": {"argv": asked},
        "loop": limits,
        "loop_control": {"label": "{{ item.container }} {{ item.option }}"},
        "register": "limits",
        "changed_when": False,
        "check_mode": False,
    }
    words = "[item.item.option, item.item.value] + item.item.more + ['--', item.item.container]"
    yield {
        "name": f"Set the limits of containers: {_numbers(plan, LIMITS)}",
        "ansible.builtin.command": {"argv": f"{{{{ ['docker', 'update'] + {words} }}}}"},
        "loop": "{{ limits.results }}",
        "loop_control": {"label": "{{ item.item.container }} {{ item.item.option }}"},
        "when": "item.stdout != item.item.value",
    }


def _handlers(plan: Plan) -> Iterator[_Task]:
    if plan.rules:
        yield {"name": _LOAD, "ansible.builtin.command": {"argv": ["augenrules", "--load"]}}
    if plan.daemon or plan.socket:
        unit = plan.daemon.unit if plan.daemon else ""
        words = ["--new-data"] if plan.daemon and plan.daemon.moves_data else []
        argv = ["sh", f"{PLACE}/{script.RESTART}", *words, *([_unsafe(unit)] if unit else [])]
        yield {"name": _RESTART, "ansible.builtin.command": {"argv": argv}}


def _numbers(plan: Plan, part: str) -> str:
    """Of CIS and of the guide, or ids, which have no braces."""
    return re.sub(r"[^\w., -]", "", ", ".join(script.numbers(plan.mended[part])))
